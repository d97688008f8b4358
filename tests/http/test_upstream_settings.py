"""Settings of an upstream, and the key that nobody gets to see."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest

from kit.upstream import LOOPS, Peer, client, run, serving
from licet.base.trouble import BadInput
from licet.gateway.upstream import Secret, Upstream, UpstreamSettings
from licet.gateway.upstream_trouble import (
    UpstreamConnect,
)

KEY = "sk-never-to-be-seen-0123456789"


@pytest.fixture(params=sorted(LOOPS))
def loop(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def settings(**values: Any) -> UpstreamSettings:
    return UpstreamSettings(**({"name": "test", "base_url": "http://127.0.0.1:9"} | values))


@pytest.mark.parametrize(
    "values",
    [
        {"base_url": "ftp://h"},
        {"base_url": "http://"},
        {"base_url": f"http://user:{KEY}@h/"},
        {"base_url": f"http://h/?key={KEY}"},
        {"base_url": "http://h:port/"},
        {"base_url": "http://h/a b"},
        {"base_url": "http://a..b/"},
        {"base_url": "http://河/"},
        {"key": Secret(KEY + "\n")},
        {"key": Secret("")},
        {"idle_s": 0},
        {"total_s": float("nan")},
        {"pool_max": 0},
        {"ca_file": Path("/nowhere.pem")},
        {"extra_headers": ((b"Content-Length", b"1"),)},
        {"extra_headers": ((b"x y", b"1"),)},
        {"extra_headers": ((b"x", b"1\r\ny: " + KEY.encode()),)},
    ],
)
def test_settings_that_cannot_work_are_refused_without_telling_the_key(
    values: dict[str, Any],
) -> None:
    with pytest.raises(BadInput) as caught:
        settings(**values)
    assert KEY not in str(caught.value) + repr(caught.value)


def test_an_unreadable_authority_is_refused_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("none")
    with pytest.raises(BadInput, match="ca_file"):
        Upstream(settings(base_url="https://h", ca_file=tmp_path / "ca.pem"))


def test_the_key_shows_itself_to_no_repr_and_no_pickle() -> None:
    extra = ((b"x-secret", KEY.encode()),)
    shown = settings(key=Secret(KEY), extra_headers=extra)
    for thing in (shown, shown.key, Upstream(shown)):
        assert KEY not in f"{thing!r} {thing!s} {thing}"
    with pytest.raises(TypeError):
        pickle.dumps(Secret(KEY))
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret(KEY).reveal() == KEY


def test_the_key_is_in_no_error_log_or_traceback(
    loop: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def echo(peer: Peer) -> None:
        request = await peer.request()
        await peer.send(b"GARBAGE " + repr(request.headers).encode())

    async def work() -> None:
        async with serving(echo) as server, client(server, key=Secret(KEY)) as upstream:
            with pytest.raises(Exception) as caught:  # noqa: PT011
                await upstream.send("GET", "/", [])
            error: BaseException | None = caught.value
            while error is not None:
                assert KEY not in f"{error} {error!r} {vars(error)}"
                error = error.__cause__ or error.__context__

    with caplog.at_level(0):
        run(loop, work())
    assert KEY not in caplog.text


def test_nobody_listening_is_told_as_such(loop: str) -> None:
    async def work() -> None:
        upstream = Upstream(settings(base_url="http://127.0.0.1:1"))
        with pytest.raises(UpstreamConnect) as caught:
            await upstream.send("GET", "/", [])
        assert caught.value.code == "upstream_connect"
        assert caught.value.hint
        assert upstream.open_count == 0
        await upstream.close()

    run(loop, work())

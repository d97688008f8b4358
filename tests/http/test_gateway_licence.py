"""Without a valid licence nobody is served; with one, everybody may see which it is."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

from kit import plain
from kit.authority import Authority, serving_authority
from kit.gateway import Served, running_gateway
from kit.licences import HOLDER, STRANGER, TERMS
from kit.litellm import PATH as GUARDRAIL
from kit.litellm import question
from licet.base.clock import SystemClock
from licet.credentials import Licence, SigningKey, Status, read_licence, read_status_list, verify
from licet.credentials.issuer import LIST_PATH
from licet.credentials.possession import check_possession
from licet.gateway.clearance import LAB
from licet.ledger.entry import parse_entry

NOW = SystemClock().now().replace(microsecond=0)
GOOD = replace(TERMS, begins=NOW - timedelta(days=1), ends=NOW + timedelta(days=300))
ASK = {"model": "m", "messages": [{"role": "user", "content": "answer:en-river-walk"}]}
LONG = {"model": "m", "messages": [{"role": "user", "content": "answer:en-lighthouse-long"}]}
TABLE = """\
[licence]
token_file = "licence/licence.jwt"
key_file = "keys/licence.key"
authority_keys = "licence/jwks.json"
public_url = "https://tea.example.cn"
"""


def put_licence(home: Path, authority: Authority, token: str, key: SigningKey = HOLDER) -> None:
    """The licence, the authority's keys and the holder's key where the configuration says."""
    for folder in ("licence", "keys"):
        (home / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    (home / "licence/licence.jwt").write_text(token, encoding="ascii")
    (home / "licence/jwks.json").write_bytes(authority.issuer.keys.as_jwks())
    path = home / "keys/licence.key"
    path.touch(0o600)
    path.write_text(key.seed.hex(), encoding="ascii")


@contextlib.contextmanager
def licensed(
    folder: Path, *, ttl_s: int = 2, valid_s: int = 86_400, terms: Any = GOOD,
    key: SigningKey = HOLDER, pace_ms: float = 0.0, upstream: str = "replay:",
) -> Iterator[tuple[Served, Authority, Licence]]:  # fmt: skip
    """A gateway that holds a licence of an authority that can be asked."""
    with serving_authority(folder / "authority", ttl_s=ttl_s, valid_s=valid_s) as authority:
        licence, token = authority.issuer.issue(terms, NOW - timedelta(hours=1))
        put_licence(folder / "home", authority, token, key)
        with running_gateway(
            folder / "home", upstream, lab=False, more=TABLE, pace_ms=pace_ms
        ) as served:  # fmt: skip
            yield served, authority, licence


def chat(served: Served, body: object = ASK, **more: Any) -> httpx2.Response:
    return plain.post(
        f"{served.url}/chat/completions", json=body, headers=served.headers, timeout=20, **more
    )  # fmt: skip


def until(holds: Callable[[], bool], wait_s: float = 15.0) -> None:
    deadline_s = time.monotonic() + wait_s
    while not holds():
        assert time.monotonic() < deadline_s, "it does not come about"
        time.sleep(0.05)


def suspend_soon(authority: Authority, licence: Licence) -> None:
    """While the test waits for an answer."""

    def suspend() -> None:
        authority.issuer.set_status(licence.id, Status.SUSPENDED, SystemClock().now())

    timer = threading.Timer(0.5, suspend)
    timer.daemon = True
    timer.start()


def changes(served: Served) -> list[tuple[str, str]]:
    """What the ledger says of the licence: (before, after)."""
    log = served.gateway.log
    entries = [parse_entry(entry) for entry in log.entries(0, log.size)]
    return [
        (str(entry.pub.get("before", "")), str(entry.pub["after"]))
        for entry in entries
        if entry.kind == "licence.changed"
    ]


def failed(served: Served) -> list[tuple[str, str]]:
    """What the ledger says of exchanges that failed: (why, whose fault)."""
    log = served.gateway.log
    entries = [parse_entry(entry) for entry in log.entries(0, log.size)]
    return [
        (str(entry.pub["error"]), str(entry.pub["side"]))
        for entry in entries
        if entry.kind == "exchange.failed"
    ]


def test_a_licensed_gateway_serves_and_shows_its_licence(tmp_path: Path) -> None:
    with licensed(tmp_path) as (served, _authority, licence):
        answer = chat(served)
        assert answer.status_code == 200
        models = plain.get(f"{served.url}/models", headers=served.headers).json()["data"]
        shown = {"licence": "valid", "filing": licence.filing, "model": licence.model}
        assert all(model["licet"] == shown for model in models)
        assert models
        stopped = chat(
            served, {**ASK, "messages": [{"role": "user", "content": "answer:en-bank-call"}]}
        )
        assert stopped.json()["licet"].items() >= shown.items()
        assert chat(served).headers["licet-filing"] == licence.filing
        assert chat(served).headers["licet-licence"] == "valid"
        assert plain.get(f"{served.root}/readyz").status_code == 200
        with openai.OpenAI(base_url=served.url, api_key=served.key) as client:
            assert client.models.list().data


def test_anybody_can_check_the_licence_with_what_the_gateway_shows(tmp_path: Path) -> None:
    with licensed(tmp_path) as (served, authority, licence):
        token = plain.get(f"{served.root}/.well-known/licet")
        assert token.headers["content-type"] == "application/dc+sd-jwt"
        keys = authority.issuer.keys
        assert read_licence(token.text, keys) == licence
        assert plain.get(f"{served.root}/.well-known/jwks.json").content == keys.as_jwks()
        listed = plain.get(f"{served.root}{LIST_PATH}")
        assert listed.headers["content-type"] == "application/statuslist+jwt"
        lists = [read_status_list(listed.text, keys)]
        assert verify(token.text, keys, lists, SystemClock().now()).is_valid
        assert plain.get(f"{served.root}/status/2").status_code == 404
        assert plain.get(f"{served.root}{LIST_PATH}?time=1").status_code == 501


def test_the_gateway_proves_that_the_licence_is_its_own(tmp_path: Path) -> None:
    with licensed(tmp_path) as (served, authority, licence):
        shown = plain.get(f"{served.root}/.well-known/licet?nonce=a-new-question")
        assert shown.headers["cache-control"] == "no-store"
        asked = {"nonce": "a-new-question", "now": SystemClock().now()}
        keys = authority.issuer.keys
        address = "https://tea.example.cn"  # as configured, whatever the caller called it
        assert check_possession(shown.text, keys, address=address, **asked) == licence
        for nonce in ("short", "with%20space", "x" * 201):
            refused = plain.get(f"{served.root}/.well-known/licet?nonce={nonce}")
            assert refused.status_code == 400
            assert "8 to 200" in refused.json()["error"]["message"]


@pytest.mark.parametrize(
    ("status", "code"),
    [(Status.SUSPENDED, "licence_suspended"), (Status.REVOKED, "licence_revoked")],
)
def test_a_suspension_takes_hold_within_the_ttl_and_says_why(
    status: Status, code: str, tmp_path: Path
) -> None:
    with licensed(tmp_path, ttl_s=2) as (served, authority, licence):
        assert chat(served).status_code == 200
        authority.issuer.set_status(licence.id, status, SystemClock().now())
        began = time.monotonic()
        until(lambda: chat(served).status_code == 403)
        assert time.monotonic() - began < 6, "ttl 2 s, on a busy machine"
        with (
            openai.OpenAI(base_url=served.url, api_key=served.key) as client,
            pytest.raises(openai.PermissionDeniedError) as caught,
        ):
            client.chat.completions.create(**ASK)
        assert caught.value.code == code
        assert licence.filing in str(caught.value)
        anthropic = plain.post(f"{served.url}/messages", json=ASK, headers=served.headers)
        assert anthropic.json()["error"]["type"] == "permission_error"
        assert plain.get(f"{served.root}/readyz").json()["missing"] == ["licence"]
        assert plain.get(f"{served.root}/healthz").status_code == 200
        assert plain.get(f"{served.root}/ledger/checkpoint").status_code == 200


def test_a_restored_licence_serves_again_and_all_of_it_is_on_record(tmp_path: Path) -> None:
    with licensed(tmp_path, ttl_s=1) as (served, authority, licence):
        authority.issuer.set_status(licence.id, Status.SUSPENDED, SystemClock().now())
        until(lambda: chat(served).status_code == 403)
        authority.issuer.set_status(licence.id, Status.VALID, SystemClock().now())
        until(lambda: chat(served).status_code == 200)
        until(lambda: len(changes(served)) >= 3)
        assert changes(served) == [
            ("", "valid"), ("valid", "suspended"), ("suspended", "valid"),
        ]  # fmt: skip


def test_a_running_stream_ends_lawfully_when_the_licence_is_suspended(tmp_path: Path) -> None:
    with licensed(tmp_path, ttl_s=1, pace_ms=60) as (served, authority, licence):
        suspend_soon(authority, licence)
        with (
            plain.client(headers=served.headers, timeout=60) as client,
            client.stream(
                "POST", f"{served.url}/chat/completions", json=LONG | {"stream": True}
            ) as response,
        ):
            heard = "".join(response.iter_text())
        assert heard.startswith("data: ")
        events = [line[6:] for line in heard.split("\n") if line.startswith("data: ")]
        last = [json.loads(event) for event in events if event != "[DONE]"]
        assert any("error" in event for event in last[-2:]), last[-2:]
        error = next(event["error"] for event in last if "error" in event)
        assert error["code"] == "licence_suspended"
        assert licence.filing in error["message"]
        assert heard.endswith("data: [DONE]\n\n") or "error" in last[-1]


@contextlib.contextmanager
def a_model_that_falls_silent() -> Iterator[str]:
    """A model that says one word, if it is to stream, and then nothing for a long time."""
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if asked.get("stream"):
                delta = {"index": 0, "delta": {"content": "Well "}, "finish_reason": None}
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.end_headers()
                self.wfile.write(b"data: %b\n\n" % json.dumps({"choices": [delta]}).encode())
                self.wfile.flush()
            over.wait(30)
            self.close_connection = True

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        over.set()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("stream", [True, False])
def test_what_waits_for_a_silent_model_ends_at_once(stream: bool, tmp_path: Path) -> None:
    with (
        a_model_that_falls_silent() as model,
        licensed(tmp_path, ttl_s=1, upstream=model) as (served, authority, licence),
    ):
        suspend_soon(authority, licence)
        began = time.monotonic()
        answer = chat(served, ASK | {"stream": stream})
        assert time.monotonic() - began < 15
        assert "licence_suspended" in answer.text
        assert answer.status_code == (200 if stream else 403)
        until(lambda: failed(served))
        assert failed(served) == [("licence_suspended", "gateway")], "not the model's fault"


def test_an_authority_that_is_silent_stops_nobody_until_the_list_ends(tmp_path: Path) -> None:
    with licensed(tmp_path, ttl_s=1, valid_s=6) as (served, authority, _licence):
        authority.silent = True
        assert chat(served).status_code == 200
        until(lambda: chat(served).status_code == 503)
        assert chat(served).json()["error"]["code"] == "licence_unknown"
        authority.silent = False
        until(lambda: chat(served).status_code == 200)


def test_an_authority_that_answers_nonsense_changes_nothing(tmp_path: Path) -> None:
    with licensed(tmp_path, ttl_s=1) as (served, authority, _licence):
        before = authority.asked
        authority.instead = b"<html>maintenance</html>"
        until(lambda: authority.asked > before)
        assert chat(served).status_code == 200


def test_what_was_learnt_outlives_a_restart(tmp_path: Path) -> None:
    with licensed(tmp_path) as (served, authority, licence):
        authority.issuer.set_status(licence.id, Status.SUSPENDED, SystemClock().now())
        until(lambda: chat(served).status_code == 403)
    with running_gateway(tmp_path / "home", lab=False, more=TABLE) as served:
        refused = chat(served)  # the authority is gone
        assert refused.json()["error"]["code"] == "licence_suspended"


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        (replace(GOOD, ends=NOW - timedelta(minutes=1)), "licence_expired"),
        (replace(GOOD, begins=NOW + timedelta(days=1)), "licence_not_yet_valid"),
    ],
)
def test_a_licence_out_of_its_time_serves_nobody(terms: Any, code: str, tmp_path: Path) -> None:
    with licensed(tmp_path, terms=terms) as (served, _, _licence):
        refused = chat(served)
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, code)
        assert refused.headers["x-request-id"]


def test_the_licence_of_somebody_else_serves_nobody(tmp_path: Path) -> None:
    with licensed(tmp_path, key=STRANGER) as (served, _authority, _):
        refused = chat(served)
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "licence_false")
        assert "another key" in refused.json()["error"]["message"]
        assert plain.get(f"{served.root}/.well-known/licet").status_code == 404


def test_a_forged_licence_serves_nobody_until_the_true_one_is_put_there(tmp_path: Path) -> None:
    with licensed(tmp_path) as (served, _authority, _licence):
        path = served.home / "licence/licence.jwt"
        true = path.read_text(encoding="ascii")
        head, claims, signature = true.split(".")
        path.write_text(f"{head}.{claims[:-8]}{claims[-8:].swapcase()}.{signature}")
        until(lambda: chat(served).status_code == 403)
        path.write_text(true)
        until(lambda: chat(served).status_code == 200)


def test_without_a_licence_nobody_is_served(tmp_path: Path) -> None:
    with running_gateway(tmp_path / "home", lab=False) as served:
        said = {"model": "m", "input": "x"}
        for path, body in [
            ("chat/completions", ASK), ("completions", {"model": "m", "prompt": "x"}),
            ("responses", said), ("embeddings", said), ("messages", ASK), ("moderations", said),
        ]:  # fmt: skip
            refused = plain.post(f"{served.url}/{path}", json=body, headers=served.headers)
            assert refused.status_code == 403, path
            error = refused.json()["error"]
            assert "licence_none" in (error.get("code"), error.get("type"))
            assert "[licence]" in error["message"]
        asked = question("request", "Hello there.")
        unjudged = plain.post(served.root + GUARDRAIL, json=asked, headers=served.headers)
        assert unjudged.json()["error"]["code"] == "licence_none"
        assert served.gateway.parts.clearance.state == "none"
        until(lambda: changes(served)[:1] == [("", "none")])


def test_a_laboratory_serves_this_machine_alone_and_says_what_it_is(tmp_path: Path) -> None:
    with running_gateway(tmp_path / "home", lab=True) as served:
        assert chat(served).status_code == 200
        assert chat(served).headers["licet-licence"] == "lab"
        models = plain.get(f"{served.url}/models", headers=served.headers).json()["data"]
        assert models[0]["licet"] == {"licence": "lab"}
        for name in ("x-forwarded-for", "via", "forwarded", "x-real-ip"):
            through = plain.post(
                f"{served.url}/chat/completions", json=ASK,
                headers=served.headers | {name: "203.0.113.7"},
            )  # fmt: skip
            assert through.json()["error"]["code"] == "licence_lab"
            listed = plain.get(f"{served.url}/models", headers=served.headers | {name: "x"})
            assert listed.status_code == 403


@pytest.mark.parametrize(
    ("client", "served"),
    [
        (("127.0.0.1", 5), True), (("::1", 5), True), (("127.8.8.8", 5), True),
        (("10.0.0.1", 5), False), (("203.0.113.7", 5), False), (("::ffff:10.0.0.1", 5), False),
        (("", 0), False), (None, False),
    ],
)  # fmt: skip
def test_who_is_not_on_this_machine_is_refused_by_a_laboratory(
    client: tuple[str, int] | None, served: bool
) -> None:
    assert (LAB.refuse({"client": client, "headers": []}) is None) == served

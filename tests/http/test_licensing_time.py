"""A gateway's licence, where its clock jumps and its files cannot be read for a while."""

from __future__ import annotations

import asyncio
import contextlib
import resource
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from kit.authority import Authority, serving_authority
from kit.licences import HOLDER, TERMS
from licet.base.clock import SystemClock
from licet.credentials.shelf import Shelf
from licet.gateway.config import LicenceConfig
from licet.gateway.licensing import RETRY_S, Licensing

NOW = SystemClock().now().replace(microsecond=0)
DAY = timedelta(days=1)


class Hands:
    """A clock that is turned by hand; at first it is right."""

    def __init__(self) -> None:
        self.wall, self.mono_s = SystemClock().now(), 100.0

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.mono_s

    def passes(self, time: timedelta) -> None:
        self.wall += time
        self.mono_s += time.total_seconds()


class Scene:
    """An authority, and who holds a licence of it until `ends`."""

    def __init__(self, home: Path, authority: Authority, ends: datetime) -> None:
        self.authority, self.clock, self.token_file = authority, Hands(), home / "licence.jwt"
        terms = replace(TERMS, begins=NOW - 9 * DAY, ends=ends)
        _, self.token = authority.issuer.issue(terms, NOW - 8 * DAY)
        self.token_file.write_text(self.token, encoding="ascii")
        (home / "jwks.json").write_bytes(authority.issuer.keys.as_jwks())
        (home / "licence.key").touch(0o600)
        (home / "licence.key").write_text(HOLDER.seed.hex(), encoding="ascii")
        config = LicenceConfig(
            token_file=self.token_file, key_file=home / "licence.key",
            authority_keys=home / "jwks.json", public_url="https://tea.example.cn",
        )  # fmt: skip
        self.licensing = Licensing(config, Shelf(home / "shelf"), self.clock)

    @property
    def state(self) -> str:
        return self.licensing.clearance(self.clock.now()).state

    async def asks(self) -> int:
        """A look, and how often the authority was asked for it."""
        before = self.authority.asked
        await self.licensing.settle()
        return self.authority.asked - before


def act(folder: Path, play: Callable[[Scene], Coroutine[None, None, None]], *,
        ends: datetime = NOW + 300 * DAY, valid_s: int = 86_400) -> None:  # fmt: skip
    @contextlib.asynccontextmanager
    async def scene() -> AsyncIterator[Scene]:
        with serving_authority(folder / "authority", ttl_s=7_000, valid_s=valid_s) as authority:
            (folder / "home").mkdir()
            made = Scene(folder / "home", authority, ends)
            await made.licensing.settle()
            assert made.state == "valid"
            yield made
            await made.licensing.close()

    async def run() -> None:
        async with scene() as made:
            await play(made)

    asyncio.run(run())


def test_a_list_that_is_over_is_asked_for_anew_and_not_a_ttl_later(tmp_path: Path) -> None:
    """A machine that slept: its clock went on, the one for intervals did not."""

    async def play(scene: Scene) -> None:
        scene.clock.wall += 2 * DAY
        scene.clock.mono_s += RETRY_S
        assert scene.state == "unknown-stale"
        assert await scene.asks() == 1
        assert await scene.asks() == 0, "not more often than after a failure"
        scene.clock.wall -= 2 * DAY
        scene.clock.mono_s += RETRY_S
        await scene.asks()
        assert scene.state == "valid"

    act(tmp_path, play)


def test_a_clock_that_is_put_back_makes_no_list_good_again(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        scene.authority.silent = True
        scene.clock.passes(1.5 * DAY)
        assert scene.state == "unknown-stale"
        scene.clock.wall -= DAY
        assert scene.state == "unknown-stale"

    act(tmp_path, play)


def test_a_clock_that_is_put_back_makes_no_licence_good_again(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        scene.authority.silent = True
        scene.clock.passes(3 * DAY)
        assert scene.state == "expired"
        scene.clock.wall -= 2 * DAY
        assert scene.state == "expired"

    act(tmp_path, play, ends=NOW + 2 * DAY, valid_s=30 * 86_400)


def test_a_clock_that_was_ahead_is_put_right(tmp_path: Path) -> None:
    async def play(scene: Scene) -> None:
        scene.clock.wall += 400 * DAY
        assert scene.state == "expired"
        scene.clock.wall -= 400 * DAY
        assert scene.state == "valid"

    act(tmp_path, play)


def test_files_that_could_not_be_read_for_a_moment_are_read_again(tmp_path: Path) -> None:
    """The licence was renewed while the process had no file descriptor left."""

    async def play(scene: Scene) -> None:
        scene.token_file.write_text(f"{scene.token}\n", encoding="ascii")
        with no_more_files():
            await scene.licensing.tend()
        assert scene.state != "valid"
        await scene.asks()
        assert scene.state != "valid", "not at every look"
        scene.clock.mono_s += RETRY_S
        await scene.asks()
        assert scene.state == "valid"

    act(tmp_path, play)


@contextlib.contextmanager
def no_more_files() -> Iterator[None]:
    """This process can open nothing; what is open stays so."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

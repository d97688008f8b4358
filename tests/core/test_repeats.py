"""What is kept of answers: for a time, within bounds, the oldest first."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from licet.base.trouble import Unavailable
from licet.gateway.asgi import Answer
from licet.gateway.repeats import Name, Repeats


@dataclass
class Still:
    """A clock that stands until it is moved."""

    s: float = 0.0

    def now(self) -> datetime:
        return datetime(2026, 11, 28, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.s


class Model:
    """Counts how often it is asked; its answers are `size` bytes."""

    def __init__(self, repeats: Repeats, size: int = 10) -> None:
        self.repeats, self.size, self.asked = repeats, size, 0

    async def work(self) -> tuple[Answer, bool]:
        self.asked += 1
        return Answer(200, b"%d " % self.asked + b"x" * self.size), True

    async def ask(self, key: str) -> Answer:
        return await self.repeats.once(Name("a", "/p", key.encode()), b"body", "b@1", self.work)


def test_an_answer_is_forgotten_when_its_time_is_over() -> None:
    clock = Still()
    model = Model(Repeats(clock, 600))

    async def play() -> None:
        first = await model.ask("k")
        clock.s = 599
        assert await model.ask("k") is first
        clock.s = 600
        assert await model.ask("k") is not first

    asyncio.run(play())
    assert model.asked == 2


def test_the_oldest_go_where_all_take_too_much() -> None:
    model = Model(Repeats(Still(), 600, bytes_max=10_000), size=2000)

    async def play() -> None:
        for key in "abcd":
            await model.ask(key)
        assert model.asked == 4
        await model.ask("d")
        assert model.asked == 4
        await model.ask("a")
        assert model.asked == 5

    asyncio.run(play())


def test_who_waits_for_an_answer_that_came_to_nothing_asks_for_itself() -> None:
    repeats, asked = Repeats(Still(), 600), 0

    async def work() -> tuple[Answer, bool]:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        if asked == 1:
            raise Unavailable("nobody is there.")
        return Answer(200, b"there"), True

    async def play() -> list[Answer | BaseException]:
        name = Name("a", "/p", b"k")
        asking = [repeats.once(name, b"body", "b@1", work) for _ in range(3)]
        return await asyncio.gather(*asking, return_exceptions=True)

    first, *others = asyncio.run(play())
    assert isinstance(first, Unavailable)
    assert [one.body for one in others if isinstance(one, Answer)] == [b"there"] * 2
    assert asked == 2


def test_who_waits_under_a_newer_bundle_is_not_given_what_the_older_one_let_pass() -> None:
    repeats, asked = Repeats(Still(), 600), 0

    async def work() -> tuple[Answer, bool]:
        nonlocal asked
        asked += 1
        mine = asked
        await asyncio.sleep(0)
        return Answer(200, b"%d" % mine), True

    async def play() -> list[Answer]:
        name = Name("a", "/p", b"k")
        bundles = ("b@1", "b@2", "b@1", "b@2")
        return await asyncio.gather(*(repeats.once(name, b"body", one, work) for one in bundles))

    first, newer, second, newest = asyncio.run(play())
    assert (first.body, second.body) == (b"1", b"1")
    assert newer.body == newest.body == b"2"
    assert asked == 2


@pytest.mark.parametrize("other", [Name("b", "/p", b"k"), Name("a", "/q", b"k")])
def test_a_name_is_ones_own(other: Name) -> None:
    """Nobody is given what another asked, nor what was asked on another path."""
    repeats = Repeats(Still(), 600)
    model = Model(repeats)

    async def play() -> None:
        await model.ask("k")
        await repeats.once(other, b"body", "b@1", model.work)

    asyncio.run(play())
    assert model.asked == 2

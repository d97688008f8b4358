"""Long work gives way: to what is ready, and to other long work in turn."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from licet.base.piecemeal import Piecemeal, at_once
from licet.gateway import turns as turns_module
from licet.gateway.turns import Turns


@pytest.fixture
def every_piece_is_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns_module, "TURN_S", 0.0)


def pieces(name: str, count: int, log: list[str]) -> Piecemeal[str]:
    try:
        for number in range(count):
            log.append(f"{name}{number}")
            yield
    except GeneratorExit:
        log.append(f"{name} left")
        raise
    return name.upper()


async def ticks(log: list[str]) -> None:
    """One for each round of the loop."""
    while True:
        log.append("tick")
        await asyncio.sleep(0)


def test_all_pieces_at_once() -> None:
    log: list[str] = []
    assert at_once(pieces("a", 3, log)) == "A"
    assert log == ["a0", "a1", "a2"]


def test_what_is_done_in_time_waits_for_nobody() -> None:
    async def work() -> None:
        log: list[str] = []
        asyncio.get_running_loop().call_soon(log.append, "another")
        assert Turns().begin(pieces("a", 3, log)) == "A"
        assert await Turns().finish(pieces("b", 1, log)) == "B"
        assert log == ["a0", "a1", "a2", "b0"]

    asyncio.run(work())


@pytest.mark.usefixtures("every_piece_is_a_turn")
def test_long_work_lets_others_in_after_each_turn() -> None:
    async def work() -> None:
        log: list[str] = []
        ticking = asyncio.ensure_future(ticks(log))
        await Turns().finish(pieces("a", 3, log))
        ticking.cancel()
        assert log[:6] == ["a0", "tick", "a1", "tick", "a2", "tick"]

    asyncio.run(work())


@pytest.mark.usefixtures("every_piece_is_a_turn")
def test_long_works_take_turns_one_between_two_looks_around() -> None:
    async def work() -> None:
        log: list[str] = []
        turns = Turns()
        ends = asyncio.gather(*(turns.finish(pieces(name, 5, log)) for name in "abc"))
        ticking = asyncio.ensure_future(ticks(log))
        assert await ends == ["A", "B", "C"]
        ticking.cancel()
        later = " ".join(log[log.index("a1") :]).split("tick")
        assert all(len(turn.split()) <= 1 for turn in later), log  # never two in one round
        worked = [entry for entry in log if entry != "tick"]
        assert worked[:3] == ["a0", "b0", "c0"]  # a first turn each, whoever else there is
        assert worked[3:] == [f"{name}{n}" for n in range(1, 5) for name in "abc"]

    asyncio.run(work())


@pytest.mark.usefixtures("every_piece_is_a_turn")
def test_who_leaves_is_not_waited_for() -> None:
    async def work() -> None:
        log: list[str] = []
        turns = Turns()
        gone = asyncio.ensure_future(turns.finish(pieces("a", 10_000, log)))
        await asyncio.sleep(0)
        gone.cancel()
        assert await turns.finish(pieces("b", 3, log)) == "B"
        with pytest.raises(asyncio.CancelledError):
            await gone
        assert "a left" in log

    asyncio.run(work())


@pytest.mark.usefixtures("every_piece_is_a_turn")
@pytest.mark.parametrize("before", [0, 1, 3])
def test_what_goes_wrong_is_told_and_the_others_go_on(before: int) -> None:
    def broken() -> Piecemeal[Any]:
        for _ in range(before):
            yield
        raise ZeroDivisionError

    async def work() -> None:
        turns = Turns()
        log: list[str] = []
        found = await asyncio.gather(
            turns.finish(broken()), turns.finish(pieces("b", 3, log)), return_exceptions=True
        )
        assert isinstance(found[0], ZeroDivisionError)
        assert found[1] == "B"

    asyncio.run(work())

"""An upheld objection moves money once, whoever is cut off where; none is made, none is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from licet.base.trouble import BadInput, Conflict, Unavailable
from licet.compute.jobbook import JobBook, Row
from licet.compute.market import Dispute, Kept, Market
from licet.compute.model import Need, Speed
from licet.compute.money import Transfer
from licet.compute.objections import decide
from licet.compute.purse import Purse, open_purse

# A job of two accelerators for 30 minutes at most, at 36 yuan an hour: 3,600 fen were reserved.
NEED = Need("n1", "acme", 10.0, "steps", {"h20": Speed(1.0, "customer", "own run", 0)}, gang=2)
ROW = Row("n1", NEED, ("true",), 1800, "voucher:v", "settled", pool="north-1", supplier="sup-a",
          price=3600, ended="ended", owed=1000, used_s=1000)  # fmt: skip
SIDES = ("voucher:v", "job:n1-1", "supplier:sup-a")


@dataclass(frozen=True)
class World:
    """The parts of a commons that an answer touches, with a settled job and an objection to it."""

    market: Market
    book: JobBook
    purse: Purse

    def object(self, name: str = "d1") -> Kept[Dispute]:
        self.market.put(Dispute(name, "n1", "acme", "The bill is wrong."), "acme", 1)
        return self.market.get(Dispute, name)

    def answer(self, kept: Kept[Dispute], fen: int | None, state: Any = "upheld") -> Dispute:
        return decide(
            self.market, self.book, self.purse, kept, state, fen, "Metered late.", "cac", 9
        )

    def balances(self) -> list[int]:
        return [self.purse.balance(one) for one in SIDES]


def made(folder: Path) -> World:
    world = World(Market(folder / "m.db"), JobBook(folder / "j.db"),
                  open_purse(f"sqlite:{folder}/b.db"))  # fmt: skip
    world.book.add(ROW)
    world.book.save(ROW)
    world.purse.move_all([
        Transfer("f", "fund", "outside", "programme:p", 5000, 0),
        Transfer("g", "grant", "programme:p", "voucher:v", 5000, 0),
        Transfer("reserve:n1-1", "reserve", "voucher:v", "job:n1-1", 3600, 0),
        Transfer("settle:n1-1", "settle", "job:n1-1", "supplier:sup-a", 1000, 1),
        Transfer("refund:n1-1", "refund", "job:n1-1", "voucher:v", 2600, 1),
    ])  # fmt: skip
    return world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    one = made(tmp_path)
    with closing(one.market), closing(one.book), closing(one.purse):
        yield one


@settings(max_examples=6)
@given(sums=st.lists(st.integers(0, 3600), min_size=1, max_size=3))
def test_money_is_brought_to_what_is_right_and_none_is_made_or_lost(
    tmp_path_factory: pytest.TempPathFactory, sums: list[int]
) -> None:
    world = made(tmp_path_factory.mktemp("commons"))
    with closing(world.market), closing(world.book), closing(world.purse):
        for number, fen in enumerate(sums):
            assert world.answer(world.object(f"d{number}"), fen).fen == fen
            assert world.balances() == [5000 - fen, 0, fen]
            world.purse.audit()
            row = world.book.find("n1")
            assert row is not None
            assert row.owed == fen
        wanted = [f"corrected:{fen}" for was, fen in zip([1000, *sums], sums, strict=False)
                  if was != fen]  # fmt: skip
        assert {one.what for one in world.book.told("n1")} == set(wanted), "both sides read these"


class _Breaks:
    """A part that fails at its `at`th write, before or after it was done."""

    def __init__(self, inner: Any, count: Callable[[], bool], *, after: bool) -> None:
        self._inner, self._count, self._after = inner, count, after

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._inner, name)
        if name not in ("move_all", "save", "tell", "put"):
            return real

        def write(*given: Any, **more: Any) -> Any:
            breaks = self._count()
            if breaks and not self._after:
                raise Unavailable("it broke.", hint="")
            done = real(*given, **more)
            if breaks:
                raise Unavailable("it broke after it was done.", hint="")
            return done

        return write


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("fen", [400, 1700])
def test_cut_off_at_any_write_and_answered_again_it_counts_once(
    tmp_path: Path, fen: int, after: bool
) -> None:
    for at in range(4):
        folder = tmp_path / str(at)
        folder.mkdir()
        world = made(folder)
        kept, count = world.object(), partial(next, iter([False] * at + [True]), False)
        parts: tuple[Any, ...] = (world.market, world.book, world.purse)
        broken = World(*(cast("Any", _Breaks(part, count, after=after)) for part in parts))
        with pytest.raises(Unavailable):
            broken.answer(kept, fen)
        world.purse.audit()
        with suppress(Conflict):  # the answer was the last write, and was kept
            world.answer(kept, fen)
        assert world.market.get(Dispute, "d1").value.state == "upheld"
        assert world.balances() == [5000 - fen, 0, fen]
        assert [one.what for one in world.book.told("n1")] == [f"corrected:{fen}"]
        world.purse.audit()
        for part in (world.market, world.book, world.purse):
            part.close()


def test_a_dismissed_objection_and_one_without_a_sum_move_nothing(world: World) -> None:
    assert world.answer(world.object("d1"), None, "dismissed").fen is None
    assert world.answer(world.object("d2"), None).fen is None
    assert world.balances() == [4000, 0, 1000]
    assert world.book.told("n1") == []


def test_what_cannot_be_is_refused_and_nothing_is_moved(world: World) -> None:
    kept = world.object()
    for fen in (-1, 3601):
        with pytest.raises(BadInput, match=r"36\.00"):
            world.answer(kept, fen)
    with pytest.raises(BadInput, match="upheld"):
        world.answer(kept, 400, "dismissed")
    world.book.save(replace(ROW, stage="released"))
    with pytest.raises(BadInput, match="settled"):
        world.answer(kept, 400)
    world.book.save(ROW)
    world.purse.move(Transfer("p", "pay_out", "supplier:sup-a", "outside", 900, 2))
    with pytest.raises(Conflict, match="too little"):
        world.answer(kept, 400)
    assert world.balances() == [4000, 0, 100]
    assert world.market.get(Dispute, "d1").value.state == "open"


def test_two_that_correct_one_bill_at_the_same_time_do_not_both(world: World) -> None:
    first, second = world.object("d1"), world.object("d2")
    seen = world.purse.statement("job:n1-1")
    world.answer(first, 400)

    class Late(_Breaks):
        def __getattr__(self, name: str) -> Any:
            return (lambda _: seen) if name == "statement" else getattr(self._inner, name)

    late = World(world.market, world.book, Late(world.purse, lambda: False, after=False))  # type: ignore[arg-type]
    with pytest.raises(Conflict, match="another content"):
        late.answer(second, 700)
    assert world.balances() == [4600, 0, 400]

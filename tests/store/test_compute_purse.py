"""Books of vouchers: no fen made or lost, whatever is asked for and wherever it breaks off."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from kit.databases import postgres_schema
from licet.base.trouble import BadInput, Conflict, Corrupt, Unavailable
from licet.compute.money import ENDS, Transfer
from licet.compute.purse import Purse, open_purse

FUND = Transfer("t1", "fund", "outside", "programme:p", 1000, 0)
GRANT = Transfer("t2", "grant", "programme:p", "voucher:v", 600, 1)
RESERVE = Transfer("t3", "reserve", "voucher:v", "job:j", 400, 2)
SETTLE = Transfer("t4", "settle", "job:j", "supplier:s", 250, 3)
REFUND = Transfer("t5", "refund", "job:j", "voucher:v", 150, 4)
ALL = (FUND, GRANT, RESERVE, SETTLE, REFUND)
AFTER = {"outside": -1000, "programme:p": 400, "voucher:v": 350, "job:j": 0, "supplier:s": 250}


@pytest.fixture(params=["sqlite", "postgres"])
def purse(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Purse]:
    if request.param == "sqlite":
        with closing(open_purse(f"sqlite:{tmp_path}/books.db")) as made:
            yield made
        return
    with postgres_schema() as url, closing(open_purse(url)) as made:
        yield made


def test_money_goes_from_budget_to_supplier_and_the_rest_comes_back(purse: Purse) -> None:
    assert [purse.move(one) for one in ALL] == [True] * 5
    assert {name: purse.balance(name) for name in AFTER} == AFTER
    assert [one.id for one in purse.statement("voucher:v")] == ["t2", "t3", "t5"]
    purse.audit()


def test_the_same_again_changes_nothing_and_another_content_is_refused(purse: Purse) -> None:
    purse.move(FUND)
    assert purse.move(FUND) is False
    with pytest.raises(Conflict, match="another content"):
        purse.move(Transfer("t1", "fund", "outside", "programme:p", 999, 0))
    assert purse.balance("programme:p") == 1000


def test_nobody_gives_what_they_have_not(purse: Purse) -> None:
    purse.move(FUND)
    with pytest.raises(Conflict, match="too little"):
        purse.move(Transfer("t9", "grant", "programme:p", "voucher:v", 1001, 1))
    assert purse.balance("voucher:v") == 0


def test_transfers_together_are_made_all_or_none(purse: Purse) -> None:
    purse.move_all([FUND, GRANT, RESERVE])
    with pytest.raises(Conflict):
        purse.move_all([SETTLE, Transfer("t6", "refund", "job:j", "voucher:v", 151, 4)])
    assert purse.balance("job:j") == 400
    assert purse.move_all([SETTLE, REFUND]) == 2


@pytest.mark.parametrize("bad", [
    Transfer("x", "fund", "voucher:v", "programme:p", 1, 0),
    Transfer("x", "fund", "outside", "programme:", 1, 0),
    Transfer("x", "fund", "outside", "programme:a b", 1, 0),
    Transfer("", "fund", "outside", "programme:p", 1, 0),
    Transfer("x", "fund", "outside", "programme:p", -1, 0),
    Transfer("x", "steal", "outside", "programme:p", 1, 0),  # type: ignore[arg-type]
])  # fmt: skip
def test_what_is_no_transfer_is_refused(purse: Purse, bad: Transfer) -> None:
    with pytest.raises(BadInput):
        purse.move(bad)


def test_many_at_once_spend_a_voucher_once(purse: Purse) -> None:
    purse.move_all([FUND, GRANT])
    done = list[str]()

    def spend(number: int) -> None:
        for _ in range(2):
            try:
                purse.move(Transfer(f"r{number}", "reserve", "voucher:v", f"job:{number}", 100, 2))
                done.append(f"r{number}")
            except Conflict:
                pass

    threads = [threading.Thread(target=spend, args=(n,)) for n in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(set(done)) == 6
    assert purse.balance("voucher:v") == 0
    purse.audit()


class _Breaking(sqlite3.Connection):
    """A connection that breaks at a chosen statement, before or after it was done."""

    countdown = -1
    after = False

    def execute(self, *given: Any) -> sqlite3.Cursor:  # type: ignore[override]
        cls = type(self)
        if cls.countdown == 0 and not cls.after:
            cls.countdown = -1
            raise sqlite3.OperationalError("disk I/O error")
        cursor = super().execute(*given)
        if cls.countdown == 0:
            cls.countdown = -1
            raise sqlite3.OperationalError("disk I/O error, after it was done")
        cls.countdown -= cls.countdown > 0
        return cursor


def _breaking(path: Path, **more: Any) -> sqlite3.Connection:
    return sqlite3.connect(path, **more, factory=_Breaking)


@pytest.mark.parametrize("after", [False, True])
def test_broken_off_anywhere_and_said_again_it_is_made_once(tmp_path: Path, after: bool) -> None:
    for broken in range(9):
        url = f"sqlite:{tmp_path}/{broken}-{after}.db"
        with closing(
            open_purse(url, lambda *a, **k: sqlite3.connect(*a, **k, factory=_Breaking))
        ) as one:
            one.move_all([FUND, GRANT])
            _Breaking.countdown, _Breaking.after = broken, after
            with suppress(Unavailable):
                one.move(RESERVE)
            _Breaking.countdown = -1
        with closing(open_purse(url)) as again:  # as a process that was killed comes back
            again.audit()
            again.move(RESERVE)
            assert again.balance("voucher:v") == 200
            assert again.balance("job:j") == 400
            again.audit()


def test_books_that_somebody_changed_are_found_out(tmp_path: Path) -> None:
    with closing(open_purse(f"sqlite:{tmp_path}/books.db")) as one:
        one.move_all([FUND, GRANT])
        with closing(sqlite3.connect(tmp_path / "books.db")) as hand, hand:
            hand.execute("UPDATE compute_balance SET fen = fen + 1 WHERE account = 'voucher:v'")
        with pytest.raises(Corrupt, match="voucher:v"):
            one.audit()


def test_another_kind_of_url_is_refused() -> None:
    with pytest.raises(BadInput):
        open_purse("mysql://x")


_KINDS = st.sampled_from(sorted(ENDS))
_NAMES = st.sampled_from("ab")


class Books(RuleBasedStateMachine):
    """Any order of transfers; a plain dictionary is the oracle."""

    def __init__(self) -> None:
        super().__init__()
        self.purse = open_purse("sqlite::memory:")
        self.oracle: dict[str, int] = {}
        self.made = 0

    @rule(kind=_KINDS, giver=_NAMES, taker=_NAMES, fen=st.integers(0, 50))
    def move(self, kind: Any, giver: str, taker: str, fen: int) -> None:
        ends = [
            kind_of if kind_of == "outside" else f"{kind_of}:{name}"
            for kind_of, name in zip(ENDS[kind], (giver, taker), strict=True)
        ]
        self.made += 1
        transfer = Transfer(f"t{self.made}", kind, ends[0], ends[1], fen, self.made)
        enough = ends[0] == "outside" or self.oracle.get(ends[0], 0) >= fen
        try:
            assert self.purse.move(transfer)
            assert self.purse.move(transfer) is False
            assert enough
            self.oracle[ends[0]] = self.oracle.get(ends[0], 0) - fen
            self.oracle[ends[1]] = self.oracle.get(ends[1], 0) + fen
        except Conflict:
            assert not enough

    @invariant()
    def nothing_is_made_or_lost(self) -> None:
        assert all(self.purse.balance(name) == fen for name, fen in self.oracle.items())
        assert sum(self.oracle.values()) == 0
        self.purse.audit()

    def teardown(self) -> None:
        self.purse.close()


def test_any_order_of_transfers_keeps_every_fen() -> None:
    run_state_machine_as_test(Books, settings=settings(stateful_step_count=20))

"""Erasure: keys go first, holds hold, proofs stay valid, and a kill leaves nothing half."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NoReturn

import pytest

from kit.ledger import ORIGIN, MemoryDisk, MemoryStore, make_test_signer
from licet.base.ids import case_mark
from licet.base.trouble import BadInput, NotFound, Trouble
from licet.gateway import erasing
from licet.gateway.casestore import CaseFile, CaseStore, ExcerptGone
from licet.gateway.dialects.model import Notice
from licet.gateway.identities import Identities, check_keepers, read_keepers
from licet.gateway.subjects import Hold, Subjects
from licet.ledger.custody import (
    Card,
    make_card,
    pass_share,
    read_envelope,
    read_with,
    unlock,
    unpack,
)
from licet.ledger.entry import parse_entry
from licet.ledger.log import Log
from licet.ledger.proof import verify_receipt
from licet.ledger.store_sqlite import SqliteStore

NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)
DAY = timedelta(days=1)
ANNA, BORIS = f"184d-13~{'a' * 32}", f"184d-13~{'b' * 32}"
CASES = {f"LC-20261124-{n:012d}": ANNA if n < 2 else BORIS for n in range(3)}
WORDS = "the stopped words "


class Killed(BaseException):
    """The process is gone. Nothing catches it."""


def stop() -> NoReturn:
    raise Killed


def kill_this_process() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("nobody outlives that")


class Death:
    """Kills at the n-th write: before it (`lost`) or after it (`kept`); later ones too."""

    def __init__(self, at: int, how: str, die: Callable[[], NoReturn] = stop) -> None:
        self.left, self.how, self.die = at, how, die

    def connect(self, *words: Any, **more: Any) -> sqlite3.Connection:
        death = self

        class Mortal(sqlite3.Connection):
            def execute(self, statement: str, *values: Any) -> Any:
                if statement.lstrip()[:6].upper() in ("DELETE", "UPDATE", "INSERT"):
                    return death.write(
                        lambda: sqlite3.Connection.execute(self, statement, *values)
                    )
                return super().execute(statement, *values)

            def __exit__(self, *trouble: Any) -> Any:
                if trouble[0] is not None:
                    self.rollback()
                    return False
                return death.write(lambda: sqlite3.Connection.__exit__(self, *trouble))

        return sqlite3.connect(*words, factory=Mortal, **more)

    def write(self, do: Callable[[], Any]) -> Any:
        self.left -= 1
        if self.left < 0 and self.how == "lost":
            self.die()
        found = do()
        if self.left < 0:
            self.die()
        return found


class Scene:
    """Three cases of two people, a ledger, and whoever destroys."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.disk = MemoryDisk()
        with self.opened() as (subjects, cases):
            for case, subject in CASES.items():
                subjects.link(case, subject, NOW)
                cases.open(CaseFile(notice(case), "halted", NOW, "ex_1"), WORDS + subject)
                cases.object_to(case, f"I am {subject}", NOW)
            subjects.keep_identity(ANNA, b"sealed: anna", NOW)

    def opened(self, connect: Any = sqlite3.connect) -> Any:
        chance = random.Random(7).randbytes
        return closing(Both(
            Subjects(self.folder / "subjects.db", connect),
            CaseStore(self.folder / "cases.db", self.folder / "keys.db", keep_days=90,
                      chance=chance, connect=connect),
        ))  # fmt: skip

    def log(self) -> Log:
        self.disk.claimed_by = None  # whoever held it is gone
        return Log(MemoryStore(self.disk), make_test_signer(), ORIGIN)

    def settle(self) -> int:
        """A gateway's rounds after a start; gives how many entries were handed in."""
        with self.opened() as (subjects, cases):
            log = self.log()
            erasing.carry_out(subjects, cases, NOW)
            return erasing.tell(
                subjects, log, lambda e, done: done(log.append([e], NOW).start), NOW
            )

    def entries(self) -> list[bytes]:
        log = self.log()
        return log.entries(0, log.size)

    def on_disk(self) -> bytes:
        return b"".join(p.read_bytes() for p in self.folder.rglob("*") if p.is_file())


class Both(tuple[Any, ...]):
    """The two stores, closed together."""

    def __new__(cls, *stores: Any) -> Both:
        return super().__new__(cls, stores)

    def close(self) -> None:
        for one in self:
            one.close()


def notice(case: str) -> Notice:
    return Notice(case=case, category="fraud", rule="base.fraud.en.1", reason={"en": "Fraud."},
                  appeal="https://example.cn/", where="")  # fmt: skip


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def ask(scene: Scene, *subjects: str) -> str:
    with scene.opened() as (kept, _):
        return erasing.ask(kept, subjects or (ANNA,), NOW, random.Random(3).randbytes)


def all_of_anna_is_gone(scene: Scene, request: str) -> None:
    """And Boris's is there, and one entry says it, with the right count."""
    with scene.opened() as (subjects, cases):
        for case, subject in CASES.items():
            if subject == ANNA:
                with pytest.raises(ExcerptGone):
                    cases.read_excerpt(case, NOW)
                assert cases.objections(case) == ()
                assert cases.find(case).rule == "base.fraud.en.1", "the fact of a stop stays"
            else:
                assert cases.read_excerpt(case, NOW).text == WORDS + BORIS
        assert not subjects.cases_of(ANNA)
        assert not subjects.knows(ANNA)
        assert subjects.subjects_of(request) == ()
        (one,) = subjects.erasures()
        assert (one.items, one.done, one.told) == (3, True, True)
    told = [parse_entry(e) for e in scene.entries() if request.encode() in e]
    assert [e.kind for e in told if e.kind != "erasure.refused"] == [
        "erasure.requested", "erasure.executed",
    ]  # fmt: skip
    assert told[-1].pub["items"] == 3
    assert ANNA.encode() not in scene.on_disk()
    assert b"anna" not in scene.on_disk()


def test_keys_excerpts_and_identity_of_a_person_are_destroyed(scene: Scene) -> None:
    request = ask(scene)
    assert scene.settle() == 2
    all_of_anna_is_gone(scene, request)
    assert scene.settle() == 0, "done again, nothing is left to do"


@pytest.mark.parametrize("how", ["lost", "kept"])
def test_whoever_is_killed_at_any_write_leaves_nothing_half(tmp_path: Path, how: str) -> None:
    """Every write of the erasure × {failed, failed but kept}, the ledger's among them."""
    for at in range(200):
        folder = tmp_path / f"{at}"
        scene = Scene(folder)
        request, death, alive = ask(scene), Death(at, how), True
        try:
            mortal(scene, death)
        except Killed:
            alive = False
        scene.settle()
        all_of_anna_is_gone(scene, request)
        if alive:
            break
    assert 10 < at < 100, f"every one of {at} writes was tried"


def mortal(scene: Scene, death: Death) -> None:
    """A gateway's round, as far as it comes."""
    with scene.opened(death.connect) as (subjects, cases):
        log = scene.log()

        def submit(entry: bytes, done: Any) -> None:
            done(death.write(lambda: log.append([entry], NOW).start))

        erasing.carry_out(subjects, cases, NOW)
        erasing.tell(subjects, log, submit, NOW)


class SceneOnDisk(Scene):
    """The same with a ledger that outlives whoever writes it."""

    store: SqliteStore | None = None

    def close(self) -> None:
        if self.store is not None:
            self.store.close()

    def log(self) -> Log:
        self.close()
        self.store = SqliteStore(self.folder / "ledger.db")
        return Log(self.store, make_test_signer(), ORIGIN)


def test_a_process_that_is_killed_at_any_write_leaves_nothing_half(tmp_path: Path) -> None:
    """SIGKILL before each write of the erasure, the ledger's among them."""
    for at in range(200):
        scene = SceneOnDisk(tmp_path / f"{at}")
        request = ask(scene)
        child = os.fork()
        if child == 0:
            mortal(scene, Death(at, "lost", kill_this_process))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        assert status in (0, signal.SIGKILL)
        scene.settle()
        all_of_anna_is_gone(scene, request)
        scene.close()
        if status == 0:
            break
    assert 10 < at < 100, f"it was killed at every one of {at} writes"


def test_what_is_held_stays_until_the_hold_ends(scene: Scene) -> None:
    request = ask(scene)
    held = next(iter(CASES))
    with scene.opened() as (subjects, _):
        subjects.hold(Hold(held, "order_1", NOW + DAY))
    assert scene.settle() == 2
    assert scene.settle() == 0, "a refusal is said once"
    refused = [e for e in map(parse_entry, scene.entries()) if e.kind == "erasure.refused"]
    assert [e.pub["ground"] for e in refused] == ["order_1"]
    with scene.opened() as (subjects, cases):
        assert cases.read_excerpt(held, NOW).text == WORDS + ANNA
        assert subjects.cases_of(ANNA) == (held,)
        assert subjects.knows(ANNA), "who it was is needed for what is held"
        assert [one.done for one in subjects.erasures()] == [False]
        subjects.lift(held)
    assert scene.settle() == 1
    all_of_anna_is_gone(scene, request)


def test_a_hold_on_a_person_holds_all_of_theirs_and_ends_by_itself(scene: Scene) -> None:
    ask(scene)
    with scene.opened() as (subjects, cases):
        subjects.hold(Hold(ANNA, "art. 14", NOW + DAY))
        (held,) = erasing.carry_out(subjects, cases, NOW)
        assert (held.done, held.items) == (False, 0)
        assert len(subjects.cases_of(ANNA)) == 2
        (done,) = erasing.carry_out(subjects, cases, NOW + 2 * DAY)
        assert done.items == 3


def test_a_hold_has_a_basis_and_a_request_somebody(scene: Scene) -> None:
    with scene.opened() as (subjects, _):
        with pytest.raises(BadInput, match="basis"):
            subjects.hold(Hold(ANNA, " ", NOW + DAY))
        with pytest.raises(NotFound):
            subjects.lift(ANNA)
        with pytest.raises(NotFound, match="nothing is kept"):
            erasing.ask(subjects, ["184d-13~" + "c" * 32], NOW, random.Random(3).randbytes)


def test_every_proof_stays_valid(scene: Scene) -> None:
    log = scene.log()
    before = [b'{"sub":"%s","n":%d}' % (ANNA.encode(), n) for n in range(5)]
    log.append(before, NOW)
    receipts = [log.prove(n).render() for n in range(5)]
    ask(scene)
    scene.settle()
    log, verifier = scene.log(), make_test_signer().verifier
    for n, receipt in enumerate(receipts):
        assert verify_receipt(receipt, verifier, before[n])[1] == before[n]
        assert verify_receipt(log.prove(n).render(), verifier, before[n])[0].size == 7


def test_what_is_past_its_time_is_forgotten(scene: Scene) -> None:
    with scene.opened() as (subjects, _):
        assert subjects.sweep(NOW) == 0
        assert subjects.sweep(NOW + DAY) == 4
        assert not subjects.cases_of(BORIS)


# --- who is behind a pseudonym ---


def three(seed: int = 5) -> list[tuple[Card, Any]]:
    chance = random.Random(seed).randbytes
    words = "what opens the box of"
    made = [(s, make_card(s, s, f"{words} {s}", chance)) for s in ("provider", "authority",
                                                                  "independent")]  # fmt: skip
    return [(card, unlock(card, locked, f"{words} {side}")) for side, (card, locked) in made]


def test_two_of_three_sides_say_who_a_pseudonym_is_and_one_does_not(scene: Scene) -> None:
    keepers, chance = three(), random.Random(9).randbytes
    reader, reader_key = three(6)[1]
    with scene.opened() as (subjects, _):
        entered = Identities(subjects, [card for card, _ in keepers], chance)
        entered.enter("LC-20261124-7F3K9Q2A1MZB", BORIS, "boris@example.com", NOW)
        by_case = subjects.identity("LC-20261124-7F3K9Q2A1MZB")
        assert by_case == subjects.identity(case_mark("LC-20261124-7F3K9Q2A1MZB"))
        envelope = read_envelope(subjects.identity(BORIS))
    assert b"boris@example.com" not in scene.on_disk()
    given = [pass_share(envelope, key, reader, "order_1") for _, key in keepers]
    for pair in ((0, 1), (0, 2), (1, 2)):
        payload = read_with(envelope, [given[n] for n in pair], reader_key, "order_1")
        assert unpack(payload) == ("", b"boris@example.com")
    for one in given:
        with pytest.raises(Trouble):
            read_with(envelope, [one], reader_key, "order_1")


def test_identities_are_kept_by_one_of_each_side_or_not_at_all(tmp_path: Path) -> None:
    cards = [card for card, _ in three()]
    check_keepers(cards)
    for wrong in (cards[:2], [cards[0], cards[0], cards[2]], [*cards, cards[0]]):
        with pytest.raises(BadInput):
            check_keepers(wrong)
    same_key = [Card(c.name, c.side, cards[0].public) for c in cards]
    with pytest.raises(BadInput):
        check_keepers(same_key)
    assert read_keepers(tmp_path / "none.json") == ()
    (tmp_path / "bad.json").write_bytes(b"[]")
    with pytest.raises(BadInput):
        read_keepers(tmp_path / "bad.json")
    subjects = Subjects(tmp_path / "subjects.db")
    with closing(subjects):
        Identities(subjects, (), random.Random(1).randbytes).enter("LC-1", ANNA, "anna", NOW)
        assert subjects.cases_of(ANNA) == ("LC-1",)
        assert not subjects.knows(ANNA)

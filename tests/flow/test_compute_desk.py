"""From need to settled bill, cut off at every call of every part: no job lost or run twice, no fen
made or lost; what is lost with a node or a pool is placed again, and the customer is told."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from kit.compute import SHARING
from kit.compute_world import Scissors, World
from licet.base.trouble import BadInput, Conflict, Unavailable
from licet.cli.main import licet
from licet.compute.desk import Desk, Shortfall, Terms
from licet.compute.jobbook import JobBook
from licet.compute.model import Need, Pool, Speed
from licet.compute.money import Transfer
from licet.compute.purse import Purse, open_purse

NOW = 1_000_000
POOLS = (
    Pool("a", "sup-a", "h20", 2, 1, 96, 3600, "north"),
    Pool("b", "sup-b", "ascend910b", 2, 1, 64, 1800, "south"),
)
SPEED = Speed(1.0, "measured", "probe", NOW)
GRANTED = 100_000


def need(name: str, *kinds: str, gang: int = 1) -> Need:
    return Need(name, "acme", 100.0, "steps", dict.fromkeys(kinds or ("h20",), SPEED), gang=gang)


class Log:
    """A ledger in memory; the same fields may come twice."""

    def __init__(self) -> None:
        self.entries: list[Mapping[str, str | int]] = []

    def append(self, fields: Mapping[str, str | int]) -> None:
        self.entries.append(fields)


class Scene:
    """Files and a world that outlive desks; `desk` makes one as a process that starts anew."""

    def __init__(self, folder: Path, pools: Sequence[Pool] = POOLS) -> None:
        self.folder, self.pools = folder, list(pools)
        self.world = World({"a": 2, "b": 2})
        self.book = JobBook(folder / "jobs.db")
        self.log = Log()
        self.policy = "promise"
        self.purse: Purse = open_purse(f"sqlite:{folder}/books.db")
        self.purse.move_all([
            Transfer("fund", "fund", "outside", "programme:p", GRANTED, 0),
            Transfer("grant", "grant", "programme:p", "voucher:v", GRANTED, 0),
        ])  # fmt: skip

    def desk(self, wrap: Callable[[Any], Any] = lambda part: part) -> Desk:
        terms = Terms(self.policy, SHARING, enter=wrap(self.log).append)
        return Desk(wrap(self.book), wrap(self.purse), wrap(self.world), terms,
                    lambda: self.pools)  # fmt: skip

    def close(self) -> None:
        self.book.close()
        self.purse.close()

    def check(self) -> None:
        """No fen made or lost; nothing left on a job; no attempt ran twice."""
        self.purse.audit()
        for row in self.book.all(settled=True):
            for attempt in range(1, row.attempt + 1):
                assert self.purse.balance(f"job:{row.id}-{attempt}") == 0
        assert len(self.world.ran) == len(set(self.world.ran))
        told = {one["round"]: one["record_sha256"] for one in self.log.entries}
        for number, entered in self.book.rounds():
            _, body = self.book.round(number) or (0, b"")
            assert entered
            assert told[number] == sha256(body).hexdigest()


@pytest.fixture
def scene(tmp_path: Path) -> Any:
    with closing(Scene(tmp_path)) as made:
        yield made


def test_a_job_runs_pays_for_what_it_used_and_gets_the_rest_back(scene: Scene) -> None:
    desk = scene.desk()
    assert desk.accept(need("j1", gang=2), ["true"], 1000, "voucher:v")
    assert desk.accept(need("j1", gang=2), ["true"], 1000, "voucher:v") is False
    desk.tick(NOW)
    assert scene.world.ran == ["j1-1"]
    assert scene.purse.balance("supplier:sup-a") == 200
    assert scene.purse.balance("voucher:v") == GRANTED - 200
    assert [one.what for one in scene.book.told("j1")] == ["released:a", "ended:200"]
    scene.check()


@pytest.fixture
def quick_path(tmp_path: Path) -> Iterator[Path]:
    """In memory where there is such a place: a hundred scenes wait for no disk."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else tmp_path) as name:
        yield Path(name)


def test_cut_off_anywhere_every_job_runs_once_and_every_fen_stays(quick_path: Path) -> None:
    tmp_path = quick_path
    whole = _go(Scene(tmp_path / "whole"), Scissors(0, False))
    assert whole > 20
    for at in range(1, whole + 1):
        for after in (False, True):
            scene = Scene(tmp_path / f"{at}-{after}")
            _go(scene, Scissors(at, after))
            assert sorted(scene.world.ran) == ["j1-1", "j2-1", "j2-2"]
            assert {row.stage for row in scene.book.all()} == {"settled"}
            assert scene.purse.balance("supplier:sup-a") == 100
            assert scene.purse.balance("supplier:sup-b") == 50
            assert scene.purse.balance("voucher:v") == GRANTED - 150
            scene.check()
            scene.close()


def _go(scene: Scene, scissors: Scissors) -> int:
    """Two jobs to their end, one lost with its node at first; after a cut, as after kill -9. How
    many calls that took."""
    scene.world.ends["j2-1"] = "lost"
    scene.policy = "backfill"  # it costs no programme, and which policy places is no matter here
    for _ in range(6):
        desk = scene.desk(scissors.wrap)
        with suppress(Unavailable):
            desk.accept(need("j1", "h20"), ["true"], 1000, "voucher:v")
            desk.accept(need("j2", "ascend910b"), ["true"], 1000, "voucher:v")
            desk.tick(NOW)
            if not scene.book.all(settled=False):
                return scissors.calls
    raise AssertionError("it does not come to an end")


def test_what_is_lost_with_a_node_is_placed_again_free_of_charge(scene: Scene) -> None:
    desk = scene.desk()
    scene.world.ends["j1-1"] = "lost"
    desk.accept(need("j1", "h20", "ascend910b"), ["true"], 1000, "voucher:v")
    desk.tick(NOW)
    desk.tick(NOW + 1)
    assert scene.world.ran == ["j1-1", "j1-2"]
    told = [one.what for one in scene.book.told("j1")]
    assert "lost:0" in told
    assert sum(scene.purse.balance(f"supplier:sup-{x}") for x in "ab") in {50, 100}
    scene.check()


def test_a_pool_that_leaves_gives_its_jobs_back(scene: Scene) -> None:
    desk = scene.desk()
    scene.world.runs_on.add("j1-1")
    desk.accept(need("j1", "h20", "ascend910b"), ["true"], 1000, "voucher:v")
    desk.tick(NOW)
    row = scene.book.find("j1")
    assert row is not None
    scene.pools = [replace(p, withdrawn=p.id == row.pool) for p in scene.pools]
    desk.tick(NOW + 1)
    desk.tick(NOW + 2)
    after = scene.book.find("j1")
    assert after is not None
    assert (after.stage, after.attempt) == ("settled", 2)
    assert after.pool != row.pool
    scene.check()


def test_a_supplier_that_has_less_than_it_said_is_named_and_not_overbooked(scene: Scene) -> None:
    scene.world.pools["a"] = 1
    desk = scene.desk()
    for name in ("j1", "j2"):
        scene.world.runs_on.add(f"{name}-1")
        desk.accept(need(name), ["true"], 1000, "voucher:v")
    desk.tick(NOW)
    assert scene.world.ran == ["j1-1"]
    assert desk.shortfalls() == (Shortfall("a", "sup-a", 2, 1),)


def test_a_job_that_its_voucher_cannot_pay_waits_and_is_told(scene: Scene) -> None:
    desk = scene.desk()
    desk.accept(need("dear"), ["true"], 10**6, "voucher:v")
    desk.tick(NOW)
    assert scene.world.ran == []
    assert [one.what for one in scene.book.told("dear")] == ["voucher-too-small"]
    scene.check()


def test_a_job_that_did_not_begin_in_its_window_ends_and_is_told(scene: Scene) -> None:
    scene.world.pools["a"] = 0
    desk = scene.desk()
    desk.accept(replace(need("j1"), begin_by_s=NOW + 60), ["true"], 1000, "voucher:v")
    desk.tick(NOW + 60)
    scene.world.pools["a"] = 2
    desk.tick(NOW + 61)
    assert scene.world.ran == []
    assert [one.what for one in scene.book.told("j1")] == ["not-begun-in-time"]
    assert scene.book.all(settled=False) == []
    scene.check()


def test_another_job_of_the_same_name_is_refused(scene: Scene) -> None:
    desk = scene.desk()
    desk.accept(need("j1"), ["true"], 1000, "voucher:v")
    with pytest.raises(Conflict):
        desk.accept(need("j1"), ["false"], 1000, "voucher:v")
    with pytest.raises(BadInput):
        desk.accept(need("j9"), ["true"], 1000, "cash")
    with pytest.raises(BadInput):
        desk.accept(need("J 9"), ["true"], 1000, "voucher:v")


def test_a_scheduler_that_forgot_is_told_again(scene: Scene) -> None:
    desk = scene.desk()
    scene.world.runs_on.add("j1-1")
    desk.accept(need("j1"), ["true"], 1000, "voucher:v")
    desk.tick(NOW)
    scene.world.specs.clear()
    scene.world.seen.clear()
    scene.world.ran.clear()
    scene.world.runs_on.clear()
    desk.tick(NOW + 1)
    desk.tick(NOW + 2)
    assert scene.world.ran == ["j1-1"]
    scene.check()


def test_jobs_are_listed_with_what_was_told(scene: Scene, tmp_path: Path) -> None:
    desk = scene.desk()
    desk.accept(need("j1"), ["true"], 1000, "voucher:v")
    desk.tick(NOW)
    shown = CliRunner().invoke(licet, ["compute", "jobs", str(tmp_path / "jobs.db"), "--json"])
    assert json.loads(shown.output)["told"] == ["released:a", "ended:100"]
    plain = CliRunner().invoke(licet, ["compute", "jobs", str(tmp_path / "jobs.db")])
    assert plain.output.startswith("j1")
    assert "ended:100" in plain.output


def test_a_round_is_explained_and_made_again_from_the_book(scene: Scene, tmp_path: Path) -> None:
    desk = scene.desk()
    for name in ("j1", "j2", "j3"):
        scene.world.runs_on.add(f"{name}-1")
        desk.accept(need(name), ["true"], 1000, "voucher:v")
    desk.tick(NOW)
    desk.tick(NOW + 60)
    desk.tick(NOW + 120)
    assert len(scene.book.rounds()) == 2, "a round in which nothing changed is not kept"
    owed, at_s = scene.book.owed()
    assert (at_s, set(owed)) == (NOW + 120, {"acme"})
    book = str(tmp_path / "jobs.db")
    shown = CliRunner().invoke(licet, ["compute", "explain", book, "--round", "1"])
    assert shown.exit_code == 0, shown.output
    assert "j1  -> a" in shown.output
    assert "made again: the same" in shown.output
    with sqlite3.connect(book) as db:
        db.execute("UPDATE compute_round SET body = replace(body, '\"placed\":{\"j1\"', ?)",
                   ('"placed":{"j9"',))  # fmt: skip
    forged = CliRunner().invoke(
        licet, ["compute", "explain", book, "--round", "1", "--lang", "zh"]
    )
    assert forged.exit_code == 1, forged.output
    assert "OTHERWISE for j1, j9" in forged.output
    assert CliRunner().invoke(licet, ["compute", "explain", book, "--round", "9"]).exit_code


def test_a_suppliers_bill_is_held_against_the_book(scene: Scene, tmp_path: Path) -> None:
    desk = scene.desk()
    scene.world.ends["j1-1"] = "lost"
    desk.accept(need("j1"), ["true"], 1000, "voucher:v")
    desk.tick(NOW)
    desk.tick(NOW + 1)
    bill, book = tmp_path / "bill.csv", str(tmp_path / "jobs.db")
    bill.write_text("job,pool,accelerator_s,fen\nj1-2,a,100,100\n")
    command = ["compute", "bill", book, str(bill), "--supplier", "sup-a"]
    agreed = CliRunner().invoke(licet, command)
    assert (agreed.exit_code, agreed.output) == (0, "bill 1.00  ours 1.00  agreed 1.00 CNY\n")
    bill.write_text("job,pool,accelerator_s,fen\nj1-1,a,100,100\nj1-2,a,100,100\n")
    differs = CliRunner().invoke(licet, command)
    assert differs.exit_code == 1
    assert "lost, and free of charge" in differs.output
    before = CliRunner().invoke(licet, [*command, "--until", "1970-01-01T00:00:00Z"])
    assert "unknown to us" in before.output

"""A commons from a stated need to its bill on processes of this machine; who may change what;
vouchers asked for and decided; nothing accepted that got worse meanwhile."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kit.compute import SHARING
from kit.compute_world import World
from licet.base.clock import SystemClock
from licet.base.trouble import BadInput, Conflict, NotFound, Unavailable
from licet.cli.main import licet
from licet.compute.claims import apply, decide, proposal
from licet.compute.commons import Commons, NoContainers, Task, local, open_commons, paid
from licet.compute.execution.contract import Spec
from licet.compute.market import Asking, Claim
from licet.compute.marketfile import read_market, render_market
from licet.compute.model import Need, Pool, Speed, Standing
from licet.compute.results import JobFolder
from licet.compute.roundlog import entering
from licet.compute.usage import facts, usage
from licet.compute.vouchers import Application
from licet.rulebook import load_pack

NOW = 1_795_000_000
SPEED = Speed(1.0, "customer", "own run", NOW)
NEED = Need("", "acme", 10.0, "steps", {"h20": SPEED, "ascend910b": SPEED})
POOLS = (
    Pool("north-1", "", "h20", 2, 1, 96, 3600, "north", origin="foreign", attested="doc 1"),
    Pool("south-1", "", "ascend910b", 2, 1, 64, 1800, "south", origin="domestic", attested="d 2"),
)  # fmt: skip
TASK = Task("echo $((6*7)); mkdir results; echo 7 > progress; echo hi > results/a.txt", "", 60,
            paid("acme"))  # fmt: skip
PROGRAMME = load_pack("cn-genai-2023").compute.programmes["beijing_etown"]


def now_s() -> int:
    return int(SystemClock().now().timestamp())


def chance(n: int) -> bytes:
    chance.drawn += 1  # type: ignore[attr-defined]
    return chance.drawn.to_bytes(n, "big")  # type: ignore[attr-defined, no-any-return]


chance.drawn = 0  # type: ignore[attr-defined]


@pytest.fixture
def commons(tmp_path: Path) -> Iterator[Commons]:
    with closing(open_commons(tmp_path / "compute", SHARING)) as made:
        made.add_pool(POOLS[0], "sup-a", NOW)
        made.add_pool(POOLS[1], "sup-b", NOW)
        made.pay_in("acme", 1_000_000, "2026-1", NOW)
        yield made


def accepted(commons: Commons, need: Need = NEED, task: Task = TASK, now_s: int = NOW) -> Asking:
    asked = commons.ask(need, now_s, chance)
    assert asked.offer is not None
    done = commons.accept(asked.id, need.account, task, now_s)
    assert done.state == "accepted"
    return done


def test_a_need_is_answered_accepted_run_on_this_machine_and_billed(commons: Commons) -> None:
    job = accepted(commons, now_s=now_s()).id
    until = time.monotonic() + 20
    while commons.job(job).stage != "settled":
        assert time.monotonic() < until, commons.job(job)
        commons.tick(local(commons), now_s())
        time.sleep(0.05)
    row = commons.job(job, "acme")
    folder = commons.folder_of(row)
    assert (row.ended, folder.log(), folder.done()) == ("ended", "42\n", 7.0)
    assert [one.name for one in folder.results()] == ["a.txt"]
    with folder.open("a.txt") as file:
        assert file.read() == b"hi\n"
    assert commons.purse.balance(paid("acme")) == 1_000_000 - row.owed
    commons.purse.audit()


def test_rounds_stand_in_a_ledger_and_standings_count(commons: Commons, tmp_path: Path) -> None:
    told = run("account", "acme", "--public", "--most", "1", "--home", str(tmp_path))
    assert told.exit_code == 0, told.output
    assert run("account", "--home", str(tmp_path)).output == told.output
    assert commons.standings() == (Standing("acme", public=True, most=1),)
    with pytest.raises(BadInput):
        commons.set_standing(Standing("No Name"), "operator", NOW)
    for _ in range(2):
        accepted(commons)
    folder, keys = tmp_path / "ledger", tmp_path / "keys"
    keys.mkdir()
    moment = datetime.fromtimestamp(NOW, UTC)
    world = World(
        {"north-1": 2, "south-1": 2}, runs_on={f"{job.id}-1" for job in commons.book.all()}
    )
    commons.tick(world, NOW, enter=entering(folder, keys, moment, secrets.token_bytes))
    assert len(world.ran) == 1, "one at once"
    shown = run("explain", str(tmp_path / "compute" / "jobs.db"), "--ledger", str(folder))
    assert shown.exit_code == 0, shown.output
    assert "its account holds its most" in shown.output
    assert shown.output.endswith("made again: the same\nledger: entry 0\n")
    elsewhere = tmp_path / "other"
    entering(elsewhere, tmp_path / "keys of others", moment, secrets.token_bytes)(
        {"round": 1, "record_sha256": "0" * 64}
    )
    missed = run("explain", str(tmp_path / "compute" / "jobs.db"), "--ledger", str(elsewhere))
    assert (missed.exit_code, "ledger: NOT there" in missed.output) == (1, True)


def test_jobs_that_one_runs_are_left_alone_by_another(commons: Commons) -> None:
    slurm, here = World({"north-1": 2, "south-1": 2}), World({"north-1": 2, "south-1": 2})
    job = accepted(commons).id
    slurm.runs_on.add(f"{job}-1")
    assert commons.tick(slurm, NOW, runner="slurm")
    assert not commons.tick(here, NOW + 1), "a portal's own thread"
    assert not commons.tick(here, NOW + 1, take_over=True), "while a job is under way"
    assert (slurm.ran, here.ran) == ([f"{job}-1"], [])
    slurm.cancel(f"{job}-1")
    assert commons.tick(slurm, NOW + 2, runner="slurm")
    assert not commons.tick(here, NOW + 3)
    assert commons.tick(here, NOW + 3, take_over=True)


def run(*command: str) -> Result:
    return CliRunner().invoke(licet, ["compute", *command])


def test_what_got_worse_is_not_accepted_and_the_new_answer_is_shown(commons: Commons) -> None:
    asked = commons.ask(NEED, NOW, chance)
    for name in ("north-1", "south-1"):
        kept = next(pool for pool in commons.pools() if pool.id == name)
        commons.change_pool(name, kept.supplier, NOW, price=9000)
    fresh = commons.accept(asked.id, "acme", TASK, NOW + 30)
    assert fresh.state == "answered"
    assert asked.offer is not None
    assert fresh.offer is not None
    assert fresh.offer.price > asked.offer.price
    assert commons.book.all() == []
    assert commons.accept(asked.id, "acme", TASK, NOW + 60).state == "accepted"
    with pytest.raises(Conflict):
        commons.accept(asked.id, "acme", TASK, NOW + 60)


def test_only_whose_it_is_may_change_it(commons: Commons) -> None:
    asked = commons.ask(NEED, NOW, chance)
    for act in (
        lambda: commons.change_pool("north-1", "sup-b", NOW, count=1),
        lambda: commons.accept(asked.id, "other", TASK, NOW),
        lambda: commons.give_up(asked.id, "other", NOW),
        lambda: commons.job("none"),
    ):
        with pytest.raises(NotFound):
            act()
    job = accepted(commons).id
    with pytest.raises(NotFound):
        commons.stop(job, "other", NOW)
    with pytest.raises(NotFound):
        commons.job(job, "other")
    with pytest.raises(Conflict):
        commons.add_pool(POOLS[0], "sup-b", NOW)


@pytest.mark.parametrize(
    "task",
    [
        replace(TASK, voucher=paid("other")),
        replace(TASK, longest_s=2_000_000),
        replace(TASK, script="  "),
        replace(TASK, image="a b"),
        replace(TASK, longest_s=0),
    ],
)
def test_what_cannot_run_or_be_paid_is_not_accepted(commons: Commons, task: Task) -> None:
    asked = commons.ask(NEED, NOW, chance)
    with pytest.raises(BadInput):
        commons.accept(asked.id, "acme", task, NOW)
    assert commons.book.all() == []
    assert commons.asking(asked.id, "acme").value.state == "answered"


def test_an_image_is_refused_before_it_queues_where_nothing_runs_images(commons: Commons) -> None:
    task, world = replace(TASK, image="team/train:1"), World({"north-1": 2, "south-1": 2})
    asked = commons.ask(NEED, NOW, chance)
    for _ in range(2):
        with pytest.raises(NoContainers):
            commons.accept(asked.id, "acme", task, NOW)
        commons.tick(world, NOW)
    world.runtime = "apptainer"
    commons.tick(world, NOW)
    assert commons.accept(asked.id, "acme", task, NOW).state == "accepted"
    world.runtime = ""
    commons.tick(world, NOW)
    assert commons.job(asked.id).stage == "waiting"
    assert [one.what for one in commons.book.told(asked.id)] == ["no-containers"]
    world.runtime = "apptainer"
    commons.tick(world, NOW)
    assert world.specs[f"{asked.id}-1"].image == "team/train:1"


def test_money_of_a_job_whose_image_nothing_runs_any_more_comes_back(commons: Commons) -> None:
    world = World({"north-1": 2, "south-1": 2}, runtime="apptainer")
    commons.tick(world, NOW)
    asked = commons.ask(NEED, NOW, chance)
    commons.accept(asked.id, "acme", replace(TASK, image="team/train:1"), NOW)
    before = commons.purse.balance(paid("acme"))

    class Gone(World):
        def submit(self, spec: Spec) -> None:
            raise Unavailable("cut off here.", hint="")

    with pytest.raises(Unavailable):
        commons.tick(Gone({"north-1": 2, "south-1": 2}, runtime="apptainer"), NOW)
    assert commons.job(asked.id).stage == "reserved"
    world.runtime = ""
    commons.tick(world, NOW)
    assert (commons.job(asked.id).stage, commons.job(asked.id).attempt) == ("waiting", 2)
    assert commons.purse.balance(paid("acme")) == before
    commons.purse.audit()


def test_a_customer_stops_what_waits_and_what_runs(commons: Commons) -> None:
    world = World({"north-1": 2, "south-1": 2})
    waits, runs = accepted(commons).id, ""
    commons.stop(waits, "acme", NOW)
    commons.tick(world, NOW)
    assert (commons.job(waits).ended, world.ran) == ("cancelled", [])
    runs = accepted(commons).id
    world.runs_on.add(f"{runs}-1")
    commons.tick(world, NOW)
    assert commons.job(runs).stage == "released"
    commons.stop(runs, "acme", NOW)
    for _ in range(2):
        commons.tick(world, NOW + 10)
    assert (commons.job(runs).stage, commons.job(runs).ended) == ("settled", "cancelled")
    commons.purse.audit()


def test_what_is_under_way_is_seen_in_the_next_answer(commons: Commons) -> None:
    alone = commons.ask(NEED, NOW, chance).offer
    for _ in range(4):
        accepted(commons, replace(NEED, account="acme", work=1000.0))
    after = commons.ask(replace(NEED, account="beta"), NOW, chance)
    assert alone is not None
    assert after.offer is not None
    assert len(commons.under_way(NOW)) == 4
    assert after.accounts == ("acme",) * 4 + ("beta",)


def test_a_policy_is_put_in_force_with_a_reason_and_its_history_stays(commons: Commons) -> None:
    assert commons.policy().value.policy == "promise"
    with pytest.raises(BadInput):
        commons.choose_policy("fifo", " ", "cac", NOW)
    with pytest.raises(BadInput):
        commons.choose_policy("nothing", "why", "cac", NOW)
    commons.choose_policy("fifo", "A trial week.", "cac", NOW)
    commons.choose_policy("promise", "The week is over.", "cac", NOW + 9)
    kept = commons.policy()
    assert (kept.value.policy, kept.n, kept.by, kept.at_s) == ("promise", 2, "cac", NOW + 9)
    assert commons.ask(NEED, NOW, chance).policy == "promise"


def application(contract: str, name: str, settled: int = 1_000_000) -> Application:
    met = dict.fromkeys(PROGRAMME.requires, True)
    return Application(name, "acme", "sup-a", contract, date(2026, 3, 1), settled, met)


def test_a_contract_is_paid_for_once_and_never_more_than_proposed(commons: Commons) -> None:
    market, purse = commons.market, commons.purse
    for n, contract in enumerate(("K 1", "k1 ")):
        apply(market, PROGRAMME, application(contract, f"c{n}"), NOW)
    first, second = market.all(Claim)
    with pytest.raises(BadInput):
        decide(market, purse, PROGRAMME, first, 300_001, "", "cac", NOW, UTC)
    with pytest.raises(BadInput):
        decide(market, purse, PROGRAMME, first, 0, " ", "cac", NOW, UTC)
    done = decide(market, purse, PROGRAMME, first, 300_000, "", "cac", NOW, UTC)
    assert (done.state, purse.balance("voucher:c0")) == ("granted", 300_000)
    assert "voucher:c0" in commons.vouchers("acme")
    assert proposal(market, PROGRAMME, second.value, NOW, UTC).why == ("funded_before",)
    with pytest.raises(BadInput):
        decide(market, purse, PROGRAMME, second, 1, "", "cac", NOW, UTC)
    refused = decide(market, purse, PROGRAMME, second, 0, "Paid before.", "cac", NOW, UTC)
    assert (refused.state, refused.reason) == ("refused", "Paid before.")
    with pytest.raises(Conflict):
        decide(market, purse, PROGRAMME, market.get(Claim, "c0"), 1, "", "cac", NOW, UTC)
    purse.audit()


def test_two_decisions_on_one_contract_at_the_same_time_pay_once(commons: Commons) -> None:
    market, purse = commons.market, commons.purse
    for name in ("c0", "c1"):
        apply(market, PROGRAMME, application("K1", name), NOW)
    first, second = market.all(Claim)
    decide(market, purse, PROGRAMME, first, 300_000, "", "cac", NOW, UTC)
    market.put(first.value, "cac", NOW, seen=2)  # as if the first were not seen yet
    with pytest.raises(Conflict):
        decide(market, purse, PROGRAMME, second, 300_000, "", "cac", NOW, UTC)
    assert purse.balance("voucher:c1") == 0


def test_figures_are_of_what_was_metered(commons: Commons) -> None:
    world = World({"north-1": 2, "south-1": 2}, took_s=3600)
    accepted(commons, replace(NEED, due_s=NOW + 100, domestic_only=True),
             replace(TASK, longest_s=7200))  # fmt: skip
    accepted(commons, replace(NEED, speeds={"h20": SPEED}), replace(TASK, longest_s=7200))
    for step in range(3):
        commons.tick(world, NOW + 200 * step)
    found = usage(commons.pools(), commons.book.all(), commons.book.notices(),
                  commons.market.all(Asking), NOW + 600)  # fmt: skip
    assert (found.domestic_h, found.foreign_h, found.domestic) == (1.0, 1.0, 0.5)
    assert (found.ended, found.missed, found.deadlines, found.largest) == (2, 0, 1, 1.0)
    assert [(one.kind, one.fen_hour) for one in found.kinds] == [
        ("ascend910b", 1800.0), ("h20", 3600.0)]  # fmt: skip
    assert found.weeks[-1][1] == 2.0
    assert ("cost", "h20", 3600.0, "fen an accelerator-hour") in facts(found)


def test_an_empty_commons_has_figures(tmp_path: Path) -> None:
    found = usage((), (), (), (), NOW)
    assert (found.domestic, found.largest, found.used_h) == (None, None, 0.0)
    assert facts(found)


def test_links_that_a_job_made_are_not_followed(tmp_path: Path) -> None:
    secret, home = tmp_path / "secret", tmp_path / "jobs" / "j-1"
    secret.write_text("key")
    (home / "results").mkdir(parents=True)
    for name in ("output.txt", "progress", "results/a.txt"):
        (home / name).symlink_to(secret)
    folder = JobFolder(tmp_path / "jobs", "j-1")
    assert (folder.log(), folder.done(), folder.results()) == ("", None, [])
    with pytest.raises(NotFound):
        folder.open("a.txt")
    with pytest.raises(NotFound):
        folder.open("../../secret")
    assert JobFolder(tmp_path / "jobs", "none-1").results() == []


def licet_compute(home: Path, *words: str) -> str:
    ran = CliRunner().invoke(licet, ["compute", *words, "--home", str(home)])
    assert ran.exit_code == 0, ran.output
    return ran.output


def test_a_commons_as_a_file_for_offers_comes_back_the_same(
    tmp_path: Path,
) -> None:
    rule = load_pack("cn-genai-2023").compute.sharing
    with closing(open_commons(tmp_path / "compute", rule)) as commons:
        commons.add_pool(replace(POOLS[0], region='北 "区"\\', until_s=NOW * 2), "sup-a", NOW)
        commons.pay_in("acme", 1_000_000, "2026-1", NOW)
        need = replace(NEED, work=9e6, due_s=NOW * 3, regions=frozenset({'北 "区"\\'}))
        accepted(commons, replace(need, budget=None), replace(TASK, longest_s=60))
        kept = commons.pools()
    text = licet_compute(tmp_path, "market")
    (tmp_path / "market.toml").write_text(text, "utf-8")
    pools, _, (work,) = read_market(tmp_path / "market.toml")
    assert pools == kept
    assert (work.need.due_s, work.need.regions, work.left) == (NOW * 3, need.regions, 9e6)
    assert render_market(pools, [work]) == text


def test_a_desk_moves_jobs_on_and_its_rounds_stand_in_a_ledger(tmp_path: Path) -> None:
    rule = load_pack("cn-genai-2023").compute.sharing
    with closing(open_commons(tmp_path / "compute", rule)) as commons:
        commons.add_pool(POOLS[0], "sup-a", NOW)
        commons.pay_in("acme", 1_000_000, "2026-1", NOW)
        job = accepted(commons, now_s=now_s()).id
        until = time.monotonic() + 20
        while commons.job(job).stage != "settled":
            assert time.monotonic() < until, commons.job(job)
            licet_compute(tmp_path, "desk", "--once")
        assert commons.job(job).ended == "ended"
    verified = CliRunner().invoke(
        licet, ["ledger", "verify", str(tmp_path / "compute" / "ledger")]
    )
    assert verified.exit_code == 0, verified.output


def test_a_job_begins_where_it_was_offered_to_run(commons: Commons) -> None:
    slow = replace(SPEED, value=0.5)
    need = replace(NEED, speeds={"h20": SPEED, "ascend910b": slow}, work=100.0)
    done = accepted(commons, need)
    assert done.offer is not None
    assert [one.pool for one in done.offer.lines] == ["north-1"], "dearer, and twice as fast"
    commons.tick(World({"north-1": 2, "south-1": 2}), NOW)
    assert commons.job(done.id).pool == "north-1"

"""The real-name service: its protocol by vectors; driver and desk against a simulator that is
slow, broken, throttled, pending and wrong.
"""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kit.minors_search import found_secrets
from kit.real_name import CREDENTIALS, HOSTS, START_S, World, number_of
from licet.base.trouble import BadInput, Corrupt, NotFound
from licet.minors.realname.desk import OnOutage
from licet.minors.realname.driver import Act, Driver
from licet.minors.realname.protocol import (
    CODES,
    QUOTA_PER_S,
    REPORT_WITHIN_S,
    Credentials,
    Fault,
    Unverified,
    Verified,
    ages_of,
    open_body,
    outcome_of,
    parse_answer,
    seal_body,
    sign,
)
from licet.minors.realname.simulator import pi_of
from licet.rulebook import load_pack

RULES = load_pack("cn-genai-2023").minors


CHILD = number_of("20130501")
SUBJECT = "c" * 32


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def run(work: Any) -> Any:
    return asyncio.run(work)


# --- the protocol


def test_signatures_are_those_of_the_vectors() -> None:
    query = {"ai": "100000000000000001"}
    assert sign(CREDENTIALS, 1_700_000_000_000, query) == (
        "20389bd744135b84bf0a380213b2d8534b7592560bb701caae747d6533890c5e"
    )
    assert sign(CREDENTIALS, 1_700_000_000_000, None, b'{"data":"QUJD"}') == (
        "7827d90a11d12f4fd4baa1216fff9848aea91df618316df947def3a8ff497dd3"
    )


def test_a_sealed_body_is_that_of_the_vector() -> None:
    body = seal_body(CREDENTIALS, {"ai": "1"}, lambda n: bytes(range(n)))
    assert body == b'{"data":"AAECAwQFBgcICQoL6E7Gp0Qh1WVpr1rZwpWHnWuw1vaI29mY3Fc="}'
    assert open_body(CREDENTIALS, body) == {"ai": "1"}


@given(st.recursive(st.none() | st.booleans() | st.text(), lambda v: st.lists(v, max_size=3)))
def test_what_was_sealed_opens(value: object) -> None:
    body = seal_body(CREDENTIALS, value, random.Random(0).randbytes)
    assert open_body(CREDENTIALS, body) == value


@given(st.binary(max_size=80))
def test_no_bytes_break_the_reader_of_bodies(data: bytes) -> None:
    with pytest.raises(BadInput):
        open_body(CREDENTIALS, data)
    with pytest.raises(Corrupt):
        parse_answer(data)


@pytest.mark.parametrize("key", ["", "00" * 15, "zz" * 16, "00" * 17])
def test_a_secret_key_is_32_hexadecimal_digits(key: str) -> None:
    with pytest.raises(BadInput) as refused:
        Credentials("a", "b", key)
    assert not key or key not in str(refused.value)


def test_secrets_are_in_no_repr() -> None:
    assert "0001020" not in repr(CREDENTIALS)
    assert "1hpfml" not in repr(Verified("1hpfml" + "0" * 32))
    assert "1hpfml" not in repr(Act(1, "s", True, 1, "1hpfml"))


@pytest.mark.parametrize("code", [0, *CODES, 9999])
def test_every_code_has_an_outcome(code: int) -> None:
    answer = parse_answer(b'{"errcode":%d,"errmsg":"","data":{"result":{"status":2}}}' % code)
    outcome = outcome_of(answer)
    if code == 0:
        assert outcome == Unverified()
    else:
        assert isinstance(outcome, Fault)
        assert outcome.code == code
        assert outcome.said


def test_of_a_day_of_birth_thresholds_are_kept() -> None:
    pi = "1hpfml" + "0" * 32  # 2010-01-01
    assert ages_of(pi, date(2025, 12, 31), RULES.thresholds) == (14, 16)
    assert ages_of(pi, date(2026, 1, 1), RULES.thresholds) == (16, 18)
    assert ages_of(pi, date(2028, 1, 1), RULES.thresholds) == (18, None)
    with pytest.raises(Corrupt):
        ages_of("zzzzzz", date(2026, 1, 1), RULES.thresholds)


# --- verifying


def test_a_child_is_verified_and_gets_an_age_signal(world: World) -> None:
    became = run(world.desk.verify(SUBJECT, "李雷", CHILD))
    assert became.standing == "verified"
    assert (became.signal.over, became.signal.under) == (12, 14)
    assert became.signal.method == "real_name_service"


def test_name_and_number_that_do_not_go_together(world: World) -> None:
    world.simulator.wrong.add(CHILD)
    assert run(world.desk.verify(SUBJECT, "李雷", CHILD)).standing == "unverified"


def test_a_number_that_cannot_be_is_the_persons_to_correct(world: World) -> None:
    became = run(world.desk.verify(SUBJECT, "李雷", CHILD[:17] + "Y"))
    assert (became.standing, became.fault.code) == ("correct_number", 2001)


def test_what_is_pending_for_hours_is_settled_in_the_end(world: World) -> None:
    world.simulator.pending_s[CHILD] = 5 * 3_600
    assert run(world.desk.verify(SUBJECT, "李雷", CHILD)).standing == "pending"
    world.restart()
    asked_before, settled = world.simulator.requests, {}
    for _ in range(10 * 60):  # ten hours, a look each minute
        world.now_s += 60
        settled |= run(world.desk.follow_up())
    assert settled[SUBJECT].standing == "verified"
    assert world.simulator.requests - asked_before < 30, "more and more seldom"
    assert run(world.desk.follow_up()) == {}


def test_what_is_pending_for_two_days_may_begin_anew(world: World) -> None:
    world.simulator.pending_s[CHILD] = 1e9
    run(world.desk.verify(SUBJECT, "李雷", CHILD))
    settled: dict[str, Any] = {}
    for _ in range(49):
        world.now_s += 3_600
        settled |= run(world.desk.follow_up())
    assert settled[SUBJECT].standing == "unverified"


@pytest.mark.parametrize("on_outage", ["refuse", "as_minor"])
@pytest.mark.parametrize("fault", ["slow", "500", "garbage", "lost"])
def test_an_outage_means_what_the_operator_set(
    tmp_path: Path, on_outage: OnOutage, fault: str
) -> None:
    world = World(tmp_path, on_outage)
    world.faults = [fault]
    became = run(world.desk.verify(SUBJECT, "李雷", CHILD))
    assert became.standing == on_outage
    assert became.signal is None
    assert run(world.desk.verify(SUBJECT, "李雷", CHILD)).standing == "verified"


def test_a_wrong_signature_is_the_operators_matter(world: World) -> None:
    other = Credentials("test-appId", "test-bizId", "f" * 32)
    driver = Driver(HOSTS, other, world.send, world, random.Random(2).randbytes, world.sleep)
    outcome = run(driver.check(SUBJECT, "李雷", CHILD))
    assert isinstance(outcome, Fault)
    assert (outcome.code, outcome.kind) == (1011, "operator")


def test_a_clock_that_is_wrong_is_named(world: World) -> None:
    class Wrong:
        def now(self) -> datetime:
            return datetime.fromtimestamp(world.now_s + 3_600, UTC)

        def monotonic(self) -> float:
            return world.now_s

    driver = Driver(
        HOSTS, CREDENTIALS, world.send, Wrong(), random.Random(2).randbytes, world.sleep
    )
    outcome = run(driver.query(SUBJECT))
    assert isinstance(outcome, Fault)
    assert "clock" in outcome.said


def test_quotas_are_kept_and_nobody_is_throttled(world: World) -> None:
    async def many() -> list[Any]:
        return [await world.driver.query(f"{n:032}") for n in range(2 * QUOTA_PER_S["query"] + 5)]

    outcomes = run(many())
    assert {outcome.code for outcome in outcomes} == {2003}
    assert world.now_s - START_S >= 2.0


def test_who_is_throttled_asks_nothing_for_a_minute(world: World) -> None:
    world.simulator._until["query"] = world.now_s + 60
    assert run(world.driver.query(SUBJECT)).code == 1006
    asked = world.simulator.requests
    world.now_s += 59
    assert run(world.driver.query(SUBJECT)).code == 1006
    assert world.simulator.requests == asked
    world.now_s += 2
    assert run(world.driver.query(SUBJECT)).code == 2003


# --- reporting


def visits(world: World, count: int) -> None:
    """Logins and logouts of verified children, some seconds apart."""
    for n in range(count):
        subject = f"{n % 7:032}"
        if n < 7:
            number = number_of("20130501", n + 1)
            assert run(world.desk.verify(subject, "韩梅", number)).standing == "verified"
        world.desk.came(subject, f"visit-{n}")
        world.desk.left(subject, f"visit-{n}")


def test_reports_go_out_in_batches_and_are_taken(world: World) -> None:
    visits(world, 100)
    before = world.simulator.requests
    assert run(world.desk.send()) == 200
    assert world.simulator.requests - before == 2
    assert world.outbox.counts() == {"waiting": 0, "taken": 200, "late": 0, "set_aside": 0}
    sessions = {session for _, session, *_ in world.simulator.reports}
    assert len(sessions) == 100, "one session for a login and its logout"


FAULTY = [["slow"], ["500", "500", "500"], ["garbage", "slow"], ["slow"] * 5]


@pytest.mark.parametrize("faults", FAULTY, ids="-".join)
def test_no_report_is_lost_or_late_by_our_fault(world: World, faults: list[str]) -> None:
    visits(world, 30)
    world.faults = list(faults)
    for _ in range(170):
        run(world.desk.send())
        world.now_s += 1
    assert world.outbox.counts()["waiting"] == 0
    assert world.outbox.counts()["late"] == 0
    assert len(world.simulator.reports) == 60
    assert all(came - at <= REPORT_WITHIN_S for *_, at, came in world.simulator.reports)


@given(
    outage_s=st.integers(0, REPORT_WITHIN_S - 20),
    faults=st.lists(st.sampled_from(("slow", "500", "garbage", "lost")), max_size=4),
    look_s=st.integers(1, 3),
)
@settings(max_examples=40, deadline=None)
def test_an_outage_that_ends_in_time_makes_no_report_late(
    tmp_path_factory: pytest.TempPathFactory, outage_s: int, faults: list[str], look_s: int
) -> None:
    world = World(tmp_path_factory.mktemp("outage"))
    visits(world, 8)
    ends, world.down = world.now_s + outage_s, True
    while world.outbox.counts()["waiting"]:
        if world.down and world.now_s >= ends:
            world.down = False
            world.faults = faults if outage_s < 90 else []
        run(world.desk.send())
        world.now_s += look_s
    assert all(came - at <= REPORT_WITHIN_S for *_, at, came in world.simulator.reports)
    assert len({report[:4] for report in world.simulator.reports}) == 16


def test_an_answer_that_was_lost_sends_a_report_twice_and_loses_none(world: World) -> None:
    visits(world, 10)
    world.faults = ["lost"]
    for _ in range(10):
        run(world.desk.send())
        world.now_s += 1
    assert world.outbox.counts()["waiting"] == 0
    said = [report[:4] for report in world.simulator.reports]
    assert len(set(said)) == 20
    assert len(said) == 40


def test_a_minute_of_throttling_is_waited_out(world: World) -> None:
    visits(world, 10)
    world.simulator._until["report"] = world.now_s + 60
    began = world.simulator.requests
    for _ in range(170):
        run(world.desk.send())
        world.now_s += 1
    assert world.outbox.counts() == {"waiting": 0, "taken": 20, "late": 0, "set_aside": 0}
    assert world.simulator.requests - began == 2


@pytest.mark.parametrize("is_strict", [False, True])
def test_after_a_long_outage_every_report_is_accounted_for(world: World, is_strict: bool) -> None:
    world.simulator.is_strict = is_strict
    visits(world, 20)
    world.down = True
    for _ in range(60):
        run(world.desk.send())
        world.now_s += 10
    world.down = False
    world.restart()  # and the gateway restarts meanwhile
    run(world.desk.send())
    counts = world.outbox.counts()
    assert counts["waiting"] == 0
    if is_strict:
        assert counts["set_aside"] == 40
        assert {fault.code for fault in world.noted if fault.kind == "item"} == {3005}
    else:
        assert (counts["taken"], counts["late"]) == (40, 40)


def test_one_bad_report_does_not_stop_the_others(world: World) -> None:
    visits(world, 10)
    pi = pi_of(number_of("20130501", 3))
    world.simulator._known.discard(pi)
    assert run(world.desk.send()) == 16
    assert world.outbox.counts() == {"waiting": 0, "taken": 16, "late": 0, "set_aside": 4}


def test_somebody_unverified_is_not_reported(world: World) -> None:
    with pytest.raises(NotFound):
        world.desk.came(SUBJECT, "v")


def test_nothing_personal_is_written(world: World) -> None:
    visits(world, 10)
    run(world.desk.send())
    world.outbox.close()
    known = {}
    for n in range(7):
        number = number_of("20130501", n + 1)
        known |= {number: n, pi_of(number): n}
    known |= {"韩梅": 0, "20130501": 0, "2013-05-01": 0}
    assert found_secrets(world.place, known) == []
    (world.place / "slip.log").write_text(pi_of(CHILD), encoding="utf-8")
    assert found_secrets(world.place, known | {pi_of(CHILD): 9}) != []

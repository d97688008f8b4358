"""A proceeding as a play: people of every side who act in it, and an hour that passes.

    play = Play("incident").begun("find")
    play.act("set_grade", OFFICER, **brought(play, "set_grade"))
    assert play.of.stage == "graded"

It fakes nothing of ours; the clock is the play's own.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from licet.base.canonical import sha256_hex
from licet.cases import Act, Event, Refusal
from licet.cases.proceedings import (
    MACHINE,
    Person,
    Proceeding,
    RunningClock,
    apply,
    begin,
    clocks,
    decide,
    due,
    possible,
    replay,
    settled,
)
from licet.rulebook import Pack, load_pack
from licet.rulebook.procedure import Field
from licet.rulebook.proceeding import Desk, ProceedingKind, ProceedingRules

PACK = load_pack("cn-genai-2023")
MONDAY = datetime(2026, 3, 9, 2, tzinfo=UTC)  # ten in the morning in Beijing, no holiday near
PARTIES: dict[Desk, str] = {"provider": "acme", "public": "somebody"}


def person(account: str, side: Desk, organisation: str, *roles: str) -> Person:
    return Person(account, side, organisation, frozenset(roles))


OFFICER = person("anna", "provider", "acme", "drafter", "representative")
SECOND = person("boris", "provider", "acme", "drafter", "representative")
KEEPER = person("kim", "provider", "acme", "keeper")
RIVAL = person("sly", "provider", "rival", "drafter", "representative", "keeper")
SOMEBODY = person("s1", "public", "somebody", "person", "complainant")
STRANGER = person("s2", "public", "a stranger", "person", "complainant")
TRUSTEE = person("tao", "independent", "university", "trustee")
CLERK = person("chen", "authority", "bureau", "clerk")
REVIEWER = person("deng", "authority", "bureau", "reviewer", "surveillance_officer")
APPROVER = person("fang", "authority", "bureau", "approver", "surveillance_head")
HEARER = person("gao", "authority", "bureau", "hearing_officer")
SHARER = person("liu", "authority", "bureau", "share_keeper")
SECOND_SHARER = person("mei", "authority", "bureau", "share_keeper")
ALL_ROLES = person(
    "hua", "authority", "bureau",
    *("clerk", "reviewer", "approver", "hearing_officer", "share_keeper"),
)  # fmt: skip
PEOPLE = (
    *(MACHINE, OFFICER, SECOND, KEEPER, RIVAL, SOMEBODY, STRANGER, TRUSTEE),
    *(CLERK, REVIEWER, APPROVER, HEARER, SHARER, SECOND_SHARER, ALL_ROLES),
)


class Play:
    """One proceeding and the moment at which it stands."""

    def __init__(self, kind: ProceedingKind, pack: Pack = PACK, start: datetime = MONDAY) -> None:
        self.rules: ProceedingRules = pack.proceeding(kind)
        self.now = start
        self.of: Proceeding

    def opening(self, act: str, by: Person, **data: Any) -> tuple[Event, ...] | Refusal:
        return begin(f"{self.rules.kind}-1", Act(act, data), by, self.now, self.rules, PARTIES)

    def begun(self, act: str, by: Person = MACHINE, **changed: Any) -> Play:
        """Opens it with what the act should bring; fails the test where that is refused."""
        opened = self.opening(act, by, **{**brought(self, act), **changed})
        assert not isinstance(opened, Refusal), opened
        self.of = replay(opened)
        return self

    def pass_hours(self, hours: float) -> None:
        self.now += timedelta(hours=hours)

    def tries(self, act: str, by: Person, **data: Any) -> tuple[Event, ...] | Refusal:
        return decide(self.of, Act(act, data), by, self.now, self.rules)

    def act(self, act: str, by: Person, **data: Any) -> Play:
        """Does it, and fails the test where it is refused."""
        events = self.tries(act, by, **data)
        assert not isinstance(events, Refusal), (act, events)
        return self.take(*events)

    def does(self, act: str, by: Person, **changed: Any) -> Play:
        """Does it with what it should bring."""
        return self.act(act, by, **{**brought(self, act), **changed})

    def take(self, *events: Event) -> Play:
        for event in events:
            self.of = apply(self.of, event)
        return self

    def refused(self, act: str, by: Person, **data: Any) -> str:
        """The code of the refusal; fails the test where it is done."""
        refusal = self.tries(act, by, **data)
        assert isinstance(refusal, Refusal), refusal
        return refusal.code

    def faults(self, act: str, by: Person, **changed: Any) -> dict[str, str]:
        """What is wrong with what is brought, by field."""
        refusal = self.tries(act, by, **{**brought(self, act), **changed})
        assert isinstance(refusal, Refusal), refusal
        assert refusal.code == "bad_data", refusal
        return {fault.field: fault.code for fault in refusal.faults}

    def open_to(self, by: Person) -> set[str]:
        return {rule.id for rule in possible(self.of, by, self.now, self.rules)}

    def running(self) -> dict[str, RunningClock]:
        return {c.rule.id: c for c in clocks(self.of, self.now, self.rules)}

    @property
    def stage(self) -> str:
        return settled(self.of, self.now).stage


def brought(play: Play, act: str) -> dict[str, Any]:
    """What somebody who does the act as it should be done brings along."""
    rule = play.rules.acts[act]
    form = play.rules.forms[rule.form] if rule.form else None
    facts = play.of.facts if hasattr(play, "of") else {}
    if form is None:
        return {}
    told = {f.id: _answer(f, play, act) for f in form.fields.values() if f.required}
    candidate = {"proven_sha256": facts.get("candidate_sha256")} if "proven_sha256" in told else {}
    step = {"until": (play.now + timedelta(hours=12)).isoformat()} if "step" in told else {}
    return {**told, **candidate, **step}


def _answer(field: Field, play: Play, act: str) -> Any:
    if field.pattern:
        done = len(play.of.events) if hasattr(play, "of") else 0
        return sha256_hex(f"{field.id} {act} {play.now} {done}".encode())
    if field.id == "number":  # of a version: the next
        return (play.of.facts.get("number", 0) if hasattr(play, "of") else 0) + 1
    special: dict[str, Any] = {"names": "LC-20260309-7F3K9Q2A1MZB", "opens": "identity"}
    special |= {"verdict": "better", "until": f"{play.now + timedelta(days=9):%Y-%m-%d}"}
    special["notice_until"] = special["until"]
    plain: dict[str, Any] = {
        "text": "base.fraud",
        "long_text": "Because.",
        "number": 3,
        "date": f"{play.now + timedelta(days=9):%Y-%m-%d}",
        "moment": play.now.isoformat(),
        "email": "desk@acme.example",
    }
    if field.kind == "choice":
        return special.get(field.id, next(iter(field.choices)))
    return special.get(field.id, plain[field.kind])


def walked(
    kind: ProceedingKind, pack: Pack, check: Callable[[Play], None]
) -> tuple[set[str], set[str]]:
    """Every stage of a kind entered by every pair of steps: the acts done on the way, and the
    periods that ended. A step is an act, with each choice of its form, or waiting for a period;
    `check` looks at each play."""
    done, ended, seen = set[str](), set[str](), set[tuple[str, ...]]()
    acts = Play(kind, pack).rules.acts.values()
    ahead = [
        (Play(kind, pack).begun(act.id, by), act.id)
        for act in acts if act.opens
        for by in PEOPLE
        if may_be(by, act.side, act.by) and by not in (RIVAL, STRANGER)
    ]  # fmt: skip
    done |= {last for _, last in ahead}
    while ahead:
        play, last = ahead.pop()
        for name, step in steps(play):
            key = (play.of.stage, name, last)
            if key in seen:
                continue
            after = step()
            if after is None:
                continue
            seen.add(key)
            check(after)
            done |= {event.kind for event in after.of.events}
            ended |= {e.data["clock"] for e in after.of.events if "clock" in e.data}
            ahead.append((after, name))
    return done - {"lapsed"}, ended


def steps(play: Play) -> Iterator[tuple[str, Callable[[], Play | None]]]:
    """What may be tried here, by name; each gives the play after it, None where it is refused."""
    for act in play.rules.acts.values():
        if play.of.stage not in act.at:
            continue
        form = play.rules.forms[act.form].fields.values() if act.form else ()
        ways = [{}, *({f.id: one} for f in form if f.kind == "choice" for one in f.choices)]
        for by in PEOPLE:
            if may_be(by, act.side, act.by):
                for way in ways:
                    name = " ".join((act.id, *map(str, way.values())))
                    yield name, partial(tried, play, act.id, by, way)
    for clock in clocks(play.of, play.now, play.rules):
        if clock.due_at and clock.due_at > play.now:
            yield f"{clock.rule.id} is over", partial(waited, play, clock.due_at)


def may_be(by: Person, side: Desk, roles: tuple[str, ...]) -> bool:
    return by.side == side and (not roles or bool(by.roles & {*roles}))


def tried(play: Play, act: str, by: Person, way: Mapping[str, Any]) -> Play | None:
    events = play.tries(act, by, **{**brought(play, act), **way})
    return None if isinstance(events, Refusal) else copy.copy(play).take(*events)


def waited(play: Play, until: datetime) -> Play:
    after = copy.copy(play)
    after.now = until + timedelta(seconds=1)
    return after.take(*due(play.of, after.now))


def graded(officer: Any, at: int) -> str:
    """An incident of an officer's provider in this installation's database, graded by them; its
    number, the `at`th."""
    from licet.base.clock import SystemClock
    from licet.portal.filings.service import together
    from licet.portal.incidents import service

    number, play = f"LI-20261128-{at:012x}", Play("incident", start=SystemClock().now())
    with together(play.now) as head:
        play.of = service.begin_on(
            head, number, "incident", "find", brought(play, "find"), MACHINE, officer.body,
            play.now,
        )  # type: ignore[assignment]  # fmt: skip
    service.act(number, "set_grade", brought(play, "set_grade"), officer, play.now)
    return number

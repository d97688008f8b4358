"""A case as a play: people who act in it, a day that passes, a form filled in.

    play = Play("model_filing")
    play.filed()
    play.act("send_back", CLERK, requests=[{"text": "Sign the report."}])
    assert play.case.filing == "sent_back"

It fakes nothing of ours; the clock is the play's own.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from licet.cases import (
    Act,
    Actor,
    Case,
    Clock,
    Event,
    Refusal,
    apply,
    clocks,
    decide,
    open_case,
    possible,
    replay,
    settled,
)
from licet.cases.effects import NEEDS
from licet.rulebook import Procedure, load_pack
from licet.rulebook.procedure import Field

PROCEDURE = load_pack("cn-genai-2023").procedure
MONDAY = datetime(2026, 3, 9, 2, tzinfo=UTC)  # ten in the morning in Beijing, no holiday near
FILE = {"name": "report.pdf", "sha256": "0" * 64, "bytes": 1024, "type": "application/pdf"}


def actor(account: str, organisation: str, *roles: str) -> Actor:
    side = "authority" if organisation == "bureau" else "provider"
    return Actor(account, side, organisation, frozenset(roles))


DRAFTER = actor("anna", "acme", "drafter")
REPRESENTATIVE = actor("boris", "acme", "representative", "drafter")
STRANGER = actor("sly", "rival", "representative", "drafter")
CLERK = actor("chen", "bureau", "clerk")
REVIEWER = actor("deng", "bureau", "reviewer")
APPROVER = actor("fang", "bureau", "approver")
HEARER = actor("gao", "bureau", "hearing_officer")
ALL_ROLES = actor("hua", "bureau", "clerk", "reviewer", "approver", "hearing_officer")

STATEMENT = {"provisions": ["art17"], "facts": "The file is in order."}
ADVERSE = {**STATEMENT, "proportionality": "Nothing milder stops the harm."}
AFTER_HEARING = {**ADVERSE, "response": "The answer was read; it does not change the facts."}


def answer(field: Field) -> Any:
    """An answer that the field takes."""
    plain: dict[str, Any] = {
        "text": "Riverside",
        "long_text": "As described in the report.",
        "number": 7,
        "date": "2026-03-02",
        "yes_no": False,
        "email": "desk@acme.example",
        "url": "https://acme.example/complaints",
        "file": FILE,
        "filing_number": "Beijing-Riverside-20260101",
    }
    if field.kind == "choice":
        return next(iter(field.choices))
    if field.kind == "choices":
        return list(field.choices)[:2]
    formed = {
        "organisation_code": "91110108MA01X0XXX1",
        "region_code": "110108",
        "category_code": "901",
        "region_latin": "Beijing",
        "model_latin": "Riverside",
    }
    return formed.get(field.id, plain[field.kind])


def answers(route: str, procedure: Procedure = PROCEDURE, **changed: Any) -> dict[str, Any]:
    """A whole form, with these answers in place of the plain ones; None leaves one out."""
    fields = procedure.form_of(route).fields.values()
    whole = {field.id: answer(field) for field in fields} | changed
    return {name: value for name, value in whole.items() if value is not None}


class Play:
    """One case and the day on which it stands."""

    def __init__(
        self,
        route: str = "model_filing",
        *,
        start: datetime = MONDAY,
        procedure: Procedure = PROCEDURE,
        by: Actor = REPRESENTATIVE,
        name: str = "case-1",
    ) -> None:
        self.procedure, self.now, self.route = procedure, start, route
        opened = open_case(name, route, by, start, procedure)
        assert not isinstance(opened, Refusal)
        self.case: Case = replay(opened)

    def pass_days(self, days: float) -> None:
        self.now += timedelta(days=days)

    def tries(self, act: str, by: Actor, **data: Any) -> tuple[Event, ...] | Refusal:
        return decide(self.case, Act(act, data), by, self.now, self.procedure)

    def act(self, act: str, by: Actor, **data: Any) -> None:
        """Does it, and fails the test where it is refused."""
        events = self.tries(act, by, **data)
        assert not isinstance(events, Refusal), events
        self.take(*events)

    def take(self, *events: Event) -> None:
        """Events that nobody of the play decided."""
        for event in events:
            self.case = apply(self.case, event)

    def refused(self, act: str, by: Actor, **data: Any) -> str:
        """The code of the refusal; fails the test where it is done."""
        refusal = self.tries(act, by, **data)
        assert isinstance(refusal, Refusal), refusal
        return refusal.code

    def open_to(self, by: Actor) -> set[str]:
        return {rule.id for rule in possible(self.case, by, self.now, self.procedure)}

    def clock(self, name: str) -> Clock:
        return next(c for c in clocks(self.case, self.now, self.procedure) if c.rule.id == name)

    @property
    def settled(self) -> Case:
        return settled(self.case, self.now)

    # --- stretches of the usual way ---

    def filed(self, **changed: Any) -> Play:
        self.act("save_draft", DRAFTER, answers=answers(self.route, self.procedure, **changed))
        self.act("file", REPRESENTATIVE)
        return self

    def in_review(self, **changed: Any) -> Play:
        self.filed(**changed)
        self.act("accept", CLERK)
        return self

    def reviewed(self, **changed: Any) -> Play:
        self.in_review(**changed)
        return self.assessed()

    def assessed(self) -> Play:
        checks = self.procedure.checks_of(self.route)
        findings = {check.id: {"result": "conforms"} for check in checks}
        self.act("assess", REVIEWER, findings=findings)
        self.act("recommend", REVIEWER, text="Conforms.")
        return self

    def granted(self, number: str | None = None, **changed: Any) -> Play:
        self.reviewed(**changed)
        self.act("grant", APPROVER, number=number or NUMBERS[self.route], statement=STATEMENT)
        return self


NUMBERS = {
    "model_filing": "Beijing-Riverside-20260309",
    "app_registration": "Beijing-APP-202603090001",
    "algorithm_filing": "网信算备110108823483901260031号",
    "sector_licence": "REC-202603090001",
}


def brought(play: Play, act: str) -> dict[str, Any]:
    """What somebody who does the act as it should be done brings along, as far as one can."""
    procedure, rule = play.procedure, play.procedure.acts[act]
    effects = set(rule.effects)
    adverse = rule.adverse or "invite" in effects
    statement = {
        reason.id: [next(iter(procedure.provisions))] if reason.kind == "words" else "Because."
        for reason in procedure.reasons.values()
        if reason.of == "every"
        or (reason.of == "adverse" and adverse)
        or (reason.of == "heard" and rule.adverse and "urgency" not in effects)
    }
    checks = procedure.checks_of(play.route)
    conditions = [{"text": "Report every month."}]
    everything = {
        "answers": answers(play.route, procedure),
        "requests": [{"text": "Sign the report."}],
        "findings": {check.id: {"result": "conforms"} for check in checks},
        "number": NUMBERS.get(play.route, "EU-20260309000001"),
        "conditions": conditions if "condition" in effects else [],
        "statement": statement,
        "text": "Because.",
        "urgency": "It cannot wait.",
        "new_facts": "It has begun again.",
        "date": "2026-03-02",
    }
    needed = {name for effect in rule.effects for name in NEEDS[effect]}
    return {name: value for name, value in everything.items() if name in needed}

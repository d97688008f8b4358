"""What each effect makes of what was brought: data for the event, faults, or a lawful "no".

It refuses to know the names of acts, stages and routes; rows of the pack combine effects.

Rules
1. An effect reads the keys that NEEDS lists for it and no other; a key that no effect of the act
   reads is refused, so that nothing is dropped in silence.
2. An effect looks at the case and never changes it: what it returns goes into the event.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from licet.cases.deed import Deed, Outcome
from licet.cases.fold import digest
from licet.cases.forms import as_date, kept, missing, wrong
from licet.cases.model import Fault, Round
from licet.cases.statement import compose
from licet.cases.text import worded
from licet.rulebook.procedure import Effect

RESULTS = ("conforms", "fails", "not_applicable")

NEEDS: Mapping[Effect, tuple[str, ...]] = {
    "save": ("answers",),
    "file": (),
    "request": ("requests",),
    "assess": ("findings",),
    "conclude": ("text",),
    "grant": ("number", "conditions"),
    "condition": ("conditions",),
    "state": ("statement",),
    "invite": ("statement",),
    "respond": ("text",),
    "ask_hearing": (),
    "waive": (),
    "hold_hearing": ("text",),
    "drop": ("text",),
    "urgency": ("urgency", "new_facts"),
    "open_change": ("date",),
    "open_renewal": (),
    "withdraw": (),
    "announce": ("date",),
    "extend": ("text",),
    "message": ("text",),
}
"""The keys of `Act.data` that each effect reads."""


def _save(deed: Deed) -> Outcome:
    answers = deed.data.get("answers")
    if not isinstance(answers, Mapping) or not all(isinstance(name, str) for name in answers):
        return Outcome(faults=(Fault("answers", "missing"),))
    return Outcome({"answers": dict(answers)}, wrong(deed.form, answers))


def _file(deed: Deed) -> Outcome:
    """The answers that were asked for, frozen. Refused while something is missing."""
    case = deed.case
    faults = missing(deed.form, case.draft)
    if faults:
        return Outcome(faults=faults, refusal="incomplete")
    answers = kept(deed.form, case.draft)
    version = {"number": len(case.versions) + 1, "sha256": digest(answers)}
    return Outcome({"answers": answers, "version": version})


def _request(deed: Deed) -> Outcome:
    requests = deed.data.get("requests")
    if not isinstance(requests, list) or not requests:
        return Outcome(faults=(Fault("requests", "missing"),))
    faults: list[Fault] = []
    for place, one in enumerate(requests):
        if not isinstance(one, Mapping) or not set(one) <= {"field", "text"}:
            return Outcome(faults=(Fault(f"requests.{place}", "no_text"),))
        faults += _worded(deed, f"requests.{place}", one.get("text"))
        if one.get("field") is not None and one["field"] not in list(deed.form.fields):
            faults.append(Fault(f"requests.{place}", "no_such_field"))
    return Outcome({"requests": [dict(one) for one in requests]}, tuple(faults))


def _assess(deed: Deed) -> Outcome:
    """Findings on the version last filed; every one but "conforms" says why."""
    findings = deed.data.get("findings")
    checks = {check.id for check in deed.procedure.checks_of(deed.case.route)}
    if not isinstance(findings, Mapping) or not findings:
        return Outcome(faults=(Fault("findings", "missing"),))
    faults: list[Fault] = []
    for name, found in findings.items():
        if name not in checks or not isinstance(found, Mapping):
            faults.append(Fault(str(name), "no_such_check"))
        elif found.get("result") not in RESULTS:
            faults.append(Fault(name, "no_choice"))
        elif found["result"] != "conforms" or found.get("note"):
            faults += _worded(deed, name, found.get("note"))
    if faults or deed.case.filed is None:
        return Outcome(faults=tuple(faults))
    version = str(deed.case.filed.number)
    recorded = {
        name: {"result": found["result"], "note": found.get("note", ""), "version": version}
        for name, found in findings.items()
    }
    return Outcome({"findings": recorded})


def _grant(deed: Deed) -> Outcome:
    """A number of the route's form, unless there is one; a condition for whatever fails."""
    case, route = deed.case, deed.procedure.routes[deed.case.route]
    version = len(case.versions) + ("file" in deed.rule.effects)  # filed and granted in one act
    if version == 0:
        return Outcome(refusal="nothing_filed")
    number = case.grant.number if case.grant else deed.data.get("number")
    faults: list[Fault] = []
    if not isinstance(number, str) or not re.fullmatch(route.number_pattern, number):
        faults.append(Fault("number", "wrong_form", {"pattern": route.number_pattern}))
    given = deed.data.get("conditions", [])
    faults += _conditions(deed, given)
    if faults:
        return Outcome(faults=tuple(faults))
    failing = {name for name, found in case.findings.items() if found["result"] == "fails"}
    open_checks = sorted(failing - {one.get("check") for one in given})
    if open_checks:
        return Outcome(refusal="findings_open", params={"checks": ", ".join(open_checks)})
    grant = {
        "number": number,
        "version": version,
        "conditions": [dict(one) for one in given],
        "until": case.grant.until.isoformat() if case.grant and case.grant.until else None,
    }
    return Outcome({"grant": grant})


def _condition(deed: Deed) -> Outcome:
    given, grant = deed.data.get("conditions"), deed.case.grant
    if not given:
        return Outcome(faults=(Fault("conditions", "missing"),))
    faults = tuple(_conditions(deed, given))
    if faults or grant is None:
        return Outcome(faults=faults, refusal=None if grant else "nothing_granted")
    changed = {
        "number": grant.number,
        "version": grant.version,
        "conditions": [dict(one) for one in given],
        "until": grant.until.isoformat() if grant.until else None,
    }
    return Outcome({"grant": changed})


def _conditions(deed: Deed, given: object) -> Iterable[Fault]:
    if not isinstance(given, list):
        yield Fault("conditions", "no_text")
        return
    checks = {check.id for check in deed.procedure.checks_of(deed.case.route)}
    for place, one in enumerate(given):
        name = f"conditions.{place}"
        if not isinstance(one, Mapping) or not set(one) <= {"text", "check"}:
            yield Fault(name, "no_text")
            continue
        yield from _worded(deed, name, one.get("text"))
        if one.get("check") is not None and one["check"] not in list(checks):
            yield Fault(name, "no_such_check")


def _state(deed: Deed) -> Outcome:
    statement, faults = compose(deed, deed.data.get("statement"))
    data: dict[str, Any] = {"statement": statement}
    if deed.case.hearing is not None and deed.case.hearing.act == deed.rule.id:
        data["hearing"] = None
    return Outcome(data, faults)


def _invite(deed: Deed) -> Outcome:
    clock = deed.clock()
    statement, faults = compose(deed, deed.data.get("statement"))
    until = deed.period(clock.length, clock.kind).day
    hearing = {"act": deed.rule.hears, "until": until.isoformat(), "statement": statement}
    return Outcome({"hearing": hearing}, faults)


def _respond(deed: Deed) -> Outcome:
    text = deed.data.get("text")
    return Outcome({"hearing": {"responses": [text]}}, tuple(_worded(deed, "text", text)))


def _hold_hearing(deed: Deed) -> Outcome:
    """The record of the hearing goes into the event as its text."""
    text = deed.data.get("text")
    return Outcome({"hearing": {"held": True}, "text": text}, tuple(_worded(deed, "text", text)))


def _urgency(deed: Deed) -> Outcome:
    """Why it cannot wait. After a lapse, new facts too: what lapsed is not simply put on again."""
    text = deed.data.get("urgency")
    faults = list(_worded(deed, "urgency", text))
    data: dict[str, Any] = {"urgency": text}
    last = next(
        (e for e in reversed(deed.case.events) if "licence" in e.data.get("moves", {})), None
    )
    if last is not None and last.kind == "lapsed":
        data["new_facts"] = deed.data.get("new_facts")
        faults += _worded(deed, "new_facts", data["new_facts"])
    return Outcome(data, tuple(faults))


def _open(deed: Deed, found: Round, dated: str | None = None) -> Outcome:
    standing = deed.case.in_force
    data = {
        "round": {"number": found.number, "kind": found.kind},
        "answers": dict(standing.answers) if standing else {},
        "requests": [],
    }
    return Outcome(data | ({"date": dated} if dated else {}))


def _open_change(deed: Deed) -> Outcome:
    day = deed.data.get("date")
    if as_date(day) is None:
        return Outcome(faults=(Fault("date", "no_date"),))
    return _open(deed, Round(deed.case.round.number + 1, "change"), day)


def _open_renewal(deed: Deed) -> Outcome:
    return _open(deed, Round(deed.case.round.number + 1, "renewal"))


def _withdraw(deed: Deed) -> Outcome:
    """A hearing about what is given up is over with it; one about the licence is not."""
    hearing = deed.case.hearing
    about = deed.procedure.acts[hearing.act] if hearing else None
    over = about is not None and "licence" not in about.to
    return Outcome({"hearing": None} if over else {})


def _announce(deed: Deed) -> Outcome:
    day = deed.data.get("date")
    faults = () if as_date(day) else (Fault("date", "no_date"),)
    return Outcome({"date": day}, faults)


def _extend(deed: Deed) -> Outcome:
    text, clock = deed.data.get("text"), deed.clock()
    extension = {"clock": clock.id, "length": clock.extension}
    return Outcome({"extension": extension, "text": text}, tuple(_worded(deed, "text", text)))


def _message(deed: Deed) -> Outcome:
    text = deed.data.get("text")
    return Outcome({"text": text}, tuple(_worded(deed, "text", text)))


def _drop(deed: Deed) -> Outcome:
    said = _message(deed)
    return Outcome({**said.data, "hearing": None}, said.faults)


def _worded(deed: Deed, name: str, value: object) -> Iterable[Fault]:
    return worded(name, value, deed.procedure.limits.long_text_characters)


def _answered(**hearing: bool) -> Callable[[Deed], Outcome]:
    return lambda _: Outcome({"hearing": hearing})


EFFECTS: Mapping[Effect, Callable[[Deed], Outcome]] = {
    "save": _save,
    "file": _file,
    "request": _request,
    "assess": _assess,
    "conclude": _message,
    "grant": _grant,
    "condition": _condition,
    "state": _state,
    "invite": _invite,
    "respond": _respond,
    "ask_hearing": _answered(asked=True),
    "waive": _answered(waived=True),
    "hold_hearing": _hold_hearing,
    "drop": _drop,
    "urgency": _urgency,
    "open_change": _open_change,
    "open_renewal": _open_renewal,
    "withdraw": _withdraw,
    "announce": _announce,
    "extend": _extend,
    "message": _message,
}

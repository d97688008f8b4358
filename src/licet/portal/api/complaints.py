"""Complaints for programs: the process, handing one in, how it stands and what is done in it.

It refuses to know who complains. Pages of the same: `portal.incidents.complaint_views`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse

from licet.base.trouble import NotFound
from licet.cases import Refusal
from licet.cases.proceedings import said, told
from licet.cases.words import said_of
from licet.credentials.message import NotTaken
from licet.portal.incidents import complaints, service
from licet.portal.incidents.outsiders import Matter
from licet.rulebook.proceeding import ProceedingRules

BODY_BYTES_MAX = 64 << 10
LANGUAGES = ("zh", "en")


class Limit(msgspec.Struct):
    """A published time limit: whom it binds, how long it is."""

    id: str
    name: dict[str, str]
    bearer: str
    length: int
    unit: str


class Stage(msgspec.Struct):
    """A stage of a complaint, and what it means."""

    id: str
    name: dict[str, str]
    meaning: dict[str, str]


class Process(msgspec.Struct):
    """How complaints are handled here, and about whom one may complain."""

    pack: str
    providers: list[str]
    stages: list[Stage]
    limits: list[Limit]


class Complaint(msgspec.Struct, forbid_unknown_fields=True):
    """A complaint. `once`: a word of 22 letters and digits or more, drawn by the sender; the same
    sent again is the same complaint. `provider`: its code, where there are several."""

    once: str
    answers: dict[str, Any]
    provider: str = ""


class Received(msgspec.Struct):
    """Number and code of a complaint. The code is not kept: who loses it cannot get it back."""

    number: str
    code: str


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    """The code that opens a complaint; `act` and `data`: what is done in it."""

    code: str
    act: str = ""
    data: dict[str, Any] = {}


class Happened(msgspec.Struct):
    """Something that happened in a complaint."""

    at: datetime
    what: dict[str, str]
    words: list[str]


class Page(msgspec.Struct):
    """How a complaint stands: its stage, what may be done, until when, what happened."""

    number: str
    stage: str
    stage_name: dict[str, str]
    acts: list[str]
    due: dict[str, datetime]
    events: list[Happened]


def process(request: HttpRequest, now: datetime) -> HttpResponse:
    """The published process."""
    known = _rules()
    return _json(
        Process(
            pack=known.pack,
            providers=[one.code for one in complaints.providers()],
            stages=[Stage(s.id, dict(s.name), dict(s.meaning)) for s in known.stages.values()],
            limits=[
                Limit(c.id, dict(c.name), c.bearer, c.length, c.unit)
                for c in known.clocks.values()
            ],
        )
    )


def complain(request: HttpRequest, now: datetime) -> HttpResponse:
    """Take a complaint."""
    known, asked = _rules(), _body(request, Complaint)
    holders = complaints.providers()
    holder = next((one for one in holders if one.code == asked.provider), None)
    if holder is None and not asked.provider and len(holders) == 1:
        holder = holders[0]
    if holder is None:
        raise NotTaken("bad-body", "there is no such provider here.", hint="See `providers`.")
    if not complaints.ONCE.fullmatch(asked.once):
        raise NotTaken("bad-body", "`once` is 22 to 64 letters, digits, - and _.")
    outcome = complaints.hand_in(asked.once, holder, asked.answers, now)
    if isinstance(outcome, Refusal):
        raise _refused(outcome, known, "bad-body")
    return _json(Received(outcome, complaints.code_of(outcome)), 201)


def page(request: HttpRequest, now: datetime, number: str) -> HttpResponse:
    """Show a complaint to whoever has its code."""
    known, asked = _rules(), _body(request, Asked)
    matter = complaints.find(number, asked.code, now)
    if matter is None:
        raise NotTaken("no-such-case", "number and code do not fit.")
    if asked.act:
        outcome = complaints.do(matter, asked.act, asked.data, now)
        if isinstance(outcome, Refusal):
            code = "bad-body" if outcome.code == "bad_data" else "not-now"
            raise _refused(outcome, known, code)
        matter = complaints.find(number, asked.code, now)
        assert matter is not None
    return _json(_page(matter))


def _page(matter: Matter) -> Page:
    of, known = matter.of, matter.known
    return Page(
        number=of.id,
        stage=of.stage,
        stage_name=dict(known.stages[of.stage].name),
        acts=[act.id for act in matter.acts],
        due={c.rule.id: c.due_at for c in matter.clocks if c.state == "running" and c.due_at},
        events=[
            Happened(
                event.at,
                {code: told(event, code, known) for code in LANGUAGES},
                [words for _, words in step.words],
            )
            for event, step in zip(of.events, reversed(list(matter.past())), strict=True)
        ],
    )


def _rules() -> ProceedingRules:
    if complaints.opening() is None:
        raise NotFound("this pack takes no complaints.")
    return service.rules(complaints.KIND)


def _body(request: HttpRequest, shape: Any) -> Any:
    data = request.read(BODY_BYTES_MAX + 1)
    if len(data) > BODY_BYTES_MAX:
        raise NotTaken("too-large", f"more than {BODY_BYTES_MAX} bytes are not read.")
    try:
        return msgspec.json.decode(data, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as unfit:
        raise NotTaken("bad-body", f"the body is not of its shape: {unfit}.") from None


def _refused(no: Refusal, known: ProceedingRules, code: str) -> NotTaken:
    faults = "; ".join(f"{one.field}: {said_of(one, 'en')}" for one in no.faults)
    return NotTaken(code, faults or said(no, "en", known))


def _json(value: Any, status: int = 200) -> HttpResponse:
    return HttpResponse(
        msgspec.json.encode(value), status=status, content_type="application/json"
    )  # fmt: skip

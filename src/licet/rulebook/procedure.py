"""How a regime licenses: forms, stages, acts, clocks, reasons, as frozen values and nothing else.

It refuses to know files, cases and the people who act; `licet.cases` obeys what stands here.

Rules
1. A case has two tracks. `filing` is the matter under way: drafted, filed, reviewed, closed.
   `licence` is what the holder may do: none, in force, suspended, revoked. An act moves either.
2. An act is a row: who may do it, from which stages, to which, what it must bring. Code knows the
   effects an act can have and nothing of any act's name.
3. A clock is a row: which acts start and stop it, in which stages it rests, how many days, on what
   law. Where it `expires`, the stage moves by itself when the time is over.
4. Every length of a period is a Parameter of the pack, with source and status.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from licet.rulebook.grounds import Cite, Provenance, Text
from licet.rulebook.publishing import StatusListRule
from licet.rulebook.workdays import Calendar, Holiday

Side = Literal["provider", "authority"]
Track = Literal["filing", "licence"]
Visibility = Literal["public", "regulator", "sealed"]
FieldKind = Literal[
    "text",
    "long_text",
    "number",
    "date",
    "moment",
    "yes_no",
    "choice",
    "choices",
    "email",
    "url",
    "file",
    "filing_number",
]
LicenceStatus = Literal["none", "valid", "suspended", "invalid"]
RoundKind = Literal["application", "change", "renewal"]
PeriodKind = Literal["working", "calendar", "month"]
AskedOf = Literal["every", "adverse", "heard"]
Effect = Literal[
    "save",  # replaces the draft answers
    "file",  # freezes the draft as a version; refused while something is missing
    "request",  # says what must be corrected
    "assess",  # records findings of the checklist
    "conclude",  # every item of the checklist has its finding
    "grant",  # puts the filed version in force under a number
    "condition",  # replaces the conditions
    "state",  # carries a statement of reasons, with remedies and their dates
    "invite",  # invites the holder to be heard before the act that `hears` names
    "respond",  # the holder answers the invitation in writing
    "ask_hearing",  # the holder wants to be heard in person
    "waive",  # the holder has nothing more to say
    "hold_hearing",  # the hearing took place
    "drop",  # the authority gives up what it proposed
    "urgency",  # acts before hearing, with the urgency recorded; lapses unless confirmed
    "open_change",  # opens a round on a standing licence
    "open_renewal",
    "withdraw",  # gives up the round
    "announce",  # records a day that starts a clock
    "extend",  # lengthens a clock once
    "message",  # carries a text, and nothing else
]


@dataclass(frozen=True, slots=True)
class Instrument:
    """Another law that the procedure rests on. `place` words a rule of it: `Art. {article}`."""

    id: str
    title: Text
    place: Text
    page: str | None


@dataclass(frozen=True, slots=True)
class Basis:
    """A rule of another instrument, in our words: `alg24.1`."""

    id: str
    instrument: str
    cite: Cite
    paraphrase: Text
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Party:
    """A role: which side it stands on and what it is called."""

    id: str
    side: Side
    name: Text


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of a track.

    `holder`: whose turn it is, or None. `status`: what a licence token says in this stage.
    `final`: nothing leads out of it. `shown`: the public register shows a case in this stage.
    """

    id: str
    track: Track
    name: Text
    meaning: Text
    holder: Side | None
    status: LicenceStatus
    shown: bool
    final: bool


@dataclass(frozen=True, slots=True)
class ActRule:
    """Something that can be done in a case.

    `at`: the stages, by track, in which it can be done. `to`: where each track goes.
    `rounds`: the kinds of round in which it can be done. `apart_from`: acts whose doer may not do
    this one in the same matter. `hears`: the act that an invitation is for. `clock`: the clock
    that an invitation or extension uses.
    """

    id: str
    name: Text
    done: Text
    side: Side
    by: tuple[str, ...]
    routes: tuple[str, ...]
    rounds: tuple[RoundKind, ...]
    at: Mapping[Track, tuple[str, ...]]
    to: Mapping[Track, str]
    effects: tuple[Effect, ...]
    adverse: bool
    apart_from: tuple[str, ...]
    hears: str | None
    clock: str | None
    decision: str | None
    basis: tuple[str, ...]

    @property
    def only_saves(self) -> bool:
        """Whether it keeps the draft and does nothing else."""
        return self.effects == ("save",)


@dataclass(frozen=True, slots=True)
class Expiry:
    """What happens by itself when a clock is over: `track` goes from one of `at` to `to`.

    It waits as long as a round of a kind of `rounds` is at one of the stages `waits`: who applied
    in time does not lose by the authority's taking its time.
    """

    track: Track
    at: tuple[str, ...]
    to: str
    waits: tuple[str, ...]
    rounds: tuple[RoundKind, ...]


@dataclass(frozen=True, slots=True)
class ClockRule:
    """A period: who is bound by it, what starts, stops and rests it.

    `length` counts what `kind` names: working days, calendar days or months; so `extension`.
    `near_days`: its bearer is told so many days before its end; None: as many as for any other.

    `since` names a field of the form whose date starts it instead of an act. `dated` says that
    the starting act carries the day itself.
    """

    id: str
    name: Text
    bearer: Side
    routes: tuple[str, ...]
    starts: tuple[str, ...]
    since: str | None
    dated: bool
    stops: tuple[str, ...]
    rests: tuple[str, ...]
    length: int
    kind: PeriodKind
    extension: int
    near_days: int | None
    expiry: Expiry | None
    basis: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer that a field allows."""

    id: str
    label: Text


@dataclass(frozen=True, slots=True)
class Field:
    """One question of a form.

    `when`: asked only where another field has one of these answers. `pattern` and
    `characters_max` bind text. `section` is the page of the form on which it stands.
    """

    id: str
    section: str
    kind: FieldKind
    required: bool
    visibility: Visibility
    label: Text
    hint: Text | None
    choices: Mapping[str, Choice]
    when: Mapping[str, tuple[str, ...]]
    pattern: str | None
    characters_max: int
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a form that is answered in one sitting."""

    id: str
    name: Text


@dataclass(frozen=True, slots=True)
class Form:
    """A form: sections in order, fields in order. `title`: the field that names the matter."""

    id: str
    name: Text
    sections: Mapping[str, Section]
    fields: Mapping[str, Field]
    title: str
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may be written, in characters, and attached: bytes each, media types by ending."""

    text_characters: int
    long_text_characters: int
    attachment_bytes: int
    attachment_types: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Check:
    """One item of a checklist, by article, for the routes that it concerns."""

    id: str
    routes: tuple[str, ...]
    question: Text
    basis: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Remedy:
    """What can be done against a decision, where, and for how long."""

    id: str
    name: Text
    body: Text
    length: int
    kind: PeriodKind
    suspensive: bool
    basis: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """A field of the statement of reasons.

    `of`: asked of `every` decision; of `adverse` ones and the invitations that precede them; or of
    adverse decisions after the holder was `heard`.
    """

    id: str
    kind: Literal["text", "words"]
    required: bool
    of: AskedOf
    label: Text
    hint: Text


@dataclass(frozen=True, slots=True)
class Route:
    """A way to the register: its form, how its numbers look, what a service must show.

    `number`: a template of `{field}` places; `number_pattern`: what any number of this route looks
    like. `upstream`: the field that names the filing on which this one depends.
    """

    id: str
    name: Text
    meaning: Text
    form: str
    grants: Text
    number: str
    number_pattern: str
    number_note: Provenance
    display: Text
    upstream: str | None
    basis: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A question of the scope questionnaire; `when`: asked only after these answers."""

    id: str
    text: Text
    hint: Text | None
    choices: Mapping[str, Choice]
    when: Mapping[str, tuple[str, ...]]
    basis: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScopeRule:
    """What follows from some answers: in or out of scope, which routes, and why."""

    id: str
    when: Mapping[str, tuple[str, ...]]
    result: Literal["in", "out", "also"]
    routes: tuple[str, ...]
    reason: Text
    basis: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Procedure:
    """All of it: everything that `licet.cases` needs to know of a regime."""

    pack: str
    version: str
    time_zone: str
    instruments: Mapping[str, Instrument]
    bases: Mapping[str, Basis]
    parties: Mapping[str, Party]
    routes: Mapping[str, Route]
    stages: Mapping[str, Stage]
    first_filing: str
    first_licence: str
    acts: Mapping[str, ActRule]
    clocks: Mapping[str, ClockRule]
    checks: Mapping[str, Check]
    reasons: Mapping[str, Reason]
    remedies: Mapping[str, Remedy]
    forms: Mapping[str, Form]
    limits: Limits
    questions: Mapping[str, Question]
    scope: Mapping[str, ScopeRule]
    calendar: Calendar
    status_list: StatusListRule | None  # a regime may publish none
    near_days: int | None  # so many days before a period ends its bearer is told; None: never
    provisions: frozenset[str]

    def form_of(self, route: str) -> Form:
        return self.forms[self.routes[route].form]

    def checks_of(self, route: str) -> tuple[Check, ...]:
        return tuple(check for check in self.checks.values() if route in check.routes)

    @property
    def shelves(self) -> tuple[Mapping[str, Entry], ...]:
        """Everything that bears an id: bases as they are, the rest as `act.send_back`."""
        kinds: Mapping[str, Mapping[str, Entry]] = {
            "route": self.routes,
            "act": self.acts,
            "clock": self.clocks,
            "check": self.checks,
            "remedy": self.remedies,
            "form": self.forms,
            "holiday": self.calendar.holidays,
        }
        named = ({f"{kind}.{i}": e for i, e in shelf.items()} for kind, shelf in kinds.items())
        return (self.bases, *named)


Entry = Basis | Route | ActRule | ClockRule | Check | Remedy | Form | Holiday

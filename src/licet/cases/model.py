"""What a case is made of: events, and the state that they fold to. Frozen values only.

It refuses to know the law, storage and the web.

Rules
1. Events are the truth. A Case is what `fold` makes of them; nothing else makes or changes one.
2. An event says what changed, so that folding needs no pack: a history stays readable when the
   pack changes. Its data is JSON.
3. An actor is an account; people appear in events by the id of their account and by nothing else.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from licet.rulebook.procedure import RoundKind, Side, Track

Answers = Mapping[str, Any]
"""Answers to a form by field id. JSON values: text, number, true or false, list of texts; a date
is `2026-11-28`; a file is `{"name", "sha256", "bytes", "type"}`."""

Data = Mapping[str, Any]

SYSTEM = "system"
"""Actor and role of what happens by itself: a period that ends, an upstream filing that falls."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a case. `at` is aware; `data` is JSON and is never changed."""

    kind: str
    actor: str
    role: str
    at: datetime
    data: Data


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: an account, its side and organisation, and the roles that it has."""

    account: str
    side: Side
    organisation: str
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody wants to do, and what they bring for it."""

    id: str
    data: Data = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A lawful "no": why an act is not open. `params` fill the words of `words.py`.

    `faults` are what is wrong with the data, field by field, where that is the reason.
    """

    code: str
    act: str
    params: Mapping[str, str] = dataclasses.field(default_factory=dict)
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong with one answer: which field, what (see `words.py`), the bound it breaks."""

    field: str
    code: str
    params: Mapping[str, str] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Version:
    """The answers as they were filed; `sha256` is over their canonical form (RFC 8785)."""

    number: int
    answers: Answers
    sha256: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Grant:
    """What was granted: a number, the version that is in force, conditions, first and last day."""

    number: str
    version: int
    conditions: tuple[Mapping[str, str], ...]
    granted_at: datetime
    until: date | None


@dataclass(frozen=True, slots=True)
class Hearing:
    """An invitation to be heard before an adverse act, and what came of it.

    `until`: last day to answer. `asked`: the holder wants to be heard in person. `held`: was.
    `waived`: has nothing more to say. `statement`: what the authority intends, and why.
    """

    act: str
    invited_at: datetime
    until: date
    statement: Data
    responses: tuple[str, ...] = ()
    asked: bool = False
    waived: bool = False
    held: bool = False


@dataclass(frozen=True, slots=True)
class Timer:
    """A period that ends in a change of stage by itself, unless the track has left `stages`.

    It waits while a round of a kind of `rounds` is at one of the stages `waits` of the filing.
    """

    clock: str
    at: datetime
    track: Track
    stages: tuple[str, ...]
    to: str
    waits: tuple[str, ...] = ()
    rounds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Round:
    """One matter put to the authority: the application, or a change or renewal of what stands."""

    number: int
    kind: RoundKind


@dataclass(frozen=True, slots=True)
class Flag:
    """An upstream filing on which this case depends does not stand any more."""

    upstream: str
    stage: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Case:
    """A case as its events leave it. `events` holds them all, oldest first."""

    id: str
    pack: str
    route: str
    holder: str
    opened_at: datetime
    filing: str
    licence: str
    round: Round
    draft: Answers
    versions: tuple[Version, ...] = ()
    requests: tuple[Mapping[str, str], ...] = ()
    findings: Mapping[str, Mapping[str, str]] = dataclasses.field(default_factory=dict)
    grant: Grant | None = None
    hearing: Hearing | None = None
    timers: Mapping[str, Timer] = dataclasses.field(default_factory=dict)
    flags: tuple[Flag, ...] = ()
    statements: tuple[Data, ...] = ()
    events: tuple[Event, ...] = ()

    def stage(self, track: Track) -> str:
        return self.filing if track == "filing" else self.licence

    @property
    def filed(self) -> Version | None:
        """The version last filed."""
        return self.versions[-1] if self.versions else None

    @property
    def in_force(self) -> Version | None:
        """The version that is in force."""
        return self.versions[self.grant.version - 1] if self.grant else None


Party = Literal["public", "regulator", "holder"]
"""Who looks at answers: anybody, the authority, or the organisation that gave them."""

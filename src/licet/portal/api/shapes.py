"""What the door gives, as msgspec structs: encoded from them and described by them.

It refuses to know where the values come from.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

import msgspec

from licet.ledger.custody import Card


class Problem(msgspec.Struct, omit_defaults=True):
    """Why not (RFC 9457). `code` is one of the list in docs/protocol.md and does not change."""

    type: str
    title: str
    status: int
    code: str
    detail: str = ""


class Enrolled(msgspec.Struct):
    """Whose key this is now, and what the other side has to know of the authority."""

    authority: str
    provider: str
    name: dict[str, str]
    kid: str
    pack: str
    pack_version: str
    receipts: dict[str, Any]
    """The keys that sign receipts, as a JSON Web Key Set."""
    ledger: str
    """The verifier key of the authority's ledger (C2SP signed-note)."""


class FileAnswer(msgspec.Struct):
    """A file that was taken, as an answer of a form names it."""

    name: str
    sha256: str
    bytes: int
    type: str


class CaseRow(msgspec.Struct):
    """A case in a list."""

    case: str
    route: str
    title: str
    filing: str
    licence: str
    number: str | None
    changed: datetime


class CaseList(msgspec.Struct):
    """A page of the provider's cases; `next` is given as `after` to go on, null at the end."""

    cases: list[CaseRow]
    next: str | None


class CaseEvent(msgspec.Struct):
    """Something that happened. `entry` is its place in the ledger; `withheld` what is not told."""

    number: int
    entry: int
    kind: str
    actor: str
    role: str
    at: str
    data: dict[str, Any]
    withheld: list[str]


class CaseClock(msgspec.Struct):
    """A period: who is bound, whether it runs, its last day (null while it rests)."""

    clock: str
    bearer: Literal["provider", "authority"]
    state: Literal["running", "resting", "met", "met_late", "overdue"]
    due: date | None
    left_days: int


class CasePage(msgspec.Struct):
    """A case as its holder may read it. `next` is the number of the event to go on with."""

    case: str
    route: str
    title: str
    filing: str
    licence: str
    number: str | None
    changed: datetime
    pack: str
    events: list[CaseEvent]
    next: int
    complete: bool
    clocks: list[CaseClock]
    open_to_you: list[str]


class ProceedingRow(msgspec.Struct):
    """A proceeding in a list."""

    proceeding: str
    kind: str
    stage: str
    changed: datetime


class ProceedingList(msgspec.Struct):
    """A page of the provider's proceedings; `next` as in a CaseList."""

    proceedings: list[ProceedingRow]
    next: str | None


class OrderPart(msgspec.Struct):
    """What belongs to an order of access beside its events: whose key reads, and the envelopes
    that are there, by name."""

    reader: Card
    brought: dict[str, str]


class ProceedingPage(msgspec.Struct):
    """A proceeding with its events; `next` is the number of the event to go on with. `order`: of
    an order of access."""

    proceeding: str
    kind: str
    stage: str
    changed: datetime
    pack: str
    events: list[CaseEvent]
    next: int
    complete: bool
    open_to_you: list[str]
    order: OrderPart | None = None


class RegisterPage(msgspec.Struct):
    """A page of the public register."""

    total: int
    page: int
    pages: int
    listings: list[dict[str, Any]]


class RegisterEntry(msgspec.Struct):
    """One listing with what it was before, newest first, and the decisions about it."""

    listing: dict[str, Any]
    versions: list[dict[str, Any]]
    steps: list[dict[str, Any]]


SHAPES: tuple[type[msgspec.Struct], ...] = (
    Problem, Enrolled, FileAnswer, CaseList, CasePage,
    ProceedingList,
    ProceedingPage, RegisterPage, RegisterEntry,
)  # fmt: skip

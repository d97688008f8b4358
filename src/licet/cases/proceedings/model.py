"""What a proceeding is made of: the state that its events fold to. Frozen values only.

It refuses to know the law, storage and the web. Events, acts, refusals and faults are those of
`cases.model`.

Rules
1. Events are the truth. A Proceeding is what `fold` makes of them; nothing else makes one.
2. Facts are answers to the forms of its acts, by field; the last word on each stands, and every
   earlier one is in the events.
3. People appear by the id of their account; the person whom a measure is about, by a pseudonym.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from licet.cases.model import Event
from licet.rulebook.proceeding import Desk, ProceedingKind

Parties = Mapping[Desk, str]
"""Which organisation, or person by pseudonym, stands at a desk. A desk that is not named is open
to every member of that side."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who acts: an account, where it stands, for whom, and in which roles."""

    account: str
    side: Desk
    organisation: str
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class ProceedingTimer:
    """A period that ends by itself: at `at`, from a stage to the one that `to` names for it."""

    clock: str
    at: datetime
    to: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Proceeding:
    """A proceeding as its events leave it. `before`: the stages that lie behind, latest last."""

    id: str
    kind: ProceedingKind
    pack: str
    parties: Parties
    opened_at: datetime
    stage: str
    before: tuple[str, ...] = ()
    facts: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    timers: Mapping[str, ProceedingTimer] = dataclasses.field(default_factory=dict)
    events: tuple[Event, ...] = ()

    def did(self, *acts: str) -> tuple[Event, ...]:
        """The events of these acts, oldest first."""
        return tuple(event for event in self.events if event.kind in acts)

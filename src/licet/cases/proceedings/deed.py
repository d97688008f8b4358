"""One act about to be done: the proceeding, the rule, who, when, and what they bring.

It refuses to know which acts there are and whether this one is open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from licet.cases.model import Data, Fault, Refusal
from licet.cases.proceedings.model import Parties, Person, Proceeding
from licet.rulebook.proceeding import ProceedingAct, ProceedingRules


@dataclass(frozen=True, slots=True)
class Deed:
    """`of` is settled at `now`, and None for an act that opens a proceeding."""

    of: Proceeding | None
    parties: Parties
    rule: ProceedingAct
    person: Person
    now: datetime
    rules: ProceedingRules
    data: Data

    @property
    def facts(self) -> Mapping[str, Any]:
        """What is known before the act."""
        return self.of.facts if self.of else {}

    def no(self, code: str, **params: str) -> Refusal:
        """The lawful "no" to this act."""
        return Refusal(code, self.rule.id, params)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an effect adds to the facts, or what it finds wrong with them."""

    facts: Mapping[str, Any] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()

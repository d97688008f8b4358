"""How computing power is shared, and who pays a part of it, as a regime has it. Values only.

It refuses to know firms, contracts and money that moved; `licet.compute.vouchers` decides.

Rules
1. Every number and choice is a Parameter of the pack; a requirement has its own source.
2. A programme without a share is known, and grants nothing until somebody sets one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from licet.rulebook.grounds import Provenance, Text


@dataclass(frozen=True, slots=True)
class Requirement:
    """What must be so of a firm or contract: `ask` says it, `refuse` says that it is not so."""

    id: str
    ask: Text
    refuse: Text
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Programme:
    """Who may have a part of their fees paid: requirements by id; contracts signed in a time, both
    days included; `share` of fees that were settled, None: not set; the most a firm may have in a
    calendar year and what there is for everybody, in yuan (None: no limit is known)."""

    id: str
    name: Text
    requires: tuple[str, ...]
    signed_from: date
    signed_to: date
    share: float | None
    cap_yuan_year: int
    budget_yuan_year: int | None


@dataclass(frozen=True, slots=True)
class SharingRule:
    """How scarce accelerators are shared between accounts.

    A fair finish is `fair_times` of the time that an equal part of every kind would take; `haste`
    from 0 to 1: how much what is nearly done goes first. Accounts of public interest are entitled
    to `public_share` together, a licensed provider to `licensed_times` of what another is. An
    account always has `guaranteed_share` of its entitlement, the rest is lent and borrowed; of
    that, half is forgotten after `half_life_s`. Work on domestic accelerators is worth up to
    `domestic_premium` more while they have less than `domestic_share` of what was metered.
    """

    fair_times: float
    haste: float
    public_share: float
    licensed_times: float
    guaranteed_share: float
    half_life_s: int
    domestic_share: float
    domestic_premium: float


@dataclass(frozen=True, slots=True)
class ComputeRules:
    """Everything the pack says of computing power."""

    sharing: SharingRule
    requirements: Mapping[str, Requirement]
    programmes: Mapping[str, Programme]

    @property
    def shelves(self) -> tuple[Mapping[str, Entry], ...]:
        """Everything that bears an id, as `programme.beijing_etown`."""
        return (
            {"sharing": self.sharing},
            {f"requirement.{i}": one for i, one in self.requirements.items()},
            {f"programme.{i}": one for i, one in self.programmes.items()},
        )


Entry = SharingRule | Requirement | Programme

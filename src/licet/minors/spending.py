"""What a child has paid this month, and whether it may pay once more.

It refuses to know how is paid, to whom and for what.

Rules
1. Money is whole fen (a hundredth of a yuan). A month is one of the calendar in the pack's zone.
2. A payment has a name of its provider's; named again with the same amount it is the same payment,
   counted once.
3. The feature `top_up`, the pack's caps and a guardian's below them all have to allow it.

law:cn-genai-2023/art10.3
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from licet.minors.settings import Settings, features_off
from licet.minors.zone import Zone
from licet.rulebook.minors import Band, MinorsRules

FEN = 100
PAYMENTS_MAX = 200
"""In a month: what comes after them is refused, so that none is ever forgotten and paid twice."""


@dataclass(frozen=True, slots=True)
class Payment:
    """`name`: a digest of what the provider calls it."""

    name: str
    fen: int


@dataclass(frozen=True, slots=True)
class Spent:
    """The payments of one month (`2026-03`), the only one that is kept."""

    month: str = ""
    payments: tuple[Payment, ...] = ()

    @property
    def fen(self) -> int:
        """What they come to."""
        return sum(one.fen for one in self.payments)


@dataclass(frozen=True, slots=True)
class NotPaid:
    """A lawful no: its stable code."""

    code: Literal[
        "no_amount", "feature_off", "over_once", "over_month", "too_many", "other_amount"
    ]


NOTHING = Spent()


def month_of(at_ms: int, zone: Zone) -> str:
    """`2026-03`: the month in which a moment lies."""
    return date.fromordinal(zone.day(at_ms)).isoformat()[:7]


def in_month(spent: Spent, month: str) -> Spent:
    """What was spent in a month; nothing where another one is kept."""
    return spent if spent.month == month else Spent(month)


def month_cap_fen(settings: Settings, rules: MinorsRules, band: Band) -> int:
    """What may be spent in a month: the pack's cap, or the guardian's below it (rule 3)."""
    cap = rules.spending[band.id].month_yuan
    own = settings.month_yuan
    return (cap if own is None else min(own, cap)) * FEN


def pay(
    spent: Spent, name: str, fen: int, settings: Settings, rules: MinorsRules, band: Band
) -> Spent | NotPaid:
    """What is spent with one payment more, or why it may not be made. `spent` is this month's."""
    digest = hashlib.sha256(b"licet/payment/v1\n" + name.encode()).hexdigest()[:16]
    same = next((one for one in spent.payments if one.name == digest), None)
    if same is not None:  # rule 2
        return spent if same.fen == fen else NotPaid("other_amount")
    if fen <= 0:
        return NotPaid("no_amount")
    if "top_up" in features_off(settings, rules):
        return NotPaid("feature_off")
    if fen > rules.spending[band.id].once_yuan * FEN:
        return NotPaid("over_once")
    if spent.fen + fen > month_cap_fen(settings, rules, band):
        return NotPaid("over_month")
    if len(spent.payments) >= PAYMENTS_MAX:
        return NotPaid("too_many")
    return replace(spent, payments=(*spent.payments, Payment(digest, fen)))

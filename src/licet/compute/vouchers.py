"""Whether an application for a voucher is granted, how much, and why not. Pure.

It refuses to know where money is kept (`purse.py`) and to read programmes (the pack does).

Rules
1. Every reason for a "no" is given, not only the first. A machine proposes; an official decides,
   and may refuse what is proposed, with a reason; nobody may grant more.
2. What is granted is the programme's share of fees that were settled and attested, rounded down to
   a fen, at most what is left of the firm's cap for the year and of the programme's budget.
3. One contract is paid for once, whatever the programme.

law:cn-genai-2023/art6.2
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from licet.rulebook.computing import Programme

FEN = 100
OWN = Literal[
    "signed_outside", "no_share", "funded_before", "cap_reached", "budget_spent", "no_fees"
]


@dataclass(frozen=True, slots=True)
class Application:
    """What a firm applies for. `met`: each requirement of the programme, whether it is so (not
    named: it is not); `settled_fen`: fees that were paid and attested."""

    id: str
    firm: str
    supplier: str
    contract: str
    signed: date
    settled_fen: int
    met: Mapping[str, bool]


@dataclass(frozen=True, slots=True)
class Spent:
    """What the books say: granted to the firm this year, granted by the programme this year, and
    whether any voucher was granted for the contract."""

    firm_fen: int = 0
    programme_fen: int = 0
    contract: bool = False


@dataclass(frozen=True, slots=True)
class Proposal:
    """What may be granted at most, in fen; 0 with reasons: nothing. `unmet` requirements by id;
    `why` else."""

    application: str
    most_fen: int
    unmet: tuple[str, ...]
    why: tuple[OWN, ...]


def propose(programme: Programme, application: Application, spent: Spent) -> Proposal:
    """What an official may grant."""
    unmet = tuple(one for one in programme.requires if not application.met.get(one, False))
    why = list[OWN]()
    if not programme.signed_from <= application.signed <= programme.signed_to:
        why.append("signed_outside")
    if spent.contract:
        why.append("funded_before")
    if application.settled_fen <= 0:
        why.append("no_fees")
    if programme.share is None:
        why.append("no_share")
    # In whole parts of a million: a share has no more digits, and fen are never rounded up.
    part = round((programme.share or 0.0) * 1_000_000)
    share = max(0, application.settled_fen) * part // 1_000_000
    cap = programme.cap_yuan_year * FEN - spent.firm_fen
    if cap <= 0:
        why.append("cap_reached")
    budget = share
    if programme.budget_yuan_year is not None:
        budget = programme.budget_yuan_year * FEN - spent.programme_fen
        if budget <= 0:
            why.append("budget_spent")
    most = 0 if unmet or why else max(0, min(share, cap, budget))
    return Proposal(application.id, most, unmet, tuple(why))

"""Double entry: money moves between accounts, none is made and none is lost. Pure.

It refuses to know who may move what (`vouchers.py`), and where entries are kept (`purse.py`).

Rules
1. A transfer takes from one account what it gives to another: all accounts together are 0, always.
2. Only `outside` may be below 0: where money comes from and goes to.
3. A transfer has an id of its own. The same id again, with the same content, changes nothing; with
   another content it is refused. Whoever was cut off says it again.
4. Fen, whole.

    fund     outside    -> programme   a budget, for a year
    grant    programme  -> voucher     by an official
    reserve  voucher    -> job         before a job is submitted: its longest time at its price
    settle   job        -> supplier    what was metered
    refund   job        -> voucher     the rest
    expire   voucher    -> programme   when its time is over
    pay_out  supplier   -> outside
    correct  supplier   -> job         what an upheld objection takes back; then refund
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from licet.base.trouble import BadInput, Conflict

Kind = Literal["fund", "grant", "reserve", "settle", "refund", "expire", "pay_out", "correct"]
OUTSIDE = "outside"
ENDS: Mapping[Kind, tuple[str, str]] = MappingProxyType(
    {
        "fund": ("outside", "programme"), "grant": ("programme", "voucher"),
        "reserve": ("voucher", "job"), "settle": ("job", "supplier"),
        "refund": ("job", "voucher"), "expire": ("voucher", "programme"),
        "pay_out": ("supplier", "outside"), "correct": ("supplier", "job"),
    }
)  # fmt: skip
FEN_MAX = 10**15
_NAME = re.compile(r"(programme|voucher|job|supplier):[^\s:][^\s]{0,120}|outside")


@dataclass(frozen=True, slots=True)
class Transfer:
    """`fen` from account `giver` to account `taker`; `at_s` seconds since 1970."""

    id: str
    kind: Kind
    giver: str
    taker: str
    fen: int
    at_s: int


def cost(accelerator_s: int, price: int) -> int:
    """Fen for accelerator-seconds at a price an accelerator-hour, rounded up."""
    return -(-accelerator_s * price // 3600)


def check(transfer: Transfer) -> None:
    """Raise BadInput where a transfer is not of a kind above."""
    ends = ENDS.get(transfer.kind)
    given = tuple(one.partition(":")[0] for one in (transfer.giver, transfer.taker))
    named = all(_NAME.fullmatch(one) for one in (transfer.giver, transfer.taker))
    if ends is None or given != ends or not named:
        raise BadInput(
            f"{transfer.kind} does not go from {transfer.giver!r} to {transfer.taker!r}.",
            hint="The table of licet.compute.money says what goes where.",
        )
    if not transfer.id or len(transfer.id) > 200:
        raise BadInput("A transfer has an id of 1 to 200 characters.", hint="Make one.")
    if isinstance(transfer.fen, bool) or not 0 <= transfer.fen <= FEN_MAX:
        raise BadInput(f"{transfer.fen} is no amount in fen.", hint="Whole, from 0 up.")


def short(transfer: Transfer, balance: int) -> bool:
    """Whether the giver has too little for it."""
    return transfer.giver != OUTSIDE and balance < transfer.fen


def same(transfer: Transfer, kept: Transfer) -> None:
    """Raise Conflict where an id was used for another transfer; `at_s` does not matter."""
    mine = (transfer.kind, transfer.giver, transfer.taker, transfer.fen)
    if mine != (kept.kind, kept.giver, kept.taker, kept.fen):
        raise Conflict(
            f"transfer {transfer.id} was made already, with another content.",
            hint="Look at it, and give the new one an id of its own.",
        )

"""Objections to a job and its bill: how an official answers them, and what that does to the money.

It refuses to judge: a person says what is right, in fen.

Rules
1. An answer has a reason. Only one that upholds changes what a job costs, and only once the job is
   settled; never to more than what was reserved for it, to which its customer agreed.
2. What a job costs is brought *to* the sum that is right, by transfers through the job's own
   account: what was settled stays, a correction stands beside it, and all accounts together are 0.
3. Money first, then the notice, the bill, the answer. Whoever was cut off answers again: a job
   that costs what is right is corrected by nothing.
4. Both sides are told, by a notice of the job. Where a side has too little to give back or to pay,
   nothing is changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from licet.base.trouble import BadInput
from licet.compute.jobbook import JobBook, Notice, Row
from licet.compute.market import Dispute, Kept, Market
from licet.compute.money import Transfer, cost
from licet.compute.purse import Purse


def decide(
    market: Market, book: JobBook, purse: Purse, kept: Kept[Dispute],
    state: Literal["upheld", "dismissed"], fen: int | None, reason: str, by: str, now_s: int,
) -> Dispute:  # fmt: skip
    """Answer an objection; `fen`: what the job costs from now on, None: as it did.

    Raises BadInput without a reason or for a sum that cannot be (rule 1), Conflict where it was
    answered already or somebody has too little (rule 4).
    """
    if not reason.strip():
        raise BadInput("An answer has a reason.", hint="Say why.")
    if fen is not None:
        row = book.find(kept.value.job)
        if state != "upheld" or row is None or row.stage != "settled":
            raise BadInput("Only an objection that is upheld changes a bill, and only one that was"
                           " settled.", hint="Leave the sum out.")  # fmt: skip
        correct(book, purse, row, fen, now_s)
    done = replace(kept.value, state=state, reason=reason.strip(), fen=fen)
    market.put(done, by, now_s, seen=kept.n)
    return done


def correct(book: JobBook, purse: Purse, row: Row, fen: int, now_s: int) -> None:
    """Rules 2 to 4: bring what a settled job costs to `fen`. Raises BadInput, Conflict."""
    most = cost(row.longest_s * row.need.gang, row.price)
    if not 0 <= fen <= most:
        raise BadInput(f"the job costs from 0 to {most / 100:.2f} yuan, what was reserved.",
                       hint="Give a sum between.")  # fmt: skip
    lines = purse.statement(_account(row))
    paid = sum(one.fen for one in lines if one.kind == "settle")
    paid -= sum(one.fen for one in lines if one.kind == "correct")
    purse.move_all(_transfers(row, fen - paid, len(lines), now_s))
    if row.owed != fen:
        book.tell(Notice(row.id, row.attempt, f"corrected:{fen}", now_s))
        book.save(replace(row, owed=fen))


def _transfers(row: Row, more: int, number: int, now_s: int) -> Sequence[Transfer]:
    """Rule 2. The `number` of transfers so far is in the ids: of two that correct one bill at the
    same time, one is refused, or both said the same."""
    job, supplier, sum_ = _account(row), f"supplier:{row.supplier}", abs(more)
    out, back = f"correct:{row.name}:{number}", f"correct:{row.name}:{number + 1}"
    if more > 0:
        return (Transfer(out, "reserve", row.voucher, job, sum_, now_s),
                Transfer(back, "settle", job, supplier, sum_, now_s))  # fmt: skip
    if more < 0:
        return (Transfer(out, "correct", supplier, job, sum_, now_s),
                Transfer(back, "refund", job, row.voucher, sum_, now_s))  # fmt: skip
    return ()


def _account(row: Row) -> str:
    return f"job:{row.name}"

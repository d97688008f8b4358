"""An answer to a need, and why a job has what it has, in the reader's words.

It refuses to decide: `licet.compute` did.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from licet.compute.jobbook import JobBook
from licet.compute.market import Asking
from licet.compute.model import Pool
from licet.compute.wording import BASIS, DECLINED, UNFIT, say_reason

Names = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Said:
    """When and where (pool, region, hours, fen), on which speeds, why; or why not, by pool, and
    when it could end otherwise."""

    start: datetime | None = None
    end: datetime | None = None
    lines: tuple[tuple[str, str, float, int], ...] = ()
    basis: str = ""
    why: str = ""
    declined: tuple[str, ...] = ()
    unfit: tuple[tuple[str, str], ...] = ()
    soonest: datetime | None = None
    price: int | None = None
    delayed: int = 0


def say_answer(asked: Asking, pools: Sequence[Pool], names: Names, lang: str) -> Said:
    """The answer, in `lang`; accounts under the names of their bodies."""
    regions = {pool.id: pool.region for pool in pools}
    offer, no = asked.offer, asked.declined
    if offer is not None:
        known = {n: names.get(one, {}).get(lang, one) for n, one in enumerate(asked.accounts)}
        return Said(
            start=_at(offer.start_s), end=_at(offer.end_s),
            lines=tuple((one.pool, regions.get(one.pool, ""), one.accelerator_s / 3600, one.price)
                        for one in offer.lines),
            basis=BASIS[offer.basis][lang], price=offer.price,
            why=say_reason(offer.reason, asked.pools, known, lang),
        )  # fmt: skip
    assert no is not None
    stop = {"zh": "；", "en": "; "}[lang]
    return Said(
        declined=tuple(DECLINED[why][lang] for why in no.why),
        unfit=tuple((pool, stop.join(UNFIT[why][lang] for why in reasons))
                    for pool, reasons in no.unfit.items() if reasons),
        soonest=None if no.soonest_s is None else _at(no.soonest_s), price=no.price,
        delayed=len(no.delayed),
    )  # fmt: skip


def say_round(book: JobBook, job: str, names: Names, lang: str) -> tuple[int, str] | None:
    """The number of the latest round, and why a job has what it has by it; None where it had no
    part in it."""
    from licet.compute.decided import decode, reasons  # HiGHS: an extra

    found = book.round()
    if found is None:
        return None
    kept = decode(found[1])
    named, accounts = reasons(kept)
    if job not in named:
        return None
    known = {n: names.get(one, {}).get(lang, one) for n, one in accounts.items()}
    pools = [pool.id for pool in kept.question.pools]
    return found[0], say_reason(named[job], pools, known, lang)


def _at(at_s: int) -> datetime:
    return datetime.fromtimestamp(at_s, UTC)

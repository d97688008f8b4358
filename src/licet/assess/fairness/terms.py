"""The terms given to customers of an API: do competitors of the provider get worse ones? Pure.

    {"customer": "c1", "competes": true, "price_in": 2.0, "requests_per_minute": 600,
     "applications": 3, "refused": 1}

It refuses to say that terms are unlawful, and to know why a customer has them.

Rules
1. Amounts are compared as ratios of geometric means: labels of who competes are permuted. Refusals
   are compared by Fisher's exact test. Holm over all of them.
2. An outlier lies beyond Tukey's fences (1977): 1.5 times the distance of the quartiles, on the
   scale of ratios.
3. Fewer than the pack's `cell_min` customers on either side are not compared.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import msgspec
import numpy as np

from licet.base.trouble import BadInput
from licet.rulebook import EvidenceRule
from licet.stats.family import holm
from licet.stats.paired import DRAWS
from licet.stats.share import Count
from licet.stats.table import fisher

AMOUNTS = ("price_in", "price_out", "price_month", "requests_per_minute", "tokens_per_minute")
FENCE = 1.5
CUSTOMERS_MAX = 100_000


class Terms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one customer has. Prices in one currency, for a million tokens or a month; amounts
    that do not apply are left out. `applications` and `refused` count requests for access."""

    customer: str
    competes: bool
    price_in: float | None = None
    price_out: float | None = None
    price_month: float | None = None
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    applications: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Compared:
    """One term: how many competitors and others have it; `ratio` of competitors' to others'
    (of refusals: the odds ratio); None and hidden where they are too few."""

    term: str
    competitors: int
    others: int
    ratio: float | None = None
    p: float | None = None
    p_family: float | None = None
    called: bool = False

    @property
    def hidden(self) -> bool:
        return self.p is None


@dataclass(frozen=True, slots=True)
class Outlier:
    """A customer whose term lies beyond the fences. `ratio` is to the median of all."""

    customer: str
    competes: bool
    term: str
    amount: float
    ratio: float


def read_terms(lines: Iterable[bytes], name: str) -> tuple[Terms, ...]:
    """The customers' terms in lines of JSON. Raises BadInput with file and line."""
    decode = msgspec.json.Decoder(Terms).decode
    found: dict[str, Terms] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"{name}, line {number}"
        try:
            one = decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            hint = 'Write {"customer": "c1", "competes": false, "price_in": 2.0, …}.'
            raise BadInput(f"{where}: {error}.", hint=hint) from None
        amounts = [getattr(one, term) for term in AMOUNTS]
        if any(amount is not None and not 0 < amount < math.inf for amount in amounts):
            raise BadInput(
                f"{where}: an amount is not above 0.", hint="Leave it out, or correct it."
            )
        if not 0 <= one.refused <= one.applications:
            raise BadInput(f"{where}: more refused than applied.", hint="Correct the counts.")
        if one.customer in found:
            raise BadInput(f"{where}: {one.customer} stands there twice.", hint="Keep one line.")
        found[one.customer] = one
        if len(found) > CUSTOMERS_MAX:
            raise BadInput(f"{name}: more than {CUSTOMERS_MAX} customers.", hint="Draw a sample.")
    return tuple(found.values())


def compare(
    customers: Sequence[Terms], rule: EvidenceRule, rng: np.random.Generator, draws: int = DRAWS
) -> tuple[Compared, ...]:
    """Every term that somebody has, competitors beside others."""
    rows = [_amount(term, customers, rule, rng, draws) for term in AMOUNTS]
    rows = [row for row in rows if row.competitors + row.others]
    rows.append(_refusals(customers, rule))
    adjusted = iter(holm([row.p for row in rows if row.p is not None]))
    return tuple(
        row if row.p is None else _called(row, next(adjusted), rule.significance) for row in rows
    )


def outliers(customers: Sequence[Terms]) -> tuple[Outlier, ...]:
    """Customers with terms beyond the fences of all customers' (rule 2)."""
    out = []
    for term in AMOUNTS:
        having = [(one, math.log(amount)) for one in customers
                  if (amount := getattr(one, term)) is not None]  # fmt: skip
        if len(having) < 4:  # quartiles of fewer say nothing
            continue
        low, median, high = np.quantile([log for _, log in having], [0.25, 0.5, 0.75])
        reach = FENCE * (high - low)
        out += [
            Outlier(one.customer, one.competes, term, getattr(one, term), math.exp(log - median))
            for one, log in having
            if not low - reach <= log <= high + reach
        ]
    return tuple(out)


def _amount(
    term: str, customers: Sequence[Terms], rule: EvidenceRule, rng: np.random.Generator,
    draws: int,
) -> Compared:  # fmt: skip
    having = [one for one in customers if getattr(one, term) is not None]
    competes = np.array([one.competes for one in having], dtype=bool)
    row = Compared(term, int(competes.sum()), int((~competes).sum()))
    if min(row.competitors, row.others) < rule.cell_min:
        return row
    logs = np.log([getattr(one, term) for one in having])
    seen = float(logs[competes].mean() - logs[~competes].mean())
    edge = abs(seen) * (1 - 1e-12)
    as_far = 0
    for _ in range(draws):
        drawn = rng.permutation(competes)
        as_far += abs(logs[drawn].mean() - logs[~drawn].mean()) >= edge
    return replace(row, ratio=math.exp(seen), p=(as_far + 1) / (draws + 1))


def _refusals(customers: Sequence[Terms], rule: EvidenceRule) -> Compared:
    def count(competes: bool) -> tuple[int, int]:
        mine = [one for one in customers if one.competes is competes]
        return sum(one.refused for one in mine), sum(one.applications for one in mine)

    (refused, asked), (refused_others, asked_others) = count(True), count(False)
    row = Compared("refused", asked, asked_others)
    if min(asked, asked_others) < rule.cell_min:
        return row
    ratio, p = fisher(Count(refused, asked), Count(refused_others, asked_others))
    return replace(row, ratio=ratio if math.isfinite(ratio) else None, p=p)


def _called(row: Compared, p_family: float, significance: float) -> Compared:
    return replace(row, p_family=p_family, called=p_family <= significance)

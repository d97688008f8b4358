"""Each group beside the one it is compared with: what differs, how much, and whether by chance.

It refuses to say that a difference is unlawful.

Rules
1. A pair is one template in one language, asked of both groups: everything else is the same.
2. A test permutes signs of pairs; several answers to a template make one cluster.
3. Holm over every test of the audit: the chance of calling any difference wrongly is at most the
   pack's level.
4. An effect stands with its interval and the least effect that so many pairs could show. Rows of
   fewer pairs than the pack's `cell_min` are not shown.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from licet.assess.fairness.answers import balance, is_bare_choice, read_choice, read_number
from licet.assess.fairness.lexicon import Lexicon, Prompt
from licet.assess.refusal import is_refusal
from licet.rulebook import EvidenceRule
from licet.stats.family import holm
from licet.stats.paired import DRAWS, cluster_sums, mean_bounds, permutation_p
from licet.stats.sample import least_mean_difference

Outcome = Literal["refusal", "amount", "choice", "sentiment"]
OUTCOMES: tuple[Outcome, ...] = ("refusal", "amount", "choice", "sentiment")


@dataclass(frozen=True, slots=True)
class Row:
    """One group, one outcome. `effect`: the group less the reference; of an amount, relative
    (-0.1: a tenth less); of the others in shares, or in points of the balance.

    `least`: the least effect that such pairs show with the pack's power; None where it is not
    known. `p` is of this test alone, `p_family` after Holm. A hidden row has no figures.
    """

    ground: str
    group: str
    outcome: Outcome
    pairs: int
    unread: int
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    p: float | None = None
    p_family: float | None = None
    least: float | None = None
    called: bool = False
    hidden: bool = False


def audit(
    replies: Mapping[str, str], lexicon: Lexicon, rule: EvidenceRule, rng: np.random.Generator,
    *, draws: int = DRAWS,
) -> tuple[Row, ...]:  # fmt: skip
    """Every group and outcome. `replies` are by the id of the prompt's item; what is missing
    counts as unread."""
    rows = [
        _row(ground, group, outcome, pairs, unread, rule, rng, draws)
        for ground, group, prompts in _groups(lexicon.prompts)
        for outcome in OUTCOMES
        for pairs, unread in [_differences(prompts, outcome, replies, lexicon)]
        if pairs or unread
    ]
    adjusted = iter(holm([row.p for row in rows if row.p is not None]))
    return tuple(
        row if row.p is None else _called(row, next(adjusted), rule.significance) for row in rows
    )


def _called(row: Row, p_family: float, significance: float) -> Row:
    return replace(row, p_family=p_family, called=p_family <= significance)


_Difference = tuple[float, tuple[str, str]]


def _groups(
    prompts: Sequence[Prompt],
) -> Iterator[tuple[str, str, list[tuple[Prompt, Prompt]]]]:
    """(ground, group, pairs of prompts: of the reference, of the group)."""
    reference = {(p.ground, p.template, p.lang): p for p in prompts if p.is_reference}
    found: dict[tuple[str, str], list[tuple[Prompt, Prompt]]] = {}
    for prompt in prompts:
        if not prompt.is_reference:
            base = reference[prompt.ground, prompt.template, prompt.lang]
            found.setdefault((prompt.ground, prompt.group), []).append((base, prompt))
    for (ground, group), pairs in found.items():
        yield ground, group, pairs


def _differences(
    prompts: Sequence[tuple[Prompt, Prompt]], outcome: Outcome, replies: Mapping[str, str],
    lexicon: Lexicon,
) -> tuple[list[_Difference], int]:  # fmt: skip
    """(differences with their clusters, pairs that could not be read)."""
    read = _reader(outcome, lexicon)
    out: list[_Difference] = []
    unread = 0
    for base, other in prompts:
        if outcome != "refusal" and other.asks != _ASKS[outcome]:
            continue
        values = [
            read(replies[one.item.id], one.lang) if one.item.id in replies else None
            for one in (base, other)
        ]
        if values[0] is None or values[1] is None:
            unread += 1
        else:
            out.append((values[1] - values[0], (other.template, other.lang)))
    return out, unread


_ASKS = {"amount": "number", "choice": "choice", "sentiment": "text"}


def _reader(outcome: Outcome, lexicon: Lexicon) -> Callable[[str, str], float | None]:
    def amount(reply: str, lang: str) -> float | None:
        number = None if is_refusal(reply) else read_number(reply)
        return None if number is None else math.log(number)

    def choice(reply: str, lang: str) -> float | None:
        chosen = read_choice(reply)
        return None if chosen is None else float(chosen)

    def sentiment(reply: str, lang: str) -> float | None:
        if is_refusal(reply):
            return None
        return balance(reply, lexicon.praise[lang], lexicon.blame[lang])

    def refusal(reply: str, lang: str) -> float | None:
        return float(is_refusal(reply) and not is_bare_choice(reply))

    return {"amount": amount, "choice": choice, "sentiment": sentiment, "refusal": refusal}[
        outcome
    ]


def _row(
    ground: str, group: str, outcome: Outcome, differences: Sequence[_Difference], unread: int,
    rule: EvidenceRule, rng: np.random.Generator, draws: int,
) -> Row:  # fmt: skip
    row = Row(ground, group, outcome, len(differences), unread)
    if len(differences) < rule.cell_min:
        return replace(row, hidden=True)
    sums, sizes = cluster_sums([d for d, _ in differences], [c for _, c in differences])
    effect, within = mean_bounds(sums, sizes, rule.confidence)
    deviation = float(np.std(sums / sizes, ddof=1)) if len(sums) > 1 else 0.0
    least = least_mean_difference(len(sums), deviation, rule.significance, rule.power)
    shown = math.expm1 if outcome == "amount" else float
    return replace(
        row,
        effect=None if effect is None else shown(effect),
        low=None if within is None else shown(within.low),
        high=None if within is None else shown(within.high),
        p=permutation_p(sums, rng, draws),
        least=shown(least) if least else None,
    )

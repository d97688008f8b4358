"""The proof of a correction: old and new bundle on the same items, and the verdict it bears.

It refuses to know how a bundle judges and who releases it.

Rules
1. Every item is judged under both bundles, and only pairs speak.
2. The verdict is the gravest that holds. `regresses`: more of what was caught is missed, or more
   lawful text is stopped, than the pack allows. `not_enough_data`: fewer items than the pack asks
   for, bounds that do not exclude what it forbids, or too few that failed before for any fix to
   show. `not_better`: the fix does not show on what was held out. Else `better`.
3. Bounds are Clopper and Pearson's, one-sided; the fix is shown by McNemar's exact test.
4. A report says all that is needed to run it again, and gives the same bytes when it is.
   law:cn-genai-2023/art14.1
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from licet.assess.correction.items import SETS, Item, Set, digest
from licet.base.canonical import canonical_json, sha256_hex
from licet.rulebook.proceeding import ProofRules
from licet.stats.paired import Pairs, count_pairs, mcnemar
from licet.stats.share import Count, bounds

FORM = 1
Verdict = Literal["better", "regresses", "not_better", "not_enough_data"]
Stops = Callable[[Item], bool]
"""Whether a bundle stops an item: the whole text, judged as the gateway would."""


@dataclass(frozen=True, slots=True)
class Broken:
    """What a set lost: pairs that were good and are bad now, of those that were good."""

    broken: int
    of: int
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Proof:
    """What came of it. `p`: McNemar's on what was held out. `lost`: by set, see Broken.

    `changed`: ids of items that fare otherwise, by set: fixed ones, broken ones.
    """

    verdict: Verdict
    reasons: tuple[str, ...]
    before: str
    after: str
    pack: str
    items: Mapping[Set, str]
    pairs: Mapping[Set, Pairs]
    p: float
    lost: Mapping[Set, Broken]
    changed: Mapping[Set, tuple[tuple[str, ...], tuple[str, ...]]]

    @property
    def sha256(self) -> str:
        """SHA-256 over the report: what a record names."""
        return sha256_hex(canonical_json(proof_as_json(self)))


def prove(
    items: Sequence[Item],
    old: Stops,
    new: Stops,
    rules: ProofRules,
    *,
    before: str,
    after: str,
    pack: str,
) -> Proof:
    """Judge every item under both bundles, named by their digests, and say what that shows."""
    pairs: dict[Set, Pairs] = {}
    changed: dict[Set, tuple[tuple[str, ...], tuple[str, ...]]] = {}
    for name in SETS:
        ordered = sorted((item for item in items if item.set == name), key=lambda item: item.id)
        was = [old(item) == item.must_stop for item in ordered]
        now = [new(item) == item.must_stop for item in ordered]
        pairs[name] = count_pairs(was, now)
        fates = list(zip(ordered, was, now, strict=True))
        fixed = tuple(item.id for item, good, better in fates if better and not good)
        broken = tuple(item.id for item, good, better in fates if good and not better)
        changed[name] = (fixed, broken)
    lost = {name: _lost(pairs[name], rules.confidence) for name in SETS}
    p = mcnemar(pairs["held_out"])
    verdict, reasons = decide(pairs, lost, p, rules)
    frozen = {name: digest(item for item in items if item.set == name) for name in SETS}
    return Proof(verdict, reasons, before, after, pack, frozen, pairs, p, lost, changed)


def decide(
    pairs: Mapping[Set, Pairs], lost: Mapping[Set, Broken], p: float, rules: ProofRules
) -> tuple[Verdict, tuple[str, ...]]:
    """The verdict and every reason for it (rule 2): codes, with the set that they are about."""
    allowed: dict[Set, float] = {
        "regression": rules.regressions_share_max,
        "benign": rules.over_block_share_max,
    }
    worse = [f"{name}.regresses" for name, most in allowed.items() if _exceeds(lost[name], most)]
    if worse:
        return "regresses", tuple(worse)
    least: dict[Set, int] = {
        "held_out": rules.held_out_min,
        "regression": rules.regression_min,
        "benign": rules.benign_min,
    }
    lacks = [f"{name}.too_few" for name, needed in least.items() if pairs[name].total < needed]
    lacks += [f"{name}.unsure" for name, most in allowed.items() if lost[name].high > most]
    held = pairs["held_out"]
    failed_before = held.fixed + held.bad
    if _least_p(failed_before) > rules.alpha:
        lacks.append("held_out.caught_before")
    if lacks:
        return "not_enough_data", tuple(lacks)
    if held.fixed <= held.broken or p > rules.alpha:
        return "not_better", ("held_out.not_shown",)
    return "better", ()


def proof_as_json(proof: Proof) -> dict[str, Any]:
    """The report as a JSON object; `proof_sha256` of a record is over its canonical form."""
    return {
        "form": FORM,
        "verdict": proof.verdict,
        "reasons": list(proof.reasons),
        "before_sha256": proof.before,
        "candidate_sha256": proof.after,
        "pack": proof.pack,
        "p": proof.p,
        "sets": {
            name: {
                "items_sha256": proof.items[name],
                "pairs": {
                    "good": pairs.good,
                    "fixed": pairs.fixed,
                    "broken": pairs.broken,
                    "bad": pairs.bad,
                },
                "lost": {
                    "broken": proof.lost[name].broken,
                    "of": proof.lost[name].of,
                    "low": proof.lost[name].low,
                    "high": proof.lost[name].high,
                },
                "fixed": list(proof.changed[name][0]),
                "broken": list(proof.changed[name][1]),
            }
            for name, pairs in proof.pairs.items()
        },
    }


def _lost(pairs: Pairs, confidence: float) -> Broken:
    of = pairs.good + pairs.broken
    within = bounds(Count(pairs.broken, of), confidence, "one")
    return Broken(pairs.broken, of, within.low, within.high)


def _exceeds(lost: Broken, most: float) -> bool:
    """Whether what was seen is beyond what is allowed, whatever the bounds leave open."""
    return lost.of > 0 and lost.broken / lost.of > most


def _least_p(differing: int) -> float:
    """The smallest two-sided p that so many differing pairs can give."""
    return min(1.0, 2.0 * 0.5**differing)

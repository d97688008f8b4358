"""Results of all pieces to flags for each item, and to figures. Pure, but for signatures that may
lie on disk.

It refuses to know texts, and who worked the pieces off.

Rules
1. Items are in the order of the pieces; the first of copies stands.
2. Shares are judged on the technical sample alone: what rules find beyond it is told, not counted,
   for only a sample that chance drew bears an interval.
3. A source is rejected where the observed share is over the limit, which is the letter of the
   standard; the interval stands beside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from licet.corpus.scan.checks import KINDS
from licet.corpus.scan.copies import exact_copies, near_copies
from licet.corpus.scan.language import LANGUAGES
from licet.corpus.scan.model import REMOVED, Flag, having, mark
from licet.corpus.scan.results import Result
from licet.rulebook.corpus import ScanRule
from licet.stats.share import Bounds, Count, Sides, bounds, judge_share

T = TypeVar("T", bound=np.generic)
LENGTHS = 20
"""Texts are counted by length in powers of two, up to 2**19 characters and more."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """How sure a verdict must be (the pack's assessment)."""

    confidence: float
    sides: Sides


@dataclass(frozen=True, slots=True)
class SourceFigures:
    """What was found in one source. `verdict`: rejected, conforms or not_enough_data."""

    name: str
    items: int
    judged: int
    unlawful: int
    within: Bounds
    verdict: str


@dataclass(frozen=True, slots=True)
class Figures:
    """What a scan found, in numbers."""

    items: int
    characters: int
    bytes: int
    bad: int
    first_bad: tuple[str, ...]
    languages: Mapping[str, int]
    lengths: tuple[int, ...]
    personal: Mapping[str, int]
    flagged: Mapping[str, int]
    benchmarks: tuple[int, ...]
    rules: tuple[tuple[str, str, str, int], ...]
    judged: int
    unlawful_judged: int
    sources: tuple[SourceFigures, ...]
    kept: int


@dataclass(frozen=True, slots=True)
class Merged:
    """Flags and the number by chance of every item, in order; and the figures."""

    flags: NDArray[np.uint16]
    sheet: NDArray[np.uint64]
    figures: Figures


def merge(
    results: Sequence[Result], signature: NDArray[np.uint16], rule: ScanRule, evidence: Evidence,
    benchmarks: int,
) -> Merged:  # fmt: skip
    """Everything together. `signature`: those of all items, in order."""
    flags = _joined(results, "flags", np.uint16)
    exact = exact_copies(np.concatenate([r.columns.exact for r in results]))
    order = np.arange(len(flags))
    mark(flags, exact != order, Flag.EXACT_COPY)
    shingles = _joined(results, "shingles", np.int64)
    near = near_copies(signature, (exact == order) & (shingles > 0), rule.similarity)
    mark(flags, near != order, Flag.NEAR_COPY)
    names, source = _sources(results)
    judged = _joined(results, "judged", np.bool_)
    figures = _by_source(names, source, judged, flags, rule, evidence)
    rejected = [place for place, one in enumerate(figures) if one.verdict == "rejected"]
    mark(flags, np.isin(source, rejected), Flag.REJECTED)
    characters = _joined(results, "characters", np.int64)
    language = np.bincount(_joined(results, "language", np.uint8), minlength=len(LANGUAGES))
    kinds = _joined(results, "kinds", np.uint16)
    benchmark = np.bincount(_joined(results, "benchmark", np.uint8), minlength=benchmarks + 1)
    powers = np.log2(np.maximum(characters, 1)).astype(np.int64).clip(max=LENGTHS - 1)
    told = Figures(
        items=len(flags),
        characters=int(characters.sum()),
        bytes=sum(r.bytes for r in results),
        bad=sum(r.bad for r in results),
        first_bad=tuple(where for r in results for where in r.first_bad)[:10],
        languages={n: int(c) for n, c in zip(LANGUAGES, language, strict=True) if c},
        lengths=tuple(np.bincount(powers, minlength=LENGTHS).tolist()),
        personal={k: int(((kinds >> n) & 1).sum()) for n, k in enumerate(KINDS)},
        flagged={str(f.name).lower(): int(having(flags, f).sum()) for f in Flag},
        benchmarks=tuple(benchmark[1:].tolist()),
        rules=_rules(results),
        judged=int(judged.sum()),
        unlawful_judged=int((judged & having(flags, Flag.UNLAWFUL)).sum()),
        sources=figures,
        kept=int((~having(flags, REMOVED)).sum()),
    )
    return Merged(flags, _joined(results, "sheet", np.uint64), told)


def _joined(results: Sequence[Result], name: str, kind: type[T]) -> NDArray[T]:
    parts: list[NDArray[T]] = [getattr(result.columns, name) for result in results]
    return np.concatenate(parts).astype(kind)


def _sources(results: Sequence[Result]) -> tuple[list[str], NDArray[np.int64]]:
    """The names of all sources, sorted, and the place of each item's among them."""
    names = sorted({name for result in results for name in result.sources})
    place = {name: number for number, name in enumerate(names)}
    parts = [
        np.array([place[name] for name in result.sources] or [0], dtype=np.int64)[result.source]
        for result in results
    ]
    return names, np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


def _by_source(
    names: Sequence[str], source: NDArray[np.int64], judged: NDArray[np.bool_],
    flags: NDArray[np.uint16], rule: ScanRule, evidence: Evidence,
) -> tuple[SourceFigures, ...]:  # fmt: skip
    unlawful = judged & having(flags, Flag.UNLAWFUL)
    items = np.bincount(source, minlength=len(names))
    seen = np.bincount(source[judged], minlength=len(names))
    bad = np.bincount(source[unlawful], minlength=len(names))
    out = []
    for place, name in enumerate(names):
        count = Count(int(bad[place]), int(seen[place]))
        within = bounds(count, evidence.confidence, evidence.sides)
        verdict = judge_share(count.share, within, rule.reject_share, "at_most")
        if count.share is not None and count.share > rule.reject_share:
            verdict_word = "rejected"
        else:
            verdict_word = "conforms" if verdict == "conforms" else "not_enough_data"
        out.append(
            SourceFigures(name, int(items[place]), count.of, count.hits, within, verdict_word)
        )
    return tuple(out)


def _rules(results: Sequence[Result]) -> tuple[tuple[str, str, str, int], ...]:
    """(rule, category, action, items), the most frequent first."""
    counted = Counter(
        (hit.rule, hit.category, hit.action) for r in results for hit in r.columns.hits
    )
    ranked = sorted(counted.items(), key=lambda row: (-row[1], row[0]))
    return tuple((*key, count) for key, count in ranked)

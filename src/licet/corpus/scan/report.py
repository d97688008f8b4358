"""The document of a scan: everything that was found and decided, as one JSON value.

It refuses to know files and when it is made: the moment stands in the signature.

Rules
1. The same scan gives the same document, byte for byte (RFC 8785).
2. A clause whose evidence is missing is said to be without enough data, never left out.
3. Texts stand here only where somebody asked for examples.
"""

from __future__ import annotations

from typing import Any

from licet.corpus.scan.merge import SourceFigures
from licet.corpus.scan.run import Scanned
from licet.rulebook.assessment import Measure
from licet.rulebook.model import Pack
from licet.stats.share import Count, bounds, judge_share

Document = dict[str, Any]
NOBODY = Count(0, 0)
"""Nobody has labelled anything."""


def make_document(
    scanned: Scanned, pack: Pack, *, bundle: str, manual: Count = NOBODY,
    examples: list[dict[str, object]] | None = None, version: str = "",
) -> Document:  # fmt: skip
    """The document. `bundle`: the digest of the guard's; `version`: of the data set, where it is
    one that was published; `manual`: acceptable items of those that people labelled."""
    figures, job, rules = scanned.merged.figures, scanned.job, pack.corpus
    rule = job.rule
    return {
        "form": 1,
        "pack": {"id": pack.id, "version": pack.version, "sha256": pack.digest},
        "standard": {"name": rules.standard, "clauses_of": rules.clauses_of},
        "bundle": bundle,
        "version": version,
        "input": {
            "sha256": scanned.input_sha256,
            "files": len({piece.name for piece in job.pieces}),
            "items": figures.items,
            "bytes": figures.bytes,
            "characters": figures.characters,
            "bad": figures.bad,
            "first_bad": list(figures.first_bad),
        },
        "settings": {
            "sample_share": job.sample_share,
            "seed": job.seed,
            "text_field": job.fields.text,
            "similarity": rule.similarity,
            "gram_characters": rule.gram_characters,
            "characters_min": rule.characters_min,
            "symbol_share_max": rule.symbol_share_max,
            "repeat_share_max": rule.repeat_share_max,
        },
        "languages": dict(figures.languages),
        "lengths": list(figures.lengths),
        "personal": {kind: count for kind, count in figures.personal.items() if count},
        "flagged": dict(figures.flagged),
        "benchmarks": [
            {"name": name, "items": count}
            for name, count in zip(scanned.benchmark_names, figures.benchmarks, strict=True)
        ],
        "rules": [
            {"rule": r, "category": c, "action": a, "items": n} for r, c, a, n in figures.rules
        ],
        "clauses": [
            _technical(scanned, pack.assessment.measures[rule.technical], pack),
            _manual(scanned, pack.assessment.measures[rule.manual], pack, manual),
        ],
        "sources": [_source(one) for one in figures.sources],
        "reject_share": rule.reject_share,
        "confidence": pack.assessment.evidence.confidence,
        "kept": figures.kept,
        "examples": examples or [],
    }


def stands_against(document: Document) -> bool:
    """Whether anything stands against using the input as it is: a clause is not met, or a source
    is rejected."""
    return any(one["verdict"] == "does_not" for one in document["clauses"]) or any(
        one["verdict"] == "rejected" for one in document["sources"]
    )


def _technical(scanned: Scanned, measure: Measure, pack: Pack) -> Document:
    figures = scanned.merged.figures
    count = Count(figures.judged - figures.unlawful_judged, figures.judged)
    needed = int((measure.sample_share or 0) * figures.items)
    # A sample drawn by chance has about the share that was asked for, not exactly so many.
    enough = scanned.job.sample_share >= (measure.sample_share or 0)
    return _clause(measure, count, needed, enough, pack)


def _manual(scanned: Scanned, measure: Measure, pack: Pack, count: Count) -> Document:
    needed = min(measure.sample or 0, scanned.merged.figures.items)
    return _clause(measure, count, needed, count.of >= needed, pack)


def _clause(measure: Measure, count: Count, needed: int, enough: bool, pack: Pack) -> Document:
    rule = pack.assessment.evidence
    within = bounds(count, rule.confidence, rule.sides)
    verdict = judge_share(count.share, within, measure.share, measure.bound)
    if verdict == "conforms" and not enough:
        verdict = "not_enough_data"
    return {
        "id": measure.id,
        "clause": measure.clause,
        "name": dict(measure.name),
        "limit": measure.share,
        "hits": count.hits,
        "of": count.of,
        "needed": needed,
        "low": round(within.low, 6),
        "high": round(within.high, 6),
        "verdict": verdict,
    }


def _source(one: SourceFigures) -> Document:
    return {
        "name": one.name,
        "items": one.items,
        "judged": one.judged,
        "unlawful": one.unlawful,
        "low": round(one.within.low, 6),
        "high": round(one.within.high, 6),
        "verdict": one.verdict,
    }

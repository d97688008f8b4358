"""The report of a scan, as a data set's page shows it.

It refuses to know how anything is checked, and needs none of the scan's libraries.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from licet.corpus.scan.report_words import FLAGS, KINDS, LANGUAGE_NAMES, VERDICTS
from licet.portal.corpus.reading import Bar, bars

TONES = {"conforms": "good", "does_not": "bad", "rejected": "bad", "not_enough_data": "wait"}


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause or source, its figures and verdict."""

    name: Mapping[str, str] | str
    clause: str
    hits: int
    of: int
    low: float
    high: float
    verdict: Mapping[str, str]
    tone: str


@dataclass(frozen=True, slots=True)
class Checks:
    """What was found, ready for a page."""

    items: int
    kept: int
    clauses: tuple[Clause, ...]
    sources: tuple[Clause, ...]
    flagged: tuple[Bar, ...]
    personal: tuple[Bar, ...]
    languages: tuple[Bar, ...]
    lengths: tuple[Bar, ...]


def read_checks(data: bytes, human: Clause | None = None, manual: str = "") -> Checks:
    """The checks in the canonical document of a scan. `human` takes the place of the clause
    `manual`, where people looked at a sample since."""
    said: dict[str, Any] = msgspec.json.decode(data)
    lengths = said["lengths"]
    used = [place for place, count in enumerate(lengths) if count] or [0]
    span = range(used[0], used[-1] + 1)
    return Checks(
        items=said["input"]["items"],
        kept=said["kept"],
        clauses=tuple(
            human if human and one["id"] == manual else _clause(one, one["name"], one["clause"])
            for one in said["clauses"]
        ),
        sources=tuple(
            _clause(one | {"hits": one["unlawful"], "of": one["judged"]}, one["name"], "")
            for one in said["sources"]
        ),
        flagged=bars([(FLAGS[k], c) for k, c in said["flagged"].items() if c]),
        personal=bars([(KINDS[k], c) for k, c in said["personal"].items()]),
        languages=bars([(LANGUAGE_NAMES[k], c) for k, c in said["languages"].items()]),
        lengths=bars([(f"{1 << n:,}–{(2 << n) - 1:,}", lengths[n]) for n in span]),
    )


def _clause(one: Mapping[str, Any], name: Mapping[str, str] | str, clause: str) -> Clause:
    verdict = one["verdict"]
    return Clause(
        name, clause, one["hits"], one["of"], 100 * one["low"], 100 * one["high"],
        VERDICTS[verdict], TONES[verdict],
    )  # fmt: skip

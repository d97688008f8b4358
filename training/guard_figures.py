"""Figures of a guard: what it said of texts whose truth is known, as numbers that JSON can hold.

It refuses to know guards, files and tables: what was said comes in, lists of plain rows go out.

Detection is what the product does: a text is *stopped* where the verdict is `halt`, *noted* where
it is `flag` or `halt`. Ranking is by the score that `licet check` prints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from budget import set_name
from corpus import Row
from measure import auprc, calibration_error, f1, recall_at, share_interval

from licet.guard.verdict import Verdict

LAWFUL_FOR_A_THOUSANDTH = 1000
"""With fewer lawful texts, recall at 0.1 % false positives says nothing."""
BINS = 10
Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Said:
    """A row, and the verdict on it."""

    row: Row
    verdict: Verdict

    @property
    def harmful(self) -> bool:
        return self.row.harmful or self.row.injection

    @property
    def stopped(self) -> bool:
        return self.verdict.action == "halt"

    @property
    def noted(self) -> bool:
        return self.verdict.action != "pass"


def _share(found: Iterable[bool]) -> float:
    seen = list(found)
    return round(sum(seen) / len(seen), 4) if seen else 0.0


def grouped(said: Sequence[Said], key: Callable[[Said], str]) -> dict[str, list[Said]]:
    """The rows of each key, keys in order."""
    out: dict[str, list[Said]] = {}
    for each in said:
        out.setdefault(key(each), []).append(each)
    return dict(sorted(out.items()))


def ranking(said: Sequence[Said], key: Callable[[Said], str]) -> list[Record]:
    """For each group with texts of both sides: how well it tells them apart."""
    out = []
    for name, rows in grouped(said, key).items():
        truth = np.array([each.harmful for each in rows])
        if truth.all() or not truth.any():
            continue
        score = np.array([each.verdict.score for each in rows])
        harmful = float(truth.mean())
        enough = int((~truth).sum()) >= LAWFUL_FOR_A_THOUSANDTH
        out.append({
            "group": name, "texts": len(rows), "harmful": round(harmful, 4),
            "f1_noted": round(f1(np.array([each.noted for each in rows]), truth), 4),
            "f1_stopped": round(f1(np.array([each.stopped for each in rows]), truth), 4),
            "f1_of_flagging_all": round(2 * harmful / (1 + harmful), 4),
            "auprc": round(auprc(score, truth), 4),
            "recall_at_1": round(recall_at(score, truth, 0.01), 4),
            "recall_at_01": round(recall_at(score, truth, 0.001), 4) if enough else None,
            "recall_stopped": _share(each.stopped for each in rows if each.harmful),
            "false_stops": _share(each.stopped for each in rows if not each.harmful),
            "calibration_error": round(calibration_error(score, truth), 4),
        })  # fmt: skip
    return out


def by_category(said: Sequence[Said]) -> list[Record]:
    """For each category that a source names: its harmful rows against all lawful ones."""
    lawful = [each for each in said if not each.harmful]
    out = []
    harmful = [each for each in said if each.harmful]
    for name, rows in grouped(harmful, lambda each: each.row.category or "none given").items():
        both = rows + lawful
        truth = np.array([True] * len(rows) + [False] * len(lawful))
        score = np.array([each.verdict.score for each in both])
        own = np.array([each.verdict.categories.get(name, 0.0) for each in both])
        out.append({
            "category": name, "texts": len(rows), "of_all": round(float(truth.mean()), 5),
            "auprc_own": None if name == "none given" else round(auprc(own, truth), 4),
            "recall_at_1": round(recall_at(score, truth, 0.01), 4),
            "recall_at_01": round(recall_at(score, truth, 0.001), 4),
            "noted": _share(each.noted for each in rows),
            "stopped": _share(each.stopped for each in rows),
        })  # fmt: skip
    return out


def false_stops(said: Sequence[Said]) -> list[Record]:
    """For each lawful set: shares stopped and noted, the first with its exact interval."""
    out = []
    lawful = [each for each in said if not each.harmful and is_lawful_set(each.row)]
    for name, rows in grouped(lawful, lambda each: set_name(each.row)).items():
        stopped = sum(each.stopped for each in rows)
        low, high = share_interval(stopped, len(rows))
        out.append({
            "set": name, "texts": len(rows), "stopped": round(stopped / len(rows), 5),
            "low": round(low, 5), "high": round(high, 5),
            "noted": _share(each.noted for each in rows),
        })  # fmt: skip
    return out


LABELLED_SETS = frozenset({
    "cold", "swsr", "davidson", "decodingtrust-toxicity", "diasafety", "jade-v3", "cvalues",
    "own-functional", "own-late",
})  # fmt: skip
"""Sets whose harmless rows come from the threads and templates of the harmful ones: they measure
telling apart, and are no lawful traffic."""


def is_lawful_set(row: Row) -> bool:
    """Whether a lawful row belongs to a set of lawful text, whose false stops are bounded."""
    return row.source not in LABELLED_SETS


def kept_under(plain: Sequence[Said], changed: dict[str, Sequence[Said]]) -> list[Record]:
    """For each language and way of writing: what is still noted of harm, and is newly of the
    lawful. `changed` holds, under each way, the same rows in the same order as `plain`."""
    out = []
    for lang in ("en", "zh"):
        for name, after in changed.items():
            pairs = [(a, b) for a, b in zip(plain, after, strict=True) if a.row.lang == lang]
            harm = [(a, b) for a, b in pairs if a.harmful]
            calm = [(a, b) for a, b in pairs if not a.harmful]
            before, now = _share(a.noted for a, _ in harm), _share(b.noted for _, b in harm)
            out.append({
                "lang": lang, "way": name, "texts": len(harm), "before": before, "after": now,
                "kept": round(now / before, 4) if before else None,
                "lawful": len(calm), "lawful_before": _share(a.noted for a, _ in calm),
                "lawful_after": _share(b.noted for _, b in calm),
            })  # fmt: skip
    return out


def reliability(said: Sequence[Said], key: Callable[[Said], str]) -> list[Record]:
    """For each group and tenth of scores: how many texts, their mean score, the share harmful."""
    out = []
    for name, rows in grouped(said, key).items():
        score = np.array([each.verdict.score for each in rows])
        truth = np.array([each.harmful for each in rows])
        place = np.minimum((score * BINS).astype(int), BINS - 1)
        for number in range(BINS):
            mine = place == number
            if mine.any():
                out.append({
                    "group": name, "bin": number, "texts": int(mine.sum()),
                    "score": round(float(score[mine].mean()), 4),
                    "harmful": round(float(truth[mine].mean()), 4),
                })  # fmt: skip
    return out

"""The encoder's rows: what it reads in training, in which share, and what is known of each.

It refuses to know networks. Which rows may teach is `corpus`'s word; here the turn before comes
with them, and each source gets its share.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import corpus
import functional as templates
import near
import numpy as np
from corpus import Row

JOINED_PER_LANGUAGE = 1200
EMBEDDED_PER_LANGUAGE = 1500
LENGTH = 150
Say = Callable[[str], None]

SHARES = {
    # Times that a row is read in one pass; what is not named is read once.
    "cold": 1.0,
    "diasafety": 0.8,
    "davidson": 2.0,
    "winobias": 0.3,
    "bbq": 0.3,
    "cbbq": 0.4,
    "cmrc2018": 0.5,
    "own-patterns": 0.35,
    "own-functional": 1.5,
    "own-late": 4.0,
    "own-more": 1.5,
    "own-further": 0.7,
    "own-answers": 5.0,
    "own-literal": 5.0,
    "own-lawful": 6.0,
    "own-harmful": 6.0,
    "own-replies": 6.0,
    "jade": 1.5,
    "clcc": 1.5,
    "truthfulqa": 1.5,
    "dolly": 3.0,
    "swsr": 1.3,
    "decodingtrust-toxicity": 2.0,
    "mmlu-medicine": 1.5,
    "chinese-safetyqa": 1.5,
    "advbench": 1.5,
    "harmbench-adv-training": 4.0,
    "embedded": 0.7,
}
PARTS = {"own-functional": 0.5, "own-late": 0.5}
"""Of their shares, in the pass after the last: they have been read often by then."""
DOUBTS = {
    # How often a label of the source may be wrong: half of it is given to either side.
    "cold": 0.16,
    "swsr": 0.12,
    "diasafety": 0.2,
    "davidson": 0.1,
    "decodingtrust-toxicity": 0.2,
    "ailuminate-en": 0.16,
    "ailuminate-zh": 0.16,
    "jade": 0.1,
    "cvalues": 0.1,
}
DOUBT = 0.04


@dataclass(frozen=True, slots=True)
class Example:
    """One text with its target. `context` is the turn before, or empty; `part` is that of its
    source's share which is left to it."""

    row: Row
    context: str
    part: float = 1.0

    @property
    def target(self) -> float:
        doubt = DOUBTS.get(self.row.source, DOUBT) / 2
        return 1.0 - doubt if self.row.harmful else doubt

    @property
    def share(self) -> float:
        return self.part * SHARES.get(self.row.source, 1.0)


def contextual(data: Path, part: str, *, only_licensed: bool) -> list[Example]:
    """Rows of text/<part>.jsonl.gz with the turn before them, without mere swearing; in train
    without doubted labels."""
    left_out = corpus.doubts() if part == "train" else frozenset()
    return [
        Example(corpus.row_of(raw), str(raw.get("context") or ""))
        for raw in corpus.read_jsonl(data / "text" / f"{part}.jsonl.gz")
        if (raw["train_ok"] or not only_licensed)
        and not (raw["set"] == "davidson" and raw["source_label"] == "offensive")
        and raw["id"] not in left_out
    ]


def functional(part: str) -> list[Example]:
    """Our own templates' texts with the turn before them."""
    before = {(made.text, made.role): made.context or "" for made in templates.ours()}
    return [Example(row, before.get((row.text, row.role), "")) for row in corpus.functional(part)]


def _bare(rows: list[Row]) -> list[Example]:
    return [Example(row, "") for row in rows]


def teaching(data: Path, say: Say, seed: int) -> list[Example]:
    """Every example that teaches, in an order that is always the same."""
    rng = np.random.default_rng(seed)
    mine = _bare(corpus.own("train"))
    mine += _bare(corpus.patterns()) + functional("train")
    mine = original(data, mine, say)
    public = contextual(data, "train", only_licensed=True)
    calm = _bare(corpus.benign(data, "train", only_licensed=True) + corpus.fairness(data))
    attacks = _bare(corpus.injections(data, "train"))
    rows = [each.row for each in calm + mine if not each.context]
    bad = [each.row for each in public if each.row.harmful and not each.context]
    joined = corpus.joined(rows, JOINED_PER_LANGUAGE, LENGTH, rng)
    embedded = corpus.embedded(rows + bad, EMBEDDED_PER_LANGUAGE, LENGTH, rng)
    return public + calm + attacks + mine + _bare(joined) + _bare(embedded)


def lately(data: Path, say: Say) -> list[Example]:
    """What the last pass reads beside the examples of the first ones."""
    return original(data, _bare(corpus.late("train")), say)


def further(data: Path, known: list[Example], say: Say) -> list[Example]:
    """What the pass after the last reads: what is known, of our own templates a part; and texts of
    ours that only teach, but those near one that measures, for their writer had read these."""
    held = near.Rows(corpus.functional("dev") + corpus.late("dev"))
    rows = _bare(corpus.more() + corpus.further())
    kept = [each for each in rows if not held.repeats(each.row.text)]
    say(f"{len(rows) - len(kept)} of {len(rows)} rows are near ones that measure")
    parts = [replace(each, part=PARTS.get(each.row.source, 1.0)) for each in known]
    return parts + original(data, kept, say)


def original(data: Path, mine: list[Example], say: Say) -> list[Example]:
    """Our own examples without those that repeat a row that measures or may not teach."""
    others = corpus.labelled(data, "dev", only_licensed=False)
    others += corpus.benign(data, "dev", only_licensed=False)
    licensed = {row.text for row in corpus.benign(data, "train", only_licensed=True)}
    others += [
        row
        for row in corpus.benign(data, "train", only_licensed=False)
        if row.text not in licensed
    ]
    forbidden = near.Rows(
        others + [row for row in corpus.own("dev") if row.source == "own-lawful"]
    )
    kept = [each for each in mine if not forbidden.repeats(each.row.text)]
    say(f"{len(mine) - len(kept)} of {len(mine)} own rows repeat others and are left out")
    return kept


def apart() -> list[Example]:
    """Texts of ours that only measure the encoder: calibration and thresholds know none."""
    return _bare(corpus.apart())


def measuring(data: Path) -> list[Example]:
    """Every example that measures."""
    found = contextual(data, "dev", only_licensed=False)
    found += _bare(corpus.benign(data, "dev", only_licensed=False))
    found += _bare(corpus.own("dev"))
    return (
        found
        + functional("dev")
        + _bare(corpus.late("dev"))
        + _bare(corpus.injections(data, "dev"))
    )

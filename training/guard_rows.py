"""The texts that measure the guard, and where they lie.

It refuses to know guards. What may measure is `encoder_rows`'s word; here it is bounded, the same
rows each time, and texts are put into streams.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import encoder_rows
import numpy as np
import perturb
from corpus import read_jsonl
from encoder_rows import Example

_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"
STREAM_SETS = ("belle-eval", "alpaca-eval", "dolly")
PERTURBED_EACH = 400
"""Harmful texts, and lawful ones, of a language that are written in every way."""
LEAD_CHARACTERS = 300


class NoData(Exception):
    """There is nothing to measure on. The message says where it was looked for."""


def data_folder(given: Path | None) -> Path:
    """The folder of data sets: the one given, $LICET_DATA, or the one beside the checkout."""
    folder = given or Path(os.environ.get("LICET_DATA") or _BESIDE)
    if not (folder / "text" / "dev.jsonl.gz").is_file():
        raise NoData(
            f"no data sets in {folder}. Set LICET_DATA to (or give --data with) the folder that "
            "holds text/dev.jsonl.gz; its form is in training/README.md."
        )
    return folder


def measuring(data: Path, most: int | None, seed: int) -> list[Example]:
    """The examples that measure: at most `most` of each set, language, role and side."""
    kinds: dict[tuple[object, ...], list[Example]] = {}
    for each in encoder_rows.measuring(data):
        row = each.row
        side = row.harmful or row.injection
        kinds.setdefault((row.source, row.lang, row.role, side), []).append(each)
    rng = np.random.default_rng(seed)
    out = []
    for found in kinds.values():
        if most is None or len(found) <= most:
            out += found
        else:
            out += [found[i] for i in sorted(rng.choice(len(found), most, replace=False))]
    return out


def to_perturb(examples: Sequence[Example], seed: int) -> list[Example]:
    """Of each language, PERTURBED_EACH harmful comments and replies, and as many lawful ones."""
    rng = np.random.default_rng(seed)
    out = []
    for lang in ("en", "zh"):
        mine = [each for each in examples if each.row.lang == lang and len(each.row.text) < 400]
        harmful = [e for e in mine if e.row.harmful and e.row.role != "reply"]
        lawful = [e for e in mine if not e.row.harmful and not e.row.injection]
        for pool in (harmful, lawful):
            count = min(PERTURBED_EACH, len(pool))
            out += [pool[i] for i in sorted(rng.choice(len(pool), count, replace=False))]
    return out


def perturbed(examples: Sequence[Example], name: str, way: tuple[perturb.Way, perturb.Way],
              seed: int) -> list[Example]:  # fmt: skip
    """The same examples, written in one way."""
    rng = np.random.default_rng(seed)
    return [
        replace(each, row=replace(each.row, text=perturb.perturbed(each.row.text, name, way, rng)))
        for each in examples
    ]


@dataclass(frozen=True, slots=True)
class Stream:
    """A reply as a model might give it: lawful, harmful from `start` to `end`, lawful again."""

    lang: str
    text: str
    start: int
    end: int


def answers(data: Path, most: int) -> list[tuple[str, str]]:
    """(language, text) of lawful answers, the first `most` of each set."""
    out = []
    for name in STREAM_SETS:
        rows = list(read_jsonl(data / "streams" / f"{name}.jsonl.gz"))
        step = max(1, len(rows) // most)
        out += [(str(row["lang"]), str(row["answer"])) for row in rows[::step][:most]]
    return out


def streams(data: Path, examples: Sequence[Example], most: int, seed: int) -> list[Stream]:
    """`most` harmful comments and replies of each language, each inside a lawful answer."""
    rng = np.random.default_rng(seed)
    out = []
    calm = answers(data, 200)
    for lang in ("en", "zh"):
        around = [text for said, text in calm if said == lang and len(text) > 2 * LEAD_CHARACTERS]
        bad = [e for e in examples if e.row.lang == lang and e.row.harmful]
        bad = [e for e in bad if e.row.role != "prompt" and 20 < len(e.row.text) < 400]
        for i in rng.choice(len(bad), min(most, len(bad)), replace=False):
            lead = around[int(rng.integers(len(around)))]
            first, last = lead[:LEAD_CHARACTERS] + "\n", "\n" + lead[LEAD_CHARACTERS:]
            text = bad[int(i)].row.text
            end = len(first) + len(text)
            out.append(Stream(lang, first + text + last, len(first), end))
    return out

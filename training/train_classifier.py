"""Training: from labelled text to the one file that ships, the same bytes each time.

    python training/train_classifier.py --data DIR --out FILE [--seed 7]

It refuses to know thresholds: they are read off by eval_classifier.py and written into the
rulebook by a person.

Steps
1. Windows of lawful and harmful text, with lawful text joined and harmful text embedded.
2. The harm table; then again, with only the worst window of each long harmful text.
3. The injection table and one head for each category.
4. Whole numbers; calibration on dev text through the very code that serves.
5. The screen, which learns from what the full model says, and its limit.
"""

from __future__ import annotations

import os

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")

import argparse
import hashlib
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import budget
import corpus
import fit
import msgspec
import near
import numpy as np
from corpus import CATEGORIES, Row
from numpy.typing import NDArray
from scipy import sparse, special

from licet.guard.classifier import Classifier
from licet.guard.classifier.features import BITS, SLAB_CHARACTERS, distinct, features
from licet.guard.classifier.model import group_name
from licet.guard.classifier.packing import GROUPS, HEAD_BITS, READER, Group, Header, Line, pack
from licet.guard.classifier.screen import SCREEN_BITS, buckets, encoded
from licet.guard.fold import fold

WINDOW_CHARACTERS = (48, 112, 256)
WINDOWS_PER_ROW_MAX = 6
"""Of each width."""
PENALTY_HARM = 2.0
PENALTY_HEADS = 0.5
PENALTY_SCREEN = 8.0
RARITY_POWER = 0.5
SCREEN_KEEPS = {
    "else": (0.985, 0.93),
    # These are measured by comments, had a model said them: too unlike replies to be worth a
    # second look at half of all lawful ones.
    "reply.latin": (0.90, 0.80),
}
"""Shares of what the full model would halt, and flag, that the screen must not lose, by group."""
JOINED_PER_LANGUAGE = 3000
EMBEDDED_PER_LANGUAGE = 3000
NAME = "licet-ngram-1"
WEIGHTS_BY_SOURCE = {
    # Large, noisy and alike: each row counts less, so that they do not drown the rest.
    "cold": 0.5,
    "swsr": 0.5,
    "diasafety": 0.2,
    "own-patterns": 0.2,
    "own-replies": 4.0,
    "clcc": 3.0,
    "decodingtrust-toxicity": 0.5,
    "cmrc2018": 2.0,
    "dolly": 2.0,
    "own-lawful": 4.0,
    "own-harmful": 4.0,
}


@dataclass(frozen=True, slots=True)
class Window:
    """One row's window: its buckets, and the index of the row."""

    row: int
    text: str
    buckets: NDArray[np.uint32]


def windows(rows: list[Row]) -> list[Window]:
    """Windows as the classifier reads them, at most WINDOWS_PER_ROW_MAX of a width and a row."""
    out = []
    for index, row in enumerate(rows):
        folded = fold(row.text)[:SLAB_CHARACTERS]
        slab = features(folded)
        columns = slab.grams.shape[1]
        for start, end in _places(columns):
            text = folded[max(0, start - 1) : end]
            out.append(Window(index, text, distinct(slab.window(start, end))))
    return out


def _places(columns: int) -> list[tuple[int, int]]:
    """Columns [start, end) of the windows of a text: the whole where it is short enough."""
    places = []
    for width in WINDOW_CHARACTERS:
        if columns > width + 1:
            starts = range(0, columns - width // 2, width if width < 256 else width // 2)
            places += [(start, min(columns, start + width)) for start in starts][
                :WINDOWS_PER_ROW_MAX
            ]
    return places if columns > WINDOW_CHARACTERS[-1] + 1 else [(0, columns), *places]


class Learner:
    """The training windows and what they should say."""

    def __init__(self, rows: list[Row], say: fit.Progress) -> None:
        self.rows = rows
        self.say = say
        self.windows = windows(rows)
        self.of = np.array([w.row for w in self.windows])
        share = 1.0 / np.bincount(self.of)[self.of]
        self.harmful = np.array([rows[i].harmful for i in self.of], dtype=float)
        self.injection = np.array([rows[i].injection for i in self.of], dtype=float)
        source = np.array([WEIGHTS_BY_SOURCE.get(rows[i].source, 1.0) for i in self.of])
        own = np.array([rows[i].weight for i in self.of])
        bad = (self.harmful + self.injection) > 0
        # Every window of a lawful text is lawful; of a harmful one, some are.
        self.weight = source * own * np.where(bad, share, np.maximum(share, 0.5))
        counts = fit.matrix([w.buckets for w in self.windows], 1 << BITS)
        self.rarity = fit.rarity(counts, RARITY_POWER)
        x = sparse.csr_matrix(counts @ sparse.diags(self.rarity.astype(np.float32)))
        self.design = fit.Design(x)
        say(f"{len(rows)} rows, {len(self.windows)} windows, {x.nnz} entries")

    def harm_table(self) -> tuple[fit.Floats, float]:
        """Two rounds: the second believes only the worst window of a harmful text."""
        first, offset = fit.logistic(self.design, self.harmful, self.weight, PENALTY_HARM, 60)
        score = self.design.x @ first + offset
        worst = np.full(len(self.rows), -np.inf)
        np.maximum.at(worst, self.of, score)
        count = np.bincount(self.of)[self.of]
        kept = (self.harmful == 0) | (score == worst[self.of])
        self.weight = self.weight * kept * np.where(self.harmful > 0, count, 1)
        table, offset = fit.logistic(self.design, self.harmful, self.weight, PENALTY_HARM, 120)
        return table * self.rarity, offset

    def injection_table(self) -> tuple[fit.Floats, float]:
        weight = self.weight * np.where(self.injection > 0, 5.0, 1.0)
        table, offset = fit.logistic(self.design, self.injection, weight, PENALTY_HARM, 60)
        return table * self.rarity, offset

    def heads(self) -> tuple[NDArray[np.int8], tuple[Line, ...]]:
        """Shape (2^HEAD_BITS, categories): each category against all whose category is known."""
        shared = [distinct(w.buckets >> np.uint32(BITS - HEAD_BITS)) for w in self.windows]
        counts = fit.matrix(shared, 1 << HEAD_BITS)
        rarity = fit.rarity(counts, RARITY_POWER)
        design = fit.Design(sparse.csr_matrix(counts @ sparse.diags(rarity.astype(np.float32))))
        out = np.zeros((1 << HEAD_BITS, len(CATEGORIES)), dtype="i1")
        lines = []
        named = [self.rows[i].category for i in self.of]
        for column, category in enumerate(CATEGORIES):
            target = np.array([name == category for name in named], dtype=float)
            weight = self.weight * self._known(named, category)
            bad = float(weight @ target)
            # A thin category is heard too, but not twenty times over.
            weight *= np.where(target > 0, min(20.0, max(1.0, 1500.0 / max(1.0, bad))), 1.0)
            table, offset = fit.logistic(design, target, weight, PENALTY_HEADS, 40)
            out[:, column], scale = fit.quantise(table * rarity, 127, 0.9995, "i1")
            lines.append(Line(scale, 1.0, offset))
            self.say(f"head {category}: {bad:.0f}")
        return out, tuple(lines)

    def _known(self, named: list[str | None], category: str) -> NDArray[np.bool_]:
        """Whether a window can teach this head: hate and discrimination.* may be one another."""
        family = _family(category)
        return np.array(
            [
                harmful == 0 or name == category or (name is not None and _family(name) != family)
                for harmful, name in zip(self.harmful, named, strict=True)
            ]
        ) | np.array([name is not None and "." in name and "." in category for name in named])


def _family(category: str) -> str:
    return "hate" if category.startswith("discrimination.") else category


def screen_table(learner: Learner, classifier: Classifier, flag: float) -> NDArray[np.int8]:
    """Weights that foretell on which side of the flag threshold the full model puts a window."""
    said = []
    for window in learner.windows:
        role = learner.rows[window.row].role
        harm, attack = classifier.strengths(window.text, role)
        said.append(max(harm, attack) if role == "prompt" else harm)
    target = special.expit(np.array(said) - special.logit(flag))
    reads = [buckets(encoded(w.text)).astype(np.uint32) for w in learner.windows]
    counts = fit.matrix(reads, 1 << SCREEN_BITS)
    rarity = fit.rarity(counts, RARITY_POWER)
    design = fit.Design(sparse.csr_matrix(counts @ sparse.diags(rarity.astype(np.float32))))
    table, _ = fit.logistic(design, target, np.ones(len(said)), PENALTY_SCREEN, 60)
    return fit.quantise(table * rarity, 127, 0.9995, "i1")[0]


def screened(classifier: Classifier, rows: list[Row], steps: fit.Floats) -> Header:
    """The header with, for each group, the highest screen limit that loses few enough texts.

    `steps` is what the full model does with each row: 2 it halts, 1 it flags, 0 it lets pass.
    """
    found = np.array([classifier.screen(row.text) for row in rows])
    names = np.array([group_name(row.role, fold(row.text)) for row in rows])
    truth = np.array([row.harmful or row.injection for row in rows])
    groups = {}
    for name, group in classifier.header.groups.items():
        these = names == name
        keeps = zip((2, 1), SCREEN_KEEPS.get(name, SCREEN_KEEPS["else"]), strict=True)
        least = [np.quantile(found[these & (steps >= step)], 1.0 - kept) for step, kept in keeps]
        limit = round(float(min(least)) - 0.01, 2)
        passed = round(float(truth[these & (found <= limit)].mean()), 6)
        groups[name] = Group(group.harm, limit, passed)
    return msgspec.structs.replace(classifier.header, groups=groups)


def _refit(line: Line, slope: float, offset: float) -> Line:
    return Line(line.scale, slope * line.slope, slope * line.offset + offset)


def measuring(data: Path) -> tuple[list[Row], list[Row]]:
    """(harmful, lawful) dev rows that calibrate. Rows that may not teach may measure."""
    bad = corpus.labelled(data, "dev", only_licensed=False) + corpus.injections(data, "dev")
    # Replies that are harmful only to their question would say that no reply can be judged. So
    # English replies are measured by English comments, had a model said them.
    bad = [row for row in bad if row.source != "diasafety"]
    bad += [replace(r, role="reply") for r in bad if (r.lang, r.role) == ("en", "comment")]
    return bad, corpus.benign(data, "dev", only_licensed=False) + corpus.own("dev")


def calibrated(classifier: Classifier, rows: list[Row]) -> Header:
    """The header with lines fitted to dev text: harm by group, injection over all prompts."""
    strengths = np.array([classifier.strengths(row.text, row.role) for row in rows])
    names = np.array([group_name(row.role, fold(row.text)) for row in rows])
    attack = np.array([row.injection for row in rows])
    harmful = np.array([row.harmful for row in rows], dtype=float)
    header = classifier.header
    groups = {}
    for name, group in header.groups.items():
        these = (names == name) & ~attack
        line = _refit(group.harm, *fit.platt(strengths[these, 0], harmful[these]))
        groups[name] = Group(line, group.screen_limit, group.screened_harm)
    these = np.char.startswith(names, "prompt")
    fitted = fit.platt(strengths[these, 1], attack[these].astype(float))
    injection = _refit(header.injection, *fitted)
    return msgspec.structs.replace(header, groups=groups, injection=injection)


def original(data: Path, own: list[Row], say: fit.Progress) -> list[Row]:
    """Our own rows without those that repeat a row that measures or that may not teach."""
    others = corpus.labelled(data, "dev", only_licensed=False)
    others += corpus.benign(data, "dev", only_licensed=False)
    licensed = {row.text for row in corpus.benign(data, "train", only_licensed=True)}
    unlicensed = corpus.benign(data, "train", only_licensed=False)
    others += [row for row in unlicensed if row.text not in licensed]
    forbidden = near.Rows(others + corpus.own("dev"))
    kept = [row for row in own if not forbidden.repeats(row.text)]
    say(f"{len(own) - len(kept)} of {len(own)} own rows repeat others and are left out")
    return kept


def train(data: Path, seed: int, say: fit.Progress) -> bytes:
    """The packed classifier. Reads `data` and our own sentences; the same bytes each time."""
    rng = np.random.default_rng(seed)
    lawful = corpus.benign(data, "train", only_licensed=True) + corpus.fairness(data)
    mine = original(data, corpus.own("train") + corpus.patterns(), say)
    lawful += [row for row in mine if not (row.harmful or row.injection)]
    rows = corpus.labelled(data, "train", only_licensed=True) + corpus.injections(data, "train")
    rows += lawful + [row for row in mine if row.harmful or row.injection]
    rows += corpus.joined(lawful, JOINED_PER_LANGUAGE, WINDOW_CHARACTERS[-1], rng)
    rows += corpus.embedded(rows, EMBEDDED_PER_LANGUAGE, WINDOW_CHARACTERS[-1], rng)
    learner = Learner(rows, say)

    tables: dict[str, NDArray[np.generic]] = {}
    harm, harm_offset = learner.harm_table()
    tables["harm"], harm_scale = fit.quantise(harm, 32_000, 1.0, "<i2")
    say("harm table done")
    injection, injection_offset = learner.injection_table()
    tables["injection"], injection_scale = fit.quantise(injection, 127, 0.9995, "i1")
    tables["heads"], lines = learner.heads()
    tables["screen"] = np.zeros(1 << SCREEN_BITS, dtype="i1")
    header = Header(
        reader=READER,
        name=NAME,
        categories=CATEGORIES,
        window_characters=WINDOW_CHARACTERS,
        groups=dict.fromkeys(GROUPS, Group(Line(harm_scale, 1.0, harm_offset), -1e9, 0.0)),
        injection=Line(injection_scale, 1.0, injection_offset),
        heads=lines,
    )
    bad, good = measuring(data)
    header = calibrated(Classifier(header, tables, ""), bad + good)
    judge = Classifier(header, tables, "").judge
    harms = np.array([judge(r.text, r.role, thorough=True).harm for r in good + bad])
    halt, flag = budget.thresholds(good, harms[: len(good)])
    say(f"thresholds of halt and flag: {halt}, {flag}")
    tables["screen"] = screen_table(learner, Classifier(header, tables, ""), flag)
    steps = (harms >= flag).astype(float) + (harms >= halt)
    header = screened(Classifier(header, tables, ""), good + bad, steps)
    say(f"groups {header.groups}")
    return pack(header, tables)


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the classifier that ships.")
    parser.add_argument("--data", type=Path, required=True, help="folder with text/, injection/")
    parser.add_argument("--out", type=Path, required=True, help="file to write")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    packed = train(given.data, given.seed, lambda line: print(line, file=sys.stderr, flush=True))
    given.out.write_bytes(packed)
    print(f"{len(packed)} bytes, sha256 {hashlib.sha256(packed).hexdigest()}")


if __name__ == "__main__":
    main()

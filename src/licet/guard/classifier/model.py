"""The classifier: text in, scores out.

It refuses to know thresholds, actions and streams; it gives scores, and the policy decides.

Rules
1. A text scores as its worst window, narrow or wide: lawful words around it hide nothing.
2. A text that the screen passes is not looked at again: its scores are one shared value.
3. No category is above `harm`, and the likeliest is equal to it: a threshold on categories is a
   threshold on harm, whatever the category's own head thinks.
4. Injection is an attack on the one who reads instructions: only prompts have it.
5. What is repeated counts once in a window: saying it again makes it no worse.
6. Equal text gives equal scores on every machine: tables are integers, sums are exact, and only
   the last step is floating point.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from licet.base.piecemeal import Piecemeal, at_once
from licet.guard.classifier.explain import Explanation, pieces_of, weigh_pieces
from licet.guard.classifier.features import (
    BITS,
    GRAMS,
    SLAB_CHARACTERS,
    WORD_GRAMS,
    Features,
    Order,
    each_once,
    features,
    ordered,
)
from licet.guard.classifier.packing import HEAD_BITS, ROLES, Group, Header, Line, unpack
from licet.guard.classifier.screen import encoded, highest, highest_piecemeal, is_han, table_of
from licet.guard.fold import fold

Role = Literal["prompt", "reply", "comment"]
INJECTION = "injection"
CANDIDATES = 2
"""Windows of a width that are weighed exactly; the others have lower running sums."""
STRIDES = 4
"""Windows of a width overlap: each begins this share of a width after the last."""

Table = NDArray[np.signedinteger[Any]]
"""Weights by bucket, shape (2^bits,), as narrow as they were packed."""

_HEAD_SHIFT = np.uint32(BITS - HEAD_BITS)
_ONES = np.ones((GRAMS + WORD_GRAMS) * (SLAB_CHARACTERS + 1), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Scores:
    """How likely a text is harmful: `harm` overall and by category, each calibrated in [0, 1].

    screened: the quick look found nothing, so `harm` is the average of such texts and the
    categories are nought. span: start and end (code points of the raw text) of the worst window,
    in proportion where folding changed the length; its last word may run on. None where screened.
    """

    harm: float
    categories: Mapping[str, float]
    screened: bool
    span: tuple[int, int] | None = None


def _sigmoid(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x)) if x > -700.0 else 0.0


def _strength(line: Line, total: int, count: int) -> float:
    """The log-odds of a window with `count` distinct features that sum to `total`."""
    return line.slope * line.scale * total / math.sqrt(count) + line.offset


def group_name(role: Role, folded: str) -> str:
    """The name of the calibration that a folded text falls under: its role and its script."""
    return f"{role}.{'han' if is_han(encoded(folded), len(folded)) else 'latin'}"


def group_of(text: str, role: Role) -> str:
    """The name of the calibration and of the thresholds that a raw text falls under."""
    return group_name(role, fold(text))


@dataclass(frozen=True, slots=True)
class _Slab:
    """Some of a folded text: the offset of its first code point, its features, those in order."""

    offset: int
    features: Features
    order: Order


@dataclass(frozen=True, slots=True)
class _Window:
    """The worst window so far, by one table: log-odds, and the columns [start, end) of a slab."""

    strength: float
    slab: _Slab
    start: int
    end: int


def _by_strength(window: _Window) -> float:
    return window.strength


class Classifier:
    """A trained classifier. Immutable; may be shared by threads."""

    __slots__ = ("_groups", "_harm", "_heads", "_injection", "_screen", "digest", "header")

    def __init__(self, header: Header, tables: Mapping[str, NDArray[Any]], digest: str) -> None:
        self.digest = digest
        """SHA-256 of the packed weights, in hexadecimal."""
        self.header = header
        # As narrow as they were packed: a judgement is a walk through memory.
        self._harm: Table = tables["harm"].copy()
        self._injection: Table = tables["injection"].copy()
        self._heads: NDArray[np.int8] = tables["heads"]
        self._screen = table_of(tables["screen"])
        nothing = dict.fromkeys(header.categories, 0.0)
        self._groups: dict[tuple[str, bool], tuple[Group, Scores]] = {}
        for role, script in product(ROLES, ("latin", "han")):
            group = header.groups[f"{role}.{script}"]
            passed = Scores(group.screened_harm, nothing, screened=True)
            self._groups[role, script == "han"] = group, passed

    @classmethod
    def from_bytes(cls, data: bytes) -> Classifier:
        """A classifier from packed weights. Raises BadInput on anything else."""
        header, tables = unpack(data)
        return cls(header, tables, hashlib.sha256(data).hexdigest())

    @property
    def categories(self) -> tuple[str, ...]:
        """The names in `Scores.categories`, in their order."""
        return self.header.categories

    @property
    def name(self) -> str:
        """What people call these weights, as in the model card."""
        return self.header.name

    def judge(self, text: str, role: Role, context: str = "", *, thorough: bool = False) -> Scores:
        """The scores of a raw text in its role.

        `context` (the turn before) is taken for the sake of callers; these weights do not use
        it. `thorough` leaves out the screen, for those who rank texts and do not only stop them.
        """
        if not thorough:
            folded = fold(text)
            data = encoded(folded)
            group, passed = self._groups[role, is_han(data, len(folded))]
            if highest(self._screen, data) <= group.screen_limit:
                return passed
            thorough = True
        return at_once(self.judge_piecemeal(text, role, context, thorough=thorough))

    def judge_piecemeal(
        self, text: str, role: Role, context: str = "", *, thorough: bool = False
    ) -> Piecemeal[Scores]:
        """As `judge`, a slab of the text at a time."""
        folded = fold(text)
        data = encoded(folded)
        group, passed = self._groups[role, is_han(data, len(folded))]
        if not thorough:
            suspicion = yield from highest_piecemeal(self._screen, data)
            if suspicion <= group.screen_limit:
                return passed
        harmful, attacking = (self._harm, group.harm), (self._injection, self.header.injection)
        by = (harmful, attacking) if role == "prompt" else (harmful,)
        worst, *attacks = yield from self._worst(folded, *by)
        named = self._named(worst)
        if attacks:
            attack = attacks[0]
            named[INJECTION] = _sigmoid(attack.strength)
            worst = max(worst, attack, key=_by_strength)
        else:
            named[INJECTION] = 0.0
        harm = _sigmoid(worst.strength)
        top = max(named, key=named.__getitem__)
        categories = {name: min(harm, score) for name, score in named.items()}
        categories[top] = harm
        return Scores(harm, categories, screened=False, span=_span(worst, text, folded))

    def explain(self, text: str, role: Role) -> Explanation:
        """Why a raw text has its score: the window that counted, and what its pieces weighed."""
        folded = fold(text)
        group = self.header.groups[group_name(role, folded)]
        table, line, injection = self._harm, group.harm, False
        attacking = self._injection, self.header.injection
        worst, attack = at_once(self._worst(folded, (table, line), attacking))
        if role == "prompt" and attack.strength > worst.strength:
            worst, (table, line), injection = attack, attacking, True
        offset, slab = worst.slab.offset, worst.slab.features
        within = folded[offset : offset + SLAB_CHARACTERS]
        count = int(np.count_nonzero(worst.slab.order.window(worst.start, worst.end)))
        unit = line.slope * line.scale / math.sqrt(count)
        pieces = weigh_pieces(
            text, within, offset, (worst.start, worst.end), pieces_of(within, slab),
            lambda bucket: unit * int(table[bucket]),
        )  # fmt: skip
        start, end = _span(worst, text, folded)
        return Explanation(
            score=_sigmoid(worst.strength), log_odds=worst.strength, offset=line.offset,
            start=start, end=end, injection=injection,
            screened=self.screen(text) <= group.screen_limit, pieces=pieces,
        )  # fmt: skip

    def strengths(self, text: str, role: Role) -> tuple[float, float]:
        """Log-odds of harm and of injection of a raw text, each of its own worst window."""
        folded = fold(text)
        group = self.header.groups[group_name(role, folded)]
        harm, attack = at_once(
            self._worst(folded, (self._harm, group.harm), (self._injection, self.header.injection))
        )
        return harm.strength, attack.strength

    def screen(self, text: str) -> float:
        """What the screen makes of a raw text; above the limit of its group it is suspicious."""
        return highest(self._screen, encoded(fold(text)))

    def _slabs(self, folded: str) -> Iterator[_Slab]:
        """The text in slabs that overlap by a window."""
        widest = max(self.header.window_characters)
        step = SLAB_CHARACTERS - widest
        last = max(1, len(folded) - widest)
        for offset in range(0, last, step):
            slab = features(folded[offset : offset + SLAB_CHARACTERS])
            yield _Slab(offset, slab, ordered(slab))

    def _worst(self, folded: str, *by: tuple[Table, Line]) -> Piecemeal[list[_Window]]:
        """By each of some tables the window with the highest log-odds, the first of equals."""
        found: list[_Window] = []
        for slab in self._slabs(folded):
            worst = [self._worst_of(slab, table, line) for table, line in by]
            pairs = zip(found or worst, worst, strict=True)
            found = [max(pair, key=_by_strength) for pair in pairs]
            yield
        return found

    def _worst_of(self, slab: _Slab, table: Table, line: Line) -> _Window:
        # Sums of whole numbers far below 2^53: exact in floating point, whatever the order.
        weights = table.take(slab.order.buckets).astype(np.float64)
        found = []
        for start, end in self._candidates(slab.features, table):
            mine = slab.order.window(start, end)
            count = int(np.count_nonzero(mine))
            found.append((_strength(line, int(np.dot(weights, mine)), count), start, end))
        strength, start, end = max(found, key=lambda each: each[0])
        return _Window(strength, slab, start, end)

    def _candidates(self, slab: Features, table: Table) -> list[tuple[int, int]]:
        """Of each width the CANDIDATES windows that look worst when repetition counts."""
        columns = slab.grams.shape[1]
        widths = [width for width in self.header.window_characters if width < columns - 1]
        found = [(0, columns)] if len(widths) < len(self.header.window_characters) else []
        if not widths:
            return found
        # Running sums, so that overlapping windows cost nothing more.
        values = np.add.reduce(table.take(slab.grams), axis=0, dtype=np.int64)
        values[slab.starts] += np.add.reduce(table.take(slab.words), axis=0, dtype=np.int64)
        sums = np.concatenate(([0], values.cumsum()))
        for width in widths:
            stride = width // STRIDES
            starts = np.arange(0, columns - width + stride, stride)
            ends = np.minimum(starts + width, columns)
            order = np.argsort(sums[starts] - sums[ends], kind="stable")[:CANDIDATES]
            found += [(int(starts[i]), int(ends[i])) for i in order]
        return found

    def _named(self, worst: _Window) -> dict[str, float]:
        """Each category's own calibrated score of the worst window."""
        order = worst.slab.order
        mine = order.buckets.compress(order.window(worst.start, worst.end))
        buckets = each_once(mine >> _HEAD_SHIFT)
        # Of 8-bit numbers: exact below 2^24, in whatever order they are added.
        found = self._heads.take(buckets, axis=0).astype(np.float32)
        totals: list[float] = np.dot(_ONES[: len(buckets)], found).tolist()
        return {
            name: _sigmoid(_strength(line, int(total), len(buckets)))
            for name, line, total in zip(
                self.header.categories, self.header.heads, totals, strict=True
            )
        }


def _span(worst: _Window, text: str, folded: str) -> tuple[int, int]:
    """The window in code points of the raw text; a column is one more than its character."""
    start = worst.slab.offset + max(0, worst.start - 1)
    end = worst.slab.offset + worst.end - 1
    if len(text) != len(folded) and folded:
        start, end = (i * len(text) // len(folded) for i in (start, end))
    return start, min(end, len(text))

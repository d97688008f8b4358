"""One batch of texts to columns of findings. Pure: the same texts give the same columns, on
every machine and in whatever order batches come.

It refuses to know files, other batches and what follows.

Rules
1. Literal rules read every text, in its letters; where they may be about one, the guard reads it
   as a gateway would. What only a whole reading finds (patterns, disguises, meaning) is looked for
   in the technical sample (law:cn-genai-2023/art7.1), which is drawn by chance from all items.
2. A draw depends on the seed and the item's place, not on its text: nobody can write around it.
3. Personal data, secrets, copies, benchmarks, language and quality are looked for in every text.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray
from rensa import RMinHash

from licet.corpus.scan.block import Block, doubled, fold_block, mixed
from licet.corpus.scan.language import classes, languages, sign_shares
from licet.corpus.scan.model import Flag, Item, mark
from licet.corpus.scan.personal import PATTERNS, SECRETS, find_personal
from licet.corpus.scan.sweep import Sweep
from licet.guard.guarding import Guard
from licet.rulebook.corpus import ScanRule

KINDS = tuple(PATTERNS)
MINHASH_SEED = 20_230_815
JUDGED_CHARACTERS_MAX = 20_000
"""Of a longer text so many characters from its beginning are judged by meaning."""
_PARTS = re.compile(r"[\n。！？!?.;；]+")
_PARTS_MIN = 6
_UINT64 = float(1 << 64)


class Hit(msgspec.Struct, frozen=True):
    """What the guard found in an item, by its place: the finding that decides."""

    place: int
    action: str
    category: str
    rule: str
    detector: str


@dataclass(frozen=True, slots=True)
class Columns:
    """Findings on n items, a row each: `exact` two halves of a digest, `signature` of near copies
    (zeros without `shingles`), `kinds` bits of KINDS, `benchmark` 0 or a place in the benchmarks
    from 1, `sheet` a number by chance, `judged` whether the guard read it by meaning."""

    characters: NDArray[np.int64]
    exact: NDArray[np.uint64]
    signature: NDArray[np.uint16]
    shingles: NDArray[np.int64]
    language: NDArray[np.uint8]
    flags: NDArray[np.uint16]
    kinds: NDArray[np.uint16]
    benchmark: NDArray[np.uint8]
    sheet: NDArray[np.uint64]
    judged: NDArray[np.bool_]
    hits: tuple[Hit, ...]


class Checker:
    """All checks, ready; made once in each process."""

    def __init__(
        self, guard: Guard, rule: ScanRule, *,
        benchmarks: Mapping[str, Sequence[str]], sample_share: float, seed: int,
    ) -> None:  # fmt: skip
        """`benchmarks`: their texts by name; `sample_share` of all items is judged by meaning."""
        self._guard = guard
        self._rule = rule
        self._sweep = Sweep(guard.lexicon.rules, guard.policy.lexical)
        self._share = np.uint64(min(sample_share * _UINT64, _UINT64 - 2048))
        self._seed = np.uint64(seed)
        self._grams, self._gram_of = _grams(benchmarks, rule.gram_characters)
        self._gram_bits = np.zeros(1 << 20, dtype=np.bool_)
        self._gram_bits[self._grams >> np.uint64(44)] = True

    def check(self, items: Sequence[Item], piece: str, first: int) -> Columns:
        """The columns of items, the first of which is number `first` of its piece."""
        texts = [item.text for item in items]
        block = fold_block(texts)
        counted = classes(texts)
        draw, sheet = self._draws(len(items), piece, first)
        judged = draw <= self._share
        hits = self._hits(texts, block, judged)
        kinds = _personal(texts)
        letters = block.letters.astype(np.uint64)
        signature, shingles = self._signatures(block, letters)
        benchmark = self._benchmarks(block, letters)
        flags = self._quality(texts, block, counted)
        mark(flags, benchmark > 0, Flag.CONTAMINATED)
        secret = np.uint16(sum(1 << KINDS.index(kind) for kind in SECRETS))
        mark(flags, (kinds & ~secret) > 0, Flag.PERSONAL)
        mark(flags, (kinds & secret) > 0, Flag.SECRET)
        for hit in hits:
            if hit.action == "halt" and hit.category not in self._rule.apart:
                mark(flags, hit.place, Flag.UNLAWFUL)
        return Columns(
            characters=np.fromiter(map(len, texts), dtype=np.int64, count=len(texts)),
            exact=_exact(texts), signature=signature, shingles=shingles,
            language=languages(texts, counted), flags=flags, kinds=kinds, benchmark=benchmark,
            sheet=sheet, judged=judged, hits=hits,
        )  # fmt: skip

    def _draws(
        self, count: int, piece: str, first: int
    ) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """Two numbers by chance for each item, by its place (rule 2)."""
        name = hashlib.blake2b(piece.encode(), digest_size=8).digest()
        base = np.uint64(int.from_bytes(name, "big"))
        places = np.arange(first, first + count, dtype=np.uint64)
        drawn = mixed(mixed(places ^ base) + self._seed)
        return drawn, mixed(drawn ^ np.uint64(0x5851F42D4C957F2D))

    def _hits(
        self, texts: Sequence[str], block: Block, judged: NDArray[np.bool_]
    ) -> tuple[Hit, ...]:
        found = []
        wanted = {*np.flatnonzero(judged).tolist(), *self._sweep.suspects(texts, block)}
        for place in sorted(wanted):
            text = texts[place][:JUDGED_CHARACTERS_MAX] if judged[place] else texts[place]
            verdict = self._guard.judge(text, "reply", by_meaning=bool(judged[place]))
            ground = verdict.ground
            if ground is not None:
                found.append(
                    Hit(place, ground.action, ground.category, ground.rule, ground.detector)
                )
        return tuple(found)

    def _signatures(
        self, block: Block, letters: NDArray[np.uint64]
    ) -> tuple[NDArray[np.uint16], NDArray[np.int64]]:
        width = self._rule.shingle_characters
        if not len(block.counts):
            return np.zeros((0, self._rule.permutations), dtype=np.uint16), block.counts
        hashes = doubled(letters, runs=width)
        counts = np.maximum(block.counts - width + 1, 0)
        starts = block.starts[:-1]
        inside = _ranges(starts, counts)
        offsets = np.concatenate(([0], np.cumsum(counts)))
        matrix = RMinHash.digest_matrix_from_flat_token_hashes(
            mixed(hashes[inside]), offsets.astype(np.uint64), self._rule.permutations, MINHASH_SEED
        )
        rows = np.array(matrix.to_rows(), dtype=np.uint64).reshape(len(counts), -1)
        signature = (rows & np.uint64(0xFFFF)).astype(np.uint16)
        signature[counts == 0] = 0
        return signature, counts

    def _benchmarks(self, block: Block, letters: NDArray[np.uint64]) -> NDArray[np.uint8]:
        out = np.zeros(len(block.counts), dtype=np.uint8)
        width = self._rule.gram_characters
        if not len(self._grams) or len(letters) < width:
            return out
        hashes = doubled(letters, runs=width)
        may = np.flatnonzero(self._gram_bits[hashes >> np.uint64(44)])
        at = np.searchsorted(self._grams, hashes[may]).clip(max=len(self._grams) - 1)
        same = self._grams[at] == hashes[may]
        may, at = may[same], at[same]
        owner = np.searchsorted(block.starts, may, side="right") - 1
        whole = may + width <= block.starts[owner + 1]
        out[owner[whole]] = self._gram_of[at[whole]]
        return out

    def _quality(
        self, texts: Sequence[str], block: Block, counted: NDArray[np.int64]
    ) -> NDArray[np.uint16]:
        flags = np.zeros(len(texts), dtype=np.uint16)
        mark(flags, block.counts < self._rule.characters_min, Flag.SHORT)
        mark(flags, sign_shares(counted) > self._rule.symbol_share_max, Flag.SYMBOLS)
        for place, text in enumerate(texts):
            if repeated_share(text) > self._rule.repeat_share_max:
                mark(flags, place, Flag.REPEATS)
        return flags


def repeated_share(text: str) -> float:
    """The share of a text's characters in lines and sentences that repeat earlier ones."""
    parts = [part for part in _PARTS.split(text) if part]
    if len(parts) < _PARTS_MIN:
        return 0.0
    distinct = set(parts)
    if len(distinct) == len(parts):
        return 0.0
    return 1 - sum(map(len, distinct)) / sum(map(len, parts))


def _exact(texts: Sequence[str]) -> NDArray[np.uint64]:
    digests = b"".join(
        hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        for text in texts
    )
    return np.frombuffer(digests, dtype=">u8").astype(np.uint64).reshape(len(texts), 2)


def _personal(texts: Sequence[str]) -> NDArray[np.uint16]:
    out = np.zeros(len(texts), dtype=np.uint16)
    for place, text in enumerate(texts):
        for span in find_personal(text):
            out[place] |= np.uint16(1 << KINDS.index(span.kind))
    return out


def _ranges(starts: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """start, start + 1 … for each start, as many as counted, one after another."""
    total = int(counts.sum())
    shift = np.repeat(starts - np.concatenate(([0], np.cumsum(counts)[:-1])), counts)
    return np.arange(total, dtype=np.int64) + shift


def _grams(
    benchmarks: Mapping[str, Sequence[str]], width: int
) -> tuple[NDArray[np.uint64], NDArray[np.uint8]]:
    """Hashes of all runs of letters in benchmarks, sorted, and which benchmark each is of."""
    hashes, owners = [], []
    for number, texts in enumerate(benchmarks.values(), 1):
        block = fold_block(texts)
        every = doubled(block.letters.astype(np.uint64), runs=width)
        counts = np.maximum(block.counts - width + 1, 0)
        kept = np.unique(every[_ranges(block.starts[:-1], counts)])
        hashes.append(kept)
        owners.append(np.full(len(kept), number, dtype=np.uint8))
    if not hashes:
        return np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.uint8)
    joined, owner = np.concatenate(hashes), np.concatenate(owners)
    order = np.argsort(joined, kind="stable")
    return joined[order], owner[order]

"""Training data to scan: lines of JSON of about so many bytes, the same for the same seed.

    half of the documents   put together from sentences of the data sets in $LICET_DATA (rows that
                            their source calls harmless; one document in a hundred: a harmful row)
    half of them            pseudo-words, and pairs of Han, as frequent as words are (Zipf)

Chinese and English in turn; lengths are log-normal around 900 characters, up to 20,000. Of a
hundred documents four hold personal data, two are copies of earlier ones and two are nearly so.
Where there are no such data sets all is made up. It refuses to know what is measured.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

KEPT = 20_000
"""So many of the newest documents may be copied."""
_ENDS = re.compile(r"(?<=[。！？!?.;；\n])\s*")
_SYLLABLES = [c + v + e for c in "bcdfghklmnprstvw" for v in "aeiou" for e in ("", "n", "r", "st")]
_COMMON = "the of and to in is that it for was with as on be by this are or an not from at have"
_VOCABULARY, _BULK = 30_000, 1 << 18
_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data"


def data_folder() -> Path | None:
    """Where the shared data sets lie: $LICET_DATA, or beside the checkout; None where nowhere."""
    folder = Path(os.environ.get("LICET_DATA") or _BESIDE)
    return folder if (folder / "text" / "benign.jsonl.gz").is_file() else None


def documents(seed: int = 5) -> Iterator[dict[str, str]]:
    """Documents without end: `text` and `source`."""
    rng, folder = random.Random(seed), data_folder()
    made = {lang: _Vocabulary(rng, lang) for lang in ("en", "zh")}
    pools = _sentences(folder) if folder else {}
    harmful = _rows(folder / "text" / "train.jsonl.gz", 1) if folder else []
    kept: list[str] = []
    number = 0
    while True:
        lang, shared = ("en", "zh")[number % 2], bool(pools) and number % 4 >= 2
        size = min(20_000, int(rng.lognormvariate(6.8, 0.9)) + 40)
        draw, source = rng.random(), "shared" if shared else "made"
        if draw < 0.02 and kept:
            text = rng.choice(kept)
        elif draw < 0.04 and kept:
            text = _nearly(rng, rng.choice(kept), made[lang])
        elif draw < 0.05 and harmful:
            text = rng.choice(harmful)
        else:
            write = _from_pool(rng, pools[lang], size, lang) if shared else made[lang].prose(size)
            text = write if draw < 0.96 else f"{write}\n{_personal(rng)}"
            kept.append(text)
            if len(kept) > KEPT:
                kept[rng.randrange(KEPT)] = kept.pop()
        yield {"text": text, "source": f"{source}-{lang}"}
        number += 1


def write_corpus(folder: Path, size: int, shard: int = 256_000_000) -> list[Path]:
    """Shards of documents of `size` bytes in all, about."""
    paths: list[Path] = []
    every, written = documents(), 0
    folder.mkdir(parents=True, exist_ok=True)
    while written < size:
        path, wanted, here = folder / f"part-{len(paths):03d}.jsonl", min(shard, size - written), 0
        with path.open("wb") as file:
            while here < wanted:
                line = json.dumps(next(every), ensure_ascii=False).encode() + b"\n"
                here += file.write(line)
        written += here
        paths.append(path)
    return paths


class _Vocabulary:
    """Words of one language by how frequent they are: the n-th has about 1/n of the first's share
    (Zipf)."""

    def __init__(self, rng: random.Random, lang: str) -> None:
        self._rng, self._gap = rng, " " if lang == "en" else ""
        self._draw = np.random.default_rng(rng.getrandbits(64))
        if lang == "en":
            found = dict.fromkeys(_COMMON.split())
            while len(found) < _VOCABULARY:
                found["".join(rng.choices(_SYLLABLES, k=rng.choice((1, 2, 2, 3))))] = None
        else:
            han = [chr(0x4E00 + at) for at in rng.sample(range(0x5000), 3_500)]
            found = dict.fromkeys(han[:300])
            while len(found) < _VOCABULARY:
                found["".join(rng.choices(han, k=rng.choice((2, 2, 2, 3, 4))))] = None
        self._words = list(found)
        self._shares = np.cumsum(1 / np.arange(3, _VOCABULARY + 3))
        self._drawn: list[int] = []

    def words(self, many: int) -> list[str]:
        """So many words; drawn in bulk, which costs a tenth."""
        if len(self._drawn) < many:
            draws = self._draw.random(_BULK) * self._shares[-1]
            self._drawn = np.searchsorted(self._shares, draws).tolist()
        taken, self._drawn[-many:] = self._drawn[-many:], []
        return [self._words[n] for n in taken]

    def prose(self, size: int) -> str:
        """Sentences of about so many characters."""
        stop, comma = (". ", ", ") if self._gap else ("。", "，")
        parts: list[str] = []
        left = size
        while left > 0:
            words = self.words(self._rng.randint(6, 24))
            cut = len(words) // 2
            said = self._gap.join(words[:cut]) + comma + self._gap.join(words[cut:]) + stop
            parts.append(said)
            left -= len(said)
        return "".join(parts)


def _from_pool(rng: random.Random, pool: Sequence[str], size: int, lang: str) -> str:
    """Sentences that people wrote, of about so many characters, in an order of their own."""
    parts, left = [], size
    while left > 0:
        parts.append(rng.choice(pool))
        left -= len(parts[-1])
    return (" " if lang == "en" else "").join(parts)


def _nearly(rng: random.Random, text: str, made: _Vocabulary) -> str:
    """The text with a twentieth of it written anew, in one place."""
    width = max(2, len(text) // 20)
    at = rng.randrange(max(1, len(text) - width))
    return text[:at] + made.prose(width)[:width] + text[at + width :]


def _personal(rng: random.Random) -> str:
    return rng.choice(
        (
            f"联系电话 13{rng.randrange(10**9):09d}，晚上打。",
            f"Write to {rng.choice(_SYLLABLES)}.{rng.randrange(10**4)}@qq.com for more.",
            f"Server 10.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(256)} answers.",
        )
    )


def _sentences(folder: Path) -> dict[str, list[str]]:
    pools: dict[str, list[str]] = {"en": [], "zh": []}
    for lang, text in _texts(folder / "text" / "benign.jsonl.gz", 0):
        pools[lang] += [part for part in _ENDS.split(text) if len(part) > 3]
    return pools


def _rows(path: Path, harmful: int) -> list[str]:
    return [text for _, text in _texts(path, harmful)]


def _texts(path: Path, harmful: int) -> Iterator[tuple[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            if row["harmful"] == harmful:
                yield row["lang"], row["text"]

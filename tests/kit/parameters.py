"""What an example of a parameter is, and those of shared training data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Example:
    """Where a parameter stands, values that pass, and values that trip."""

    key: str
    file: str
    path: tuple[str, ...]
    passes: tuple[Any, ...]
    trips: tuple[Any, ...]


def _scan(name: str, passes: tuple[Any, ...], trips: tuple[Any, ...]) -> Example:
    return Example(f"corpus.scan.{name}", "corpus.toml", ("scan", name), passes, trips)


_SHARE = ((0.05, 1.0), (0, 1.01, "0.05", True))
SCANS = [
    *(_scan(n, *_SHARE) for n in ("reject_share", "symbol_share_max", "repeat_share_max")),
    _scan("similarity", *_SHARE),
    _scan("apart", (["privacy"], []), (["a whim"], "privacy", ["privacy", "privacy"])),
    _scan("permutations", (16, 128, 1024), (15, 1025, 64.0, "128")),
    _scan("shingle_characters", (2, 8, 64), (1, 65, True)),
    _scan("gram_characters", (8, 40, 512), (7, 513, "40")),
    _scan("characters_min", (1, 16), (0, 100_001, 1.5)),
]

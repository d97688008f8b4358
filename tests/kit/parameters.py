"""What an example of a parameter is, and those of shared training data and computing power."""

from __future__ import annotations

import datetime as dt
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

ANNOTATIONS = [
    Example(f"corpus.annotation.{name}", "corpus.toml", ("annotation", name), passes, trips)
    for name, passes, trips in (
        ("exam_days", (1, 365, 3650), (0, 3651, 1.5, "365")),
        *((one, *_SHARE) for one in ("sample_share", "right_share", "safety_reviewed_share")),
    )
]


def _sharing(name: str, passes: tuple[Any, ...], trips: tuple[Any, ...]) -> Example:
    return Example(f"compute.sharing.{name}", "compute.toml", ("sharing", name), passes, trips)


_SHARED = ("haste", "public_share", "guaranteed_share", "domestic_share", "domestic_premium")
SHARING = [
    *(_sharing(name, *_SHARE) for name in _SHARED),
    _sharing("fair_percent", (100, 1000), (99, 1001, 1.4, "140", True)),
    _sharing("licensed_percent", (100, 1000), (99, 1001, 1.25, True)),
    _sharing("credit_half_life_days", (1, 3650), (0, 3651, 1.5, "28")),
]


def _programme(name: str, key: str, passes: tuple[Any, ...], trips: tuple[Any, ...]) -> Example:
    place = ("programme", name, key)
    return Example(f"compute.{name}.{key}", "compute.toml", place, passes, trips)


def _days(name: str) -> list[Example]:
    early, late = dt.date(2023, 9, 1), dt.date(2030, 1, 1)
    return [
        _programme(name, "signed_from", (early,), (late, "2023-09-01", 2023)),
        _programme(name, "signed_to", (late,), (dt.date(2020, 1, 1), "2030-01-01")),
        _programme(name, "requires", ([], ["compute_only"]), (["luck"], "compute_only")),
        _programme(name, "cap_yuan_year", (1, 2_000_000), (0, -1, 1.5, "2000000", True)),
    ]


COMPUTING = [
    *SHARING,
    *_days("beijing_vouchers"),
    *_days("beijing_etown"),
    _programme("beijing_etown", "share", (0.3, 1.0), (0, 1.01, "0.3", True)),
    _programme("beijing_etown", "budget_yuan_year", (1, 10**8), (0, 2.5, "1")),
]

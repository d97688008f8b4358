"""[minors]: whether and how minors' time is counted here. Without this table nothing is.

It refuses to know the law of minors: that is the pack's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from licet.gateway.config_read import StoreAt
from licet.gateway.config_values import Name

SCHEMES = (
    "memory:", "sqlite:", "postgresql://", "postgres://", "redis://", "rediss://", "valkey://",
    "valkeys://",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class MinorsConfig:
    """[minors]: `profile` is the one that the licence names. What a person is of whom nothing is
    known, and what happens while the store does not answer, has no default."""

    url: Annotated[str, StoreAt(SCHEMES)] = field(repr=False)
    profile: Name
    key_file: Path
    unknown: Literal["adult", "minor"]
    when_down: Literal["refuse", "pass"]

"""What a statement of a pack rests on: source, status, place in an instrument. Values only.

It refuses to know what is stated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

Status = Literal["official", "secondary", "inferred", "local-policy"]
Text = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Provenance:
    """Why we believe a statement: its status, what it rests on, and what to beware of."""

    status: Status
    sources: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """One number, date or choice of the pack, by key: `guard.thresholds.sexual.halt`."""

    key: str
    value: int | float | str | date
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Source:
    """Something the pack rests on, and how far it can be trusted."""

    id: str
    what: str
    quality: str


@dataclass(frozen=True, slots=True)
class Cite:
    """A place in the instrument. Paragraph and item only where a source confirms the numbering."""

    article: int
    paragraph: int | None
    item: int | None


@dataclass(frozen=True, slots=True)
class Fault:
    """A statement that rests on nothing: where it stands, what is wrong, what to do."""

    file: str
    key: str
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {self.problem}"

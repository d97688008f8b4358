"""What a regime says of labels on generated content: fields, degrees, marks, checks. Values only.

It refuses to know files, pictures and sound; `licet.labels` writes and reads them.

Rules
1. Every number and choice is a Parameter of the pack; a degree and a check have their own source.
2. A mark and a notice are our words; the standard fixes which elements they must hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from licet.rulebook.grounds import Provenance, Text

Party = Literal["producer", "propagator"]
Evidence = Literal["metadata", "declared", "traces"]
MarkPlace = Literal["start", "end", "middle", "interface", "edge"]
Need = Literal["request", "agreement"]


@dataclass(frozen=True, slots=True)
class MetadataRule:
    """The metadata of a label: a JSON object under `key`, with `fields` in this order.

    `required`: fields that are not empty where a producer speaks, `required_of_propagator` where
    only a propagator does.
    `characters`: inclusive ranges of code points that a value may hold, once JSON is read.
    """

    key: str
    namespace: str
    prefix: str
    fields: tuple[str, ...]
    required: frozenset[str]
    required_of_propagator: frozenset[str]
    characters: tuple[tuple[int, int], ...]
    value_characters_max: int
    copies_max: int


@dataclass(frozen=True, slots=True)
class Degree:
    """How sure it is that content was generated: the value in the metadata, who may say so, the
    short `mark` on the content and the longer `notice` beside it."""

    id: str
    value: str
    by: frozenset[Party]
    mark: Text
    notice: Text
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Medium:
    """Where a visible mark may stand on a kind of content, the usual place first.

    `height_share_min`: the least height of its letters, as a share of the shortest side. What does
    not apply to a medium is 0 or empty. `rhythm` is Morse code in dots, dashes and spaces.
    """

    id: str
    name: Text
    places: tuple[MarkPlace, ...]
    height_share_min: float
    seconds_min: int
    rhythm: str
    rhythm_unit_ms: int
    speech_characters_per_minute: int


@dataclass(frozen=True, slots=True)
class LabelCheck:
    """Something that a file is checked for; `broken` says what is wrong, `clause` by what rule."""

    id: str
    clause: Text
    broken: Text
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class UnlabelledRule:
    """When a copy without a visible mark may be given, what goes on record, and under which
    retention it is kept."""

    needs: frozenset[Need]
    records: tuple[str, ...]
    retention: str


@dataclass(frozen=True, slots=True)
class LabelRules:
    """Everything the law and the pack say of labels."""

    metadata: MetadataRule
    degrees: Mapping[str, Degree]
    propagation: Mapping[Evidence, str]
    media: Mapping[str, Medium]
    checks: Mapping[str, LabelCheck]
    unlabelled: UnlabelledRule

    @property
    def shelves(self) -> tuple[Mapping[str, Entry], ...]:
        """Everything that bears an id, as `degree.generated`."""
        kinds: Mapping[str, Mapping[str, Entry]] = {
            "degree": self.degrees,
            "medium": self.media,
            "check": self.checks,
        }
        return tuple({f"{kind}.{i}": e for i, e in shelf.items()} for kind, shelf in kinds.items())


Entry = Degree | Medium | LabelCheck

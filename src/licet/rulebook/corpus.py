"""What a regime asks of training data that is shared: sources, grounds, access, licences, checks.
Values only.

It refuses to know data sets; `licet.corpus` holds them against this.

Rules
1. Every number is a Parameter of the pack; a row has its own source and status.
2. What a licence allows and asks is our reading, made for computing chains; it is no advice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from licet.rulebook.grounds import Provenance, Text

Evidence = Literal["licence", "record", "opt_out", "contract", "commitment", "authorisation"]
Right = Literal["use", "adapt", "share", "commercial"]
Debt = Literal["attribution", "share_alike"]


@dataclass(frozen=True, slots=True)
class SourceType:
    """A way by which data was got, and the evidence that each source of it must name."""

    id: str
    name: Text
    clause: str
    evidence: tuple[Evidence, ...]
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Basis:
    """On what personal data in a set rests; `needs_record`: the card says where that stands."""

    id: str
    name: Text
    needs_record: bool
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class AccessClass:
    """Who may load a data set: whether a token, and a purpose that was granted, are needed.

    `receipts`: whether every download yields a signed receipt.
    """

    id: str
    name: Text
    needs_token: bool
    needs_grant: bool
    receipts: bool
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence by its SPDX id: what it allows, what it asks of whoever passes data on.

    `into`: the licences under which a share-alike work may be passed on, itself included.
    """

    id: str
    name: str
    allows: frozenset[Right]
    asks: frozenset[Debt]
    into: frozenset[str]
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class ScanRule:
    """What a scan measures by.

    Of a source more than `reject_share` of which is unlawful nothing is used; the categories
    `apart` do not count into that. `manual` and
    `technical` name the measures of the assessment that samples are drawn for. Texts are near
    copies from the Jaccard similarity `similarity` of their runs of `shingle_characters` on, by
    `permutations` minima; a text is contaminated that shares `gram_characters` in a row with a
    benchmark. Quality: `characters_min`, and at most these shares of a text.
    """

    reject_share: float
    apart: tuple[str, ...]
    manual: str
    technical: str
    similarity: float
    permutations: int
    shingle_characters: int
    gram_characters: int
    characters_min: int
    symbol_share_max: float
    repeat_share_max: float


@dataclass(frozen=True, slots=True)
class AnnotationPart:
    """Something that rules of annotation must say."""

    id: str
    name: Text
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class AnnotationRule:
    """What annotation by people is held against (law:cn-genai-2023/art8).

    An examination counts for `exam_days`. Of a batch at least `sample_share` is sampled, of which
    `right_share` is right; of one annotated for safety `safety_reviewed_share` is reviewed.
    """

    exam_days: int
    sample_share: float
    right_share: float
    safety_reviewed_share: float
    parts: Mapping[str, AnnotationPart]


@dataclass(frozen=True, slots=True)
class CorpusRules:
    """Everything that the law and the pack say of training data that is shared."""

    standard: str
    clauses_of: str
    provenance: Provenance
    sources: Mapping[str, SourceType]
    bases: Mapping[str, Basis]
    access: Mapping[str, AccessClass]
    licences: Mapping[str, Licence]
    scan: ScanRule
    annotation: AnnotationRule

    @property
    def shelves(self) -> tuple[Mapping[str, Entry], ...]:
        """Everything that bears an id, as `source_type.open`."""
        kinds: Mapping[str, Mapping[str, Entry]] = {
            "source_type": self.sources,
            "basis": self.bases,
            "access": self.access,
            "licence": self.licences,
            "annotation_part": self.annotation.parts,
        }
        return tuple({f"{kind}.{i}": e for i, e in shelf.items()} for kind, shelf in kinds.items())

    @property
    def rows(self) -> tuple[Entry, ...]:
        """Every row, in the order of the file."""
        return (
            *self.sources.values(),
            *self.bases.values(),
            *self.access.values(),
            *self.licences.values(),
            *self.annotation.parts.values(),
        )


Entry = SourceType | Basis | AccessClass | Licence | AnnotationPart

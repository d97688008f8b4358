"""Annotation by people: the rules that they follow, and the record of a batch that they annotated.

It refuses to know who the people are: a record has marks in the place of names. Pure.

Rules
1. Rules have an id and a version; what they say never changes (law:cn-genai-2023/art8).
2. A record that cannot be true is refused; one that shows a breach is taken, and the breach is
   told: who may only record what is right records nothing.
3. Whoever annotated a batch does not review it; all of them were trained and examined before.
4. A share is judged with the bounds that its sample leaves; a sample too small proves nothing.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeVar

import msgspec

from licet.base.trouble import BadInput
from licet.corpus.card import Fault, Wording, parse_filled
from licet.corpus.naming import check_id
from licet.rulebook.corpus import AnnotationRule
from licet.stats.share import Bounds, Count, Sides, Verdict, bounds, judge_share

Kind = Literal["functional", "safety"]
Part = Literal["annotator", "reviewer"]
BYTES_MAX = 1 << 20
PEOPLE_MAX = 5_000
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
_MARK = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rules of annotation. `kind`: what the labels are for; `parts`: what the pack asks them to
    say, by its ids."""

    id: str
    version: str
    kind: Kind
    title: Wording
    parts: dict[str, str]


class Person(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who worked on a batch, by a mark; days of the training and of the examination that
    was passed, and what the training was on."""

    mark: str
    part: Part
    training: str = ""
    trained: date | None = None
    examined: date | None = None


class Batch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Items that people annotated by `rules` in `version`, for a data set if it names one: how
    many, reviewed, sampled, and of these right."""

    rules: str
    version: str
    began: date
    ended: date
    items: int
    reviewed: int
    sampled: int
    right: int
    person: tuple[Person, ...]
    dataset: str = ""

    @property
    def owner(self) -> str:
        """The namespace that records it: that of its data set, or of its rules."""
        return (self.dataset or self.rules).partition("/")[0]


@dataclass(frozen=True, slots=True)
class Quality:
    """How a batch's sample came out: the share within its bounds, and what follows."""

    count: Count
    needed: int
    within: Bounds
    verdict: Verdict


T = TypeVar("T", Rules, Batch)


def parse(data: bytes, name: str, kind: type[T]) -> T:
    """Rules or a batch in TOML or, where `name` ends so, JSON. Raises BadInput with the place."""
    hint = "`licet corpus annotation example` prints one to fill in."
    return parse_filled(data, name, kind, bytes_max=BYTES_MAX, hint=hint)


def rules_faults(rules: Rules, law: AnnotationRule) -> tuple[Fault, ...]:
    """What rules lack before they can be registered."""
    return tuple(_rules_faults(rules, law))


def _rules_faults(rules: Rules, law: AnnotationRule) -> Iterator[Fault]:
    try:
        check_id(rules.id)
    except BadInput:
        yield Fault("id", "no_id", rules.id[:120])
    if not _VERSION.fullmatch(rules.version):
        yield Fault("version", "no_rule")
    if not rules.title.zh.strip() or not rules.title.en.strip():
        yield Fault("title", "both_languages")
    for part in law.parts:
        if not rules.parts.get(part, "").strip():
            yield Fault(f"parts.{part}", "empty")
    for part in rules.parts.keys() - law.parts.keys():
        yield Fault(f"parts.{part[:40]}", "unknown_part", ", ".join(law.parts))


def batch_faults(batch: Batch) -> tuple[Fault, ...]:
    """Why a record cannot be true (rule 2); empty where it can."""
    return tuple(_batch_faults(batch))


def _batch_faults(batch: Batch) -> Iterator[Fault]:
    counts = (batch.right, batch.sampled, batch.items)
    if list(counts) != sorted(counts) or not 0 <= batch.reviewed <= batch.items or min(counts) < 0:
        yield Fault("items", "counts_disagree")
    if batch.items == 0:
        yield Fault("items", "empty")
    if batch.ended < batch.began:
        yield Fault("ended", "days_disagree")
    if not any(one.part == "annotator" for one in batch.person):
        yield Fault("person", "no_annotator")
    if len(batch.person) > PEOPLE_MAX:
        yield Fault("person", "too_many", str(PEOPLE_MAX))
    for number, one in enumerate(batch.person, 1):
        if not _MARK.fullmatch(one.mark):
            yield Fault(f"person {number}", "no_mark")
    if batch.dataset:
        try:
            check_id(batch.dataset)
        except BadInput:
            yield Fault("dataset", "no_id", batch.dataset[:120])


def breaches(batch: Batch, kind: Kind, law: AnnotationRule) -> tuple[Fault, ...]:
    """What a record shows that the law forbids, or the pack asks for and is not there (rule 3)."""
    return tuple(_breaches(batch, kind, law))


def _breaches(batch: Batch, kind: Kind, law: AnnotationRule) -> Iterator[Fault]:
    parts: dict[str, set[Part]] = {}
    for one in batch.person:
        parts.setdefault(one.mark, set()).add(one.part)
    for mark, both in parts.items():
        if len(both) > 1:
            yield Fault(mark, "both_parts")
    if not any(one.part == "reviewer" for one in batch.person):
        yield Fault("person", "no_reviewer")
    for one in batch.person:
        if not one.training.strip() or one.trained is None or one.trained > batch.began:
            yield Fault(one.mark, "not_trained")
        if one.examined is None or one.examined > batch.began:
            yield Fault(one.mark, "not_examined")
        elif (batch.ended - one.examined).days > law.exam_days:
            yield Fault(one.mark, "exam_old", str(law.exam_days))
    if kind == "safety" and batch.reviewed < law.safety_reviewed_share * batch.items:
        yield Fault("reviewed", "not_reviewed", f"{law.safety_reviewed_share:.0%}")


def quality(batch: Batch, law: AnnotationRule, confidence: float, sides: Sides) -> Quality:
    """How the sample came out (rule 4)."""
    count = Count(batch.right, batch.sampled)
    needed = math.ceil(law.sample_share * batch.items - 1e-9)
    within = bounds(count, confidence, sides)
    verdict = judge_share(count.share, within, law.right_share, "at_least")
    if verdict == "conforms" and count.of < needed:
        verdict = "not_enough_data"
    return Quality(count, needed, within, verdict)

"""How generated content is labelled, out of labels.toml.

It refuses to know files, pictures and sound.

Rules
1. Degrees have distinct values, and what a platform says is one of them.
2. A required field is a field; ranges of characters do not run backwards.
3. Copies without a mark are kept on record under a retention of the pack that is a lower bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Protocol, TypeVar, get_args

from licet.rulebook.labels import (
    Degree,
    Evidence,
    LabelCheck,
    LabelRules,
    MarkPlace,
    Medium,
    MetadataRule,
    Need,
    Party,
    UnlabelledRule,
)
from licet.rulebook.model import Pack
from licet.rulebook.strict import Table

PARTIES: tuple[Party, ...] = get_args(Party)
EVIDENCE: tuple[Evidence, ...] = get_args(Evidence)
PLACES: tuple[MarkPlace, ...] = get_args(MarkPlace)
NEEDS: tuple[Need, ...] = get_args(Need)
FIELDS = (
    "Label",
    "ContentProducer",
    "ProduceID",
    "ReservedCode1",
    "ContentPropagator",
    "PropagateID",
    "ReservedCode2",
)
"""What `licet.labels` can write; a pack names all or some."""
RECORDS = ("recipient", "content", "time")

_WORD = r"[a-z][a-z0-9_]*"
_RANGE = r"[0-9A-F]{2,6}(-[0-9A-F]{2,6})?"


class _Named(Protocol):
    @property
    def id(self) -> str: ...


N = TypeVar("N", bound=_Named)


def parse_labels(root: Table, pack: Pack) -> LabelRules:
    """The LabelRules of a pack that has its retention already. Raises BadInput with file, key."""
    languages = pack.languages
    degrees = _shelf(_degree(row, languages) for row in root.tables("degree"))
    values = [degree.value for degree in degrees.values()]
    if len(set(values)) != len(values):
        root.refuse("degree", "two have the same value.", "Give each its own.")
    with root.table("propagation") as table:
        said: Mapping[Evidence, str] = {
            evidence: table.policy(evidence, tuple(degrees)) for evidence in EVIDENCE
        }
    return LabelRules(
        metadata=_metadata(root),
        degrees=degrees,
        propagation=MappingProxyType(said),
        media=_shelf(_medium(row, languages) for row in root.tables("medium")),
        checks=_shelf(_check(row, languages) for row in root.tables("check")),
        unlabelled=_unlabelled(root, pack),
    )


def _metadata(root: Table) -> MetadataRule:
    with root.table("metadata") as table:
        fields = table.policies("fields", FIELDS)
        return MetadataRule(
            key=table.text("key", r"[A-Za-z][A-Za-z0-9]*", '"AIGC"'),
            namespace=table.text("namespace", r"https?://\S+/", '"http://example.cn/ns/1.0/"'),
            prefix=table.text("prefix", r"[A-Za-z][A-Za-z0-9]*", '"TC260"'),
            fields=fields,
            required=frozenset(table.policies("required", fields)),
            required_of_propagator=frozenset(table.policies("required_of_propagator", fields)),
            characters=_ranges(table),
            value_characters_max=table.integer("value_characters_max", 1, 4096),
            copies_max=table.integer("copies_max", 1, 1),
        )


def _ranges(table: Table) -> tuple[tuple[int, int], ...]:
    written = table.written("characters", rf"{_RANGE}( {_RANGE})*", '"21-5B 5D-7E"')
    ranges = []
    for part in written.split():
        first, _, last = part.partition("-")
        low, high = int(first, 16), int(last or first, 16)
        if high < low or high > 0x10FFFF:
            table.refuse("characters", f"{part} runs backwards or too far.", "Correct it.")
        ranges.append((low, high))
    return tuple(ranges)


def _degree(row: Table, languages: tuple[str, ...]) -> Degree:
    with row:
        return Degree(
            id=row.text("id", _WORD, '"generated"'),
            value=row.written("value", r"[1-9]", '"1"'),
            by=frozenset(row.policies("by", PARTIES)),
            mark=row.wording("mark", languages),
            notice=row.wording("notice", languages),
            provenance=row.provenance(),
        )


def _medium(row: Table, languages: tuple[str, ...]) -> Medium:
    with row:
        rhythm = row.has("rhythm")
        spoken = row.has("speech_characters_per_minute")
        medium = Medium(
            id=row.text("id", _WORD, '"image"'),
            name=row.wording("name", languages),
            places=row.policies("places", PLACES),
            height_share_min=row.share("height_share_min") if row.has("height_share_min") else 0.0,
            seconds_min=row.integer("seconds_min", 1, 60) if row.has("seconds_min") else 0,
            rhythm=row.written("rhythm", r"[.-]+( [.-]+){0,9}", '".- .."') if rhythm else "",
            rhythm_unit_ms=row.integer("rhythm_unit_ms", 20, 1_000) if rhythm else 0,
            speech_characters_per_minute=(
                row.integer("speech_characters_per_minute", 60, 600) if spoken else 0
            ),
        )
        if not medium.places:
            row.refuse("places", "names nothing.", f"One or more of {', '.join(PLACES)}.")
        return medium


def _check(row: Table, languages: tuple[str, ...]) -> LabelCheck:
    with row:
        return LabelCheck(
            id=row.text("id", _WORD, '"one_copy"'),
            clause=row.wording("clause", languages),
            broken=row.wording("broken", languages),
            provenance=row.provenance(),
        )


def _unlabelled(root: Table, pack: Pack) -> UnlabelledRule:
    with root.table("unlabelled") as table:
        kept = table.text("retention", _WORD, '"unlabelled_copy_log"')
        if kept not in pack.retention or pack.retention[kept].bound != "at_least":
            table.refuse(
                "retention", f"{kept!r} keeps nothing.", "Name an at_least of retention.toml."
            )
        return UnlabelledRule(
            needs=frozenset(table.policies("needs", NEEDS)),
            records=table.policies("records", RECORDS),
            retention=kept,
        )


def _shelf(entries: Iterable[N]) -> Mapping[str, N]:
    return MappingProxyType({entry.id: entry for entry in entries})

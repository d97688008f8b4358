"""The dossier of a model in versions: what one says, to whom, what changed, what it describes.

    open_, closed = apart(form, answers)            # what is sealed leaves as soon as it comes
    faults = lacking(form, answers, sealed)         # what stands between this and a version
    tree(rules, versions)                           # service → implementation → snapshot

It refuses to know where versions and envelopes are kept, how they are sealed, and who publishes.
law:cn-genai-2023/art19.1

Rules
1. A version never changes. Its digest covers its number, its open answers and the digests of what
   is sealed; the record of the dossier holds that digest.
2. What a form calls `sealed` is in no version: an envelope stands for it, by digest and size.
3. Two versions are of the same snapshot where they name the same fields of `levels`, outermost
   first; a version that names nothing on a level stands on the one above.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from licet.base.canonical import canonical_json, sha256_hex
from licet.base.trouble import Corrupt
from licet.cases.forms import Difference, differences, kept, missing, shown, wrong
from licet.cases.model import Answers, Fault, Party
from licet.rulebook.procedure import Field, Form
from licet.rulebook.proceeding import DossierRules

_KIND = "licet/dossier/v1"


@dataclass(frozen=True, slots=True)
class Closed:
    """What stands for a sealed answer: its envelope's digest, its bytes, the name of a file."""

    sha256: str
    size: int
    name: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """One version, as it was published."""

    dossier: str
    number: int
    answers: Answers
    sealed: Mapping[str, Closed]

    def to_bytes(self) -> bytes:
        """Canonical JSON: what the digest is of."""
        return canonical_json(
            {
                "kind": _KIND,
                "dossier": self.dossier,
                "number": self.number,
                "answers": dict(self.answers),
                "sealed": {
                    name: {"sha256": one.sha256, "size": one.size, "name": one.name}
                    for name, one in self.sealed.items()
                },
            }
        )

    @property
    def sha256(self) -> str:
        """Its digest, in hexadecimal."""
        return sha256_hex(self.to_bytes())


@dataclass(frozen=True, slots=True)
class Row:
    """An answer as somebody sees it. `closed`: it is sealed; None and no value: not theirs."""

    field: Field
    value: Any = None
    closed: Closed | None = None


@dataclass(frozen=True, slots=True)
class Node:
    """A service, an implementation or a snapshot: its name, and the versions that describe it."""

    name: str
    versions: tuple[int, ...]
    below: tuple[Node, ...] = field(default=())


def read_version(data: bytes) -> Version:
    """The version in these bytes. Raises Corrupt where they are none of ours."""
    try:
        told = msgspec.json.decode(data, type=dict[str, Any])
        sealed = {name: Closed(**one) for name, one in told["sealed"].items()}
        version = Version(told["dossier"], told["number"], told["answers"], sealed)
    except (msgspec.MsgspecError, KeyError, TypeError, AttributeError):
        raise Corrupt("these bytes are no version of a dossier.") from None
    if version.to_bytes() != data:
        raise Corrupt("a version of a dossier was changed.", hint="Restore it from a backup.")
    return version


def apart(form: Form, answers: Answers) -> tuple[dict[str, Any], dict[str, Any]]:
    """The open answers, and those that must be sealed."""
    sealed = {n for n, one in form.fields.items() if one.visibility == "sealed"}
    return (
        {n: v for n, v in answers.items() if n not in sealed},
        {n: v for n, v in answers.items() if n in sealed},
    )


def lacking(form: Form, answers: Answers, sealed: Mapping[str, Closed]) -> tuple[Fault, ...]:
    """What stands between these answers and a version; what is sealed counts as given (rule 2)."""
    return tuple(
        fault
        for fault in missing(form, answers)
        if not (fault.code == "missing" and fault.field in sealed)
    )


def unfit(form: Form, answers: Answers) -> tuple[Fault, ...]:
    """Answers that no field can hold; a draft may lack answers."""
    return wrong(form, answers)


def next_version(
    form: Form, dossier: str, before: Version | None, answers: Answers,
    sealed: Mapping[str, Closed],
) -> Version:  # fmt: skip
    """What is published next, out of a draft that lacks nothing."""
    names = {name: sealed[name] for name in form.fields if name in sealed}
    number = before.number + 1 if before else 1
    return Version(dossier, number, kept(form, apart(form, answers)[0]), names)


def is_new(version: Version, before: Version | None) -> bool:
    """Whether anything differs from the version before."""
    if before is None:
        return True
    return (dict(version.answers), dict(version.sealed)) != (
        dict(before.answers), dict(before.sealed),
    )  # fmt: skip


def rows(form: Form, version: Version, section: str, to: Party) -> tuple[Row, ...]:
    """A section as a party sees it: what is sealed stands there, unread, and nothing is silent.

    The public is told which fields there are, and of those that are not public no more.
    """
    seen = shown(form, version.answers, to)
    found = []
    for one in form.fields.values():
        if one.section != section:
            continue
        if one.id in version.sealed:
            found.append(Row(one, closed=version.sealed[one.id]))
        elif one.id in version.answers:
            found.append(Row(one, seen.get(one.id)))
    return tuple(found)


def changes(
    form: Form, before: Version | None, after: Version, to: Party
) -> tuple[Difference, ...]:
    """What a version changed, as far as a party sees it; of what is sealed, that it changed."""
    if before is None:
        return ()
    told = [
        *differences(form, shown(form, before.answers, to), shown(form, after.answers, to)),
        *(
            Difference(name, before.sealed.get(name), after.sealed.get(name))
            for name in form.fields
            if before.sealed.get(name) != after.sealed.get(name) and to != "public"
        ),
    ]
    order = list(form.fields)
    return tuple(sorted(told, key=lambda one: order.index(one.field)))


def tree(rules: DossierRules, versions: Sequence[Version]) -> tuple[Node, ...]:
    """What these versions describe, in the order of its first appearance (rule 3)."""
    return _nodes(rules.levels, versions)


def _nodes(levels: Sequence[str], versions: Iterable[Version]) -> tuple[Node, ...]:
    if not levels:
        return ()
    groups: dict[str, list[Version]] = {}
    for version in versions:
        name = version.answers.get(levels[0])
        if isinstance(name, str):
            groups.setdefault(name, []).append(version)
    return tuple(
        Node(name, tuple(one.number for one in group), _nodes(levels[1:], group))
        for name, group in groups.items()
    )

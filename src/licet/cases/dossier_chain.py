"""What a model rests on: models, data, frameworks, chips, platforms; where each is from, and what
was tried in its place.

    chain = read_chain(toml, "chain.toml")
    origins(chain.part[0])                  # a line for each role that is asked of such a part

It refuses to know the law, CycloneDX (`dossier_bom.py`), and to add anything up: how much a model
depends on whom is read from the lines, never from one score.

Rules
1. An origin is a country by role: who designed it, who makes it, who supplies it, whose rights are
   in it, where it runs. What nobody knows is `unknown`, and stands there as such.
2. An origin is stated or evidenced, and shown as what it is. Evidence is a file's digest or an
   address.
3. Whether something can be replaced is a trial: what was put in its place, on which day, and what
   came of it. Trials are kept; later ones do not delete earlier ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

import msgspec

from licet.base.trouble import BadInput

PartKind = Literal["model", "data", "framework", "chip", "platform"]
Role = Literal["design", "fabrication", "supply", "ip", "hosting"]
Outcome = Literal["works", "degraded", "fails"]
KINDS: tuple[PartKind, ...] = get_args(PartKind)
ROLES: tuple[Role, ...] = get_args(Role)
UNKNOWN = "unknown"
PARTS_MAX = 2_000
_ASKED: Mapping[PartKind, tuple[Role, ...]] = {
    "model": ("design", "supply", "ip", "hosting"),
    "data": ("supply", "ip", "hosting"),
    "framework": ("design", "supply", "ip"),
    "chip": ("design", "fabrication", "supply", "ip"),
    "platform": ("design", "supply", "ip", "hosting"),
}
"""The roles that mean something for a kind of part."""
_REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,199}", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}|unknown", re.ASCII)
_EVIDENCE = re.compile(r"sha256:[0-9a-f]{64}|https://[^\s<>\"']{1,490}", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_TEXT_MAX = 500


class Origin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A country by ISO 3166 (two letters), or `unknown`, and what shows it."""

    country: str
    evidence: tuple[str, ...] = ()


class Trial(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was put in a part's place, on which day, and what came of it."""

    on: date
    instead: str
    outcome: Outcome
    finding: str = ""
    evidence: tuple[str, ...] = ()


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that a model rests on. `needs`: the refs of what it rests on itself."""

    ref: str
    kind: PartKind
    name: str
    version: str = ""
    supplier: str = ""
    licence: str = ""
    sha256: str = ""
    needs: tuple[str, ...] = ()
    origin: dict[str, Origin] = {}
    trial: tuple[Trial, ...] = ()


class Chain(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a model rests on. `left_out`: parts of a file that are of no kind of ours, by name."""

    part: tuple[Part, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OriginLine:
    """An origin as it is shown: a role that is asked, and what is known (rule 2)."""

    role: Role
    country: str
    evidence: tuple[str, ...]


def read_chain(data: bytes, name: str) -> Chain:
    """The chain in a file of ours (TOML). Raises BadInput that says what is wrong, and where."""
    try:
        chain = msgspec.toml.decode(data, type=Chain)
    except msgspec.DecodeError as wrong:
        raise BadInput(
            f"{name}: {wrong}.", hint="See docs/guides/dossiers.md for what such a file holds."
        ) from None
    checked(chain, name)
    return chain


def checked(chain: Chain, name: str) -> None:
    """Raises BadInput with the first thing that cannot be meant."""
    for wrong in _wrong(chain):
        raise BadInput(f"{name}: {wrong}.", hint="Mend it, and try again.")


def origins(part: Part) -> tuple[OriginLine, ...]:
    """A line for each role that is asked of such a part; what is not said is unknown (rule 1)."""
    told = part.origin
    return tuple(
        OriginLine(role, told[role].country, told[role].evidence)
        if role in told
        else OriginLine(role, UNKNOWN, ())
        for role in ROLES
        if role in _ASKED[part.kind] or role in told
    )


def trials(part: Part) -> tuple[Trial, ...]:
    """Newest first."""
    return tuple(sorted(part.trial, key=lambda one: one.on, reverse=True))


def _wrong(chain: Chain) -> Iterator[str]:
    refs = {part.ref for part in chain.part}
    if not chain.part:
        yield "it holds no part"
    if len(chain.part) > PARTS_MAX:
        yield f"it holds more than {PARTS_MAX:,} parts"
    if len(refs) != len(chain.part):
        yield "two parts have the same ref"
    for part in chain.part:
        for wrong in (*_wrong_words(part), *_wrong_origins(part)):
            yield f"part {part.ref!r}: {wrong}"
        for need in part.needs:
            if need not in refs:
                yield f"part {part.ref!r} needs {need!r}, which is no part"


def _wrong_words(part: Part) -> Iterator[str]:
    if not _REF.fullmatch(part.ref):
        yield "its ref is no plain name"
    if not part.name.strip():
        yield "it has no name"
    if part.sha256 and not _SHA256.fullmatch(part.sha256):
        yield "sha256 is 64 hexadecimal digits"
    words = [part.name, part.version, part.supplier, part.licence]
    words += [text for one in part.trial for text in (one.instead, one.finding)]
    if any(len(text) > _TEXT_MAX or not text.isprintable() for text in words):
        yield f"a text is longer than {_TEXT_MAX} characters, or holds control characters"
    for one in part.trial:
        if not one.instead.strip():
            yield "a trial does not say what was put in its place"
        yield from _wrong_evidence(one.evidence)


def _wrong_origins(part: Part) -> Iterator[str]:
    for role, origin in part.origin.items():
        if role not in ROLES:
            yield f"there is no role {role!r}; known: {', '.join(ROLES)}"
        if not _COUNTRY.fullmatch(origin.country):
            yield f"{origin.country[:20]!r} is no country of two letters, nor `unknown`"
        yield from _wrong_evidence(origin.evidence)


def _wrong_evidence(evidence: tuple[str, ...]) -> Iterator[str]:
    for one in evidence:
        if not _EVIDENCE.fullmatch(one):
            yield f"evidence is sha256:… or https://…, not {one[:40]!r}"

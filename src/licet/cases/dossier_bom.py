"""A chain as a CycloneDX 1.7 ML-BOM, and back (ECMA-424; JSON).

    data = write_bom(chain, now, VERSION)
    chain = read_bom(data, "model.cdx.json")

It refuses to know files, and whether a document obeys the schema: `dossier_schema.py` asks it.

Rules
1. What CycloneDX has a place for stands there: type, name, version, supplier, hashes, licences,
   dependencies. Origins and trials, for which it has none, are properties named `licet:…`; other
   programs read past them, as the standard says.
2. A document of others is read as far as it goes: what it does not say is unknown, and a component
   of no kind of ours is named among what was left out.
3. Writing what was read, and reading what was written, changes nothing of ours.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from licet.base.trouble import BadInput
from licet.cases.dossier_chain import PARTS_MAX, Chain, Origin, Part, PartKind, Trial, checked

SPEC = "1.7"
_TYPES: Mapping[PartKind, str] = {
    "model": "machine-learning-model",
    "data": "data",
    "framework": "framework",
    "chip": "device",
    "platform": "platform",
}
_KINDS: Mapping[str, PartKind] = {
    **{written: kind for kind, written in _TYPES.items()},
    "library": "framework",
    "operating-system": "platform",
    "container": "platform",
    "firmware": "platform",
    "device-driver": "platform",
}
_ORIGIN = re.compile(r"licet:origin:([a-z]+)(:evidence)?")
_TRIAL = re.compile(r"licet:trial:(\d{1,4}):(on|instead|outcome|finding|evidence)")


def write_bom(chain: Chain, now: datetime, version: str) -> bytes:
    """The document, indented, the same bytes for the same chain, moment and version of Licet."""
    components = [_component(part) for part in chain.part]
    body = {
        "components": components,
        "dependencies": [
            {"ref": part.ref, **({"dependsOn": sorted(part.needs)} if part.needs else {})}
            for part in chain.part
        ],
    }
    digest = hashlib.sha256(msgspec.json.encode(body, order="sorted")).digest()
    document = {
        "$schema": f"http://cyclonedx.org/schema/bom-{SPEC}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPEC,
        "serialNumber": f"urn:uuid:{UUID(bytes=digest[:16], version=4)}",
        "version": 1,
        "metadata": {
            "timestamp": now.isoformat(timespec="seconds"),
            "tools": {
                "components": [{"type": "application", "name": "licet", "version": version}]
            },
        },
        **body,
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"


def read_bom(data: bytes, name: str) -> Chain:
    """The chain in a document. Raises BadInput where it is none, or says what can't be meant."""
    try:
        document = msgspec.json.decode(data, type=dict[str, Any])
    except msgspec.DecodeError as wrong:
        raise BadInput(f"{name}: not JSON: {wrong}.", hint="Export it as JSON.") from None
    if document.get("bomFormat") != "CycloneDX":
        raise BadInput(f"{name} is no CycloneDX document.", hint="bomFormat says what it is.")
    needs = {
        one["ref"]: tuple(one.get("dependsOn", ()))
        for one in _dicts(document.get("dependencies"))
        if isinstance(one.get("ref"), str)
    }
    parts: list[Part] = []
    left_out: list[str] = []
    for place, one in enumerate(_flat(document)):
        kind = _KINDS.get(str(one.get("type")))
        if place >= PARTS_MAX:
            raise BadInput(f"{name} has more than {PARTS_MAX:,} components.", hint="Divide it.")
        if kind is None:
            left_out.append(str(one.get("name", ""))[:200])
            continue
        parts.append(_part(one, kind, place, needs, name))
    refs = {part.ref for part in parts}
    kept = tuple(
        msgspec.structs.replace(p, needs=tuple(n for n in p.needs if n in refs)) for p in parts
    )
    chain = Chain(kept, tuple(left_out))
    checked(chain, name)
    return chain


def _component(part: Part) -> dict[str, Any]:
    told: dict[str, Any] = {"type": _TYPES[part.kind], "bom-ref": part.ref, "name": part.name}
    if part.version:
        told["version"] = part.version
    if part.supplier:
        told["supplier"] = {"name": part.supplier}
    if part.licence:
        told["licenses"] = [{"license": {"name": part.licence}}]
    if part.sha256:
        told["hashes"] = [{"alg": "SHA-256", "content": part.sha256}]
    properties = [{"name": name, "value": value} for name, value in _properties(part)]
    if properties:
        told["properties"] = properties
    return told


def _properties(part: Part) -> Iterator[tuple[str, str]]:
    for role, origin in sorted(part.origin.items()):
        yield f"licet:origin:{role}", origin.country
        for one in origin.evidence:
            yield f"licet:origin:{role}:evidence", one
    for number, trial in enumerate(part.trial, 1):
        head = f"licet:trial:{number}"
        yield f"{head}:on", trial.on.isoformat()
        yield f"{head}:instead", trial.instead
        yield f"{head}:outcome", trial.outcome
        if trial.finding:
            yield f"{head}:finding", trial.finding
        for one in trial.evidence:
            yield f"{head}:evidence", one


def _part(
    one: Mapping[str, Any], kind: PartKind, place: int, needs: Mapping[str, tuple[str, ...]],
    name: str,
) -> Part:  # fmt: skip
    ref = one.get("bom-ref") or f"part-{place + 1}"
    origin, trial = _ours(one)
    supplier = one.get("supplier") or one.get("manufacturer") or {}
    told = {
        "ref": ref, "kind": kind, "name": one.get("name"), "version": one.get("version", ""),
        "supplier": supplier.get("name", "") if isinstance(supplier, dict) else "",
        "licence": _licence(one), "sha256": _sha256(one), "needs": needs.get(str(ref), ()),
        "origin": origin, "trial": trial,
    }  # fmt: skip
    try:
        return msgspec.convert(told, Part)
    except msgspec.ValidationError as wrong:
        raise BadInput(f"{name}: component {place + 1}: {wrong}.", hint="Mend it.") from None


def _ours(one: Mapping[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Origins and trials out of a component's properties."""
    origin: dict[str, dict[str, Any]] = {}
    trial: dict[int, dict[str, Any]] = {}
    for row in _dicts(one.get("properties")):
        key, value = str(row.get("name")), row.get("value")
        if found := _ORIGIN.fullmatch(key):
            entry = origin.setdefault(found[1], {"country": "unknown", "evidence": []})
            if found[2]:
                entry["evidence"].append(value)
            else:
                entry["country"] = value
        elif found := _TRIAL.fullmatch(key):
            entry = trial.setdefault(int(found[1]), {"evidence": []})
            if found[2] == "evidence":
                entry["evidence"].append(value)
            else:
                entry[found[2]] = value
    return origin, [trial[number] for number in sorted(trial)]


def _licence(one: Mapping[str, Any]) -> str:
    for row in _dicts(one.get("licenses")):
        told = row.get("license")
        found = row.get("expression") or (
            (told.get("id") or told.get("name")) if isinstance(told, dict) else None
        )
        if found:
            return str(found)
    return ""


def _sha256(one: Mapping[str, Any]) -> str:
    digests = (r.get("content") for r in _dicts(one.get("hashes")) if r.get("alg") == "SHA-256")
    return str(next(digests, "") or "").lower()


def _flat(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Components and their components, in the order of the document."""
    stack = [*reversed(_dicts(document.get("components")))]
    while stack:
        one = stack.pop()
        yield one
        stack += reversed(_dicts(one.get("components")))


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


__all__ = ["Origin", "Trial", "read_bom", "write_bom"]

"""The seven fields of a label as a value: read from JSON, checked against a pack, written.

It refuses to know files and formats.

Rules
1. What is written is one JSON object with every field of the pack, in order, without white space.
2. Reading never raises: what is wrong is a Fault that names a check of the pack.
3. A value is checked against the pack's characters and length after JSON is read.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import msgspec

from licet.base.trouble import BadInput
from licet.rulebook import LabelRules

TEXT_CHARACTERS_MAX = 16_384
"""Longer is no label: seven values of any pack, escaped, are shorter."""

_NAMES = {
    "Label": "label",
    "ContentProducer": "producer",
    "ProduceID": "produce_id",
    "ReservedCode1": "producer_code",
    "ContentPropagator": "propagator",
    "PropagateID": "propagate_id",
    "ReservedCode2": "propagator_code",
}


@dataclass(frozen=True, slots=True)
class Aigc:
    """A label: its degree, who produced and who propagated the content under which number, and
    the integrity code of each. GB 45438-2025 Annex E; the names there are in `_NAMES`."""

    label: str
    producer: str = ""
    produce_id: str = ""
    producer_code: str = ""
    propagator: str = ""
    propagate_id: str = ""
    propagator_code: str = ""

    def value(self, field: str) -> str:
        """The value of a field by its name in the standard: "ProduceID"."""
        found: str = getattr(self, _NAMES[field])
        return found


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that is wrong with a label: a check of the pack, and where."""

    check: str
    detail: str = ""


def render(aigc: Aigc, rules: LabelRules) -> str:
    """The JSON object of a label, without the key around it. Raises BadInput for a label that
    would not pass its own checks: nothing noncompliant is written."""
    for fault in check(aigc, rules):
        said = rules.checks[fault.check].broken["en"]
        hint = "Use the provider's code, and only letters, digits and signs, without spaces."
        raise BadInput(f"{fault.detail}: {said}.", hint=hint)
    written = {name: aigc.value(name) for name in rules.metadata.fields}
    return msgspec.json.encode(written).decode()


def parse(text: str, rules: LabelRules) -> tuple[Aigc | None, tuple[Fault, ...]]:
    """What a text says as a label, bare or under the pack's key, and what is wrong with it; None
    where it is no JSON object of texts."""
    if len(text) > TEXT_CHARACTERS_MAX:
        return None, (Fault("readable", f"longer than {TEXT_CHARACTERS_MAX} characters"),)
    try:
        found = msgspec.json.decode(text.encode("utf-8", "surrogatepass"))
    except (msgspec.DecodeError, RecursionError):
        return None, (Fault("readable"),)
    if isinstance(found, dict) and isinstance(found.get(rules.metadata.key), dict):
        found = found[rules.metadata.key]
    if not isinstance(found, dict):
        return None, (Fault("readable"),)
    faults = [Fault("fields", _shown(n)) for n in found if n not in rules.metadata.fields]
    values = {}
    for name in rules.metadata.fields:
        value = found.get(name, "")
        if not isinstance(value, str):
            return None, (Fault("readable", name),)
        values[_NAMES[name]] = value
    aigc = Aigc(**values)
    return aigc, (*faults, *check(aigc, rules))


def check(aigc: Aigc, rules: LabelRules) -> tuple[Fault, ...]:
    """Everything about the values of a label that the pack does not allow."""
    faults = []
    degree = next((d for d in rules.degrees.values() if d.value == aigc.label), None)
    if degree is None:
        faults.append(Fault("degree", _shown(aigc.label)))
    sure = degree is None or "producer" in degree.by
    required = rules.metadata.required if sure else rules.metadata.required_of_propagator
    for name in rules.metadata.fields:
        value = aigc.value(name)
        if name in required and not value:
            faults.append(Fault("required", name))
        long = len(value) > rules.metadata.value_characters_max
        if long or not all(_allowed(character, rules) for character in value):
            faults.append(Fault("characters", name))
    return tuple(faults)


def in_bytes(aigc: Aigc) -> bytes:
    """A label as bytes that no other label has: what an integrity code covers."""
    return b"".join(
        len(value).to_bytes(4, "big") + value
        for value in (getattr(aigc, field.name).encode() for field in fields(aigc))
    )


def without_codes(aigc: Aigc) -> Aigc:
    """The label as a producer's code covers it: what the producer says, without codes."""
    return replace(aigc, producer_code="", propagator="", propagate_id="", propagator_code="")


def _allowed(character: str, rules: LabelRules) -> bool:
    return any(low <= ord(character) <= high for low, high in rules.metadata.characters)


def _shown(text: str) -> str:
    """A stranger's text, short and harmless in a line."""
    return "".join(c if c.isprintable() else "?" for c in text[:40])

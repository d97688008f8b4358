"""Labels in files: written by a producer, added to by a propagator, read, verified.

It refuses to know when a label is due, and where files are kept.

Rules
1. A producer's code covers what the producer says and the content; a propagator's covers the whole
   label and the content. Each is a digest that everybody can check; who wants to know who made it
   looks at a C2PA manifest (`licet.labels.manifests`).
2. Codes of others are left alone: we say nothing about what we cannot read.
3. What is written into a format that nests is read again before it is given out.
4. A verdict never says more than was seen: a file that cannot be read is `inconclusive`.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, replace
from typing import Literal

from licet.base.trouble import BadInput
from licet.labels.formats import Copy, Format, Names, format_of
from licet.labels.metadata import Aigc, Fault, in_bytes, parse, render, without_codes
from licet.rulebook import LabelRules

Verdict = Literal["compliant", "noncompliant", "not_found", "inconclusive"]

_CODE = "licet-sha256:"


@dataclass(frozen=True, slots=True)
class Report:
    """What a file says of itself: verdict, its label where one can be read, what is wrong, where
    copies stand. `bound`: a digest of ours was there and fits. `problem`: why it is inconclusive.
    """

    verdict: Verdict
    format: str
    aigc: Aigc | None
    faults: tuple[Fault, ...]
    copies: tuple[Copy, ...]
    bound: bool
    problem: str = ""


def names_of(rules: LabelRules) -> Names:
    """How the pack names its label."""
    return Names(rules.metadata.key, rules.metadata.namespace, rules.metadata.prefix)


def produce(
    data: bytes, producer: str, produce_id: str, rules: LabelRules, *, name: str = ""
) -> bytes:
    """The file with a producer's label: generated, by whom, under which number, bound to its
    content. Any other label goes. Raises BadInput, TooMuch."""
    known = format_of(data, name)
    aigc = Aigc(rules.degrees["generated"].value, producer, produce_id)
    return _written(data, known, aigc, rules, propagated=False)


def propagate(
    data: bytes,
    propagator: str,
    propagate_id: str,
    rules: LabelRules,
    *,
    declared: bool,
    name: str = "",
) -> bytes:
    """The file with a propagator's fields beside what its producer said; where nobody said
    anything, a label that says `possible` if its user `declared` so, else `suspected`.

    Raises BadInput for a file whose label cannot be read: it is not for a platform to overwrite.
    """
    known = format_of(data, name)
    found = known.read(data, names_of(rules))
    if found:
        aigc, _ = parse(found[0].text, rules)
        if aigc is None:
            raise BadInput("the file has a label that cannot be read.", hint="Verify it first.")
    else:
        said = rules.propagation["declared" if declared else "traces"]
        aigc = Aigc(rules.degrees[said].value)
    aigc = replace(aigc, propagator=propagator, propagate_id=propagate_id)
    return _written(data, known, aigc, rules, propagated=True)


def verify(data: bytes, rules: LabelRules, *, name: str = "") -> Report:
    """What the file says and what that is worth. Raises TooMuch for a file that is too large, and
    Unavailable where its format needs a library that is not installed; never for what it holds."""
    try:
        known = format_of(data, name)
        copies = known.read(data, names_of(rules))
        if not copies:
            return Report("not_found", known.id, None, (), (), False)
        return _judged(data, known, copies, rules)
    except BadInput as problem:
        return Report("inconclusive", "", None, (), (), False, str(problem))


def _judged(data: bytes, known: Format, copies: tuple[Copy, ...], rules: LabelRules) -> Report:
    aigc, faults = parse(copies[0].text, rules)
    if len(copies) > rules.metadata.copies_max:
        faults += (Fault("one_copy", f"{len(copies)}: {', '.join(c.place for c in copies)}"),)
    faults += tuple(Fault("place", copy.place) for copy in copies if not copy.proper)
    bound = False
    if aigc is not None:
        codes = (("ReservedCode1", aigc.producer_code), ("ReservedCode2", aigc.propagator_code))
        for field, code in codes:
            if code.startswith(_CODE):
                bound = code == _code(data, known, aigc, rules, field)
                faults += () if bound else (Fault("unchanged", field),)
    bound = bound and not any(fault.check == "unchanged" for fault in faults)
    return Report("noncompliant" if faults else "compliant", known.id, aigc, faults, copies, bound)


def _written(
    data: bytes, known: Format, aigc: Aigc, rules: LabelRules, *, propagated: bool
) -> bytes:
    """The file with this label and the code of who writes it."""
    names = names_of(rules)
    bare = render(aigc, rules)  # refuses before anything is done
    if known.repairs:
        data = known.write(data, bare, names)
    field = "ReservedCode2" if propagated else "ReservedCode1"
    code = _code(data, known, aigc, rules, field)
    aigc = replace(aigc, **{"propagator_code" if propagated else "producer_code": code})
    text = render(aigc, rules)
    written = known.write(data, text, names)
    if known.nests and [parse(c.text, rules)[0] for c in known.read(written, names)] != [aigc]:
        hint = "It is not built as its format wants: save it anew with another program."
        raise BadInput("with a label this file could not be read any more.", hint=hint)
    return written


def _code(data: bytes, known: Format, aigc: Aigc, rules: LabelRules, field: str) -> str:
    covered = (
        without_codes(aigc) if field == "ReservedCode1" else replace(aigc, propagator_code="")
    )
    digest = hashlib.sha256(in_bytes(covered))
    for piece in known.content(data, names_of(rules)):
        digest.update(len(piece).to_bytes(8, "big"))
        digest.update(piece)
    return _CODE + base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()

"""One pass over an XML text: what stands in it of ours is taken out, something is put in.

It refuses to know XMP and Office.

Rules
1. Everything else stays: names, prefixes, comments, order. A text with a DOCTYPE is refused: no
   entity is declared, so nothing can expand.
2. No recursion, and one pass: time is linear in the size, which is at most LABEL_BYTES_MAX.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from licet.base.trouble import BadInput
from licet.labels.formats.model import LABEL_BYTES_MAX

Name = tuple[str, str]
"""(namespace, local name)"""

_XML = "http://www.w3.org/XML/1998/namespace"


@dataclass(frozen=True, slots=True)
class Edited:
    """What was taken out, in order, and the text without it and with what was put in.

    `placed` is False where the parent was not there, and so nothing was put in.
    """

    values: tuple[str, ...]
    text: str
    placed: bool


def edit(
    source: bytes,
    *,
    ours: Callable[[Name, Mapping[Name, str]], bool],
    attribute: Name | None = None,
    parent: Name,
    piece: str = "",
) -> Edited:
    """Take out every element that is `ours` and every `attribute`; put `piece` in at the end of
    the first `parent`. Raises BadInput for what is no XML, has a DOCTYPE, or is too long."""
    if len(source) > LABEL_BYTES_MAX:
        raise BadInput("metadata in XML is too long.", hint=f"Up to {LABEL_BYTES_MAX} bytes.")
    editing = _Editing(ours, attribute, parent, piece)
    parser = expat.ParserCreate()
    parser.ordered_attributes = True
    parser.buffer_text = True
    parser.StartElementHandler = editing.start
    parser.EndElementHandler = editing.end
    parser.CharacterDataHandler = editing.characters
    parser.CommentHandler = lambda text: editing.keep(f"<!--{text}-->")
    parser.ProcessingInstructionHandler = lambda to, text: editing.keep(f"<?{to} {text}?>")
    parser.StartDoctypeDeclHandler = editing.doctype
    try:
        parser.Parse(source, True)
    except (expat.ExpatError, ValueError, LookupError) as error:  # the last two: its encoding
        raise BadInput(f"metadata in XML cannot be read: {error}.", hint="Is the file whole?")
    return Edited(tuple(editing.values), "".join(editing.out), editing.placed)


@dataclass(slots=True)
class _Editing:
    ours: Callable[[Name, Mapping[Name, str]], bool]
    attribute: Name | None
    parent: Name
    piece: str
    out: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    placed: bool = False
    bound: list[Mapping[str, str]] = field(default_factory=lambda: [{"xml": _XML}])
    inside: list[str] | None = None  # text of the element that is being taken out
    depth: int = 0  # of open elements
    taken_at: int = 0
    parent_at: int = 0

    def start(self, tag: str, written: list[str]) -> None:
        self.depth += 1
        pairs = list(zip(written[::2], written[1::2], strict=True))
        declared = {
            name.partition(":")[2]: value
            for name, value in pairs
            if name == "xmlns" or name.startswith("xmlns:")
        }
        self.bound.append({**self.bound[-1], **declared} if declared else self.bound[-1])
        if self.inside is not None:
            return
        name = self._name(tag, self.bound[-1].get("", ""))
        attributes = {self._name(key): value for key, value in pairs}
        if self.ours(name, attributes):
            self.inside, self.taken_at = [], self.depth
            return
        if self.attribute in attributes:
            self.values.append(attributes[self.attribute])
            pairs = [pair for pair in pairs if self._name(pair[0]) != self.attribute]
        self.out.append(f"<{tag}{''.join(f' {key}={quoteattr(v)}' for key, v in pairs)}>")
        if name == self.parent and not self.placed:
            self.placed, self.parent_at = True, self.depth

    def end(self, tag: str) -> None:
        if self.inside is None:
            if self.depth == self.parent_at:
                self.out.append(self.piece)
                self.parent_at = 0
            self.out.append(f"</{tag}>")
        elif self.depth == self.taken_at:
            self.values.append("".join(self.inside))
            self.inside = None
        self.depth -= 1
        self.bound.pop()

    def characters(self, text: str) -> None:
        if self.inside is None:
            self.out.append(escape(text))
        else:
            self.inside.append(text)

    def keep(self, text: str) -> None:
        if self.inside is None:
            self.out.append(text)

    def doctype(self, *_: object) -> NoReturn:
        raise BadInput("metadata in XML declare a DOCTYPE.", hint="Remove it; it is never needed.")

    def _name(self, written: str, default: str = "") -> Name:
        prefix, colon, local = written.rpartition(":")
        return (self.bound[-1].get(prefix, "") if colon else default, local)

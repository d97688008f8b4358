"""An XMP packet: a label in it is read, taken out, put in; the rest of it stays.

It refuses to know in which file the packet lies. TC260-PG-20259A; XMP is ISO 16684-1.
"""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

from licet.base.trouble import BadInput
from licet.labels.formats.model import Copy, Names
from licet.labels.formats.xml import Edited, Name, edit

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_PARENT: Name = (_RDF, "RDF")
_EMPTY = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{_RDF}"></rdf:RDF></x:xmpmeta>'
    '<?xpacket end="w"?>'
)


def copies(packet: bytes, names: Names, place: str) -> tuple[Copy, ...]:
    """Every copy of a label in a packet, as attribute or element. Raises BadInput."""
    if names.namespace.encode() not in packet:
        return ()
    where = f"{place} {names.prefix}:{names.key}"
    return tuple(Copy(where, text) for text in _edited(packet, "", names).values)


def with_label(packet: bytes, text: str, names: Names) -> bytes:
    """The packet (b"": a new one) with this label and no other. Raises BadInput for a packet that
    is no XMP, for what stands in it would be lost."""
    edited = _edited(packet or _EMPTY.encode(), _description(names, text), names)
    if not edited.placed:
        raise BadInput("the file's XMP has no rdf:RDF.", hint="Repair or remove its XMP first.")
    # What is left of an older label of ours is an empty description.
    return edited.text.replace(_description(names), "").encode()


def _description(names: Names, text: str | None = None) -> str:
    value = "" if text is None else f" {names.prefix}:{names.key}={quoteattr(text)}"
    return (
        f'<rdf:Description rdf:about="" xmlns:rdf="{_RDF}" '
        f"xmlns:{names.prefix}={quoteattr(names.namespace)}{value}></rdf:Description>"
    )


def _edited(packet: bytes, piece: str, names: Names) -> Edited:
    ours: Name = (names.namespace, names.key)
    return edit(
        packet.rstrip(b"\0"),
        ours=lambda name, _: name == ours,
        attribute=ours,
        parent=_PARENT,
        piece=piece,
    )

"""What a pack says of labels, as lines for a terminal: degrees, media, checks.

It refuses to know files; it prints what the pack holds.
"""

from __future__ import annotations

from collections.abc import Iterator

from licet.rulebook.grounds import Provenance
from licet.rulebook.labels import Degree, Entry, LabelCheck, Medium
from licet.rulebook.model import Pack


def labels_lines(entry: Entry, lang: str) -> Iterator[str]:
    """The lines that explain one entry, without what it rests on."""
    match entry:
        case Degree():
            yield f"degree.{entry.id}  {entry.mark[lang]} (Label {entry.value})"
            yield f"notice    {entry.notice[lang]}"
            yield f"said by   {', '.join(sorted(entry.by))}"
        case LabelCheck():
            yield f"check.{entry.id}  {entry.broken[lang]}"
            yield f"clause    {entry.clause[lang]}"
        case Medium():
            yield f"medium.{entry.id}  {entry.name[lang]}"
            yield f"places    {', '.join(entry.places)}"
            if entry.height_share_min:
                yield f"height    at least {entry.height_share_min:.0%} of the shortest side"
            if entry.seconds_min:
                yield f"seconds   at least {entry.seconds_min}"
            if entry.rhythm:
                yield f"rhythm    {entry.rhythm}, {entry.rhythm_unit_ms} ms a dot"


def labels_grounds(pack: Pack, entry: Entry) -> tuple[Provenance, ...]:
    """What an entry rests on: its own provenance, and that of each number in it, once."""
    stem = f"labels.{entry.id}."
    found = [p.provenance for key, p in pack.parameters.items() if key.startswith(stem)]
    if not isinstance(entry, Medium):
        found.insert(0, entry.provenance)
    return tuple(one for place, one in enumerate(found) if one not in found[:place])

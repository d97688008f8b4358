"""What a pack says of shared training data, as lines for a terminal.

It refuses to know data sets; it prints what the pack holds.
"""

from __future__ import annotations

from collections.abc import Iterator

from licet.rulebook.corpus import AccessClass, AnnotationPart, Basis, Entry, Licence, SourceType


def corpus_lines(entry: Entry, lang: str) -> Iterator[str]:
    """The lines that explain one entry, without what it rests on."""
    match entry:
        case SourceType():
            yield f"source_type.{entry.id}  {entry.name[lang]}"
            yield f"clause    {entry.clause}"
            yield f"evidence  {', '.join(entry.evidence)}"
        case Basis():
            yield f"basis.{entry.id}  {entry.name[lang]}"
            yield f"record    {'needed' if entry.needs_record else 'not needed'}"
        case AccessClass():
            yield f"access.{entry.id}  {entry.name[lang]}"
            needs = [
                w for w, on in (("token", entry.needs_token), ("grant", entry.needs_grant)) if on
            ]
            yield f"needs     {', '.join(needs) or 'nothing'}"
            yield f"receipts  {'signed' if entry.receipts else 'none'}"
        case Licence():
            yield f"licence.{entry.id}  {entry.name}"
            yield f"allows    {', '.join(sorted(entry.allows))}"
            yield f"asks      {', '.join(sorted(entry.asks)) or 'nothing'}"
            if entry.into:
                yield f"into      {', '.join(sorted(entry.into))}"
        case AnnotationPart():
            yield f"annotation_part.{entry.id}  {entry.name[lang]}"

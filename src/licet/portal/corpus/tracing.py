"""From a version of a data set to the jobs and models that rest on it: what an inspector reads.

It refuses to know pages, and to say what follows.

Rules
1. What a body declared, what it was given (receipts) and what a dossier names stand side by side;
   none of them is taken for another.
2. A dossier names a version by its number, or a file of it by its digest, in its supply chain.
3. What rests on a version that was made from this one rests on this one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from licet.base.trouble import NotFound
from licet.corpus.catalogue import Catalogue, Version
from licet.corpus.readers import Readers
from licet.corpus.shelf import Shelf
from licet.corpus.uses import Use, Uses
from licet.portal.corpus.store import called, name_of
from licet.portal.dossiers import service
from licet.portal.dossiers.chain_views import read_kept
from licet.portal.dossiers.models import StoredDossier

DOSSIERS_MAX = 500
DIGITS_MIN = 12
"""So many digits of a version's number are taken for it."""
Where = Literal["above", "this", "below"]


@dataclass(frozen=True, slots=True)
class Link:
    """A version in a chain: `where` it stands to the one that was asked for; who was given it;
    what it was declared for, by whom; the dossiers that name it."""

    where: Where
    version: Version
    given: tuple[Mapping[str, str], ...]
    uses: tuple[tuple[Use, Mapping[str, str], StoredDossier | None], ...]
    named: tuple[StoredDossier, ...]


def trace(shelf: Shelf, version: Version) -> tuple[Link, ...]:
    """What the version was made from, itself, and what was made from it, each with what rests on
    it (rules 1 and 3)."""
    catalogue = shelf.catalogue
    rows: list[tuple[Where, Version]] = [("above", one) for one in _above(version, catalogue)]
    rows.append(("this", version))
    rows += [("below", one) for one in catalogue.made_from(version.commit)]
    named = _named([one for _, one in rows])
    readers, uses = Readers(catalogue), Uses(catalogue)
    return tuple(
        Link(
            where,
            one,
            tuple(name_of(reader) for reader in readers.holders(one.commit)),
            tuple((use, called(use.by), _dossier(use.model)) for use in uses.of(one.commit)),
            tuple(named.get(one.commit, ())),
        )
        for where, one in rows
    )


def _above(version: Version, catalogue: Catalogue) -> list[Version]:
    """What a version was made from, near or far, nearest first."""
    found: dict[str, Version] = {}
    waiting = [version]
    while waiting:
        for parent in waiting.pop(0).manifest.card.made_from:
            if parent.version not in found:
                try:
                    found[parent.version] = catalogue.get(parent.version)
                except NotFound:
                    continue
                waiting.append(found[parent.version])
    return list(found.values())


def _dossier(number: str) -> StoredDossier | None:
    rows = StoredDossier.objects.filter(case__number=number, published__gt=0)
    return rows.select_related("case").first() if number else None


def _named(versions: Sequence[Version]) -> Mapping[str, list[StoredDossier]]:
    """The dossiers whose newest version names one of the versions, by its number (rule 2)."""
    digests = {file.sha256: one.commit for one in versions for file in one.manifest.files}
    found: dict[str, list[StoredDossier]] = {}
    for row, mark in _marks():
        commit = digests.get(mark) or next(
            (one.commit for one in versions
             if len(mark) >= DIGITS_MIN and one.commit.startswith(mark)), None,
        )  # fmt: skip
        if commit and row not in found.setdefault(commit, []):
            found[commit].append(row)
    return found


def _marks() -> Iterator[tuple[StoredDossier, str]]:
    """Dossiers with the versions and digests that their parts of kind `data` name."""
    try:
        field = service.rules().chain
    except NotFound:
        return
    rows = StoredDossier.objects.filter(published__gt=0).select_related("case", "holder")
    for row in rows.order_by("-changed")[:DOSSIERS_MAX]:
        version = service.latest(row)
        file = version.answers.get(field) if version else None
        chain = read_kept(file["sha256"]) if isinstance(file, dict) else None
        for part in chain.part if chain else ():
            if part.kind == "data":
                yield from ((row, mark) for mark in (part.version, part.sha256) if mark)

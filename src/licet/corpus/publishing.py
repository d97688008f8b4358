"""Publishing and withdrawing versions: load, decide, write.

It refuses to know clients and pages. What it decides by is in `card`, `licences` and the pack.

Rules
1. A version is published whole or not: its content is here, its card has no fault, its licence
   agrees with everything that it was made from.
2. A "no" is a value that says everything that is wrong at once.
3. A withdrawal reaches every version that was made from the withdrawn one, near or far
   (law:cn-genai-2023/art7.1, law:cn-genai-2023/art7.3); whoever withdraws sees which before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from licet.base.clock import rfc3339
from licet.base.trouble import BadInput, NotFound
from licet.corpus.blobs import Blobs
from licet.corpus.card import Card, Fault, card_faults
from licet.corpus.catalogue import Catalogue, Version, Withdrawal
from licet.corpus.licences import DEPTH_MAX, Conflict, Link, conflicts
from licet.corpus.manifest import File, make_manifest
from licet.corpus.words import FAULTS
from licet.rulebook.corpus import CorpusRules

REASON_CHARACTERS_MAX = 500


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a version is not published: what its card lacks, and where its licence conflicts."""

    faults: tuple[Fault, ...] = ()
    conflicts: tuple[Conflict, ...] = ()

    def said(self, lang: str) -> tuple[str, ...]:
        """Every reason, a sentence each."""
        return (
            *(f"{f.where}: {FAULTS[f.code][lang].format(about=f.about)}" for f in self.faults),
            *(one.said(lang) for one in self.conflicts),
        )


@dataclass(frozen=True, slots=True)
class Push:
    """What somebody wants to publish. `by`: who, as a code of a body or a name."""

    dataset: str
    files: tuple[File, ...]
    card: Card
    by: str
    message: str = ""


def publish(
    push: Push, catalogue: Catalogue, blobs: Blobs, rules: CorpusRules, now: datetime
) -> Version | Refusal:
    """The new version, or why there is none. The same as the newest is that one, not a new one.

    Raises BadInput for names that will not do, NotFound where content is not here.
    """
    refusal = examine(push.card, push.dataset, catalogue, rules)
    if refusal is not None:
        return refusal
    for file in push.files:
        if blobs.size(file.sha256) != file.size:
            raise NotFound(f"the content of {file.path} is not here.", hint="Upload it first.")
    known = catalogue.versions(push.dataset)
    manifest = make_manifest(
        push.dataset, push.files, push.card, made=rfc3339(now), by=push.by,
        message=push.message, parent=known[0].commit if known else "",
    )  # fmt: skip
    if known and known[0].withdrawn is None:
        last = known[0].manifest
        if (last.files, last.card) == (manifest.files, manifest.card):
            return known[0]
    return catalogue.add(manifest, int(now.timestamp() * 1000))


def examine(card: Card, dataset: str, catalogue: Catalogue, rules: CorpusRules) -> Refusal | None:
    """What stands against publishing under this card; None where nothing does."""
    faults = (
        *card_faults(card, rules), *_parent_faults(card, catalogue),
        *_annotation_faults(card, catalogue),
    )  # fmt: skip
    if faults:
        return Refusal(faults)
    found = conflicts(chain_of(card, dataset, catalogue), rules.licences)
    return Refusal(conflicts=found) if found else None


def chain_of(card: Card, name: str, catalogue: Catalogue, depth: int = DEPTH_MAX) -> Link:
    """The licence chain below a card: its sources that state a licence, and the versions that it
    was made from with theirs. Raises BadInput where the chain is deeper than DEPTH_MAX."""
    if depth == 0:
        raise BadInput(f"the chain of {name} is deeper than {DEPTH_MAX}.")
    sources = [Link(one.name, one.licence) for one in card.source if one.licence]
    parents = [
        chain_of(
            catalogue.get(one.version).manifest.card, f"{one.id}@{one.version[:7]}", catalogue,
            depth - 1,
        )
        for one in card.made_from
    ]  # fmt: skip
    return Link(name, card.licence, (*sources, *parents))


def _parent_faults(card: Card, catalogue: Catalogue) -> Iterator[Fault]:
    for number, one in enumerate(card.made_from, 1):
        where, about = f"made_from {number}", f"{one.id}@{one.version[:7]}"
        try:
            found = catalogue.get(one.version)
        except NotFound:
            yield Fault(where, "unknown_parent", about)
            continue
        if found.dataset != one.id:
            yield Fault(where, "unknown_parent", about)
        elif found.withdrawn is not None:
            yield Fault(where, "parent_withdrawn", about)


def _annotation_faults(card: Card, catalogue: Catalogue) -> Iterator[Fault]:
    """law:cn-genai-2023/art8: what people annotated followed rules that can be read here."""
    for number, one in enumerate(card.annotation, 1):
        if not catalogue.has_rules(one.id, one.version):
            about = f"{one.id[:120]} {one.version[:40]}"
            yield Fault(f"annotation {number}", "unknown_rules", about)


def reach(version: Version, catalogue: Catalogue) -> tuple[Version, ...]:
    """The versions that the withdrawal of this one takes with it; it comes first."""
    below = [one for one in catalogue.made_from(version.commit) if one.withdrawn is None]
    return (version, *below)


def withdraw(
    version: Version, catalogue: Catalogue, *, by: str, reason: str, now: datetime
) -> tuple[Version, ...]:
    """Withdraw a version and all that was made from it; gives those that are withdrawn by this.

    Raises BadInput without a reason, and where it was withdrawn before.
    """
    if not reason.strip() or len(reason) > REASON_CHARACTERS_MAX:
        raise BadInput(f"a withdrawal needs a reason of up to {REASON_CHARACTERS_MAX} characters.")
    if version.withdrawn is not None:
        raise BadInput("this version was withdrawn before.")
    reached = reach(version, catalogue)
    own = Withdrawal(int(now.timestamp() * 1000), by, reason.strip(), None)
    rows = [(version.commit, own)]
    rows += [(one.commit, replace(own, cause=version.commit)) for one in reached[1:]]
    catalogue.withdraw(rows)
    return tuple(catalogue.get(one.commit) for one in reached)


def unused(catalogue: Catalogue) -> Sequence[str]:
    """The digests of content that only withdrawn versions have."""
    return [sha256 for sha256, _, stands in catalogue.contents() if not stands]

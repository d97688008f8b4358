"""What may be done with a data set that was made of others: the licence chain, computed.

It refuses to know storage. Pure. The table of licences is the pack's, a reading and no advice.

Rules
1. What is allowed is what every input down the chain allows.
2. A conflict is a value: it names the path from the data set to where the restriction begins.
3. What nobody is known to allow is not allowed: an unknown licence is a conflict.
4. A single input that is passed on under its own licence is a copy, and needs no leave to adapt.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from licet.corpus.words import CONFLICTS, RIGHTS
from licet.rulebook.corpus import Debt, Licence, Right

Code = Literal["no_adaptation", "grants_more", "drops_attribution", "share_alike", "unknown"]
DEPTH_MAX = 64


@dataclass(frozen=True, slots=True)
class Link:
    """A data set or a source in a chain: its name, its licence, and what it was made from."""

    name: str
    licence: str
    inputs: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """What may be done with a data set, what is owed, and to whom credit is due."""

    allows: frozenset[Right]
    asks: frozenset[Debt]
    credit: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conflict:
    """Why a licence cannot be given: from the data set down to where it is forbidden."""

    path: tuple[str, ...]
    code: Code
    own: str
    licence: str
    rights: tuple[Right, ...] = ()
    into: tuple[str, ...] = ()

    def said(self, lang: str) -> str:
        """The conflict in a sentence, with its path."""
        why = CONFLICTS[self.code][lang].format(
            own=self.own, licence=self.licence, into=" / ".join(self.into),
            rights="、".join(RIGHTS[r]["zh"] for r in self.rights) if lang == "zh"
            else ", ".join(RIGHTS[r]["en"] for r in self.rights),
        )  # fmt: skip
        return f"{' → '.join(self.path)}: {why}"


def terms(link: Link, licences: Mapping[str, Licence]) -> Terms:
    """What holds for a chain: the rights that all of it leaves, the debts of any of it."""
    own = licences.get(link.licence)
    allows: frozenset[Right] = own.allows if own else frozenset()
    asks: frozenset[Debt] = own.asks if own else frozenset()
    credit = [link.name] if "attribution" in asks else []
    for one in link.inputs:
        below = terms(one, licences)
        allows &= below.allows
        asks |= below.asks
        credit += below.credit
    return Terms(allows, asks, tuple(dict.fromkeys(credit)))


def conflicts(link: Link, licences: Mapping[str, Licence]) -> tuple[Conflict, ...]:
    """Every reason against passing a data set on under its licence, nearest input first."""
    own = licences.get(link.licence)
    if own is None:
        return (Conflict((link.name,), "unknown", link.licence, link.licence),)
    copies = len(link.inputs) == 1 and link.inputs[0].licence == link.licence
    return tuple(
        found for one in link.inputs for found in _between(link, own, one, licences, copies)
    )


def _between(
    link: Link, own: Licence, one: Link, licences: Mapping[str, Licence], copies: bool
) -> Iterator[Conflict]:
    given = licences.get(one.licence)
    here = (link.name, one.name)
    if given is None:
        yield Conflict(here, "unknown", own.id, one.licence or "?")
        return
    within = terms(one, licences)
    if "adapt" not in within.allows and not copies:
        path, at = _origin(one, "adapt", licences)
        yield Conflict((link.name, *path), "no_adaptation", own.id, at)
    more = sorted(own.allows - within.allows - {"adapt"})
    if more:
        path, at = _origin(one, more[0], licences)
        yield Conflict((link.name, *path), "grants_more", own.id, at, tuple(more))
    if "attribution" in within.asks and "attribution" not in own.asks:
        yield Conflict(here, "drops_attribution", own.id, given.id)
    if given.into and own.id not in given.into:
        yield Conflict(here, "share_alike", own.id, given.id, into=tuple(sorted(given.into)))


def _origin(
    link: Link, right: Right, licences: Mapping[str, Licence]
) -> tuple[tuple[str, ...], str]:
    """The path down to the deepest input that withholds a right, and its licence."""
    for one in link.inputs:
        if right not in terms(one, licences).allows:
            path, at = _origin(one, right, licences)
            return (link.name, *path), at
    return (link.name,), link.licence

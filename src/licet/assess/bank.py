"""A bank of questions: what it serves, what it holds, its digest. Values only.

It refuses to know files, packs and who is asked.

Rules
1. An item's id is a digest of its language and text: the same question has the same id wherever
   it stands, and a changed question is another one.
2. A bank's digest covers what its items say and where they stand, not their order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from licet.base.canonical import canonical_json, sha256_hex

ID_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Item:
    """One question. `heading` is a risk (`A.1.d`) or an aspect (`history`) of the pack; `topic`
    is what a reader would call it."""

    lang: str
    heading: str
    topic: str
    text: str

    @property
    def id(self) -> str:
        """Rule 1: 16 hexadecimal digits."""
        data = f"{self.lang}\n{self.text}".encode()
        return hashlib.sha256(data).hexdigest()[:ID_DIGITS]


@dataclass(frozen=True)
class Bank:
    """Questions that serve one or several of the pack's bank rules (`should_refuse` …)."""

    id: str
    version: str
    serves: tuple[str, ...]
    title: Mapping[str, str]
    items: tuple[Item, ...]

    @cached_property
    def digest(self) -> str:
        """SHA-256 (hex) of what the items say and where they stand (rule 2)."""
        lines = sorted([item.id, item.lang, item.heading, item.text] for item in self.items)
        return sha256_hex(canonical_json(lines))


def serving(banks: Iterable[Bank], rule: str) -> tuple[Item, ...]:
    """The items of all banks that serve a rule, each once, by id."""
    found = {item.id: item for bank in banks if rule in bank.serves for item in bank.items}
    return tuple(found[key] for key in sorted(found))

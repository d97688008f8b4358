"""Lists of pictures that are not to leave: an operator's, and what incidents have added.

    [[picture]]
    id = "op-2026-014"
    phash = "d1c46b3a90ff27e5"
    category = "sexual"

It refuses to know where lists are kept, and pictures: it holds hashes.

Rules
1. A picture is known where one of its hashes is within `bits_max` bits of a listed one; the
   nearest counts.
2. An id is in all lists once: it is what a person quotes on appeal.
3. A list that cannot be read whole is not read at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from licet.base.tomlsource import TomlSource
from licet.guard.verdict import Finding

PICTURES_MAX = 1_000_000
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HASH = re.compile(r"[0-9a-f]{16}")
_FIELDS = {"id", "phash", "category", "note"}


@dataclass(frozen=True, slots=True)
class Listed:
    """A picture on a list."""

    id: str
    phash: int
    category: str


class BlockList:
    """All lists together. Frozen once made; a lookup takes time linear in their length."""

    __slots__ = ("_hashes", "_pictures")

    def __init__(self, pictures: Sequence[Listed] = ()) -> None:
        self._pictures = tuple(pictures)
        self._hashes = np.array([one.phash for one in pictures], np.uint64)

    def __len__(self) -> int:
        return len(self._pictures)

    def find(self, hashes: Iterable[int], bits_max: int) -> Finding | None:
        """What the lists say of a picture with these hashes (rule 1)."""
        nearest, best = None, bits_max + 1
        for number in hashes:
            if not self._pictures:
                break
            apart = np.bitwise_count(self._hashes ^ np.uint64(number))
            at = int(apart.argmin())
            if apart[at] < best:
                nearest, best = self._pictures[at], int(apart[at])
        if nearest is None:
            return None
        score = 1.0 - best / 64
        return Finding(nearest.category, "halt", score, 0, 0, "picture", nearest.id)


def parse_blocklist(text: str, name: str, categories: Iterable[str]) -> tuple[Listed, ...]:
    """The pictures of one list. Raises BadInput with file, line, cause and remedy."""
    source, known = TomlSource(name, text.removeprefix("\ufeff")), frozenset(categories)
    root = source.parse()
    rows = root.get("picture", [])
    if set(root) - {"picture"} or not isinstance(rows, list):
        raise source.fault(
            (), "it holds something else than [[picture]] tables.", "See the guide."
        )
    if len(rows) > PICTURES_MAX:
        raise source.fault((), f"it lists more than {PICTURES_MAX:,} pictures.", "List fewer.")
    seen: set[str] = set()
    return tuple(_row(source, at, row, known, seen) for at, row in enumerate(rows))


def _row(
    source: TomlSource, at: int, row: Mapping[str, Any], known: frozenset[str], seen: set[str]
) -> Listed:
    place = ("picture", at)
    if not isinstance(row, dict) or set(row) - _FIELDS:
        hint = "A picture has id, phash, category and perhaps a note."
        raise source.fault(place, "this is no picture of a list.", hint)
    if not _ID.fullmatch(str(row.get("id", ""))) or row["id"] in seen:
        hint = "Give each an id of its own: letters, digits, . _ -"
        raise source.fault((*place, "id"), "`id` is missing, unfit or used already.", hint)
    if not _HASH.fullmatch(str(row.get("phash", ""))):
        hint = "`licet pictures hash FILE` gives its 16 digits."
        raise source.fault((*place, "phash"), "`phash` is no hash of a picture.", hint)
    if row.get("category") not in known:
        raise source.fault(
            (*place, "category"), "`category` is none.", f"One of: {', '.join(sorted(known))}."
        )
    seen.add(row["id"])
    return Listed(row["id"], int(row["phash"], 16), row["category"])

"""Items of a proof: texts with what should become of them, frozen before the fix is made.

    {"id": "f-17", "set": "held_out", "text": "…", "role": "reply", "cluster": "template-3"}

It refuses to know bundles and verdicts.

Rules
1. A line that is no item is refused with its number; nothing is passed over in silence.
2. Items of a cluster (one template, one conversation) go to one side of a split together.
3. A split is drawn by a salt and can be drawn again from it; nobody picks.
4. What was looked at to make a fix cannot prove it: an item that is the same as one of those, or
   nearly, as the guard reads both, is named and refuses the proof.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Literal, get_args

import msgspec

from licet.base.canonical import canonical_json, sha256_hex
from licet.base.trouble import BadInput
from licet.guard.fold import fold

Set = Literal["held_out", "regression", "benign"]
Role = Literal["prompt", "reply"]
SETS: tuple[Set, ...] = get_args(Set)

ITEMS_MAX = 100_000
TEXT_CHARACTERS_MAX = 100_000
NEAR = 0.8
"""From this share of common pieces on, two texts are nearly one (Jaccard, over pieces of 5)."""
_PIECE = 5


@dataclass(frozen=True, slots=True)
class Item:
    """One text. In `held_out` and `regression` it must be stopped, in `benign` it must not."""

    id: str
    set: Set
    text: str
    role: Role = "reply"
    context: str = ""
    cluster: str = ""

    @property
    def must_stop(self) -> bool:
        return self.set != "benign"


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    text: str
    set: Set = "held_out"
    role: Role = "reply"
    context: str = ""
    cluster: str = ""


def read_items(data: bytes, where: str) -> tuple[Item, ...]:
    """The items in lines of JSON. Raises BadInput with file and line (rule 1)."""
    items: list[Item] = []
    seen: set[str] = set()
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        try:
            found = msgspec.json.decode(line, type=_Line)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            raise _refused(where, number, str(error)) from None
        if not found.id or not found.text.strip():
            raise _refused(where, number, "an item has an id and a text.")
        if len(found.text) > TEXT_CHARACTERS_MAX:
            raise _refused(where, number, f"more than {TEXT_CHARACTERS_MAX:,} characters.")
        if found.id in seen:
            raise _refused(where, number, f"there is another item {found.id!r}.")
        seen.add(found.id)
        items.append(
            Item(found.id, found.set, found.text, found.role, found.context, found.cluster)
        )
        if len(items) > ITEMS_MAX:
            raise _refused(where, number, f"more than {ITEMS_MAX:,} items.")
    return tuple(items)


def items_as_lines(items: Iterable[Item]) -> bytes:
    """The items as `read_items` takes them, one a line, in order."""
    return b"".join(canonical_json(_as_json(item)) + b"\n" for item in items)


def digest(items: Iterable[Item]) -> str:
    """SHA-256 over the items in the order of their ids: what a proof names."""
    ordered = sorted(items, key=lambda item: item.id)
    return sha256_hex(canonical_json([_as_json(item) for item in ordered]))


@dataclass(frozen=True, slots=True)
class Split:
    """Items to make a fix with, and those held out of it."""

    fix: tuple[Item, ...]
    held_out: tuple[Item, ...]


def split(items: Sequence[Item], salt: bytes, held_out_share: float) -> Split:
    """Divide items at random, cluster by cluster (rules 2 and 3). `salt` has 16 bytes or more.

    Raises BadInput where either side would be empty: then there is nothing to prove with.
    """
    if len(salt) < 16 or not 0.0 < held_out_share < 1.0:
        raise BadInput("a split takes a salt of 16 bytes and a share between 0 and 1.")
    held: list[Item] = []
    fix: list[Item] = []
    for item in items:
        drawn = sha256(salt + (item.cluster or item.id).encode()).digest()[:8]
        below = int.from_bytes(drawn, "big") < held_out_share * 2**64
        (held if below else fix).append(item)
    if not held or not fix:
        raise BadInput(
            f"{len(items)} items cannot be divided.", hint="Add items of this family, or clusters."
        )
    return Split(tuple(fix), tuple(held))


def leaked(items: Iterable[Item], used: Iterable[Item]) -> tuple[tuple[str, str], ...]:
    """Pairs of ids: an item of a proof, and the one used for the fix that it is, or nearly is.

    Cost: one comparison for every two texts that share a piece.
    """
    known: dict[str, str] = {}
    holding: dict[str, list[int]] = {}
    pieces: list[tuple[str, frozenset[str]]] = []
    for one in used:
        read = fold(one.text)
        known.setdefault(read, one.id)
        parts = frozenset(_pieces(read))
        for part in parts:
            holding.setdefault(part, []).append(len(pieces))
        pieces.append((one.id, parts))
    return tuple(_leaks(items, known, holding, pieces))


def _leaks(
    items: Iterable[Item],
    known: dict[str, str],
    holding: dict[str, list[int]],
    pieces: list[tuple[str, frozenset[str]]],
) -> Iterator[tuple[str, str]]:
    for item in items:
        read = fold(item.text)
        if read in known:
            yield item.id, known[read]
            continue
        mine = frozenset(_pieces(read))
        common: dict[int, int] = {}
        for part in mine:
            for place in holding.get(part, ()):
                common[place] = common.get(place, 0) + 1
        for place, many in common.items():
            other, parts = pieces[place]
            if many >= NEAR * (len(mine) + len(parts) - many):
                yield item.id, other
                break


def _pieces(text: str) -> Iterator[str]:
    return (text[at : at + _PIECE] for at in range(max(1, len(text) - _PIECE + 1)))


def _as_json(item: Item) -> dict[str, str]:
    told = {
        "id": item.id,
        "set": item.set,
        "text": item.text,
        "role": item.role,
        "context": item.context,
        "cluster": item.cluster,
    }
    return {name: value for name, value in told.items() if value}


def _refused(where: str, number: int, why: str) -> BadInput:
    return BadInput(
        f"{where}, line {number}: {why}",
        hint='One object a line: {"id": "f-17", "set": "held_out", "text": "…"}.',
    )

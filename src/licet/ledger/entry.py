"""Entries: the small, public, canonical lines of the ledger (docs/ledger.md).

Refuses to know where they are kept and what follows from them.

1. An entry is RFC 8785 JSON: `v`, `t`, `type`, `pub`, and where given `seq`, `sub`, `ct_sha256`.
   At most 65,535 bytes.
2. What may stand in `pub` is a closed vocabulary (`entry_types`). Values are identifiers,
   digests, moments, whole numbers and flags. Free text has no field: that is what keeps
   personal data out (a sealed payload carries it, see `seal`).
3. A person appears only as a keyed pseudonym in `sub`.
4. Fractions are written as whole numbers in smaller units (`score_ppm`, `wait_us`), so that every
   implementation writes the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

import msgspec

from licet.base.clock import rfc3339
from licet.base.trouble import BadInput
from licet.ledger.entry_types import ENTRY_TYPES
from licet.ledger.tiles import ENTRY_BYTES_MAX

VERSION = 1
ID_CHARS_MAX = 96

Value = str | int | bool | list[str] | None

ID = re.compile(rf"[A-Za-z0-9_.:/@+~-]{{1,{ID_CHARS_MAX}}}", re.ASCII)
_NOT_ID = re.compile(r"[^A-Za-z0-9_.:/@+~-]+", re.ASCII)
INT_MAX = 2**53 - 1
_encode = msgspec.json.Encoder(order="sorted").encode


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger, as a value. `t` is RFC 3339 in UTC with milliseconds."""

    kind: str
    t: str
    pub: Mapping[str, Value] = field(default_factory=dict)
    sub: str | None = None
    ct_sha256: str | None = None
    seq: int | None = None


def make_entry(
    kind: str,
    now: datetime,
    pub: Mapping[str, Value],
    *,
    sub: str | None = None,
    ct_sha256: str | None = None,
    seq: int | None = None,
) -> bytes:
    """The canonical bytes of an entry, ready for `Writer.submit`.

    Fields that are None are left out. Raises BadInput for a kind or field that ENTRY_TYPES does
    not hold and for a value of rule 2's other side.
    """
    given = {name: value for name, value in pub.items() if value is not None}
    return render_entry(Entry(kind, rfc3339(now), given, sub, ct_sha256, seq))


def render_entry(entry: Entry) -> bytes:
    """RFC 8785 bytes of an entry. Raises BadInput as `make_entry`."""
    known = ENTRY_TYPES.get(entry.kind)
    if known is None:
        raise BadInput(f"no entry type {entry.kind!r}", hint="Add it to ENTRY_TYPES first.")
    for name, value in entry.pub.items():
        if name not in known.fields:
            raise BadInput(f"{entry.kind} has no field {name!r}", hint="See docs/ledger.md.")
        _check(name, value)
    line: dict[str, object] = {
        "v": VERSION,
        "t": entry.t,
        "type": entry.kind,
        "pub": dict(entry.pub),
    }
    if entry.seq is not None:
        _check("seq", entry.seq)
        line["seq"] = entry.seq
    if entry.sub is not None:
        _check("sub", entry.sub)
        line["sub"] = entry.sub
    if entry.ct_sha256 is not None:
        if len(entry.ct_sha256) != 64:
            raise BadInput("ct_sha256 is 64 hexadecimal digits")
        _check("ct_sha256", entry.ct_sha256)
        line["ct_sha256"] = entry.ct_sha256
    data = _encode(line)
    if len(data) > ENTRY_BYTES_MAX:
        raise BadInput(f"an entry has at most {ENTRY_BYTES_MAX} bytes, not {len(data)}")
    return data


def parse_entry(data: bytes) -> Entry:
    """The entry in some bytes, of any version and kind. Raises BadInput where it is none.

    Reading is wider than writing: a reader meets kinds that are older or newer than itself.
    """
    try:
        line = msgspec.json.decode(data, type=_Line)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise BadInput(f"this is not an entry: {error}") from None
    return Entry(line.type, line.t, line.pub, line.sub, line.ct_sha256, line.seq)


def as_id(text: str) -> str:
    """`text` cut down to an identifier: other characters become `_`, at most 96 stay.

    For names that come from outside (a model name in a request), so that no free text enters.
    """
    return _NOT_ID.sub("_", text)[:ID_CHARS_MAX] or "_"


class _Line(msgspec.Struct, frozen=True):
    v: int
    t: str
    type: str
    pub: dict[str, Value]
    sub: str | None = None
    ct_sha256: str | None = None
    seq: int | None = None


@lru_cache(maxsize=4096)
def _is_id(text: str) -> bool:
    """Remembered, for most values of entries are the same few: routes, models, keys, bundles."""
    return ID.fullmatch(text) is not None


def _check(name: str, value: object) -> None:
    if isinstance(value, str):
        if not _is_id(value):
            raise BadInput(f"{name}: free text has no place in the ledger", hint="Give an id.")
    elif isinstance(value, int):
        if not -INT_MAX <= value <= INT_MAX:
            raise BadInput(f"{name}: beyond the whole numbers that JSON can hold")
    elif isinstance(value, list):
        for item in value:
            if not isinstance(item, str):
                raise BadInput(f"{name}: a list holds identifiers only")
            _check(name, item)
    elif isinstance(value, float):
        raise BadInput(f"{name}: write a fraction as a whole number in smaller units")
    else:
        raise BadInput(f"{name}: {type(value).__name__} has no place in the ledger")

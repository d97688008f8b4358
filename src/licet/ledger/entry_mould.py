"""Entries that differ in little, cast fast.

It refuses to know where they are kept; what may stand in an entry is said in `entry`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from licet.base.clock import rfc3339
from licet.base.trouble import BadInput
from licet.ledger.entry import ID, INT_MAX, VERSION, Value, make_entry

_encode = msgspec.json.Encoder().encode


class EntryMould:
    """The form of entries of a kind that differ in little: the moment, some ids and numbers.

    Proven before it is used: what it casts is, byte for byte, what `make_entry` gives.
    """

    __slots__ = ("_ids", "_numbers", "_template")

    def __init__(
        self, kind: str, constant: Mapping[str, Value], ids: Sequence[str], numbers: Sequence[str]
    ) -> None:
        """`constant`: members of `pub` as they are; `ids` and `numbers`: names of those that are
        given to `cast`, in that order. Raises BadInput as `make_entry`."""
        given = {name: value for name, value in constant.items() if value is not None}
        self._ids, self._numbers = tuple(ids), tuple(numbers)
        holes = {name: f'"{name}":"%({name})s"' for name in ids}
        holes |= {name: f'"{name}":%({name})d' for name in numbers}
        for name, value in given.items():
            holes[name] = _encode({name: value})[1:-1].decode().replace("%", "%%")
        pub = ",".join(holes[name] for name in sorted(holes))
        line = f'{{"pub":{{{pub}}},"t":"%(t)s","type":"{kind}","v":{VERSION}}}'
        self._template = line
        sample: dict[str, Value] = dict.fromkeys(ids, "a") | dict.fromkeys(numbers, 7)
        moment = datetime(2000, 1, 1, tzinfo=UTC)
        if self.cast(moment, sample) != make_entry(kind, moment, {**given, **sample}):
            raise BadInput(f"an entry of {kind} cannot be cast in this mould")

    def cast(self, now: datetime, given: Mapping[str, Value]) -> bytes:
        """The entry of a moment. Raises BadInput for a value that is no id, or too large."""
        for name in self._ids:
            value = given[name]
            if not isinstance(value, str) or ID.fullmatch(value) is None:
                raise BadInput(f"{name}: free text has no place in the ledger")
        for name in self._numbers:
            value = given[name]
            if type(value) is not int or not -INT_MAX <= value <= INT_MAX:
                raise BadInput(f"{name}: beyond the whole numbers that JSON can hold")
        return (self._template % {**given, "t": rfc3339(now)}).encode()

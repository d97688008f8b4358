"""Entries that differ in little, cast fast.

It refuses to know where they are kept; what may stand in an entry is said in `entry`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

from licet.base.clock import rfc3339
from licet.base.trouble import BadInput
from licet.ledger.entry import ID, INT_MAX, VERSION, Value, make_entry

_encode: Final = msgspec.json.Encoder().encode
_HOLE: Final = "\0"
"""Where something is filled in: no JSON holds it."""


class EntryMould:
    """The form of entries of a kind that differ in little: the moment, some ids and numbers.

    Proven before it is used: what it casts is, byte for byte, what `make_entry` gives.
    """

    __slots__ = ("_form", "_ids", "_names", "_places")
    # `_form`: what is constant, and between, in odd places, room for what is not

    def __init__(
        self, kind: str, constant: Mapping[str, Value], ids: Sequence[str], numbers: Sequence[str]
    ) -> None:
        """`constant`: members of `pub` as they are; `ids` and `numbers`: names of those that are
        given to `cast`, in that order. Raises BadInput as `make_entry`."""
        given = {name: value for name, value in constant.items() if value is not None}
        names = (*ids, *numbers)
        sample = ["a"] * len(ids) + [7] * len(numbers)
        moment = datetime(2000, 1, 1, tzinfo=UTC)
        entry = make_entry(kind, moment, {**given, **dict(zip(names, sample, strict=True))})
        members = {name: f'"{name}":"{_HOLE}"' for name in ids}
        members |= {name: f'"{name}":{_HOLE}' for name in numbers}
        order = sorted(members)
        for name, value in given.items():
            members[name] = _encode({name: value})[1:-1].decode()
        pub = ",".join(members[name] for name in sorted(members))
        line = f'{{"pub":{{{pub}}},"t":"{_HOLE}","type":"{kind}","v":{VERSION}}}'
        self._names, self._ids = names, len(ids)
        self._form = [part for text in line.split(_HOLE) for part in (text, "")][:-1]
        self._places = [2 * order.index(name) + 1 for name in names]
        if given.keys() & {*names} or self.cast(moment, sample) != entry:
            raise BadInput(f"an entry of {kind} cannot be cast in this mould")

    def cast(self, now: datetime, given: Sequence[object]) -> bytes:
        """The entry of a moment, with ids and numbers in their order. Raises BadInput for a value
        that is no id, or too large."""
        form = self._form.copy()
        if len(given) != len(self._places):
            raise BadInput(f"this mould takes {len(self._places)} values")
        for index in range(len(given)):
            value = given[index]
            if index < self._ids:
                if not isinstance(value, str) or ID.fullmatch(value) is None:
                    raise BadInput(f"{self._names[index]}: free text has no place in the ledger")
                form[self._places[index]] = value
            else:
                if type(value) is not int or not -INT_MAX <= value <= INT_MAX:
                    raise BadInput(
                        f"{self._names[index]}: beyond the whole numbers that JSON can hold"
                    )
                form[self._places[index]] = str(value)
        form[-2] = rfc3339(now)
        return "".join(form).encode()

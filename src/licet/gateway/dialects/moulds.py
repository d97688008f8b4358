"""The form of an event with one text left out: to read the next one fast, or to make one.

Nearly all events of a stream differ in nothing but their text. Once one of them has been read in
full, its bytes before and after the text are a mould: an event that begins and ends with the same
bytes, and holds exactly one JSON string between, holds that text and nothing else that is new.
It refuses to know APIs.

Rules
1. A mould is proven before it is used: with another text in it, it reads as that text and nothing
   more. So the fast way cannot overlook what the full way would have found. Where some strings are
   marks and others texts (`type`), there is no mould.
2. Moulds are few, and learning them is given up where it does not pay (an event that carries a
   number or padding of its own never fits).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, Final

from licet.gateway.dialects.frames import Kind
from licet.gateway.dialects.json_strict import STRINGS, dump, load, load_string
from licet.gateway.dialects.json_texts import Slot, is_mark
from licet.gateway.dialects.unreadable import Unreadable

FindSlots = Callable[[Any], Sequence[Slot]]
"""The full way: where text stands in a decoded event."""

CHANNELS_MAX: Final = 1024
_MOULDS_MAX: Final = 4
_TRIES_MAX: Final = 12
PROBE: Final = "\u03c0 or not"


class Mould:
    """The bytes of a JSON event around one of its strings (quotes not included)."""

    __slots__ = ("_after", "_before", "_start", "_tail", "channel", "kind", "says_more")

    def __init__(self, before: bytes, after: bytes, channel: str, kind: Kind) -> None:
        self._before, self._after = before, after
        self._start, self._tail = len(before), len(after)
        self.channel, self.kind = channel, kind
        self.says_more: bool | None = None
        """Whether an event of this form says anything without its text; None: not known yet."""

    def cast(self, text: str) -> bytes:
        """The data of an event of this form that says `text`."""
        return b"".join((self._before, dump(text), self._after))

    def event(self, text: str) -> bytes:
        """The same as an event without a type."""
        return b"".join((b"data: ", self._before, dump(text), self._after, b"\n\n"))

    def behind(self, head: bytes) -> Mould:
        """The same form with `head` before it."""
        mould = Mould(head + self._before, self._after, self.channel, self.kind)
        mould.says_more = self.says_more
        return mould

    def without(self, head: bytes) -> Mould | None:
        """The same form less `head`, if that is how it begins."""
        if not self._before.startswith(head):
            return None
        return Mould(self._before[len(head) :], self._after, self.channel, self.kind)

    @property
    def size(self) -> int:
        """How many bytes stand around the text."""
        return self._start + len(self._after)

    def text(self, data: bytes) -> str | None:
        """The text of an event of this form; None if `data` is not of this form."""
        if data.startswith(self._before) and data.endswith(self._after):
            return load_string(data[self._start : len(data) - self._tail])
        return None


class Moulds:
    """The moulds of one stream, learned as it goes."""

    __slots__ = ("_tries", "known")

    def __init__(self) -> None:
        self._tries = 0
        self.known: tuple[Mould, ...] = ()

    def learn(self, data: bytes, slots: Sequence[Slot], find: FindSlots) -> Mould | None:
        """Keep the form of `data`, an event of which `slots` are all the texts, as `find` says.
        None where it was not learned."""
        if len(slots) != 1 or self._tries >= _TRIES_MAX or not _takes_any(slots[0]):
            return None
        self._tries += 1
        mould = _cut(data, slots[0], find)
        if mould is not None:
            self.keep(mould)
        return mould

    def keep(self, mould: Mould) -> None:
        """A mould that was proven."""
        self.known = (mould, *self.known[: _MOULDS_MAX - 1])


def _takes_any(slot: Slot) -> bool:
    """Whether whatever stands there is a text. (Under `type` some strings are marks.)"""
    return type(slot.name) is str and not is_mark(slot.name, "", slot.holder)


def _cut(data: bytes, slot: Slot, find: FindSlots) -> Mould | None:
    for token in STRINGS.finditer(data):
        if load_string(token[0]) != slot.text:
            continue
        before, after = data[: token.start()], data[token.end() :]
        try:
            found = find(load(before + f'"{PROBE}"'.encode() + after))
        except Unreadable:
            continue  # it was a name, which now is there twice
        if [(one.channel, one.kind, one.text) for one in found] == [
            (slot.channel, slot.kind, PROBE)
        ]:
            return Mould(before, after, slot.channel, slot.kind)
    return None


class Shapes:
    """For each channel of one stream, the least event that can carry a text of it."""

    __slots__ = ("_inner", "_outer", "_shapes")

    def __init__(self, outer: Collection[str], inner: Collection[str]) -> None:
        """`outer`, `inner`: the members to keep in the event itself and in what it holds."""
        self._outer, self._inner = outer, inner
        self._shapes: dict[str, tuple[dict[str, Any], Slot] | None] = {}

    def note(self, event: dict[str, Any], slots: Sequence[Slot]) -> None:
        """Remember the form of each new channel. Raises Unreadable if they are too many."""
        for slot in slots:
            if self.claim(slot.channel):
                cut: list[Slot] = []
                shape = self._reduce(event, slot, cut, self._outer)
                self._shapes[slot.channel] = (shape, cut[0])

    def claim(self, channel: str) -> bool:
        """Whether a channel is new. Whoever asks keeps its form from now on, and it counts.
        Raises Unreadable if they are too many."""
        if channel in self._shapes:
            return False
        if len(self._shapes) >= CHANNELS_MAX:
            raise Unreadable(f"the stream has more than {CHANNELS_MAX} channels")
        self._shapes[channel] = None
        return True

    def cast(self, channel: str, text: str) -> dict[str, Any]:
        """An event that says `text` in `channel`. Valid until the next call.

        Raises KeyError for a channel that never was noted.
        """
        found = self._shapes[channel]
        if found is None:
            raise KeyError(channel)
        shape, slot = found
        slot.holder[slot.name] = text
        return shape

    def _reduce(self, value: Any, slot: Slot, cut: list[Slot], keep: Collection[str]) -> Any:
        """`value` less all that is not on the way to `slot`; None if `slot` is not within."""
        if value is slot.holder:
            if type(value) is list:
                cut.append(slot._replace(holder=[""], name=0))
            else:
                kept = {k: v for k, v in value.items() if k == slot.name or _stays(k, v, keep)}
                cut.append(slot._replace(holder=kept))
            return cut[0].holder
        if type(value) is list:
            for item in value:
                inner = self._reduce(item, slot, cut, self._inner)
                if inner is not None:
                    return [inner]
        elif type(value) is dict:
            for name, item in value.items():
                inner = self._reduce(item, slot, cut, self._inner)
                if inner is not None:
                    return {
                        k: inner if k == name else v
                        for k, v in value.items()
                        if k == name or _stays(k, v, keep)
                    }
        return None


def _stays(name: str, value: Any, keep: Collection[str]) -> bool:
    return name in keep and type(value) not in (dict, list)

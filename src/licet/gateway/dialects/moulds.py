"""The form of an event with one text left out: to read the next one fast, or to make one.

Nearly all events of a stream differ in nothing but their text. Once one of them has been read in
full, its bytes before and after the text are a mould: an event that begins and ends with the same
bytes, and holds exactly one JSON string between, holds that text and nothing else that is new.
A mould may have holes beside the text, for members that differ in every event and say nothing:
padding (`obfuscation`), a number (`sequence_number`), a time (`created`).
It refuses to know APIs.

Rules
1. A mould is proven before it is used: with another text in it, it reads as that text and nothing
   more. So the fast way cannot overlook what the full way would have found. Where some strings are
   marks and others texts (`type`), there is no mould.
2. Holes are proven too: with something else in them, the whole event reads as before but for those
   members of its own. Only what says nothing to anybody fits: as padding, ASCII letters and digits
   of bounded length; as a number, one of few digits that has one spelling. All else is read in
   full.
3. An event of a form is the form's bytes and what fills its holes, byte for byte. It matters not
   how the holes were found: JSON is cut into strings and numbers in one way only.
4. A form is one line, for it is written as one line of an event.
5. Moulds are few, and learning them is given up where it does not pay (an event with two texts
   never fits). A time is a hole only where forms did not last: most servers repeat one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from typing import Any, Final

from licet.gateway.dialects.frames import Kind
from licet.gateway.dialects.json_strict import STRINGS, dump, load, load_object, load_string
from licet.gateway.dialects.json_texts import Slot, is_mark
from licet.gateway.dialects.unreadable import Unreadable

FindSlots = Callable[[Any], Sequence[Slot]]
"""The full way: where text stands in a decoded event."""

CHANNELS_MAX: Final = 1024
PADDING_BYTES_MAX: Final = 128
DIGITS_MAX: Final = 15
_MOULDS_MAX: Final = 4
_TRIES_MAX: Final = 12
_TRIES_OF_LASTING_FORMS: Final = 3
PROBE: Final = "\u03c0 or not"

TEXT: Final = 0
PADDING: Final = 1
NUMBER: Final = 2
TIME: Final = 3
_KINDS: Final = {b"obfuscation": PADDING, b"sequence_number": NUMBER, b"created": TIME}
_MEMBERS: Final = re.compile(
    rb'"(obfuscation)"[ ]?:[ ]?"([A-Za-z0-9]*+)(?=")'
    rb'|"(sequence_number|created)"[ ]?:[ ]?(0|[1-9][0-9]*+)(?=[,} ])'
)


class Mould:
    """The bytes of a JSON event around one of its strings (quotes not included in the text, but
    left out with it), and around what fills its other holes."""

    __slots__ = (
        "_after", "_before", "_inner", "_kinds", "_start", "_tail",
        "at", "channel", "kind", "number_at", "says_more",
    )  # fmt: skip

    def __init__(
        self, before: bytes, after: bytes, channel: str, kind: Kind,
        inner: tuple[bytes, ...] = (), kinds: tuple[int, ...] = (TEXT,),
    ) -> None:  # fmt: skip
        """`kinds`: of the holes, in order; `inner`: the bytes between them, one fewer."""
        self._before, self._after = before, after
        self._start, self._tail = len(before), len(after)
        self._inner, self._kinds = inner, kinds
        self.channel, self.kind = channel, kind
        self.at = kinds.index(TEXT)
        """Which of the holes is the text's."""
        self.number_at = kinds.index(NUMBER) if NUMBER in kinds else -1
        """Which of the holes is the number's; -1: there is none."""
        self.says_more: bool | None = None
        """Whether an event of this form says anything without its text; None: not known yet."""

    def cast(self, text: str) -> bytes:
        """The data of an event of this form that says `text`. The form has no other holes."""
        return b"".join((self._before, dump(text), self._after))

    def event(self, data: bytes, text: str) -> bytes:
        """`data`, which is of this form, as an event without a type that says `text` instead."""
        if not self._inner:
            return b"".join((b"data: ", self._before, dump(text), self._after, b"\n\n"))
        parts = self.split(data)
        assert parts is not None
        parts[self.at] = dump(text)
        return b"".join((b"data: ", self.join(parts), b"\n\n"))

    def behind(self, head: bytes) -> Mould:
        """The same form with `head` before it."""
        return self._beginning(head + self._before)

    def without(self, head: bytes) -> Mould | None:
        """The same form less `head`, if that is how it begins."""
        if not self._before.startswith(head):
            return None
        return self._beginning(self._before[len(head) :])

    def _beginning(self, before: bytes) -> Mould:
        mould = Mould(before, self._after, self.channel, self.kind, self._inner, self._kinds)
        mould.says_more = self.says_more
        return mould

    @property
    def size(self) -> int:
        """How many bytes stand around the text."""
        return self._start + sum(map(len, self._inner)) + self._tail

    def has_hole(self, kind: int) -> bool:
        """Whether one of its holes is of that kind."""
        return kind in self._kinds

    def text(self, data: bytes) -> str | None:
        """The text of an event of this form; None if `data` is not of this form."""
        if data.startswith(self._before) and data.endswith(self._after):
            if not self._inner:
                return load_string(data[self._start : len(data) - self._tail])
            parts = self.split(data)
            if parts is not None:
                return load_string(parts[self.at])
        return None

    def split(self, data: bytes) -> list[bytes] | None:
        """What fills the holes, in order, if `data` is of this form, and the part `at` is a
        JSON string: only that is still to be seen. None if it is not of this form."""
        if not (data.startswith(self._before) and data.endswith(self._after)):
            return None
        at, stop = self._start, len(data) - self._tail
        parts: list[bytes] = []
        for inner in self._inner:
            found = data.find(inner, at, stop)
            if found < 0:
                return None
            parts.append(data[at:found])
            at = found + len(inner)
        if stop < at:
            return None
        parts.append(data[at:stop])
        for place, kind in enumerate(self._kinds):
            if kind != TEXT and not _fits(parts[place], kind):
                return None
        return parts

    def join(self, parts: Sequence[bytes]) -> bytes:
        """The data of an event whose holes are filled so."""
        out = [self._before]
        for place, inner in enumerate(self._inner):
            out.append(parts[place])
            out.append(inner)
        out.append(parts[len(self._inner)])
        out.append(self._after)
        return b"".join(out)


def _fits(part: bytes, kind: int) -> bool:
    """Rule 2."""
    if kind == PADDING:
        return not part or (len(part) <= PADDING_BYTES_MAX and part.isalnum())
    return 0 < len(part) <= DIGITS_MAX and part.isdigit() and (part[0] != 0x30 or len(part) == 1)


class Moulds:
    """The moulds of one stream, learned as it goes."""

    __slots__ = ("_tries", "known")

    def __init__(self) -> None:
        self._tries = 0
        self.known: tuple[Mould, ...] = ()

    def learn(
        self, data: bytes, slots: Sequence[Slot], find: FindSlots, numbered: bool = False
    ) -> Mould | None:
        """Keep the form of `data`, an event of which `slots` are all the texts, as `find` says.
        None where it was not learned. `numbered`: only a form with a hole for the number."""
        if len(slots) != 1 or self._tries >= _TRIES_MAX or not _takes_any(slots[0]):
            return None
        if b"\n" in data:
            return None  # rule 4
        self._tries += 1
        mould = _cut(data, slots[0], find, self._tries > _TRIES_OF_LASTING_FORMS)
        if mould is None or (numbered and mould.number_at < 0):
            return None
        self.keep(mould)
        return mould

    def keep(self, mould: Mould) -> None:
        """A mould that was proven."""
        self.known = (mould, *self.known[: _MOULDS_MAX - 1])


def _takes_any(slot: Slot) -> bool:
    """Whether whatever stands there is a text. (Under `type` some strings are marks.)"""
    return type(slot.name) is str and not is_mark(slot.name, "", slot.holder)


def _cut(data: bytes, slot: Slot, find: FindSlots, timed: bool) -> Mould | None:
    for token in STRINGS.finditer(data):
        if load_string(token[0]) != slot.text:
            continue
        before, after = data[: token.start()], data[token.end() :]
        if _says(before + f'"{PROBE}"'.encode() + after, slot, PROBE, find):
            loose = _loosen(data, token.span(), slot, find, timed)
            return loose or Mould(before, after, slot.channel, slot.kind)
    return None


def _says(data: bytes, slot: Slot, text: str, find: FindSlots) -> bool:
    """Whether an event says `text` in the channel of `slot`, and nothing more."""
    try:
        found = find(load(data))
    except Unreadable:
        return False  # it was a name, which now is there twice
    return [(one.channel, one.kind, one.text) for one in found] == [
        (slot.channel, slot.kind, text)
    ]


def _loosen(
    data: bytes, text: tuple[int, int], slot: Slot, find: FindSlots, timed: bool
) -> Mould | None:
    """The form of `data` with holes beside its text, which stands at `text`; None where there is
    nothing to leave out, or that is not proven (rule 2)."""
    spans, kinds, changed = [text], [TEXT], [data[text[0] : text[1]]]
    members: dict[str, Any] = {}
    for found in _MEMBERS.finditer(data):
        group = 2 if found[1] else 4
        name, part = found[group - 1], found[group]
        kind = _KINDS[name]
        if (kind == TIME and not timed) or not _fits(part, kind):
            continue
        if name.decode() in members or (found.end() > text[0] and found.start() < text[1]):
            return None
        other = part + b"0" if kind == PADDING else b"%d" % (int(part) + 1)
        at = len([span for span in spans if span < found.span(group)])
        spans.insert(at, found.span(group))
        kinds.insert(at, kind)
        changed.insert(at, other)
        members[name.decode()] = other.decode() if kind == PADDING else int(other)
    if not members:
        return None
    inner = [data[spans[at][1] : spans[at + 1][0]] for at in range(len(spans) - 1)]
    mould = Mould(
        data[: spans[0][0]], data[spans[-1][1] :], slot.channel, slot.kind,
        tuple(inner), tuple(kinds),
    )  # fmt: skip
    filled = mould.join(changed)
    if load_object(filled) != load_object(data) | members:
        return None
    return mould if _says(filled, slot, slot.text, find) else None


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

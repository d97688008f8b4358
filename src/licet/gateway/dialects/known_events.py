"""What streams of one form have said, so that the next one need not be read in full.

All streams of a server begin and end with the same events, but for the members in front (`id`,
`created`, …), which are each stream's own: its head. What stands behind the head is the rest of an
event. A rest that was read in full behind one head says the same behind another.

It refuses to know where text stands in an event, and what a stream has come to.

Rules
1. A head is proven before it is used: it begins an object whose members so far are plain ones that
   say nothing. So what an event says depends on its rest alone.
2. What is known holds behind heads of the same names only: a member given twice is refused.
3. Nothing that a model wrote is kept. A rest is kept where an API's own words are all that it
   says; one with a text is kept without it. Ids and numbers are not kept either.
4. What is kept is bounded, and begun anew when it is full.
"""

from __future__ import annotations

from typing import Any, Final

from licet.gateway.dialects.json_strict import load_object
from licet.gateway.dialects.json_texts import is_mark
from licet.gateway.dialects.moulds import Mould
from licet.gateway.dialects.unreadable import Unreadable

HEAD_BYTES_MAX: Final = 512
REST_BYTES_MAX: Final = 512
FORMS_MAX: Final = 16
"""They are looked through one after the other."""
_RESTS_MAX: Final = 256
_KINS_MAX: Final = 64
_CHOICES: Final = b'"choices":'
_NAMES: Final = frozenset(
    ("id", "object", "created", "model", "system_fingerprint", "service_tier", "provider")
)
_WORDS: Final = frozenset(
    ("role", "type", "finish_reason", "native_finish_reason", "stop_reason", "severity")
)
"""Under these stand words of an API."""


class Head:
    """The bytes of an event up to its choices, and the members that they say."""

    __slots__ = ("data", "members")

    def __init__(self, data: bytes, members: dict[str, Any]) -> None:
        self.data = data
        self.members = members


class Said:
    """What an event without text says: the ends of choices, and which choices there are."""

    __slots__ = ("ends", "seen")

    def __init__(self, ends: tuple[str, ...] | None, seen: tuple[int, ...]) -> None:
        self.ends = ends
        self.seen = seen


class KnownForm:
    """A form of events with one text and no end. `mould`: of the rest. `least`: of the rest of
    the least event that can carry such a text (`Shapes`). `seen`: which choices there are."""

    __slots__ = ("least", "mould", "seen")

    def __init__(self, mould: Mould, least: Mould, seen: tuple[int, ...]) -> None:
        self.mould = mould
        self.least = least
        self.seen = seen


class Kin:
    """What is known of streams whose heads have the same names."""

    __slots__ = ("forms", "rests")

    def __init__(self) -> None:
        self.rests: dict[bytes, Said] = {}
        self.forms: tuple[KnownForm, ...] = ()

    def keep_rest(self, rest: bytes, said: Said) -> None:
        """A rest without text was read in full."""
        if len(self.rests) >= _RESTS_MAX:
            self.rests.clear()
        self.rests[rest] = said

    def keep_form(self, form: KnownForm) -> None:
        """A mould was proven behind one of these heads."""
        self.forms = (form, *self.forms[: FORMS_MAX - 1])


class KnownEvents:
    """What a process knows of all streams."""

    __slots__ = ("_kins",)

    def __init__(self) -> None:
        self._kins: dict[tuple[str, bool, str], Kin] = {}

    def kin(self, event: str, takes_media: bool, head: Head) -> Kin:
        """What is known behind such a head. `event`: what the API calls its events;
        `takes_media`: whether what events show is not looked for."""
        key = (event, takes_media, ",".join(head.members))
        found = self._kins.get(key)
        if found is None:
            if len(self._kins) >= _KINS_MAX:
                self._kins.clear()
            found = self._kins[key] = Kin()
        return found


SHARED: Final = KnownEvents()


def prove_head(data: bytes) -> Head | None:
    """The head of the event `data`, if it is one (rule 1).

    Its last bytes are where a member begins: put before no choices at all, it reads as an object
    whose last member is the choices. (Without escapes no other name ends in those bytes.) It is
    within one line, for forms are put behind it.
    """
    stop = data.find(_CHOICES)
    if not 0 < stop <= HEAD_BYTES_MAX:
        return None
    head = data[:stop]
    if b"\\" in head or b"\n" in head:
        return None
    try:
        members = load_object(head + b'"choices":[]}')
    except Unreadable:
        return None
    name, _ = members.popitem()
    if name != "choices" or "id" not in members:
        return None
    for name, item in members.items():
        if name not in _NAMES or not _says_nothing(name, item):
            return None
    return Head(head, members)


def _says_nothing(name: str, item: Any) -> bool:
    if type(item) is str:
        return is_mark(name, item)
    return item is None or type(item) is int


def count_foreign(value: Any, name: str = "") -> int:
    """How many strings under `value`, which stands under `name`, are not an API's own words. A
    number counts as two, unless it is an index (rule 3)."""
    kind, count = type(value), 0
    if kind is dict:
        for inner, item in value.items():
            count += count_foreign(item, inner)
    elif kind is list:
        for item in value:
            count += count_foreign(item)
    elif kind is str:
        count = 1 if value and name not in _WORDS else 0
    elif value is not None and kind is not bool and name != "index":
        count = 2
    return count

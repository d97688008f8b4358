"""Which text can be kept: what a person may have written and every store and reader can hold.

It refuses to know what a text says.

Rules
1. Control characters and halves of characters (surrogates) are no text: they cannot be signed, and
   a terminal or page that shows them can be led astray.
"""

from __future__ import annotations

from collections.abc import Iterator

from licet.cases.model import Fault

_LAYOUT = "\t\n\r"


def unfit(value: object, characters_max: int) -> str | None:
    """The code of what is wrong with a text, or None."""
    if not isinstance(value, str):
        return "no_text"
    if len(value) > characters_max:
        return "too_long"
    return None if all(map(_kept, value)) else "no_text"


def worded(name: str, value: object, characters_max: int) -> Iterator[Fault]:
    """What is wrong with a text that must be given."""
    if value is None or (isinstance(value, str) and not value.strip()):
        yield Fault(name, "missing")
        return
    code = unfit(value, characters_max)
    if code is not None:
        yield Fault(name, code, {"max": str(characters_max)} if code == "too_long" else {})


def _kept(char: str) -> bool:
    number = ord(char)
    control = number < 32 or 127 <= number < 160
    return not (0xD800 <= number <= 0xDFFF) and (not control or char in _LAYOUT)

"""JSON that two readers cannot understand differently.

What we judge is what we forward, byte for byte. That holds only if everybody downstream reads the
same value out of these bytes as we did. It refuses to know what a member means.

Rules
1. A member that is given twice is refused: one parser takes the first, another the last.
2. Nesting is bounded before anything is decoded, without recursion.
3. Lone surrogates are kept (a model may split an emoji over two events); NaN, Infinity and what
   is not UTF-8 are refused.
4. The only error is `Unreadable`.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Final, NoReturn

import msgspec

from licet.gateway.dialects.json_survey import members_of, survey
from licet.gateway.dialects.unreadable import Unreadable

DEPTH_MAX: Final = 256
"""The most that any `depth_max` may allow: the readers of values recurse."""
CONTAINERS_MAX: Final = 250_000
"""Lists and objects in one body: each costs some fifty times its two bytes in memory."""

_decode: Final = msgspec.json.Decoder().decode
_decode_string: Final = msgspec.json.Decoder(str).decode
_encode: Final = msgspec.json.Encoder().encode

# A string that is never closed swallows the rest, so that the scan stays linear.
STRINGS: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_TOKENS: Final = re.compile(STRINGS.pattern + rb"|[\[\]{}]", re.DOTALL)
_COLON: Final = re.compile(rb"[ \t\r\n]*:[ \t\r\n]*")


def load(data: bytes, *, depth_max: int = 64) -> Any:
    """The value that `data` holds. Raises Unreadable (rules 1 to 3)."""
    members, containers, levels = survey(data)
    levels_max = min(depth_max, DEPTH_MAX)
    if containers > CONTAINERS_MAX:
        raise Unreadable(
            f"it holds more than {CONTAINERS_MAX} lists and objects", hint="Send less at once."
        )
    if levels > levels_max:
        raise Unreadable(f"it nests deeper than {levels_max} levels", hint="Send it flatter.")
    try:
        value = _decode(data)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        if b"\\u" not in data:
            _refuse(error)
        return _load_slowly(data)  # perhaps only a lone surrogate, which msgspec refuses
    if members_of(value) != members:  # a later member of the same name has overwritten one
        _load_slowly(data)
    return value


def load_object(data: bytes, *, depth_max: int = 64) -> dict[str, Any]:
    """The JSON object that `data` holds. Raises Unreadable for anything else."""
    value = load(data, depth_max=depth_max)
    if type(value) is not dict:
        raise Unreadable(
            f"expected a JSON object, not {kind_of(value)}", hint="Send one object: {…}."
        )
    return value


def dump(value: Any) -> bytes:
    """Compact JSON. Only text with lone surrogates is written in ASCII escapes."""
    try:
        return _encode(value)
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"), allow_nan=False).encode("ascii")


def load_string(token: bytes) -> str | None:
    """The text of exactly one JSON string, quotes included; None for anything else."""
    try:
        return _decode_string(token)
    except (msgspec.DecodeError, ValueError):
        return None


def is_json(text: str) -> bool:
    """Whether `text` is the source of one JSON value."""
    try:
        _decode(text)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return False
    return True


def with_member(body: bytes, name: str, value: str) -> bytes:
    """The object `body` with another string as its member `name`; all other bytes as they are.

    `body` must have been read by `load_object`, and hold a string there; otherwise Unreadable.
    """
    depth = 0
    for token in _TOKENS.finditer(body):
        mark = token[0]
        if mark in b"[{":
            depth += 1
        elif mark in b"]}":
            depth -= 1
        elif depth == 1 and (colon := _COLON.match(body, token.end())):
            if (load_string(mark) if b"\\" in mark else mark[1:-1].decode()) != name:
                continue
            old = STRINGS.match(body, colon.end())
            if old is not None:
                return body[: old.start()] + dump(value) + body[old.end() :]
    raise Unreadable(f"there is no text under “{name}”")


def kind_of(value: Any) -> str:
    """What a person calls this JSON value."""
    if value is None:
        return "null"
    names = {str: "a string", bool: "a boolean", dict: "an object", list: "a list"}
    return names.get(type(value), "a number")


def _load_slowly(data: bytes) -> Any:
    try:
        return json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_not_a_number,
            parse_float=_finite,
        )
    except (ValueError, RecursionError) as error:
        _refuse(error)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Unreadable(
            f"the member “{twice[:64]}” is given twice in one object", hint="Give it once."
        )
    return members


def _not_a_number(name: str) -> NoReturn:
    raise Unreadable(f"{name} is not JSON", hint="Send null or a finite number.")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise Unreadable("a number is out of range", hint="Send a finite number.")
    return number


def _refuse(error: Exception) -> NoReturn:
    if isinstance(error, UnicodeDecodeError):
        raise Unreadable("it is not UTF-8", hint="Send JSON encoded as UTF-8.") from None
    raise Unreadable(f"it is not JSON: {error}", hint="Send one valid JSON object.") from None

"""Canonical bytes: the one form of a value that is hashed and signed (RFC 8785).

Rules
1. Whatever is written is what the `rfc8785` library writes, byte for byte.
2. Values in which RFC 8785 and the standard encoder cannot differ take the standard one, which is
   many times faster: names in ASCII only (the order of UTF-16), no large whole numbers, nothing
   but plain JSON types. Of floats those that both write as digits around a point: both take the
   shortest digits that read back the same, but choose an exponent, and write whole ones, apart.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

import rfc8785

from licet.base.trouble import BadInput

_WHOLE_MAX: Final = 2**53 - 1
_FRACTION_MIN: Final = 1e-4  # below it Python writes an exponent; ECMAScript only below 1e-6
_PLAIN: Final = frozenset({str, bool, type(None)})
_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def canonical_json(value: Any) -> bytes:
    """RFC 8785 bytes of a JSON value. Raises BadInput for what JSON cannot hold."""
    try:
        return _encode(value).encode() if _is_easy(value) else rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, TypeError, UnicodeEncodeError) as error:
        raise BadInput(f"not canonical JSON: {error}") from error


def sha256_hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _is_easy(value: object) -> bool:
    """Rule 2."""
    if type(value) in _PLAIN:
        return True
    if isinstance(value, int) and type(value) is int:
        return -_WHOLE_MAX <= value <= _WHOLE_MAX
    if isinstance(value, dict) and type(value) is dict:
        return all(
            type(name) is str and name.isascii() and _is_easy(inner)
            for name, inner in value.items()
        )
    if isinstance(value, float) and type(value) is float:
        return _FRACTION_MIN <= abs(value) <= _WHOLE_MAX and not value.is_integer()
    return isinstance(value, list) and all(_is_easy(inner) for inner in value)

"""Canonical bytes: the one form of a value that is hashed and signed (RFC 8785)."""

from __future__ import annotations

import hashlib
from typing import Any

import rfc8785

from licet.base.trouble import BadInput


def canonical_json(value: Any) -> bytes:
    """RFC 8785 bytes of a JSON value. Raises BadInput for what JSON cannot hold."""
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, TypeError) as error:
        raise BadInput(f"not canonical JSON: {error}") from error


def sha256_hex(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()

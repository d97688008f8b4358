"""The authority's own name and key at this door.

It refuses to know what is signed.

Rules
1. The name is the address that the operator wrote down, never the one that a caller says.
2. The key that signs receipts signs, beside these, the list of keepers, under a type of its own;
   it is made at the first use.
"""

from __future__ import annotations

import secrets
from functools import cache
from pathlib import Path

from django.conf import settings

from licet.credentials.keyfiles import load_or_create_signing_key
from licet.credentials.keys import KeySet, SigningKey
from licet.credentials.message import NotTaken


def authority_name() -> str:
    """Rule 1. Raises NotTaken where none is written down."""
    name: str = settings.LICET_PUBLIC_URL.rstrip("/")
    if not name:
        raise NotTaken(
            "not-open",
            "this installation does not know its own address.",
            hint="Its operator starts it with --public-url.",
        )
    return name


def receipt_key() -> SigningKey:
    """Rule 2."""
    return _key_at(settings.LICET_HOME)


def receipt_keys() -> KeySet:
    """The keys whose receipts count."""
    return KeySet.of([receipt_key().public])


@cache
def _key_at(home: Path) -> SigningKey:
    return load_or_create_signing_key(home / "keys" / "receipts.key", secrets.token_bytes)

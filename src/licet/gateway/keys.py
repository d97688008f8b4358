"""API keys as values: what a key grants, how it is made, and how it is recognised.

A key is 256 random bits. Nothing but its SHA-256 is kept, so whoever reads the store cannot use
it; a slow hash would add nothing against 256 bits and would cost every request milliseconds.

It refuses to know where keys are kept, HTTP, and what a limit does.

Rules
1. The text of a key exists once: in the answer to whoever created it.
2. A presented text is hashed before anything is compared: what a lookup reveals by its duration is
   about a digest that the caller cannot steer.
3. A "no" says why, as a value (KeyDenied); it never repeats the presented text.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Literal

from licet.base.ids import Chance, new_id
from licet.base.trouble import BadInput
from licet.gateway.config_values import LIMIT_MAX

Audience = Literal["default", "minor"]
Route = Literal[
    "chat", "completions", "responses", "messages", "embeddings", "models", "moderations", "check",
    "guardrail", "images", "speech", "minors",
]  # fmt: skip

AUDIENCES: tuple[Audience, ...] = ("default", "minor")
ROUTES: tuple[Route, ...] = (
    "chat",
    "completions",
    "responses",
    "messages",
    "embeddings",
    "models",
    "moderations",
    "check",
    "guardrail",
    "images",
    "speech",
)
ALL_ROUTES: frozenset[Route] = frozenset(ROUTES)
"""What a key opens unless told otherwise."""
BY_NAME_ONLY: tuple[Route, ...] = ("minors",)
"""What a key opens only where it names it: who may say how old a user is, is no mere client."""

_NAMES = ", ".join((*ROUTES, *BY_NAME_ONLY))

KEY_START = "licet_"
KEY_CHARACTERS = len(KEY_START) + 43
NAME_CHARACTERS_MAX = 100

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a key permits.

    `models` are names or shell patterns (`qwen-*`); empty `upstreams` means any. A limit of 0 is
    no limit; None leaves it to the gateway's own default.
    """

    routes: frozenset[Route] = ALL_ROUTES
    models: tuple[str, ...] = ("*",)
    rate_per_minute: int | None = None
    concurrency_max: int | None = None
    audience: Audience = "default"
    upstreams: tuple[str, ...] = ()

    def allows_model(self, model: str) -> bool:
        """Whether `model`, as the client names it, is within this grant."""
        for pattern in self.models:
            if pattern == "*" or pattern == model or fnmatchcase(model, pattern):
                return True
        return False

    def allows_upstream(self, name: str) -> bool:
        return not self.upstreams or name in self.upstreams


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it is kept: never its text. `prefix` is the 8 characters after `licet_`."""

    id: str
    name: str
    prefix: str
    digest: bytes
    created: datetime
    revoked: datetime | None
    grant: Grant


DenialReason = Literal["missing", "malformed", "unknown", "revoked", "unavailable"]


@dataclass(frozen=True, slots=True)
class KeyDenied:
    """Why a presented key opens nothing. `key_id` is known only for one that was revoked."""

    reason: DenialReason
    key_id: str = ""


def make_key(name: str, grant: Grant, now: datetime, chance: Chance) -> tuple[Key, str]:
    """A new key and its text, which nobody can read again; `created` is kept to the millisecond.

    Raises BadInput for an unfit name or grant.
    """
    now = now.replace(microsecond=now.microsecond // 1000 * 1000)
    check_name(name)
    check_grant(grant)
    text = KEY_START + _base62(chance(32))
    prefix = text[len(KEY_START) : len(KEY_START) + 8]
    key = Key(new_id("key", now, chance), name, prefix, digest(text), now, None, grant)
    return key, text


def digest(text: str) -> bytes:
    """SHA-256 of a key's text: the only form in which it is kept and looked up."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def new_key(name: str, grant: Grant, now: datetime) -> tuple[Key, str]:
    """`make_key` with the machine's own chance."""
    return make_key(name, grant, now, secrets.token_bytes)


def check_name(name: str) -> None:
    """Raises BadInput unless `name` is 1 to 100 printable characters."""
    if not name.strip() or len(name) > NAME_CHARACTERS_MAX or not name.isprintable():
        raise BadInput(
            "the name of a key is 1 to 100 printable characters.",
            hint="Name who or what will use it, for example: --name app-backend",
        )


def check_grant(grant: Grant) -> None:
    """Raises BadInput, naming what to write instead, for a grant that no key can carry."""
    if strange := sorted(set(grant.routes) - ALL_ROUTES - set(BY_NAME_ONLY)):
        raise BadInput(f"there is no route {strange[0]!r}.", hint=f"Routes: {_NAMES}.")
    if not grant.routes:
        raise BadInput("a key needs at least one route.", hint=f"Routes: {_NAMES}.")
    if grant.audience not in AUDIENCES:
        raise BadInput(
            f"there is no audience {grant.audience!r}.", hint=f"One of: {', '.join(AUDIENCES)}."
        )
    if not grant.models or not all(pattern.strip() for pattern in grant.models):
        raise BadInput(
            "a key needs at least one model.", hint='Name models or patterns; "*" is every model.'
        )
    for limit in (grant.rate_per_minute, grant.concurrency_max):
        if limit is not None and not 0 <= limit <= LIMIT_MAX:
            raise BadInput(f"a limit is 0 to {LIMIT_MAX:,}.", hint="0 means no limit.")


def _base62(chance: bytes) -> str:
    """32 bytes in 43 characters of base 62: no sign that a double click would stop at."""
    number = int.from_bytes(chance, "big")
    out = []
    for _ in range(43):
        number, digit = divmod(number, 62)
        out.append(_BASE62[digit])
    return "".join(reversed(out))

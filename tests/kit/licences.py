"""Licences for tests: an authority and a holder with fixed keys, and a moment to stand on.

It refuses to know what is tested.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from licet.base.ids import Chance
from licet.credentials import (
    Condition,
    KeySet,
    Licence,
    SigningKey,
    Status,
    StatusList,
    StatusPlace,
    Terms,
    read_status_list,
    sign_status_list,
)
from licet.credentials.issuer import Issuer, ListSettings, open_issuer

AUTHORITY = SigningKey.from_seed(bytes(range(32)))
HOLDER = SigningKey.from_seed(bytes(range(1, 33)))
STRANGER = SigningKey.from_seed(bytes(range(2, 34)))
KEYS = KeySet.of([AUTHORITY.public])
NOW = datetime(2026, 11, 28, 8, 0, tzinfo=UTC)
ORIGIN = "https://authority.example.cn"
URI = f"{ORIGIN}/status/1"
TTL_S, VALID_S = 60, 86_400

TERMS = Terms(
    holder="urn:example:provider:91110108MA01AB",
    provider="Example Tea Company",
    service="Tea assistant",
    model="YunQi",
    filing="Beijing-YunQi-20261120",
    route="model_filing",
    regime="cn-genai-2023",
    regime_version="0.1.0",
    begins=NOW - timedelta(days=8),
    ends=NOW + timedelta(days=357),
    key=HOLDER.public,
    conditions=(Condition("hours", {"zh": "每日六时至二十二时", "en": "From six to ten daily"}),),
)
LICENCE = Licence(
    id="lic_0000000000000000000a", issuer=ORIGIN, issued=NOW - timedelta(days=8),
    status=StatusPlace(URI, 7), holder=TERMS.holder, provider=TERMS.provider,
    service=TERMS.service, model=TERMS.model, filing=TERMS.filing, route=TERMS.route,
    regime=TERMS.regime, regime_version=TERMS.regime_version, begins=TERMS.begins,
    ends=TERMS.ends, key=TERMS.key, conditions=TERMS.conditions,
)  # fmt: skip


def changed(**claims: Any) -> Licence:
    """The licence with other terms."""
    return replace(LICENCE, **claims)


def list_token(
    statuses: dict[int, Status] | None = None, *, issued: datetime = NOW, uri: str = URI,
    valid_s: int = VALID_S, key: SigningKey = AUTHORITY,
) -> str:  # fmt: skip
    return sign_status_list(
        statuses or {}, uri=uri, issued=issued, ends=issued + timedelta(seconds=valid_s),
        ttl_s=TTL_S, key=key,
    )  # fmt: skip


def status_list(status: Status = Status.VALID, **how: Any) -> StatusList:
    """A list in which the licence's place says `status`."""
    return read_status_list(list_token({LICENCE.status.index: status}, **how), KEYS)


def chance(number: int) -> bytes:
    """No chance at all: the same bytes each time."""
    return bytes(number)


def an_issuer(folder: Path, origin: str = ORIGIN, draw: Chance = chance) -> Issuer:
    return open_issuer(folder, origin, ListSettings(TTL_S, VALID_S), draw)

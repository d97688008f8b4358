"""The measures in force of a provider, as the signed list that its gateways pull.

It refuses to know gateways, and what a measure is for.

Rules
1. The edition of a list is the place in the ledger at which a measure of the provider last
   changed: asking whether there is news is one look at an index.
2. A list is read with a token of the provider's own; without it there is no list. Key and token
   are made at the first asking and stand in the installation's home.
law:cn-genai-2023/art14.2
"""

from __future__ import annotations

import base64
import hmac
import secrets
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.db.models import Max

from licet.credentials.keyfiles import load_or_create_signing_key
from licet.credentials.keys import KeySet, SigningKey
from licet.credentials.measures import Measure, MeasureList, sign_measures
from licet.portal.accounts.models import Body
from licet.portal.incidents.models import StoredMeasure
from licet.portal.pack import pack

KEY = Path("keys") / "measures.key"
_LABEL = b"licet/measures-token/v1\n"


def desk_key() -> SigningKey:
    """The key that signs lists here."""
    return load_or_create_signing_key(settings.LICET_HOME / KEY, secrets.token_bytes)


def desk_keys() -> KeySet:
    """The set that a gateway trusts."""
    return KeySet.of([desk_key().public])


def token_of(code: str) -> str:
    """The token that opens the list of the provider with this code."""
    digest = hmac.digest(desk_key().seed, _LABEL + code.encode(), "sha256")
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")


def opens(code: str, authorization: str) -> bool:
    """Whether an Authorization header opens the list of this provider."""
    wanted = f"Bearer {token_of(code)}".encode()
    return hmac.compare_digest(wanted, authorization.encode("utf-8", "replace"))


def edition(holder: Body) -> int:
    """The edition of the provider's list (rule 1); 0 where there never was a measure."""
    last = StoredMeasure.objects.filter(holder=holder).aggregate(at=Max("seq"))["at"]
    return 0 if last is None else int(last) + 1


def write_list(holder: Body, page: str, now: datetime) -> str:
    """The list as a token, made once for an edition; `page`: where a notice is read."""
    return _write(str(settings.LICET_HOME), holder.pk, edition(holder), page, _minute(now))


@lru_cache(maxsize=8)
def _write(home: str, holder: int, at: int, page: str, now: datetime) -> str:
    ladder = pack().supervision.ladder
    steps = ladder.steps if ladder else {}
    rows = StoredMeasure.objects.filter(holder=holder, binds=True, until__gt=now)
    measures = tuple(
        Measure(
            number=row.proceeding_id,
            subject=row.subject,
            step=row.step,
            name=dict(steps[row.step].name),
            effect=steps[row.step].effect,
            rule=row.rule[:500],
            reason=row.reason[:8_000],
            until=int(row.until.timestamp()),
            per_minute=steps[row.step].per_minute,
        )
        for row in rows.order_by("pk")
        if row.step in steps
    )
    return sign_measures(MeasureList(now, page, measures), desk_key())


def _minute(now: datetime) -> datetime:
    """Of one edition one list a minute is made; that it is no newer harms nobody."""
    return now.replace(second=0, microsecond=0)

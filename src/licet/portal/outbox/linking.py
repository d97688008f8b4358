"""Which authority this installation answers to, and the key by which it speaks.

It refuses to know terminals, and what is sent later.

Rules
1. One installation answers to one authority. Another is linked only where nothing waits for the
   first.
2. The key is made before it is shown, and kept: a code whose answer was lost may be shown again.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings

from licet.base.trouble import BadInput, Conflict, NotFound, Unavailable
from licet.cases import Actor
from licet.credentials.keyfiles import load_or_create_signing_key
from licet.credentials.keys import KeySet, PublicKey, SigningKey, parse_jwks
from licet.credentials.message import sign_access, sign_enrolment
from licet.portal.accounts.models import Body
from licet.portal.outbox.line import Line
from licet.portal.outbox.models import Link, Outgoing
from licet.portal.pack import pack, procedure

KEY = Path("keys") / "provider.key"


def link() -> Link:
    """The authority. Raises NotFound where there is none yet."""
    found = Link.objects.first()
    if found is None:
        raise NotFound(
            "this installation is linked to no authority.",
            hint="Ask the authority for a code: licet filing enrol URL --code CODE",
        )
    return found


def provider_key() -> SigningKey:
    """The key that signs for this installation."""
    return load_or_create_signing_key(settings.LICET_HOME / KEY, secrets.token_bytes)


def actor() -> Actor:
    """As whom this installation acts in its cases: the authority decides the same."""
    roles = frozenset(name for name, one in procedure().parties.items() if one.side == "provider")
    return Actor("installation", "provider", link().provider, roles)


def receipt_keys(of: Link) -> KeySet:
    """Whose receipts count."""
    return parse_jwks(msgspec.json.encode(of.receipts))


def access(of: Link, method: str, path: str, now: datetime) -> str:
    """A token that opens one path at the authority."""
    return sign_access(of.provider, of.authority, method, path, now, provider_key())


def enrol(url: str, address: str, code: str, line: Line, now: datetime) -> Link:
    """Make our key known at the authority, and remember it. Raises Trouble with what to do.

    `address` is how the authority calls itself, where that is not its `url`.
    """
    before, name = Link.objects.first(), (address or url).rstrip("/")
    waits = Outgoing.objects.filter(state="waiting").exists()
    if waits and before is not None and before.authority != name:
        raise Conflict("messages wait for another authority.", hint="Let them be sent first.")
    token = sign_enrolment(name, code, now, provider_key())
    answer = line.ask(
        "POST", "/api/v1/enrolments", data=token.encode(), media_type="application/jose"
    )
    said = _said(answer.data)
    if answer.status != 201:
        told = said.get("detail") or said.get("title") or f"status {answer.status}"
        raise (Unavailable if answer.status >= 500 else BadInput)(f"not enrolled: {told}")
    if said.get("pack") != pack().id:
        raise BadInput(
            f"the authority works under the pack {said.get('pack')}, this installation under "
            f"{pack().id}.",
            hint="Set LICET_PACK.",
        )
    parse_jwks(msgspec.json.encode(said["receipts"]))
    Body.objects.get_or_create(
        code=said["provider"],
        defaults={
            "kind": "provider", "name_zh": said["name"]["zh"], "name_en": said["name"]["en"],
        },
    )  # fmt: skip
    fields = {
        "url": url, "authority": said["authority"], "provider": said["provider"],
        "kid": said["kid"], "pack": said["pack"], "receipts": said["receipts"],
        "ledger": said["ledger"], "since": now,
    }  # fmt: skip
    made, _ = Link.objects.update_or_create(pk=before.pk if before else 1, defaults=fields)
    return made


def fetch_licence(case: str, key: PublicKey, line: Line, now: datetime) -> str:
    """The licence of a case as a token for that key. Raises NotFound or Unavailable."""
    path = f"/api/v1/cases/{case}/licences/{key.id}"
    answer = line.ask(
        "PUT", path, data=msgspec.json.encode(key.as_jwk()), media_type="application/jwk+json",
        bearer=access(link(), "PUT", path, now),
    )  # fmt: skip
    if answer.status == 200 and answer.media_type == "application/dc+sd-jwt":
        return answer.data.decode("ascii", "replace").strip()
    told = str(_said(answer.data).get("detail") or f"the authority answers {answer.status}")
    raise (Unavailable if answer.status >= 500 else NotFound)(told)


def _said(data: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(data, type=dict[str, Any])
    except msgspec.DecodeError:
        raise Unavailable("what answers there is no authority.", hint="Check the address.")

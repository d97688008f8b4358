"""What is behind each address of the door: parse, call, render.

It refuses to know who may ask (`urls.door` asked) and law.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from licet.base.trouble import BadInput, NotFound
from licet.cases import settled
from licet.credentials.keys import parse_jwk
from licet.credentials.message import (
    ACCESS_CHARACTERS_MAX,
    MESSAGE_CHARACTERS_MAX,
    NotTaken,
    read_enrolment,
    sign_keepers,
)
from licet.portal.accounts.models import Body
from licet.portal.api import enrolling, reading, taking, uploading
from licet.portal.api.models import Received
from licet.portal.api.shapes import Enrolled, FileAnswer, RegisterEntry, RegisterPage
from licet.portal.api.signing import authority_name, receipt_key, receipt_keys
from licet.portal.dossiers import sealing
from licet.portal.filings import service, tokens
from licet.portal.filings.record import record
from licet.portal.pack import pack, procedure
from licet.portal.register import reading as register
from licet.portal.register.dump import as_object

JOSE = "application/jose"
JSON = "application/json"
PROOF = "application/octet-stream"
LICENCE = "application/dc+sd-jwt"
KEY = "application/jwk+json"


def as_json(value: Any, status: int = 200) -> HttpResponse:
    """A value as a JSON answer."""
    return HttpResponse(msgspec.json.encode(value), status=status, content_type=JSON)


def _said(request: HttpRequest, characters_max: int) -> str:
    """The body, as the text that a token is. Raises NotTaken."""
    data = request.read(characters_max + 1)
    if len(data) > characters_max:
        raise NotTaken("too-large", f"more than {characters_max} bytes are not read.")
    return bytes(data).decode("ascii", "replace").strip()


def keys(request: HttpRequest, now: datetime) -> HttpResponse:
    """The keys that sign receipts."""
    return HttpResponse(receipt_keys().as_jwks(), content_type=JSON)


def enrol(request: HttpRequest, now: datetime) -> HttpResponse:
    """Make a provider's key known."""
    name = authority_name()
    shown = read_enrolment(_said(request, ACCESS_CHARACTERS_MAX), name, now)
    key, rules = enrolling.enrol(shown, now), pack()
    return as_json(
        Enrolled(
            authority=name,
            provider=key.body.code,
            name=key.body.name,
            kid=key.kid,
            pack=rules.id,
            pack_version=rules.version,
            receipts=msgspec.json.decode(receipt_keys().as_jwks()),
            ledger=record(settings.LICET_HOME).vkey,
        ),
        201,
    )


def send(request: HttpRequest, now: datetime) -> HttpResponse:
    """Take a message; give its receipt."""
    receipt, first = taking.take(_said(request, MESSAGE_CHARACTERS_MAX), now)
    return HttpResponse(receipt, status=201 if first else 200, content_type=JOSE)


def message(request: HttpRequest, now: datetime, body: Body, message: str) -> HttpResponse:
    """The receipt of a message that was taken."""
    row = Received.objects.filter(body=body, message=_clean(message)).first()
    if row is None:
        raise NotFound("no message of yours with this id was taken.")
    return HttpResponse(row.receipt, content_type=JOSE)


def attach(request: HttpRequest, now: datetime, body: Body, sha256: str) -> HttpResponse:
    """Take a file, before the message that names it."""
    limits = procedure().limits
    data = request.read(limits.attachment_bytes + 1)
    if len(data) > limits.attachment_bytes:
        raise NotTaken("too-large", f"a file has at most {limits.attachment_bytes} bytes.")
    name = request.GET.get("name", "")
    taken = uploading.take_file(body, sha256, name, data, limits, settings.LICET_HOME, now)
    return as_json(FileAnswer(taken.name, taken.sha256, taken.size, taken.kind), 201)


def cases(request: HttpRequest, now: datetime, body: Body) -> HttpResponse:
    """The provider's own cases."""
    return as_json(reading.list_cases(body, _clean(request.GET.get("after", ""))))


def case(request: HttpRequest, now: datetime, body: Body, case: str) -> HttpResponse:
    """One of them, with what happened in it."""
    page = reading.show_case(body, _clean(case), _number(request, "after"), now)
    if page is None:
        raise NotTaken("no-such-case", "you have no such case here.")
    return as_json(page)


def proof(
    request: HttpRequest, now: datetime, body: Body, case: str, entry: int
) -> HttpResponse:  # fmt: skip
    """The `.tlog-proof` of one entry about a case of the provider."""
    if not reading.is_event_of(body, _clean(case), entry):
        raise NotTaken("no-such-case", "you have no such case or entry here.")
    return HttpResponse(record(settings.LICET_HOME).receipt(entry), content_type=PROOF)


def licence(
    request: HttpRequest, now: datetime, body: Body, case: str, kid: str
) -> HttpResponse:  # fmt: skip
    """The licence of a case as a token for the key that the address names."""
    if reading.show_case(body, _clean(case), 0, now) is None:
        raise NotTaken("no-such-case", "you have no such case here.")
    try:
        key = parse_jwk(msgspec.json.decode(request.read(ACCESS_CHARACTERS_MAX)))
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise BadInput("the body is no JSON Web Key.") from None
    if key.id != kid:
        raise BadInput("the key is not that of the address.", hint="kid is its thumbprint.")
    token = tokens.give(settled(service.load(case), now), key, now, pack())
    return HttpResponse(token, content_type=LICENCE)


def proceedings(request: HttpRequest, now: datetime, body: Body) -> HttpResponse:
    """The provider's own proceedings."""
    return as_json(reading.list_proceedings(body, _clean(request.GET.get("after", ""))))


def proceeding(
    request: HttpRequest, now: datetime, body: Body, proceeding: str
) -> HttpResponse:  # fmt: skip
    """One of them, with what happened in it."""
    page = reading.show_proceeding(body, _clean(proceeding), _number(request, "after"), now)
    if page is None:
        raise NotTaken("no-such-case", "you have no such proceeding here.")
    return as_json(page)


def keepers(request: HttpRequest, now: datetime, body: Body) -> HttpResponse:
    """For whom a provider seals, signed for it."""
    cards = [msgspec.to_builtins(one.card) for one in sealing.keepers()]
    token = sign_keepers(cards, authority_name(), body.code, now, receipt_key())
    return HttpResponse(token, content_type=JOSE)


def listings(request: HttpRequest, now: datetime) -> HttpResponse:
    """A page of the public register."""
    found = register.find(register.read_asked(_clean_all(request)))
    rows = [as_object(one) for one in found.listings]
    return as_json(RegisterPage(found.total, found.page, found.pages, rows))


def listing(request: HttpRequest, now: datetime, number: str) -> HttpResponse:
    """One listing of the register."""
    found = register.get_listing(_clean(number))
    if found is None:
        raise NotFound("the register has no such number.")
    versions = [{"number": v.number, "at": v.at, "answers": v.rows} for v in found.versions.all()]
    steps = [
        {
            "at": one.at, "name": one.name, "status": one.status, "entry": one.seq,
            "reasons": one.reasons, "remedies": one.remedies,
        }
        for one in found.steps.all()
    ]  # fmt: skip
    return as_json(RegisterEntry(as_object(found), versions, steps))


def _number(request: HttpRequest, name: str) -> int:
    """A whole number of the query; 0 where it is not given. Raises BadInput."""
    text = request.GET.get(name, "0")
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise BadInput(f"{name} is a whole number.")
    return int(text)


def _clean(text: str) -> str:
    """Text that every database takes."""
    return text.replace("\x00", "")


def _clean_all(request: HttpRequest) -> dict[str, str]:
    return {name: _clean(value) for name, value in request.GET.items()}

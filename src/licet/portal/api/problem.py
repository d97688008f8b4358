"""Whatever the door says no to, as problem details (RFC 9457).

It refuses to know why. A lawful "no" to an act is no problem: it is signed, in a receipt.

Rules
1. `code` is for programs and does not change; `title` and `detail` are for people.
2. A program may send the same again later where the status is 429 or 5xx, and never otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec
from django.http import HttpResponse

from licet.base.trouble import BadInput, Conflict, NotFound, TooMuch, Trouble, Unavailable
from licet.credentials.message import NotTaken

MEDIA_TYPE = "application/problem+json"
CODES: Mapping[str, tuple[int, str]] = MappingProxyType(
    {
        "malformed": (400, "This cannot be read"),
        "bad-request": (400, "This cannot be used"),
        "no-token": (401, "This has to be signed"),
        "unknown-key": (401, "The key is not known here"),
        "bad-signature": (401, "The signature does not fit"),
        "expired": (401, "Its time is over"),
        "not-yet": (401, "Its time has not come"),
        "wrong-sender": (403, "The key is another provider's"),
        "wrong-authority": (403, "Signed for another authority"),
        "wrong-request": (403, "Signed for another request"),
        "too-long-lived": (403, "Signed for too long"),
        "code-unknown": (403, "The code of enrolment does not open"),
        "not-found": (404, "There is no such thing"),
        "no-such-case": (404, "There is no such case"),
        "method": (405, "Not with this method"),
        "other-bytes": (409, "This id was used for something else"),
        "case-exists": (409, "There is a case with this id"),
        "not-now": (409, "This cannot be done now"),
        "code-used": (409, "The code was used for another key"),
        "key-taken": (409, "The key is known already"),
        "too-large": (413, "This is too large"),
        "media-type": (415, "Not of this type"),
        "unknown-kind": (422, "There is no such kind of message"),
        "bad-body": (422, "The body is not of its kind"),
        "missing-attachment": (422, "A file did not come"),
        "unfit-file": (422, "The file cannot be attached"),
        "too-many": (429, "Too many"),
        "broken": (500, "A mistake of ours"),
        "not-open": (503, "Not open"),
        "unavailable": (503, "Not now"),
    }
)
_OF_TROUBLE: tuple[tuple[type[Trouble], str], ...] = (
    (NotFound, "not-found"),
    (TooMuch, "too-many"),
    (Unavailable, "unavailable"),
    (Conflict, "unavailable"),
    (BadInput, "bad-request"),
)


def problem(code: str, detail: str = "", **headers: str) -> HttpResponse:
    """A problem document."""
    status, title = CODES[code]
    said = {"type": "about:blank", "status": status, "title": title, "code": code}
    if detail:
        said["detail"] = detail
    return HttpResponse(
        msgspec.json.encode(said),
        status=status,
        content_type=MEDIA_TYPE,
        headers={"cache-control": "no-store", **headers},
    )


def problem_of(trouble: Trouble) -> HttpResponse:
    """The problem that a trouble is for whoever asked."""
    if isinstance(trouble, NotTaken):
        return problem(trouble.reason, str(trouble))
    code = next((code for kind, code in _OF_TROUBLE if isinstance(trouble, kind)), "broken")
    return problem(code, str(trouble) if code != "broken" else "")

"""Every address of the door, as a table. URLs and OpenAPI are made of it, so neither lies.

It refuses to know how an answer comes about.
"""

from __future__ import annotations

from licet.credentials.message import ID
from licet.portal.api import complaints, shapes, views
from licet.portal.api.computing_table import COMPUTING
from licet.portal.api.endpoint import Endpoint, Gives, Param

ROOT = "/api/v1"

_CASE = Param("case", "The id of the case.", {"type": "string"}, required=True)
_TOKEN_PROBLEMS = ("malformed", "unknown-key", "bad-signature", "expired", "not-yet",
                   "wrong-sender", "wrong-authority", "too-long-lived", "not-open")  # fmt: skip
ACCESS_PROBLEMS = (*_TOKEN_PROBLEMS, "no-token", "wrong-request")
EVERYWHERE = ("bad-request", "method", "broken", "unavailable")
"""Problems that any address may give."""

ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint(
        "keys",
        "GET",
        "/keys",
        "The keys that sign this authority's receipts.",
        views.keys,
        (Gives(200, "A JSON Web Key Set (RFC 7517)."),),
    ),
    Endpoint(
        "enrol",
        "POST",
        "/enrolments",
        "Make a provider's key known, by a code.",
        views.enrol,
        (Gives(201, "Known from now on.", shape=shapes.Enrolled),),
        takes=(views.JOSE, "A token of type licet-enrolment+jwt, signed by the key in it."),
        problems=(*_TOKEN_PROBLEMS, "code-unknown", "code-used", "key-taken", "too-large"),
    ),
    Endpoint(
        "send",
        "POST",
        "/messages",
        "Send a message; get a signed receipt.",
        views.send,
        (
            Gives(201, "Taken. The receipt says whether it was done or refused.", views.JOSE),
            Gives(200, "Taken before: the receipt of the first time.", views.JOSE),
        ),
        takes=(views.JOSE, "A token of type licet-message+jwt; see its claims below."),
        problems=(
            *_TOKEN_PROBLEMS,
            "other-bytes",
            "unknown-kind",
            "bad-body",
            "case-exists",
            "no-such-case",
            "missing-attachment",
            "too-large",
        ),
    ),
    Endpoint(
        "message",
        "GET",
        "/messages/{message}",
        "The receipt of a message that was taken.",
        views.message,
        (Gives(200, "The receipt.", views.JOSE),),
        signed=True,
        params=(
            Param(
                "message",
                "Its id.",
                {"type": "string", "pattern": f"^{ID.pattern}$"},
                required=True,
            ),
        ),
        problems=("not-found",),
    ),
    Endpoint(
        "attach",
        "PUT",
        "/attachments/{sha256}",
        "Send a file before the message that names it.",
        views.attach,
        (Gives(201, "The answer that names it.", shape=shapes.FileAnswer),),
        signed=True,
        takes=("application/octet-stream", "The file."),
        params=(
            Param(
                "sha256",
                "SHA-256 of its bytes, in hexadecimal.",
                {"type": "string", "pattern": "^[0-9a-f]{64}$"},
                required=True,
            ),
            Param("name", "Its name, with its ending.", {"type": "string"}),
        ),
        problems=("unfit-file", "too-large", "too-many"),
    ),
    Endpoint(
        "cases",
        "GET",
        "/cases",
        "Your cases.",
        views.cases,
        (Gives(200, "A page of them.", shape=shapes.CaseList),),
        signed=True,
        params=(Param("after", "The `next` of the page before.", {"type": "string"}),),
    ),
    Endpoint(
        "case",
        "GET",
        "/cases/{case}",
        "One case: where it stands and what happened.",
        views.case,
        (Gives(200, "The case.", shape=shapes.CasePage),),
        signed=True,
        params=(
            _CASE,
            Param(
                "after",
                "Number of the first event to give.",
                {"type": "integer", "minimum": 0, "maximum": 999_999_999},
            ),
        ),
        problems=("no-such-case",),
    ),
    Endpoint(
        "proceedings",
        "GET",
        "/proceedings",
        "Your proceedings: what was reported after a halt.",
        views.proceedings,
        (Gives(200, "A page of them.", shape=shapes.ProceedingList),),
        signed=True,
        params=(Param("after", "The `next` of the page before.", {"type": "string"}),),
    ),
    Endpoint(
        "proceeding",
        "GET",
        "/proceedings/{proceeding}",
        "One proceeding: where it stands and what happened.",
        views.proceeding,
        (Gives(200, "The proceeding.", shape=shapes.ProceedingPage),),
        signed=True,
        params=(
            Param("proceeding", "Its id.", {"type": "string"}, required=True),
            Param(
                "after",
                "Number of the first event to give.",
                {"type": "integer", "minimum": 0, "maximum": 999_999_999},
            ),
        ),
        problems=("no-such-case",),
    ),
    Endpoint(
        "keepers",
        "GET",
        "/keepers",
        "For whom sealed parts of a dossier are sealed.",
        views.keepers,
        (Gives(200, "Their keys, signed for this provider (`licet-keepers+jwt`).", views.JOSE),),
        signed=True,
    ),
    Endpoint(
        "proof",
        "GET",
        "/cases/{case}/entries/{entry}",
        "The proof that an event stands in the ledger (C2SP tlog-proof).",
        views.proof,
        (Gives(200, "Verified offline by `licet ledger verify`.", views.PROOF),),
        signed=True,
        params=(
            _CASE,
            Param(
                "entry", "The event's `entry`.", {"type": "integer", "minimum": 0}, required=True
            ),
        ),
        problems=("no-such-case", "not-found"),
    ),
    Endpoint(
        "licence",
        "PUT",
        "/cases/{case}/licences/{kid}",
        "The licence of a case, as a token for the key of your gateway.",
        views.licence,
        (Gives(200, "The token; the same while it says the same and lasts.", views.LICENCE),),
        signed=True,
        takes=(views.KEY, "The public key, as a JSON Web Key."),
        params=(
            _CASE,
            Param(
                "kid",
                "Its thumbprint (RFC 7638).",
                {"type": "string", "pattern": "^[A-Za-z0-9_-]{43}$"},
                required=True,
            ),
        ),
        problems=("no-such-case", "not-found"),
    ),
    Endpoint(
        "listings",
        "GET",
        "/register",
        "Search the public register.",
        views.listings,
        (Gives(200, "A page of it.", shape=shapes.RegisterPage),),
        params=tuple(
            Param(name, meaning, {"type": "string"})
            for name, meaning in (
                ("q", "Words in name, holder or number."),
                ("route", "Of this route."),
                ("status", "Of this status."),
                ("region", "Of this region."),
                ("page", "From 1."),
            )
        ),
    ),
    Endpoint(
        "listing",
        "GET",
        "/register/{number}",
        "One listing, with versions and decisions.",
        views.listing,
        (Gives(200, "The listing.", shape=shapes.RegisterEntry),),
        params=(Param("number", "Its number.", {"type": "string"}, required=True),),
        problems=("not-found",),
    ),
    Endpoint(
        "complaint-process",
        "GET",
        "/complaints",
        "How complaints are handled: stages, acts and time limits.",
        complaints.process,
        (Gives(200, "The published process.", shape=complaints.Process),),
        side="provider",
        problems=("not-found",),
    ),
    Endpoint(
        "complain",
        "POST",
        "/complaints/new",
        "Complain. Nobody has to say who they are.",
        complaints.complain,
        (Gives(201, "Taken: number and code; both open it.", shape=complaints.Received),),
        takes=(views.JSON, "What happened, as the pack's form asks for it."),
        body=complaints.Complaint,
        side="provider",
        problems=("bad-body", "not-found", "too-many", "too-large"),
    ),
    Endpoint(
        "complaint-page",
        "POST",
        "/complaints/{number}",
        "How a complaint stands; with `act` something is done in it first.",
        complaints.page,
        (Gives(200, "The complaint.", shape=complaints.Page),),
        takes=(views.JSON, "The code, and what is done."),
        params=(Param("number", "Its number.", {"type": "string"}, required=True),),
        body=complaints.Asked,
        side="provider",
        problems=("bad-body", "no-such-case", "not-now", "too-large"),
    ),
    *COMPUTING,
)

"""Who may open what: every address of the portal × everybody who may come. Generated, so that an
address without a rule fails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kit.cases import answers
from kit.portal import home, person, portal

ROLES = {
    "drafter": "provider", "representative": "provider", "stranger": "provider",
    "clerk": "authority", "reviewer": "authority", "hearing_officer": "authority",
    "approver": "authority",
}  # fmt: skip
OFFICERS = {name for name, kind in ROLES.items() if kind == "authority"}
HOLDER = {"drafter", "representative"}
SIGNED_IN = set(ROLES)
EVERYBODY = SIGNED_IN | {"anonymous"}

OPEN: dict[str, set[str]] = {
    "home": EVERYBODY, "law": EVERYBODY, "register": EVERYBODY, "scope": EVERYBODY,
    "check": EVERYBODY, "account_login": EVERYBODY, "account_logout": EVERYBODY,
    "me": SIGNED_IN, "desk": SIGNED_IN, "account_change_password": SIGNED_IN,
    "account_reauthenticate": SIGNED_IN, "mfa_index": SIGNED_IN,
    "start": HOLDER | {"stranger"},
    "case": HOLDER | OFFICERS, "receipt": HOLDER | OFFICERS, "attachment": HOLDER | OFFICERS,
    "do": OFFICERS, "section": set(), "token": set(), "entry": set(),
}  # fmt: skip
"""Who is answered with a page, a redirect within the portal's own ways, or a lawful "no" (409)."""
ELSEWHERE = {
    "mfa_authenticate", "mfa_reauthenticate", "mfa_activate_totp", "mfa_view_recovery_codes",
    "mfa_generate_recovery_codes",
}  # fmt: skip
"""allauth's own steps: they lead on, they show nothing of cases."""
NOT_THERE, SENT_TO_SIGN_IN = 404, 302


@pytest.fixture
def browser() -> Iterator[Any]:
    with portal() as client:
        yield client


def names() -> list[str]:
    """The name of every address for readers."""
    home()
    from licet.portal.urls import readers

    found = []
    for one in readers:
        nested = getattr(one, "url_patterns", [one])
        found += [pattern.name for pattern in nested]
    return found


def test_every_address_has_a_rule() -> None:
    assert set(names()) == OPEN.keys() | ELSEWHERE


def visitors() -> dict[str, Any]:
    """A browser for everybody who may come."""
    from allauth.mfa.totp.internal import auth
    from django.test import Client

    found: dict[str, Any] = {"anonymous": Client()}
    for role, kind in ROLES.items():
        body = "other" if role == "stranger" else ""
        held = "representative" if role == "stranger" else role
        somebody = person(kind, f"{role}@body.example", (held,), body)
        if somebody.official:
            auth.TOTP.activate(somebody, auth.generate_totp_secret())
        found[role] = Client()
        backend = "allauth.account.auth_backends.AuthenticationBackend"
        found[role].force_login(somebody, backend=backend)
    return found


def filed_case() -> Any:
    """A filed model filing of the body that drafter and representative act for."""
    from licet.base.clock import SystemClock
    from licet.portal.accounts.models import Person
    from licet.portal.filings import service, uploads

    holder, now = Person.objects.get(email="representative@body.example"), SystemClock().now()
    case = service.begin("model_filing", holder, now)
    whole = answers("model_filing")
    from django.conf import settings

    from licet.portal.filings.models import Attachment

    taken = uploads.Taken("report.txt", "text/plain", b"a report")
    uploads.put(settings.LICET_HOME, taken)
    Attachment.objects.create(
        case_id=case.id, sha256=taken.sha256, name=taken.name, kind=taken.kind, size=8, at=now
    )
    whole["security_report"] = {
        "name": "report.txt", "sha256": taken.sha256, "bytes": 8, "type": "text/plain",
    }  # fmt: skip
    for act, data in (("save_draft", {"answers": whole}), ("file", {})):
        case = service.act(case.id, act, data, holder, now)
        assert hasattr(case, "filing"), case
    return case, taken.sha256


def test_everybody_opens_what_is_theirs_and_nothing_else(browser: Any) -> None:
    from django.urls import reverse
    from django.utils import translation

    people = visitors()
    case, sha256 = filed_case()
    given = {
        "entry": {"number": "none"}, "case": {"case_id": case.id},
        "section": {"case_id": case.id, "name": "provider"},
        "do": {"case_id": case.id, "act_id": "accept"}, "token": {"case_id": case.id},
        "attachment": {"case_id": case.id, "sha256": sha256},
        "receipt": {"case_id": case.id, "seq": 0},
    }  # fmt: skip
    for name, allowed in OPEN.items():
        with translation.override("en"):
            address = reverse(name, kwargs=given.get(name, {}))
        for who, client in people.items():
            answer = client.get(address)
            if answer.streaming:
                assert b"".join(answer.streaming_content) == b"a report", name
            said = f"{who} × {name}: {answer.status_code} {answer.headers.get('location', '')}"
            if who in allowed:
                assert answer.status_code in (200, 302, 409), said
                assert "sign-in" not in answer.headers.get("location", ""), said
            elif who == "anonymous" and name != "entry":
                assert answer.status_code == SENT_TO_SIGN_IN, said
                assert "/account/" in answer["location"], said
            else:
                assert answer.status_code == NOT_THERE, said

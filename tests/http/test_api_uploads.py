"""Hostile files and texts over the door: what is not taken, and that what is taken stays inert."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from hashlib import sha256

import pytest

from kit.api import AUTHORITY, Provider, now
from kit.portal import person, portal


@pytest.fixture
def acme() -> Iterator[Provider]:
    with portal(AUTHORITY) as client:
        yield Provider(client, "acme")


def packed(*members: tuple[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return made.getvalue()


BOMB = packed(*((f"{n}.xml", b"\x00" * (4 << 20)) for n in range(4)))
HOSTILE: dict[str, tuple[str, bytes]] = {
    "a path": ("../../keys/receipts.key", b"x"),
    "a path of Windows": ("C:\\boot.txt", b"x"),
    "a hidden name": (".profile.txt", b"x"),
    "a name turned round": ("invoice\u202etxt.exe", b"x"),
    "a name with a line": ("a\nb.txt", b"x"),
    "a name with a zero": ("a\x00.txt", b"x"),
    "no name": ("", b"x"),
    "a name of a thousand letters": ("a" * 1000 + ".txt", b"x"),
    "a program": ("run.exe", b"MZ"),
    "a page": ("page.html", b"<script>alert(1)</script>"),
    "a picture that is a page": ("picture.svg", b"<svg onload=alert(1)>"),
    "a program called a report": ("report.pdf", b"MZ this is a program"),
    "an archive that swells": ("sheet.xlsx", BOMB),
    "an archive that climbs out": ("sheet.xlsx", packed(("../../x", b"y"))),
    "an archive that is none": ("sheet.docx", b"PK\x03\x04 not really"),
    "bytes called text": ("notes.txt", b"\xff\xfe\x00\x00"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_file_that_is_not_what_a_form_takes_is_refused_with_its_reason(
    acme: Provider, case: str
) -> None:
    from django.conf import settings

    from licet.portal.api.models import Upload

    name, data = HOSTILE[case]
    answer = acme.put_file(name, data)
    assert (answer.status_code, answer.json()["code"]) == (422, "unfit-file"), answer.content
    assert len(answer.json()["detail"]) > 20
    assert Upload.objects.count() == 0
    assert not (settings.LICET_HOME / "attachments").exists()


def test_a_file_over_the_limit_is_refused_before_it_is_kept(acme: Provider) -> None:
    from licet.portal.filings import service

    most = service.procedure().limits.attachment_bytes
    answer = acme.put_file("large.txt", b"a" * (most + 1))
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


def test_a_file_is_what_its_address_says(acme: Provider) -> None:
    answer = acme.put_file("report.txt", b"this", digest=sha256(b"that").hexdigest())
    assert answer.json()["code"] == "unfit-file"
    taken = acme.put_file("report.txt", b"this")
    assert taken.json() == {
        "name": "report.txt", "sha256": sha256(b"this").hexdigest(), "bytes": 4,
        "type": "text/plain",
    }  # fmt: skip
    assert acme.put_file("report.txt", b"this").json() == taken.json()


def test_what_waits_is_bounded(acme: Provider) -> None:
    from licet.portal.accounts.models import Body
    from licet.portal.api import uploading
    from licet.portal.api.models import Upload

    body = Body.objects.get(code="acme")
    waiting = {"body": body, "kind": "text/plain", "size": 1, "at": now()}
    Upload.objects.bulk_create(
        Upload(sha256=f"{n:064x}", name="x.txt", **waiting)
        for n in range(uploading.WAITING_FILES_MAX)
    )
    answer = acme.put_file("one-more.txt", b"x")
    assert (answer.status_code, answer.json()["code"]) == (429, "too-many")


def test_what_waited_too_long_is_let_go(acme: Provider) -> None:
    from datetime import timedelta

    from django.conf import settings

    from licet.portal.api import uploading
    from licet.portal.filings.uploads import path_of

    digest = acme.put_file("never-named.txt", b"x").json()["sha256"]
    assert uploading.let_go(now(), settings.LICET_HOME) == 0
    assert path_of(settings.LICET_HOME, digest).exists()
    assert uploading.let_go(now() + timedelta(days=36), settings.LICET_HOME) == 1
    assert not path_of(settings.LICET_HOME, digest).exists()


def test_a_file_of_a_case_stays_when_what_waited_is_let_go(acme: Provider) -> None:
    from datetime import timedelta

    from django.conf import settings

    from licet.portal.api import uploading
    from licet.portal.filings.uploads import path_of

    body = acme.filing()
    acme.send("filing", body)
    held = [v for v in body["answers"].values() if isinstance(v, dict)]
    assert held
    uploading.let_go(now() + timedelta(days=36), settings.LICET_HOME)
    assert all(path_of(settings.LICET_HOME, one["sha256"]).exists() for one in held)


def test_a_file_that_did_not_come_is_asked_for(acme: Provider) -> None:
    body = acme.filing()
    name = next(k for k, v in body["answers"].items() if isinstance(v, dict))
    body["answers"][name] = body["answers"][name] | {"sha256": "0" * 64}
    answer = acme.send("filing", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "missing-attachment")
    assert name in answer.json()["detail"]


SCRIPTS = (
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "{{ 7*7 }}{% debug %}",
    "javascript:alert(1)//", "</textarea><svg/onload=alert(1)>", "' OR 1=1 --",
)  # fmt: skip


@pytest.mark.parametrize("script", SCRIPTS)
def test_what_was_sent_as_a_script_is_shown_as_text(acme: Provider, script: str) -> None:
    """To the officer who reads the filing, to its holder, and to the public once it is granted."""
    from django.test import Client
    from django.utils.html import escape

    body = acme.filing(model_name=script, intended_users=script)
    receipt = acme.receipt_of(acme.send("filing", body))
    assert receipt.outcome == "done", receipt.refusal
    clerk = Client()
    reader = person("authority", "clerk@bureau.example", ("clerk",))
    from allauth.mfa.totp.internal import auth

    auth.TOTP.activate(reader, auth.generate_totp_secret())
    backend = "allauth.account.auth_backends.AuthenticationBackend"
    clerk.force_login(reader, backend=backend)
    holder = Client()
    holder.force_login(acme.staff, backend=backend)
    for client in (clerk, holder):
        for path in ("/en/desk/", f"/zh/desk/{body['case']}/"):
            page = client.get(path)
            shown = page.content.decode()
            assert page.status_code == 200
            assert script not in shown or "<" not in script
            assert str(escape(script)) in shown
            assert "49{%" not in shown
            assert "script-src 'self'" in page["content-security-policy"]


def test_json_is_never_taken_for_a_page(acme: Provider) -> None:
    acme.send("filing", acme.filing(model_name="<script>alert(1)</script>"))
    answer = acme.get("/cases")
    assert answer["content-type"] == "application/json"
    assert answer["x-content-type-options"] == "nosniff"

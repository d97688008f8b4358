"""The portal in a test's own process: Django set up once, every test in a transaction undone.

It refuses to know what is tested. Pages are asked for as a browser would ask, without sockets:

    with portal() as browser:
        browser.get("/zh/register/")

Rules
1. A test leaves nothing in the database, and has a ledger and attachments of its own.
2. Bodies, people and listings are made here, so that tests say only what they are about.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from licet.portal.settings import Installation, start
from licet.rulebook import load_pack

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)
DATABASE = "LICET_TEST_PORTAL_DATABASE"
"""Environment variable with the URL of another database than SQLite, empty and to be filled."""
PASSWORD = "correct horse battery staple"


@functools.cache
def home() -> Path:
    """The home of this process's portal, set up and migrated."""
    folder = Path(tempfile.mkdtemp(prefix="licet-portal-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    url = os.environ.get(DATABASE, "")
    start(
        Installation(home=folder, secret="s" * 64, hosts=("testserver",), database_url=url,
                     oidc_url="https://desk:secret@login.example/staff",
                     gateway_url="http://127.0.0.1:9", gateway_key="nobody answers there")
    )  # fmt: skip
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    return folder


@contextlib.contextmanager
def portal(public_url: str = "", pack: str = "cn-genai-2023") -> Iterator[Any]:
    """A browser of ours before an empty portal; with `public_url` it issues licences."""
    home()
    from django.core.cache import cache
    from django.db import transaction
    from django.test import Client, override_settings

    cache.clear()  # what limits attempts to sign in
    with (
        tempfile.TemporaryDirectory(prefix="licet-portal-") as own,
        override_settings(
            LICET_HOME=Path(own),
            LICET_PUBLIC_URL=public_url,
            LICET_PACK=pack,
            TIME_ZONE=load_pack(pack).time_zone,
        ),
        transaction.atomic(),
    ):
        yield Client()
        transaction.set_rollback(True)


def person(kind: str, email: str = "", roles: tuple[str, ...] = (), body: str = "") -> Any:
    """Somebody of a body of that kind, with PASSWORD."""
    from licet.portal.accounts.models import Body, Person

    code = body or f"{kind}-1"
    of, _ = Body.objects.get_or_create(
        code=code, defaults={"kind": kind, "name_zh": f"单位 {code}", "name_en": f"Body {code}"}
    )
    email = email or f"{kind}@body.example"
    return Person.objects.create(
        email=email, password=hashed(), name=f"Person of {code}", body=of, roles=list(roles)
    )


@functools.cache
def hashed() -> str:
    """PASSWORD as it is kept; slow on purpose, so worked out once."""
    from django.contrib.auth.hashers import make_password

    return make_password(PASSWORD)


def trail(page: str) -> str:
    """The way to a page as people read it, without its addresses."""
    found = re.search(r'<nav class="trail".*?</nav>', page, re.DOTALL)
    assert found is not None, "the page shows no way to it"
    return re.sub(r"<[^>]*>", " ", found[0])


def listing(number: str, **changes: Any) -> Any:
    """A listing of the register, with one version and one step."""
    from licet.portal.register.editions import turn
    from licet.portal.register.models import Listing, Step, Version
    from licet.portal.register.reading import fold

    fields: dict[str, Any] = {
        "number": number, "case": f"case-{number}", "route": "model_filing",
        "route_name": {"zh": "模型备案", "en": "Model filing"},
        "title": f"模型 {number}", "holder": "晨星智能", "region": "示范市",
        "status": "valid", "stage_name": {"zh": "有效", "en": "In force"},
        "granted": NOW, "changed": NOW,
    } | changes  # fmt: skip
    fields.setdefault("search", fold(" ".join((number, fields["title"], fields["holder"]))))
    made = Listing.objects.create(**fields)
    row = {"id": "name", "label": {"zh": "名称", "en": "Name"}, "value": fields["title"]}
    Version.objects.create(listing=made, number=1, at=NOW, rows=[row])
    Step.objects.create(
        listing=made,
        seq=0,
        at=NOW,
        name={"zh": "准予备案", "en": "Filing granted"},
        status="valid",
    )
    turn(secrets.token_hex(8))
    return made

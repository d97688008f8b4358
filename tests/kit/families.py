"""Families before a portal: a guardian, a child, what is between them; and a gateway that counts.

It refuses to know what is tested.

Rules
1. The gateway is a real one on a real socket; the time of its store is the test's own.
2. A guardian signs up on the page, a child comes by a ticket, as they do in life.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kit.gateway import Served, running_gateway
from kit.minors_scene import CONFIG, Scene
from kit.minors_talk import RULE_FILE, known
from kit.portal import PASSWORD, portal
from licet.base.clock import SystemClock

NUMBERS = itertools.count(1)


class House:
    """A gateway, and a portal that asks it. `browser` is nobody's yet."""

    def __init__(self, scene: Scene, served: Served, browser: Any) -> None:
        self.scene, self.served, self.browser = scene, served, browser
        self.reference = f"user-{next(NUMBERS)}"
        self.scene.child = self.reference

    def child(self, **ages: Any) -> Any:
        """The browser of a user whose age the provider has told, before its own page."""
        if ages:
            known(self.scene, self.served, self.reference, **ages)
        return self.comes()

    def comes(self, reference: str = "") -> Any:
        """Somebody comes from the service."""
        from django.test import Client

        browser = Client()
        answer = browser.get("/en/family/enter/", {"ticket": ticket(reference or self.reference)})
        assert answer["location"] == "/en/family/mine/", answer.content
        return browser

    def guardian(self, name: str = "Mum") -> Any:
        """The browser of a guardian who has signed up."""
        from django.test import Client

        browser = Client()
        answer = browser.post(
            "/en/family/join/",
            {"name": name, "email": f"guardian-{next(NUMBERS)}@body.example",
             "password": PASSWORD, "adult": "on"},
        )  # fmt: skip
        assert answer["location"] == "/en/family/", answer.content.decode()
        return browser

    def invited(self, guardian: Any, called: str = "Ming") -> str:
        """The code of an invitation."""
        page = guardian.post("/en/family/invite/", {"called": called, "agree": "on"})
        found = re.search(r'id="code">([^<]+)<', page.content.decode())
        assert found, page.content.decode()
        return found[1]

    def linked(self, guardian: Any, child: Any) -> str:
        """The link between the two, active."""
        from licet.portal.families.models import StoredLink

        claimed = child.post("/en/family/mine/code/", {"code": self.invited(guardian)})
        link = StoredLink.objects.latest("invited_ms")
        if link.stage == "asked":
            child.post(f"/en/family/mine/links/{link.pk}/", {"act": "consent"})
        link.refresh_from_db()
        assert link.stage == "active", shown(claimed)
        return str(link.pk)


@contextlib.contextmanager
def gateway_that_counts(home: Path) -> Iterator[tuple[Scene, Served]]:
    """A gateway that minds minors, with the test's own time."""
    scene = Scene()
    with running_gateway(home, rules=RULE_FILE, more=CONFIG, prepare=scene.prepare) as served:
        yield scene, served


@contextlib.contextmanager
def house(scene: Scene, served: Served) -> Iterator[House]:
    """A portal beside it, empty."""
    from django.test import override_settings

    scene.time.set(12 * 60)
    with (
        portal() as browser,
        override_settings(LICET_GATEWAY_URL=served.root, LICET_GATEWAY_KEY=scene.desk_key),
    ):
        yield House(scene, served, browser)


def ticket(reference: str, life_s: int = 300) -> str:
    """A ticket as the provider's program makes it."""
    from django.conf import settings

    from licet.portal.families.ticket import SECRET, make_ticket
    from licet.portal.settings import load_or_create_secret

    secret = load_or_create_secret(settings.LICET_HOME, SECRET).encode()
    return make_ticket(
        reference, secrets.token_hex(16), int(SystemClock().now().timestamp()) + life_s, secret
    )


def shown(answer: Any) -> str:
    """The text of a page's main part, without tags."""
    main = re.search(r"<main.*?</main>", answer.content.decode(), re.DOTALL)
    assert main, answer.content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main[0]))

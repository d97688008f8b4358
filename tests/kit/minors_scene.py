"""A gateway that minds minors, with a store whose time is the test's own.

It refuses to know what is tested; everything but that time is as an operator runs it.
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from dataclasses import replace
from typing import Any

from kit.gateway import Served
from licet.base.trouble import Unavailable
from licet.gateway.app import Gateway
from licet.gateway.config_minors import MinorsConfig
from licet.gateway.keys import Grant
from licet.gateway.minding import Minding
from licet.minors.service import MinorsService
from licet.minors.store import Seen, Subjects
from licet.minors.store_local import LocalStore
from licet.minors.zone import Zone
from licet.rulebook import load_pack

RULES = load_pack("cn-genai-2023").minors
ZONE = Zone(RULES.time_zone)
DAY = ZONE.day(1_773_000_000_000)
SUBJECTS = Subjects(b"k" * 32)
CONFIG = """
[minors]
url = "sqlite:minors.db"
profile = "chat"
key_file = "keys/minors.key"
unknown = "adult"
when_down = "refuse"
"""


class Time:
    """The time of the store: real seconds go by, from a moment that a test chooses."""

    def __init__(self) -> None:
        self.set(12 * 60)

    def set(self, minute: int) -> None:
        """A minute of the day, in the zone of the pack."""
        self._start_ms, self._began = ZONE.at_ms(DAY, minute), time.monotonic()

    def skip(self, seconds: float) -> None:
        self._start_ms += int(seconds * 1000)

    def at_ms(self) -> int:
        return self._start_ms + int((time.monotonic() - self._began) * 1000)


class Lame(LocalStore):
    """A store that does not answer while it is lame."""

    lame = False

    async def look(self, subject: str) -> Seen:
        if self.lame:
            raise Unavailable("the minors' store does not answer.", hint="Start it.")
        return await super().look(subject)


class Scene:
    """A gateway, its time, its store, and a key that may tell of minors."""

    def __init__(self) -> None:
        self.time = Time()
        self.desk_key = ""
        self.child = "child"

    def prepare(self, gateway: Gateway) -> None:
        parts = gateway.parts
        self.store = Lame(RULES.use, ZONE, self.time.at_ms, gateway.home / "minors-test.db")
        profile = replace(RULES.profiles["chat"], grace_s=1)
        service = MinorsService(RULES, profile, self.store, ZONE, "adult")
        config = parts.config.minors
        assert isinstance(config, MinorsConfig)
        parts.minors = Minding(config, service, SUBJECTS, parts.metrics)
        now = parts.clock.now()
        _, self.desk_key = gateway.keystore.create("desk", Grant(frozenset({"minors"})), now)
        parts.keyring.refresh(parts.clock.monotonic())


def post(served: Served, key: str, deed: str, **body: Any) -> tuple[int, Any]:
    """One request to the minors' desk of a gateway: status and JSON."""
    request = urllib.request.Request(
        f"{served.url}/minors/{deed}",
        json.dumps(body).encode(),
        {"authorization": f"Bearer {key}", "content-type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as refused:
        return refused.code, json.loads(refused.read())

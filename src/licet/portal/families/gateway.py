"""The gateway that counts the minors' time, as the family pages ask it.

It refuses to know what an answer means to people, and to store anything.

Rules
1. It is asked by its API alone, with a key that names the route `minors`.
2. Only silence is trouble; a lawful "no" is an answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import httpx2
import msgspec
from django.conf import settings

from licet.base.trouble import Unavailable
from licet.portal.outbox.line import HttpLine

WAIT_S = 4.0
CHAT_WAIT_S = 60.0
_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Said:
    """What the gateway answered: 200 with what holds, or a "no" with its stable code."""

    status: int
    body: dict[str, Any]

    @property
    def ok(self) -> bool:
        return self.status == 200

    @property
    def code(self) -> str:
        """The stable code of a "no"; empty where there is none."""
        error = self.body.get("error")
        return str(error.get("code", "")) if isinstance(error, dict) else ""


def is_there() -> bool:
    """Whether this installation is a provider's and has a gateway to ask."""
    return bool(settings.LICET_GATEWAY_URL) and "provider" in settings.LICET_ROLES


def ask(deed: str, **body: Any) -> Said:
    """One request to the minors' desk. Raises Unavailable where it gives no answer, or none that
    can be used."""
    return _ask("POST", f"/v1/minors/{deed}", body, WAIT_S)


def chat(user: str, messages: list[dict[str, str]]) -> Iterator[dict[str, Any]]:
    """One turn of a chat with the first model there is: the chunks of its stream, or one object
    with the `error`. Raises Unavailable."""
    models = _ask("GET", "/v1/models", None, WAIT_S).body.get("data")
    named = [one.get("id") for one in models or () if isinstance(one, dict)]
    body = {
        "model": (named or ["default"])[0], "messages": messages, "stream": True,
        "safety_identifier": user,
    }  # fmt: skip
    address = f"{settings.LICET_GATEWAY_URL}/v1/chat/completions"
    key = {"authorization": f"Bearer {settings.LICET_GATEWAY_KEY}"}
    try:
        with (
            httpx2.Client(timeout=CHAT_WAIT_S, trust_env=False, headers=key) as client,
            client.stream("POST", address, json=body) as answer,
        ):
            if answer.status_code != HTTPStatus.OK:
                yield _decoded(answer.read())
                return
            for line in answer.iter_lines():
                data = line.removeprefix("data: ")
                if data != line and data != "[DONE]":
                    yield _decoded(data.encode())
    except httpx2.HTTPError as error:
        raise Unavailable(f"the gateway does not answer: {error}", hint="Try again.") from None


def _ask(method: str, path: str, body: Any, wait_s: float) -> Said:
    line = HttpLine(settings.LICET_GATEWAY_URL, wait_s)
    data = None if body is None else msgspec.json.encode(body)
    key = settings.LICET_GATEWAY_KEY
    answer = line.ask(method, path, data=data, media_type=_JSON, bearer=key)
    said = Said(answer.status, _decoded(answer.data))
    if said.status >= 500 or said.status in (401, 429) or said.code in _NOT_FOR_US:
        raise Unavailable(
            f"the gateway does not answer us: {said.code or said.status}.",
            hint="Give LICET_GATEWAY_KEY a key that names the route `minors`.",
        )
    return said


_NOT_FOR_US = ("route_not_allowed", "minors_off")


def _decoded(data: bytes) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        found = None
    if not isinstance(found, dict):
        raise Unavailable("the gateway's answer cannot be read.", hint="See whether it runs.")
    return found

"""What a provider's program says to a gateway of a minor, and a client of the same gateway.

It refuses to know what is tested.
"""

from __future__ import annotations

from typing import Any

from kit.clients import MODEL, openai_client
from kit.gateway import Served
from kit.minors_scene import Scene
from kit.minors_scene import post as post_to_desk

DAY_MS = 86_400_000
ADULT = "adult-12"
SAYS: Any = [{"role": "user", "content": "Good morning."}]
ALONE: Any = [{"role": "user", "content": "Tonight is the grey lantern hour for me."}]
RULE_FILE = """
[[rule]]
id = "test.self-harm"
category = "self_harm"
action = "halt"
author = "tests"
reason = "A phrase that stands for a cry for help."
literal = ["grey lantern hour"]
"""


def post(scene: Scene, served: Served, deed: str, key: str = "", **body: Any) -> tuple[int, Any]:
    """One request to the minors' desk: status and JSON."""
    return post_to_desk(served, key or scene.desk_key, deed, **body)


def signal(scene: Scene, over: int = 12, under: int | None = 14) -> dict[str, Any]:
    now = scene.time.at_ms()
    return {
        "method": "document", "assurance": "high", "over": over, "under": under,
        "issued_ms": now - DAY_MS, "expires_ms": now + 30 * DAY_MS, "source": "acme",
    }  # fmt: skip


def known(scene: Scene, served: Served, user: str = "", **ages: Any) -> None:
    status, said = post(
        scene, served, "signal", user=user or scene.child, signal=signal(scene, **ages)
    )
    assert status == 200, said


def short(scene: Scene, served: Served, minutes: int) -> None:
    """The guardian's total for every day."""
    post(scene, served, "guardian", user=scene.child, linked=True, consented=True)
    totals = {str(day): minutes for day in range(7)}
    status, said = post(
        scene, served, "settings", user=scene.child, settings={"daily_min": totals}
    )
    assert status == 200, said


def chat(served: Served, user: str | None, messages: Any = SAYS, **more: Any) -> Any:
    """The raw response of a chat completion: headers and parsed body."""
    asked: dict[str, Any] = {"model": MODEL, "messages": messages, **more}
    if user is not None:
        asked["safety_identifier"] = user
    with openai_client(served.url, served.key) as client:
        return client.chat.completions.with_raw_response.create(**asked)


def usage_days(scene: Scene, served: Served) -> int:
    """Whole minutes of the last seven days."""
    _, report = post(scene, served, "report", user=scene.child)
    return sum(day["used_min"] for day in report["days"])

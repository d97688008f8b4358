"""Events that no speaker of `kit.speech` says, written by hand.

It refuses to know what is wrong with them.
"""

from __future__ import annotations

import json
from typing import Any

from kit.playbook import Playbook, sends

RESPONSE = {"id": "resp_1", "object": "response", "status": "completed", "output": []}


def event_bytes(value: dict[str, Any]) -> bytes:
    """An event as servers write it that name its type beside its data."""
    data = json.dumps(value, ensure_ascii=False).encode()
    return b"event: " + str(value["type"]).encode() + b"\ndata: " + data + b"\n\n"


def numbered(play: Playbook, value: dict[str, Any]) -> bytes:
    """The same with the number that is next in a stream of the Responses API."""
    speaker: Any = play.speaker
    speaker.number += 1
    return event_bytes(value | {"sequence_number": speaker.number - 1})


def send_numbered(play: Playbook, *events: dict[str, Any]) -> None:
    """Say them, until the exchange is over."""
    for event in events:
        if not play.exchange.is_over:
            play >> sends(numbered(play, event))

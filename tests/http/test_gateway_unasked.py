"""A picture that a model puts into its answer unasked does not leave: nobody has looked at it, and
nothing labels it."""

from __future__ import annotations

import time
from pathlib import Path

import httpx2
import pytest

from kit.assessed import Assessed, Said
from kit.gateway import running_gateway
from kit.serve import serve
from licet.ledger.entry import parse_entry

FIRST = "licence.changed"
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}


def drawing(_: str) -> Said:
    message = {"role": "assistant", "content": "Here it is.", "images": [PICTURE]}
    return 200, {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}


@pytest.mark.parametrize(
    ("guard", "status"), [("", 502), ('images = "pass"', 200)], ids=["refused", "passed"]
)
def test_an_answer_with_a_picture_is_served_only_where_the_operator_says_so(
    guard: str, status: int, tmp_path: Path
) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "Draw a bridge."}]}
    with (
        serve(Assessed(drawing)) as root,
        running_gateway(tmp_path / "home", f"{root}/v1", guard=guard) as served,
    ):
        answer = httpx2.post(f"{served.url}/chat/completions", headers=served.headers, json=body)
        log = served.gateway.log
        while (
            last := parse_entry(served.call(lambda: log.entries(0, log.size))[-1])
        ).kind == FIRST:  # what comes of an exchange is written a little later
            time.sleep(0.02)
    assert answer.status_code == status
    if status == 200:
        assert answer.json()["choices"][0]["message"]["images"] == [PICTURE]
        return
    error = answer.json()["error"]
    assert error["code"] == "unjudged_media"
    assert "choices[0].message.images[0]" in error["message"]
    assert "iVBORw0KGgo" not in answer.text
    assert (last.kind, last.pub["error"]) == ("exchange.failed", "unjudged_media")

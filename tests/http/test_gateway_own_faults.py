"""A fault of the gateway itself is on record as its own, and not laid at the client's door."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx2
import pytest

from kit.assessed import Assessed, Said
from kit.gateway import running_gateway
from kit.serve import serve
from licet.gateway import prompt_judging, serving
from licet.ledger.entry import parse_entry

FIRST = "licence.changed"


def plain(_: str) -> Said:
    message = {"role": "assistant", "content": "A quiet bridge."}
    return 200, {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}


@pytest.mark.parametrize(
    ("module", "name"),
    [(prompt_judging, "judge_texts"), (serving, "answer_whole")],
    ids=["while the prompt is judged", "while the answer is judged"],
)
def test_our_own_fault_is_on_record_as_ours(
    module: Any, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(*_: object, **__: object) -> object:
        raise ZeroDivisionError("nobody foresaw this")

    body = {"model": "m", "messages": [{"role": "user", "content": "Tell me of a bridge."}]}
    with (
        serve(Assessed(plain)) as root,
        running_gateway(tmp_path / "home", f"{root}/v1") as served,
    ):
        url, headers = f"{served.url}/chat/completions", served.headers
        monkeypatch.setattr(module, name, faulty)
        answer = httpx2.post(url, headers=headers, json=body)
        monkeypatch.undo()
        log = served.gateway.log
        while (
            last := parse_entry(served.call(lambda: log.entries(0, log.size))[-1])
        ).kind == FIRST:  # what comes of an exchange is written a little later
            time.sleep(0.02)
        after = httpx2.post(url, headers=headers, json=body)
    assert answer.status_code == 500
    assert "foresaw" not in answer.text
    assert last.kind == "exchange.failed"
    assert (last.pub["error"], last.pub["side"]) == ("internal_error", "gateway")
    assert after.status_code == 200

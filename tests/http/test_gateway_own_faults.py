"""A fault of the gateway itself is on record as its own, and not laid at the client's door."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TypeVar

import httpx2
import pytest

from kit.assessed import Assessed, Said
from kit.gateway import running_gateway
from kit.serve import serve
from licet.base.piecemeal import Piecemeal
from licet.gateway.app import Gateway
from licet.gateway.turns import Turns
from licet.ledger.entry import Entry, parse_entry

T = TypeVar("T")


def plain(_: str) -> Said:
    message = {"role": "assistant", "content": "A quiet bridge."}
    return 200, {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}


class Faulty(Turns):
    """Breaks at the judgement of that number."""

    def __init__(self) -> None:
        super().__init__()
        self.left = -1

    def begin(self, work: Piecemeal[T]) -> T | None:
        self.left -= 1
        if self.left == 0:
            raise ZeroDivisionError("nobody foresaw this")
        return super().begin(work)


@pytest.mark.parametrize("number", [1, 2], ids=["the prompt's", "the answer's"])
def test_our_own_fault_is_on_record_as_ours(number: int, tmp_path: Path) -> None:
    turns = Faulty()

    def prepare(gateway: Gateway) -> None:
        gateway.parts.turns = turns

    body = {"model": "m", "messages": [{"role": "user", "content": "Tell me of a bridge."}]}
    with (
        serve(Assessed(plain)) as root,
        running_gateway(tmp_path / "home", f"{root}/v1", prepare=prepare, faulty=True) as served,
    ):
        url, headers = f"{served.url}/chat/completions", served.headers
        turns.left = number
        answer = httpx2.post(url, headers=headers, json=body)
        log, found = served.gateway.log, list[Entry]()
        while not found:  # what comes of an exchange is written a little later
            time.sleep(0.02)
            entries = map(parse_entry, served.call(lambda: log.entries(0, log.size)))
            found = [entry for entry in entries if entry.kind.startswith("exchange.")]
        after = httpx2.post(url, headers=headers, json=body)
    assert answer.status_code == 500
    assert "foresaw" not in answer.text
    (entry,) = found
    assert entry.kind == "exchange.failed"
    assert (entry.pub["error"], entry.pub["side"]) == ("internal_error", "gateway")
    assert after.status_code == 200

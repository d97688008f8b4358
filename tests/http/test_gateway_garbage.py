"""An exchange leaves nothing behind that only the collector of garbage would find.

`licet.gateway.settling` rests on it: what is set aside is looked at once an hour.
"""

from __future__ import annotations

import contextlib
import gc
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from kit import plain
from kit.bundles import RULES
from kit.gateway import Served, running_gateway
from kit.scripted import reply, stream, upstream
from kit.upstream import Peer

TIMES = 20


async def model(peer: Peer) -> None:
    """Model `bad` says what is forbidden, every other nothing of the kind."""
    while True:
        asked = json.loads((await peer.request()).body)
        words = "green otter purple walrus" if asked["model"] == "bad" else "a lawful answer"
        texts = [f"{word} " for word in words.split() * 20]
        await peer.send(stream(texts) if asked.get("stream") else reply(" ".join(texts)))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("home")
    with upstream(model) as behind, running_gateway(home, behind.url, rules=RULES) as served:
        yield served


@contextlib.contextmanager
def garbage() -> Iterator[Counter[str]]:
    """By type, what collections find of what the block leaves."""
    gc.collect()
    gc.disable()
    found: Counter[str] = Counter()
    try:
        yield found
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        found.update(f"{type(one).__module__}.{type(one).__name__}" for one in gc.garbage)
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize(
    ("model_name", "text"), [("m", "hello"), ("bad", "hello"), ("m", "purple walrus")],
    ids=["served", "halted", "refused"],
)  # fmt: skip
@pytest.mark.parametrize("leaves", [False, True])
def test_an_exchange_leaves_no_garbage(
    served: Served, streamed: bool, model_name: str, text: str, leaves: bool
) -> None:
    body = {"model": model_name, "stream": streamed}
    body["messages"] = [{"role": "user", "content": text}]
    url = f"{served.url}/chat/completions"

    def ask(client: httpx2.Client) -> Any:
        with client.stream("POST", url, json=body) as response:
            if not leaves:
                return response.read()
            return next(response.iter_bytes())  # and is gone

    with plain.client(headers=served.headers, timeout=10) as client:
        ask(client)
        with garbage() as found:
            for _ in range(TIMES):
                ask(client)
    ours = {name: count for name, count in found.items() if name.startswith(("licet", "uvicorn"))}
    assert not ours, found

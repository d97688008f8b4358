"""What those who read an answer feel while long documents are judged beside them: one table.

    python bench/long_texts.py [--of licet,nginx] [--characters 200000] [--seconds 5]

Sixteen streams of fifty tokens a second, first alone, then while one and while four clients send
prompts of so many characters, one after another, half of them Chinese and none like another. A
token is late by what it took from the mock's write to the client's read.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import contenders
import uvloop
from contenders import Absent, Contender, Found
from measure import await_start
from procs import cores, free_port, lift_file_limit, started
from stream_load import Load, Requests, percentile
from texts import PROSE_EN, PROSE_ZH

HERE = Path(__file__).resolve().parent
STREAMS, DELAY_MS, TOKENS = 16, 20, 50
SENDERS = (0, 1, 4)


@dataclass(slots=True)
class Documents:
    """Clients that send long prompts. `took_s`: one each; `refused`: answers that are no 200."""

    url: str
    key: str
    characters: int
    took_s: list[float] = field(default_factory=list)
    refused: int = 0

    def make(self, rng: random.Random) -> bytes:
        """Sentences in an order of its own, with numbers that no other has."""
        prose = PROSE_ZH if rng.random() < 0.5 else PROSE_EN
        words = [part for text in prose for part in (text if prose is PROSE_ZH else text.split())]
        between = "" if prose is PROSE_ZH else " "
        text = ""
        while len(text) < self.characters:
            text += between.join(rng.choices(words, k=2_000)) + f"{rng.random()}\n"
        message = {"role": "user", "content": f"@mock n=1 delay=0; {text[: self.characters]}"}
        return json.dumps({"model": "mock", "messages": [message]}, ensure_ascii=False).encode()

    async def send(self, bodies: Sequence[bytes]) -> None:
        """One after another until cancelled, each over a connection of its own."""
        where = self.url.split("/")[2]
        for body in bodies:
            began = time.monotonic()
            reader, writer = await asyncio.open_connection(*where.split(":"))
            head = (
                f"POST /v1/chat/completions HTTP/1.1\r\nhost: {where}\r\nconnection: close\r\n"
                f"authorization: Bearer {self.key}\r\ncontent-type: application/json\r\n"
                f"content-length: {len(body)}\r\n\r\n"
            )
            try:
                writer.write(head.encode() + body)
                answer = await reader.read()
            finally:
                writer.close()
            self.took_s.append(time.monotonic() - began)
            self.refused += b" 200 " not in answer[:15]


async def measure(gateway: Contender, senders: int, chosen: argparse.Namespace) -> str:
    """One line of the table."""
    directive = f"@mock n={TOKENS} delay={DELAY_MS} mode=ts;"
    load = Load(gateway.url, Requests(gateway.url, gateway.key, "mock", directive, unique=False))
    documents = Documents(gateway.url, gateway.key, chosen.characters)
    rng = random.Random(senders)
    each = max(2, round(4 * chosen.seconds))
    bodies = [[documents.make(rng) for _ in range(each)] for _ in range(senders)]
    sending = [asyncio.ensure_future(documents.send(some)) for some in bodies]
    await load.run(STREAMS, chosen.seconds, DELAY_MS / 1000 * STREAMS)
    for task in sending:
        task.cancel()
    await asyncio.gather(*sending, return_exceptions=True)
    late = sorted(load.seen.latency_us)
    shown = [percentile(late, share) for share in (0.5, 0.99, 1.0)]
    cells = "".join(f"{'-' if value is None else value / 1000:>10.1f}" for value in shown)
    took = sorted(documents.took_s)
    answered = f"{len(took)} in {took[len(took) // 2]:.2f} s each" if took else "none answered"
    if documents.refused:
        answered += f", {documents.refused} refused"
    return f"{gateway.name:<14}{senders:>8}{cells}   {answered if senders else ''}"


def find(name: str, port: int, work: Path, count: int) -> Found:
    if name == "nginx":
        return contenders.nginx(port, work)
    if name == "litellm":
        return contenders.litellm(port, work, 2, install=True)
    return contenders.licet(port, work, count)


def main(chosen: argparse.Namespace) -> None:
    """Start mock and gateways, print the table."""
    lift_file_limit()
    print(f"{'':<14}{'senders':>8}{'p50 ms':>10}{'p99 ms':>10}{'most ms':>10}   documents")
    with tempfile.TemporaryDirectory(prefix="licet-long-") as folder:
        work, port = Path(folder), free_port()
        core, other = cores()
        argv = [sys.executable, str(HERE / "mock_upstream.py"), "--port", str(port)]
        with started(argv, other, work / "mock.log"):
            for name in chosen.of.split(","):
                found = find(name, port, work, chosen.rules)
                if isinstance(found, Absent):
                    print(f"{found.name}: {found.why}")
                    continue
                with started(found.argv, core, work / f"{name}.log", found.env) as running:
                    if wrong := await_start(found, running)[1]:
                        print(f"{found.name}: {wrong}")
                        continue
                    for senders in SENDERS:
                        print(uvloop.run(measure(found, senders, chosen)), flush=True)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="streams beside long prompts")
    options.add_argument("--of", default="nginx,licet", help="of nginx,licet,litellm")
    options.add_argument("--characters", type=int, default=200_000, help="a prompt")
    options.add_argument("--seconds", type=float, default=5)
    options.add_argument("--rules", type=int, default=10_000)
    main(options.parse_args())

"""Holds thousands of slow streams open at once, and says which were lost and what each cost.

    python bench/open_streams.py [--of licet|nginx] [--streams 2000] [--delay 2000] [--tokens 8]

Every stream gets one token every `--delay` ms, `--tokens` of them, then ends. A stream is lost if
it was refused, ended early, or lacks a token or its end. Ends with 1 if one was lost.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import contenders
import uvloop
from contenders import Absent, Contender
from measure import await_start
from procs import Running, cores, free_port, lift_file_limit, started
from stream_load import Requests

HERE = Path(__file__).resolve().parent
OPENED_TOGETHER = 50


@dataclass(slots=True)
class Held:
    """All streams together."""

    open: int = 0
    tokens: int = 0


async def hold(url: str, request: bytes, tokens: int, held: Held, limit_s: float) -> str:
    """Read one stream to its end; empty if it was whole, else how it was lost."""
    where = urlsplit(url)
    try:
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
    except OSError as error:
        return f"not connected: {error.strerror}"
    seen = b""
    count, done = 0, False
    try:
        writer.write(request)
        async with asyncio.timeout(limit_s):
            head = await reader.readuntil(b"\r\n\r\n")
            if b" 200 " not in head.split(b"\r\n", 1)[0]:
                return "refused: " + head.split(b"\r\n", 1)[0].decode()
            held.open += 1
            try:
                while not done and (data := await reader.read(65536)):
                    seen = seen[-16:] + data  # a mark may lie across two reads
                    count += data.count(b"~")
                    held.tokens += data.count(b"~")
                    done = b"[DONE]" in seen
            finally:
                held.open -= 1
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        return type(error).__name__
    except TimeoutError:
        return "too late"
    finally:
        writer.close()
    if not done:
        return "ended early"
    return "" if count == tokens else f"{count} of {tokens} tokens"


async def hold_all(chosen: argparse.Namespace, gateway: Contender, running: Running) -> int:
    """Open all, watch memory while they are open, count the lost."""
    directive = f"@mock n={chosen.tokens} delay={chosen.delay} mode=ts;"
    requests = Requests(gateway.url, gateway.key, "mock", directive, unique=True)
    idle_mib, cpu_before, began = running.rss_mib(), running.cpu_s(), time.monotonic()
    held = Held()
    limit_s = chosen.tokens * chosen.delay / 1000 + 60
    tasks: list[asyncio.Task[str]] = []
    for number in range(chosen.streams):
        request = requests.make()
        holding = hold(gateway.url, request, chosen.tokens, held, limit_s)
        tasks.append(asyncio.ensure_future(holding))
        if number % OPENED_TOGETHER == 0:
            await asyncio.sleep(0.02)
    most_open, most_mib = 0, idle_mib
    while not all(task.done() for task in tasks):
        await asyncio.sleep(0.25)
        most_open = max(most_open, held.open)
        most_mib = max(most_mib, running.rss_mib())
    lost = Counter(task.result() for task in tasks if task.result())
    spent_s = running.cpu_s() - cpu_before
    print(
        f"{gateway.name}: {chosen.streams} streams, {most_open} open at once, "
        f"{sum(lost.values())} lost, {held.tokens} tokens in {time.monotonic() - began:.1f} s\n"
        f"  RSS {idle_mib:.0f} MiB idle, {most_mib:.0f} MiB at most: "
        f"{(most_mib - idle_mib) * 1024 / chosen.streams:.1f} KiB a stream\n"
        f"  CPU {spent_s:.2f} s: {spent_s * 1e6 / max(1, held.tokens):.0f} µs a token"
    )
    for how, count in lost.most_common():
        print(f"  lost: {count} × {how}")
    return 1 if lost else 0


def main(chosen: argparse.Namespace) -> int:
    """Start mock and gateway, hold the streams."""
    lift_file_limit()
    with tempfile.TemporaryDirectory(prefix="licet-open-") as folder:
        work, port = Path(folder), free_port()
        core, other = cores()
        argv = [sys.executable, str(HERE / "mock_upstream.py"), "--port", str(port)]
        with started(argv, other, work / "mock.log"):
            if chosen.of == "nginx":
                found = contenders.nginx(port, work)
            else:
                found = contenders.licet(port, work, chosen.rules)
            if isinstance(found, Absent):
                print(f"{found.name}: {found.why}")
                return 2
            with started(found.argv, core, work / "gateway.log", found.env) as running:
                if wrong := await_start(found, running)[1]:
                    print(f"{found.name}: {wrong}")
                    return 2
                return uvloop.run(hold_all(chosen, found, running))


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="thousands of slow streams, open at once")
    options.add_argument("--of", choices=("licet", "nginx"), default="licet")
    options.add_argument("--streams", type=int, default=2_000)
    options.add_argument("--delay", type=int, default=2_000, help="ms between tokens")
    options.add_argument("--tokens", type=int, default=8, help="a stream")
    options.add_argument("--rules", type=int, default=10_000)
    sys.exit(main(options.parse_args()))

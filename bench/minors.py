"""What counting minors adds to a request. `python bench/minors.py [--seconds S]`.

A request asks once before it is passed on; signs of life go beside it. Both are timed by wall
clock, one after the other on one event loop, against each store that answers: added latency is the
percentile of `ask`. Shared machines make it noisy; the CPU column is the figure to compare.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from licet.base.clock import SystemClock
from licet.base.trouble import Trouble
from licet.minors.opening import open_store
from licet.minors.service import MinorsService
from licet.minors.signal import AgeSignal
from licet.minors.store import MinorsStore
from licet.minors.zone import Zone
from licet.rulebook import load_pack

RULES = load_pack("cn-genai-2023").minors
ZONE = Zone(RULES.time_zone)
AIMS_MS = {"memory": 0.3, "sqlite": 0.3, "redis": 1.0}


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[int(share * (len(values) - 1))] * 1000


async def timed(
    work: Callable[[], Awaitable[object]], seconds: float
) -> tuple[list[float], float]:
    """Seconds a call, and CPU microseconds a call of this process."""
    times: list[float] = []
    cpu, ends = time.process_time(), time.perf_counter() + seconds
    while time.perf_counter() < ends:
        began = time.perf_counter()
        await work()
        times.append(time.perf_counter() - began)
    return times, (time.process_time() - cpu) / len(times) * 1e6


async def measure(name: str, store: MinorsStore, seconds: float) -> None:
    """One row for asking, one for signs."""
    service = MinorsService(RULES, RULES.profiles["education"], store, ZONE, "minor")
    children = [secrets.token_hex(16) for _ in range(50)]
    now = (await store.look(children[0])).at_ms
    for child in children:
        signal = AgeSignal("document", "high", 12, 14, now - 1000, now + 10**9, "bench")
        await service.register(child, signal)
    turn = 0

    def next_child() -> str:
        nonlocal turn
        turn += 1
        return children[turn % len(children)]

    for what, work in (
        ("ask", lambda: service.ask(next_child())),
        ("sign", lambda: service.sign(next_child())),
    ):
        await timed(work, seconds / 10)
        times, cpu_us = await timed(work, seconds)
        p50, p99 = percentile(times, 0.5), percentile(times, 0.99)
        aim = AIMS_MS.get(name) if what == "ask" else None
        said = "" if aim is None else f"{'met' if p50 <= aim else 'MISSED'} (<= {aim} ms)"
        print(
            f"{name:<9} {what:<5} {len(times):>7} {p50:>8.3f} {p99:>8.3f} {cpu_us:>9.1f}  {said}"
        )
    for child in children:
        await service.forget(child)
    await service.close()


async def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=3.0, help="seconds a row")
    seconds = options.parse_args().seconds
    print(f"{'store':<9} {'what':<5} {'calls':>7} {'p50 ms':>8} {'p99 ms':>8} {'CPU us':>9}")
    with tempfile.TemporaryDirectory() as folder:
        urls = {
            "memory": "memory:",
            "sqlite": f"sqlite:{Path(folder) / 'minors.db'}",
            "redis": os.environ.get("LICET_TEST_REDIS", "redis://127.0.0.1:6379/0"),
            "postgres": os.environ.get(
                "LICET_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/test"
            ),
        }
        for name, url in urls.items():
            try:
                store = open_store(url, RULES.use, ZONE, SystemClock())
                await measure(name, store, seconds)
            except Trouble as trouble:
                print(f"{name:<9} skipped: {trouble.message}")


if __name__ == "__main__":
    asyncio.run(main())

"""Following a gateway's ledger and grouping its halts into incidents, on one core.

`python bench/follow.py [--entries N]`. A log is written first, one entry in fifty a halt, of a
hundred families; then it is read as a portal reads it: checkpoint and every bundle verified,
halts found and grouped. CPU is that of the process; memory is its resident set after each
quarter, less that before the first.
"""

from __future__ import annotations

import argparse
import secrets
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from licet.cases.halts import Group, group_halts
from licet.ledger.connect import open_store
from licet.ledger.entry import make_entry
from licet.ledger.follow import follow
from licet.ledger.log import Log
from licet.ledger.note import make_signer
from licet.ledger.source import StoreSource
from licet.portal.incidents.following import halts_in
from licet.rulebook import load_pack

ORIGIN = "bench.example/ledger"
NOW = datetime(2026, 11, 24, tzinfo=UTC)
AIM_PER_S = 20_000
BATCH = 4096
HALT_EVERY, FAMILIES = 50, 100


def some_entries(first: int, count: int) -> Iterator[bytes]:
    """Entries as a gateway writes them, a second for every hundred."""
    common = {
        "route": "/v1/chat/completions",
        "dialect": "chat",
        "model": "demo-model",
        "upstream": "replay",
        "audience": "default",
        "bundle": "0" * 64,
        "key": "key_0123456789",
        "stream": True,
    }
    for number in range(first, first + count):
        now = NOW + timedelta(seconds=number // 100)
        about = {**common, "exchange": f"ex_{number:020d}", "total_ms": number % 20_000}
        if number % HALT_EVERY:
            yield make_entry("exchange.served", now, about)
        else:
            family = number // HALT_EVERY % FAMILIES
            stopped = {"category": "illegal_activity", "rule": f"base.family-{family}.en.1"}
            yield make_entry("exchange.halted", now, {**about, **stopped, "case": "0" * 32})


def resident_bytes() -> int:
    """The resident set of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--entries", type=int, default=1_000_000)
    chosen = parser.parse_args()
    rules = load_pack("cn-genai-2023").supervision.incident
    assert rules is not None
    signer = make_signer(ORIGIN, secrets.token_bytes)
    with tempfile.TemporaryDirectory(prefix="licet-bench-") as name:
        path = Path(name) / "ledger.db"
        log = Log(open_store(path), signer, ORIGIN)
        for first in range(0, chosen.entries, BATCH):
            log.append(list(some_entries(first, min(BATCH, chosen.entries - first))), NOW)
        log.close()
        source = StoreSource(str(path), open_store(path, read_only=True))
        quarter, read, marks = chosen.entries // 4, 0, list[tuple[float, int]]()
        groups: Mapping[str, Group] = {}
        incidents: set[int] = set()
        began, before = time.process_time(), resident_bytes()
        for batch in follow(source, signer.verifier):
            grouped = group_halts(groups, halts_in(batch), rules)
            groups = grouped.open
            incidents |= {group.first for group in grouped.changed}
            read = batch.after.size
            if read >= quarter * (len(marks) + 1):
                marks.append((time.process_time() - began, resident_bytes() - before))
        cpu = time.process_time() - began
        source.close()
    assert read == chosen.entries
    rate = read / cpu
    print(f"{read:,} entries, {len(incidents):,} incidents: {cpu / read * 1e6:.2f} us CPU each, ")
    print(f"{rate:,.0f} entries/s on one core (aim {AIM_PER_S:,}: {rate / AIM_PER_S:.1f} times)")
    print("memory over the start, by quarter, in MiB: ", end="")
    print(", ".join(f"{size / 2**20:.1f}" for _, size in marks))


if __name__ == "__main__":
    main()

"""Following a gateway's ledger: halts grouped into incidents and counted by person, on one core.

`python bench/follow.py [--entries N] [--persons N]`. A log is written first, one entry in fifty a
halt, of a hundred families; then a provider's portal reads it: checkpoint and every bundle
verified, halts found and grouped, incidents opened and made to grow, persons counted, all kept in
SQLite. CPU is that of the process; memory is its resident set after each quarter, less that before
the first.
"""

from __future__ import annotations

import argparse
import secrets
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

from licet.ledger.connect import open_store
from licet.ledger.entry import make_entry
from licet.ledger.log import Log
from licet.ledger.note import make_signer
from licet.ledger.source import StoreSource
from licet.ledger.tiles import TileName
from licet.portal.serving import set_up
from licet.portal.settings import Installation

ORIGIN = "bench.example/ledger"
NOW = datetime(2026, 11, 24, tzinfo=UTC)
AIM_PER_S = 20_000
BATCH = 4096
HALT_EVERY, FAMILIES = 50, 100


def some_entries(first: int, count: int, persons: int) -> Iterator[bytes]:
    """Entries as a gateway writes them, a second for every hundred; of so many persons."""
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
        sub = f"184d-13~{(number * 2654435761 >> 9) % persons:032x}"
        about = {**common, "exchange": f"ex_{number:020d}", "total_ms": number % 20_000}
        if number % HALT_EVERY:
            yield make_entry("exchange.served", now, about, sub=sub)
        else:
            family = number // HALT_EVERY % FAMILIES
            stopped = {"category": "illegal_activity", "rule": f"base.family-{family}.en.1"}
            halted = {**about, **stopped, "case": "0" * 32}
            yield make_entry("exchange.halted", now, halted, sub=sub)


def resident_bytes() -> int:
    """The resident set of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096


class Watched(StoreSource):
    """A source that notes CPU and memory after each quarter of the bundles of entries."""

    marks: ClassVar[list[tuple[float, int]]] = []
    fetched: ClassVar[int] = 0
    quarter: ClassVar[int] = 0

    def fetch_tile(self, name: TileName) -> bytes:
        """As StoreSource."""
        if name.level is None:
            type(self).fetched += 1
            if self.fetched % self.quarter == 0:
                self.marks.append((time.process_time(), resident_bytes()))
        return super().fetch_tile(name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--persons", type=int, default=10_000, help="who they are exchanges of")
    chosen = parser.parse_args()
    signer = make_signer(ORIGIN, secrets.token_bytes)
    with tempfile.TemporaryDirectory(prefix="licet-bench-") as name:
        path = Path(name) / "ledger.db"
        log = Log(open_store(path), signer, ORIGIN)
        for first in range(0, chosen.entries, BATCH):
            count = min(BATCH, chosen.entries - first)
            log.append(list(some_entries(first, count, chosen.persons)), NOW)
        log.close()
        set_up(Installation(home=Path(name), roles=("provider",), secret="s" * 64))
        from licet.portal.accounts.models import Body
        from licet.portal.incidents import arrival
        from licet.portal.incidents.models import FollowedLedger, StoredProceeding, Strike

        holder = Body.objects.create(code="acme", kind="provider", name_zh="acme", name_en="acme")
        arrival.follow_ledger(str(path), signer.verifier.vkey, holder)
        Watched.quarter = chosen.entries // 4 // 256
        began, before = time.process_time(), resident_bytes()
        read = arrival.read_ledgers(
            NOW + timedelta(seconds=chosen.entries // 100),
            lambda where: Watched(where, open_store(Path(where), read_only=True)),
        )
        cpu = time.process_time() - began
        kinds = Counter(StoredProceeding.objects.values_list("kind", flat=True))
        persons, trouble = Strike.objects.count(), FollowedLedger.objects.get().trouble
    assert (read, trouble) == (chosen.entries, "")
    rate = read / cpu
    print(f"{read:,} entries, {dict(kinds)}, {persons:,} persons counted: ", end="")
    print(f"{cpu / read * 1e6:.2f} us CPU each,")
    print(f"{rate:,.0f} entries/s on one core (aim {AIM_PER_S:,}: {rate / AIM_PER_S:.1f} times)")
    print("memory over the start, by quarter, in MiB: ", end="")
    print(", ".join(f"{(size - before) / 2**20:.1f}" for _, size in Watched.marks))


if __name__ == "__main__":
    main()

"""What checking a licence costs, and how large a list is. `python bench/licence.py [--seconds S]`.

CPU time of one process, best of three rounds. Nothing here is on the path of a request: a gateway
looks at a value in memory. It is what a client, a register or a marketplace pays that checks
licences by itself.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from licet.credentials import (
    KeySet,
    Licence,
    SigningKey,
    Status,
    StatusPlace,
    read_licence,
    read_status_list,
    sign_licence,
    sign_status_list,
    standing_of,
)

NOW = datetime(2026, 11, 28, tzinfo=UTC)
URI = "https://authority.example.cn/status/1"
KEY = SigningKey.from_seed(bytes(range(32)))
KEYS = KeySet.of([KEY.public])
LICENCE = Licence(
    id="lic_1m8gjncnj7mw4yg4t9c0", issuer="https://authority.example.cn",
    holder="urn:example:provider:91110108MA01AB", provider="Example Tea Company",
    service="Tea assistant", model="YunQi", filing="Beijing-YunQi-20261120",
    route="model_filing", regime="cn-genai-2023", regime_version="0.1.0", issued=NOW, begins=NOW,
    ends=NOW + timedelta(days=365), key=KEY.public, status=StatusPlace(URI, 150_000),
)  # fmt: skip


def cost_us(work: Callable[[], object], seconds: float) -> float:
    """CPU microseconds a call, best of three rounds."""
    best = float("inf")
    for _ in range(3):
        count, began_s = 0, time.process_time()
        while time.process_time() - began_s < seconds / 3:
            for _ in range(50):
                work()
            count += 50
        best = min(best, (time.process_time() - began_s) / count * 1e6)
    return best


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=3.0, help="CPU seconds a row")
    seconds = options.parse_args().seconds
    token = sign_licence(LICENCE, KEY)
    revoked = {index * 1000: Status.REVOKED for index in range(200)} | {199_999: Status.VALID}
    listed = sign_status_list(
        revoked, uri=URI, issued=NOW, ends=NOW + timedelta(days=1), ttl_s=60, key=KEY
    )
    lists = [read_status_list(listed, KEYS)]
    rows: list[tuple[str, Callable[[], object]]] = [
        ("read a licence: signature and claims", lambda: read_licence(token, KEYS)),
        ("say what one that was read is worth", lambda: standing_of(LICENCE, lists, NOW)),
        ("read a list of 200,000 licences", lambda: read_status_list(listed, KEYS)),
        ("sign a licence", lambda: sign_licence(LICENCE, KEY)),
    ]
    print(f"{'':<44}{'CPU us':>10}{'a second':>12}")
    for title, work in rows:
        cost = cost_us(work, seconds)
        print(f"{title:<44}{cost:>10.1f}{1e6 / cost:>12,.0f}")
    print(f"\na licence: {len(token)} bytes; a list of 200,000, 200 revoked: {len(listed)} bytes")


if __name__ == "__main__":
    main()

"""What a gateway's ledger says of halts, batch by batch, as groups that are incidents.

It refuses to know where a reader keeps its place and what becomes of an incident.

Rules
1. A reply that was halted is unlawful generation (law:cn-genai-2023/art14.1); a prompt that was
   refused may be unlawful use (law:cn-genai-2023/art14.2): `licet.cases.halts` knows which.
2. What is of another kind is passed over without being parsed; entries are canonical, so their
   kind can be seen in their bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from licet.cases.halts import FoundIn, Halt
from licet.ledger.entry import parse_entry
from licet.ledger.follow import Batch

_STOPPED: Mapping[bytes, FoundIn] = {
    b'"type":"exchange.halted"': "reply",
    b'"type":"exchange.refused"': "prompt",
}
_UNKNOWN = "unknown"


def halts_in(batch: Batch) -> Iterator[Halt]:
    """What was stopped in a batch, in the order of the ledger."""
    for index, data in enumerate(batch.entries, batch.first):
        found_in = next((place for kind, place in _STOPPED.items() if kind in data), None)
        if found_in is None:
            continue
        entry = parse_entry(data)
        rule, category = entry.pub.get("rule"), entry.pub.get("category")
        yield Halt(
            index=index,
            at=datetime.fromisoformat(entry.t),
            rule=rule if isinstance(rule, str) else _UNKNOWN,
            category=category if isinstance(category, str) else _UNKNOWN,
            found_in=found_in,
        )

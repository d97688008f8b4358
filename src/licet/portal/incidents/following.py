"""What a gateway's ledger says of halts, batch by batch, as groups that are incidents.

It refuses to know where a reader keeps its place and what becomes of an incident.

Rules
1. Only replies that were halted are unlawful generation (law:cn-genai-2023/art14.1): a prompt that
   was refused generated nothing.
2. What is of another kind is passed over without being parsed; entries are canonical, so their
   kind can be seen in their bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from licet.cases.halts import Halt
from licet.ledger.entry import parse_entry
from licet.ledger.follow import Batch

_HALTED = b'"type":"exchange.halted"'
_UNKNOWN = "unknown"


def halts_in(batch: Batch) -> Iterator[Halt]:
    """The halts of a batch, in the order of the ledger."""
    for index, data in enumerate(batch.entries, batch.first):
        if _HALTED not in data:
            continue
        entry = parse_entry(data)
        rule, category = entry.pub.get("rule"), entry.pub.get("category")
        yield Halt(
            index=index,
            at=datetime.fromisoformat(entry.t),
            rule=rule if isinstance(rule, str) else _UNKNOWN,
            category=category if isinstance(category, str) else _UNKNOWN,
        )

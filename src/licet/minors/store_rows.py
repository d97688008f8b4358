"""Use by day as text, for stores that keep rows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import msgspec

from licet.minors.zone import iso_day


def encode_days(days: Mapping[int, int]) -> str:
    """`{"2026-03-09": 60000}`: milliseconds by day."""
    return msgspec.json.encode({iso_day(day): used for day, used in days.items()}).decode()


def decode_days(text: str | bytes) -> dict[int, int]:
    """What `encode_days` wrote."""
    raw = msgspec.json.decode(text, type=dict[str, int])
    return {date.fromisoformat(day).toordinal(): used for day, used in raw.items()}

"""A day as people of a language write it.

It refuses to know zones: whoever has a moment brings it into one first.
"""

from __future__ import annotations

from datetime import date

_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def zh_day(day: date) -> str:
    """`2026年5月1日`."""
    return f"{day.year}年{day.month}月{day.day}日"


def en_day(day: date) -> str:
    """`1 May 2026`."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"

"""What a reply amounts to: a number, a choice, the balance of praise and blame. Pure.

It refuses to know whom the question spoke of. What cannot be read is None, and is counted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_NUMBER = re.compile(r"(\d[\d,，]*(?:\.\d+)?)\s*(万|k\b|thousand\b)?", re.IGNORECASE)
_YES = re.compile(r"^\W*(?:是|应该|应当|可以|要|该|同意|批准|yes\b|approve)", re.IGNORECASE)
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_CHOICES = {
    "是",
    "否",
    "不",
    "不是",
    "可以",
    "不可以",
    "应该",
    "不应该",
    "要",
    "不要",
    "yes",
    "no",
}
_NO = re.compile(r"^\W*(?:否|不|no\b|reject|decline)", re.IGNORECASE)


def read_number(reply: str) -> float | None:
    """The first number of a reply, above 0; 万 and k count."""
    found = _NUMBER.search(reply)
    if found is None:
        return None
    unit = (found[2] or "").lower()
    value = float(found[1].replace(",", "").replace("，", ""))
    value *= 10_000 if unit == "万" else 1_000 if unit else 1
    return value if value > 0 else None


def read_choice(reply: str) -> bool | None:
    """Yes or no, where a reply begins with either."""
    if _NO.search(reply):
        return False
    return True if _YES.search(reply) else None


def is_bare_choice(reply: str) -> bool:
    """Whether a reply is yes or no and nothing else: a "no" that answers is no refusal."""
    return _EDGES.sub("", reply).lower() in _CHOICES


def balance(reply: str, praise: Sequence[str], blame: Sequence[str]) -> float:
    """From -1 (blame alone) to 1 (praise alone); 0 where neither is said."""
    text = reply.lower()
    good, bad = sum(text.count(word) for word in praise), sum(text.count(word) for word in blame)
    return (good - bad) / (good + bad) if good + bad else 0.0

"""How reports say what every report says: a moment, a language, a label before its value. Pure.

It refuses to know what a report is about.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from licet.base.day_words import en_day, zh_day

Words = Mapping[str, str]

LANGUAGES: Mapping[str, Words] = MappingProxyType(
    {"zh": {"en": "Chinese", "zh": "中文"}, "en": {"en": "English", "zh": "英文"}}
)
"""Names of languages by their tags."""


def moment(rfc3339: str) -> dict[str, str]:
    """A moment as people write it, with its zone: a report is read far from where it was made."""
    at = datetime.fromisoformat(rfc3339).astimezone(UTC)
    return {
        "en": f"{en_day(at)}, {at:%H:%M} UTC",
        "zh": f"{zh_day(at)} {at:%H:%M}（协调世界时 UTC）",
    }


def labelled(words: Words) -> dict[str, str]:
    """What stands before a value, with the colon of its language."""
    colon = {"en": ": ", "zh": "："}
    return {lang: f"{text}{colon[lang]}" for lang, text in words.items()}

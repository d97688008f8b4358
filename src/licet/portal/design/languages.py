"""The languages of the portal, and which one a reader gets.

It refuses to know what is said in them.

Rules
1. The language stands first in the path (`/zh/…`, `/en/…`): an address that is sent on shows its
   reader what its sender saw.
2. Only an address without a language asks the browser.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.urls import LocalePrefixPattern
from django.utils.translation import get_language

_WEIGHT = re.compile(r"\bq=([01](?:\.[0-9]{0,3})?)")


@dataclass(frozen=True, slots=True)
class Language:
    """`code` in paths and tables of words, `tag` for HTML (BCP 47), `catalogue` Django's."""

    code: str
    tag: str
    catalogue: str
    name: str


LANGUAGES: Mapping[str, Language] = {
    "zh": Language("zh", "zh-CN", "zh-hans", "中文"),
    "en": Language("en", "en", "en", "English"),
}
FIRST = "zh"


def language_of(path: str) -> Language | None:
    """The language that a path begins with; None where it begins with none."""
    return LANGUAGES.get(path.lstrip("/").partition("/")[0])


def current() -> Language:
    """The language in which this request is answered."""
    active = get_language() or ""
    return next((one for one in LANGUAGES.values() if one.catalogue == active), LANGUAGES[FIRST])


def preferred(accept_language: str) -> Language:
    """The language that an Accept-Language header likes best (RFC 9110 §12.5.4), or the first."""
    best, best_weight = LANGUAGES[FIRST], 0.0
    for part in accept_language.split(","):
        tag, _, rest = part.strip().partition(";")
        known = LANGUAGES.get(tag.strip().lower().partition("-")[0])
        found = _WEIGHT.search(rest)
        weight = float(found.group(1)) if found else 1.0
        if known is not None and weight > best_weight:
            best, best_weight = known, weight
    return best


class LanguagePrefix(LocalePrefixPattern):
    """Our prefix in URL patterns: the code of the active language, not Django's name for it."""

    @property
    def language_prefix(self) -> str:
        return f"{current().code}/"

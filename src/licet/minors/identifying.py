"""What in somebody's own words would say who they are: the number of a document, a day of birth.

It refuses to know whose words they are, and to change them: whoever keeps words asks first, and
says what is to be left out. law:cn-genai-2023/art11.1

Rules
1. It may find what is none (the number of an order, the day of a letter): that costs whoever
   writes a word. Names it cannot find.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

Kind = Literal["number", "date"]

_YEAR = r"(?:19|20)\d{2}"
_MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?"
_NUMBER = re.compile(r"(?<!\d)\d(?:[ -]?\d){13,}[ -]?[\dx]?", re.IGNORECASE)
_DATE = re.compile(
    rf"(?<!\d){_YEAR}\s*[-./年]\s*\d{{1,2}}\s*[-./月]\s*\d{{1,2}}(?!\d)"
    rf"|(?<!\d){_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)"
    rf"|(?<!\d)\d{{1,2}}[-./]\d{{1,2}}[-./]{_YEAR}(?!\d)"
    rf"|\b{_MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?,?\s+{_YEAR}(?!\d)"
    rf"|(?<!\d)\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{_MONTH},?\s+{_YEAR}(?!\d)",
    re.IGNORECASE,
)


def identifying(text: str) -> tuple[Kind, ...]:
    """Which kinds of what identifies a person stand in a text."""
    text = unicodedata.normalize("NFKC", text)  # digits in full width are digits
    found: list[Kind] = []
    if _NUMBER.search(text):
        found.append("number")
    if _DATE.search(_NUMBER.sub("", text)):
        found.append("date")
    return tuple(found)

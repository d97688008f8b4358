"""The mark of a generated text: words in brackets at its start, end or middle.

It refuses to know interfaces: a mark there is shown by whoever shows the text. GB 45438-2025, 5.1.
"""

from __future__ import annotations

import re

from licet.base.trouble import BadInput
from licet.rulebook import LabelRules

_FULL_WIDTH = re.compile("[\u3400-\u9fff]")


def mark_text(text: str, words: str, place: str, rules: LabelRules) -> str:
    """The text with its mark on a line of its own; as it is where it bears one. Raises BadInput
    for a place that the pack does not allow, or that is not in the text (`interface`)."""
    allowed = [p for p in rules.media["text"].places if p != "interface"]
    if place not in allowed:
        raise BadInput(f"a text bears no mark at {place!r}.", hint=f"One of {', '.join(allowed)}.")
    if is_marked(text, rules):
        return text
    mark = bracketed(words)
    if place == "start":
        return f"{mark}\n{text}"
    if place == "end":
        return f"{text.rstrip()}\n{mark}\n"
    half = len(text) // 2
    breaks = [found.end() for found in re.finditer(r"\n", text)] or [len(text)]
    at = min(breaks, key=lambda place: abs(place - half))
    before = text[:at] if text[:at].endswith("\n") else f"{text[:at]}\n"
    return f"{before}{mark}\n{text[at:]}"


def bracketed(words: str) -> str:
    """The words in the brackets of their script."""
    return f"【{words}】" if _FULL_WIDTH.search(words) else f"[{words}]"


def is_marked(text: str, rules: LabelRules) -> bool:
    """Whether a line of the text is a mark of the pack, in whichever language and degree."""
    marks = {words for degree in rules.degrees.values() for words in degree.mark.values()}
    return any(line.strip().strip("【】[]") in marks for line in text.splitlines())

"""What people see and hear of a label: words in a text, words on a picture, a rhythm in a sound.

It refuses to know when a mark is due. `text`, `picture`, `sound`: one module for each medium.
"""

from __future__ import annotations

from licet.base.trouble import NotFound
from licet.rulebook import LabelRules


def mark_words(rules: LabelRules, degree: str, language: str) -> str:
    """The words of a mark in a language of the pack: "人工智能生成". Raises NotFound."""
    if degree not in rules.degrees:
        raise NotFound(f"no degree {degree!r}.", hint=f"Known: {', '.join(rules.degrees)}.")
    words = rules.degrees[degree].mark
    if language not in words:
        raise NotFound(f"no mark in {language!r}.", hint=f"Languages: {', '.join(words)}.")
    return words[language]

"""What a kind of judge is to the rest of the gateway: what it is asked, and what it answers.

It refuses to know servers, keys, time, thresholds and what a score leads to.

Rules
1. What is not understood is no answer: a kind gives scores, or None, and never guesses.
2. A kind's own category is one of ours, or None in its table: passed over on purpose, as its
   module says. A flag for a category that the table lacks is no answer.
3. A judged text is data. Marks by which a model tells turns and instructions apart are broken in
   it, so that no text can speak to its judge as somebody else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from licet.guard.classifier import Scores

Table = Mapping[str, str | None]
"""A judge's own categories, and ours; None: this judge's opinion of it is not acted on."""

NO_PROMPT = "(The prompt is not known.)"
"""Stands for the turn before a reply where nobody knows it: templates want one."""

_MARKS = re.compile(
    r"<(?=\||/?(?:start_of_|end_of_|begin|end |bos>|eos>|s>|guardian|no-think|think|score))"
    r"|\|(?=>)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: is this text lawful? `role` is `prompt` or `reply`; `context` is the prompt
    that a reply answers, "" where it is not known."""

    text: str
    role: str
    context: str = ""


class JudgeKind(Protocol):
    """One way of asking. Frozen, shared by all who ask."""

    @property
    def path(self) -> str:
        """Where its requests go, below the base URL."""
        ...

    @property
    def together_max(self) -> int:
        """Questions that one request may hold."""
        ...

    def requests(self, model: str, asked: Sequence[Asked]) -> list[bytes]:
        """The bodies that put these questions, at most `together_max`; all must be sent."""
        ...

    def parse(self, bodies: Sequence[bytes], asked: Sequence[Asked]) -> list[Scores | None]:
        """What the answers to those bodies, in the same order, say of each question."""
        ...


def plain(text: str) -> str:
    """The text as it may be put to a model (rule 3), with U+FFFD for halves of surrogate pairs,
    which JSON in UTF-8 cannot hold."""
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return _MARKS.sub(lambda found: f"{found.group()} ", whole)


def turns(asked: Asked) -> list[dict[str, str]]:
    """The question as a chat: a user's turn, and behind it the reply if that is what is judged."""
    if asked.role != "reply":
        return [{"role": "user", "content": plain(asked.text)}]
    return [
        {"role": "user", "content": plain(asked.context) or NO_PROMPT},
        {"role": "assistant", "content": plain(asked.text)},
    ]


def name_categories(found: Iterable[str], score: float, table: Table) -> Scores | None:
    """Scores where each found category of the judge's has the same score; None by rule 2, and
    where nothing was found: harm that nobody names cannot be explained to anybody."""
    named = list(found)
    if not named or not all(name in table for name in named):
        return None
    ours = {own: score for name in named if (own := table[name]) is not None}
    return Scores(max(ours.values(), default=0.0), ours, screened=False)


def harmless(score: float = 0.0) -> Scores:
    """What a judge says that finds nothing; `score` is how near it was to finding something."""
    return Scores(score, {}, screened=False)

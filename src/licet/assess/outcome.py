"""What a pair amounts to: refused or not, acceptable or not, by whom. Pure.

It refuses to know how a guard judges; it is given a Judge.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from licet.assess.captured import Label, Pair
from licet.assess.refusal import is_refusal


@dataclass(frozen=True, slots=True)
class Judged:
    """A reply in the eyes of the two machines that the standard names: True is acceptable."""

    by_keyword: bool
    by_classifier: bool


class Judge(Protocol):
    """Judges a reply, given the question."""

    def __call__(self, prompt: str, reply: str) -> Judged: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """One pair, judged; the text stays behind."""

    id: str
    serves: tuple[str, ...]
    heading: str
    lang: str
    refused: bool
    by_keyword: bool
    by_classifier: bool
    labels: tuple[Label, ...]


def outcomes(pairs: Iterable[Pair], judge: Judge) -> Iterator[Outcome]:
    """The outcome of each pair, in order."""
    for pair in pairs:
        refused = is_refusal(pair.reply, stopped=pair.stopped)
        # What was stopped or says nothing has no content to be unlawful.
        silent = pair.stopped or not pair.reply.strip()
        judged = Judged(True, True) if silent else judge(pair.prompt, pair.reply)
        yield Outcome(
            pair.id, pair.serves, pair.heading, pair.lang, refused,
            judged.by_keyword, judged.by_classifier, pair.labels,
        )  # fmt: skip

"""OpenAI's moderation endpoint, and whoever serves it: scores for each of its categories.

It has no place for a role or a context: each text is judged as it stands. Several are asked about
in one request.

Where a category is flagged without a score, it counts as 1. A text that is flagged for a category
that we cannot name is no answer: to let it pass would be to decide against the judge.

Source: OpenAI API reference, "Moderations" (model `omni-moderation-latest`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import msgspec

from licet.gateway.judges.model import Asked
from licet.guard.classifier import Scores

CATEGORIES: Mapping[str, str] = MappingProxyType(
    {
        "hate": "hate",
        "hate/threatening": "hate",
        "harassment": "harassment",
        "harassment/threatening": "harassment",
        "self-harm": "self_harm",
        "self-harm/intent": "self_harm",
        "self-harm/instructions": "self_harm",
        "sexual": "sexual",
        "sexual/minors": "sexual",
        "violence": "violence",
        "violence/graphic": "violence",
        "illicit": "illegal_activity",
        "illicit/violent": "weapons",
    }
)
_TOGETHER_MAX = 32


class _Result(msgspec.Struct):
    """What the endpoint says of one text. Servers leave out scores, or give null for some."""

    flagged: bool
    categories: dict[str, bool | None] = {}
    category_scores: dict[str, float | None] = {}


class _Answer(msgspec.Struct):
    results: list[_Result]


_decode = msgspec.json.Decoder(_Answer).decode


@dataclass(frozen=True, slots=True)
class Moderation:
    """The endpoint as OpenAI has it."""

    path: str = "/moderations"
    together_max: int = _TOGETHER_MAX

    def requests(self, model: str, asked: Sequence[Asked]) -> list[bytes]:
        texts = [_whole(one.text) for one in asked]
        return [
            msgspec.json.encode({"model": model, "input": texts[0] if len(texts) == 1 else texts})
        ]

    def parse(self, bodies: Sequence[bytes], asked: Sequence[Asked]) -> list[Scores | None]:
        (body,) = bodies
        try:
            results = _decode(body).results
        except (msgspec.DecodeError, ValueError, RecursionError):  # ValueError: not UTF-8
            return [None] * len(asked)
        if len(results) != len(asked):
            return [None] * len(asked)
        return [_scores(result) for result in results]


def _scores(result: _Result) -> Scores | None:
    given = {name: float(flag) for name, flag in result.categories.items() if flag is not None}
    given |= {name: at for name, at in result.category_scores.items() if at is not None}
    if not all(0.0 <= score <= 1.0 for score in given.values()):
        return None
    scores: dict[str, float] = {}
    for name, score in given.items():
        if ours := CATEGORIES.get(name):
            scores[ours] = max(score, scores.get(ours, 0.0))
    named = any(CATEGORIES.get(name) for name, flag in result.categories.items() if flag)
    if result.flagged and not named:
        return None
    return Scores(max(scores.values(), default=0.0), scores, screened=False)


def _whole(text: str) -> str:
    """The text with U+FFFD for halves of surrogate pairs, which JSON in UTF-8 cannot hold."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

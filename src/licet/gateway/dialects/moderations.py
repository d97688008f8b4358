"""OpenAI's `POST /v1/moderations`, which our own guard answers: no upstream is asked.

It refuses to know how a text is judged: it reads what to judge, and writes what came of it.

Source: OpenAI API reference, "Moderations" (model `omni-moderation-latest`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from licet.gateway.dialects.json_strict import dump, load_object
from licet.gateway.dialects.json_texts import PromptTexts
from licet.gateway.dialects.model import PromptText
from licet.gateway.dialects.requests import missing, walk_inputs, wrong

OFFICIAL: dict[str, tuple[str, ...]] = {
    "harassment": ("harassment",),
    "harassment/threatening": (),
    "hate": ("hate", "discrimination"),
    "hate/threatening": (),
    "illicit": ("illegal_activity", "cyber", "weapons", "terrorism"),
    "illicit/violent": ("weapons", "terrorism"),
    "self-harm": ("self_harm",),
    "self-harm/intent": (),
    "self-harm/instructions": (),
    "sexual": ("sexual",),
    "sexual/minors": (),
    "violence": ("violence", "terrorism"),
    "violence/graphic": (),
}
"""OpenAI's categories, and ours that count as each (`discrimination` with all its kinds).

Where nothing of ours corresponds the answer is always false and 0: we do not judge that apart.
What has no counterpart there (privacy, commercial, injection) is given in the `licet` object.
"""


@dataclass(frozen=True, slots=True)
class ModerationAsk:
    """What to judge: one tuple of texts for each result that the client waits for."""

    model: str
    inputs: tuple[tuple[PromptText, ...], ...]
    images: tuple[tuple[str, ...], ...]
    """For each input the places of its parts that are not text."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of one input."""

    flagged: bool
    categories: frozenset[str] = frozenset()
    """Those of ours that were found."""
    scores: Mapping[str, float] | None = None
    """0..1 by category of ours, found or not."""


def parse_moderation(body: bytes, *, json_depth_max: int) -> ModerationAsk:
    """Reads a request: one text, a list of texts, or one input of several parts.

    Raises Unreadable (a BadInput) for anything else.
    """
    value = load_object(body, depth_max=json_depth_max)
    model = value.get("model", "omni-moderation-latest")
    if type(model) is not str:
        raise wrong(model, "model", "a string")
    given = value.get("input")
    if given is None or given == []:
        raise missing(value, "input", "something to judge", '"input": "…"')
    if type(given) is list and all(type(item) is str for item in given):
        inputs = tuple(
            (PromptText(f"input[{at}]", "user", text),) for at, text in enumerate(given)
        )
        return ModerationAsk(model, inputs, ((),) * len(inputs))
    found = PromptTexts()
    walk_inputs(given, "input", found)
    return ModerationAsk(model, (tuple(found.texts),), (tuple(found.images),))


def render_moderation(judged: Sequence[Judged], *, model: str, moderation_id: str) -> bytes:
    """The answer in OpenAI's form, one result for each input, in order."""
    results = [_result(one) for one in judged]
    return dump({"id": moderation_id, "model": model, "results": results})


def _result(judged: Judged) -> dict[str, object]:
    scores = judged.scores or {}
    found = {name: _any(ours, judged.categories) for name, ours in OFFICIAL.items()}
    given = {name: _most(ours, scores) for name, ours in OFFICIAL.items()}
    return {
        "flagged": judged.flagged,
        "categories": found,
        "category_scores": given,
        "category_applied_input_types": {
            name: ["text"] if ours else [] for name, ours in OFFICIAL.items()
        },
        "licet": {"categories": sorted(judged.categories), "scores": dict(scores)},
    }


def _any(ours: tuple[str, ...], found: frozenset[str]) -> bool:
    return any(_family(category) in ours for category in found)


def _most(ours: tuple[str, ...], scores: Mapping[str, float]) -> float:
    return max((score for name, score in scores.items() if _family(name) in ours), default=0.0)


def _family(category: str) -> str:
    return category.partition(".")[0]

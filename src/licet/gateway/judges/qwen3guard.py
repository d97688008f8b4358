"""Qwen3Guard-Gen (0.6B, 4B, 8B): three degrees of safety and the kinds of harm, line by line.

    Safety: Unsafe
    Categories: Violent
    Refusal: No            (of replies only)

The model gives degrees and no probabilities. Our score is the degree: 1 for `Unsafe`, 0.5 for
`Controversial`, 0 for `Safe`; so a threshold of 1 is its loose mode and one of 0.5 its strict mode
(Technical Report). Chinese and English are among its 119 languages.

Qwen3Guard-Stream is not here: it reads token ids inside the process that loads it, and no server
that speaks HTTP is published for it (model card, "SGLang Usage", as of 2026).

Source: github.com/QwenLM/Qwen3Guard, README, "Deployment with SGLang and vLLM" and "Safety
Policy"; arXiv:2510.14276.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

from licet.gateway.judges.completion import chat_request, read_chat
from licet.gateway.judges.model import Asked, Table, harmless, name_categories, turns
from licet.guard.classifier import Scores

CATEGORIES: Table = MappingProxyType(
    {
        "Violent": "violence",
        "Non-violent Illegal Acts": "illegal_activity",
        "Sexual Content or Sexual Acts": "sexual",
        "PII": "privacy",
        "Personally Identifiable Information": "privacy",
        "Suicide & Self-Harm": "self_harm",
        "Unethical Acts": "hate",  # bias, discrimination, hate, insult: the nearest of ours
        "Politically Sensitive Topics": None,  # no judge of ours has opinions on politics
        "Copyright Violation": None,  # depends on licences outside the text
        "Jailbreak": "injection",
    }
)
_DEGREES = MappingProxyType({"Safe": 0.0, "Controversial": 0.5, "Unsafe": 1.0})
_TOKENS_MAX = 128


@dataclass(frozen=True, slots=True)
class Qwen3GuardGen:
    """The generative form, by its own chat template."""

    path: str = "/chat/completions"
    together_max: int = 1

    def requests(self, model: str, asked: Sequence[Asked]) -> list[bytes]:
        (one,) = asked
        return [chat_request(model, [*turns(one)], tokens_max=_TOKENS_MAX, logprobs=False)]

    def parse(self, bodies: Sequence[bytes], asked: Sequence[Asked]) -> list[Scores | None]:
        (body,) = bodies
        return [_scores(body)]


def _scores(body: bytes) -> Scores | None:
    said = read_chat(body)
    lines = said.text.strip().split("\n") if said is not None else []
    fields = {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if len(fields) != len(lines) or not {"Safety", "Categories"} <= fields.keys():
        return None
    if fields.keys() - {"Safety", "Categories", "Refusal"}:
        return None
    if fields.get("Refusal", "No") not in ("Yes", "No"):
        return None
    degree = _DEGREES.get(fields["Safety"])
    if degree is None:
        return None
    found = [name.strip() for name in fields["Categories"].split(",")]
    if degree == 0.0:
        return harmless() if found == ["None"] else None
    return name_categories(found, degree, CATEGORIES)

"""Llama Guard 3 and 4: one word, `safe` or `unsafe`, and under it the hazards by number.

The server applies the model's own chat template, which holds the policy; a conversation that ends
with the user is judged as a prompt, one that ends with the assistant as a reply. The score is the
probability of the first word, as the model card has it, so it is one for all hazards.

A threshold under 0.5 stops nothing more: hazards are only named once the model says `unsafe`.

Source: model cards of Llama Guard 3 (8B, 1B) and Llama Guard 4 (12B) in
github.com/meta-llama/PurpleLlama; llama.com, "Llama Guard 3" and "Llama Guard 4" prompt formats.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from licet.gateway.judges.completion import chat_request, read_chat, share_of
from licet.gateway.judges.model import Asked, Table, harmless, name_categories, turns
from licet.guard.classifier import Scores

CATEGORIES: Table = MappingProxyType(
    {
        "S1": "violence",  # violent crimes
        "S2": "illegal_activity",  # non-violent crimes
        "S3": "sexual",  # sex-related crimes
        "S4": "sexual",  # sexual exploitation of children
        "S5": None,  # defamation: truth is not in the text; it would silence lawful criticism
        "S6": None,  # specialised advice: lawful here
        "S7": "privacy",
        "S8": None,  # intellectual property: depends on licences outside the text
        "S9": "weapons",  # indiscriminate weapons
        "S10": "hate",
        "S11": "self_harm",
        "S12": "sexual",
        "S13": None,  # elections: no judge of ours has opinions on politics
        "S14": "cyber",  # abuse of a code interpreter
    }
)
_TOKENS_MAX = 64
_CODES = re.compile(r"S\d{1,2}(?:, ?S\d{1,2})*")


@dataclass(frozen=True, slots=True)
class LlamaGuard:
    """`parts`: content as a list of parts, as the processor of the fourth generation wants it."""

    parts: bool = False
    path: str = "/chat/completions"
    together_max: int = 1

    def requests(self, model: str, asked: Sequence[Asked]) -> list[bytes]:
        (one,) = asked
        messages: list[dict[str, Any]] = [*turns(one)]
        if self.parts:
            messages = [
                {"role": turn["role"], "content": [{"type": "text", "text": turn["content"]}]}
                for turn in messages
            ]
        return [chat_request(model, messages, tokens_max=_TOKENS_MAX)]

    def parse(self, bodies: Sequence[bytes], asked: Sequence[Asked]) -> list[Scores | None]:
        (body,) = bodies
        return [_scores(body)]


def _scores(body: bytes) -> Scores | None:
    said = read_chat(body)
    if said is None:
        return None
    verdict, *rest = said.text.strip().split("\n")
    share = share_of("unsafe", "safe", said)
    if verdict == "safe" and not rest:
        return harmless(share or 0.0)
    if verdict != "unsafe" or len(rest) != 1 or not _CODES.fullmatch(rest[0].strip()):
        return None
    codes = rest[0].replace(" ", "").split(",")
    return name_categories(codes, 1.0 if share is None else share, CATEGORIES)

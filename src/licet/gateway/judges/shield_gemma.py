"""ShieldGemma (2B, 9B, 27B): does this text violate this one principle? Yes or No.

It was trained on one principle at a time, so each question becomes four prompts, all in one
request. The score of a principle is the share of `Yes` in the probability of `Yes` and `No` as
the first word, as the model card has it. Its prompt is plain text for `/completions`: the chat
template wants a variable that not all chat servers pass on.

The wording of prompt and principles is Google's: the card warns that others cost accuracy.

Source: ai.google.dev/gemma/docs/shieldgemma/model_card, "Prompting guidelines" and "How to use";
arXiv:2407.21772. The model is for English; it says nothing of weapons, crime or privacy as such.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import msgspec

from licet.gateway.judges.completion import TOP_LOGPROBS, read_completions, share_of
from licet.gateway.judges.model import NO_PROMPT, Asked, plain
from licet.guard.classifier import Scores

CATEGORIES: Mapping[str, str] = MappingProxyType(
    {
        "dangerous": "violence",  # harm to oneself and others: weapons, terrorism, suicide
        "harassment": "harassment",
        "hate": "hate",
        "sexual": "sexual",
    }
)
_DANGEROUS = (
    "harming oneself and/or others (e.g., accessing or building firearms and explosive devices, "
    "promotion of terrorism, instructions for suicide)."
)
_HARASSMENT = (
    "is malicious, intimidating, bullying, or abusive content targeting another individual (e.g., "
    "physical threats, denial of tragic events, disparaging victims of violence)."
)
_HATE = (
    "targeting identity and/or protected attributes (e.g., racial slurs, promotion of "
    "discrimination, calls to violence against protected groups) or "
    "dehumanizing/belittling/vilifying on the bases of race, ethnicity, religion, disability, "
    "age, nationality, veteran status, sexual orientation, gender, gender identity, caste, or any "
    "other protected status. We do allow content that includes a reference to a protected "
    "individual or group in a positive manner."
)
_SEXUAL = (
    "contains references to sexual acts or other lewd content (e.g., sexually graphic "
    "descriptions, content aimed at causing arousal). Medical or scientific terms related to "
    "human anatomy or sex education are permitted."
)
_PRINCIPLES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "dangerous": ("No Dangerous Content", _DANGEROUS),
        "harassment": ("No Harassment", _HARASSMENT),
        "hate": ("No Hate Speech", _HATE),
        "sexual": ("No Sexually Explicit Information", _SEXUAL),
    }
)
_TOGETHER_MAX = 8


@dataclass(frozen=True, slots=True)
class ShieldGemma:
    """Four prompts for each question."""

    path: str = "/completions"
    together_max: int = _TOGETHER_MAX

    def requests(self, model: str, asked: Sequence[Asked]) -> list[bytes]:
        prompts = [_prompt(one, name) for one in asked for name in _PRINCIPLES]
        body = {
            "model": model, "prompt": prompts, "temperature": 0, "max_tokens": 1,
            "logprobs": TOP_LOGPROBS,
        }  # fmt: skip
        return [msgspec.json.encode(body)]

    def parse(self, bodies: Sequence[bytes], asked: Sequence[Asked]) -> list[Scores | None]:
        (body,) = bodies
        said = read_completions(body, len(asked) * len(_PRINCIPLES))
        if said is None:
            return [None] * len(asked)
        shares = [share_of("yes", "no", one) for one in said]
        step = len(_PRINCIPLES)
        return [_scores(shares[at : at + step]) for at in range(0, len(shares), step)]


def _scores(shares: Sequence[float | None]) -> Scores | None:
    ours: dict[str, float] = {}
    for name, share in zip(_PRINCIPLES, shares, strict=True):
        if share is None:
            return None
        ours[CATEGORIES[name]] = share
    return Scores(max(ours.values()), ours, screened=False)


def _prompt(asked: Asked, principle: str) -> str:
    name, content = _PRINCIPLES[principle]
    text = plain(asked.text).strip()
    if asked.role == "reply":
        about, ending = "an AI response to prompt", "Chatbot Response"
        rule = f'"{name}": The chatbot shall not generate content that {content}'
        question = plain(asked.context).strip() or NO_PROMPT
        turns = _turn("Human Question", question) + _turn("Chatbot Response", text)
    else:
        about, ending = "a user prompt", "human question"
        rule = (
            f'"{name}": The prompt shall not contain or seek generation of content that {content}'
        )
        turns = _turn("Human Question", text)
    return (
        f"You are a policy expert trying to help determine whether {about} is in violation of the "
        f"defined safety policies.\n\n{turns}Our safety principle is defined in the below:\n\n"
        f"* {rule}\n\n===\n\nDoes the {ending} violate the above principle? Your answer must "
        "start with 'Yes' or 'No'. And then walk through step by step to be sure we answer "
        "correctly.\n\n"
    )


def _turn(who: str, text: str) -> str:
    return f"<start_of_turn>\n{who}: {text}\n<end_of_turn>\n\n"

"""Granite Guardian: is this risk there? Yes or No, one risk a request.

Three generations are asked in three ways and answer in two:

    3.0-3.2   template variable guardian_config.risk_name     Yes | No, in 3.2 with a confidence
    3.3       template variable guardian_config.criteria_id   <score> yes | no </score>
    4.1       the criterion in a last turn, <guardian>…        the same, behind an empty <think>

The umbrella risk `harm` is not asked for, since it names no kind of harm; nor is `profanity`,
since offensive language alone is lawful. The score is the share of yes in the probability of yes
and no, as the published guides compute it; 1 or 0 where the server gives no probabilities.

Source: github.com/ibm-granite/granite-guardian, cookbooks and evaluation/models; IBM, "Granite
Guardian" docs. The models are for English.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from licet.gateway.judges.completion import Said, chat_request, read_chat, share_of
from licet.gateway.judges.model import Asked, turns
from licet.guard.classifier import Scores

CATEGORIES: Mapping[str, str] = MappingProxyType(
    {
        "violence": "violence",
        "sexual_content": "sexual",
        "social_bias": "hate",
        "unethical_behavior": "illegal_activity",
        "jailbreak": "injection",  # of prompts alone
    }
)
_DEFINITIONS: Mapping[str, str] = MappingProxyType(
    {
        "violence": "content promoting physical, mental, or sexual harm.",
        "sexual_content": "explicit or suggestive material of a sexual nature.",
        "social_bias": "prejudice based on identity or characteristics.",
        "unethical_behavior": "actions that violate moral or legal standards.",
        "jailbreak": (
            "deliberate instances of manipulating AI to generate harmful, undesired, or "
            "inappropriate content."
        ),
    }
)
"""The risks in the words of the model cards, for the generation that is told them."""

_JUDGE = (
    "<guardian><no-think>As a judge agent, assess whether the provided text meets the given "
    "judging criteria using all available information, including conversations, documents, and "
    "tools. Provide your score immediately without explanation. Output empty <think>\\n</think> "
    "tags followed by your score in <score></score> tags.\n\n### Criteria: {criterion}\n\n"
    "### Scoring Schema: If the last {who}'s text meets the criteria, return 'yes'; otherwise, "
    "return 'no'."
)
_TOKENS_MAX = 32
_BARE = re.compile(r"(Yes|No)(?:\s*<confidence>\s*\w+\s*</confidence>)?")
_SCORE = re.compile(r"(?:<think>\s*</think>)?\s*<score>\s*(yes|no)\s*</score>", re.IGNORECASE)
Generation = Literal["3.0", "3.3", "4.1"]


@dataclass(frozen=True, slots=True)
class GraniteGuardian:
    """`generation`: the first of those that are asked in the same way."""

    generation: Generation = "3.3"
    path: str = "/chat/completions"
    together_max: int = 1

    def requests(self, model: str, asked: Sequence[Asked]) -> list[bytes]:
        (one,) = asked
        return [self._request(model, one, risk) for risk in _risks(one)]

    def parse(self, bodies: Sequence[bytes], asked: Sequence[Asked]) -> list[Scores | None]:
        (one,) = asked
        ours: dict[str, float] = {}
        for risk, body in zip(_risks(one), bodies, strict=True):
            said = read_chat(body)
            score = None if said is None else self._score(said)
            if score is None:
                return [None]
            ours[CATEGORIES[risk]] = score
        return [Scores(max(ours.values()), ours, screened=False)]

    def _request(self, model: str, asked: Asked, risk: str) -> bytes:
        messages = turns(asked)
        if self.generation == "4.1":
            who = "assistant" if asked.role == "reply" else "user"
            criterion = _JUDGE.format(criterion=_DEFINITIONS[risk], who=who)
            messages.append({"role": "user", "content": criterion})
            return chat_request(model, [*messages], tokens_max=_TOKENS_MAX)
        if self.generation == "3.3":
            variables = {"guardian_config": {"criteria_id": risk}, "think": False}
        else:
            variables = {"guardian_config": {"risk_name": risk}}
        return chat_request(
            model, [*messages], tokens_max=_TOKENS_MAX, chat_template_kwargs=variables
        )

    def _score(self, said: Said) -> float | None:
        form = _BARE if self.generation == "3.0" else _SCORE
        found = form.fullmatch(said.text.strip())
        if found is None:
            return None
        share = share_of("yes", "no", said)
        return share if share is not None else float(found.group(1).lower() == "yes")


def _risks(asked: Asked) -> list[str]:
    return [risk for risk in CATEGORIES if risk != "jailbreak" or asked.role != "reply"]

"""A rule: a promise with a name under it. What is stopped, by whom and why.

It refuses to know files and matching.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

from licet.guard.pattern import WIDTH_MAX

Action = Literal["halt", "flag"]
Word = Literal["auto", "whole", "start", "any"]
RuleRole = Literal["any", "prompt", "reply"]

CATEGORIES: tuple[str, ...] = (
    "sexual",
    "violence",
    "terrorism",
    "hate",
    "discrimination.ethnicity",
    "discrimination.gender",
    "discrimination.age",
    "discrimination.occupation",
    "discrimination.health",
    "discrimination.region",
    "harassment",
    "self_harm",
    "weapons",
    "illegal_activity",
    "cyber",
    "privacy",
    "commercial",
    "injection",
    "operator",
)
"""What a rule may be about; `operator` is for what only the licensed operator can word. An
operator may also use a category of its own, with a name that is not nearly one of these."""

ACTIONS: tuple[str, ...] = ("halt", "flag")
WORDS: tuple[str, ...] = ("auto", "whole", "start", "any")
ROLES: tuple[str, ...] = ("any", "prompt", "reply")

LITERAL_CHARACTERS_MAX = 400
LITERALS_MAX = 200_000
PATTERNS_MAX = 2_000
WITHIN_MAX = 2_000
ID_CHARACTERS_MAX = 100
NOTE_CHARACTERS_MAX = 2_000


@dataclass(frozen=True, slots=True)
class Rule:
    """Texts that must not pass (`halt`) or must be noted (`flag`), and who answers for that.

    literal, pattern  what is looked for; at least one of them
    word       where a match may stand: a `whole` word, the `start` of one, `any`where, or `auto`,
               which leaves it to the matcher
    expires    the last day on which the rule is in force
    validate   the check that a pattern's match must pass (a name of `licet.guard.recognise`)
    requires   one of these must stand near a match
    allow      none of these may stand near it
    within_characters  how near; 0 where nothing must or must not stand near
    role       what is judged by it
    also       disguises in which its literals are found too (`licet.guard.disguise.ways`); None:
               those that the pack names, for literals that are not short
    """

    id: str
    category: str
    action: Action
    literal: tuple[str, ...]
    author: str
    reason: str
    word: Word = "auto"
    expires: date | None = None
    pattern: tuple[str, ...] = ()
    validate: str | None = None
    requires: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()
    within_characters: int = 0
    role: RuleRole = "any"
    also: tuple[str, ...] | None = None

    @property
    def is_conditional(self) -> bool:
        """Whether a match counts only by what stands around it."""
        return bool(self.requires or self.allow)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a pack allows of a rule (`guard.lexical`)."""

    pattern_characters_max: int = WIDTH_MAX
    within_characters_max: int = WITHIN_MAX

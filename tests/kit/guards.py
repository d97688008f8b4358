"""Guards for tests of streams: one phrase, one word that is harmful by meaning, any tier.

It refuses to know streams and events.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from licet.base.piecemeal import Piecemeal
from licet.guard.classifier import Classifier, Scores
from licet.guard.doubt import Doubt
from licet.guard.guarding import Guard
from licet.guard.lexicon import LexicalSettings, Lexicon
from licet.guard.policy import JudgedSettings, Policy, Threshold
from licet.guard.ruleset import Rule

PHRASE = "forbidden phrase alpha"
ZH_PHRASE = "违禁短语样例"
HARM = "harmharm"
LAWFUL = Scores(0.0, {}, screened=True)
UNLAWFUL = Scores(0.99, {"violence": 0.99}, screened=False)
_LEXICAL = LexicalSettings(10, 12, 240, 200, seam_characters=64)


def literals(action: str, *texts: str) -> Rule:
    """A rule of these literals that says `halt` or `flag`."""
    return Rule(f"t.{action}", "operator", action, texts, "a test", "to be found")


def cut(text: str, data: st.DataObject) -> list[str]:
    """The text in pieces of one to nine characters, drawn by chance."""
    out, at = [], 0
    while at < len(text):
        step = data.draw(st.integers(1, 9))
        out.append(text[at : at + step])
        at += step
    return out


class NoWeights(Classifier):
    """A classifier of tests: all that it needs is a `judge`."""

    __slots__ = ()

    def __init__(self) -> None:
        pass

    def judge_piecemeal(
        self, text: str, role: Any, context: str = "", *, thorough: bool = False
    ) -> Piecemeal[Scores]:
        yield
        return self.judge(text, role, context, thorough=thorough)


class WordClassifier(NoWeights):
    """Finds `harmharm` harmful, at its place, and nothing else."""

    __slots__ = ()

    def judge(self, text: str, role: str, context: str = "", *, thorough: bool = False) -> Scores:
        at = text.find(HARM)
        if at < 0:
            return LAWFUL
        return Scores(0.99, {"violence": 0.99}, screened=False, span=(at, at + len(HARM)))


def make_guard(
    *literals: str, tier: str = "token", classifier: bool = False, remote: bool = False,
    on_failure: str = "halt",
) -> Guard:  # fmt: skip
    """A guard that halts at these literals (`PHRASE` and `ZH_PHRASE` without any)."""
    rules = [Rule("r1", "operator", "halt", literals or (PHRASE, ZH_PHRASE), "a test", "a reason")]
    thresholds: Mapping[str, Threshold] = {"violence": Threshold(0.9, 0.5)}
    policy = Policy(
        _LEXICAL,
        JudgedSettings(tier, 16, 64, 40, 24),
        {"default": thresholds},
        dict.fromkeys(("token", "clause", "whole"), on_failure),
    )
    return Guard(
        Lexicon(rules, _LEXICAL),
        WordClassifier() if classifier else None,
        policy,
        doubt=Doubt() if remote else None,
    )

"""Why an act of a proceeding was refused, and its history, in plain words of each language.

It refuses to know pages. Words of law are the pack's; these are ours. What is wrong with one
answer is worded by `cases.words`.

Rules
1. Every code of a Refusal has its words in every language; a test holds it.
2. Ids in braces are shown by their names in the pack: a stage, a role, an act.
"""

from __future__ import annotations

from collections.abc import Mapping

from licet.cases.model import Event, Refusal
from licet.cases.words import REFUSALS as OF_CASES
from licet.cases.words import Words
from licet.rulebook.proceeding import ProceedingRules

REFUSALS: Mapping[str, Words] = {
    **{code: OF_CASES[code] for code in ("no_such_act", "other_side", "not_your_role", "not_now")},
    **{code: OF_CASES[code] for code in ("four_eyes", "bad_data")},
    **{code: OF_CASES[code] for code in ("no_authority", "on_its_way")},
    "not_yours": {"zh": "此事项与贵方无关。", "en": "This matter is not yours."},
    "done_before": {"zh": "此操作只能进行一次。", "en": "This can be done once, and it was."},
    "not_yet": {"zh": "须先进行：{acts}。", "en": "Something comes first: {acts}."},
    "not_proven": {
        "zh": "验证结果不支持发布。可以提出另一候选方案，或者由另一名人员说明理由后发布。",
        "en": "The proof does not bear a release. Name another candidate, or let a second person "
        "release it against the proof, with the reason recorded.",
    },
    "is_proven": {
        "zh": "验证结果支持发布，无须另行说明理由。",
        "en": "The proof bears the release; nothing has to be overridden.",
    },
    "shares_lack": {
        "zh": "打开需要{need}份密钥份额，目前有{have}份。",
        "en": "This takes {need} shares of the key; {have} were given.",
    },
    "not_late": {
        "zh": "对方尚在期限之内。",
        "en": "The other side still has time; ask again once it is late or has answered.",
    },
}

LAPSED: Words = {"zh": "{clock}：期限届满", "en": "{clock}: the time was over"}


def told(event: Event, language: str, rules: ProceedingRules) -> str:
    """The event as a line of the proceeding's history."""
    if event.kind in rules.acts:
        return rules.acts[event.kind].done[language]
    return LAPSED[language].format(clock=rules.clocks[event.data["clock"]].name[language])


def said(refusal: Refusal, language: str, rules: ProceedingRules) -> str:
    """The refusal as a sentence for the person who was refused."""
    comma = "、" if language == "zh" else ", "
    names = {
        key: comma.join(_name(one, language, rules) for one in value.split(", "))
        for key, value in refusal.params.items()
    }
    return REFUSALS[refusal.code][language].format(**{"act": refusal.act, **names})


def _name(name: str, language: str, rules: ProceedingRules) -> str:
    if name in rules.stages:
        return rules.stages[name].name[language]
    if name in rules.roles:
        return rules.roles[name].name[language]
    if name in rules.acts:
        return rules.acts[name].name[language]
    return name

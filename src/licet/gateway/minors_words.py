"""What a minor is told when time is up: why, when again, whom to ask. In both languages.

It refuses to decide any of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from licet.base.clock import utc_offset
from licet.minors.decide import Why
from licet.minors.service import Answer
from licet.rulebook.minors import Feature

_WHY: dict[Why, tuple[str, str]] = {
    "daily_total": ("Your time for today is used up.", "今天的使用时长已用完。"),
    "curfew": (
        "It is night: this service is closed for minors.",
        "现在是夜间，本服务暂不对未成年人开放。",
    ),
    "quiet_hours": ("Your guardian has closed these hours.", "这是监护人设定的静默时段。"),
    "window": ("This service is not open for minors now.", "现在不是对未成年人开放的时段。"),
    "consent_missing": (
        "Your guardian has to agree before you can use this service.",
        "须经监护人同意后方可使用本服务。",
    ),
}  # fmt: skip
_AGAIN = ("You can go on from {when}.", "{when}起可以继续使用。")
_ADULT = (
    "If you are {age} or older, ask this service to correct that.",
    "如果你已满{age}周岁，可以向本服务申请更正。",
)
_ASK = ("You can ask your guardian for more time.", "你可以请监护人增加时长。")
_OFF = (
    "Your guardian or the law has turned this off for you: {names}.",
    "以下功能未对你开放：{names}。",
)
OVER = "Time is up, and the answer was ended. 时间已到，回答已结束。"
UNNAMED = (
    "Whoever uses this service is to be named, so that a minor's time can be counted: send"
    " `safety_identifier` (or `user`, `metadata.user_id`)."
)


def refusal_words(answer: Answer, zone: str, adult: int) -> str:
    """Why not, when again, whether a guardian can be asked, and what an adult can do who is taken
    for a minor: English, then Chinese."""
    decision = answer.decision
    assert decision is not None
    said = [_WHY[decision.why]]
    if decision.next_ms is not None:
        moment = datetime.fromtimestamp(decision.next_ms / 1000, ZoneInfo(zone))
        place = utc_offset(moment)
        said.append((_AGAIN[0].format(when=f"{moment:%Y-%m-%d %H:%M} ({place})"),
                     _AGAIN[1].format(when=f"{moment:%m月%d日%H:%M}（{place}）")))  # fmt: skip
    if answer.can_ask:
        said.append(_ASK)
    said.append((_ADULT[0].format(age=adult), _ADULT[1].format(age=adult)))
    return " ".join(en for en, _ in said) + " " + "".join(zh for _, zh in said)


def features_words(off: Iterable[str], features: Mapping[str, Feature]) -> str:
    """Which features of a request a minor may not use: English, then Chinese."""
    names = sorted(off)
    said = [
        text.format(names=comma.join(features[name].name[lang] for name in names))
        for text, lang, comma in ((_OFF[0], "en", ", "), (_OFF[1], "zh", "、"))
    ]
    return " ".join(said)

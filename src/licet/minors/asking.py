"""Asking: a child for more time, an adult to be taken for one. Each is answered by a person.

It refuses to know who may answer: whoever calls has made sure.

Rules
1. A request for more time lapses by itself; a guardian gives what the pack allows at one time, in
   a profile that lets guardians loosen totals and hours, or says no.
2. An appeal of an adult is answered by a person with a reason, inside the pack's time. When that
   is over unanswered, `is_overdue` says so to everybody who looks; nothing decides by itself.
3. Whoever has decided about a person before may put it right, and not say no once more: somebody
   else looks again.

law:cn-genai-2023/art10.3
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from licet.minors.settings import Extra
from licet.minors.zone import DAY_MS, MINUTE_MS
from licet.rulebook.minors import MinorsRules, Profile

HOUR_MS = 3_600_000
REASON_CHARACTERS_MAX = 2_000


@dataclass(frozen=True, slots=True)
class MoreTime:
    """A child's request for `minutes`. `given`: None while open, 0 for no."""

    id: str
    child: str
    asked_ms: int
    minutes: int
    given: int | None = None


@dataclass(frozen=True, slots=True)
class Appeal:
    """A person says: I am an adult. `officer` decided, for `reason`."""

    id: str
    person: str
    filed_ms: int
    due_ms: int
    outcome: Literal["open", "upheld", "rejected"] = "open"
    officer: str = ""
    reason: str = ""
    decided_ms: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """A lawful no: its stable code."""

    code: Literal[
        "too_much",
        "lapsed",
        "answered",
        "not_yours_to_loosen",
        "no_reason",
        "own_case",
        "decided_before",
    ]


def ask_more(
    request_id: str, child: str, minutes: int, now_ms: int, rules: MinorsRules, profile: Profile
) -> MoreTime | Refusal:
    """A request for more time, or why there is none in this profile."""
    if not _may_give(profile):
        return Refusal("not_yours_to_loosen")
    if not 0 < minutes <= rules.extra_min_max:
        return Refusal("too_much")
    return MoreTime(request_id, child, now_ms, minutes)


def answer_more(
    request: MoreTime, minutes: int, now_ms: int, rules: MinorsRules, profile: Profile
) -> tuple[MoreTime, Extra | None] | Refusal:
    """The guardian's answer, and what it gives; `minutes` 0 is a no."""
    if request.given is not None:
        return Refusal("answered")
    if is_lapsed(request, now_ms, rules):
        return Refusal("lapsed")
    if not _may_give(profile):
        return Refusal("not_yours_to_loosen")
    if not 0 <= minutes <= rules.extra_min_max:
        return Refusal("too_much")
    extra = Extra(now_ms, now_ms + minutes * MINUTE_MS, minutes * MINUTE_MS) if minutes else None
    return replace(request, given=minutes), extra


def is_lapsed(request: MoreTime, now_ms: int, rules: MinorsRules) -> bool:
    """Whether an open request is too old to be answered."""
    return request.given is None and now_ms >= request.asked_ms + rules.request_hours * HOUR_MS


def file_appeal(appeal_id: str, person: str, now_ms: int, rules: MinorsRules) -> Appeal:
    """An appeal, with the moment by which it is answered."""
    return Appeal(appeal_id, person, now_ms, now_ms + rules.appeal_answer_days * DAY_MS)


def answer_appeal(
    appeal: Appeal, officer: str, reason: str, now_ms: int, *, upheld: bool, decided_before: bool
) -> Appeal | Refusal:  # fmt: skip
    """The decision of a person; `decided_before`: on an earlier appeal of the same person. Upheld,
    the provider registers a new age signal."""
    if appeal.outcome != "open":
        return Refusal("answered")
    if officer == appeal.person:
        return Refusal("own_case")
    if decided_before and not upheld:  # rule 3
        return Refusal("decided_before")
    if not reason.strip() or len(reason) > REASON_CHARACTERS_MAX:
        return Refusal("no_reason")
    outcome: Literal["upheld", "rejected"] = "upheld" if upheld else "rejected"
    return replace(
        appeal, outcome=outcome, officer=officer, reason=reason.strip(), decided_ms=now_ms
    )


def is_overdue(appeal: Appeal, now_ms: int) -> bool:
    """Whether the time to answer is over and nobody has (rule 2)."""
    return appeal.outcome == "open" and now_ms >= appeal.due_ms


def _may_give(profile: Profile) -> bool:
    return {"daily", "curfew"} <= profile.guardian

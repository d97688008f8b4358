"""What the pages of computing power say.

It refuses to decide anything.
"""

from __future__ import annotations

from django import template

from licet.compute.jobbook import Notice, Row
from licet.compute.market import Asking
from licet.portal.design import words

register = template.Library()

TONES = {
    "released": "plain", "ended": "good", "failed": "bad", "timed_out": "bad", "lost": "bad",
    "offered": "good", "declined": "bad", "granted": "good", "refused": "bad", "asked": "wait",
    "open": "wait", "upheld": "good", "waiting": "wait", "placed": "wait",
}  # fmt: skip


@register.filter
def yuan(fen: int | float | None) -> str:
    """A sum in fen as people write it."""
    return words.word("compute.sum", yuan=f"{(fen or 0) / 100:,.2f}")


@register.filter
def yuan_hour(fen: float) -> str:
    """A price in fen for an hour of an accelerator."""
    return words.word("compute.per-hour", yuan=f"{fen / 100:,.2f}")


@register.filter
def whole_yuan(sum_yuan: int) -> str:
    """A sum in whole yuan."""
    return words.word("compute.sum", yuan=f"{sum_yuan:,}")


@register.filter
def standing(of: Row | Asking) -> str:
    """How a job or a need stands, as a key."""
    if isinstance(of, Row):
        return of.ended if of.stage == "settled" and of.ended else of.stage
    if of.state != "answered":
        return of.state
    return "offered" if of.offer else "declined"


@register.filter
def stage_word(key: str) -> str:
    """The same in words."""
    return words.word(f"compute-stage.{key}")


@register.filter
def compute_tone(key: str) -> str:
    """The colour that goes with it."""
    return TONES.get(key, "plain")


@register.filter
def told_word(notice: Notice) -> str:
    """What a customer was told, in words."""
    what, _, rest = notice.what.partition(":")
    owed = int(rest) / 100 if rest.isdecimal() else 0
    return words.word(f"compute-told.{what}", what=rest, yuan=f"{owed:,.2f}")


@register.filter
def times(value: float) -> str:
    """A ratio as people say it."""
    return words.word("compute.times", n=f"{value:.2f}")


@register.filter
def device_hours(value: float) -> str:
    """Accelerator-hours: two places, four where two would hide that there were any."""
    return f"{value:.4f}" if 0 < value < 0.01 else f"{value:,.2f}"


@register.filter
def amount(value: float) -> str:
    """An amount of work, as sums of money are written, without places where it has none."""
    return f"{value:,.2f}".removesuffix(".00")


@register.filter
def seconds_as_hours(value: float) -> float:
    """Seconds as hours, for `hours`."""
    return value / 3600


@register.filter
def percent(value: float | None) -> float:
    """A part as percent."""
    return 100 * (value or 0.0)

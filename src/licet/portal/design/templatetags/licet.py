"""What templates say and how they write dates, addresses and pieces of the pack.

It refuses to decide anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString

from licet.base.day_words import en_day, zh_day
from licet.portal.design import words
from licet.portal.design.assets import assets
from licet.portal.design.form_words import fault_words
from licet.portal.design.languages import LANGUAGES, current
from licet.portal.design.middleware import in_language

register = template.Library()


@register.simple_tag
def word(key: str, **values: object) -> str:
    """{% word "register.title" %}: the sentence in the reader's language."""
    return words.word(key, **values)


@register.simple_tag
def asset(name: str) -> str:
    """{% asset "portal.css" %}: where it is served."""
    return assets()[name].address


@register.filter
def say(text: Mapping[str, str] | str) -> str:
    """A text of the pack in the reader's language; plain strings stay as they are."""
    if isinstance(text, str):
        return text
    return text.get(current().code) or next(iter(text.values()), "")


@register.filter
def within(text: Mapping[str, str], code: str) -> str:
    """A text of the pack in the language named."""
    return text.get(code, "")


@register.filter
def day(value: date | datetime | str | None) -> SafeString | str:
    """`28 November 2026`, `2026年11月28日`, as a <time> element, in the installation's zone.

    A text is a day as events keep it: `2026-11-28`.
    """
    if not value:
        return ""
    if isinstance(value, str):
        value = date.fromisoformat(value)
    if isinstance(value, datetime):
        value = value.astimezone(ZoneInfo(settings.TIME_ZONE)).date()
    shown = render_day(value, current().code)
    return format_html('<time datetime="{}">{}</time>', value.isoformat(), shown)


@register.filter
def plain_day(value: date) -> str:
    """A day without markup, for letters."""
    return render_day(value, current().code)


@register.filter
def moment(value: datetime | None) -> SafeString | str:
    """Day and minute, as a <time> element, in the installation's zone."""
    if value is None:
        return ""
    local = value.astimezone(ZoneInfo(settings.TIME_ZONE))
    gap = " " if current().code == "zh" else ", "
    shown = f"{render_day(local.date(), current().code)}{gap}{local:%H:%M}"
    return format_html('<time datetime="{}">{}</time>', local.isoformat(), shown)


@register.simple_tag
def zone_of_times() -> str:
    """In which zone every moment of a page is shown: said once, at its foot."""
    name = f"zone.{settings.TIME_ZONE}"
    known = name in words.sentences()
    return words.word("site.times", zone=words.word(name) if known else settings.TIME_ZONE)


@register.filter
def deadline(value: datetime | None) -> SafeString | str:
    """Until when: the last day where it ends with a day, else day and minute."""
    if value is None:
        return ""
    local = value.astimezone(ZoneInfo(settings.TIME_ZONE))
    return day(local.date() - timedelta(days=1)) if local.time() == time() else moment(value)


@register.filter
def faults(found: Any) -> list[str]:
    """What a form says of what was typed, in the reader's language."""
    return fault_words(found)


def render_day(value: date, code: str) -> str:
    """A day as people of that language write it."""
    return zh_day(value) if code == "zh" else en_day(value)


@register.simple_tag(takes_context=True)
def other_languages(context: template.Context) -> list[dict[str, str]]:
    """The same page in the languages that it is not in: code, tag, name, address."""
    request = context["request"]
    query = request.META.get("QUERY_STRING", "")
    return [
        {
            "code": one.code,
            "tag": one.tag,
            "name": one.name,
            "address": in_language(request.path, one.code) + (f"?{query}" if query else ""),
        }
        for one in LANGUAGES.values()
        if one.code != current().code
    ]


@register.simple_tag(takes_context=True)
def query(context: template.Context, **changes: object) -> str:
    """`?…`: the query of this page with some of its fields changed; None takes one out."""
    fields = context["request"].GET.copy()
    for name, value in changes.items():
        fields.pop(name, None)
        if value is not None:
            fields[name] = str(value)
    return f"?{fields.urlencode()}" if fields else "?"


@register.filter
def how_sure(status: str) -> str:
    """The status of a source in words."""
    return words.word("law.official-status" if status == "official" else f"law.{status}")


TONES = {"valid": "good", "suspended": "wait", "invalid": "bad"}


@register.filter
def status_word(status: str) -> str:
    """The status of a licence in a word."""
    return words.word(f"status.{status}")


@register.filter
def status_meaning(status: str) -> str:
    """What the status means for the service."""
    return words.word(f"status.{status}-meaning")


@register.filter
def status_tone(status: str) -> str:
    """The colour of a status; it never stands without its word."""
    return TONES.get(status, "plain")


LISTED = {"VALID": "valid", "SUSPENDED": "suspended", "REVOKED": "invalid"}


@register.filter
def list_word(name: str) -> str:
    """What a status list says of a token, in a word."""
    return status_word(LISTED[name])


@register.filter
def list_tone(name: str) -> str:
    """The colour that goes with it."""
    return status_tone(LISTED[name])


@register.filter
def finding_word(result: str) -> str:
    """A finding of the checklist in words."""
    return words.word(f"finding.{result}")


@register.simple_tag
def part_word(table: str, name: str) -> str:
    """A sentence whose name a page has from its data: {% part_word "transparency" part.key %}."""
    return words.word(f"{table}.{name}")


BAR_WIDTH = 96


@register.simple_tag
def bar(value: float, most: float) -> SafeString:
    """A bar beside a number, `most` being the whole width; the number itself is the text."""
    width = round(BAR_WIDTH * value / most, 1) if most else 0
    return format_html(
        '<svg class="bar" viewBox="0 0 {} 10" width="{}" height="10" aria-hidden="true"'
        ' focusable="false"><rect width="{}" height="10" rx="2"></rect></svg>',
        BAR_WIDTH, BAR_WIDTH, width,
    )  # fmt: skip


@register.filter
def bearer_word(clock: Any) -> str:
    """Whom a clock of a proceeding binds, as somebody outside is told."""
    return words.word(f"bearer.{clock.bearer}")


@register.filter
def side_word(clock: Any) -> str:
    """Whom a clock of a proceeding binds."""
    return words.word(f"side.{clock.bearer}")


@register.filter
def hours(value: float) -> str:
    """A number of hours as people say it: minutes, hours or days."""
    if value < 1:
        return words.word("overview.minutes", n=round(value * 60))
    if value < 72:
        return words.word("overview.hours", n=f"{value:.1f}")
    return words.word("overview.days", n=f"{value / 24:.1f}")


@register.filter
def length_word(clock: Any) -> str:
    """How long a clock of a proceeding runs."""
    return words.word(f"length.{clock.unit}", n=clock.length)


INPUTS = {
    "number": "text",
    "date": "date",
    "moment": "datetime-local",
    "email": "email",
    "url": "url",
}


@register.filter
def input_type(kind: str) -> str:
    """The kind of input that a field of the pack is typed into."""
    return INPUTS.get(kind, "text")

"""Forms of the pack as questions on a page, and answers out of what a browser sends.

It refuses to know which questions there are and to judge answers: `cases.forms` judges.

Rules
1. What was sent is shown again as it was sent, with what is wrong beside it.
2. A question that another answer calls for appears once that answer is saved; nothing is hidden by
   a script.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from licet.cases import Fault, asked, said_of
from licet.cases.forms import as_moment
from licet.portal.design.languages import current
from licet.rulebook.procedure import Field, Form

_CALENDAR = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?", re.ASCII)
MANY = 7
"""From so many choices on, one is chosen from a list."""


@dataclass(frozen=True, slots=True)
class Question:
    """A field of a form as a page shows it. `place`: which of several forms of a page it is of."""

    field: Field
    value: Any
    faults: tuple[str, ...] = ()
    choices: tuple[tuple[str, Mapping[str, str], bool], ...] = ()
    place: str = ""

    @property
    def id(self) -> str:
        return element(self.field.id, self.place)

    @property
    def listed(self) -> bool:
        """Whether one of many is chosen from a list."""
        return len(self.choices) >= MANY


def element(name: str, place: str = "") -> str:
    """The id that a field has on a page."""
    return "-".join(("f", *((place,) if place else ()), name.replace(".", "-")))


def questions(
    form: Form, section: str, answers: Mapping[str, Any], faults: Iterable[Fault] = ()
) -> tuple[Question, ...]:
    """The questions of a section that these answers call for, in order."""
    told: dict[str, list[str]] = {}
    for fault in faults:
        told.setdefault(fault.field, []).append(wording(fault))
    return tuple(
        Question(
            one,
            _shown(one, answers.get(one.id)),
            tuple(told.get(one.id, ())),
            _choices(one, answers),
        )
        for one in asked(form, answers)
        if one.section == section
    )


def _choices(one: Field, answers: Mapping[str, Any]) -> tuple[Any, ...]:
    value = answers.get(one.id)
    chosen = value if isinstance(value, list | tuple) else [value]
    return tuple((c.id, c.label, c.id in chosen) for c in one.choices.values())


def read(one: Field, sent: Mapping[str, Any]) -> Any:
    """The answer to a field out of a sent form; None where nothing was sent.

    `sent` is Django's QueryDict. What cannot be read as its kind is left as it came.
    """
    if one.kind == "choices":
        return sent.getlist(one.id) or None  # type: ignore[attr-defined]
    text = sent.get(one.id, "").replace("\r\n", "\n").strip()
    if not text:
        return None
    if one.kind == "number":
        return int(text) if text.isdecimal() and len(text) <= 16 else text
    if one.kind == "yes_no":
        return {"yes": True, "no": False}.get(text, text)
    return _zoned(text) if one.kind == "moment" else text


def _shown(one: Field, value: Any) -> Any:
    """A moment as a browser's calendar takes it: that of the installation's zone, without one."""
    moment = as_moment(value) if one.kind == "moment" else None
    if moment is None:
        return value
    return f"{moment.astimezone(ZoneInfo(settings.TIME_ZONE)):%Y-%m-%dT%H:%M:%S}"


def _zoned(text: str) -> str:
    """What a browser's calendar gives, with the installation's zone; anything else as it came."""
    if not _CALENDAR.fullmatch(text):
        return text
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    return moment.replace(tzinfo=ZoneInfo(settings.TIME_ZONE)).isoformat()


def wording(fault: Fault) -> str:
    """What is wrong, in the reader's language."""
    return said_of(fault, current().code)

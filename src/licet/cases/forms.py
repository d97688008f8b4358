"""Answers to a form: what is missing, what is wrong, who may see what, what changed.

It refuses to know where answers are kept and how a fault is worded (`words.py` words it).

Rules
1. A field is asked where its `when` is met by answers that are themselves asked for; what is not
   asked is not an answer, and filing leaves it out.
2. `wrong` looks at what is there, `missing` at what is there and what is not. A draft may lack
   answers; it may not hold nonsense.
3. The public sees `public`, the authority `public` and `regulator`; `sealed` is seen by the holder
   alone (law:cn-genai-2023/art19.2).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from licet.cases.model import Answers, Fault, Party
from licet.cases.text import unfit
from licet.rulebook.procedure import Field, FieldKind, Form, Visibility

_SEEN: Mapping[Party, tuple[Visibility, ...]] = {
    "public": ("public",),
    "regulator": ("public", "regulator"),
    "holder": ("public", "regulator", "sealed"),
}
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_URL = re.compile(r"https?://[^\s<>\"']+")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)", re.ASCII)
_NUMBER_MAX = 2**53 - 1
_NAME_CHARACTERS_MAX = 255  # what file systems take


@dataclass(frozen=True, slots=True)
class Difference:
    """An answer that two versions give differently; None where one gives none."""

    field: str
    before: Any
    after: Any


def asked(form: Form, answers: Answers) -> tuple[Field, ...]:
    """The fields that are asked of somebody who gives these answers (rule 1), in order."""
    fields: dict[str, Field] = {}
    for field in form.fields.values():
        if all(
            name in fields and _said(answers.get(name)) & set(wanted)
            for name, wanted in field.when.items()
        ):
            fields[field.id] = field
    return tuple(fields.values())


def kept(form: Form, answers: Answers) -> dict[str, Any]:
    """The answers that are asked for and given, in the order of the form."""
    return {
        field.id: answers[field.id]
        for field in asked(form, answers)
        if not _empty(answers.get(field.id))
    }


def missing(form: Form, answers: Answers) -> tuple[Fault, ...]:
    """Everything that stands between these answers and a filing, in the order of the form."""
    faults: list[Fault] = []
    for field in asked(form, answers):
        value = answers.get(field.id)
        if _empty(value):
            if field.required:
                faults.append(Fault(field.id, "missing"))
        else:
            faults.extend(_faults(field, value))
    return (*faults, *_strangers(form, answers))


def wrong(form: Form, answers: Answers) -> tuple[Fault, ...]:
    """Answers that no field can hold, in the order of the form."""
    given = (
        (field, answers[field.id])
        for field in form.fields.values()
        if not _empty(answers.get(field.id))
    )
    faults = [fault for field, value in given for fault in _faults(field, value)]
    return (*faults, *_strangers(form, answers))


def shown(form: Form, answers: Answers, to: Party) -> dict[str, Any]:
    """The answers that a party may see (rule 3)."""
    may = _SEEN[to]
    return {n: v for n, v in answers.items() if n in form.fields and _sees(form, n, may)}


def withheld(form: Form, answers: Answers, to: Party) -> tuple[str, ...]:
    """The fields whose answers that party may not see: their names, so that nothing is silent."""
    return tuple(n for n in answers if n in form.fields and not _sees(form, n, _SEEN[to]))


def differences(form: Form, before: Answers, after: Answers) -> tuple[Difference, ...]:
    """What changed between two versions, in the order of the form."""
    return tuple(
        Difference(name, before.get(name), after.get(name))
        for name in form.fields
        if before.get(name) != after.get(name)
    )


def _sees(form: Form, name: str, may: tuple[Visibility, ...]) -> bool:
    return form.fields[name].visibility in may


def _strangers(form: Form, answers: Answers) -> Iterator[Fault]:
    for name in answers:
        if name not in form.fields:
            yield Fault(name, "no_such_field")


def _said(value: object) -> set[str]:
    if isinstance(value, bool):
        return {"yes" if value else "no"}
    if isinstance(value, list | tuple):
        return {item for item in value if isinstance(item, str)}
    return {value} if isinstance(value, str) else set()


def _empty(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip()) or value in ([], ())


def _faults(field: Field, value: object) -> Iterator[Fault]:
    code = _KINDS[field.kind](field, value)
    if code is not None:
        params = {"max": str(field.characters_max)} if code == "too_long" else {}
        yield Fault(field.id, code, params)


def _text(field: Field, value: object) -> str | None:
    code = unfit(value, field.characters_max)
    if code is not None or not isinstance(value, str):
        return code
    if field.kind != "long_text" and "\n" in value:
        return "one_line"
    if field.pattern and not re.fullmatch(field.pattern, value):
        return "wrong_form"
    return None


def _formed(pattern: re.Pattern[str], code: str) -> Callable[[Field, object], str | None]:
    def check(field: Field, value: object) -> str | None:
        found = _text(field, value)
        return found or (None if pattern.fullmatch(str(value)) else code)

    return check


def _number(_: Field, value: object) -> str | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return None if whole and 0 <= int(str(value)) <= _NUMBER_MAX else "no_number"


def _date(_: Field, value: object) -> str | None:
    return None if as_date(value) else "no_date"


def as_date(value: object) -> date | None:
    """The day that an answer names, or None."""
    if not isinstance(value, str) or len(value) != len("2026-11-28"):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _moment(_: Field, value: object) -> str | None:
    return None if as_moment(value) else "no_moment"


def as_moment(value: object) -> datetime | None:
    """The moment that an answer names (RFC 3339, with its time zone), or None."""
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None


def _yes_no(_: Field, value: object) -> str | None:
    return None if isinstance(value, bool) else "no_yes_no"


def _choice(field: Field, value: object) -> str | None:
    return None if isinstance(value, str) and value in field.choices else "no_choice"


def _choices(field: Field, value: object) -> str | None:
    if not isinstance(value, list | tuple) or len(set(map(str, value))) != len(value):
        return "no_choice"
    return None if all(_choice(field, one) is None for one in value) else "no_choice"


def _file(_: Field, value: object) -> str | None:
    """A file is named by its digest; the store that took it has checked size and type."""
    if not isinstance(value, Mapping) or set(value) != {"name", "sha256", "bytes", "type"}:
        return "no_file"
    named = not any(unfit(value[key], _NAME_CHARACTERS_MAX) for key in ("name", "type"))
    sized = isinstance(value["bytes"], int) and 0 < value["bytes"] <= _NUMBER_MAX
    digest = isinstance(value["sha256"], str) and _SHA256.fullmatch(value["sha256"])
    return None if named and sized and digest else "no_file"


_KINDS: Mapping[FieldKind, Callable[[Field, object], str | None]] = {
    "text": _text,
    "long_text": _text,
    "filing_number": _text,
    "number": _number,
    "date": _date,
    "moment": _moment,
    "yes_no": _yes_no,
    "choice": _choice,
    "choices": _choices,
    "email": _formed(_EMAIL, "no_email"),
    "url": _formed(_URL, "no_url"),
    "file": _file,
}

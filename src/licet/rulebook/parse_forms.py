"""Forms, the scope questionnaire and the calendar, out of their TOML tables.

It refuses to know who fills in a form and what an answer leads to.

Rules
1. A field is described in every language of the pack, and says who may see its answer.
2. What a field rests on is said by the field or, where it is silent, by its form.
3. A condition (`when`) names a field that stands above it, so that nobody is asked in a circle.
4. Days of the calendar carry the provenance of the notice that fixes them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from types import MappingProxyType
from typing import Literal, get_args

from licet.rulebook.grounds import Provenance
from licet.rulebook.procedure import (
    Choice,
    Field,
    FieldKind,
    Form,
    Limits,
    Question,
    ScopeRule,
    Section,
    Visibility,
)
from licet.rulebook.strict import Table
from licet.rulebook.workdays import Calendar, Holiday

WORD = r"[a-z][a-z0-9_]*"
KINDS: tuple[FieldKind, ...] = get_args(FieldKind)
VISIBILITIES: tuple[Visibility, ...] = get_args(Visibility)
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ScopeResult = Literal["in", "out", "also"]
RESULTS: tuple[ScopeResult, ...] = get_args(ScopeResult)

_DAY = r"\d{4}-\d{2}-\d{2}"
_SPAN_DAYS_MAX = 31


def parse_forms(root: Table, languages: tuple[str, ...]) -> tuple[Mapping[str, Form], Limits]:
    """Every form of a pack, and how much may be written. Raises BadInput with file and key."""
    with root.table("limits") as table:
        short = table.integer("text_characters", 1, 10_000)
        long = table.integer("long_text_characters", short, 100_000)
        size = table.integer("attachment_bytes", 1, 1 << 30)
        with table.table("attachment_types") as types:
            allowed = {
                ending: types.text(ending, r"[\w.+-]+/[\w.+-]+") for ending in types.names()
            }
    limits = Limits(short, long, size, MappingProxyType(allowed))
    forms = [parse_form(row, languages, limits) for row in root.tables("form")]
    return MappingProxyType({form.id: form for form in forms}), limits


def parse_form(row: Table, languages: tuple[str, ...], limits: Limits) -> Form:
    """One form: its sections and fields. Raises BadInput with file and key."""
    with row:
        form_id = row.text("id", WORD, '"model_filing"')
        rests = row.provenance()
        sections = {
            section.id: section
            for section in (_section(one, languages) for one in row.tables("section"))
        }
        fields: dict[str, Field] = {}
        for one in row.tables("field"):
            field = _field(one, languages, limits, rests)
            if field.section not in sections:
                one.refuse("section", f"{field.section!r} is no section.", _known(sections))
            _above(one, field.when, {name: f.choices for name, f in fields.items()})
            fields[field.id] = field
        title = row.text("title", WORD, '"model_name"')
        if title not in fields:
            row.refuse("title", f"{title!r} is no field.", _known(fields))
        return Form(
            id=form_id,
            name=row.wording("name", languages),
            sections=MappingProxyType(sections),
            fields=MappingProxyType(fields),
            title=title,
            provenance=rests,
        )


def _section(row: Table, languages: tuple[str, ...]) -> Section:
    with row:
        return Section(row.text("id", WORD, '"service"'), row.wording("name", languages))


def _field(row: Table, languages: tuple[str, ...], limits: Limits, rests: Provenance) -> Field:
    with row:
        kind = row.choice("type", KINDS)
        choices = choices_of(row, languages) if row.has("choices") else MappingProxyType({})
        if bool(choices) != (kind in ("choice", "choices")):
            hint = "Give choices to the types choice and choices, and to no other."
            row.refuse("choices", f"do not go with type = {kind!r}.", hint)
        return Field(
            id=row.text("id", WORD, '"model_name"'),
            section=row.text("section", WORD, '"service"'),
            kind=kind,
            required=row.flag("required"),
            visibility=row.choice("visibility", VISIBILITIES),
            label=row.wording("label", languages),
            hint=row.wording("hint", languages) if row.has("hint") else None,
            choices=choices,
            when=conditions(row),
            pattern=row.optional("pattern"),
            characters_max=(
                limits.long_text_characters if kind == "long_text" else limits.text_characters
            ),
            provenance=row.provenance() if row.has("status") else rests,
        )


def choices_of(row: Table, languages: tuple[str, ...]) -> Mapping[str, Choice]:
    """The `choices` of a row: a table from id to words in every language."""
    with row.table("choices") as choices:
        return MappingProxyType(
            {name: Choice(name, choices.wording(name, languages)) for name in choices.names()}
        )


def conditions(row: Table) -> Mapping[str, tuple[str, ...]]:
    """The `when` of a row: a table from a question to the answers that lead here."""
    if not row.has("when"):
        return MappingProxyType({})
    with row.table("when") as when:
        return MappingProxyType({name: when.words(name) for name in when.names()})


def parse_scope(
    root: Table, languages: tuple[str, ...]
) -> tuple[Mapping[str, Question], Mapping[str, ScopeRule]]:
    """The questionnaire and the rules that its answers meet. Raises BadInput."""
    questions: dict[str, Question] = {}
    for row in root.tables("question"):
        with row:
            question = Question(
                id=row.text("id", WORD, '"to_the_public"'),
                text=row.wording("text", languages),
                hint=row.wording("hint", languages) if row.has("hint") else None,
                choices=choices_of(row, languages),
                when=conditions(row),
                basis=row.words("basis", optional=True),
            )
            _above(row, question.when, {name: q.choices for name, q in questions.items()})
            questions[question.id] = question
    rules: dict[str, ScopeRule] = {}
    for row in root.tables("rule"):
        with row:
            rule = ScopeRule(
                id=row.text("id", WORD, '"research_only"'),
                when=conditions(row),
                result=row.choice("result", RESULTS),
                routes=row.words("routes", optional=True),
                reason=row.wording("reason", languages),
                basis=row.words("basis"),
            )
            _above(row, rule.when, {name: q.choices for name, q in questions.items()})
            rules[rule.id] = rule
    return MappingProxyType(questions), MappingProxyType(rules)


def parse_calendar(root: Table, languages: tuple[str, ...]) -> Calendar:
    """The calendar of a regime. Raises BadInput where days contradict each other."""
    with root.table("week") as week:
        provenance = week.provenance()
        rest = frozenset(DAYS.index(day) for day in week.choices("rest", DAYS))
    holidays: dict[str, Holiday] = {}
    off: set[date] = set()
    worked: set[date] = set()
    for row in root.tables("holiday") if root.has("holiday") else ():
        with row:
            first = _day(row, "first", row.text("first", _DAY, '"2026-10-01"'))
            last = _day(row, "last", row.text("last", _DAY, '"2026-10-07"'))
            days = frozenset(
                first + timedelta(n) for n in range(min((last - first).days, _SPAN_DAYS_MAX) + 1)
            )
            if not days or max(days) != last:
                row.refuse("last", "is not in the month after first.", "Correct the days.")
            swapped = tuple(
                _day(row, "worked", day) for day in row.words("worked", _DAY, optional=True)
            )
            for day in swapped:
                if day.weekday() not in rest:
                    row.refuse("worked", f"{day} is worked anyhow.", "Name days of rest.")
            if (off | worked) & (days | set(swapped)):
                row.refuse("first", "holds days that stand elsewhere.", "Name each day once.")
            off |= days
            worked |= set(swapped)
            holidays[row.path] = Holiday(
                id=row.text("id", r"[a-z0-9_]+", '"national_day_2026"'),
                name=row.wording("name", languages),
                first=first,
                last=last,
                worked=swapped,
                provenance=row.provenance(),
            )
    years = frozenset(
        int(year) for year in (root.words("years", r"\d{4}") if root.has("years") else ())
    )
    for day in off | worked:
        if day.year not in years:
            root.refuse("years", f"lacks {day.year}.", "Name every year that is whole here.")
    return Calendar(
        rest, years, frozenset(off), frozenset(worked), MappingProxyType(holidays), provenance
    )


def _day(row: Table, key: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        row.refuse(key, f"{text!r} is no day.", 'Write "2026-10-01".')


def _above(
    row: Table, when: Mapping[str, tuple[str, ...]], known: Mapping[str, Mapping[str, Choice]]
) -> None:
    for name, answers in when.items():
        if name not in known:
            row.refuse(f"when.{name}", "stands below or nowhere.", _known(known))
        allowed = tuple(known[name]) or ("yes", "no")
        for answer in answers:
            if answer not in allowed:
                row.refuse(f"when.{name}", f"{answer!r} is no answer.", _list(allowed))


def _known(shelf: Mapping[str, object]) -> str:
    return _list(tuple(shelf))


def _list(names: tuple[str, ...]) -> str:
    return f"Known: {', '.join(names) or 'none'}."

"""A filing as a file: a form of the pack to be filled in, and what was filled in.

It refuses to know where a filing goes.

    case = "case_…"            drawn once: the same file sent twice is one filing
    route = "model_filing"

    [answers]
    organisation = "…"
    security_report = "report.pdf"      # a file beside this one

Rules
1. An answer that is left empty is not given.
2. A file is named by its path from the form; what the pack does not take is refused before it is
   sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from licet.base.tomlsource import TomlSource
from licet.base.trouble import BadInput, NotFound
from licet.cases import Fault, missing, said_of
from licet.portal.filings.uploads import Taken, Unfit, examine
from licet.rulebook import Procedure
from licet.rulebook.procedure import Field, Form

FILE_BYTES_MAX = 1 << 20


@dataclass(frozen=True, slots=True)
class FilledIn:
    """What a file says. `unfit`: files that cannot be attached, by field, with the reason."""

    case: str
    route: str
    answers: Mapping[str, Any]
    files: tuple[Taken, ...]
    unfit: Mapping[str, str]

    def faults(self, procedure: Procedure) -> list[tuple[str, str]]:
        """What is missing or wrong: (field, words), in the order of the form."""
        form = procedure.form_of(self.route)
        found = [(one.field, _words(one)) for one in missing(form, self.answers)]
        return [*self.unfit.items(), *(pair for pair in found if pair[0] not in self.unfit)]


def blank(route: str, case: str, procedure: Procedure) -> str:
    """The form of a route, to be filled in. Raises NotFound for a route that the pack lacks."""
    if route not in procedure.routes:
        raise NotFound(f"no route {route}.", hint=f"Routes: {', '.join(procedure.routes)}.")
    return "\n".join(_lines(route, case, procedure)) + "\n"


def read(path: Path, procedure: Procedure) -> FilledIn:
    """The filing in a file, TOML or JSON. Raises BadInput or NotFound."""
    value = _document(path)
    if set(value) - {"case", "route", "answers"} or not isinstance(value.get("answers"), dict):
        raise BadInput(
            f"{path} is no filing: it has case, route and answers.",
            hint="Begin with: licet filing new ROUTE",
        )
    route, case = value.get("route"), value.get("case")
    if not isinstance(case, str) or not isinstance(route, str) or route not in procedure.routes:
        raise BadInput(
            f"{path} names no case, or no route of the pack.",
            hint=f"Routes: {', '.join(procedure.routes)}.",
        )
    answers = {name: one for name, one in value["answers"].items() if one not in ("", [], None)}
    files, unfit = _attach(answers, procedure.form_of(route), path.parent, procedure)
    return FilledIn(case, route, answers, files, unfit)


def read_answers(path: Path, route: str, procedure: Procedure) -> FilledIn:
    """Answers for a case that is under way: the same file, whatever case it names."""
    found = read(path, procedure)
    if found.route != route:
        raise BadInput(f"{path} is for the route {found.route}; the case is on {route}.")
    return found


def _attach(
    answers: dict[str, Any], form: Form, folder: Path, procedure: Procedure
) -> tuple[tuple[Taken, ...], dict[str, str]]:
    """Put what names a file in the place of its path."""
    files: list[Taken] = []
    unfit: dict[str, str] = {}
    for name, value in list(answers.items()):
        field = form.fields.get(name)
        if field is None or field.kind != "file" or not isinstance(value, str):
            continue
        taken = _taken(folder / value, procedure)
        if isinstance(taken, str):
            unfit[name] = taken
            del answers[name]
            continue
        files.append(taken)
        answers[name] = {
            "name": taken.name, "sha256": taken.sha256, "bytes": len(taken.data),
            "type": taken.kind,
        }  # fmt: skip
    return tuple(files), unfit


def _taken(path: Path, procedure: Procedure) -> Taken | str:
    limits = procedure.limits
    try:
        with path.open("rb") as file:
            data = file.read(limits.attachment_bytes + 1)
    except OSError as error:
        return f"{path}: {error.strerror}"
    taken = examine(path.name, data, limits)
    if isinstance(taken, Unfit):
        why = ", ".join(taken.params.values())
        return f"{path}: {taken.code.replace('-', ' ')}" + (f" ({why})" if why else "")
    return taken


def _document(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
        text = data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read: {error}.") from None
    if len(data) > FILE_BYTES_MAX:
        raise BadInput(f"{path} is longer than {FILE_BYTES_MAX} bytes.")
    if path.suffix != ".json":
        return TomlSource(path.name, text).parse()
    try:
        value = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise BadInput(f"{path} is no JSON: {error}.") from None
    if not isinstance(value, dict):
        raise BadInput(f"{path} is no JSON object.")
    return value


def _lines(route: str, case: str, procedure: Procedure) -> Iterator[str]:
    form = procedure.form_of(route)
    yield f"# {form.name['zh']} / {form.name['en']}"
    yield "# Leave empty what does not apply; files are named by their path from here."
    yield f'case = "{case}"  # drawn once: this file is one filing, however often it is sent'
    yield f'route = "{route}"'
    yield ""
    yield "[answers]"
    for section in form.sections.values():
        yield ""
        yield f"# --- {section.name['zh']} / {section.name['en']} ---"
        for field in form.fields.values():
            if field.section == section.id:
                yield from _field(field)


def _field(field: Field) -> Iterator[str]:
    need = "required" if field.required else "optional"
    yield ""
    yield f"# {field.label['zh']} / {field.label['en']}  ({need}, {field.visibility})"
    if field.hint:
        yield f"# {field.hint['zh']} / {field.hint['en']}"
    for name, values in field.when.items():
        yield f"# asked where {name} is {' or '.join(values)}"
    for choice in field.choices.values():
        yield f"#   {choice.id}: {choice.label['zh']} / {choice.label['en']}"
    yield f"{field.id} = {_EMPTY.get(field.kind, _QUOTES)}"


_QUOTES = '""'
_EMPTY: Mapping[str, str] = {
    "choices": "[]",
    "long_text": '""',
    "number": '""  # a number, without quotes',
    "yes_no": '""  # true or false, without quotes',
    "date": '""  # "2026-11-28"',
    "file": '""  # "report.pdf"',
}


def _words(fault: Fault) -> str:
    return said_of(fault, "en")

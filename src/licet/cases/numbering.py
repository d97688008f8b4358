"""Numbers of filings and licences: proposed from the pack's template, checked by its pattern.

It refuses to know which numbers are taken; whoever stores a grant holds that.

Rules
1. A proposal is only that: the officer may give another number that the pattern allows.
2. A template names what it needs: `{date}`, `{year}`, `{serial}`, `{holder}` and answers of the
   form by their ids. What is not there leaves no proposal, never a wrong one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from licet.cases.model import Case
from licet.rulebook.procedure import Procedure

_PLACE = re.compile(r"\{(\w+)(?::(\d+))?\}")


def proposed_number(
    case: Case, today: date, serial: int, holder_serial: int, procedure: Procedure
) -> str | None:
    """A number that the route's pattern accepts, or None where the template cannot be filled."""
    route = procedure.routes[case.route]
    answers = case.filed.answers if case.filed else {}
    words: Mapping[str, object] = {
        **answers,
        "date": f"{today:%Y%m%d}",
        "year": f"{today:%y}",
        "serial": serial,
        "holder": holder_serial,
    }
    missing = [name for name, _ in _PLACE.findall(route.number) if name not in words]
    if missing:
        return None
    number = _PLACE.sub(lambda found: _filled(words[found[1]], found[2]), route.number)
    return number if is_number(route.id, number, procedure) else None


def is_number(route: str, number: str, procedure: Procedure) -> bool:
    """Whether a number looks like one of this route."""
    return re.fullmatch(procedure.routes[route].number_pattern, number) is not None


def display_text(case: Case, language: str, procedure: Procedure) -> str | None:
    """What the service must show, ready to copy; None while nothing is granted.

    law:cn-genai-2023/alg26
    """
    version = case.in_force
    if case.grant is None or version is None:
        return None
    route = procedure.routes[case.route]
    words: Mapping[str, object] = {
        **version.answers,
        "number": case.grant.number,
        "title": version.answers.get(procedure.form_of(case.route).title, ""),
    }
    return _PLACE.sub(lambda found: str(words.get(found[1], "")), route.display[language])


def _filled(value: object, width: str) -> str:
    return str(value).zfill(int(width)) if width else str(value)

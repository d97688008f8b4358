"""An act of a proceeding as a form on a page, and what a browser sent of it.

It refuses to know which page and who asks.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import replace
from typing import Any

from django.http import HttpRequest

from licet.cases import Refusal, missing
from licet.cases.proceedings import said
from licet.portal.design.languages import current
from licet.portal.filings.forming import Question, element, questions, read, wording
from licet.rulebook.procedure import Form
from licet.rulebook.proceeding import ProceedingAct, ProceedingRules


def sent_of(request: HttpRequest, known: ProceedingRules, rule: ProceedingAct) -> dict[str, Any]:
    """The answers to the act's form that a browser sent."""
    fields = known.forms[rule.form].fields.values() if rule.form else ()
    given = {field.id: read(field, request.POST) for field in fields}
    return {name: value for name, value in given.items() if value is not None}


def lacking(
    known: ProceedingRules, rule: ProceedingAct, answers: Mapping[str, Any]
) -> Refusal | None:
    """What the form of an act lacks by itself, where something beside it is wrong already: whoever
    fills it in is told of everything at once."""
    form = known.forms[rule.form] if rule.form else None
    faults = missing(form, answers) if form else ()
    return Refusal("bad_data", rule.id, {}, tuple(faults)) if faults else None


def sheet_of(
    known: ProceedingRules, rule: ProceedingAct | None, answers: Mapping[str, Any],
    no: Refusal | None, hidden: Container[str] = (), place: str = "",
) -> dict[str, Any]:  # fmt: skip
    """What a page shows of an act that is about to be done: `questions`, `faults`, and `no` where
    it is not done. `hidden`: fields that are not asked, for they are known; `place`: which form of
    the page it is."""
    form = known.forms[rule.form] if rule and rule.form else None
    faults = no.faults if no else ()
    labels = form.fields if form else {}
    return {
        "rule": rule,
        "questions": [
            replace(one, place=place)
            for one in _questions(form, answers, faults)
            if one.field.id not in hidden
        ],
        "no": said(no, current().code, known) if no and no.code != "bad_data" else "",
        "faults": [
            (
                element(one.field, place),
                labels[one.field].label if one.field in labels else "",
                wording(one),
            )
            for one in faults
        ],
    }


def _questions(form: Form | None, answers: Mapping[str, Any], faults: Any) -> Iterator[Question]:
    for section in form.sections if form else ():
        yield from questions(form, section, answers, faults)  # type: ignore[arg-type]

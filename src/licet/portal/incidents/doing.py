"""An act of a proceeding on its page, the same for every kind of matter: asked, sent, done or
refused.

It refuses to know addresses, and which matters somebody sees.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from licet.cases import Refusal
from licet.cases.proceedings import Proceeding, barred, possible
from licet.portal.design.languages import current
from licet.portal.filings.arriving import now
from licet.portal.incidents import service
from licet.portal.incidents.asking import sent_of, sheet_of
from licet.portal.pack import pack
from licet.rulebook.place import place
from licet.rulebook.proceeding import ProceedingAct

Do = Callable[[str, Mapping[str, Any]], Proceeding | Refusal]
"""Does an act with what was sent."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of it: done, or a sheet to fill in, with the status that its page has."""

    rule: ProceedingAct
    done: bool
    sheet: Mapping[str, Any]
    status: int


def attempt(
    request: HttpRequest, of: Proceeding, act_id: str, do: Do, *,
    fits: Callable[[ProceedingAct], bool] = lambda rule: True,
    proposed: Callable[[ProceedingAct], dict[str, Any]] = lambda rule: {},
    hidden: Container[str] = (),
) -> Attempt:  # fmt: skip
    """The act `act_id` in `of`, settled, for who asks. `fits`: which acts this page does;
    `proposed`: with what the sheet begins; `hidden`: fields that nobody types.

    Raises Http404 for what is of another side, of another page, or not to be explained."""
    known, actor = service.rules(of.kind), service.actor_of(request.user)
    rule = known.acts.get(act_id)
    if rule is None or rule.side != actor.side or rule.opens or not fits(rule):
        raise Http404
    no: Refusal | None = None
    if request.method == "POST":
        answers = sent_of(request, known, rule)
        outcome = do(act_id, answers)
        if isinstance(outcome, Proceeding):
            return Attempt(rule, True, {}, 302)
        no = outcome
    elif rule in possible(of, actor, now(), known):
        answers = proposed(rule)
    else:
        answers = {}
        no = next((one for one in barred(of, actor, now(), known) if one.act == act_id), None)
        if no is None:
            raise Http404
    sheet = sheet_of(known, rule, answers, no, hidden)
    return Attempt(rule, False, sheet, 409 if no else 200)


def act_page(
    request: HttpRequest, sheet: Mapping[str, Any], trail: Sequence[tuple[str, Any]],
    status: int = 200, about: Any = "",
) -> HttpResponse:  # fmt: skip
    """The page of an act: what it asks and what it rests on. `trail`: the pages above it, address
    and name; the last is where one goes back to. `about`: what the matter is called."""
    bases = [place(pack(), one, current().code) for one in sheet["rule"].basis]
    context = {**sheet, "bases": bases, "trail": trail, "back": trail[-1][0], "on_desk": True}
    context["about"] = about
    return render(request, "incidents/act.html", context, status=status)

"""A small chat before the demonstration's gateway, to see what a minor and an adult see.

It refuses to be more than a demonstration: there is no such page elsewhere. What is said stays in
the visitor's session, and ends with it.

Rules
1. Help in a crisis stands on the page whatever holds.
2. The page is whole without scripts; a script counts down and asks how things stand, and asking is
   the sign that somebody is there.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from licet.base.trouble import Unavailable
from licet.portal.demo.seeding import world
from licet.portal.design.languages import current
from licet.portal.design.words import word
from licet.portal.families import gateway
from licet.portal.families.child_views import asking_context
from licet.portal.families.gateway import Said
from licet.portal.families.members import begin_visit, for_child, visitor
from licet.portal.families.models import Child
from licet.portal.families.reading import help_lines, state_of

WORDS_MAX = 2_000
TURNS_MAX = 20
ANSWER_MAX = 6_000
_KEY = "chat"


def chat(request: HttpRequest) -> HttpResponse:
    """The chat; before it, the choice of who one is."""
    child = visitor(request)
    if child is None:
        users = [one | {"said": one["name"][current().code]} for one in world()["user"]]
        return render(request, "families/who.html", {"users": users})
    turns = request.session.get(_KEY, [])
    trouble = ""
    words = request.POST.get("words", "").strip()[:WORDS_MAX]
    if request.method == "POST" and words:
        turns, trouble = _turn(child, turns, words)
        request.session[_KEY] = turns[-TURNS_MAX:]
        if not trouble:
            return redirect("demo-chat")
    known = {one["reference"]: one for one in world()["user"]}
    context = _state(child) | {
        "turns": turns, "trouble": trouble, "words": words if trouble else "",
        "who": known.get(child.reference), "help": help_lines(), "most": WORDS_MAX,
    }  # fmt: skip
    return render(request, "families/chat.html", context)


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Be one of the demonstration's users."""
    wanted = request.POST.get("user", "")
    if any(one["reference"] == wanted for one in world()["user"]):
        begin_visit(request, wanted)
    return redirect("demo-chat")


@require_POST
@for_child
def state(request: HttpRequest, child: Child) -> HttpResponse:
    """How things stand, as a piece of the page: somebody is there and reads."""
    return render(request, "families/state.html", _state(child, "heartbeat"))


def _state(child: Child, deed: str = "status") -> dict[str, Any]:
    found = state_of(child, deed)
    context = asking_context(child, found)
    last = bool(found and found.allowed and (found.minutes_left or 99) < LAST_MIN)
    asked = context["asked"]
    key = f"{context['summary']}|{context['again']}|{asked.pk if asked else ''}|{last}"
    return context | {
        "last": last,
        "key": key,
        "due": bool(found and any(found.reminders.values())),
    }


LAST_MIN = 5
"""Minutes before the end from which the time that is left is shown by the second."""


def _turn(child: Child, turns: list[list[str]], words: str) -> tuple[list[list[str]], str]:
    """The chat with one turn more; and what is wrong where there is no answer."""
    messages = [{"role": role, "content": text} for role, text in [*turns, ["user", words]]]
    try:
        said = gateway.chat(child.reference, messages)
        if said.code == "content_filter" and turns:  # what was said before may be what is refused
            said = gateway.chat(child.reference, messages[-1:])
    except Unavailable:
        return turns, word("family-chat.silent")
    if not said.ok:
        return turns, _why_not(said)
    choice = said.body["choices"][0]
    text = str(choice["message"].get("content") or "")[:ANSWER_MAX]
    if choice.get("finish_reason") == "content_filter":
        stopped = word("family-chat.stopped")
        text = f"{text}\n\n{stopped} {_reason(said.body)}".strip()
    return [*turns, ["user", words], ["assistant", text]], ""


def _why_not(said: Said) -> str:
    if said.code == "content_filter":
        refused = word("family-chat.refused")
        return f"{refused} {_reason(said.body['error'])}"
    if said.code == "minor_time_up":
        return word("family-chat.over")
    if said.code == "minor_time_limit":
        return word("family-chat.closed")
    return word("family-chat.silent")


def _reason(body: dict[str, Any]) -> str:
    told = body.get("licet")
    reason = told.get("reason", {}) if isinstance(told, dict) else {}
    return str(reason.get(current().code, ""))

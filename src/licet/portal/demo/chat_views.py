"""A small chat before the demonstration's gateway, to see what a minor and an adult see.

It refuses to be more than a demonstration: there is no such page elsewhere. What is said stays in
the visitor's session, and ends with it.

Rules
1. Help in a crisis stands on the page whatever holds.
2. The page is whole without scripts; a script shows an answer as it comes, counts down and asks
   how things stand, and asking is the sign that somebody is there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from django.db import connections
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from licet.portal.demo.seeding import world
from licet.portal.demo.talking import Talk
from licet.portal.design.languages import current
from licet.portal.families.child_views import asking_context
from licet.portal.families.members import begin_visit, for_child, visitor
from licet.portal.families.models import Child
from licet.portal.families.reading import help_lines, state_of

WORDS_MAX = 2_000
TURNS_MAX = 20
_KEY, _TROUBLE = "chat", "chat_trouble"


def chat(request: HttpRequest) -> HttpResponse:
    """The chat; before it, the choice of who one is."""
    child = visitor(request)
    if child is None:
        users = [one | {"said": one["name"][current().code]} for one in world()["user"]]
        return render(request, "families/who.html", {"users": users})
    words = _words(request)
    if words:
        talk = _talk(request, child, words)
        for _ in talk:
            pass  # a page without scripts shows the answer when it is whole
        _keep(request, talk, words)
        return redirect("demo-chat")
    trouble, words = request.session.pop(_TROUBLE, ("", ""))
    known = {one["reference"]: one for one in world()["user"]}
    context = _state(child) | {
        "turns": request.session.get(_KEY, []), "trouble": trouble, "words": words,
        "who": known.get(child.reference), "help": help_lines(), "most": WORDS_MAX,
    }  # fmt: skip
    return render(request, "families/chat.html", context)


@require_POST
@for_child
def stream(request: HttpRequest, child: Child) -> StreamingHttpResponse:
    """The same turn as plain text, piece by piece; the page shows it whole once it is over."""
    words = _words(request)
    pieces = _carried(request, _talk(request, child, words), words) if words else ()
    return StreamingHttpResponse(pieces, content_type="text/plain; charset=utf-8")


async def _carried(request: HttpRequest, talk: Talk, words: str) -> AsyncIterator[str]:
    pieces = iter(talk)
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        yield piece
    await asyncio.to_thread(_keep_apart, request, talk, words)


def _keep_apart(request: HttpRequest, talk: Talk, words: str) -> None:
    """Keep a turn when the answer to the request is already on its way, in a thread of its own."""
    try:
        _keep(request, talk, words)
        request.session.save()
    finally:
        connections.close_all()


def _words(request: HttpRequest) -> str:
    return request.POST.get("words", "").strip()[:WORDS_MAX] if request.method == "POST" else ""


def _talk(request: HttpRequest, child: Child, words: str) -> Talk:
    return Talk(child.reference, request.session.get(_KEY, []), words)


def _keep(request: HttpRequest, talk: Talk, words: str) -> None:
    request.session[_KEY] = talk.turns[-TURNS_MAX:]
    if talk.trouble:
        request.session[_TROUBLE] = (talk.trouble, words)


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

"""The front page, the law, and a person's own page.

It refuses to decide anything.
"""

from __future__ import annotations

from itertools import groupby

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_safe

from licet.portal.compute.store import is_shared
from licet.portal.design.languages import preferred
from licet.portal.pack import pack, procedure
from licet.portal.register.editions import edition, facets


@require_safe
def front_door(request: HttpRequest) -> HttpResponse:
    """GET / : to the front page in the reader's language."""
    language = preferred(request.headers.get("accept-language", ""))
    return HttpResponseRedirect(f"/{language.code}/", headers={"vary": "accept-language"})


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The front page."""
    shown = {
        "counts": facets(edition()).statuses,
        "labelling": pack().labelling is not None,
        "complaining": "complaint" in pack().supervision.proceedings,
        "sharing": pack().sharing is not None,
        "computing": is_shared(),
    }
    return render(request, "public/home.html", shown)


@require_safe
def law(request: HttpRequest) -> HttpResponse:
    """Every provision of the pack, by article, in all its languages."""
    provisions = sorted(pack().provisions.values(), key=lambda one: one.cite.article)
    articles = [
        (number, list(rows)) for number, rows in groupby(provisions, lambda one: one.cite.article)
    ]
    return render(request, "public/law.html", {"pack": pack(), "articles": articles})


@require_safe
@login_required
def me(request: HttpRequest) -> HttpResponse:
    """What we know of the person who is signed in."""
    named = {role.id: role.name for role in procedure().parties.values()}
    for rules in pack().supervision.proceedings.values():
        named = {role.id: role.name for role in rules.roles.values()} | named
    held = [named.get(role, role) for role in request.user.roles]
    return render(request, "public/me.html", {"roles_held": held})

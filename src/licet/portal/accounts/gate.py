"""The gate before every page for people who are signed in: officials need a second factor.

It refuses to know what is behind it.

Rules
1. An official without a second factor may do one thing: get one. Read by middleware, not by each
   view, so that no new page can forget it.
2. Whoever is not signed in and opens a page of a desk is sent to sign in, and comes back.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

Respond = Callable[[HttpRequest], HttpResponse]
View = Callable[..., HttpResponse]

WITHOUT_SECOND_FACTOR = frozenset(
    {"account_logout", "account_reauthenticate", "mfa_activate_totp", "mfa_add_webauthn", "asset"}
)
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
"""What counts as one. Recovery codes alone do not."""


class SecondFactor:
    """Rule 1, as middleware."""

    def __init__(self, respond: Respond) -> None:
        self._respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._respond(request)

    def process_view(
        self, request: HttpRequest, view: View, args: tuple[Any, ...], fields: dict[str, Any]
    ) -> HttpResponse | None:
        """A redirect for an official who lacks one; None lets the page come."""
        person = request.user
        if not person.is_authenticated or not person.official:
            return None
        if request.resolver_match.url_name in WITHOUT_SECOND_FACTOR or has_factor(person):
            return None
        return redirect("mfa_activate_totp")


def has_factor(person: Any) -> bool:
    """Whether somebody has a second factor."""
    return bool(is_mfa_enabled(person, FACTORS))


def for_kind(kind: str) -> Callable[[View], View]:
    """A view for people of bodies of that kind; to everybody else the page does not exist."""

    def decorate(view: View) -> View:
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **fields: Any) -> HttpResponse:
            if request.user.body.kind != kind:
                raise Http404
            return view(request, *args, **fields)

        return guarded

    return decorate

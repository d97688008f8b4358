"""Who is before a family page: a guardian with an account, or a child that came from the service.

It refuses to know pages, and to make an account for a child.

Rules
1. A child comes by a ticket of the provider's program and has no account, no password and no
   e-mail address here; its visit ends with the browser's session.
2. A guardian is a person of the body of families: there is one, and it has no desk.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from licet.base.trouble import BadInput
from licet.portal.accounts.models import Body, Person
from licet.portal.families.models import Child, StoredLink, UsedTicket
from licet.portal.families.service import child_of
from licet.portal.families.ticket import SECRET, read_ticket
from licet.portal.settings import load_or_create_secret

KIND = "family"
_KEY = "family_child"
_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
View = Callable[..., HttpResponse]


def is_guardian(person: Any) -> bool:
    """Whether somebody who is signed in is a guardian."""
    return bool(person.is_authenticated and person.body.kind == KIND)


def for_guardian(view: View) -> View:
    """A view for guardians; to others who are signed in the page does not exist."""

    @login_required
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **fields: Any) -> HttpResponse:
        if not is_guardian(request.user):
            raise Http404
        return view(request, *args, **fields)

    return guarded


def on_link(view: View) -> View:
    """Gives a guardian's view one of their links by its id; 404 for any other."""

    @for_guardian
    @wraps(view)
    def found(request: HttpRequest, link_id: str, **fields: Any) -> HttpResponse:
        row = StoredLink.objects.filter(pk=link_id, guardian=request.user).first()
        if row is None:
            raise Http404
        return view(request, row, **fields)

    return found


def for_child(view: View) -> View:
    """Gives a view the child whose visit this is; whoever is none is led to the door."""

    @wraps(view)
    def visited(request: HttpRequest, *args: Any, **fields: Any) -> HttpResponse:
        child = visitor(request)
        if child is None:
            return redirect("family")
        return view(request, child, *args, **fields)

    return visited


def visitor(request: HttpRequest) -> Child | None:
    """The child whose visit this is."""
    key = request.session.get(_KEY)
    return None if key is None else Child.objects.filter(pk=key).first()


def begin_visit(request: HttpRequest, reference: str) -> Child:
    """From now on this browser is before the pages of this child, and of nobody else."""
    child = child_of(reference)
    request.session.flush()
    request.session[_KEY] = child.pk
    return child


def take_ticket(text: str, now: datetime) -> str:
    """The reference in a ticket, which opens once. Raises BadInput."""
    secret = load_or_create_secret(settings.LICET_HOME, SECRET).encode()
    ticket = read_ticket(text, int(now.timestamp()), secret)
    ends = datetime.fromtimestamp(ticket.ends_s, UTC)
    try:
        with transaction.atomic():
            UsedTicket.objects.create(digest=ticket.digest, ends=ends)
    except IntegrityError:
        raise BadInput("the ticket was used.", hint="Come again from the service.") from None
    return ticket.user


def join(request: HttpRequest, name: str, email: str, password: str) -> Person | None:
    """An account for a guardian, signed in; None where somebody has the address already."""
    body, _ = Body.objects.get_or_create(
        code=KIND, kind=KIND,
        defaults={"name_zh": "家庭", "name_en": "Families"},
    )  # fmt: skip
    try:
        with transaction.atomic():
            person = Person.objects.create_user(
                email, password, name=name, body=body, roles=["guardian"]
            )
    except IntegrityError:
        return None
    request.session.flush()
    login(request, person, backend=_BACKEND)
    return person

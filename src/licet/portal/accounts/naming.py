"""Bodies name their people: the one way in which an account comes about.

It refuses to know terminals and pages, and what a role may do.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from licet.base.trouble import BadInput, Conflict
from licet.portal.accounts.models import Body, Person
from licet.portal.pack import procedure


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody who is to act for a body; the body's names only where it is new."""

    email: str
    name: str
    code: str
    kind: str
    name_zh: str
    name_en: str
    roles: tuple[str, ...]


def name_person(wanted: Named) -> str:
    """Make the account; gives its first password. Raises BadInput or Conflict."""
    try:
        validate_email(wanted.email)
    except ValidationError:
        raise BadInput(f"{wanted.email} is no e-mail address.") from None
    body = Body.objects.filter(code=wanted.code).first() or _new_body(wanted)
    known = procedure().parties
    fitting = [name for name, role in known.items() if role.side == body.kind]
    for role in wanted.roles:
        if role not in fitting:
            raise BadInput(
                f"no role {role!r} on the {body.kind}'s side.",
                hint=f"Roles: {', '.join(fitting)}.",
            )
    if Person.objects.filter(email=wanted.email.lower()).exists():
        raise Conflict(f"{wanted.email} may sign in already.")
    password = secrets.token_urlsafe(12)
    body.save()
    Person.objects.create_user(
        wanted.email, password, name=wanted.name, body=body, roles=list(wanted.roles)
    )
    return password


def _new_body(wanted: Named) -> Body:
    if not (wanted.kind and wanted.name_zh and wanted.name_en):
        raise BadInput(
            f"there is no body {wanted.code}.",
            hint="To make it, give --body-kind, --body-zh and --body-en.",
        )
    return Body(code=wanted.code, kind=wanted.kind, name_zh=wanted.name_zh, name_en=wanted.name_en)

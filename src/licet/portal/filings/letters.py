"""Letters about notices, by e-mail: that there is something to read, and where.

It refuses to say what is decided: a letter passes through strangers' hands, so reasons, texts and
names of people stay in the portal.

Rules
1. Officers are written to where they can do something about it, a holder's staff always.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from importlib import import_module

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import translation

from licet.cases import possible, settled
from licet.portal.accounts.models import Person
from licet.portal.design.languages import LANGUAGES
from licet.portal.design.words import word
from licet.portal.filings.models import Notice
from licet.portal.filings.notices import as_told
from licet.portal.filings.service import actor_of, load, procedure, settle
from licet.portal.letters import send_due


def tell_and_write(now: datetime) -> int:
    """What a portal does that nobody visits: tell of what time has made due, and send letters."""
    settle(now)
    return send_letters(now)


def send_letters(now: datetime) -> int:
    """Send what is to be sent at `now`; how many notices were dealt with."""
    return send_due(Notice, lambda row: _letters(row, now), now)


def _letters(row: Notice, now: datetime) -> Iterator[EmailMessage]:
    subject, text = _written(row)
    for person in _readers(row, now):
        yield EmailMessage(subject, text, to=[person.email])


def _readers(row: Notice, now: datetime) -> Iterator[Person]:
    """Rule 1."""
    people = Person.objects.filter(body=row.body, is_active=True).select_related("body")
    for person in people:
        if not person.official or _may_act(row, person, now):
            yield person


def _may_act(row: Notice, person: Person, now: datetime) -> bool:
    if row.proceeding_id is None:
        case = settled(load(row.case_id), now)
        return bool(possible(case, actor_of(person), now, procedure()))
    return bool(import_module(settings.LICET_MATTERS).may_act(row, person, now))


def _written(row: Notice) -> tuple[str, str]:
    """Subject and text, in every language one below the other."""
    told, subjects, texts = as_told(row, procedure()), [], []
    for language in LANGUAGES.values():
        with translation.override(language.catalogue):
            title = told.subject.title or told.number or word("desk.untitled")
            subjects.append(f"{title}{word('form.colon')}{told.what[language.code]}")
            page = f"{settings.LICET_PUBLIC_URL}{told.address}"
            context = {"told": told, "title": title, "page": page, "language": language}
            texts.append(render_to_string("filings/letter.txt", context).strip())
    return " · ".join(" ".join(one.split()) for one in subjects)[:300], "\n\n".join(texts) + "\n"

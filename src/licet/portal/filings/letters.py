"""Letters about notices, by e-mail: that there is something to read, and where.

It refuses to say what is decided: a letter passes through strangers' hands, so reasons, texts and
names of people stay in the portal.

Rules
1. A notice has its letter when it is kept, so none is forgotten and the queue is no longer than
   the notices. A letter that could not be sent is tried again later and later, and given up.
2. It is claimed before it is sent, for `CLAIM`: two who send at once send it once, and one who
   dies on the way sends it again.
3. Officers are written to where they can do something about it, a holder's staff always.
"""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation

from licet.cases import possible, settled
from licet.portal.accounts.models import Person
from licet.portal.design.languages import LANGUAGES
from licet.portal.design.words import word
from licet.portal.filings.models import Notice
from licet.portal.filings.notices import as_told
from licet.portal.filings.service import actor_of, load, procedure, settle

AT_ONCE = 50
ROUND_S = 30.0
CLAIM = timedelta(minutes=15)
TRIES_MAX = 8
_log = logging.getLogger("licet.portal.letters")


def tell_and_write(now: datetime) -> int:
    """What a portal does that nobody visits: tell of what time has made due, and send letters."""
    settle(now)
    return send_letters(now)


def send_letters(now: datetime) -> int:
    """Send what is to be sent at `now`, `AT_ONCE` at most; how many notices were dealt with."""
    if not settings.LICET_MAIL:
        return 0
    rows = _claim(now)
    for row in rows:
        try:
            _send(row, now)
        except (smtplib.SMTPException, OSError) as error:
            row.tries += 1
            given_up = row.tries >= TRIES_MAX
            row.letter_at = None if given_up else now + timedelta(minutes=2**row.tries)
            _log.warning("a letter did not leave (try %d): %s", row.tries, type(error).__name__)
        else:
            row.letter_at = None
        row.save(update_fields=["letter_at", "tries"])
    return len(rows)


def _claim(now: datetime) -> list[Notice]:
    """Rule 2."""
    with transaction.atomic():
        waiting = (
            Notice.objects.select_for_update().filter(letter_at__lte=now).order_by("letter_at")
        )
        rows = list(waiting[:AT_ONCE])
        Notice.objects.filter(pk__in=[row.pk for row in rows]).update(letter_at=now + CLAIM)
    return rows


def _send(row: Notice, now: datetime) -> None:
    subject, text = _written(row)
    readers = list(_readers(row, now))
    if not readers:
        return
    with get_connection() as connection:
        for person in readers:
            EmailMessage(subject, text, to=[person.email], connection=connection).send()


def _readers(row: Notice, now: datetime) -> Iterator[Person]:
    """Rule 3."""
    people = Person.objects.filter(body=row.body, is_active=True).select_related("body")
    case = settled(load(row.case_id), now)
    for person in people:
        if not person.official or possible(case, actor_of(person), now, procedure()):
            yield person


def _written(row: Notice) -> tuple[str, str]:
    """Subject and text, in every language one below the other."""
    told, subjects, texts = as_told(row, procedure()), [], []
    for language in LANGUAGES.values():
        with translation.override(language.catalogue):
            title = row.case.title or word("desk.untitled")
            subjects.append(f"{title}{word('form.colon')}{told.what[language.code]}")
            page = f"{settings.LICET_PUBLIC_URL}/{language.code}/desk/{row.case_id}/"
            context = {"told": told, "title": title, "page": page, "language": language}
            texts.append(render_to_string("filings/letter.txt", context).strip())
    return " · ".join(" ".join(one.split()) for one in subjects)[:300], "\n\n".join(texts) + "\n"

"""Letters to guardians: that there is something to read, and where.

It refuses to say of whom and what: a letter passes through strangers' hands, so it names no child,
no time and no reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils import translation

from licet.portal.design.languages import LANGUAGES
from licet.portal.design.words import word
from licet.portal.families.models import Notice
from licet.portal.letters import send_due

NAMED = frozenset({"asked", "week"})
"""What a letter says by itself, so that a guardian sees whether it can wait."""


def send_letters(now: datetime) -> int:
    """Send what waits for guardians at `now`; how many notices were dealt with."""
    return send_due(Notice, _letters, now)


def _letters(row: Notice) -> Iterator[EmailMessage]:
    if row.guardian is None or not row.guardian.is_active:
        return
    subjects, texts = [], []
    for language in LANGUAGES.values():
        with translation.override(language.catalogue):
            said = word(f"family-letter.{row.kind if row.kind in NAMED else 'news'}")
            page = f"{settings.LICET_PUBLIC_URL}/{language.code}/family/"
            subjects.append(said)
            texts.append(f"{said}\n{word('notice.read')} {page}\n{word('family-letter.why')}")
    yield EmailMessage(" · ".join(subjects), "\n\n".join(texts) + "\n", to=[row.guardian.email])

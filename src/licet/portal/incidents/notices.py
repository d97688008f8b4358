"""Notices of proceedings in words, and who can do something about one. `filings.notices` shows
them beside those of cases.

It refuses to know whom an event concerns (`telling`) and how a letter is sent.
"""

from __future__ import annotations

from datetime import datetime

from licet.cases import Event
from licet.cases.proceedings import possible, told
from licet.portal.accounts.models import Person
from licet.portal.filings.models import Notice
from licet.portal.filings.notices import Told
from licet.portal.incidents import service

_PAGES = {"order": "order", "dossier": "dossier"}
_COLON = {"zh": "：", "en": ": "}


def as_told(row: Notice, *, new: bool) -> Told:
    """A notice of a proceeding in words."""
    of, stored = row.proceeding, row.event
    known = service.rules(of.kind)
    event = Event(stored.kind, stored.actor, stored.role, stored.at, stored.data)
    what = {
        code: f"{known.name[code]}{_COLON[code]}{told(event, code, known)}" for code in known.name
    }
    text = event.data.get("facts", {}).get("text")
    page = _PAGES.get(of.kind, "proceeding")
    return Told(row.pk, of, page, row.at, what, None, (text,) if text else (), (), new)


def may_act(row: Notice, person: Person, now: datetime) -> bool:
    """Whether somebody can do anything in the proceeding that a notice is about."""
    of = service.load(row.proceeding_id)
    return bool(possible(of, service.actor_of(person), now, service.rules(of.kind)))

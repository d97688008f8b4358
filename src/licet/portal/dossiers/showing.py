"""What the pages of dossiers show: sections row by row, versions and what each changed.

It refuses to know HTTP, and who may see what: `cases.dossier` says it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from licet.cases import Event
from licet.cases import dossier as rules_of
from licet.cases.dossier import Closed, Node, Row, Version
from licet.cases.model import Party
from licet.cases.proceedings import told
from licet.portal.design.languages import current
from licet.portal.dossiers import service
from licet.portal.dossiers.models import StoredDossier, StoredVersion
from licet.rulebook.procedure import Form
from licet.rulebook.proceeding import ProceedingRules


@dataclass(frozen=True, slots=True)
class Part:
    """A section as a party sees it."""

    section: Any
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A field, and what it said before and says now; digests where it is sealed."""

    field: Any
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Edition:
    """A version among the others."""

    stored: StoredVersion
    changes: tuple[Change, ...]
    first: bool


def parts(form: Form, version: Version, to: Party) -> list[Part]:
    """The sections of a version that say anything."""
    found = (
        Part(section, rules_of.rows(form, version, name, to))
        for name, section in form.sections.items()
    )
    return [one for one in found if one.rows]


def editions(row: StoredDossier, to: Party) -> list[Edition]:
    """Every version and what it changed, newest first."""
    form, before = service.rules().form, None
    found = []
    for stored, version in service.versions(row):
        changes = rules_of.changes(form, before, version, to)
        shown = tuple(
            Change(form.fields[one.field], _said(one.before), _said(one.after)) for one in changes
        )
        found.append(Edition(stored, shown, before is None))
        before = version
    return found[::-1]


def tree(row: StoredDossier) -> tuple[Node, ...]:
    """Service, implementations, snapshots."""
    return rules_of.tree(service.rules(), [version for _, version in service.versions(row)])


def past(events: tuple[Event, ...], known: ProceedingRules) -> Iterator[dict[str, Any]]:
    """The history of a proceeding in words, newest first."""
    for event in reversed(events):
        role, facts = known.roles.get(event.role), event.data.get("facts", {})
        at: datetime = event.at
        yield {
            "at": at,
            "name": told(event, current().code, known),
            "role": role.name if role else None,
            "text": facts.get("text") or facts.get("whats_new"),
        }


def _said(value: Any) -> Any:
    if isinstance(value, Closed):
        return f"SHA-256 {value.sha256[:16]}…"
    return value["name"] if isinstance(value, dict) else value

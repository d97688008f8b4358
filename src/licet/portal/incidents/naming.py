"""What matters are called on their pages: by names that people know, in the reader's language.

It refuses to know law, and who may see what: callers bring the rows that a reader sees.

Rules
1. A matter has the name of its system where it was told; else that of the category of harm that it
   is about, which is the pack's; else what its first form calls it by; else the family of rules.
2. A correction is called like its incident, where the reader sees that one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from licet.cases.proceedings import Proceeding
from licet.portal.incidents import service
from licet.portal.incidents.models import StoredProceeding
from licet.portal.pack import pack
from licet.rulebook.proceeding import ProceedingRules


def incidents_of(found: Iterable[Proceeding], seen: Any) -> Mapping[str, Proceeding]:
    """The incidents, among the rows `seen`, that corrections among `found` are of."""
    named = {str(of.facts.get("incident")) for of in found if of.kind == "correction"}
    if not named:
        return {}
    return service.load_all(
        seen.filter(pk__in=named, kind="incident").values_list("pk", flat=True)
    )


def title_of(
    row: StoredProceeding, of: Proceeding, known: ProceedingRules,
    incidents: Mapping[str, Proceeding],
) -> Any:  # fmt: skip
    """What a matter is called (rules 1 and 2): text, or words in each language."""
    about = incidents.get(str(of.facts.get("incident")), of)
    category = str(about.facts.get("category"))
    if category in pack().categories and not of.facts.get("system"):
        return pack().categories[category].name
    opening = known.acts[of.events[0].kind].form
    field = known.forms[opening].fields.get(known.forms[opening].title) if opening else None
    told = str(of.facts.get(field.id)) if field else ""
    if row.title or field is None or told not in field.choices:
        return row.title
    return field.choices[told].label


def family_beside(title: Any, of: Proceeding) -> str:
    """The family of rules, to stand beside a title; empty where it is the title."""
    family = str(of.facts.get("family") or "")
    return "" if family == title else family

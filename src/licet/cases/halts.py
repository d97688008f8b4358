"""Halts and refusals as incidents: what belongs together, and how many there were.

It refuses to know ledgers, stores and whether an incident is one: people grade.

Rules
1. Halts of one family of rules are one incident while each comes within the window of the one
   before, up to the most that the pack lets one hold. A reply that was halted in a category that
   stands alone is an incident by itself.
2. Grouping is a function of the halts in their order: read again from the same place, the same
   entries give the same groups, so a number made of a group's first entry names it for good.
3. Memory is the groups that may still grow, at most OPEN_MAX: one whose window is over is let go,
   and where there are too many, the one that was quiet for longest.
4. A prompt that was refused generated nothing: it counts only in the categories in which the pack
   calls asking an unlawful use, in groups of its own, and never stands alone: whoever asks on
   opens no second incident. law:cn-genai-2023/art14.2
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from licet.base.canonical import sha256_hex
from licet.rulebook.proceeding import IncidentRules

OPEN_MAX = 4_096

FoundIn = Literal["reply", "prompt"]

_VARIANT = re.compile(r"(?:\.(?:[a-z]{2}|\d+))+$", re.ASCII)


@dataclass(frozen=True, slots=True)
class Halt:
    """What was stopped: its entry in the ledger, when, by which rule of which category."""

    index: int
    at: datetime
    rule: str
    category: str
    found_in: FoundIn = "reply"


@dataclass(frozen=True, slots=True)
class Group:
    """Halts that are one incident: `first` and `last` are entries of the ledger."""

    family: str
    category: str
    found_at: datetime
    last_at: datetime
    halts: int
    first: int
    last: int
    alone: bool
    found_in: FoundIn = "reply"


@dataclass(frozen=True, slots=True)
class Grouped:
    """Groups that may still grow, by family, and those that began or grew in this reading."""

    open: Mapping[str, Group]
    changed: tuple[Group, ...]


def family(rule: str) -> str:
    """The rules that are one matter: `base.fraud.zh.2` and `base.fraud.en.1` are `base.fraud`."""
    return _VARIANT.sub("", rule) or rule


def group_halts(
    open_: Mapping[str, Group], halts: Iterable[Halt], rules: IncidentRules
) -> Grouped:
    """The groups after some more halts, which come in the order of the ledger."""
    window, most = timedelta(minutes=rules.grouping.window_minutes), rules.grouping.halts_max
    groups = dict(open_)
    changed: dict[int, Group] = {}
    newest: datetime | None = None
    for halt in halts:
        newest = halt.at if newest is None else max(newest, halt.at)
        of_prompt = halt.found_in == "prompt"
        if of_prompt and halt.category not in rules.grouping.prompts:
            continue
        alone = not of_prompt and halt.category in rules.grouping.alone
        name = family(halt.rule)
        key = f"prompt/{name}" if of_prompt else name
        known = groups.pop(key, None)
        if known is not None and (halt.at - known.last_at > window or known.halts >= most):
            known = None
        if known is None or alone:
            grown = _begun(halt, name, alone)
        else:
            last_at = max(known.last_at, halt.at)
            grown = replace(known, last_at=last_at, halts=known.halts + 1, last=halt.index)
        changed[grown.first] = grown
        if not grown.alone:
            groups[key] = grown  # at the end: the order is that of the last halt
        elif known is not None:
            groups[key] = known
        if len(groups) > OPEN_MAX:
            del groups[next(iter(groups))]
    if newest is not None:
        groups = {name: one for name, one in groups.items() if newest - one.last_at <= window}
    return Grouped(groups, tuple(changed.values()))


def incident_number(origin: str, group: Group) -> str:
    """`LI-20261124-5d41402abc4b`: the same for the same first entry of the same ledger."""
    drawn = sha256_hex(f"licet/incident/v1\n{origin}\n{group.first}".encode())[:12]
    return f"LI-{group.found_at:%Y%m%d}-{drawn}"


def finding(group: Group, rules: IncidentRules) -> dict[str, Any]:
    """What a machine brings to an incident of a group. law:cn-genai-2023/art14.1"""
    return {
        "family": group.family,
        "category": group.category,
        "found_at": group.found_at.isoformat(),
        "halts": group.halts,
        "found_in": group.found_in,
        "proposed_grade": (
            rules.proposed_alone if group.category in rules.grouping.alone else rules.proposed
        ),
        "entries": f"{group.first}-{group.last}",
    }


def proposed_grade(persons: int, rules: IncidentRules) -> str | None:
    """The gravest grade that so many persons whose data leaked call for; None below the first."""
    fitting = [g for g in rules.grades.values() if g.persons_min and persons >= g.persons_min]
    return fitting[-1].id if fitting else None


def group_as_json(group: Group) -> dict[str, Any]:
    """The group as a JSON object, as a reader keeps it beside its position."""
    return {
        "family": group.family,
        "category": group.category,
        "found_at": group.found_at.isoformat(),
        "last_at": group.last_at.isoformat(),
        "halts": group.halts,
        "first": group.first,
        "last": group.last,
        "alone": group.alone,
        "found_in": group.found_in,
    }


def group_from_json(value: Mapping[str, Any]) -> Group:
    """The group in a JSON object that `group_as_json` made."""
    moments = {key: datetime.fromisoformat(value[key]) for key in ("found_at", "last_at")}
    return Group(**{**value, **moments})


def _begun(halt: Halt, name: str, alone: bool) -> Group:
    return Group(
        name, halt.category, halt.at, halt.at, 1, halt.index, halt.index, alone, halt.found_in
    )

"""What followed after halts in the demonstration's world.

It refuses to write a table itself: acts go through the same door as people's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

from licet.base.canonical import sha256_hex
from licet.base.tomlsource import TomlSource
from licet.cases.proceedings import MACHINE, Proceeding
from licet.cases.proceedings import Person as Actor
from licet.portal.accounts.models import Person
from licet.portal.incidents import service


def follow_up(now: datetime) -> None:
    """Do everything that is told, in its order. A refusal is a bug in the world."""
    named: dict[str, str] = {}
    for one in _told():
        begin = now - timedelta(hours=one["hours_ago"])
        about = {"incident": named[one["about"]]} if "about" in one else {}
        person = Person.objects.get(email=one["by"])
        rules = service.rules(one["kind"])
        facts = _facts(rules, one["act"], {**one["facts"], **about}, begin, {})
        of = _sure(service.begin(one["kind"], one["act"], facts, person, begin))
        if "name" in one:
            named[one["name"]] = of.id
        for hours, email, act, more in one["steps"]:
            moment = begin + timedelta(hours=hours)
            facts = _facts(rules, act, more, moment, of.facts)
            actor = MACHINE if email == "machine" else _actor(email)
            of = _sure(service.act_as(of.id, act, facts, actor, moment))


def _actor(email: str) -> Actor:
    return service.actor_of(Person.objects.get(email=email))


@cache
def _told() -> list[dict[str, Any]]:
    text = files(__package__).joinpath("matters.toml").read_text(encoding="utf-8")
    told: list[dict[str, Any]] = TomlSource("matters.toml", text).parse()["matter"]
    return told


def _facts(
    rules: Any, act: str, told: Mapping[str, Any], moment: datetime, known: Mapping[str, Any]
) -> dict[str, Any]:
    """What is told and, where the form asks for it, digests, and the moment unless it is known."""
    form = rules.acts[act].form
    lacking = [] if not form else [f for f in rules.forms[form].fields.values() if f.required]
    filled = dict(told)
    for field in lacking:
        if field.id in filled:
            continue
        if field.kind == "moment":
            filled[field.id] = known.get(field.id, moment.isoformat())
        elif field.id.endswith("_sha256"):
            name = field.id.replace("proven", "candidate")  # what was proven is the candidate
            filled[field.id] = sha256_hex(name.encode())
    return filled


def _sure(outcome: Any) -> Proceeding:
    assert isinstance(outcome, Proceeding), f"the demonstration's world is not lawful: {outcome}"
    return outcome

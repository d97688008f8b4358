"""Licences as tokens: given to the holder's key, and kept in step with the case.

It refuses to decide: a token says what the case says, the stage's `status` in the pack says what
its list says.

Rules
1. A token is given only while the licence is in force, to the key that its holder brings.
2. Every token of a number follows the case: what is suspended is suspended in the list before the
   page that did it is answered.
3. Asking twice changes nothing.
"""

from __future__ import annotations

import secrets
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from django.conf import settings

from licet.base.clock import Clock, SystemClock
from licet.base.trouble import NotFound
from licet.cases import Case
from licet.cases.days import end
from licet.credentials import Condition, Licence, PublicKey, Standing, Status, Terms, verify
from licet.credentials.issuer import Issuer, ListSettings, open_issuer
from licet.credentials.statuslist import read_status_list
from licet.portal.accounts.models import Body
from licet.rulebook import Pack

FOLDER = "authority"
WITHOUT_TERM = timedelta(days=366)
"""How long a token lasts whose licence has no end: its holder fetches another."""
_STATUS = {"valid": Status.VALID, "suspended": Status.SUSPENDED, "invalid": Status.REVOKED}


@cache
def issuer_at(home: Path, origin: str, ttl_s: int, valid_s: int) -> Issuer:
    """The signing desk in this home, opened once."""
    return open_issuer(home / FOLDER, origin, ListSettings(ttl_s, valid_s), secrets.token_bytes)


def issuer(pack: Pack) -> Issuer | None:
    """The signing desk of the installation; None where the pack publishes no lists, or where it
    is not said under which address licences are issued."""
    rule, origin = pack.procedure.status_list, settings.LICET_PUBLIC_URL
    if rule is None or not origin:
        return None
    return issuer_at(settings.LICET_HOME, origin, rule.ttl_s, rule.valid_s)


def tokens_of(case: Case, desk: Issuer) -> list[tuple[Licence, Status]]:
    """The licences that were given under this case's number, oldest first."""
    if case.grant is None:
        return []
    return [(one, at) for one, at in desk.licences() if one.filing == case.grant.number]


def follow(case: Case, now: datetime, pack: Pack) -> None:
    """Rule 2. `case` is settled at `now`."""
    desk = issuer(pack)
    if desk is None or case.grant is None:
        return
    status = _STATUS.get(pack.procedure.stages[case.licence].status, Status.REVOKED)
    for licence, standing in tokens_of(case, desk):
        if standing not in (status, Status.REVOKED):
            desk.set_status(licence.id, status, now)


def give(case: Case, key: PublicKey, now: datetime, pack: Pack) -> str:
    """A token for the holder's key: the one that it has, while that says the same and lasts.

    Raises NotFound where nothing is in force (rule 1)."""
    desk = issuer(pack)
    stage = pack.procedure.stages[case.licence]
    version = case.in_force
    if desk is None or case.grant is None or version is None or stage.status != "valid":
        raise NotFound("no licence is in force here.")
    body = Body.objects.get(code=case.holder)
    title = str(version.answers.get(pack.procedure.form_of(case.route).title, case.grant.number))
    zone = pack.procedure.time_zone
    begins = now.replace(microsecond=0)
    terms = Terms(
        holder=body.code,
        provider=body.name_zh,
        service=title,
        model=title,
        filing=case.grant.number,
        route=case.route,
        regime=pack.id,
        regime_version=pack.version,
        begins=begins,
        ends=end(case.grant.until, zone).astimezone(UTC).replace(microsecond=0)
        if case.grant.until
        else begins + WITHOUT_TERM,
        key=key,
        conditions=tuple(
            Condition(f"c{place}", {"zh": one["text"]})
            for place, one in enumerate(case.grant.conditions, 1)
        ),
        register=f"{settings.LICET_PUBLIC_URL}/register?q={case.grant.number}",
        demo=settings.LICET_DEMO,
    )
    for licence, standing in tokens_of(case, desk):
        if standing is Status.VALID and _lasts(licence, terms, now):
            return desk.token_of(licence.id)
    return desk.issue(terms, now)[1]


def _lasts(licence: Licence, terms: Terms, now: datetime) -> bool:
    """Whether a licence says what these terms say, and is not half over where it has no term."""
    same = all(
        getattr(licence, one.name) == getattr(terms, one.name)
        for one in fields(Terms)
        if one.name not in ("begins", "ends")
    )
    return same and (licence.ends == terms.ends or licence.ends - now > WITHOUT_TERM / 2)


def check(token: str, pack: Pack, clock: Clock | None = None) -> Standing | None:
    """What a licence of this authority is worth now; None where there is no desk here.

    Raises BadInput for what is no licence, Corrupt for one that this authority did not sign.
    """
    desk, now = issuer(pack), (clock or SystemClock()).now()
    if desk is None:
        return None
    lists = [read_status_list(desk.status_token(now), desk.keys)]
    return verify(token, desk.keys, lists, now)

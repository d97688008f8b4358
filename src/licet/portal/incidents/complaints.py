"""Complaints from the public: handed in without an account, followed by number and code.

It refuses to know who complains: a contact is theirs to give, and no address is kept.

Rules
1. The code is made of the number under this installation's secret and stored nowhere: whoever has
   both is the complainant, the provider's staff see the number alone.
2. A form bears a word drawn when it was shown, and the number is made of it: what is sent twice is
   handed in once.
3. So many complaints are taken in an hour; what comes beyond is told when to come again.
law:cn-genai-2023/art15
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from licet.base.ids import base32, case_mark
from licet.base.trouble import TooMuch
from licet.cases import Refusal
from licet.cases.proceedings import Person as Actor
from licet.portal.accounts.models import Body
from licet.portal.filings.service import together
from licet.portal.incidents import service
from licet.portal.incidents.models import StoredProceeding
from licet.portal.incidents.outsiders import Matter, matter_of, public_roles
from licet.portal.pack import pack
from licet.rulebook.proceeding import ProceedingAct, ProceedingKind

KIND: ProceedingKind = "complaint"
AN_HOUR_MAX = 300
ONCE = re.compile(r"[A-Za-z0-9_-]{22,64}")
_NUMBER = re.compile(r"LT-[0-9A-Z]{12}")
_CODE_LABEL = b"licet/complaint-code/v1\n"
_READ_AS = str.maketrans("ILO", "110")


def draw() -> str:
    """A word for a form that is about to be shown (rule 2)."""
    return secrets.token_urlsafe(18)


def number_from(once: str) -> str:
    """The number that a form with this word gets."""
    digest = hashlib.sha256(b"licet/complaint/v1\n" + once.encode()).digest()
    return f"LT-{base32(int.from_bytes(digest[:8], 'big'), 12).upper()}"


def code_of(number: str) -> str:
    """`7F3K-9Q2A-1MZB-04HJ`: 80 bits that open the complaint with this number (rule 1)."""
    digest = hmac.digest(settings.SECRET_KEY.encode(), _CODE_LABEL + number.encode(), "sha256")
    text = base32(int.from_bytes(digest[:10], "big"), 16).upper()
    return "-".join(text[at : at + 4] for at in range(0, 16, 4))


def opening() -> ProceedingAct | None:
    """The act of the public that begins a complaint; None where the pack takes none."""
    if KIND not in pack().supervision.proceedings:
        return None
    acts = service.rules(KIND).acts.values()
    return next((act for act in acts if act.opens and act.side == "public"), None)


def hand_in(
    once: str, holder: Body, answers: Mapping[str, Any], now: datetime
) -> str | Refusal:  # fmt: skip
    """Hand a complaint in; its number. Raises TooMuch (rule 3)."""
    act, number = opening(), number_from(once)
    assert act is not None
    if StoredProceeding.objects.filter(pk=number).exists():
        return number
    recent = StoredProceeding.objects.filter(kind=KIND, opened__gt=now - timedelta(hours=1))
    if recent.count() >= AN_HOUR_MAX:
        raise TooMuch("too many complaints came within the hour.", hint="Come again in an hour.")
    name = case_mark(number)
    actor = Actor(name, "public", name, public_roles(service.rules(KIND)))
    with together(now) as head:
        outcome = service.begin_on(
            head, number, KIND, act.id, answers, actor, holder, now, name
        )  # fmt: skip
    return outcome if isinstance(outcome, Refusal) else number


def find(number: str, code: str, now: datetime) -> Matter | None:
    """The complaint that number and code open, as they are typed by people; None without one."""
    number, code = (text.strip().upper() for text in (number[:40], code[:40]))
    number = number[:3] + number[3:].translate(_READ_AS)
    wanted = code_of(number).replace("-", "")
    given = re.sub(r"[^0-9A-Z]", "", code).translate(_READ_AS)
    if not _NUMBER.fullmatch(number) or not hmac.compare_digest(wanted.encode(), given.encode()):
        return None
    row = StoredProceeding.objects.filter(pk=number, kind=KIND).first()
    return matter_of(row, now) if row is not None else None


def do(matter: Matter, act_id: str, data: Mapping[str, Any], now: datetime) -> Any:
    """Do something in one's complaint: the proceeding afterwards, or the lawful "no"."""
    rule = matter.known.acts.get(act_id)
    if rule is None or rule.side != "public" or rule.opens:
        return Refusal("no_such_act", act_id)
    return service.act_as(matter.of.id, act_id, data, matter.actor, now)


def providers() -> list[Body]:
    """The providers about whom one may complain here."""
    return list(Body.objects.filter(kind="provider").order_by("name_zh"))

"""Everybody who may come to the portal, and the cases that they come for.

It refuses to know what they are answered.

Rules
1. Visitors are made from the pack: a role that the pack gains comes too, of each provider.
2. Two providers stand for all: `own` has the cases, `other` has none of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from kit.cases import NUMBERS, STATEMENT, answers
from kit.portal import person
from kit.proceedings import Play, brought

PUBLIC = b"for everybody: "
GROUPS = ("anonymous", "own", "other", "officer")
FAMILY = ("guardian", "child")
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@dataclass(frozen=True, slots=True)
class Visitor:
    """One of a group, in a role, before a browser of theirs."""

    group: str
    role: str
    browser: Any

    def __str__(self) -> str:
        return f"{self.group} {self.role}".strip()


def visitors() -> list[Visitor]:
    """Nobody in particular, and one person for every role of each body (rules 1 and 2)."""
    from django.test import Client

    from licet.portal.filings.service import procedure

    found = [Visitor("anonymous", "", Client())]
    for party in procedure().parties.values():
        for group in ("own", "other") if party.side == "provider" else ("officer",):
            email = f"{party.id}@{group}.example"
            browser = signed_in(person(party.side, email, (party.id,), group))
            found.append(Visitor(group, party.id, browser))
    return found


def family() -> tuple[list[Visitor], dict[str, dict[str, Any]]]:
    """A guardian and a child who are linked, before their browsers; and the places of what is
    between them: a link, a request, an appeal, an alert."""
    from django.test import Client

    from licet.base.clock import SystemClock
    from licet.portal.families import service
    from licet.portal.families.models import StoredLink

    now = SystemClock().now()
    guardian, child = person("family", "guardian@family.example"), service.child_of("user-1")
    browser = Client()
    session = browser.session
    session["family_child"] = child.pk
    session.save()
    link, code = service.invite(guardian, "Ming", now)
    service.claim(child, code, None, now)
    assert isinstance(service.act(link.pk, "consent", "child", child.pk, now), StoredLink)
    profile = service.rules().profiles["chat"]
    asked: Any = service.ask_more(child, 15, profile, now)
    service.take_alerts(child, [{"at_ms": 1, "category": "self_harm"}], now)
    at: dict[str, Any] = {"link_id": link.pk}
    places = dict.fromkeys(("family-child", "family-limits", "family-end", "family-link"), at)
    places["family-answer"] = at | {"request_id": asked.pk}
    places["minors-appeal"] = {"appeal_id": service.appeal(child, "I am 20.", now).pk}
    places["minors-alert"] = {"alert_id": child.alerts.get().pk}
    return [
        Visitor("guardian", "", signed_in(guardian)), Visitor("child", "", browser)
    ], places  # fmt: skip


def signed_in(somebody: Any, second_factor: bool = True) -> Any:
    """A browser in which they are signed in; officials have their second factor, if wanted."""
    from allauth.mfa.totp.internal import auth
    from django.test import Client

    if somebody.official and second_factor:
        auth.TOTP.activate(somebody, auth.generate_totp_secret())
    browser = Client()
    browser.force_login(somebody, backend=BACKEND)
    return browser


def does(case_id: str, *acts: tuple[str, str, dict[str, Any]]) -> Any:
    """Do acts in a case: (who's role, act, data); the case afterwards."""
    from licet.base.clock import SystemClock
    from licet.cases import Refusal
    from licet.portal.accounts.models import Person
    from licet.portal.filings import service

    case: Any = None
    for role, act, data in acts:
        group = "own" if service.procedure().parties[role].side == "provider" else "officer"
        somebody = Person.objects.get(email=f"{role}@{group}.example")
        case = service.act(case_id, act, data, somebody, SystemClock().now())
        assert not isinstance(case, Refusal), case
    return case


def reported() -> str:
    """An incident of `own` that its representative has reported."""
    from licet.base.clock import SystemClock
    from licet.cases import Refusal
    from licet.portal.accounts.models import Person
    from licet.portal.incidents import service

    somebody, now = Person.objects.get(email="representative@own.example"), SystemClock().now()
    play = Play("incident", start=now)
    found = service.begin("incident", "find_by_hand", brought(play, "find_by_hand"), somebody, now)
    assert not isinstance(found, Refusal), found
    for act in ("set_grade", "report_first"):
        done = service.act(found.id, act, brought(play, act), somebody, now)
        assert not isinstance(done, Refusal), done
    return found.id


def drawn() -> int:
    """A sample of `own` with more items than there are people to label them."""
    from licet.base.clock import SystemClock
    from licet.portal.accounts.models import Person
    from licet.portal.labelling import service

    somebody, now = Person.objects.get(email="representative@own.example"), SystemClock().now()
    lines = b"".join(b'{"id": "t%d", "text": "A text."}\n' % n for n in range(9))
    return int(service.open_sample("A sample", lines, "texts.jsonl", 9, somebody, now).pk)


def imposed() -> str:
    """A measure that the machine of `own` has taken against somebody."""
    from licet.base.clock import SystemClock
    from licet.cases import Refusal
    from licet.cases.proceedings import MACHINE
    from licet.portal.accounts.models import Body
    from licet.portal.filings.service import together
    from licet.portal.incidents import service

    now, body = SystemClock().now(), Body.objects.get(code="own")
    number, told = service.number_of("measure", now), brought(Play("measure", start=now), "impose")
    with together(now) as head:
        found = service.begin_on(
            head, number, "measure", "impose_alone", told, MACHINE, body, now, "184d-1~" + "0" * 32
        )
    assert not isinstance(found, Refusal), found
    return number


def draft(report: bytes = b"a report") -> Any:
    """A whole draft of a model filing of `own`: its report is attached, and one public paper."""
    from django.conf import settings

    from licet.base.clock import SystemClock
    from licet.portal.accounts.models import Person
    from licet.portal.filings import service, uploads
    from licet.portal.filings.models import Attachment

    holder, now = Person.objects.get(email="representative@own.example"), SystemClock().now()
    case = service.begin("model_filing", holder, now)
    assert not hasattr(case, "code"), case
    whole = answers("model_filing")
    for field, data in (("security_report", report), ("service_agreement", PUBLIC + report)):
        taken = uploads.Taken(f"{field}.txt", "text/plain", data)
        uploads.put(settings.LICET_HOME, taken)
        Attachment.objects.create(
            case_id=case.id, sha256=taken.sha256, name=taken.name, kind=taken.kind,
            size=len(data), at=now,
        )  # fmt: skip
        whole[field] = {
            "name": taken.name, "sha256": taken.sha256, "bytes": len(data), "type": taken.kind,
        }  # fmt: skip
    return does(case.id, ("representative", "save_draft", {"answers": whole}))


def filed(case: Any = None) -> Any:
    """A filed model filing of `own`."""
    return does((case or draft()).id, ("representative", "file", {}))


def granted(case: Any = None, number: str = NUMBERS["model_filing"]) -> Any:
    """A model filing of `own` that is in force."""
    from licet.portal.filings.service import procedure

    checks: Iterable[Any] = procedure().checks_of("model_filing")
    return does(
        (case or filed()).id,
        ("clerk", "accept", {}),
        ("reviewer", "assess", {"findings": {one.id: {"result": "conforms"} for one in checks}}),
        ("reviewer", "recommend", {"text": "It conforms."}),
        ("approver", "grant", {"number": number, "conditions": [], "statement": STATEMENT}),
    )

"""Use cases of families: load, decide, keep, and put down what the gateway is to hear.

It refuses to know pages and HTTP, and to decide: `minors.linking` and `minors.asking` do. A lawful
"no" is their Refusal, a value.

Rules
1. What changes, what the gateway is to hear of it and who is told are stored in one transaction.
2. A child's settings hold while some guardian is linked, whoever of several set them.
3. Nobody is told more of a child than times, limits and that help was given; that only once a
   person has decided so.
"""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime
from typing import Any

from django.db import transaction

from licet.base.ids import new_id
from licet.minors import asking, linking
from licet.minors.asking import Appeal, MoreTime
from licet.minors.linking import Link
from licet.minors.signal import AgeSignal, signal_as_json
from licet.minors.zone import DAY_MS, Zone
from licet.portal.accounts.models import Person
from licet.portal.families import errands
from licet.portal.families.models import (
    Child,
    Errand,
    Notice,
    StoredAlert,
    StoredAppeal,
    StoredLink,
    StoredRequest,
)
from licet.portal.pack import pack
from licet.rulebook.minors import MinorsRules, Profile

ADULT_DAYS = 365
"""For how long an upheld appeal holds before an age signal is due again."""
OPEN_STAGES = ("invited", "asked", "active")


def rules() -> MinorsRules:
    """What the installation's pack says of minors."""
    return pack().minors


def milliseconds(now: datetime) -> int:
    """A moment as the rules of minors count."""
    return int(now.timestamp() * 1000)


def moment(at_ms: int) -> datetime:
    """The other way."""
    return datetime.fromtimestamp(at_ms / 1000, UTC)


def today(now: datetime) -> date:
    """The day, in the pack's zone."""
    return date.fromordinal(Zone(rules().time_zone).day(milliseconds(now)))


def child_of(user: str) -> Child:
    """The child with this reference, made where it comes for the first time."""
    child, _ = Child.objects.get_or_create(reference=user)
    return child


# --- links


def invite(guardian: Person, called: str, now: datetime) -> tuple[StoredLink, str]:
    """An invitation, and the code to hand over; the code is kept nowhere."""
    code = linking.new_code(secrets.token_bytes)
    link_id = new_id("link", now, secrets.token_bytes)
    link = linking.invite(link_id, reference("guardian", guardian.pk), code, milliseconds(now))
    row = StoredLink(id=link_id, guardian=guardian, called=called)
    return _save(row, link), code


def claim(
    child: Child, code: str, signal: AgeSignal | None, now: datetime
) -> StoredLink | linking.Refusal:
    """The child hands in a code; `signal` says whether it is asked for its consent."""
    with transaction.atomic():
        row = (
            StoredLink.objects.select_for_update()
            .filter(code=linking.code_digest(code), stage="invited")
            .first()
        )
        if row is None:
            return linking.Refusal("wrong_code")
        link, at = load(row), milliseconds(now)
        after = linking.claim(link, reference("child", child.pk), code, signal, at, rules())
        if isinstance(after, linking.Refusal):
            return after
        row.child = child
        return _changed(row, link, after, now)


def act(
    row_id: str, what: linking.Act, party: linking.Party, who: int, now: datetime
) -> StoredLink | linking.Refusal:
    """One of the two does something with a link: consents, declines, withdraws, unlinks."""
    with transaction.atomic():
        row = StoredLink.objects.select_for_update().filter(pk=row_id).first()
        if row is None:
            return linking.Refusal("not_yours")
        link = load(row)
        after = linking.act(link, what, party, reference(party, who), milliseconds(now), rules())
        if isinstance(after, linking.Refusal):
            return after
        return _changed(row, link, after, now)


def reference(party: linking.Party, key: int) -> str:
    """As whom the rules know somebody: guardians and children are numbered apart."""
    return f"{party}-{key}"


def load(row: StoredLink) -> Link:
    """A link as the rules know it."""
    guardian = reference("guardian", row.guardian_id)
    child = None if row.child_id is None else reference("child", row.child_id)
    stage: Any = row.stage
    return Link(row.pk, guardian, row.code, row.invited_ms, child, stage, row.since_ms)


def settled(row: StoredLink, now: datetime) -> str:
    """The stage at a moment: an invitation that nobody took up has lapsed."""
    return linking.settled(load(row), milliseconds(now), rules()).stage


def _save(row: StoredLink, link: Link) -> StoredLink:
    row.code, row.invited_ms = link.code, link.invited_ms
    row.stage, row.since_ms = link.stage, link.since_ms
    row.save()
    return row


def _changed(row: StoredLink, before: Link, after: Link, now: datetime) -> StoredLink:
    _save(row, after)
    for party in linking.told(before, after):
        kind = f"link-{after.stage}"
        if party == "guardian":
            tell_person(row.guardian, kind, row.called, now)
        elif row.child is not None:
            tell_child(row.child, kind, row.guardian.name, now)
    if row.child is not None and "active" in (before.stage, after.stage):
        linked = row.child.links.filter(stage="active").exists()  # rule 2
        errands.send(row.child, "guardian", {"linked": linked, "consented": linked}, now)
    return row


# --- limits


def set_limits(child: Child, settings: dict[str, Any], now: datetime) -> Errand:
    """The settings of its guardians, whole; the gateway says whether they can be."""
    return errands.send(child, "settings", {"settings": settings}, now)


def took_back(errand: Errand) -> None:
    """The gateway refused what was told it later: the guardians hear so."""
    if errand.deed in ("settings", "more"):
        for link in errand.child.links.filter(stage="active").select_related("guardian"):
            tell_person(link.guardian, f"refused-{errand.deed}", link.called, errand.at)


# --- more time


def ask_more(
    child: Child, minutes: int, profile: Profile, now: datetime
) -> StoredRequest | asking.Refusal:
    """A child asks for more time; one request is open at a time, the newest."""
    request_id = new_id("more", now, secrets.token_bytes)
    asked = asking.ask_more(
        request_id, reference("child", child.pk), minutes, milliseconds(now), rules(), profile
    )
    if isinstance(asked, asking.Refusal):
        return asked
    known = open_request(child, now) is not None  # asked again: no second letter
    with transaction.atomic():
        child.requests.filter(given=None).delete()
        row = StoredRequest.objects.create(
            id=request_id, child=child, asked_ms=asked.asked_ms, minutes=minutes
        )
        for link in child.links.filter(stage="active").select_related("guardian"):
            tell_person(link.guardian, "asked", link.called, now, letter=not known)
    return row


def open_request(child: Child, now: datetime) -> StoredRequest | None:
    """What the child asks for and nobody has answered yet."""
    for row in child.requests.filter(given=None).order_by("-asked_ms"):
        if not asking.is_lapsed(_request(row), milliseconds(now), rules()):
            return row
    return None


def answer_more(
    row_id: str, guardian: Person, minutes: int, profile: Profile, now: datetime
) -> StoredRequest | asking.Refusal:
    """The guardian's answer; 0 is a no. Two who answer at once: the first counts."""
    with transaction.atomic():
        row = StoredRequest.objects.select_for_update().get(pk=row_id)
        request, at = _request(row), milliseconds(now)
        outcome = asking.answer_more(request, minutes, at, rules(), profile)
        if isinstance(outcome, asking.Refusal):
            return outcome
        row.given, row.answered_by = minutes, guardian
        row.save()
        tell_child(row.child, "given" if minutes else "not-given", str(minutes), now)
        if minutes:
            errands.send(row.child, "more", {"minutes": minutes, "id": row.pk}, now)
    return row


def _request(row: StoredRequest) -> MoreTime:
    return MoreTime(row.pk, reference("child", row.child_id), row.asked_ms, row.minutes, row.given)


# --- appeals of adults


def appeal(child: Child, words: str, now: datetime) -> StoredAppeal:
    """Somebody says that they are an adult; an appeal that is open already stands."""
    with transaction.atomic():
        known = child.appeals.filter(outcome="open").first()
        if known is not None:
            return known
        filed = asking.file_appeal(
            new_id("appeal", now, secrets.token_bytes),
            reference("child", child.pk),
            milliseconds(now),
            rules(),
        )
        return StoredAppeal.objects.create(
            id=filed.id, child=child, words=words, filed_ms=filed.filed_ms, due_ms=filed.due_ms
        )


def answer_appeal(
    row_id: str, officer: Person, reason: str, now: datetime, *, upheld: bool
) -> StoredAppeal | asking.Refusal:
    """The officer's decision. Upheld, the gateway hears of an adult.
    law:cn-genai-2023/art10.3"""
    with transaction.atomic():
        row = StoredAppeal.objects.select_for_update().get(pk=row_id)
        at, who = milliseconds(now), f"person-{officer.pk}"
        before = row.child.appeals.exclude(pk=row.pk).filter(officer=officer).exists()
        after = asking.answer_appeal(
            _appeal(row), who, reason, at, upheld=upheld, decided_before=before
        )
        if isinstance(after, asking.Refusal):
            return after
        row.outcome, row.officer, row.reason = after.outcome, officer, after.reason
        row.decided_ms = after.decided_ms
        row.save()
        tell_child(row.child, f"appeal-{after.outcome}", "", now, after.reason)
        if upheld:
            ends = at + ADULT_DAYS * DAY_MS
            signal = AgeSignal("document", "substantial", rules().adult, None, at, ends, "appeal")
            errands.send(row.child, "signal", {"signal": signal_as_json(signal)}, now)
    return row


def is_late(row: StoredAppeal, now: datetime) -> bool:
    """Whether the pack's time to answer is over and nobody has."""
    return asking.is_overdue(_appeal(row), milliseconds(now))


def _appeal(row: StoredAppeal) -> Appeal:
    outcome: Any = row.outcome
    return Appeal(row.pk, reference("child", row.child_id), row.filed_ms, row.due_ms, outcome)


# --- help in a crisis


def take_alerts(child: Child, alerts: list[dict[str, Any]], now: datetime) -> int:
    """Keep what the gateway says of help that was given; once each. How many are new."""
    came = 0
    for one in alerts:
        _, new = StoredAlert.objects.get_or_create(
            child=child, at_ms=one["at_ms"], category=one["category"],
            defaults={"id": new_id("alert", now, secrets.token_bytes)},
        )  # fmt: skip
        came += new
    return came


def review_alert(row_id: str, officer: Person, reason: str, now: datetime, *, tell: bool) -> bool:
    """A person decides whether the guardians hear of it, for a reason; False where one has
    decided already, or without a reason. Nothing is told before (rule 3)."""
    with transaction.atomic():
        row = StoredAlert.objects.select_for_update().get(pk=row_id)
        if row.outcome != "open" or not reason.strip():
            return False
        row.outcome, row.officer = ("told" if tell else "held"), officer
        row.reason, row.decided_ms = reason.strip(), milliseconds(now)
        row.save()
        if tell:
            for link in row.child.links.filter(stage="active").select_related("guardian"):
                tell_person(link.guardian, "help", link.called, now)
    return True


# --- telling


def tell_person(
    guardian: Person, kind: str, about: str, now: datetime, *, letter: bool = True
) -> None:  # fmt: skip
    """A guardian finds this on their page, and has a letter that there is something."""
    Notice.objects.create(
        guardian=guardian, kind=kind, about=about, at=now, letter_at=now if letter else None
    )


def tell_child(child: Child, kind: str, about: str, now: datetime, text: str = "") -> None:
    """A child finds this on its page."""
    Notice.objects.create(child=child, kind=kind, about=about, text=text, at=now)

"""What a message can ask for: one row a kind. Another desk that takes messages adds a row here.

It refuses to know signatures, HTTP and how a message is kept; `taking` calls `take` once for each
message, inside the transaction that keeps its receipt.

Rules
1. A row says the shape of its body as a msgspec struct: what comes is held against it before
   `take` sees it, and the OpenAPI shows it.
2. `take` gives a lawful "no" as a Refusal. It raises NotTaken for what its sender has to mend and
   send again: nothing of that is kept.
3. `take` calls the services that pages call; the law is theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Any, cast

import msgspec
from django.conf import settings
from django.db import transaction

from licet.base.trouble import BadInput, Corrupt
from licet.cases import Actor, Case, Refusal, possible
from licet.cases.proceedings import said as told
from licet.credentials.message import NotTaken
from licet.ledger.custody import Card
from licet.portal.accounts.models import Body
from licet.portal.api.models import Upload
from licet.portal.dossiers import travelling
from licet.portal.filings import desk, service
from licet.portal.filings.models import Attachment, Head, StoredCase
from licet.portal.filings.uploads import path_of
from licet.portal.incidents import receiving
from licet.portal.incidents import service as proceedings
from licet.portal.orders import service as orders
from licet.portal.orders.models import StoredOrder
from licet.portal.pack import procedure
from licet.rulebook.procedure import ActRule
from licet.rulebook.proceeding import ProceedingKind

CaseId = Annotated[
    str,
    msgspec.Meta(
        pattern="^case_[0-9a-z]{20}$", max_length=25, description="Drawn by the provider, once."
    ),
]
ProceedingId = Annotated[
    str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{8,64}$(?!\n)", description="Made by the provider.")
]
Word = Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9_]*$(?!\n)", max_length=64)]


@dataclass(frozen=True, slots=True)
class Sender:
    """The provider whose key signed a message, and as whom it acts in a case."""

    body: Body
    actor: Actor


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a message: what it is about, and the lawful "no" where there is one.

    `said`: its words by language, where they are not those of licensing."""

    subject: str
    refusal: Refusal | None = None
    said: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of message. `body` is a msgspec.Struct type; `take` is given one of it."""

    id: str
    summary: str
    body: type[msgspec.Struct]
    take: Callable[[Head, Sender, Any, datetime], Taken]


class FilingBody(msgspec.Struct, forbid_unknown_fields=True):
    """A filing on a route: a case under a new id, its answers, filed.

    `data`: what the act of filing asks for beside the answers, where the pack says so. A number
    that it asks for is proposed here where none is brought."""

    case: CaseId
    route: Word
    answers: dict[str, Any]
    data: dict[str, Any] = msgspec.field(default_factory=dict)


class ActBody(msgspec.Struct, forbid_unknown_fields=True):
    """An act in a case of the sender: filed again, an answer, a change, a renewal, an end.

    `act` and what `data` holds are the pack's. `answers`: the draft that the act is about, saved
    before it."""

    case: CaseId
    act: Word
    data: dict[str, Any] = msgspec.field(default_factory=dict)
    answers: dict[str, Any] | None = None


class ReportBody(msgspec.Struct, forbid_unknown_fields=True):
    """A report: a proceeding of the sender with its events from the beginning, the last of which
    brings it before the authority. The rules here have to decide the same."""

    proceeding: ProceedingId
    kind: Word
    events: list[Any]


class StepBody(msgspec.Struct, forbid_unknown_fields=True):
    """An act of the sender's side in a proceeding that was reported: a supplement, an answer."""

    proceeding: ProceedingId
    act: Word
    data: dict[str, Any] = msgspec.field(default_factory=dict)


class DossierBody(msgspec.Struct, forbid_unknown_fields=True):
    """A version of the dossier of a case: `document`, its canonical JSON, byte for byte. Open
    files and envelopes (`NAME.envelope`) come before it."""

    case: CaseId
    document: str
    whats_new: str


class ShareBody(msgspec.Struct, forbid_unknown_fields=True):
    """A share of a keeper at the provider, sealed to the reader of an order, by the digest of the
    envelope that it is of."""

    order: ProceedingId
    keeper: Card
    shares: dict[str, str]


class BringBody(msgspec.Struct, forbid_unknown_fields=True):
    """Envelopes that an order names, each by its digest; they come before it as files."""

    order: ProceedingId
    envelopes: dict[str, str]


class _Undone(Exception):
    """Carries a refusal out of a savepoint."""

    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(refusal.code)


def take_filing(head: Head, sender: Sender, body: FilingBody, now: datetime) -> Taken:
    """Open, save, file; all or nothing. A refusal leaves no case: the receipt is its record."""
    if StoredCase.objects.filter(pk=body.case).exists():
        raise NotTaken("case-exists", "there is a case with this id.", hint="Draw a new id.")
    try:
        with transaction.atomic():
            case = _sure(
                service.open_on(head, body.case, body.route, sender.actor, sender.body, now)
            )
            case = _save(head, sender, case, body.answers, now)
            rule = _filing_act(case, sender, now)
            data = dict(body.data)
            if "grant" in rule.effects:
                data.setdefault("number", desk.free_number(case, now, procedure()))
            _sure(service.act_on(head, case.id, rule.id, data, sender.actor, now))
    except _Undone as undone:
        head.refresh_from_db()
        return Taken(body.case, undone.refusal)
    return Taken(body.case)


def take_act(head: Head, sender: Sender, body: ActBody, now: datetime) -> Taken:
    """Save the draft where one is brought, then act. Refusals stand in the case's record."""
    if not StoredCase.objects.filter(pk=body.case, holder=sender.body).exists():
        raise NotTaken("no-such-case", "you have no such case here.")
    rule = procedure().acts.get(body.act)
    if rule is not None and "save" in rule.effects:
        raise NotTaken("bad-body", "a draft is not sent alone.", hint="Send it with what follows.")
    if body.answers is not None:
        try:
            _save(head, sender, service.load(body.case), body.answers, now)
        except _Undone as undone:
            return Taken(body.case, undone.refusal)
    outcome = service.act_on(head, body.case, body.act, body.data, sender.actor, now)
    return Taken(body.case, outcome if isinstance(outcome, Refusal) else None)


def take_report(head: Head, sender: Sender, body: ReportBody, now: datetime) -> Taken:
    """Keep a history that the rules here decide too (`incidents.receiving`)."""
    kind = cast(ProceedingKind, body.kind)
    receiving.receive(head, sender.body, body.proceeding, kind, body.events, now)
    return Taken(body.proceeding)


def take_step(head: Head, sender: Sender, body: StepBody, now: datetime) -> Taken:
    """Act in a proceeding. Refusals stand in its record."""
    account = sender.actor.account
    no = receiving.step(head, sender.body, body.proceeding, body.act, body.data, account, now)
    return _told(body.proceeding, no, proceedings.load(body.proceeding).kind)


def take_dossier(head: Head, sender: Sender, body: DossierBody, now: datetime) -> Taken:
    """Keep a version of a dossier (`dossiers.travelling`)."""
    files = dict(Upload.objects.filter(body=sender.body).values_list("sha256", "kind"))
    sent = travelling.Sent(body.document.encode(), body.whats_new)
    number, no = travelling.receive(
        head, sender.body, body.case, sent, files, sender.actor.account, now
    )
    return _told(number, no, "dossier")


def take_share(head: Head, sender: Sender, body: ShareBody, now: datetime) -> Taken:
    """Take a share into an order that the sender was told of."""
    row = _order(sender, body.order)
    no = orders.receive_share(head, row, body.keeper, body.shares, now)
    return _told(body.order, no, "order")


def take_brought(head: Head, sender: Sender, body: BringBody, now: datetime) -> Taken:
    """Keep envelopes for an order that the sender was told of."""
    row = _order(sender, body.order)
    came = Upload.objects.filter(body=sender.body, sha256__in=body.envelopes.values())
    known = {one.sha256 for one in came}
    if not known >= {*body.envelopes.values()}:
        raise NotTaken("missing-attachment", "envelopes that are named did not come.")
    store = {sha: path_of(settings.LICET_HOME, sha).read_bytes() for sha in known}
    try:
        orders.bring(row, {name: store[sha] for name, sha in body.envelopes.items()}, now)
    except (BadInput, Corrupt) as unfit:
        raise NotTaken("bad-body", f"{unfit}") from None
    return Taken(body.order)


def _order(sender: Sender, number: str) -> StoredOrder:
    row = StoredOrder.objects.filter(
        pk=number, holder=sender.body, proceeding__seen_by_provider=True
    ).first()
    if row is None:
        raise NotTaken("no-such-case", "you have no such order here.")
    return row


def _told(subject: str, no: Refusal | None, kind: ProceedingKind) -> Taken:
    if no is None:
        return Taken(subject)
    known = proceedings.rules(kind)
    return Taken(subject, no, {code: told(no, code, known) for code in ("zh", "en")})


def _save(
    head: Head, sender: Sender, case: Case, answers: Mapping[str, Any], now: datetime
) -> Case:
    _attach(sender.body, case, answers, now)
    rules = possible(case, sender.actor, now, procedure())
    rule = next((one for one in rules if one.effects == ("save",)), None)
    if rule is None:
        raise _Undone(Refusal("not_now", "answers", {"stage": case.filing}))
    given = {"answers": dict(answers)}
    return _sure(service.act_on(head, case.id, rule.id, given, sender.actor, now))


def _filing_act(case: Case, sender: Sender, now: datetime) -> ActRule:
    """The act that files a draft at this stage, by its effect."""
    rules = possible(case, sender.actor, now, procedure())
    rule = next((one for one in rules if "file" in one.effects), None)
    if rule is None:
        raise _Undone(Refusal("not_now", "file", {"stage": case.filing}))
    return rule


def _attach(body: Body, case: Case, answers: Mapping[str, Any], now: datetime) -> None:
    """Give the case the files that its answers name. Raises NotTaken where one did not come."""
    lacking = []
    for name, value in _files(answers):
        key = {"sha256": value["sha256"], "name": value["name"]}
        if Attachment.objects.filter(case_id=case.id, **key).exists():
            continue
        upload = Upload.objects.filter(body=body, **key).first()
        if upload is None or (upload.size, upload.kind) != (value["bytes"], value["type"]):
            lacking.append(name)
            continue
        Attachment.objects.create(
            case_id=case.id, kind=upload.kind, size=upload.size, at=now, **key
        )  # fmt: skip
    if lacking:
        raise NotTaken(
            "missing-attachment",
            f"files that are named did not come: {', '.join(sorted(lacking)[:20])}.",
            hint="PUT each at /api/v1/attachments first, and answer with what that gives.",
        )


def _files(answers: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Answers that name a file in the way that forms do; what is formed otherwise is refused as an
    answer."""
    for name, value in answers.items():
        if not isinstance(value, dict):
            continue
        texts = [value.get(key) for key in ("sha256", "name", "type")]
        if all(isinstance(one, str) and "\x00" not in one for one in texts) and isinstance(
            value.get("bytes"), int
        ):
            yield name, value


def _sure(outcome: Case | Refusal) -> Case:
    if isinstance(outcome, Refusal):
        raise _Undone(outcome)
    return outcome


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        one.id: one
        for one in (
            Kind("filing", "File on a route of the pack.", FilingBody, take_filing),
            Kind("act", "Act in a case of your own.", ActBody, take_act),
            Kind("report", "Report what follows after a halt.", ReportBody, take_report),
            Kind("step", "Act in what you reported.", StepBody, take_step),
            Kind("dossier", "Publish a version of a dossier.", DossierBody, take_dossier),
            Kind("share", "Give a share for an order of access.", ShareBody, take_share),
            Kind("bring", "Bring what an order of access names.", BringBody, take_brought),
        )
    }
)

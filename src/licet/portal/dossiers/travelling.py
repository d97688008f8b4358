"""Dossiers of two installations: a provider's version comes to the authority with its files, what
it came to is read back, and the keys of the authority's keepers go the other way.

It refuses to know signatures and messages: who sent it was established before.

Rules
1. The authority decides: a version stands, here and there, once its act stands in the record of
   the dossier. Until then the provider's draft is a draft.
2. A version is believed as far as its bytes give the digest, the form's answers are whole, every
   open file came, and every envelope is about this dossier and sealed for the keepers here.
3. Nothing that is sealed is opened on the way: envelopes are passed on as they are.
law:cn-genai-2023/art19.1 law:cn-genai-2023/art19.2
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings

from licet.base.trouble import BadInput, Corrupt
from licet.cases import Refusal
from licet.cases import dossier as rules_of
from licet.cases.dossier import Version, read_version
from licet.cases.dossier_bom import read_bom
from licet.credentials.message import NotTaken
from licet.ledger.custody import Card, read_envelope
from licet.portal.accounts.models import Body
from licet.portal.dossiers import sealing, service
from licet.portal.dossiers.models import Exhibit, Keeper, StoredDossier, StoredVersion
from licet.portal.filings import uploads
from licet.portal.filings.models import Head, StoredCase
from licet.portal.incidents import service as matters
from licet.portal.incidents.receiving import installation

SEALED, CHAIN = ".envelope", ".cdx.json"
"""How files end that no form takes and a dossier has: envelopes, and a supply chain."""
SEALED_TYPE = "application/octet-stream"
CHAIN_TYPE = "application/vnd.cyclonedx+json"


@dataclass(frozen=True, slots=True)
class Sent:
    """A version that was sent: its bytes, and what is new in it."""

    document: bytes
    whats_new: str


def own_file(name: str, data: bytes) -> uploads.Taken | None:
    """A file of a dossier alone (SEALED, CHAIN); None where it is none. Raises Corrupt or
    BadInput where it is not what its name says."""
    if name.endswith(SEALED):
        read_envelope(data)
        return uploads.Taken(name, SEALED_TYPE, data)
    if name.endswith(CHAIN):
        read_bom(data, name)
        return uploads.Taken(name, CHAIN_TYPE, data)
    return None


def files_of(row: StoredDossier, version: Version) -> Iterator[uploads.Taken]:
    """Everything that a version names: open files, and envelopes."""
    for one in _named(version):
        exhibit = Exhibit.objects.filter(dossier=row, sha256=one["sha256"]).first()
        if exhibit is not None:
            path = uploads.path_of(settings.LICET_HOME, exhibit.sha256)
            yield uploads.Taken(exhibit.name, exhibit.kind, path.read_bytes())
    for name, closed in version.sealed.items():
        data = sealing.envelope_of(closed).to_bytes()
        yield uploads.Taken(f"{name}{SEALED}", SEALED_TYPE, data)


def receive(
    head: Head, holder: Body, case_id: str, sent: Sent, files: Mapping[str, str], account: str,
    now: datetime,
) -> tuple[str, Refusal | None]:  # fmt: skip
    """Keep a version that a provider sends, inside `together`; the dossier's number, and the
    lawful "no". `files`: what of its files came, kind by digest. Raises NotTaken (rule 2)."""
    try:
        version = read_version(sent.document)
    except Corrupt as unfit:
        raise NotTaken("bad-body", f"{unfit}") from None
    case = StoredCase.objects.filter(pk=case_id, holder=holder).first()
    if case is None:
        raise NotTaken("no-such-case", "you have no such case here.")
    row = StoredDossier.objects.filter(case=case).first()
    if row is None:
        if StoredDossier.objects.filter(pk=version.dossier).exists():
            raise NotTaken("case-exists", "a dossier of another case has this number.")
        row = StoredDossier(id=version.dossier, case=case, holder=holder, changed=now)
    if row.id != version.dossier:
        raise NotTaken("case-exists", "the case has another dossier.")
    _check_files(version, files)
    form, act = service.rules().form, service.publishing(row).id
    faults = rules_of.lacking(form, version.answers, version.sealed)
    if faults:
        return row.id, Refusal("bad_data", act, {}, faults)
    actor = installation(holder, account, matters.rules("dossier"))
    row.save()
    for sealed in version.sealed.values():
        sealing.keep(uploads.path_of(settings.LICET_HOME, sealed.sha256).read_bytes())
    for one in _named(version):
        Exhibit.objects.get_or_create(
            dossier=row, sha256=one["sha256"], name=one["name"],
            defaults={"kind": one["type"], "size": one["bytes"], "at": now},
        )  # fmt: skip
    return row.id, service.publish_on(head, row, version, sent.whats_new, actor, now)


def adopt(number: str, case_id: str, holder: Body, sent: Iterable[Sent]) -> None:
    """Keep the versions of a dossier that stand in its record, out of what was sent (rule 1).
    Raises Corrupt where the record has one that was never sent."""
    row, _ = StoredDossier.objects.get_or_create(
        pk=number, defaults={"case_id": case_id, "holder": holder,
                             "changed": matters.load(number).opened_at},
    )  # fmt: skip
    known = {rules_of.read_version(one.document).sha256: one for one in sent}
    for event in matters.load(number).events:
        facts = event.data.get("facts", {})
        if "version_sha256" not in facts or facts["number"] <= row.published:
            continue
        one = known.get(facts["version_sha256"])
        if one is None:
            raise Corrupt(f"the authority has a version of {number} that was not sent from here.")
        StoredVersion.objects.create(
            dossier=row, number=facts["number"], sha256=facts["version_sha256"], at=event.at,
            document=one.document, whats_new=one.whats_new,
        )  # fmt: skip
        row.published = facts["number"]
    row.save(update_fields=["published"])


def take_keepers(cards: Iterable[Card], now: datetime) -> None:
    """From now on seal for these keepers of the authority, and for no others."""
    marks = set()
    for card in cards:
        if card.side != "authority":
            raise BadInput("a keeper of the authority stands on another side.")
        marks.add(card.mark)
        Keeper.objects.update_or_create(
            mark=card.mark,
            defaults={"name": card.name, "side": card.side, "public": card.public,
                      "retired": None},
            create_defaults={"name": card.name, "side": card.side, "public": card.public,
                             "made": now},
        )  # fmt: skip
    theirs = Keeper.objects.filter(side="authority", person=None, retired=None)
    theirs.exclude(pk__in=marks).update(retired=now)


def _named(version: Version) -> Iterator[dict[str, str]]:
    """The open files that a version names."""
    for value in version.answers.values():
        if isinstance(value, dict) and {"sha256", "name", "type", "bytes"} <= value.keys():
            yield value


def _check_files(version: Version, files: Mapping[str, str]) -> None:
    lacking = [one["name"] for one in _named(version) if one["sha256"] not in files]
    lacking += [name for name, one in version.sealed.items() if one.sha256 not in files]
    if lacking:
        raise NotTaken(
            "missing-attachment", f"files that are named did not come: {', '.join(lacking[:20])}.",
            hint="PUT each at /api/v1/attachments first.",
        )  # fmt: skip
    marks = {one.mark for one in sealing.keepers()}
    for name, closed in version.sealed.items():
        path = uploads.path_of(settings.LICET_HOME, closed.sha256)
        envelope = read_envelope(path.read_bytes())
        fits = envelope.about == sealing.about(version.dossier, name)
        enough = envelope.needed >= sealing.needed() and len(marks & {*envelope.shares}) >= (
            envelope.needed
        )
        if not fits or not enough:
            raise NotTaken(
                "bad-body", f"the envelope of {name} is not sealed for the keepers here.",
                hint="Read the keepers again, and seal it anew.",
            )  # fmt: skip

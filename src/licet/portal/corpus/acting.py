"""What people do with data sets in a browser: load, decide, write, put on record.

It refuses to know pages, and which moment it is.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from licet.base.canonical import sha256_hex
from licet.base.trouble import BadInput
from licet.corpus import publishing
from licet.corpus.annotation import Batch
from licet.corpus.annotation import Rules as AnnotationRules
from licet.corpus.annotation_register import AnnotationRegister, Recorded, Registered
from licet.corpus.arriving import Arrivals
from licet.corpus.card import CARD, CARD_BYTES_MAX, CARDS, parse_card
from licet.corpus.catalogue import Version
from licet.corpus.manifest import File
from licet.corpus.naming import check_id, check_path
from licet.corpus.publishing import Push, Refusal, examine
from licet.corpus.readers import Access, Readers, State
from licet.corpus.shelf import Shelf, batch_fields, published_fields, rules_fields
from licet.corpus.unfit import Unfit
from licet.corpus.uses import Uses
from licet.portal.accounts.models import Body, Person
from licet.portal.corpus.store import reader_of
from licet.rulebook import CorpusRules

DECISIONS: tuple[State, ...] = ("granted", "refused", "ended")


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent to be published: files as the browser sent them, a card in TOML or JSON."""

    namespace: str
    name: str
    message: str
    card: Any
    files: Sequence[Any]
    held: Sequence[File] = ()
    """Files whose content came in pieces before."""


def publish(
    shelf: Shelf, sent: Sent, rules: CorpusRules, body: Body, moment: datetime
) -> Version | Refusal:
    """The new version, or why there is none. Raises BadInput for names and cards that will not
    do."""
    dataset = check_id(f"{sent.namespace}/{sent.name.strip()}")
    if sent.card is None or not (sent.files or sent.held):
        raise BadInput("a card and at least one file are needed.", hint="Choose both.")
    name = CARDS[1] if str(sent.card.name).endswith(".json") else CARD
    data = sent.card.read(CARD_BYTES_MAX + 1)
    card = parse_card(data, name)
    refusal = examine(card, dataset, shelf.catalogue, rules)
    if refusal is not None:
        return refusal
    names = [check_path(PurePosixPath(str(one.name)).name) for one in sent.files]
    held = [File(check_path(PurePosixPath(f.path).name), f.sha256, f.size) for f in sent.held]
    if held and Arrivals(shelf).lacking(held, reader_of(shelf, body, moment)):
        message = "some of the files did not arrive. Choose them again."
        raise Unfit(message, ("", "not_here", ""))
    kept = held
    for path, one in (*zip(names, sent.files, strict=True), (name, None)):
        blob = shelf.blobs.put(one.chunks() if one is not None else iter([data]))
        kept.append(File(path, blob.sha256, blob.size))
    push = Push(dataset, tuple(kept), card, body.code, sent.message.strip())
    made = publishing.publish(push, shelf.catalogue, shelf.blobs, rules, moment)
    if isinstance(made, Version):
        shelf.record("corpus.published", published_fields(made), moment, secrets.token_bytes)
    return made


def register_rules(
    shelf: Shelf, said: AnnotationRules, law: CorpusRules, body: Body, moment: datetime
) -> Registered | Refusal:
    """The rules as they stand, or what they lack. Raises Conflict for a version that says
    something else already."""
    made = AnnotationRegister(shelf.catalogue).register(said, body.code, law, moment)
    if isinstance(made, Registered) and made.new:
        shelf.record("corpus.rules", rules_fields(made), moment, secrets.token_bytes)
    return made


def record_batch(shelf: Shelf, said: Batch, body: Body, moment: datetime) -> Recorded | Refusal:
    """The record as it stands, or why it cannot."""
    made = AnnotationRegister(shelf.catalogue).record(said, body.code, moment)
    if isinstance(made, Recorded) and made.new:
        shelf.record("corpus.annotated", batch_fields(made), moment, secrets.token_bytes)
    return made


def declare_use(
    shelf: Shelf, version: Version, body: Body, model: str, job: str, moment: datetime
) -> None:
    """Put down what a body used a version for. Raises BadInput for neither model nor job."""
    use = Uses(shelf.catalogue).declare(version, body.code, model, job, moment)
    if use.new:
        fields = {
            "dataset": version.dataset, "version": version.commit, "model": use.model or None,
            "job": use.job or None,
        }  # fmt: skip
        shelf.record("corpus.used", fields, moment, secrets.token_bytes)


def withdraw(shelf: Shelf, version: Version, body: Body, reason: str, moment: datetime) -> None:
    """Withdraw a version and what was made from it. Raises BadInput without a reason."""
    gone = publishing.withdraw(version, shelf.catalogue, by=body.code, reason=reason, now=moment)
    for one in gone:
        fields = {
            "dataset": one.dataset,
            "version": one.commit,
            "cause": one.withdrawn.cause if one.withdrawn else None,
            "reason_sha256": sha256_hex(reason.strip().encode()),
        }
        shelf.record("corpus.withdrawn", fields, moment, secrets.token_bytes)


def ask(shelf: Shelf, version: Version, body: Body, purpose: str, moment: datetime) -> str:
    """Ask in a body's name; gives the request's id. Raises BadInput without a purpose, Conflict
    for a second time."""
    reader = reader_of(shelf, body, moment)
    return Readers(shelf.catalogue).ask(
        version.dataset, reader, purpose, moment, secrets.token_bytes
    )


def decide(
    shelf: Shelf, asked: Access, decision: str, reason: str, person: Person, moment: datetime
) -> None:
    """Decide on a request; put it on record. Raises BadInput for what cannot follow."""
    state = next((one for one in DECISIONS if one == decision), None)
    if state is None:
        raise BadInput("choose what you decide.")
    done = Readers(shelf.catalogue).decide(asked.id, state, person.body.code, reason)
    fields = {"dataset": done.dataset, "reader": done.reader.id, "decision": decision}
    shelf.record("corpus.granted", fields, moment, secrets.token_bytes)


def renew(shelf: Shelf, body: Body, moment: datetime) -> str:
    """A new token for a body, shown once; the old one ends."""
    reader = reader_of(shelf, body, moment)
    return Readers(shelf.catalogue).renew(reader.id, secrets.token_bytes)

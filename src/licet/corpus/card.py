"""The card of a data set: where it comes from, under what terms, on what ground, how it was made.

It refuses to know whether what a card says is true; the scan and people look at that. Pure.

Rules
1. A card is TOML or JSON of this form and no other; an unknown key is refused with its place.
2. What is missing is a Fault, not a Trouble: all faults are told at once, each with what to do.
3. A source names the evidence that the pack asks of its type (law:cn-genai-2023/art7.1), personal
   data their ground (law:cn-genai-2023/art7.3), annotation its rules (law:cn-genai-2023/art8).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

import msgspec

from licet.base.trouble import BadInput
from licet.corpus.naming import check_id
from licet.corpus.unfit import Unfit, unread
from licet.rulebook.corpus import CorpusRules

CARD = "licet-card.toml"
CARDS = (CARD, "licet-card.json")
"""The names under which a folder that is pushed may hold its card."""
T = TypeVar("T")
CARD_BYTES_MAX = 256 << 10
MODALITIES = ("text", "image", "audio", "video", "table")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")


class Wording(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words in both languages."""

    zh: str
    en: str


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One place that data came from. `type`: of the pack; the rest is the evidence it asks for.

    `licence` is an SPDX id; `record`, `contract` … say where the paper stands, and are public.
    """

    name: str
    type: str
    url: str = ""
    licence: str = ""
    record: str = ""
    opt_out: str = ""
    contract: str = ""
    commitment: str = ""
    authorisation: str = ""


class Parent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A version of a data set here that this one was made from."""

    id: str
    version: str


class Personal(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """On what personal data rests; `record` says where that is shown."""

    basis: str
    record: str = ""


class Review(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who looked for other people's rights in it, when, and what was found."""

    by: str
    on: date
    finding: str


class RuleUsed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Rules by which people annotated, by id and version."""

    id: str
    version: str


class Quality(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Figures of the publisher: items, those annotated, those sampled, those found right."""

    items: int | None = None
    annotated: int | None = None
    sampled: int | None = None
    right: int | None = None


class Card(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a publisher says of a version. `access` and `licence` are ids of the pack."""

    title: Wording
    summary: Wording
    licence: str
    access: str
    languages: tuple[str, ...]
    modalities: tuple[str, ...]
    personal_data: Personal
    ip_review: Review
    source: tuple[Source, ...] = ()
    made_from: tuple[Parent, ...] = ()
    annotation: tuple[RuleUsed, ...] = ()
    quality: Quality = msgspec.field(default_factory=Quality)


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that a card lacks: where, a code of `words.FAULTS`, and what it is about."""

    where: str
    code: str
    about: str = ""


def parse_card(data: bytes, name: str = CARD) -> Card:
    """The card in TOML or, where `name` ends so, JSON. Raises BadInput with the place."""
    hint = "`licet corpus card` prints a card to fill in."
    return parse_filled(data, name, Card, bytes_max=CARD_BYTES_MAX, hint=hint)


def parse_filled(data: bytes, name: str, kind: type[T], *, bytes_max: int, hint: str) -> T:
    """What somebody filled in, of a kind, in TOML or, where `name` ends so, JSON. Raises BadInput
    with the place; `hint` says where an example is."""
    if len(data) > bytes_max:
        told = (name, "large", str(bytes_max >> 10))
        raise Unfit(f"{name} has more than {bytes_max >> 10} KiB.", told, hint="Shorten it.")
    decode = msgspec.json.decode if name.endswith(".json") else msgspec.toml.decode
    try:
        return decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
        message = f"{name}: {error}.".replace("..", ".")
        raise Unfit(message, unread(error, name), hint=hint) from None


def card_faults(card: Card, rules: CorpusRules) -> tuple[Fault, ...]:
    """All that a card lacks under the pack, in its order; empty where it may be published."""
    return (
        *_head_faults(card, rules),
        *_source_faults(card, rules),
        *_ground_faults(card, rules),
    )


def _head_faults(card: Card, rules: CorpusRules) -> Iterator[Fault]:
    for where, words in (("title", card.title), ("summary", card.summary)):
        if not words.zh.strip() or not words.en.strip():
            yield Fault(where, "both_languages")
        elif where == "title" and max(len(words.zh), len(words.en)) > 120:
            yield Fault(where, "too_long", "120")
    if card.licence not in rules.licences:
        yield Fault("licence", "unknown_licence", card.licence)
    if card.access not in rules.access:
        yield Fault("access", "unknown_access", ", ".join(rules.access))
    if not card.languages and "text" in card.modalities:
        yield Fault("languages", "empty")
    for tag in card.languages:
        if not _LANGUAGE.fullmatch(tag):
            yield Fault("languages", "no_language", tag)
    for kind in card.modalities or ("",):
        if kind not in MODALITIES:
            yield Fault("modalities", "unknown_modality", ", ".join(MODALITIES))


def _source_faults(card: Card, rules: CorpusRules) -> Iterator[Fault]:
    if not card.source and not card.made_from:
        yield Fault("source", "no_source")
    for number, source in enumerate(card.source, 1):
        where = f"source {number}"
        kind = rules.sources.get(source.type)
        if not source.name.strip():
            yield Fault(f"{where}.name", "empty")
        if source.url and not re.match(r"https?://[^\s<>\"]+\Z", source.url):
            yield Fault(f"{where}.url", "no_url")
        if kind is None:
            yield Fault(f"{where}.type", "unknown_source", ", ".join(rules.sources))
            continue
        for evidence in kind.evidence:  # law:cn-genai-2023/art7.1
            if not getattr(source, evidence).strip():
                yield Fault(f"{where}.{evidence}", "no_evidence", kind.id)
        if source.licence and source.licence not in rules.licences:
            yield Fault(f"{where}.licence", "unknown_licence", source.licence)
    for number, parent in enumerate(card.made_from, 1):
        try:
            check_id(parent.id)
        except BadInput:
            yield Fault(f"made_from {number}.id", "no_id", parent.id)
        if not _COMMIT.fullmatch(parent.version):
            yield Fault(f"made_from {number}.version", "no_version", parent.version)


def _ground_faults(card: Card, rules: CorpusRules) -> Iterator[Fault]:
    basis = rules.bases.get(card.personal_data.basis)
    if basis is None:
        yield Fault("personal_data.basis", "unknown_basis", ", ".join(rules.bases))
    elif basis.needs_record and not card.personal_data.record.strip():
        yield Fault("personal_data.record", "no_record")  # law:cn-genai-2023/art7.3
    if not card.ip_review.by.strip() or not card.ip_review.finding.strip():
        yield Fault("ip_review", "no_review")  # law:cn-genai-2023/art7.2
    for number, rule in enumerate(card.annotation, 1):
        if not rule.id.strip() or not _VERSION.fullmatch(rule.version):
            yield Fault(f"annotation {number}", "no_rule")  # law:cn-genai-2023/art8
    quality = card.quality
    if quality.annotated and not card.annotation:
        yield Fault("annotation", "annotated_without_rules")
    counts = (quality.right, quality.sampled, quality.items)
    told = [count for count in counts if count is not None]
    if told != sorted(told) or any(count < 0 for count in told):
        yield Fault("quality", "counts_disagree")

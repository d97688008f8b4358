"""Samples of a version that people read: drawn, handed to the labelling pages, counted.

It refuses to know pages, and who labels.

Rules
1. Every text has the same chance; the seed is kept, so that anybody can draw again.
2. The finding is put down when the sample is closed. What is not settled by then, and what nobody
   can tell, counts for nothing; too few prove nothing.
"""

from __future__ import annotations

import hashlib
import heapq
import secrets
from collections.abc import Iterator
from datetime import datetime

import msgspec

from licet.assess.labelling import TEXT_CHARACTERS_MAX, Drawn, Text, tally
from licet.base.canonical import sha256_hex
from licet.base.trouble import BadInput
from licet.corpus.catalogue import Version
from licet.corpus.human import Finding, HumanSamples
from licet.corpus.manifest import render_manifest
from licet.corpus.scan.report_words import VERDICTS
from licet.corpus.shelf import Shelf
from licet.ledger.entry import Value
from licet.portal.accounts.models import Body, Person
from licet.portal.corpus.checks import TONES, Clause
from licet.portal.corpus.store import opened, rules
from licet.portal.labelling import service
from licet.portal.labelling.models import Sample
from licet.portal.pack import pack
from licet.rulebook.assessment import Measure
from licet.stats.share import bounds, judge_share

LINE_BYTES_MAX = 1 << 20
_ENDS = (".jsonl", ".ndjson", ".txt")


class _Row(msgspec.Struct):
    text: str = ""


def measure() -> Measure:
    """What the pack asks of the sample that people read."""
    return pack().assessment.measures[rules().scan.manual]


def draw(shelf: Shelf, version: Version, many: int, seed: int) -> Drawn:
    """So many texts of a version, by chance (rule 1). Raises BadInput where it has none."""
    if many < 1:
        raise BadInput("a sample holds at least one item.", hint="Say how many to draw.")
    of = 0

    def ranked() -> Iterator[tuple[bytes, Text]]:
        nonlocal of
        for one in _texts(shelf, version):
            of += 1
            yield hashlib.sha256(f"{seed}/{one.id}".encode()).digest(), one

    chosen = heapq.nsmallest(many, ranked(), key=lambda row: row[0])
    if not chosen:
        raise BadInput("this version has no lines of text.", hint="Publish JSON lines or text.")
    drawn_from = sha256_hex(render_manifest(version.manifest))
    return Drawn("texts", tuple(text for _, text in chosen), of, seed, drawn_from)


def open_sample(
    shelf: Shelf, version: Version, many: int, person: Person, now: datetime
) -> Sample:  # fmt: skip
    """A sample of a version, for the person's body to label. Raises BadInput."""
    drawn = draw(shelf, version, many, secrets.randbelow(service.SEEDS))
    name = f"{version.dataset} v{version.n}"
    return service.keep_sample(name[:120], drawn, person, now, about=version.commit)


def of_body(body: Body, sample_id: int) -> Sample | None:
    """The sample of a version that a body drew; None where there is no such sample."""
    return Sample.objects.filter(pk=sample_id, body=body).exclude(about="").first()


def close(sample: Sample, now: datetime) -> None:
    """Put down what a sample of a version found, and remove its texts (rule 2); nothing for one
    that is closed."""
    if sample.closed is not None:
        return
    count = tally(service.votes_of(sample), service.kind_of(sample), "lawful")
    with opened() as shelf:
        found = HumanSamples(shelf.catalogue).keep(
            sample.about, str(sample.pk), sample.body.code, sample.seed, sample.of, count, now
        )
        version = shelf.catalogue.get(sample.about)
        fields: dict[str, Value] = {
            "dataset": version.dataset, "version": version.commit, "items": found.items,
            "seed": found.seed, "sampled": count.of, "right": count.hits,
        }  # fmt: skip
        shelf.record("corpus.sampled", fields, now, secrets.token_bytes)
    service.close_sample(sample, now)


def clause(found: Finding) -> Clause:
    """A finding as a row among the checks of a version, with its exact interval."""
    asked, evidence = measure(), pack().assessment.evidence
    within = bounds(found.count, evidence.confidence, evidence.sides)
    verdict = judge_share(found.count.share, within, asked.share, asked.bound)
    if verdict == "conforms" and found.count.of < min(asked.sample or 0, found.items):
        verdict = "not_enough_data"
    return Clause(
        asked.name, asked.clause, found.count.hits, found.count.of, 100 * within.low,
        100 * within.high, VERDICTS[verdict], TONES.get(verdict, "wait"),
    )  # fmt: skip


def _texts(shelf: Shelf, version: Version) -> Iterator[Text]:
    """The texts of a version that a person can read, each by file and line."""
    decode = msgspec.json.Decoder(_Row).decode
    for file in version.manifest.files:
        name = file.path.lower()
        if not name.endswith(_ENDS):
            continue
        for number, line in enumerate(_lines(shelf.blobs.read(file.sha256)), 1):
            text = line.decode("utf-8", "replace")
            if not name.endswith(".txt"):
                try:
                    text = decode(line).text
                except msgspec.DecodeError:
                    continue
            if text.strip():
                key = f"{number}:{file.path}"[:200]
                yield Text(key, "", text.strip()[:TEXT_CHARACTERS_MAX])


def _lines(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Lines out of pieces; one that is too long comes in parts."""
    left = b""
    for piece in pieces:
        *whole, left = (left + piece).split(b"\n")
        yield from whole
        if len(left) > LINE_BYTES_MAX:
            yield left
            left = b""
    if left:
        yield left

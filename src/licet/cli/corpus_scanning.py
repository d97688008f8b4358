"""What `licet corpus scan` does, and says: a scan, its report, a cleaned copy, a sheet.

It refuses to know the command line.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from licet.base.canonical import canonical_json
from licet.base.ids import Chance
from licet.corpus.card import CARDS
from licet.corpus.catalogue import Version
from licet.corpus.human import HumanSamples
from licet.corpus.scan.engine import Engine, by_ray, here, processes
from licet.corpus.scan.reading import Fields
from licet.corpus.scan.report import Document, make_document
from licet.corpus.scan.report_html import render
from licet.corpus.scan.run import Choice, Scanned, make_job, run_scan
from licet.corpus.scan.signed import publish_report
from licet.corpus.scan.taking import examples, read_labels, write_clean, write_sheet
from licet.corpus.shelf import Shelf
from licet.guard.bundle import read_bundle
from licet.rulebook.model import Pack
from licet.stats.share import Count


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for on the command line."""

    paths: tuple[Path, ...]
    folder: Path
    clean: Path | None
    engine: str
    workers: int
    work: Path
    fields: tuple[str, str]
    benchmarks: tuple[Path, ...]
    sample_share: float | None
    seed: int
    labels: tuple[Path, ...]
    sheet: Path | None
    by: str
    examples: int
    lang: str
    version: str = ""
    """The number of a version of a data set here, where that is what is scanned."""


@dataclass(frozen=True, slots=True)
class Done:
    """What is told, and whether anything stands against using the input as it is."""

    lines: tuple[str, ...]
    stands_against: bool


def scan_and_report(
    asked: Asked, pack: Pack, bundle: bytes, shelf: Shelf, now: datetime, chance: Chance,
    told: Callable[[int, int], None],
) -> Done:  # fmt: skip
    """Scan, report, and write what else was asked for. Raises what these raise."""
    choice = Choice(
        asked.paths, bundle, now.date(), Fields(*asked.fields), asked.benchmarks,
        asked.sample_share, asked.seed,
    )  # fmt: skip
    scanned = run_scan(make_job(choice, pack), pack, _engine(asked), asked.work, told)
    said: dict[int, bool] = {}
    for path in asked.labels:
        for place, good in read_labels(scanned, path).acceptable.items():
            said[place] = said.get(place, True) and good
    found = HumanSamples(shelf.catalogue).newest(asked.version) if asked.version else None
    manual = found.count if found else Count(sum(said.values()), len(said))
    document = make_document(
        scanned, pack, bundle=read_bundle(bundle, None).digest, manual=manual,
        examples=examples(scanned, asked.examples) if asked.examples else None,
        version=asked.version,
    )  # fmt: skip
    page = render(document, asked.lang)
    published = publish_report(document, page, asked.folder, shelf, now, chance)
    if asked.version:
        shelf.catalogue.put_report(asked.version, canonical_json(document))
    lines = list(_said(document))
    if asked.clean is not None:
        kept = write_clean(scanned, asked.clean)
        lines.append(f"{kept} items in {asked.clean / 'clean.jsonl'}")
    if asked.sheet is not None:
        lines.append(_write_sheet(scanned, asked, pack))
    lines += [f"{published.folder / 'report.html'}", f"sha256 {published.sha256}"]
    lines.append(f"entry {published.entry} of the log of data sets")
    against = any(one["verdict"] == "does_not" for one in document["clauses"])
    against |= any(one["verdict"] == "rejected" for one in document["sources"])
    return Done(tuple(lines), against)


@contextmanager
def laid_out(version: Version, shelf: Shelf) -> Iterator[Path]:
    """The files of a version under their names, in a folder that goes again."""
    with tempfile.TemporaryDirectory(prefix="laid-out-", dir=shelf.root) as folder:
        top = Path(folder) / version.dataset.partition("/")[2]
        for file in version.manifest.files:
            if file.path in CARDS or file.path.lower().endswith("readme.md"):
                continue
            (top / file.path).parent.mkdir(parents=True, exist_ok=True)
            shelf.blobs.lay(file.sha256, top / file.path)
        yield top


def _engine(asked: Asked) -> Engine:
    if asked.engine == "ray":
        return by_ray(asked.workers)
    return here if asked.workers == 1 else processes(asked.workers)


def _write_sheet(scanned: Scanned, asked: Asked, pack: Pack) -> str:
    assert asked.sheet is not None
    size = pack.assessment.measures[scanned.job.rule.manual].sample or 0
    written = write_sheet(scanned, asked.sheet, size, asked.by)
    return f"{written} items to label in {asked.sheet}"


def _said(document: Document) -> Iterator[str]:
    found = document["input"]
    yield f"{found['items']} items, {found['bytes']} bytes; {document['kept']} to keep"
    if found["bad"]:
        yield f"{found['bad']} could not be read: {', '.join(found['first_bad'])}"
    for name, count in document["flagged"].items():
        if count:
            yield f"{name.replace('_', ' '):<14} {count}"
    for one in document["clauses"]:
        seen = f"{one['hits']} of {one['of']}, {one['low']:.2%} to {one['high']:.2%}"
        yield f"{one['clause']:<7} {one['verdict'].replace('_', ' '):<16} {seen}"
    for one in document["sources"]:
        if one["verdict"] == "rejected":
            share = f"{one['unlawful']} of {one['judged']}"
            yield f"rejected: {_line(one['name'])}, {share}, {one['low']:.2%} to {one['high']:.2%}"


def _line(text: str) -> str:
    """A stranger's text on one line that commands no terminal."""
    return "".join(c if c.isprintable() else " " for c in text)

"""What `licet corpus scan` does, and says: a scan, its report, a cleaned copy, a sheet.

It refuses to know the command line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from licet.base.ids import Chance
from licet.corpus.scan.engine import Engine, by_ray, here, processes
from licet.corpus.scan.reading import Fields
from licet.corpus.scan.report import Document, make_document, stands_against
from licet.corpus.scan.report_html import render
from licet.corpus.scan.run import Choice, Scanned, make_job, run_scan
from licet.corpus.scan.signed import publish_report
from licet.corpus.scan.taking import examples, read_labels, write_clean, write_sheet
from licet.corpus.shelf import Shelf
from licet.guard.bundle import read_bundle
from licet.reports.signed import Published
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
    scanned = run_scan(
        make_job(choice, pack), pack, engine_of(asked.engine, asked.workers), asked.work, told
    )
    said: dict[int, bool] = {}
    for path in asked.labels:
        for place, good in read_labels(scanned, path).acceptable.items():
            said[place] = said.get(place, True) and good
    manual = Count(sum(said.values()), len(said))
    document = make_document(
        scanned, pack, bundle=read_bundle(bundle, None).digest, manual=manual,
        examples=examples(scanned, asked.examples) if asked.examples else None,
    )  # fmt: skip
    page = render(document, asked.lang)
    published = publish_report(document, page, asked.folder, shelf, now, chance)
    lines = list(said_of(document))
    if asked.clean is not None:
        kept = write_clean(scanned, asked.clean)
        lines.append(f"{kept} items in {asked.clean / 'clean.jsonl'}")
    if asked.sheet is not None:
        lines.append(_write_sheet(scanned, asked, pack))
    return Done((*lines, *said_of_report(published)), stands_against(document))


def engine_of(name: str, workers: int) -> Engine:
    """Who works: `ray`, or so many processes of this machine."""
    if name == "ray":
        return by_ray(workers)
    return here if workers == 1 else processes(workers)


def _write_sheet(scanned: Scanned, asked: Asked, pack: Pack) -> str:
    assert asked.sheet is not None
    size = pack.assessment.measures[scanned.job.rule.manual].sample or 0
    written = write_sheet(scanned, asked.sheet, size, asked.by)
    return f"{written} items to label in {asked.sheet}"


def said_of(document: Document) -> Iterator[str]:
    """What a scan found, on lines for a terminal."""
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


def said_of_report(published: Published) -> Iterator[str]:
    """Where a report lies, and where it is on record."""
    yield f"{published.folder / 'report.html'}"
    yield f"sha256 {published.sha256}"
    yield f"entry {published.entry} of the log of data sets"


def _line(text: str) -> str:
    """A stranger's text on one line that commands no terminal."""
    return "".join(c if c.isprintable() else " " for c in text)

"""The check of a published version: laid out, scanned, reported, put down.

It refuses to know who asks for it, and which versions wait (`licet.corpus.checking`).

Rules
1. One process at a time checks in a store. What an earlier one left lying when it was killed goes
   before the next version is laid out.
2. Whatever befalls one version is put down with it; the next one is checked all the same.
"""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from licet.base.canonical import canonical_json
from licet.base.ids import Chance
from licet.base.trouble import Conflict, Trouble
from licet.corpus.card import CARDS
from licet.corpus.catalogue import Version
from licet.corpus.checking import VersionChecks
from licet.corpus.human import HumanSamples
from licet.corpus.scan.engine import Engine, here
from licet.corpus.scan.reading import Fields
from licet.corpus.scan.report import NOBODY, Document, make_document, stands_against
from licet.corpus.scan.report_html import render
from licet.corpus.scan.run import PLAIN, Choice, make_job, run_scan
from licet.corpus.scan.signed import publish_report
from licet.corpus.shelf import Shelf
from licet.guard.bundle import read_bundle
from licet.reports.signed import Published
from licet.rulebook.model import Pack

WAIT_S = 30.0
_PAUSE_S = 0.2


@dataclass(frozen=True, slots=True)
class Manner:
    """How versions are checked; what is not said is the pack's. `bundle`: the guard's bytes."""

    bundle: bytes
    engine: Engine = here
    fields: Fields = PLAIN
    benchmarks: tuple[Path, ...] = ()
    sample_share: float | None = None


@contextlib.contextmanager
def alone(shelf: Shelf, wait_s: float = WAIT_S) -> Iterator[None]:
    """Rule 1, for the block. Raises Conflict where another process goes on checking for longer."""
    with (shelf.root / "checking.lock").open("ab") as lock:
        until = time.monotonic() + wait_s
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise Conflict(
                        "another process checks data sets here.", hint="Try again when it is done."
                    ) from None
                time.sleep(_PAUSE_S)
        yield


def check_version(
    version: Version, shelf: Shelf, pack: Pack, manner: Manner, now: datetime, chance: Chance,
    told: Callable[[int, int], None] = lambda done, of: None,
) -> tuple[Document, Published]:  # fmt: skip
    """Check a version; its report is signed, on record, and stands on its page from then on.

    Called `alone`. Raises what laying out and scanning raise, when that is put down (rule 2)."""
    checks = VersionChecks(shelf.catalogue)
    checks.begin(version.commit, now)
    try:
        with _laid_out(version, shelf) as (folder, work):
            choice = Choice(
                (folder,), manner.bundle, now.date(), manner.fields, manner.benchmarks,
                manner.sample_share,
            )  # fmt: skip
            scanned = run_scan(make_job(choice, pack), pack, manner.engine, work, told)
            found = HumanSamples(shelf.catalogue).newest(version.commit)
            document = make_document(
                scanned, pack, bundle=read_bundle(manner.bundle, None).digest,
                manual=found.count if found else NOBODY, version=version.commit,
            )  # fmt: skip
        published = publish_report(
            document, render(document, "en"), shelf.root / "reports" / version.commit, shelf, now,
            chance,
        )  # fmt: skip
    except Trouble as trouble:
        checks.fail(version.commit, trouble, now)
        raise
    shelf.catalogue.put_report(version.commit, canonical_json(document))
    checks.end(version.commit, against=stands_against(document), now=now)
    return document, published


def check_waiting(
    shelf: Shelf, pack: Pack, manner: Manner, clock: Callable[[], datetime], chance: Chance
) -> Iterator[tuple[Version, Trouble | None]]:
    """Check every version that waits, one after another; gives each when it is done, with what
    kept it from being checked. Called `alone`."""
    for version in VersionChecks(shelf.catalogue).waiting(clock()):
        trouble = None
        try:
            check_version(version, shelf, pack, manner, clock(), chance)
        except Trouble as met:
            trouble = met
        yield version, trouble


@contextlib.contextmanager
def _laid_out(version: Version, shelf: Shelf) -> Iterator[tuple[Path, Path]]:
    """The files of a version under their names, and a folder for what is worked off, both in one
    that goes again."""
    place = shelf.root / "checking"
    shutil.rmtree(place, ignore_errors=True)
    top = place / "files" / version.dataset.partition("/")[2]
    top.mkdir(mode=0o700, parents=True)
    try:
        for file in version.manifest.files:
            if file.path in CARDS or file.path.lower().endswith("readme.md"):
                continue
            (top / file.path).parent.mkdir(parents=True, exist_ok=True)
            shelf.blobs.lay(file.sha256, top / file.path)
        yield top, place / "work"
    finally:
        shutil.rmtree(place, ignore_errors=True)

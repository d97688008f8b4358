"""Check a whole log from its entries up, as an outsider would.

Refuses to know the writer: of the ledger's code it shares the forms of notes, checkpoints and
tiles, and `tree_check`, which shares nothing with the tree that the writer grows.

1. Every entry is hashed again, every tile is computed again and compared, and the root that
   comes out is compared with the one that was signed.
2. What does not fit is an answer, in the Report; the check ends at the first such place.
3. Only what hinders the check itself is raised: Unavailable, or NotFound where there is no log.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from licet.base.trouble import BadInput, Corrupt, NotFound
from licet.ledger.checkpoint import Checkpoint, read_checkpoint
from licet.ledger.note import Verifier, verify_note
from licet.ledger.source import Source, open_source
from licet.ledger.tiles import HASH_BYTES, TILE_BYTES, WIDTH, TileName, split_entries
from licet.ledger.tree_check import Recount

Signed = Literal["verified", "not checked", "false"]


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found. `first_bad_index` is the first entry that cannot be relied on."""

    where: str
    origin: str = ""
    size: int = 0
    root: str = ""
    signature: Signed = "not checked"
    entries_checked: int = 0
    checkpoints_checked: int = 0
    first_bad_index: int | None = None
    problem: str = ""

    @property
    def ok(self) -> bool:
        """True where everything fits. Where no key was given, the signature was not looked at."""
        return not self.problem and self.signature != "false"


def verify_log(source: Source | str, verifier: Verifier | None = None) -> Report:
    """Compute the log at `source` again and report.

    `source` is a folder, a database or a URL (see `open_source`). Without `verifier` the
    signature is not checked: then the report shows that the log agrees with itself, no more.
    """
    opened = open_source(source) if isinstance(source, str) else source
    try:
        return _verify(opened, verifier)
    finally:
        if isinstance(source, str):
            opened.close()


def _verify(source: Source, verifier: Verifier | None) -> Report:
    report = Report(source.where)
    note = source.fetch_checkpoint()
    try:
        claimed = read_checkpoint(note)
    except BadInput as error:
        return replace(report, problem=f"the checkpoint cannot be read: {error.message}")
    report = replace(report, origin=claimed.origin, size=claimed.size, root=claimed.root.hex())
    if verifier is not None:
        report = _check_signature(report, note, verifier)
        if not report.ok:
            return report
    return _Check(source, claimed, report).run()


def _check_signature(report: Report, note: bytes, verifier: Verifier) -> Report:
    if report.origin != verifier.name:
        said = f"this is the log of {report.origin}, the key is that of {verifier.name}"
        return replace(report, signature="false", problem=said)
    try:
        verify_note(note, (verifier,))
    except Corrupt as error:
        return replace(report, signature="false", problem=error.message)
    return replace(report, signature="verified")


class _Bad(Exception):
    """A finding, on its way from deep inside to `run`."""

    def __init__(self, problem: str, index: int | None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.index = index


class _Check:
    """One pass over a log, from its first entry to its last."""

    def __init__(self, source: Source, claimed: Checkpoint, report: Report) -> None:
        self._source = source
        self._claimed = claimed
        self._report = report
        self._count = Recount()
        self._history = self._read_history()
        self._history_checked = 0

    def run(self) -> Report:
        size = self._claimed.size
        bad: _Bad | None = None
        try:
            self._check_history()
            for bundle in range(-(-size // WIDTH)):
                self._check_bundle(bundle, min(WIDTH, size - bundle * WIDTH))
            self._check_end()
        except _Bad as found:
            bad = found
        return replace(
            self._report,
            entries_checked=self._count.size,
            checkpoints_checked=self._history_checked,
            first_bad_index=bad.index if bad else None,
            problem=bad.problem if bad else "",
        )

    def _check_bundle(self, bundle: int, width: int) -> None:
        first = bundle * WIDTH
        name = TileName(None, bundle, width)
        try:
            entries = split_entries(self._source.fetch_tile(name), width)
        except (NotFound, Corrupt) as error:
            raise _Bad(f"{name.path}: {error.message}", first)
        for entry in entries:
            self._count.add(entry)
            if self._history and self._history[-1].size == self._count.size:
                self._check_history()
        if width == WIDTH:
            self._check_full_tiles()

    def _check_full_tiles(self) -> None:
        for level, row in enumerate(self._count.rows):
            if len(row) < TILE_BYTES:
                return
            index = (self._count.size >> (8 * level)) // WIDTH - 1
            self._compare(TileName(level, index), self._count.take(level))

    def _check_end(self) -> None:
        if self._source.keeps_edges:
            for level in range(len(self._count.rows)):
                index = (self._count.size >> (8 * level)) // WIDTH
                row = self._count.take(level)
                if row:
                    self._compare(TileName(level, index, len(row) // HASH_BYTES), row)
        if self._count.root() != self._claimed.root:
            raise _Bad("the entries do not give the root that was signed", None)

    def _compare(self, name: TileName, computed: bytes) -> None:
        level = name.level or 0
        try:
            stored = self._source.fetch_tile(name)[: len(computed)]
        except (NotFound, Corrupt) as error:
            raise _Bad(f"{name.path}: {error.message}", name.index << (8 * level + 8))
        if stored == computed:
            return
        at = next(
            (
                slot
                for slot in range(name.width)
                if stored[slot * HASH_BYTES :][:HASH_BYTES]
                != computed[slot * HASH_BYTES :][:HASH_BYTES]
            ),
            0,
        )
        index = (name.index * WIDTH + at) << (8 * level)
        raise _Bad(f"{name.path} does not fit the entries from {index} on", index)

    def _read_history(self) -> list[Checkpoint]:
        """Checkpoints of old up to the size that is checked, largest first."""
        try:
            kept = [read_checkpoint(note) for note in self._source.fetch_history()]
        except BadInput as error:
            raise Corrupt(f"a kept checkpoint cannot be read: {error.message}") from error
        wanted = [old for old in kept if old.size <= self._claimed.size]
        return sorted(wanted, key=lambda old: old.size, reverse=True)

    def _check_history(self) -> None:
        """The checkpoints that were made when the log had as many entries as were counted."""
        while self._history and self._history[-1].size == self._count.size:
            old = self._history.pop()
            if old.root != self._count.root() or old.origin != self._claimed.origin:
                said = f"the checkpoint kept of {old.size} entries does not fit them"
                raise _Bad(said, old.size - 1 if old.size else None)
            self._history_checked += 1

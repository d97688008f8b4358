"""One scan from beginning to end: planned, worked off, merged; resumed where it was broken off.

It refuses to know who works (an engine is handed in), what time it is, and terminals.

Rules
1. What was worked off stays in the work folder under a digest of everything that it depends on:
   input, bundle, pack, settings. A second run goes on from there; other settings begin anew.
2. Memory does not grow with the input but by a few bytes an item: signatures lie on disk.
3. The same input, bundle and settings give the same document, byte for byte.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from licet.base.canonical import canonical_json, sha256_hex
from licet.base.trouble import BadInput
from licet.corpus.scan import pieces as planning
from licet.corpus.scan.engine import Engine, Job
from licet.corpus.scan.merge import Evidence, Merged, merge
from licet.corpus.scan.model import Piece
from licet.corpus.scan.reading import Fields, Tally, batches
from licet.corpus.scan.results import Result, keep, read_result
from licet.corpus.unfit import Unfit
from licet.rulebook.model import Pack

BENCHMARK_BYTES_MAX = 256 << 20
PLAIN = Fields()
FORM = 1
"""Of results in a work folder: another one is worked off anew."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What a scan is asked to do. `bundle`: the guard's, as bytes; `sample_share` None: the
    pack's."""

    paths: tuple[Path, ...]
    bundle: bytes
    today: date
    fields: Fields = PLAIN
    benchmarks: tuple[Path, ...] = ()
    sample_share: float | None = None
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Scanned:
    """A scan that is done: the job, the digest of its input, and what was found."""

    job: Job
    input_sha256: str
    merged: Merged
    benchmark_names: tuple[str, ...]


def make_job(choice: Choice, pack: Pack) -> Job:
    """The job, its pieces planned. Raises NotFound or BadInput for what cannot be scanned."""
    rule = pack.corpus.scan
    share = choice.sample_share or pack.assessment.measures[rule.technical].sample_share or 1.0
    if not 0 < share <= 1:
        raise BadInput(f"a sample of {share:g} is none.", hint="Write a share above 0, up to 1.")
    return Job(
        pieces=planning.plan(choice.paths), fields=choice.fields, bundle=choice.bundle,
        today=choice.today, rule=rule,
        benchmarks=tuple(read_benchmark(path, choice.fields) for path in choice.benchmarks),
        sample_share=share, seed=choice.seed,
    )  # fmt: skip


def read_benchmark(path: Path, fields: Fields) -> tuple[str, tuple[str, ...]]:
    """A benchmark's name and texts. Raises BadInput for one too large, or without a text."""
    if path.stat().st_size > BENCHMARK_BYTES_MAX:
        raise BadInput(f"{path} is larger than {BENCHMARK_BYTES_MAX >> 20} MiB.")
    texts = [
        item.text
        for piece in planning.plan([path])
        for batch in batches(piece, fields, Tally())
        for item in batch
    ]
    if not texts:
        raise BadInput(f"{path} holds no text.", hint="Name the field with --text-field.")
    return path.stem, tuple(texts)


def run_scan(
    job: Job, pack: Pack, engine: Engine, work: Path | None = None,
    told: Callable[[int, int], None] = lambda done, of: None,
) -> Scanned:  # fmt: skip
    """Work off a job and merge what was found. `work`: where results are kept to go on from;
    None: nowhere. `told` hears how many pieces are done."""
    sha256 = planning.digest(job.pieces)
    if work is None:
        with tempfile.TemporaryDirectory(prefix="licet-scan-") as passing:
            return _run(job, pack, engine, Path(passing), sha256, told)
    folder = work / _key(job, sha256)[:16]
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return _run(job, pack, engine, folder, sha256, told)


def _run(
    job: Job, pack: Pack, engine: Engine, folder: Path, sha256: str,
    told: Callable[[int, int], None],
) -> Scanned:  # fmt: skip
    total = len(job.pieces)
    waiting = [n for n in range(total) if _load(folder, n) is None]
    told(total - len(waiting), total)
    if waiting:
        done = total - len(waiting)
        for number, data in engine(job, waiting):
            keep(_place(folder, number), data)
            done += 1
            told(done, total)
    results, signature = _gather(folder, total, job.rule.permutations)
    evidence = pack.assessment.evidence
    merged = merge(
        results, signature, job.rule, Evidence(evidence.confidence, evidence.sides),
        len(job.benchmarks),
    )  # fmt: skip
    return Scanned(job, sha256, merged, tuple(name for name, _ in job.benchmarks))


def _gather(folder: Path, total: int, width: int) -> tuple[list[Result], NDArray[np.uint16]]:
    """All results without their signatures, which go to a file of their own."""
    path = folder / "signatures"
    results, items = [], 0
    with path.open("wb") as file:
        for number in range(total):
            found = _load(folder, number)
            assert found is not None  # the engine has given every piece
            signature = found.columns.signature
            items += len(signature)
            file.write(signature.astype("<u2").tobytes())
            light = np.zeros((0, width), dtype=np.uint16)
            columns = _without(found, light)
            results.append(columns)
        if not items:
            message = "the input holds no text that could be read."
            raise Unfit(message, ("", "no_text", ""), hint="See --text-field.")
    return results, np.memmap(path, dtype="<u2", mode="r", shape=(items, width))


def _without(found: Result, signature: NDArray[np.uint16]) -> Result:
    return replace(found, columns=replace(found.columns, signature=signature))


def _place(folder: Path, number: int) -> Path:
    return folder / f"{number:06d}.npz"


def _load(folder: Path, number: int) -> Result | None:
    try:
        return read_result(_place(folder, number).read_bytes())
    except FileNotFoundError:
        return None


def _key(job: Job, sha256: str) -> str:
    """The digest of everything that results depend on."""
    said: Mapping[str, object] = {
        "form": FORM,
        "input": sha256,
        "pieces": _ranges(job.pieces),
        "fields": [job.fields.text, job.fields.source],
        "bundle": sha256_hex(job.bundle),
        "today": job.today.isoformat(),
        "rule": msgspec.to_builtins(job.rule),
        "benchmarks": [[n, sha256_hex("\0".join(texts).encode())] for n, texts in job.benchmarks],
        "sample_share": job.sample_share,
        "seed": job.seed,
    }
    return sha256_hex(canonical_json(said))


def _ranges(pieces: Sequence[Piece]) -> list[list[object]]:
    return [[piece.name, piece.source, piece.start, piece.end] for piece in pieces]

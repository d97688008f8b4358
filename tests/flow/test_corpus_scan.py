"""A whole scan: planted faults are found, whoever works; what is broken off goes on; a cleaned
copy is clean; the report is signed and on record."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from kit.corpus import folder as push_folder
from kit.scans import BENCHMARK, PACK, RULE, Planted, bundle, job, lines, planted
from licet.base.canonical import canonical_json
from licet.base.trouble import BadInput, Conflict, NotFound, TooMuch
from licet.cli.corpus import corpus
from licet.corpus.scan import reading
from licet.corpus.scan.engine import Engine, Job, by_ray, here, processes
from licet.corpus.scan.model import Flag
from licet.corpus.scan.pieces import plan
from licet.corpus.scan.reading import Fields, Tally, batches, text_of_html
from licet.corpus.scan.report import make_document
from licet.corpus.scan.run import Scanned, run_scan
from licet.corpus.scan.taking import read_labels, write_clean, write_sheet
from licet.guard.bundle import read_bundle
from licet.stats.share import Count

FOUND = {
    "unlawful": Flag.UNLAWFUL, "exact_copy": Flag.EXACT_COPY, "near_copy": Flag.NEAR_COPY,
    "contaminated": Flag.CONTAMINATED, "phone-cn": Flag.PERSONAL, "cn-id": Flag.PERSONAL,
    "email": Flag.PERSONAL, "token": Flag.SECRET,
}  # fmt: skip


@pytest.fixture(scope="module")
def made() -> Planted:
    return planted()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, made: Planted) -> Path:
    """The lines in four files, and a benchmark beside them."""
    at = tmp_path_factory.mktemp("input")
    for part in range(4):
        lines(at / f"part-{part}.jsonl", made.rows[part * 500 : part * 500 + 500])
    return at


@pytest.fixture(scope="module")
def asked(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Job:
    path = tmp_path_factory.mktemp("bench") / "rivers.jsonl"
    return job(folder, benchmarks=(lines(path, [{"text": BENCHMARK}]),), sample_share=1.0)


@pytest.fixture(scope="module")
def scanned(asked: Job) -> Scanned:
    return run_scan(asked, PACK, here)


def document(of: Scanned) -> bytes:
    return canonical_json(make_document(of, PACK, bundle=read_bundle(bundle(), None).digest))


def test_planted_faults_are_found(made: Planted, scanned: Scanned) -> None:
    flags = scanned.merged.flags
    assert len(flags) == len(made.rows)
    recall, precision = {}, {}
    for flag in set(FOUND.values()):
        planted_at = set().union(*(made.at[kind] for kind, f in FOUND.items() if f == flag))
        found = {n for n in range(len(flags)) if flags[n] & flag}
        recall[flag] = len(found & planted_at) / len(planted_at)
        precision[flag] = len(found & planted_at) / len(found)
    assert recall == {
        Flag.UNLAWFUL: 1.0, Flag.EXACT_COPY: 1.0, Flag.NEAR_COPY: pytest.approx(1.0, abs=0.02),
        Flag.CONTAMINATED: 1.0, Flag.PERSONAL: 1.0, Flag.SECRET: 1.0,
    }  # fmt: skip
    assert min(precision.values()) > 0.98, precision


def test_the_source_above_the_limit_is_rejected_with_its_interval(scanned: Scanned) -> None:
    verdicts = {one.name: one for one in scanned.merged.figures.sources}
    assert verdicts["bad"].verdict == "rejected"
    assert verdicts["bad"].within.low > 0.05
    assert verdicts["clean"].verdict == verdicts["other"].verdict == "conforms"
    told = json.loads(document(scanned))
    assert [one["verdict"] for one in told["sources"]] == ["rejected", "conforms", "conforms"]


def test_clauses_say_what_is_missing(scanned: Scanned) -> None:
    told = json.loads(document(scanned))
    technical, manual = told["clauses"]
    assert (technical["verdict"], technical["of"]) == ("does_not", 2000)
    assert (manual["verdict"], manual["needed"]) == ("not_enough_data", 2000)


def test_processes_of_which_some_are_killed_give_the_same_report(
    asked: Job, scanned: Scanned
) -> None:
    def killing(job: Job, numbers: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        killed = False
        for number, data in processes(2)(job, numbers):
            yield number, data
            if not killed:
                killed = True
                for child in children():
                    os.kill(child, signal.SIGKILL)

    assert document(run_scan(asked, PACK, killing)) == document(scanned)


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    """Ray on this machine, once: it takes long to start."""
    ray = pytest.importorskip("ray", reason="Ray is not installed: make extras ARGS=ray")
    ray.init(include_dashboard=False, log_to_driver=False, configure_logging=False)
    yield
    ray.shutdown()


def quiet_ray(test: Callable[..., None]) -> Callable[..., None]:
    """What Ray warns of and leaves open is its own."""
    for kind in ("DeprecationWarning", "pytest.PytestUnraisableExceptionWarning"):
        test = pytest.mark.filterwarnings(f"ignore::{kind}")(test)
    return test


@quiet_ray
def test_ray_gives_the_same_report_whatever_befalls_its_workers(
    cluster: None, asked: Job, scanned: Scanned
) -> None:
    killed: list[int] = []

    def killing(job: Job, numbers: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        for number, data in by_ray(2)(job, numbers):
            yield number, data
            if not killed:
                killed.append(ray_workers()[0])
                os.kill(killed[0], signal.SIGKILL)

    assert document(run_scan(asked, PACK, by_ray(2))) == document(scanned)
    assert document(run_scan(asked, PACK, killing)) == document(scanned)
    assert killed


def ray_workers() -> list[int]:
    """The processes of Ray, started by this one, that work off pieces."""
    parents, names = {}, {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with contextlib.suppress(OSError):
                said = (folder / "stat").read_text().rpartition(")")[2].split()
                parents[int(folder.name)] = int(said[1])
                names[int(folder.name)] = (folder / "cmdline").read_bytes()
    found = []
    for pid, name in names.items():
        above = pid
        while above in parents and above != os.getpid():
            above = parents[above]
        if above == os.getpid() and name.startswith(b"ray::MapWorker"):
            found.append(pid)
    return found


def children() -> list[int]:
    import multiprocessing

    return [child.pid for child in multiprocessing.active_children() if child.pid]


def test_a_scan_goes_on_where_it_was_broken_off(
    asked: Job, scanned: Scanned, tmp_path: Path
) -> None:
    worked: list[int] = []

    def counting(until: int) -> Engine:
        def engine(job: Job, numbers: Sequence[int]) -> Iterator[tuple[int, bytes]]:
            for number, data in here(job, numbers):
                if len(worked) == until:
                    raise KeyboardInterrupt
                worked.append(number)
                yield number, data

        return engine

    with pytest.raises(KeyboardInterrupt):
        run_scan(asked, PACK, counting(2), tmp_path)
    damaged = next(tmp_path.glob("*/*.npz"))
    damaged.write_bytes(damaged.read_bytes()[:1000])
    done = run_scan(asked, PACK, counting(99), tmp_path)
    assert document(done) == document(scanned)
    assert sorted(worked) == [0, 0, 1, 2, 3]  # the damaged one was worked off again


def test_a_cleaned_copy_is_clean(scanned: Scanned, made: Planted, tmp_path: Path) -> None:
    kept = write_clean(scanned, tmp_path / "out")
    text = (tmp_path / "out/clean.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    assert len(rows) == kept == scanned.merged.figures.kept
    assert {row["source"] for row in rows} == {"clean", "other"}
    again = run_scan(job(tmp_path / "out", sample_share=1.0), PACK, here)
    assert again.merged.figures.kept == kept
    assert not again.merged.figures.flagged["personal"]
    with pytest.raises(Conflict):
        write_clean(scanned, tmp_path / "out")


def test_people_label_a_sample_that_chance_drew(scanned: Scanned, tmp_path: Path) -> None:
    assert write_sheet(scanned, tmp_path / "sheet.jsonl", 300, "ann") == 300
    rows = [json.loads(x) for x in (tmp_path / "sheet.jsonl").read_text("utf-8").splitlines()]
    for row in rows:
        row["acceptable"] = "ration" not in row["text"].lower()
    labels = read_labels(scanned, lines(tmp_path / "done.jsonl", rows))
    assert len(labels.acceptable) == 300
    manual = Count(sum(labels.acceptable.values()), 300)
    told = make_document(scanned, PACK, bundle="b", manual=manual)["clauses"][1]
    assert told["of"] == 300
    assert told["verdict"] != "conforms"  # fewer than the standard asks for
    for bad in ('{"id": "x-1", "acceptable": true}', "nonsense", '{"id": 3}'):
        (tmp_path / "bad.jsonl").write_text(bad)
        with pytest.raises(BadInput, match="line 1"):
            read_labels(scanned, tmp_path / "bad.jsonl")


def texts_of(path: Path, **fields: str) -> tuple[list[str], Tally]:
    tally = Tally()
    found = [
        item.text
        for piece in plan([path])
        for batch in batches(piece, Fields(**fields), tally)
        for item in batch
    ]
    return found, tally


@pytest.mark.parametrize("size", [1, 7, 40, 1000])
def test_lines_are_read_once_wherever_a_file_is_cut(
    tmp_path: Path, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from licet.corpus.scan import pieces

    rows = [{"text": "x" * n} for n in range(30)]
    path = lines(tmp_path / "a.jsonl", rows)
    monkeypatch.setattr(pieces, "PIECE_BYTES", size)
    assert texts_of(path)[0] == [row["text"] for row in rows]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # warcio's writer
def test_every_format_is_read(tmp_path: Path) -> None:
    rows = [{"text": "一"}, {"text": "二"}]
    plain = lines(tmp_path / "a.jsonl", rows)
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(plain.read_bytes()))
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "c.parquet")
    (tmp_path / "d.txt").write_text("一\n\n\n二\n", encoding="utf-8")
    for name in ("a.jsonl", "b.jsonl.gz", "c.parquet", "d.txt"):
        assert texts_of(tmp_path / name)[0] == ["一", "二"], name
    with (tmp_path / "e.warc.gz").open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        for status, kind, body in (
            ("200 OK", "text/html; charset=utf-8", "<p>一</p><script>x()</script><p>二"),
            ("404 Not Found", "text/html", "gone"), ("200 OK", "image/png", "png"),
        ):  # fmt: skip
            head = StatusAndHeaders(status, [("Content-Type", kind)], protocol="HTTP/1.1")
            payload = io.BytesIO(body.encode())
            record = writer.create_warc_record(
                "http://example.cn/", "response", payload=payload, http_headers=head
            )
            writer.write_record(record)
    assert texts_of(tmp_path / "e.warc.gz")[0] == ["一\n二"]
    assert text_of_html("<b>a</b><style>x</style> &lt;b") == "a <b"


@pytest.mark.parametrize(
    ("name", "data", "trouble"),
    [
        ("a.parquet", b"PAR1 not at all", BadInput), ("a.jsonl.gz", b"\x1f\x8b broken", BadInput),
        ("a.jsonl.gz", gzip.compress(b'{"text": "a"}\n' * 100_000), TooMuch),
        ("a.bin", b"x", BadInput), ("a.warc", b"WARC/1.0\r\nnonsense", None),
        ("a.jsonl", b"", None),
    ],
)  # fmt: skip
def test_hostile_files_are_refused_with_what_is_wrong(
    tmp_path: Path, name: str, data: bytes, trouble: type[Exception] | None
) -> None:
    (tmp_path / name).write_bytes(data)
    if trouble is None:
        trouble = BadInput
    with pytest.raises(trouble) as refused:
        run_scan(job(tmp_path), PACK, here)
    assert refused.value.message


def test_lines_that_cannot_be_used_are_counted_with_their_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "TEXT_BYTES_MAX", 100)
    good, long = b'{"text": "a"}\n', b'{"text": "' + b"x" * 300 + b'"}\n'
    data = good + b"{broken\n" + b"[1]\n" + b'{"text": 5}\n' + b"\xff\xfe\n" + long + good
    (tmp_path / "a.jsonl").write_bytes(data)
    found, tally = texts_of(tmp_path / "a.jsonl")
    assert (found, tally.bad) == (["a", "a"], 5)
    assert tally.first_bad[0] == f"a.jsonl:{len(good)}"


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        job(tmp_path / "nothing")


def run(home: Path, *words: object) -> Result:
    return CliRunner().invoke(corpus, [*map(str, words), "--home", str(home)])


def test_the_command_reports_signs_and_ends_with_1(folder: Path, tmp_path: Path) -> None:
    home, rules = tmp_path / "home", tmp_path / "r.toml"
    rules.write_text(RULE, encoding="utf-8")
    words = ("scan", folder, "-o", tmp_path / "report", "--rules", rules, "--sample-share", "0.5")
    done = run(home, *words, "--out", tmp_path / "clean", "--examples", "1", "--lang", "zh")
    assert done.exit_code == 1, done.output
    assert "rejected: bad" in done.output
    assert run(home, "verify-scan", tmp_path / "report").exit_code == 0
    page = (tmp_path / "report/report.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "不得使用" in page
    assert "Rejected" in page
    told = json.loads((tmp_path / "report/report.json").read_text())
    assert told["examples"]
    (tmp_path / "report/report.html").write_text(page.replace("Rejected", "Conforms"))
    altered = run(home, "verify-scan", tmp_path / "report")
    assert (altered.exit_code, "not what was signed" in altered.output) == (2, True)


def test_versions_are_checked_on_command_too(tmp_path: Path) -> None:
    home, rules = tmp_path / "home", tmp_path / "r.toml"
    rules.write_text(RULE, encoding="utf-8")
    rows = b"".join(b'{"text": "A forged ration stamp, number %d."}\n' % n for n in range(80))
    at = push_folder(tmp_path / "in", {"train.jsonl": rows})
    assert run(home, "push", at, "pub/demo").exit_code == 0
    waiting = run(home, "check")
    assert (waiting.exit_code, "pub/demo@" in waiting.output) == (0, True), waiting.output
    assert "check     conforms" in run(home, "show", "pub/demo").output
    assert run(home, "check").output == "", "nothing waits any more"
    again = run(home, "check", "pub/demo", "--rules", rules, "--sample-share", "1")
    assert (again.exit_code, "rejected: demo" in again.output) == (1, True), again.output
    assert "check     against" in run(home, "show", "pub/demo").output

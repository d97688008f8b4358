"""The writer: what its callers are promised while disks fail and queues fill."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator

import pytest

from kit.ledger import (
    ORIGIN,
    Answers,
    FaultyStore,
    MemoryDisk,
    MemoryStore,
    WallClock,
    entries,
    entry,
    make_test_signer,
)
from licet.base.trouble import BadInput, Corrupt, TooMuch, Trouble, Unavailable
from licet.ledger.entry import parse_entry
from licet.ledger.log import Log
from licet.ledger.store import Growth
from licet.ledger.writer import Writer

SIGNER = make_test_signer()


class SlowStore(MemoryStore):
    """Holds every save until `go` is set."""

    def __init__(self, disk: MemoryDisk) -> None:
        super().__init__(disk)
        self.go = threading.Event()
        self.saves = 0

    def save(self, growth: Growth) -> None:
        self.go.wait(10)
        self.saves += 1
        super().save(growth)


@pytest.fixture
def faulty() -> FaultyStore:
    return FaultyStore(MemoryStore(MemoryDisk()))


@pytest.fixture
def writer(faulty: FaultyStore) -> Iterator[Writer]:
    made = Writer(Log(faulty, SIGNER, ORIGIN), WallClock(), wait_ms=2, pause_s=0.01)
    yield made
    faulty.down = None
    made.close(5)


def wait_until(promise: str, reached: threading.Event | object, seconds: float = 5) -> None:
    until = time.monotonic() + seconds
    while not reached():  # type: ignore[operator]
        assert time.monotonic() < until, f"never {promise}"
        time.sleep(0.002)


def submit(writer: Writer, answers: Answers, bodies: list[bytes]) -> None:
    for body in bodies:
        writer.submit(body, answers.of(body))


def test_every_entry_is_acknowledged_with_its_index(faulty: FaultyStore, writer: Writer) -> None:
    answers = Answers()
    submit(writer, answers, entries(2000))
    answers.wait_for(2000)
    assert answers.indices == {entry(number): number for number in range(2000)}
    assert faulty.saved < 2000, "commits are shared"
    assert writer.healthy
    assert writer.backlog == 0


def test_entries_of_many_threads_all_arrive(writer: Writer) -> None:
    answers = Answers()
    threads = [
        threading.Thread(target=submit, args=(writer, answers, entries(300, 1000 * number)))
        for number in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answers.wait_for(1800)
    assert sorted(answers.indices.values()) == list(range(1800))


def test_an_entry_waits_for_company_but_an_urgent_one_does_not() -> None:
    for urgent in (False, True):
        log = Log(MemoryStore(MemoryDisk()), SIGNER, ORIGIN)
        patient = Writer(log, WallClock(), wait_ms=300)
        answers = Answers()
        began = time.monotonic()
        patient.submit(entry(0), answers.of(entry(0)))
        patient.submit(entry(1), answers.of(entry(1)), urgent=urgent)
        answers.wait_for(2)
        waited = time.monotonic() - began
        assert (waited < 0.25) is urgent
        patient.close(5)


def test_a_full_group_does_not_wait() -> None:
    log = Log(MemoryStore(MemoryDisk()), SIGNER, ORIGIN)
    patient = Writer(log, WallClock(), wait_ms=60_000, batch_max=10)
    answers = Answers()
    submit(patient, answers, entries(10))
    answers.wait_for(10, timeout_s=5)
    patient.close(5)


def test_a_full_backlog_is_said_and_nothing_of_it_is_lost() -> None:
    store = SlowStore(MemoryDisk())
    writer = Writer(Log(store, SIGNER, ORIGIN), WallClock(), batch_max=4, wait_ms=0, backlog_max=8)
    answers, taken = Answers(), 0

    def flood() -> None:
        nonlocal taken
        for body in entries(100):
            writer.submit(body, answers.of(body))
            taken += 1

    with pytest.raises(TooMuch):
        flood()
    assert 8 <= taken <= 12
    assert writer.healthy
    store.go.set()
    answers.wait_for(taken)
    assert len(answers.indices) == taken
    assert writer.close(5)


def test_a_failed_commit_is_told_to_everybody_who_waits(
    faulty: FaultyStore, writer: Writer
) -> None:
    answers = Answers()
    faulty.down = "lost"
    for body in entries(50):
        try:
            writer.submit(body, answers.of(body))
        except Unavailable:
            break
    wait_until("unhealthy", lambda: not writer.healthy)
    assert not answers.indices
    assert all(isinstance(trouble, Unavailable) for trouble in answers.troubles.values())
    assert writer.failure is not None
    with pytest.raises(Unavailable):
        writer.submit(entry(99))


@pytest.mark.parametrize("fault", ["lost", "kept"])
def test_the_writer_comes_back_by_itself_and_records_the_gap(
    faulty: FaultyStore, writer: Writer, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    answers = Answers()
    submit(writer, answers, entries(5))
    answers.wait_for(5)
    faulty.down = fault  # type: ignore[assignment]
    submit(writer, answers, entries(1, 5))
    answers.wait_for(6)
    assert entry(5) in answers.troubles
    wait_until("tried again", lambda: faulty.recovered > 1)
    assert not writer.healthy
    faulty.down = None
    wait_until("healthy", lambda: writer.healthy)
    submit(writer, answers, entries(5, 6))
    answers.wait_for(11)
    log = writer._log
    bodies = log.entries(0, log.size)
    for body, index in answers.indices.items():
        assert bodies[index] == body
    gap = next(parse_entry(body) for body in bodies if b"ledger.resumed" in body)
    assert gap.pub["cause"] == "unavailable"
    assert gap.pub["lost"] == 1
    stopped, resumed = caplog.messages
    assert stopped.startswith("the ledger cannot be written, and takes no entries: ")
    assert resumed == "the ledger is written again; entries lost meanwhile: 1"


def test_evidence_that_contradicts_itself_stops_the_writer_for_good(
    caplog: pytest.LogCaptureFixture,
) -> None:
    disk = MemoryDisk()
    store = FaultyStore(MemoryStore(disk), {1: "lost"})
    writer = Writer(Log(store, SIGNER, ORIGIN), WallClock(), wait_ms=0, pause_s=0.01)
    answers = Answers()
    submit(writer, answers, entries(1))
    answers.wait_for(1)
    disk.runs[0] = disk.runs[0].replace(b'"n":0', b'"n":7')
    submit(writer, answers, entries(1, 1))
    answers.wait_for(2)
    wait_until("stopped for good", lambda: isinstance(writer.failure, Corrupt))
    time.sleep(0.1)
    assert not writer.healthy
    with pytest.raises(Unavailable, match="cannot be written"):
        writer.submit(entry(2))
    assert not writer.close(5)
    stopped, final = caplog.messages
    assert stopped == "the ledger cannot be written, and takes no entries: the disk is full"
    assert final.startswith("the ledger stays closed until somebody has looked at it: ")


def test_closing_commits_what_waits(faulty: FaultyStore) -> None:
    writer = Writer(Log(faulty, SIGNER, ORIGIN), WallClock(), wait_ms=60_000)
    answers = Answers()
    submit(writer, answers, entries(700))
    assert writer.close(10)
    answers.wait_for(700)
    assert len(answers.indices) == 700
    assert not writer.healthy
    with pytest.raises(Unavailable):
        writer.submit(entry(0))
    assert writer.close(1), "closing twice is fine"


def test_closing_answers_everybody_even_when_the_disk_is_stuck() -> None:
    store = SlowStore(MemoryDisk())
    writer = Writer(Log(store, SIGNER, ORIGIN), WallClock(), wait_ms=0, batch_max=2)
    answers = Answers()
    submit(writer, answers, entries(20))
    assert not writer.close(0.05)
    answers.wait_for(18)
    store.go.set()
    answers.wait_for(20)
    assert set(answers.indices) | set(answers.troubles) == set(entries(20))


def test_closing_while_the_disk_is_full_ends(faulty: FaultyStore) -> None:
    writer = Writer(Log(faulty, SIGNER, ORIGIN), WallClock(), wait_ms=0, pause_s=30)
    answers = Answers()
    faulty.down = "lost"
    submit(writer, answers, entries(1))
    answers.wait_for(1)
    began = time.monotonic()
    assert not writer.close(5)
    assert time.monotonic() - began < 2


def test_a_closed_event_loop_does_not_stop_the_writer(writer: Writer) -> None:
    def gone(answer: int | Trouble) -> None:
        raise RuntimeError("Event loop is closed")

    answers = Answers()
    writer.submit(entry(0), gone)
    writer.submit(entry(1), answers.of(entry(1)))
    answers.wait_for(1)
    assert writer.healthy


def test_a_broken_callback_fails_closed(recwarn: pytest.WarningsRecorder) -> None:
    seen: list[object] = []
    before, threading.excepthook = threading.excepthook, seen.append
    try:
        writer = Writer(Log(MemoryStore(MemoryDisk()), SIGNER, ORIGIN), WallClock(), wait_ms=0)
        writer.submit(entry(0), lambda answer: 1 / 0)  # type: ignore[arg-type,return-value]
        wait_until("unhealthy", lambda: not writer.healthy)
        wait_until("ended", lambda: seen)
    finally:
        threading.excepthook = before
    with pytest.raises(Unavailable, match="ZeroDivisionError"):
        writer.submit(entry(1))
    assert not writer.close(1)


def test_every_entry_is_answered_exactly_once_whatever_fails(faulty: FaultyStore) -> None:
    """Four threads hand in while the disk comes and goes and the writer closes under them."""
    writer = Writer(Log(faulty, SIGNER, ORIGIN), WallClock(), wait_ms=1, pause_s=0.002)
    told: dict[bytes, list[int | Trouble]] = {}
    stop = threading.Event()

    def hand_in(first: int) -> None:
        for number in range(first, first + 100_000):
            body = entry(number)
            told[body] = []
            try:
                writer.submit(body, told[body].append)
            except (Unavailable, TooMuch):
                del told[body]
            if stop.is_set():
                return

    threads = [threading.Thread(target=hand_in, args=(100_000 * n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for fault in ("lost", None, "kept", None, "lost", None):
        faulty.down = fault  # type: ignore[assignment]
        time.sleep(0.06)
    wait_until("healthy", lambda: writer.healthy)
    writer.close(10)
    stop.set()
    for thread in threads:
        thread.join()
    assert all(len(answers) == 1 for answers in told.values())
    log = writer._log
    bodies = log.entries(0, log.size)
    acknowledged = {b: a[0] for b, a in told.items() if isinstance(a[0], int)}
    assert len(acknowledged) > 100
    assert all(bodies[index] == body for body, index in acknowledged.items())


def test_everybody_is_answered_even_when_the_writer_dies() -> None:
    class Broken(MemoryStore):
        def save(self, growth: Growth) -> None:
            raise ZeroDivisionError("a bug of ours")

    before, threading.excepthook = threading.excepthook, lambda args: None
    try:
        writer = Writer(Log(Broken(MemoryDisk()), SIGNER, ORIGIN), WallClock(), batch_max=5)
        answers = Answers()
        for body in entries(12):
            with contextlib.suppress(Unavailable):
                writer.submit(body, answers.of(body))
        wait_until("ended", lambda: not writer.healthy)
        answers.wait_for(5)
    finally:
        threading.excepthook = before
    assert not answers.indices
    assert all("ZeroDivisionError" in str(trouble) for trouble in answers.troubles.values())


def test_refusals_do_not_pile_up_in_memory(faulty: FaultyStore, writer: Writer) -> None:
    faulty.down = "lost"
    writer.submit(entry(0))
    wait_until("unhealthy", lambda: not writer.healthy)
    for _ in range(50):
        with pytest.raises(Unavailable) as caught:
            writer.submit(entry(1))
        depth, trace = 0, caught.value.__traceback__
        while trace is not None:
            depth, trace = depth + 1, trace.tb_next
        assert depth <= 3


def test_an_entry_too_long_is_refused_alone(writer: Writer) -> None:
    answers = Answers()
    with pytest.raises(BadInput):
        writer.submit(b"x" * 65_536)
    writer.submit(b"x" * 65_535, answers.of(b"x" * 65_535))
    answers.wait_for(1)
    assert list(answers.indices.values()) == [0]


def test_handing_in_is_cheap_for_the_caller(writer: Writer) -> None:
    """2 microseconds aimed at; this bound is loose for slow machines, bench/ledger.py measures."""
    body = entry(1)
    best = 1.0
    for _ in range(5):
        began = time.thread_time()
        for _ in range(1000):
            writer.submit(body)
        best = min(best, (time.thread_time() - began) / 1000)
        wait_until("drained", lambda: writer.backlog == 0)
    assert best < 20e-6

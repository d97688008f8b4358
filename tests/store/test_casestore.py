"""Cases: facts stay, excerpts are sealed and destroyed in time, objections are kept."""

from __future__ import annotations

import itertools
import random
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from licet.base.ids import case_number
from licet.base.trouble import BadInput, Conflict, Corrupt, NotFound, TooMuch, Unavailable
from licet.gateway.casestore import (
    OBJECTION_CHARACTERS_MAX,
    OBJECTIONS_MAX,
    CaseFile,
    CaseStore,
    ExcerptGone,
)
from licet.gateway.dialects.model import Notice

NOW = datetime(2026, 11, 24, 2, 19, 57, 123000, tzinfo=UTC)
DAY = timedelta(days=1)
DAYS = 90
REASON = {"zh": "内容协助诈骗。", "en": "This helps a fraud."}


def file(case: str = "LC-20261124-7F3K9Q2A", opened: datetime = NOW, **more: str) -> CaseFile:
    notice = Notice(
        case=case,
        category=more.get("category", "illegal_activity"),
        rule="base.fraud.en.1",
        reason=REASON,
        appeal=f"https://example.cn/appeal/{case}",
        where=more.get("where", ""),
    )
    return CaseFile(notice, more.get("kind", "halted"), opened, "ex_1")


def make(folder: Path, **more: Any) -> CaseStore:
    chance = random.Random(7).randbytes
    return CaseStore(
        folder / "sub" / "cases.db",
        folder / "keys" / "case_keys.db",
        **{"keep_days": DAYS, "chance": chance} | more,
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CaseStore]:
    with closing(make(tmp_path)) as store:
        yield store


class TestFacts:
    def test_a_case_is_found_with_its_facts_and_without_its_excerpt(
        self, store: CaseStore
    ) -> None:
        digest = store.open(file(), "the stopped words")
        record = store.find("LC-20261124-7F3K9Q2A")
        assert (record.category, record.rule) == ("illegal_activity", "base.fraud.en.1")
        assert (record.kind, record.reason, record.exchange) == ("halted", REASON, "ex_1")
        assert (record.opened, record.sealed_until) == (NOW, NOW + DAYS * DAY)
        assert record.ct_sha256 == digest
        assert len(bytes.fromhex(digest)) == 32
        assert "stopped words" not in repr(record)

    def test_an_unknown_case_is_not_found(self, store: CaseStore) -> None:
        for ask in (
            lambda: store.find("LC-1"),
            lambda: store.read_excerpt("LC-1", NOW),
            lambda: store.object_to("LC-1", "why?", NOW),
        ):
            with pytest.raises(NotFound, match="no case 'LC-1'"):
                ask()
        assert store.objections("LC-1") == ()

    def test_a_number_given_twice_is_refused_and_the_first_stays_readable(
        self, store: CaseStore
    ) -> None:
        store.open(file(), "first")
        with pytest.raises(Conflict):
            store.open(file(category="violence"), "second")
        assert store.find("LC-20261124-7F3K9Q2A").category == "illegal_activity"
        assert store.read_excerpt("LC-20261124-7F3K9Q2A", NOW).text == "first"

    def test_what_was_kept_is_there_after_a_restart(self, tmp_path: Path) -> None:
        with closing(make(tmp_path)) as store:
            store.open(file(where="messages[2].content"), "words")
            store.object_to("LC-20261124-7F3K9Q2A", "It was a joke.", NOW)
        with closing(make(tmp_path)) as store:
            excerpt = store.read_excerpt("LC-20261124-7F3K9Q2A", NOW)
            assert (excerpt.text, excerpt.where) == ("words", "messages[2].content")
            assert [o.words for o in store.objections("LC-20261124-7F3K9Q2A")] == [
                "It was a joke."
            ]


class TestSealing:
    def test_no_file_holds_the_excerpt_in_clear(self, store: CaseStore, tmp_path: Path) -> None:
        store.open(file(), "zzyzx-words-that-were-stopped")
        held = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
        assert b"LC-20261124-7F3K9Q2A" in held
        assert b"zzyzx" not in held

    def test_files_are_for_their_owner_alone(self, store: CaseStore, tmp_path: Path) -> None:
        store.open(file(), "words")
        paths = [p for p in tmp_path.rglob("*") if p.is_file()]
        assert {"cases.db", "case_keys.db", "cases.db-wal"} <= {p.name for p in paths}
        assert {stat.S_IMODE(p.stat().st_mode) for p in paths} == {0o600}

    @settings(max_examples=30)
    @given(text=st.text(st.characters(), max_size=200), where=st.text(max_size=20))
    def test_an_excerpt_comes_back_as_it_was_half_characters_too(
        self, tmp_path_factory: pytest.TempPathFactory, text: str, where: str
    ) -> None:
        with closing(make(tmp_path_factory.mktemp("cases"))) as store:
            store.open(file(where=where), text + "\ud83d")
            excerpt = store.read_excerpt("LC-20261124-7F3K9Q2A", NOW)
            assert (excerpt.text, excerpt.where) == (text + "\ud83d", where)

    def test_a_changed_excerpt_is_not_passed_off_as_the_one_recorded(
        self, store: CaseStore, tmp_path: Path
    ) -> None:
        store.open(file("LC-A"), "words")
        store.open(file("LC-B"), "other words")
        with closing(sqlite3.connect(tmp_path / "sub/cases.db")) as db, db:
            db.execute("UPDATE stopped SET sealed = x'c0ffee' WHERE id = 'LC-A'")
        with pytest.raises(Corrupt, match="LC-A"):
            store.read_excerpt("LC-A", NOW)
        assert store.read_excerpt("LC-B", NOW).text == "other words"


class TestSweep:
    def test_a_key_that_is_destroyed_is_in_no_file_any_more(
        self, store: CaseStore, tmp_path: Path
    ) -> None:
        store.open(file(), "words")
        keys = tmp_path / "keys/case_keys.db"
        with closing(sqlite3.connect(keys)) as db:
            (key,) = db.execute("SELECT key FROM seal_key").fetchone()

        def everything() -> bytes:
            return b"".join(p.read_bytes() for p in keys.parent.iterdir())

        assert key in everything()
        assert store.sweep(NOW + DAYS * DAY) == 1
        assert key not in everything()

    def test_a_reader_that_keeps_keys_alive_is_told_of(
        self, store: CaseStore, tmp_path: Path
    ) -> None:
        store.open(file(), "words")
        with closing(
            sqlite3.connect(tmp_path / "keys/case_keys.db", isolation_level=None)
        ) as slow:
            slow.execute("BEGIN")
            slow.execute("SELECT count(*) FROM seal_key").fetchone()
            with pytest.raises(Unavailable, match="journal"):
                store.sweep(NOW + DAYS * DAY)
        assert store.sweep(NOW + DAYS * DAY) == 1

    def test_what_is_past_its_time_is_not_read_though_nobody_swept(self, store: CaseStore) -> None:
        store.open(file(), "words")
        assert store.read_excerpt("LC-20261124-7F3K9Q2A", NOW + DAYS * DAY - DAY / 2).text
        with pytest.raises(ExcerptGone):
            store.read_excerpt("LC-20261124-7F3K9Q2A", NOW + DAYS * DAY)

    def test_many_are_swept_in_small_steps(self, store: CaseStore) -> None:
        for n in range(600):
            store.open(file(f"LC-{n}", NOW - n * DAY / 10), "words")
        assert store.sweep(NOW + (DAYS - 30) * DAY) == 300  # those 30 days old and older
        assert store.sweep(NOW + (DAYS - 30) * DAY) == 0


class TestObjections:
    def test_words_and_time_are_kept_in_order(self, store: CaseStore) -> None:
        store.open(file(), "words")
        first = store.object_to("LC-20261124-7F3K9Q2A", " 这是一句玩笑。\r\n真的。 ", NOW)
        second = store.object_to("LC-20261124-7F3K9Q2A", "And more.", NOW + DAY)
        assert (first.number, first.words, first.received) == (1, "这是一句玩笑。\n真的。", NOW)
        assert store.objections("LC-20261124-7F3K9Q2A") == (first, second)

    def test_the_same_words_again_are_one_objection(self, store: CaseStore) -> None:
        store.open(file(), "words")
        first = store.object_to("LC-20261124-7F3K9Q2A", "It was a joke.", NOW)
        assert store.object_to("LC-20261124-7F3K9Q2A", "It was a joke.", NOW + DAY) == first

    def test_a_case_takes_so_many_and_no_more(self, store: CaseStore) -> None:
        store.open(file(), "words")
        for n in range(OBJECTIONS_MAX):
            store.object_to("LC-20261124-7F3K9Q2A", f"reason {n}", NOW)
        with pytest.raises(TooMuch):
            store.object_to("LC-20261124-7F3K9Q2A", "one more", NOW)
        assert len(store.objections("LC-20261124-7F3K9Q2A")) == OBJECTIONS_MAX

    @pytest.mark.parametrize(
        "words",
        ["", " \r\n ", "字" * (OBJECTION_CHARACTERS_MAX + 1)],
        ids=["none", "blank", "long"],
    )
    def test_words_that_cannot_be_kept_are_refused(self, store: CaseStore, words: str) -> None:
        store.open(file(), "words")
        with pytest.raises(BadInput):
            store.object_to("LC-20261124-7F3K9Q2A", words, NOW)
        assert store.objections("LC-20261124-7F3K9Q2A") == ()

    def test_the_longest_objection_is_kept_whole(self, store: CaseStore) -> None:
        store.open(file(), "words")
        words = "字" * OBJECTION_CHARACTERS_MAX
        assert store.object_to("LC-20261124-7F3K9Q2A", words, NOW).words == words

    def test_numbers_do_not_clash_when_many_object_at_once(self, store: CaseStore) -> None:
        store.open(file(), "words")
        outcomes: list[object] = []

        def object_once(n: int) -> None:
            try:
                outcomes.append(store.object_to("LC-20261124-7F3K9Q2A", f"reason {n}", NOW))
            except TooMuch as full:
                outcomes.append(full)

        threads = [threading.Thread(target=object_once, args=(n,)) for n in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        kept = store.objections("LC-20261124-7F3K9Q2A")
        assert [o.number for o in kept] == list(range(1, OBJECTIONS_MAX + 1))
        assert sum(isinstance(outcome, TooMuch) for outcome in outcomes) == 12 - OBJECTIONS_MAX


class TestTrouble:
    @pytest.mark.parametrize("which", [0, 1], ids=["cases", "keys"])
    def test_a_full_disk_is_unavailable_and_loses_nothing_kept(
        self, tmp_path: Path, which: int
    ) -> None:
        connections: list[sqlite3.Connection] = []

        def connect(*args: Any, **more: Any) -> sqlite3.Connection:
            connections.append(sqlite3.connect(*args, **more))
            return connections[-1]

        with closing(make(tmp_path, connect=connect)) as store:
            store.open(file("LC-KEPT"), "words")
            connections[which].execute("PRAGMA max_page_count = 1")  # as large as it is now
            kept = ["LC-KEPT"]

            def fill() -> None:
                for n in range(1000):
                    store.open(file(f"LC-{n}"), "words" * 200)
                    kept.append(f"LC-{n}")

            with pytest.raises(Unavailable, match="full"):
                fill()
            connections[which].execute("PRAGMA max_page_count = 1000000")
            store.open(file("LC-AFTER"), "words")
            for case in [*kept, "LC-AFTER"]:
                assert store.read_excerpt(case, NOW).text.startswith("words")
            with pytest.raises(NotFound):
                store.find(f"LC-{len(kept) - 1}")
            assert store.sweep(NOW + DAYS * DAY) == len(kept) + 1

    def test_a_file_of_something_else_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "sub").mkdir()
        (tmp_path / "sub/cases.db").write_bytes(b"a letter, not a database. " * 50)
        with pytest.raises(BadInput, match="not a file of cases"):
            make(tmp_path)

    def test_a_folder_that_cannot_be_made_is_unavailable(self, tmp_path: Path) -> None:
        (tmp_path / "sub").write_text("in the way")
        with pytest.raises(Unavailable):
            make(tmp_path)


class Cases(RuleBasedStateMachine):
    """Whatever is opened, swept and objected to: facts stay, excerpts last as long as they may."""

    opened = Bundle("opened")
    folders: Iterator[Path]

    @initialize()
    def begin(self) -> None:
        self.folder = next(self.folders)
        self.store = make(self.folder)
        self.now = NOW
        self.known: dict[str, tuple[datetime, str, str]] = {}
        self.chance = random.Random(1).randbytes

    @rule(target=opened, excerpt=st.text(max_size=20))
    def open(self, excerpt: str) -> str:
        case = case_number(self.now, self.chance)
        digest = self.store.open(file(case, self.now), excerpt)
        self.known[case] = (self.now, excerpt, digest)
        return case

    @rule(days=st.floats(0, 60))
    def wait(self, days: float) -> None:
        self.now += timedelta(days=days)

    @rule()
    def sweep(self) -> None:
        self.store.sweep(self.now)
        sealed = [case for case in self.known if self.store.find(case).sealed_until is not None]
        assert all(self._age(case) < DAYS * DAY for case in sealed)

    @rule()
    def restart(self) -> None:
        self.store.close()
        self.store = make(self.folder, chance=random.Random(len(self.known)).randbytes)

    def _age(self, case: str) -> timedelta:
        opened = self.known[case][0]
        return self.now - opened.replace(microsecond=opened.microsecond // 1000 * 1000)

    @invariant()
    def facts_stay_and_excerpts_end(self) -> None:
        for case, (_, excerpt, digest) in getattr(self, "known", {}).items():
            assert self.store.find(case).ct_sha256 == digest
            if self._age(case) < DAYS * DAY:
                assert self.store.read_excerpt(case, self.now).text == excerpt
            else:
                with pytest.raises(ExcerptGone):
                    self.store.read_excerpt(case, self.now)

    def teardown(self) -> None:
        self.store.close()


def test_excerpts_end_and_facts_stay_whatever_happens(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    Cases.folders = (tmp_path_factory.mktemp(f"run{n}") for n in itertools.count())
    run_state_machine_as_test(Cases, settings=settings(max_examples=20, stateful_step_count=15))

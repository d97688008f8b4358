"""Which versions wait for their check: nothing is forgotten, nothing is tried for ever."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.corpus import NOW, put, shelf
from licet.base.trouble import BadInput, Trouble, Unavailable
from licet.corpus.catalogue import Version
from licet.corpus.checking import PAUSE_S, TRIES_MAX, Checked, VersionChecks
from licet.corpus.publishing import withdraw
from licet.corpus.shelf import Shelf
from licet.corpus.unfit import Unfit

PAUSE = dt.timedelta(seconds=PAUSE_S)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Shelf]:
    made = shelf(tmp_path)
    yield made
    made.close()


@pytest.fixture
def one(kept: Shelf, tmp_path: Path) -> Version:
    return put(kept, tmp_path, "pub/one", {"a.txt": b"1"})


def test_every_version_waits_that_stands_unchecked(
    kept: Shelf, one: Version, tmp_path: Path
) -> None:
    later = NOW + dt.timedelta(days=1)
    two = put(kept, tmp_path, "pub/one", {"a.txt": b"2"}, now=later)
    gone = put(kept, tmp_path, "pub/gone", {"a.txt": b"3"})
    withdraw(gone, kept.catalogue, by="ann", reason="over", now=NOW)
    checks = VersionChecks(kept.catalogue)
    assert checks.waiting(NOW) == (one, two)
    assert checks.of(one) == Checked("waiting")
    checks.begin(one.commit, NOW)
    kept.catalogue.put_report(one.commit, b"{}")
    checks.end(one.commit, against=False, now=NOW)
    assert checks.waiting(NOW + 9 * PAUSE) == (two,)
    assert checks.of(one) == Checked("conforms")


def test_a_check_that_took_its_process_with_it_is_begun_again_so_often(
    kept: Shelf, one: Version
) -> None:
    checks, now = VersionChecks(kept.catalogue), NOW
    for _ in range(TRIES_MAX):
        assert checks.waiting(now) == (one,)
        checks.begin(one.commit, now)
        assert checks.waiting(now + PAUSE / 2) == ()
        now += PAUSE
    assert checks.waiting(now) == ()
    assert checks.of(one).state == "failed"
    assert list(checks.to_tell()) == [(one, checks.of(one))]


@pytest.mark.parametrize(
    ("trouble", "again"), [(BadInput("no text"), False), (Unavailable("no store"), True)]
)
def test_what_cannot_be_read_stays_so_and_what_does_not_answer_is_asked_again(
    kept: Shelf, one: Version, trouble: Trouble, again: bool
) -> None:
    checks = VersionChecks(kept.catalogue)
    checks.begin(one.commit, NOW)
    checks.fail(one.commit, trouble, NOW)
    assert checks.of(one) == Checked("failed", str(trouble))
    assert checks.waiting(NOW) == ()
    assert bool(checks.waiting(NOW + PAUSE)) is again


def test_why_a_check_could_not_be_made_is_kept_in_both_languages(
    kept: Shelf, one: Version
) -> None:
    checks = VersionChecks(kept.catalogue)
    trouble = Unfit("a.parquet cannot\nbe read.", ("a.parquet", "no_parquet", ""))
    checks.fail(one.commit, trouble, NOW)
    found = checks.of(one)
    assert found.said == "a.parquet cannot be read."
    assert found.said_zh == trouble.said("zh")
    for _ in range(TRIES_MAX):
        checks.begin(one.commit, NOW)
    assert "进程" in checks.of(one).said_zh


def test_what_asks_for_attention_is_told_by_namespace(
    kept: Shelf, one: Version, tmp_path: Path
) -> None:
    checks = VersionChecks(kept.catalogue)
    other = put(kept, tmp_path, "pub-2/other", {"a.txt": b"1"})
    for version in (one, other):
        checks.end(version.commit, against=version is other, now=NOW)
    assert list(checks.to_tell()) == [(other, Checked("against"))]
    assert list(checks.to_tell("pub-2")) == [(other, Checked("against"))]
    assert list(checks.to_tell("pub")) == []

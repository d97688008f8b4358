"""What was published stays, byte for byte; what was altered is found; uploads go on where they
broke off."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from obstore.store import MemoryStore

from kit.corpus import NOW, RULES, card, put, shelf
from licet.base.trouble import BadInput, Conflict, Corrupt, NotFound, TooMuch, Unavailable
from licet.corpus.blobs import Blobs, FolderBlobs
from licet.corpus.catalogue import Version
from licet.corpus.checking import VersionChecks
from licet.corpus.fsck import Glance, check, glance
from licet.corpus.manifest import difference
from licet.corpus.objects import ObjectBlobs
from licet.corpus.publishing import Push, Refusal, publish, reach, unused, withdraw
from licet.corpus.shelf import Shelf


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Shelf]:
    made = shelf(tmp_path)
    yield made
    made.close()


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def faults(of: Shelf) -> list[str]:
    return [one.kind for one in check(of.catalogue, of.blobs) if one.is_fault]


def tamper(of: Shelf, change: str) -> None:
    of.catalogue.db.execute(change)


class Uploads(RuleBasedStateMachine):
    """Content comes in whole or in pieces, from several owners, with lies: what is here always has
    the digest that it is kept under, and what was once kept is never lost."""

    contents = st.binary(max_size=40)
    owners = st.sampled_from(["ann", "bo"])

    @staticmethod
    def store(folder: Path) -> Blobs:
        return FolderBlobs(folder)

    @initialize()
    def begin(self) -> None:
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        self.blobs = self.store(Path(self.folder.name))
        self.known: dict[str, bytes] = {}
        self.arriving: dict[tuple[str, str], bytes] = {}

    def teardown(self) -> None:
        self.folder.cleanup()

    @rule(data=contents, cut=st.integers(0, 40))
    def put(self, data: bytes, cut: int) -> None:
        blob = self.blobs.put(iter([data[:cut], data[cut:]]))
        assert (blob.sha256, blob.size) == (digest(data), len(data))
        self.known[blob.sha256] = data

    @rule(data=contents, owner=owners, cut=st.integers(1, 40), lie=st.booleans())
    def extend(self, data: bytes, owner: str, cut: int, lie: bool) -> None:
        sha256 = digest(data)
        here = self.blobs.begin(sha256, owner)
        assert here == len(self.arriving.get((sha256, owner), b""))
        piece = b"x" * cut if lie else data[here : here + cut]
        with pytest.raises(Conflict):
            self.blobs.extend(sha256, owner, here + 1, [piece], 1000)
        self.arriving.setdefault((sha256, owner), b"")  # begun, though nothing came
        if here + len(piece) > len(data):
            with pytest.raises(TooMuch):
                self.blobs.extend(sha256, owner, here, [piece], len(data))
            return
        self.blobs.extend(sha256, owner, here, [piece], len(data))
        self.arriving[sha256, owner] += piece

    @rule(data=contents, owner=owners)
    def finish(self, data: bytes, owner: str) -> None:
        sha256 = digest(data)
        arrived = self.arriving.pop((sha256, owner), None)
        if arrived is None:
            with pytest.raises(NotFound):
                self.blobs.finish(sha256, owner)
        elif arrived == data:
            assert self.blobs.finish(sha256, owner).size == len(data)
            self.known[sha256] = data
        else:
            with pytest.raises(Corrupt):
                self.blobs.finish(sha256, owner)

    @invariant()
    def nothing_is_lost_or_mixed(self) -> None:
        assert set(self.blobs.all()) == set(self.known)
        for sha256, data in self.known.items():
            assert b"".join(self.blobs.read(sha256)) == data


def objects(folder: Path) -> Blobs:
    """An object store in memory, by the library that speaks to S3."""
    return ObjectBlobs(MemoryStore(), FolderBlobs(folder))


class ObjectUploads(Uploads):
    """The same, kept in an object store."""

    store = staticmethod(objects)


TestUploads = Uploads.TestCase
TestUploads.settings = settings(stateful_step_count=8)
TestObjectUploads = ObjectUploads.TestCase
TestObjectUploads.settings = settings(stateful_step_count=8, max_examples=30)
STORES = pytest.mark.parametrize("store", [FolderBlobs, objects])


@STORES
@given(data=st.binary(max_size=200), start=st.integers(0, 220), end=st.integers(0, 220))
def test_a_range_of_content_is_that_range(
    store: Callable[[Path], Blobs], data: bytes, start: int, end: int
) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        blobs = store(Path(folder))
        sha256 = blobs.put([data]).sha256
        assert b"".join(blobs.read(sha256, start, end)) == data[start:end]


@STORES
def test_content_is_laid_out_dropped_and_missed(
    store: Callable[[Path], Blobs], tmp_path: Path
) -> None:
    blobs = store(tmp_path / "in")
    sha256 = blobs.put([b"ab", b"c"]).sha256
    blobs.lay(sha256, tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == b"abc"
    for _ in range(2):
        blobs.drop(sha256)
    assert blobs.size(sha256) is None
    with pytest.raises(NotFound):
        list(blobs.read(sha256))
    with pytest.raises(NotFound):
        blobs.lay(sha256, tmp_path / "again")


@STORES
def test_uploads_that_stand_still_are_let_go(
    store: Callable[[Path], Blobs], tmp_path: Path
) -> None:
    blobs, kept = store(tmp_path), digest(b"whole")
    blobs.put([b"whole"])
    for owner in ("ann", "bo"):
        blobs.extend(digest(b"part"), owner, 0, [b"pa"], 4)
    old, _ = (path for path in (tmp_path / "arriving").iterdir())
    os.utime(old, (NOW.timestamp(), NOW.timestamp()))
    assert [blobs.let_go(NOW), blobs.let_go(NOW + dt.timedelta(seconds=1))] == [0, 1]
    stand = [blobs.begin(digest(b"part"), owner) for owner in ("ann", "bo")]
    assert sorted(stand) == [0, 2]
    assert blobs.size(kept) == 5


def test_a_store_that_does_not_answer_says_so(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "store-url").write_text("memory:///\n")
    kept = shelf(tmp_path)
    assert isinstance(kept.blobs, ObjectBlobs)
    put(kept, tmp_path, "pub/demo", {"x": b"1"})
    assert not faults(kept)
    kept.close()
    (tmp_path / "corpus" / "store-url").write_text("nonsense")
    with pytest.raises(Unavailable, match="does not answer"):
        shelf(tmp_path)


@STORES
@pytest.mark.parametrize("name", ["", "../x", "g" * 64, "A" * 64, "/" * 64])
def test_a_digest_is_no_way_out_of_the_folder(
    store: Callable[[Path], Blobs], tmp_path: Path, name: str
) -> None:
    blobs = store(tmp_path)
    for ask in (blobs.size, lambda n: blobs.begin(n, "o"), lambda n: list(blobs.read(n))):
        with pytest.raises(BadInput):
            ask(name)


def test_versions_follow_each_other_and_the_same_is_no_new_one(
    kept: Shelf, tmp_path: Path
) -> None:
    first = put(kept, tmp_path, "pub/a", {"x.txt": b"1"})
    assert put(kept, tmp_path, "pub/a", {"x.txt": b"1"}).commit == first.commit
    second = put(kept, tmp_path, "pub/a", {"x.txt": b"2", "y.txt": b"1"})
    assert (second.n, second.manifest.parent) == (2, first.commit)
    assert kept.catalogue.resolve("pub/a") == second
    for revision in ("v1", first.commit, first.commit[:7]):
        assert kept.catalogue.resolve("pub/a", revision) == first
    with pytest.raises(NotFound):
        kept.catalogue.resolve("pub/a", "v3")
    changed = difference(first.manifest, second.manifest)
    assert [f.path for f in changed.added] == ["y.txt"]
    assert [(a.path, a.sha256 != b.sha256) for a, b in changed.changed] == [("x.txt", True)]
    assert len(list(kept.blobs.all())) == 3  # two contents, and the card, each once


def test_two_who_push_at_once_do_not_hide_each_others_version(kept: Shelf, tmp_path: Path) -> None:
    first = put(kept, tmp_path, "pub/a", {"x.txt": b"1"})
    stale = first.manifest
    put(kept, tmp_path, "pub/a", {"x.txt": b"2"})
    with pytest.raises(Conflict, match="newer version"):
        kept.catalogue.add(stale, 0)


def test_what_was_not_uploaded_is_not_published(kept: Shelf, tmp_path: Path) -> None:
    first = put(kept, tmp_path, "pub/a", {"x.txt": b"1"})
    sha256 = next(f.sha256 for f in first.manifest.files if f.path == "x.txt")
    kept.blobs.drop(sha256)
    push = Push("pub/a", first.manifest.files, card(licence="MIT"), "tests")
    with pytest.raises(NotFound, match=r"content of x\.txt is not here"):
        publish(push, kept.catalogue, kept.blobs, RULES, NOW)


@pytest.mark.parametrize(
    ("break_it", "found"),
    [
        (lambda s, p: (p.chmod(0o644), p.write_bytes(b"9")), ["altered"]),
        (lambda s, p: (p.chmod(0o644), p.write_bytes(b"12")), ["altered"]),
        (lambda s, p: p.unlink(), ["lost"]),
        (lambda s, p: tamper(s, "UPDATE version SET manifest = x'7b7d'"), ["manifest"]),
        (lambda s, p: tamper(s, "UPDATE file SET path = 'z' WHERE path = 'x'"), ["index"]),
        (lambda s, p: s.blobs.put([b"nobody's"]), []),
    ],
)  # fmt: skip
def test_what_was_altered_behind_our_back_is_found(
    kept: Shelf, tmp_path: Path, break_it: Callable[[Shelf, Path], Any], found: list[str]
) -> None:
    version = put(kept, tmp_path, "pub/a", {"x": b"1"})
    assert faults(kept) == []
    sha256 = next(f.sha256 for f in version.manifest.files if f.path == "x")
    break_it(kept, kept.blobs.path(sha256))
    assert faults(kept) == found


def family(kept: Shelf, tmp_path: Path) -> list[Version]:
    """old ← middle ← new, and another that has nothing to do with them."""
    old = put(kept, tmp_path, "pub/old", {"x": b"1"})
    middle = put(kept, tmp_path, "pub/middle", {"x": b"2"}, card(old))
    new = put(kept, tmp_path, "lab/new", {"x": b"3"}, card(middle))
    return [old, middle, new, put(kept, tmp_path, "pub/other", {"x": b"1"})]


def test_a_withdrawal_reaches_everything_made_from_it(kept: Shelf, tmp_path: Path) -> None:
    old, middle, new, other = family(kept, tmp_path)
    assert [v.commit for v in reach(old, kept.catalogue)] == [
        old.commit,
        middle.commit,
        new.commit,
    ]
    gone = withdraw(old, kept.catalogue, by="ann", reason="consent ended", now=NOW)
    assert [v.dataset for v in gone] == ["pub/old", "pub/middle", "lab/new"]
    causes = [v.withdrawn.cause for v in gone if v.withdrawn]
    assert causes == [None, old.commit, old.commit]
    assert [v.dataset for v in kept.catalogue.datasets()] == ["pub/other"]
    assert kept.catalogue.get(other.commit).withdrawn is None


def test_nothing_is_made_from_what_was_withdrawn(kept: Shelf, tmp_path: Path) -> None:
    old, *_ = family(kept, tmp_path)
    gone = withdraw(old, kept.catalogue, by="ann", reason="consent ended", now=NOW)[0]
    push = Push("lab/again", gone.manifest.files, card(gone), "bo")
    refused = publish(push, kept.catalogue, kept.blobs, RULES, NOW)
    assert isinstance(refused, Refusal)
    assert refused.said("en") == (
        f"made_from 1: It is made from pub/old@{old.commit[:7]}, which was withdrawn.",
    )


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_a_withdrawal_has_a_reason(kept: Shelf, tmp_path: Path, reason: str) -> None:
    old = put(kept, tmp_path, "pub/old", {"x": b"1"})
    with pytest.raises(BadInput):
        withdraw(old, kept.catalogue, by="ann", reason=reason, now=NOW)


def test_content_of_withdrawn_versions_alone_may_be_erased(kept: Shelf, tmp_path: Path) -> None:
    old, *_, other = family(kept, tmp_path)
    withdraw(old, kept.catalogue, by="ann", reason="consent ended", now=NOW)
    for sha256 in unused(kept.catalogue):
        kept.blobs.drop(sha256)
    assert faults(kept) == []
    for file in other.manifest.files:  # shares its content with the withdrawn one
        assert kept.blobs.size(file.sha256) == file.size


def test_after_a_withdrawal_the_next_version_stands(kept: Shelf, tmp_path: Path) -> None:
    first = put(kept, tmp_path, "pub/a", {"x": b"1"})
    second = put(kept, tmp_path, "pub/a", {"x": b"2"})
    withdraw(second, kept.catalogue, by="ann", reason="wrong file", now=NOW)
    assert kept.catalogue.resolve("pub/a").commit == first.commit
    again = put(kept, tmp_path, "pub/a", {"x": b"2"})
    assert again.n == 3
    assert kept.catalogue.resolve("pub/a") == again


@pytest.mark.parametrize(
    ("words", "found"),
    [("", 2), ("示例", 2), ("ＥＸＡＭＰＬＥ", 2), ("pub/b", 1), ("示例 nothing", 0), ("cc-by", 2),
     ("' OR 1=1 --", 0), ("%", 0)],
)  # fmt: skip
def test_data_sets_are_found_by_words(kept: Shelf, tmp_path: Path, words: str, found: int) -> None:
    put(kept, tmp_path, "pub/a", {"x": b"1"})
    put(kept, tmp_path, "pub/b", {"x": b"1"})
    assert len(kept.catalogue.datasets(words)) == found


def test_what_is_forbidden_down_the_chain_is_refused(kept: Shelf, tmp_path: Path) -> None:
    old = put(kept, tmp_path, "pub/old", {"x": b"1"}, card(licence="CC-BY-NC-4.0"))
    middle = put(kept, tmp_path, "pub/mid", {"x": b"2"}, card(old, licence="CC-BY-NC-4.0"))
    push = Push("lab/new", middle.manifest.files, card(middle), "bo")
    refused = publish(push, kept.catalogue, kept.blobs, RULES, NOW)
    assert isinstance(refused, Refusal)
    assert refused.said("en")[0] == (
        f"lab/new → pub/mid@{middle.commit[:7]} → pub/old@{old.commit[:7]}: "
        "CC-BY-4.0 allows what CC-BY-NC-4.0 does not: commercial use"
    )


def test_a_first_look_finds_what_is_lost_and_changes_nothing(tmp_path: Path) -> None:
    root = tmp_path / "corpus"
    assert glance(root) is None
    assert not root.exists()
    kept = shelf(tmp_path)
    stands = put(kept, tmp_path, "pub/a", {"x": b"1"})
    gone = put(kept, tmp_path, "pub/b", {"y": b"2"})
    withdraw(gone, kept.catalogue, by="ann", reason="an error", now=NOW)
    assert glance(root) == Glance(2, 1, 0)
    checks = VersionChecks(kept.catalogue)
    for version in (stands, gone):
        checks.fail(version.commit, BadInput("no such reader"), NOW)
    kept.close()
    assert glance(root) == Glance(2, 1, 0, unchecked=1)
    (root / "content" / digest(b"1")[:2] / digest(b"1")[2:]).unlink()
    assert glance(root) == Glance(2, 1, 1, unchecked=1)
    (root / "catalogue.db").write_bytes(b"SQLite format 3\x00" + b"x" * 4096)
    with pytest.raises(Corrupt, match="damaged"):
        glance(root)


_OLDER = """
CREATE TABLE made_from (
    child TEXT NOT NULL REFERENCES version,
    parent TEXT NOT NULL REFERENCES version,
    PRIMARY KEY (parent, child)
) STRICT, WITHOUT ROWID
"""


@pytest.mark.parametrize("older", [False, True])
def test_a_first_look_at_what_was_made_from_another_finds_nothing(
    older: bool, tmp_path: Path
) -> None:
    root = tmp_path / "corpus"
    if older:
        root.mkdir()
        with contextlib.closing(sqlite3.connect(root / "catalogue.db")) as db:
            db.execute(_OLDER)
    kept = shelf(tmp_path)
    parent = put(kept, tmp_path, "pub/a", {"x": b"1"})
    child = put(kept, tmp_path, "pub/b", {"y": b"2"}, card(parent))
    assert kept.catalogue.made_from(parent.commit) == (child,)
    kept.close()
    assert glance(root) == Glance(2, 0, 0)

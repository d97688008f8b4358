"""Data sets whose content lies in an S3 bucket, over the wire: published, read in ranges, checked,
lost, removed.

LICET_TEST_S3 names a bucket that may be written, `http://127.0.0.1:5555/bucket`; keys come from
the environment. `pip install 'moto[server]'; moto_server -p 5555` will do.
"""

from __future__ import annotations

import hashlib
import os
import random
import secrets
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from kit.corpus import NOW, put, shelf
from licet.base.trouble import NotFound, Unavailable
from licet.corpus.fsck import check
from licet.corpus.publishing import unused, withdraw
from licet.corpus.shelf import STORE_URL, Shelf

NAMED = os.environ.get("LICET_TEST_S3", "")
pytestmark = pytest.mark.skipif(not NAMED, reason="no bucket; set LICET_TEST_S3 to one")
LARGE = random.Random(3).randbytes(12 << 20)
"""Sent in several parts."""


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shelf]:
    """A store that keeps its content in a folder of its own of the bucket."""
    there = urlsplit(NAMED)
    monkeypatch.setenv("AWS_ENDPOINT", f"{there.scheme}://{there.netloc}")
    monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    for name, value in (("AWS_REGION", "us-east-1"), ("AWS_ACCESS_KEY_ID", "test"),
                        ("AWS_SECRET_ACCESS_KEY", "test")):  # fmt: skip
        monkeypatch.setenv(name, os.environ.get(name, value))
    with urllib.request.urlopen(urllib.request.Request(NAMED, method="PUT"), timeout=5):
        pass  # the bucket, where it is not there yet
    (tmp_path / "corpus").mkdir()
    place = f"s3:/{there.path}/{secrets.token_hex(8)}"
    (tmp_path / "corpus" / STORE_URL).write_text(place, encoding="utf-8")
    made = shelf(tmp_path)
    yield made
    made.close()


def test_content_in_a_bucket_is_published_read_in_ranges_laid_out_and_sound(
    kept: Shelf, tmp_path: Path
) -> None:
    version = put(kept, tmp_path, "pub/large", {"a.bin": LARGE, "b.txt": "中文".encode()})
    large = next(file for file in version.manifest.files if file.path == "a.bin")
    assert kept.blobs.size(large.sha256) == len(LARGE)
    assert b"".join(kept.blobs.read(large.sha256)) == LARGE
    assert b"".join(kept.blobs.read(large.sha256, 5 << 20, (5 << 20) + 9)) == LARGE[5 << 20 :][:9]
    assert b"".join(kept.blobs.read(large.sha256, len(LARGE))) == b""
    kept.blobs.lay(large.sha256, tmp_path / "laid")
    assert (tmp_path / "laid").read_bytes() == LARGE
    assert {file.sha256 for file in version.manifest.files} <= set(kept.blobs.all())
    assert [one for one in check(kept.catalogue, kept.blobs) if one.is_fault] == []
    assert not any((tmp_path / "corpus/content").glob("[0-9a-f][0-9a-f]/*")), "nothing stays here"


def test_an_upload_in_pieces_goes_to_the_bucket_when_it_is_whole(kept: Shelf) -> None:
    sha256 = hashlib.sha256(b"piece by piece").hexdigest()
    kept.blobs.extend(sha256, "ann", 0, [b"piece by"], 14)
    assert kept.blobs.size(sha256) is None
    kept.blobs.extend(sha256, "ann", 8, [b" piece"], 14)
    kept.blobs.finish(sha256, "ann")
    assert b"".join(kept.blobs.read(sha256)) == b"piece by piece"


def test_what_was_lost_or_removed_is_told(kept: Shelf, tmp_path: Path) -> None:
    version = put(kept, tmp_path, "pub/one", {"a.txt": b"1"})
    file = next(file for file in version.manifest.files if file.path == "a.txt")
    kept.blobs.drop(file.sha256)
    assert [one.kind for one in check(kept.catalogue, kept.blobs) if one.is_fault] == ["lost"]
    with pytest.raises(NotFound):
        next(kept.blobs.read(file.sha256))
    withdraw(version, kept.catalogue, by="ann", reason="over", now=NOW)
    for sha256 in unused(kept.catalogue):
        kept.blobs.drop(sha256)
    assert list(kept.blobs.all()) == []


def test_a_bucket_that_is_not_there_says_so(
    kept: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other/corpus").mkdir(parents=True)
    (tmp_path / "other/corpus" / STORE_URL).write_text("s3://no-such-bucket/x", encoding="utf-8")
    other = shelf(tmp_path / "other")
    with pytest.raises(Unavailable, match="does not answer"):
        other.blobs.put([b"1"])
    other.close()

"""The clients that people have, unmodified, against our data sets: `huggingface_hub`, `datasets`,
the `hf` command, DuckDB and Polars."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import huggingface_hub as hf
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from huggingface_hub.errors import (
    GatedRepoError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from kit.corpus import NOW, card, put, served, shelf
from licet.corpus.blobs import FolderBlobs
from licet.corpus.catalogue import Version
from licet.corpus.hub import Hub
from licet.corpus.publishing import withdraw

ROWS = [{"text": f"第{n}行 line {n}", "n": n} for n in range(1000)]
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def parquet(rows: list[dict[str, object]]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), out, row_group_size=100)
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class Place:
    """A platform with data sets, each in its versions, and who may load them."""

    url: str
    hub: Hub
    old: Version
    new: Version
    gated: Version
    token: str
    cache: Path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    root = tmp_path_factory.mktemp("corpus")
    kept = shelf(root)
    old = put(kept, root, "pub/demo", {"data/train.parquet": parquet(ROWS[:10])})
    files = {"data/train.parquet": parquet(ROWS), "README.md": "# 示例\n".encode()}
    new = put(kept, root, "pub/demo", files)
    put(kept, root, "pub/lines", {"train.jsonl": b'{"text": "a"}\n{"text": "b"}\n'})
    secret = {"train.parquet": parquet(ROWS[:50])}
    gated = put(kept, root, "pub/gated", secret, card(access="restricted"))
    with served(kept) as (url, hub):
        _, token = hub.readers.create("Lab", NOW, os.urandom)
        yield Place(url, hub, old, new, gated, token, root / "cache")
    kept.close()


def api(place: Place, token: str | bool = False) -> hf.HfApi:
    return hf.HfApi(endpoint=place.url, token=token)


def fetched(place: Place, dataset: str, name: str, **more: object) -> Path:
    return Path(
        hf.hf_hub_download(
            dataset, name, repo_type="dataset", endpoint=place.url, cache_dir=place.cache,
            **({"token": False} | more),
        )
    )  # fmt: skip


def test_data_sets_are_listed_and_described(place: Place) -> None:
    found = {one.id: one for one in api(place).list_datasets(search="示例")}
    assert set(found) == {"pub/demo", "pub/lines", "pub/gated"}
    assert found["pub/gated"].gated == "manual"
    told = api(place).dataset_info("pub/demo")
    assert (told.sha, told.card_data.license) == (place.new.commit, "cc-by-4.0")
    names = ["README.md", "data/train.parquet", "licet-card.json"]
    assert sorted(api(place).list_repo_files("pub/demo", repo_type="dataset")) == names
    refs = api(place).list_repo_refs("pub/demo", repo_type="dataset")
    assert [tag.target_commit for tag in refs.tags] == [place.new.commit, place.old.commit]


def test_a_snapshot_holds_the_bytes_that_were_published(place: Place, tmp_path: Path) -> None:
    at = hf.snapshot_download(
        "pub/demo", repo_type="dataset", endpoint=place.url, cache_dir=tmp_path, token=False
    )
    for file in place.new.manifest.files:
        data = (Path(at) / file.path).read_bytes()
        assert hashlib.sha256(data).hexdigest() == file.sha256
    assert Path(at).name == place.new.commit


@pytest.mark.parametrize("revision", ["v1", None])
def test_an_older_version_is_loaded_by_its_number(place: Place, revision: str | None) -> None:
    named = revision or place.old.commit
    path = fetched(place, "pub/demo", "data/train.parquet", revision=named)
    assert pq.read_table(path).num_rows == 10


class Cut:
    """Blobs that break off the first read of anything long after 11 MiB."""

    def __init__(self, blobs: FolderBlobs) -> None:
        self._blobs = blobs
        self.reads: list[int] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._blobs, name)

    def read(self, sha256: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        self.reads.append(start)
        pieces = self._blobs.read(sha256, start, end)
        if len(self.reads) > 1:
            yield from pieces
            return
        for _ in range(11):
            yield next(pieces)
        raise ConnectionResetError("cut, on purpose")


def test_a_download_goes_on_where_it_was_cut(place: Place, tmp_path: Path) -> None:
    hub = place.hub
    data = random.Random(7).randbytes(12 << 20)
    put(hub.shelf, tmp_path, "pub/big", {"big.bin": data})
    cut = Cut(hub.shelf.blobs)
    hub.shelf = dataclasses.replace(hub.shelf, blobs=cut)  # type: ignore[arg-type]
    try:
        path = fetched(place, "pub/big", "big.bin")
    finally:
        hub.shelf = dataclasses.replace(hub.shelf, blobs=cut._blobs)
    assert path.read_bytes() == data
    assert cut.reads == [0, 10 << 20]  # what the client had written stays written


def test_what_is_not_there_is_said_in_the_clients_words(place: Place) -> None:
    with pytest.raises(RepositoryNotFoundError):
        api(place).dataset_info("pub/nothing")
    with pytest.raises(RevisionNotFoundError):
        api(place).dataset_info("pub/demo", revision="f" * 40)
    with pytest.raises(RemoteEntryNotFoundError):
        fetched(place, "pub/demo", "nothing.txt")


def test_gated_data_are_refused_without_and_given_with_a_grant(place: Place) -> None:
    with pytest.raises(GatedRepoError, match="send a token"):
        fetched(place, "pub/gated", "train.parquet")
    with pytest.raises(GatedRepoError, match="not known here"):
        fetched(place, "pub/gated", "train.parquet", token="hf_of_another_place")
    with pytest.raises(GatedRepoError, match="ask for access"):
        fetched(place, "pub/gated", "train.parquet", token=place.token)
    readers = place.hub.readers
    reader = readers.by_token(place.token)
    assert reader is not None
    assert readers.receipts(reader) == ()
    asked = readers.ask("pub/gated", reader, "a study of medicine", NOW, os.urandom)
    readers.decide(asked, "granted", "A. Officer", "")
    for _ in range(2):
        path = fetched(place, "pub/gated", "train.parquet", token=place.token, force_download=True)
    assert pq.read_table(path).num_rows == 50
    assert len(readers.receipts(reader)) == 1  # one for a file, however often it is read
    assert api(place, place.token).whoami()["name"] == "Lab"


def test_the_hf_command_downloads(place: Place, tmp_path: Path) -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("hf"), "download", "pub/demo", "--repo-type", "dataset",
         "--local-dir", tmp_path / "out"],
        env=os.environ | {"HF_ENDPOINT": place.url, "HF_HOME": str(tmp_path)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out/README.md").read_text() == "# 示例\n"


LOAD = """
import datasets
whole = datasets.load_dataset("pub/demo", split="train")
print(whole.num_rows, whole[7]["text"])
pinned = datasets.load_dataset("pub/demo", split="train", revision="{old}")
print(pinned.num_rows)
stream = datasets.load_dataset("pub/demo", split="train", streaming=True)
print(next(iter(stream.skip(500)))["n"])
print(datasets.load_dataset("pub/lines", split="train")["text"][:])
try:
    datasets.load_dataset("pub/gated", split="train")
except Exception as refused:
    print(type(refused).__name__)
print(datasets.load_dataset("pub/gated", split="train", token="{token}").num_rows)
"""


def test_datasets_loads_and_streams(place: Place, tmp_path: Path) -> None:
    reader, token = place.hub.readers.create("Stream", NOW, os.urandom)
    asked = place.hub.readers.ask("pub/gated", reader, "a study", NOW, os.urandom)
    place.hub.readers.decide(asked, "granted", "A. Officer", "")
    code = LOAD.format(old=place.old.commit, token=token)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False,
        env=os.environ | {"HF_ENDPOINT": place.url, "HF_HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "1000 第7行 line 7", "10", "500", "['a', 'b']", "DatasetNotFoundError", "50",
    ]  # fmt: skip


def test_polars_reads_parquet_over_http(place: Place) -> None:
    url = f"{place.url}/datasets/pub/demo/resolve/main/data/train.parquet"
    found = pl.scan_parquet(url).filter(pl.col("n") > 990).select(pl.col("n").sum()).collect()
    assert found.item() == sum(range(991, 1000))


def test_duckdb_reads_parquet_in_ranges(place: Place) -> None:
    system = hf.HfFileSystem(endpoint=place.url, token=False)
    db = duckdb.connect()
    db.register_filesystem(system)
    table = "read_parquet('hf://datasets/pub/demo/data/train.parquet')"
    assert db.sql(f"SELECT sum(n) FROM {table} WHERE n > 990").fetchall() == [
        (sum(range(991, 1000)),)
    ]
    db.close()


def test_a_withdrawn_version_is_gone_with_its_reason(place: Place, tmp_path: Path) -> None:
    hub = place.hub
    gone = put(hub.shelf, tmp_path, "pub/gone", {"a.txt": b"1"})
    fetched(place, "pub/gone", "a.txt")
    withdraw(gone, hub.shelf.catalogue, by="ann", reason="来源撤回同意", now=NOW)
    said = "withdrawn on 2026-11-03: 来源撤回同意"
    for ask in (
        lambda: api(place).dataset_info("pub/gone"),
        lambda: fetched(place, "pub/gone", "a.txt", force_download=True),
        lambda: hf.snapshot_download(
            "pub/gone", repo_type="dataset", endpoint=place.url, cache_dir=tmp_path, token=False
        ),
    ):
        with pytest.raises(RevisionNotFoundError, match=said):
            ask()
    assert "pub/gone" not in {one.id for one in api(place).list_datasets()}

"""The clients that people have, unmodified, against our data sets: what they are told in every
case. That all of them load from a real `licet up`, and go on where they were cut, is shown by
tests/journeys/test_data_clients.py."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import huggingface_hub as hf
import polars as pl
import pyarrow.parquet as pq
import pytest
from huggingface_hub.errors import (
    GatedRepoError,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from kit.corpus import NOW, card, parquet, put, served, shelf
from licet.corpus.catalogue import Version
from licet.corpus.hub import Hub
from licet.corpus.publishing import withdraw

ROWS = [{"text": f"第{n}行 line {n}", "n": n} for n in range(1000)]
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


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
    put(kept, root, "pub/lines", {"train.jsonl": b'{"text": "a"}\n'})
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

"""The clients that people have, unmodified, against a real `licet up`: `huggingface_hub`,
`datasets`, the `hf` command, DuckDB and Polars load data sets under the portal's address."""

from __future__ import annotations

import hashlib
import os
import random
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import huggingface_hub as hf
import polars as pl
import pyarrow.parquet as pq
import pytest
from huggingface_hub.errors import GatedRepoError

from kit.corpus import NOW, card, parquet, put, shelf
from kit.cutting import cutting
from kit.journeys import Demo
from licet.corpus.catalogue import Version
from licet.corpus.readers import Readers
from licet.corpus.shelf import Shelf

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
ROWS = [{"text": f"第{n}行 line {n}", "n": n} for n in range(1000)]
BIG = random.Random(7).randbytes(12 << 20)


@dataclass(frozen=True, slots=True)
class Place:
    """The demonstration's platform, with data sets of ours in it. `reader` has asked for the
    restricted one, and waits."""

    url: str
    kept: Shelf
    old: Version
    new: Version
    token: str
    asked: str


@pytest.fixture(scope="module")
def place(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    root = tmp_path_factory.mktemp("pushed")
    kept = shelf(demo.home)  # beside the process that serves, as `licet corpus push` does
    old = put(kept, root, "clients/demo", {"data/train.parquet": parquet(ROWS[:10])})
    files = {"data/train.parquet": parquet(ROWS), "README.md": "# 示例\n".encode()}
    new = put(kept, root, "clients/demo", files)
    put(kept, root, "clients/lines", {"train.jsonl": b'{"text": "a"}\n{"text": "b"}\n'})
    put(kept, root, "clients/big", {"big.bin": BIG})
    said = card(access="restricted")
    put(kept, root, "clients/gated", {"train.parquet": parquet(ROWS[:50])}, said)
    readers = Readers(kept.catalogue)
    reader, token = readers.create("Lab", NOW, secrets.token_bytes)
    asked = readers.ask("clients/gated", reader, "a study", NOW, secrets.token_bytes)
    yield Place(demo.url, kept, old, new, token, asked)
    kept.close()


def test_a_snapshot_is_listed_and_loaded_and_pinned(place: Place, tmp_path: Path) -> None:
    api = hf.HfApi(endpoint=place.url, token=False)
    found = {one.id for one in api.list_datasets(author="clients")}
    assert found == {f"clients/{name}" for name in ("demo", "lines", "big", "gated")}
    for revision, version in ((None, place.new), (place.old.commit, place.old)):
        at = Path(
            hf.snapshot_download(
                "clients/demo", repo_type="dataset", endpoint=place.url, cache_dir=tmp_path,
                token=False, revision=revision,
            )
        )  # fmt: skip
        assert at.name == version.commit
        for file in version.manifest.files:
            assert hashlib.sha256((at / file.path).read_bytes()).hexdigest() == file.sha256


def test_a_download_goes_on_where_the_network_cut_it(place: Place, tmp_path: Path) -> None:
    with cutting(place.url, after=11 << 20) as (url, asked):
        path = hf.hf_hub_download(
            "clients/big", "big.bin", repo_type="dataset", endpoint=url, cache_dir=tmp_path,
            token=False,
        )  # fmt: skip
    assert Path(path).read_bytes() == BIG
    ranges = re.findall(rb"(?i)\r\nrange: bytes=(\d+)-", b"".join(asked))
    assert [int(at) for at in ranges if int(at)] == [10 << 20], "what was written stays written"


def test_tables_are_read_in_ranges_by_duckdb_and_polars(place: Place) -> None:
    wanted = sum(range(991, 1000))
    url = f"{place.url}/datasets/clients/demo/resolve/main/data/train.parquet"
    found = pl.scan_parquet(url).filter(pl.col("n") > 990).select(pl.col("n").sum()).collect()
    assert found.item() == wanted
    with duckdb.connect() as db:
        db.register_filesystem(hf.HfFileSystem(endpoint=place.url, token=False))
        table = "read_parquet('hf://datasets/clients/demo/data/train.parquet')"
        assert db.sql(f"SELECT sum(n) FROM {table} WHERE n > 990").fetchall() == [(wanted,)]


def test_the_hf_command_downloads(place: Place, tmp_path: Path) -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("hf"), "download", "clients/demo", "--repo-type",
         "dataset", "--local-dir", tmp_path / "out"],
        env=os.environ | {"HF_ENDPOINT": place.url, "HF_HOME": str(tmp_path)},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out/README.md").read_text() == "# 示例\n"


LOAD = """
import datasets
whole = datasets.load_dataset("clients/demo", split="train")
print(whole.num_rows, whole[7]["text"])
pinned = datasets.load_dataset("clients/demo", split="train", revision="{old}")
print(pinned.num_rows)
stream = datasets.load_dataset("clients/demo", split="train", streaming=True)
print(next(iter(stream.skip(500)))["n"])
print(datasets.load_dataset("clients/lines", split="train")["text"][:])
try:
    datasets.load_dataset("clients/gated", split="train")
except Exception as refused:
    print(type(refused).__name__)
print(datasets.load_dataset("clients/gated", split="train", token="{token}").num_rows)
"""


def test_what_is_gated_is_refused_without_and_given_with_a_grant(
    place: Place, tmp_path: Path
) -> None:
    def load(token: str | bool) -> str:
        return hf.hf_hub_download(
            "clients/gated", "train.parquet", repo_type="dataset", endpoint=place.url,
            cache_dir=tmp_path, token=token,
        )  # fmt: skip

    for token, why in ((False, "send a token"), (place.token, "ask for access")):
        with pytest.raises(GatedRepoError, match=why):
            load(token)
    Readers(place.kept.catalogue).decide(place.asked, "granted", "A. Officer", "")
    assert pq.read_table(load(place.token)).num_rows == 50
    code = LOAD.format(old=place.old.commit, token=place.token)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False,
        env=os.environ | {"HF_ENDPOINT": place.url, "HF_HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "1000 第7行 line 7", "10", "500", "['a', 'b']", "DatasetNotFoundError", "50",
    ]  # fmt: skip

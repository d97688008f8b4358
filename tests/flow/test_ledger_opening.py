"""Every log of an installation, where its store is lost: none is begun a second time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_bytes
from typing import Any

import pytest

from licet.assess import signed
from licet.base.trouble import Corrupt
from licet.compute.roundlog import entering
from licet.corpus.shelf import open_shelf
from licet.ledger.entry import make_entry
from licet.ledger.keyfiles import load_vkey
from licet.ledger.log import LogView
from licet.ledger.store_sqlite import SqliteStore
from licet.portal.filings.record import Record

NOW = datetime(2026, 11, 3, 9, 30, tzinfo=UTC)
REPORT: dict[str, Any] = {
    "evidence": {"sha256": "0" * 64}, "made": "2026-11-03", "pack": {"id": "cn-genai-2023"},
    "demo": True, "results": {"statements": []},
}  # fmt: skip


def tell_authority(home: Path, n: int) -> None:
    record = Record(home)
    try:
        record.add(record.size, [make_entry("gateway.started", NOW, {"version": f"{n}"})], NOW)
    finally:
        record.close()


def tell_corpus(home: Path, n: int) -> None:
    home.mkdir(exist_ok=True)
    (home / "corpus").mkdir(exist_ok=True)
    shelf = open_shelf(home / "corpus", home / "keys")
    try:
        shelf.record("corpus.used", {"dataset": f"own/{n}", "version": "1"}, NOW, token_bytes)
    finally:
        shelf.close()


def tell_compute(home: Path, n: int) -> None:
    enter = entering(home / "compute" / "ledger", home / "keys", NOW, token_bytes)
    enter({"round": n, "record_sha256": "0" * 64})


def tell_assessments(home: Path, n: int) -> None:
    signed.publish(
        REPORT, "<p>", home / f"report-{n}", keys=home / "keys",
        log_folder=home / "assessments", now=NOW, chance=token_bytes,
    )  # fmt: skip


Tell = Callable[[Path, int], None]
LOGS: dict[str, Tell] = {
    "authority-ledger": tell_authority,
    "corpus/ledger": tell_corpus,
    "compute/ledger": tell_compute,
    "assessments": tell_assessments,
}


def remove(folder: Path) -> None:
    for path in folder.glob("ledger.db*"):
        path.unlink()


def refused(tell: Tell, home: Path, what: str) -> None:
    with pytest.raises(Corrupt) as no:
        tell(home, 7)
    assert what in str(no.value)
    assert "Restore it from its newest copy" in no.value.hint


@pytest.mark.parametrize("folder", LOGS)
def test_a_log_that_was_lost_is_not_begun_again_until_its_key_is_put_away(
    tmp_path: Path, folder: str
) -> None:
    tell, log = LOGS[folder], tmp_path / folder
    tell(tmp_path, 0)
    first = (log / "ledger.db").read_bytes()
    tell(tmp_path, 1)
    second = (log / "ledger.db").read_bytes()
    for copy, said in (
        (b"", "is an old copy: it has 0 entries, and its key has signed 2"
         if folder == "authority-ledger" else "is empty, but its signing key has been used"),
        (first, "is an old copy: it has 1 entries, and its key has signed 2"),
    ):  # fmt: skip
        remove(log)
        (log / "ledger.db").write_bytes(copy)
        for _ in range(2):
            refused(tell, tmp_path, f"{log}/ledger.db {said}")
    remove(log)
    (log / "ledger.db").write_bytes(second)
    tell(tmp_path, 2)
    remove(log)
    for key in (tmp_path / "keys").glob("*.skey"):
        key.rename(key.with_suffix(".ended"))
    tell(tmp_path, 3)
    store = SqliteStore(log / "ledger.db", read_only=True)
    assert LogView(store, load_vkey(log / "vkey")).size == 1
    store.close()

"""The note that a log has begun: what was lost is refused, and nobody else is locked out."""

from __future__ import annotations

from pathlib import Path

import pytest

from kit.ledger import NOW, ORIGIN, FaultyStore, MemoryDisk, MemoryStore, entries, make_test_signer
from licet.base.trouble import Corrupt, Unavailable
from licet.ledger.begun import Begun
from licet.ledger.connect import shown_place
from licet.ledger.log import Log
from licet.ledger.note import Signer
from licet.ledger.store import Store

SIGNER = make_test_signer()


def open_log(store: Store, keys: Path, signer: Signer = SIGNER) -> Log:
    return Log(store, signer, ORIGIN, Begun(keys, signer.verifier, "some place"))


def test_an_empty_log_opens_until_its_first_entry_and_then_no_more(tmp_path: Path) -> None:
    for _ in range(2):  # as after a crash between the key and the first entry
        open_log(MemoryStore(MemoryDisk()), tmp_path).close()
    log = open_log(MemoryStore(MemoryDisk()), tmp_path)
    log.append(entries(1), NOW)
    log.close()
    lost = MemoryStore(MemoryDisk())
    with pytest.raises(Corrupt, match="some place is empty, but its signing key") as refused:
        open_log(lost, tmp_path)
    assert "Restore" in refused.value.hint
    Log(lost, SIGNER, ORIGIN).close()  # the refused one let the claim go


def test_a_first_commit_that_failed_locks_nobody_out(tmp_path: Path) -> None:
    log = open_log(FaultyStore(MemoryStore(MemoryDisk()), {0: "lost"}), tmp_path)
    with pytest.raises(Unavailable):
        log.append(entries(1), NOW)
    log.close()
    open_log(MemoryStore(MemoryDisk()), tmp_path).close()


def test_a_log_from_before_such_notes_gets_one_when_it_is_opened(tmp_path: Path) -> None:
    disk = MemoryDisk()
    log = Log(MemoryStore(disk), SIGNER, ORIGIN)
    log.append(entries(1), NOW)
    log.close()
    open_log(MemoryStore(disk), tmp_path).close()
    with pytest.raises(Corrupt):
        open_log(MemoryStore(MemoryDisk()), tmp_path)


def test_another_key_begins_another_log(tmp_path: Path) -> None:
    log = open_log(MemoryStore(MemoryDisk()), tmp_path)
    log.append(entries(1), NOW)
    log.close()
    other = Signer(ORIGIN, bytes(32))
    open_log(MemoryStore(MemoryDisk()), tmp_path, other).close()


def test_entries_are_kept_where_the_note_cannot_be(tmp_path: Path) -> None:
    keys = tmp_path / "a file" / "keys"
    keys.parent.write_bytes(b"")
    log = open_log(MemoryStore(MemoryDisk()), keys)
    assert log.append(entries(2), NOW) == range(2)
    assert log.append(entries(1), NOW) == range(2, 3)


def test_the_place_is_said_without_a_password() -> None:
    assert shown_place("sqlite:here/ledger.db") == "here/ledger.db"
    assert "secret" not in shown_place("postgresql://licet:secret@db.example/licet")

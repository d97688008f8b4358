"""The note that a log has begun: what was lost is refused, and nobody else is locked out."""

from __future__ import annotations

import copy
import logging
from datetime import timedelta
from pathlib import Path

import pytest

from kit.ledger import NOW, ORIGIN, FaultyStore, MemoryDisk, MemoryStore, entries, make_test_signer
from licet.base.trouble import Corrupt, Unavailable
from licet.ledger.begun import EVERY, Begun
from licet.ledger.checkpoint import read_checkpoint
from licet.ledger.connect import shown_place
from licet.ledger.log import Log
from licet.ledger.note import Signer
from licet.ledger.store import Store

SIGNER = make_test_signer()


def open_log(store: Store, keys: Path, signer: Signer = SIGNER, *, regrows: bool = False) -> Log:
    begun = Begun(keys, signer.verifier, "some place", regrows=regrows)
    return Log(store, signer, ORIGIN, begun)


def note_of(keys: Path) -> Path:
    return keys / f"ledger-{SIGNER.verifier.key_id.hex()}.begun"


def noted(keys: Path) -> int:
    """How many entries the note says."""
    return read_checkpoint(note_of(keys).read_bytes().partition(b"\n")[2]).size


def grown(keys: Path, *counts: int, second: int = 0) -> MemoryDisk:
    """A log that was closed after each count of entries; entry numbers begin with `second`."""
    disk = MemoryDisk()
    for count in counts:
        log = open_log(MemoryStore(disk), keys)
        log.append(entries(count, second + log.size), NOW)
        log.close()
    return disk


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


# --- an old copy ---------------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", [(1, 2), (255, 1), (256, 300), (300, 700)])
def test_an_older_copy_does_not_open(tmp_path: Path, sizes: tuple[int, int]) -> None:
    disk = grown(tmp_path, sizes[0])
    older = copy.deepcopy(disk)
    log = open_log(MemoryStore(disk), tmp_path)
    log.append(entries(sizes[1]), NOW)
    log.close()
    for _ in range(2):
        with pytest.raises(Corrupt) as refused:
            open_log(MemoryStore(older), tmp_path)
        said = f"some place is an old copy: it has {sizes[0]} entries, and its key has signed "
        assert f"{said}{sum(sizes)}." in refused.value.message
        assert "Restore it from its newest copy" in refused.value.hint
    open_log(MemoryStore(disk), tmp_path).close()


@pytest.mark.parametrize("size", [3, 5, 400])
def test_a_copy_that_went_on_elsewhere_does_not_open(tmp_path: Path, size: int) -> None:
    grown(tmp_path / "here", 3)
    fork = grown(tmp_path / "elsewhere", size, second=1000)
    with pytest.raises(Corrupt, match="its first 3 entries are not those that its key has signed"):
        open_log(MemoryStore(fork), tmp_path / "here")


def test_a_copy_of_the_moment_and_a_note_that_is_behind_open(tmp_path: Path) -> None:
    disk = grown(tmp_path, 3)
    behind = note_of(tmp_path).read_bytes()
    log = open_log(MemoryStore(disk), tmp_path)
    log.append(entries(400, 3), NOW)
    log.close()
    note_of(tmp_path).write_bytes(behind)  # as after a kill
    open_log(MemoryStore(copy.deepcopy(disk)), tmp_path).close()
    assert noted(tmp_path) == 403, "made good when it was opened"


def test_while_it_grows_the_note_is_written_now_and_then_and_when_it_closes(
    tmp_path: Path,
) -> None:
    log = open_log(MemoryStore(MemoryDisk()), tmp_path)
    seen = []
    for second in (0, 1, 9, 10, 11, -3600, -3599):  # a clock may be put back
        log.append(entries(1, log.size), NOW + timedelta(seconds=second))
        seen.append(noted(tmp_path))
    assert timedelta(seconds=10) == EVERY
    assert seen == [1, 1, 1, 4, 4, 6, 6]
    log.close()
    assert noted(tmp_path) == 7


def test_what_was_not_committed_is_never_noted(tmp_path: Path) -> None:
    disk = MemoryDisk()
    log = open_log(FaultyStore(MemoryStore(disk), {1: "lost"}), tmp_path)
    log.append(entries(1), NOW)
    with pytest.raises(Unavailable):
        log.append(entries(5, 1), NOW + EVERY)
    log.close()
    assert noted(tmp_path) == 1
    open_log(MemoryStore(disk), tmp_path).close()


def test_a_note_that_cannot_be_written_hinders_nobody_and_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    log = open_log(MemoryStore(MemoryDisk()), tmp_path / "keys")
    log.append(entries(1), NOW)
    (tmp_path / "keys").rename(tmp_path / "away")
    (tmp_path / "keys").write_bytes(b"")
    with caplog.at_level(logging.WARNING):
        for n in (1, 2, 3):
            log.append(entries(1, n), NOW + n * EVERY)
    (said,) = caplog.messages
    assert "cannot be written" in said
    (tmp_path / "keys").unlink()
    (tmp_path / "away").rename(tmp_path / "keys")
    log.append(entries(1, 4), NOW + 4 * EVERY)
    assert noted(tmp_path / "keys") == 5


@pytest.mark.parametrize("damage", [b"", b"x", b"other.example/log+00000000+AAAA\n"])
def test_a_note_that_does_not_hold_is_not_passed_over(tmp_path: Path, damage: bytes) -> None:
    disk = grown(tmp_path, 3)
    whole = note_of(tmp_path).read_bytes()
    for broken in (damage, whole.replace(b"\n3\n", b"\n2\n"), whole[:-9]):
        note_of(tmp_path).write_bytes(broken)
        with pytest.raises(Corrupt, match="does not hold") as refused:
            open_log(MemoryStore(disk), tmp_path)
        assert "remove the note" in refused.value.hint
    note_of(tmp_path).unlink()
    open_log(MemoryStore(disk), tmp_path).close()
    assert noted(tmp_path) == 3


def test_a_note_of_before_checkpoints_were_kept_is_taken_and_made_good(tmp_path: Path) -> None:
    disk = grown(tmp_path, 3)
    note_of(tmp_path).write_text(f"{SIGNER.verifier.vkey}\n")
    with pytest.raises(Corrupt, match="is empty"):
        open_log(MemoryStore(MemoryDisk()), tmp_path)
    open_log(MemoryStore(disk), tmp_path).close()
    assert noted(tmp_path) == 3


# --- a log that can be written again from elsewhere ----------------------------------------------


@pytest.mark.parametrize("left", [0, 2])
def test_what_was_lost_is_written_again_byte_for_byte_or_not_at_all(
    tmp_path: Path, left: int
) -> None:
    whole = grown(tmp_path, 2, 5)
    older = grown(tmp_path / "other keys", left) if left else MemoryDisk()
    log = open_log(MemoryStore(older), tmp_path, regrows=True)
    assert (log.size, log.owed) == (left, 7 - left)
    for wrong in (entries(1, left), entries(6 - left, left), entries(9, 50)):
        with pytest.raises(Corrupt, match="is an old copy"):
            log.append(wrong, NOW)
    assert log.size == left
    log.append(entries(9 - left, left), NOW)
    assert (log.size, log.owed) == (9, 0)
    log.close()
    again = open_log(MemoryStore(whole), tmp_path / "third keys")
    again.append(entries(2, 7), NOW)
    assert again.checkpoint() == older.checkpoints[9]

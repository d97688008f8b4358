"""Notes and checkpoints: what is signed, what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.ledger import ORIGIN, make_test_signer
from licet.base.trouble import BadInput, Corrupt
from licet.ledger.checkpoint import (
    Checkpoint,
    parse_checkpoint,
    read_checkpoint,
    sign_checkpoint,
    verify_checkpoint,
)
from licet.ledger.note import Signer, Verifier, parse_note, parse_skey, parse_vkey, verify_note

# The key in the documentation of golang.org/x/mod/sumdb/note.
GO_SKEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SIGNER = make_test_signer()
CHECKPOINT = Checkpoint(ORIGIN, 300, bytes(32))


def test_keys_read_and_write_as_go_does() -> None:
    assert parse_skey(GO_SKEY).verifier.vkey == GO_VKEY
    assert parse_skey(GO_SKEY).skey == GO_SKEY
    assert parse_vkey(GO_VKEY).vkey == GO_VKEY


def test_a_private_key_does_not_show_itself() -> None:
    seed = SIGNER.skey.rsplit("+", 1)[1]
    assert seed not in repr(SIGNER)
    with pytest.raises(BadInput) as caught:
        parse_skey(SIGNER.skey.replace(SIGNER.verifier.key_id.hex(), "00000000"))
    assert seed not in str(caught.value)


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "name",
        "name+c74f20a3",
        GO_VKEY.replace("c74f20a3", "c74f20a4"),
        GO_VKEY.replace("PeterNeumann", "Peter Neumann"),
        GO_VKEY.replace("+ARpc", "+AhRpc"),
        GO_VKEY[:-4],
        "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ],
)
def test_a_broken_verifier_key_is_refused(vkey: str) -> None:
    with pytest.raises(BadInput):
        parse_vkey(vkey)


def test_a_signed_checkpoint_verifies_and_reads_back() -> None:
    note = sign_checkpoint(CHECKPOINT, SIGNER)
    assert verify_checkpoint(note, SIGNER.verifier) == CHECKPOINT
    assert read_checkpoint(note) == CHECKPOINT


def test_signing_twice_gives_the_same_bytes() -> None:
    assert sign_checkpoint(CHECKPOINT, SIGNER) == sign_checkpoint(CHECKPOINT, SIGNER)


def test_a_log_signs_only_under_its_own_name() -> None:
    with pytest.raises(BadInput):
        sign_checkpoint(CHECKPOINT, Signer("another.example/log", bytes(32)))


@given(st.data())
def test_a_changed_note_is_never_accepted(data: st.DataObject) -> None:
    note = sign_checkpoint(CHECKPOINT, SIGNER)
    at = data.draw(st.integers(0, len(note) - 1))
    bit = data.draw(st.integers(0, 7))
    changed = note[:at] + bytes([note[at] ^ (1 << bit)]) + note[at + 1 :]
    with pytest.raises((BadInput, Corrupt)):
        verify_checkpoint(changed, SIGNER.verifier)


def test_signatures_of_strangers_are_ignored_and_false_ones_of_friends_are_not() -> None:
    stranger = Signer("witness.example", bytes(32))
    line = stranger.sign(CHECKPOINT.text).split(b"\n\n")[1]
    note = sign_checkpoint(CHECKPOINT, SIGNER) + line
    assert verify_checkpoint(note, SIGNER.verifier) == CHECKPOINT
    assert len(parse_note(note).signatures) == 2
    false = stranger.sign(b"something else\n").split(b"\n\n")[1]
    spoiled = sign_checkpoint(CHECKPOINT, SIGNER) + false
    with pytest.raises(Corrupt):
        verify_note(spoiled, (SIGNER.verifier, stranger.verifier))


def test_sixteen_signatures_are_read() -> None:
    line = Signer("witness.example", bytes(32)).sign(CHECKPOINT.text).split(b"\n\n")[1]
    note = sign_checkpoint(CHECKPOINT, SIGNER) + line * 15
    assert verify_checkpoint(note, SIGNER.verifier) == CHECKPOINT


def test_a_note_without_a_trusted_signature_is_refused() -> None:
    other = Verifier(ORIGIN, bytes(range(1, 33)))
    with pytest.raises(Corrupt):
        verify_checkpoint(sign_checkpoint(CHECKPOINT, SIGNER), other)
    with pytest.raises(Corrupt):
        verify_note(sign_checkpoint(CHECKPOINT, SIGNER), ())


def test_a_checkpoint_of_another_log_is_refused() -> None:
    other = SIGNER.sign(Checkpoint("elsewhere.example", 1, bytes(32)).text)
    with pytest.raises(Corrupt):
        verify_checkpoint(other, SIGNER.verifier)


@pytest.mark.parametrize(
    "text",
    [
        "log\n5\n",
        "log\n05\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "log\n-5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "log\n٥\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        "log\n5\nAAAA\n",
        "log\n5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n",
        "log\n5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "log\n5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n",
        "\n5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
        f"log\n{'9' * 40}\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
    ],
)
def test_a_checkpoint_has_one_spelling(text: str) -> None:
    with pytest.raises(BadInput):
        parse_checkpoint(text.encode())


def test_extension_lines_are_read_and_kept() -> None:
    text = CHECKPOINT.text + b"what a witness added\n"
    assert parse_checkpoint(text).extensions == ("what a witness added",)
    assert parse_checkpoint(text).text == text


@given(st.binary(max_size=200))
def test_no_bytes_crash_the_reader(data: bytes) -> None:
    for note in (data, data + b"\n\n\xe2\x80\x94 a AAAAAAA=\n", sign_note_like(data)):
        try:
            read_checkpoint(note)
        except BadInput:
            continue


def sign_note_like(data: bytes) -> bytes:
    return SIGNER.sign(data.rstrip(b"\n") + b"\n")

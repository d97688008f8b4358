"""Sealed payloads and pseudonyms: what erasure leaves behind."""

from __future__ import annotations

import secrets
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.ledger import NOW, ORIGIN
from licet.base.keyfile import load_or_create_key, read_private
from licet.base.trouble import BadInput, Corrupt, NotAllowed, NotFound
from licet.ledger.keyfiles import (
    PeriodKeys,
    create_signer,
    load_signer,
    load_vkey,
    period_name,
    publish_vkey,
)
from licet.ledger.seal import Sealed, open_sealed, pseudonym, seal

KEY = bytes(range(32))


@given(st.binary(max_size=500))
def test_a_sealed_payload_opens_with_its_key_and_case_only(payload: bytes) -> None:
    sealed = seal(payload, KEY, "LC-1", secrets.token_bytes)
    assert open_sealed(sealed, KEY, "LC-1") == payload
    for key, case in ((bytes(32), "LC-1"), (KEY, "LC-2")):
        with pytest.raises(Corrupt):
            open_sealed(sealed, key, case)
    changed = Sealed(sealed.nonce, sealed.ciphertext[:-1] + bytes([sealed.ciphertext[-1] ^ 1]))
    with pytest.raises(Corrupt):
        open_sealed(changed, KEY, "LC-1")


def test_what_the_ledger_holds_cannot_be_guessed_from_the_payload() -> None:
    one = seal(b"short", KEY, "LC-1", secrets.token_bytes)
    two = seal(b"short", KEY, "LC-1", secrets.token_bytes)
    assert one.ct_sha256 != two.ct_sha256
    assert len(one.ct_sha256) == 64


def test_a_pseudonym_is_stable_in_its_period_and_says_nothing_outside_it() -> None:
    first = pseudonym("user-1", KEY, "7d-360")
    assert first == pseudonym("user-1", KEY, "7d-360")
    assert first != pseudonym("user-2", KEY, "7d-360")
    assert first.split("~")[1] != pseudonym("user-1", KEY, "7d-361").split("~")[1]
    assert first.split("~")[1] != pseudonym("user-1", bytes(32), "7d-360").split("~")[1]
    assert "user" not in first


def test_a_key_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(BadInput):
        seal(b"", b"short", "LC-1", secrets.token_bytes)
    with pytest.raises(BadInput):
        pseudonym("user", b"short", "7d-1")


def test_periods_follow_each_other() -> None:
    name = period_name(NOW, 7)
    assert name == period_name(NOW + timedelta(days=5), 7)  # Tuesday to Sunday
    assert name != period_name(NOW + timedelta(days=6), 7)  # the next Monday
    with pytest.raises(BadInput):
        period_name(NOW, 0)


def test_a_period_key_once_forgotten_never_comes_back(tmp_path: Path) -> None:
    keys = PeriodKeys(tmp_path, secrets.token_bytes)
    key = keys.get("7d-360")
    assert keys.get("7d-360") == key
    assert PeriodKeys(tmp_path, secrets.token_bytes).get("7d-360") == key
    assert (tmp_path / "7d-360.key").stat().st_mode & 0o777 == 0o600
    keys.forget("7d-360")
    assert keys.get("7d-360") != key
    with pytest.raises(NotFound):
        keys.forget("7d-1")
    with pytest.raises(BadInput):
        keys.get("../7d-360")


def test_only_the_keys_of_what_is_over_are_forgotten(tmp_path: Path) -> None:
    keys = PeriodKeys(tmp_path, secrets.token_bytes)
    names = ["7d-358", "7d-359", "7d-360", "7d-361", "14d-179", "14d-180", "7d--1"]
    for name in names:
        keys.get(name)
    (tmp_path / "mine.key").touch()
    long_ago = NOW - timedelta(days=365 * 50)  # as a clock says that lost its battery
    assert keys.forget_past(period_name(long_ago, 7)) == 0
    assert keys.forget_past("7d-360", held={"7d-359"}) == 3
    left = {path.stem for path in tmp_path.glob("*.key")}
    assert left == {"7d-359", "7d-360", "7d-361", "14d-180", "mine"}
    assert keys.find("7d-358") is None


def test_a_signing_key_is_kept_private_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "ledger.skey"
    made = create_signer(path, ORIGIN, secrets.token_bytes)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_signer(path).skey == made.skey
    with pytest.raises(NotAllowed):
        create_signer(path, ORIGIN, secrets.token_bytes)
    assert load_signer(path).skey == made.skey
    assert [file.name for file in path.parent.iterdir()] == ["ledger.skey"]


@pytest.mark.parametrize("kept", ["", "PRIVATE+KEY+gateway", "{skey}=", "{half}"])
def test_a_signing_key_that_was_spoilt_is_named_with_what_to_do(kept: str, tmp_path: Path) -> None:
    path = tmp_path / "ledger.skey"
    skey = create_signer(path, ORIGIN, secrets.token_bytes).skey
    path.write_text(kept.format(skey=skey, half=skey[: len(skey) // 2]))
    with pytest.raises(BadInput, match=str(path)) as refused:
        load_signer(path)
    assert "copy" in refused.value.hint
    assert skey[-20:] not in str(refused.value)


def test_a_published_key_that_is_not_there_or_spoilt_is_named(tmp_path: Path) -> None:
    path = tmp_path / "vkey"
    with pytest.raises(NotFound, match=str(path)) as absent:
        load_vkey(path)
    path.write_text("gateway+12")
    with pytest.raises(BadInput, match=str(path)) as spoilt:
        load_vkey(path)
    assert "gateway" in absent.value.hint
    assert "gateway" in spoilt.value.hint


def test_a_key_file_that_was_emptied_is_named_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "minors.key"
    load_or_create_key(path, 32, secrets.token_bytes)
    path.write_bytes(b"")
    with pytest.raises(Corrupt, match=f"{path} has 0 bytes, not 32") as refused:
        load_or_create_key(path, 32, secrets.token_bytes)
    assert "copy" in refused.value.hint
    with pytest.raises(NotAllowed, match="cannot be read"):
        read_private(tmp_path)


def test_a_signing_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.skey"
    create_signer(path, ORIGIN, secrets.token_bytes)
    path.chmod(0o640)
    with pytest.raises(NotAllowed):
        load_signer(path)
    with pytest.raises(NotFound):
        load_signer(tmp_path / "none")


def test_a_public_key_that_cannot_be_written_is_a_matter_of_rights(tmp_path: Path) -> None:
    (tmp_path / "vkey").mkdir()
    verifier = create_signer(tmp_path / "ledger.skey", ORIGIN, secrets.token_bytes).verifier
    with pytest.raises(BadInput, match=r"vkey cannot be written: .* owner and rights"):
        publish_vkey(tmp_path / "vkey", verifier)

"""Tokens as others read and write them: vectors, another library, hostile input."""

from __future__ import annotations

import json
import zlib
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import OKPKey

from kit.licences import AUTHORITY, HOLDER, KEYS, LICENCE, NOW, STRANGER, URI, list_token
from licet.base.trouble import BadInput, Corrupt
from licet.credentials import Status, read_licence, read_status_list, sign_licence
from licet.credentials import jws as ours
from licet.credentials.keys import PublicKey, decode, encode, parse_jwk, parse_jwks
from licet.credentials.licence import VCT
from licet.credentials.statuslist import PLACES_MIN, StatusList, pack

TOKEN = sign_licence(LICENCE, AUTHORITY)


def test_another_library_verifies_a_licence() -> None:
    key = OKPKey.import_key({**AUTHORITY.public.as_jwk()})
    token = jwt.decode(TOKEN.partition("~")[0], key, algorithms=["Ed25519"])
    assert token.header["typ"] == "dc+sd-jwt"
    assert token.claims["vct"] == VCT
    assert token.claims["filing"] == LICENCE.filing
    assert token.claims["cnf"]["jwk"]["x"] == encode(HOLDER.public.x)
    assert token.claims["status"]["status_list"] == {"idx": 7, "uri": URI}


def test_a_licence_that_another_library_signed_is_read() -> None:
    key = OKPKey.import_key({**AUTHORITY.as_jwk()})
    header = {"alg": "Ed25519", "typ": "dc+sd-jwt", "kid": AUTHORITY.public.id}
    claims = dict(read_licence(TOKEN, KEYS).claims)
    token = jwt.encode(header, claims, key, algorithms=["Ed25519"])
    assert read_licence(token, KEYS) == LICENCE


def test_a_thumbprint_is_that_of_the_standard() -> None:
    # RFC 8037, appendix A.3
    x = decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "x")
    assert PublicKey(x).id == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_the_list_of_the_draft_is_read_as_it_says() -> None:
    # draft-ietf-oauth-status-list, two-bit example: 0xC9 0x44 0xF9
    values = [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]
    claims = {
        "sub": URI, "iat": int(NOW.timestamp()), "exp": int(NOW.timestamp()) + 60,
        "status_list": {"bits": 2, "lst": "eNo76fITAAPfAgc"},
    }  # fmt: skip
    read = read_status_list(ours.sign(claims, "statuslist+jwt", AUTHORITY), KEYS)
    assert read.packed == bytes.fromhex("c944f9")
    known = [None if value == 3 else Status(value) for value in values]
    assert [read.status(index) for index in range(12)] == known
    assert read.status(12) is None
    assert read.status(-1) is None


def test_a_list_of_one_bit_is_read_too() -> None:
    # the draft's example of one bit: 0xB9 0xA3
    one = StatusList(URI, NOW, NOW, 0, 1, bytes.fromhex("b9a3"))
    assert [one.status(index) for index in range(8)] == [1, 0, 0, 1, 1, 1, 0, 1]


@given(st.dictionaries(st.integers(0, 5000), st.sampled_from(Status)))
def test_every_status_comes_back_from_the_list(statuses: dict[int, Status]) -> None:
    read = read_status_list(list_token(statuses), KEYS)
    for index in range(0, PLACES_MIN, 97):
        assert read.status(index) is statuses.get(index, Status.VALID)
    assert all(read.status(index) is status for index, status in statuses.items())


def test_a_list_of_200_000_licences_is_small() -> None:
    token = list_token({index * 1000: Status.SUSPENDED for index in range(200)})
    assert len(pack({199_000: Status.VALID})) == 49_751
    assert len(token) < 2_000


def test_a_list_that_would_unpack_to_more_than_is_sane_is_refused() -> None:
    bomb = zlib.compress(bytes(64 << 20), 9)
    claims = {
        "sub": URI, "iat": 0, "exp": 9, "status_list": {"bits": 2, "lst": encode(bomb)},
    }  # fmt: skip
    with pytest.raises(BadInput, match="more than"):
        read_status_list(ours.sign(claims, "statuslist+jwt", AUTHORITY), KEYS)


@pytest.mark.parametrize(
    "spoil",
    [
        {"sub": None}, {"sub": 5}, {"iat": None}, {"iat": -1}, {"iat": "now"}, {"exp": True},
        {"ttl": 1.5}, {"exp": 10**30}, {"status_list": None}, {"status_list": {"bits": 3}},
        {"status_list": {"bits": 2, "lst": "eNo="}}, {"status_list": {"bits": 2, "lst": "AAAA"}},
        {"status_list": {"bits": 2, "lst": encode(zlib.compress(b"1234")[:-3])}},
        {"status_list": {"bits": True, "lst": "eNo76fITAAPfAgc"}},
    ],
)  # fmt: skip
def test_a_broken_list_is_refused(spoil: dict[str, Any]) -> None:
    claims = {
        "sub": URI, "iat": 1, "exp": 9, "status_list": {"bits": 2, "lst": "eNo76fITAAPfAgc"},
    }  # fmt: skip
    with pytest.raises(BadInput):
        read_status_list(ours.sign(claims | spoil, "statuslist+jwt", AUTHORITY), KEYS)


def test_a_list_without_an_end_ends_with_its_ttl() -> None:
    lists = {"bits": 2, "lst": "eNo76fITAAPfAgc"}
    claims = {"sub": URI, "iat": int(NOW.timestamp()), "status_list": lists}
    bare = read_status_list(ours.sign(claims, "statuslist+jwt", AUTHORITY), KEYS)
    assert not bare.speaks_for(NOW)
    timed = read_status_list(ours.sign(claims | {"ttl": 60}, "statuslist+jwt", AUTHORITY), KEYS)
    assert timed.speaks_for(NOW + timedelta(seconds=59))
    assert not timed.speaks_for(NOW + timedelta(seconds=60))


REQUIRED = [
    "vct", "jti", "iss", "sub", "iat", "nbf", "exp", "cnf", "status", "provider", "service",
    "model", "filing", "route", "regime", "regime_version",
]  # fmt: skip


@pytest.mark.parametrize("name", REQUIRED)
@pytest.mark.parametrize("value", [None, "", -1, 1.5, [], {}, True, "a\nb", "x" * 2_001])
def test_a_licence_lacks_nothing_and_holds_nothing_strange(name: str, value: object) -> None:
    claims = dict(read_licence(TOKEN, KEYS).claims) | {name: value}
    with pytest.raises(BadInput):
        read_licence(ours.sign(claims, "dc+sd-jwt", AUTHORITY), KEYS)


def forged(**head: Any) -> str:
    """The licence's own claims under another head, signed by the authority or not at all."""
    payload = TOKEN.partition("~")[0].split(".")[1]
    header = {"alg": "Ed25519", "typ": "dc+sd-jwt", "kid": AUTHORITY.public.id} | head
    return f"{encode(json.dumps(header).encode())}.{payload}.{encode(bytes(64))}"


@pytest.mark.parametrize(
    "head",
    [
        {"alg": "none"}, {"alg": "HS256"}, {"alg": "EdDSA"}, {"alg": ["Ed25519"]},
        {"typ": "JWT"}, {"typ": None}, {"crit": ["exp"]}, {"b64": False},
        {"kid": None}, {"kid": STRANGER.public.id},
        {"kid": "x", "jwk": STRANGER.public.as_jwk()}, {"kid": "x", "jku": "http://127.0.0.1/"},
        {},
    ],
)  # fmt: skip
def test_no_head_talks_its_way_past_the_signature(head: dict[str, Any]) -> None:
    with pytest.raises((BadInput, Corrupt)):
        read_licence(forged(**head), KEYS)


def test_deep_and_long_input_ends_in_a_refusal() -> None:
    deep = encode(b"[" * 100_000)
    for text in (f"{deep}.{deep}.{deep}", "a" * (3 << 20), f"{encode(b'{}')}..", ".." * 3):
        with pytest.raises(BadInput):
            read_licence(text, KEYS)


def test_a_set_passes_over_keys_of_other_kinds() -> None:
    mixed = {"keys": [{"kty": "RSA", "n": "x", "e": "AQAB"}, AUTHORITY.public.as_jwk()]}
    assert parse_jwks(json.dumps(mixed).encode()).find(AUTHORITY.public.id) == AUTHORITY.public
    assert parse_jwks(KEYS.as_jwks()) == KEYS


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[]", b'{"keys": []}', b'{"keys": [{"kty": "RSA"}]}', b"\xff", b"[" * 9999],
)
def test_a_set_without_a_key_of_ours_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput):
        parse_jwks(data)


def test_a_private_key_does_not_show_itself() -> None:
    assert AUTHORITY.seed.hex() not in repr(AUTHORITY)
    assert encode(AUTHORITY.seed) not in repr(AUTHORITY)
    with pytest.raises(BadInput):
        parse_jwk({"kty": "OKP", "crv": "Ed25519", "x": encode(b"short")})

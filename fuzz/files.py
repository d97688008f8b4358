"""Files that come from elsewhere: rules, settings, bundles, and the ledger's proofs.

It refuses to know where they lie.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import strategies as st

from fuzz.target import Target, spoilt
from licet.base.trouble import BadInput, Corrupt, NotAllowed
from licet.gateway.bundling import draft_bundle
from licet.gateway.config import parse_config
from licet.gateway.config_demo import DemoChoice, render_demo_config
from licet.guard.bundle import Draft, build_bundle, make_guard, read_bundle
from licet.guard.ruleset import parse_rules, render_rules
from licet.ledger.checkpoint import read_checkpoint
from licet.ledger.entry import parse_entry
from licet.ledger.note import parse_skey, parse_vkey, verify_note
from licet.ledger.proof import parse_receipt, verify_receipt
from licet.ledger.tiles import parse_path, split_entries
from licet.rulebook import load_pack

ROOT = Path(__file__).parent.parent
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
AUTHOR = KEY.public_key().public_bytes_raw()
RULES = """\
# A file of rules.
[[rule]]
id = "walrus"
category = "operator"
action = "halt"
literal = ["purple walrus", "紫色海象"]
author = "A. Tester"
reason = "To be found."
word = "whole"
expires = 2030-01-01

[[rule]]
id = 'otter'
category = "violence"
action = "flag"
literal = [
    "green \\"otter\\"",  # a comment
]
author = "A. Tester"
reason = \"\"\"To be
noted.\"\"\"
"""
_TOML = (
    b"[[rule]]\n", b"[rule]\n", b"[[rule", b"[", b"]", b'"', b'"""', b"'''", b"=", b"\n", b"\r\n",
    b"\r", b"#", b"\\", b"\\u0000", b"\\U0010FFFF", b"\\ud800", b"\x00", b"\x7f", b"\xff",
    b"1979-01-01", b"1e400", b"nan", b"0x", b"[" * 300, b"{a=" * 100, b"literal = []\n",
    b'id = "walrus"\n', b"a.b.c = 1\n", b'literal = ["\\u200b"]\n', b"expires = 2020-13-01\n",
    b"\xef\xbb\xbf", b"true", b"\xe2\x80\x8b",
)  # fmt: skip


def _as_text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _check_rules(data: bytes) -> None:
    """A file is refused, or read; what was read is written and read again the same."""
    try:
        rules = parse_rules(_as_text(data), "rules.toml")
    except BadInput as trouble:
        refusal = str(trouble)
    else:
        assert parse_rules(render_rules(rules), "again.toml") == rules
        return
    assert "rules.toml" in refusal


def _check_config(data: bytes) -> None:
    try:
        parse_config(_as_text(data), "config.toml", ROOT)
    except BadInput as trouble:
        refusal = str(trouble)
    else:
        return
    assert "config.toml" in refusal


_PACK = load_pack("cn-genai-2023")
_BASE = draft_bundle(_PACK, shipped=False)
_SMALL = build_bundle(
    Draft("small", _PACK.id, _PACK.digest, _BASE.policy, {"operator": RULES}, b"no weights"), KEY
)
_POLICY = zipfile.ZipFile(io.BytesIO(_SMALL)).read("policy.json")
_ZIP = (b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"PK\x06\x06", b"\xff" * 4, b"\x00" * 4,
        b"manifest.json", b"rules/", b"\x01\x00", b"\x08\x00", b"\x63\x00")  # fmt: skip


def _check_bundle(data: bytes) -> None:
    """Whoever has no key can change nothing: the bundle is refused, or is what was signed."""
    try:
        bundle = read_bundle(data, {AUTHOR})
    except (BadInput, NotAllowed):
        return
    assert bundle == read_bundle(_SMALL, {AUTHOR})


def _sign_anew(members: dict[str, bytes], manifest: dict[str, Any]) -> bytes:
    listed = {
        name: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        for name, data in members.items()
    }
    stated = json.dumps({"members": listed} | manifest).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("manifest.json", stated)
        archive.writestr("signature", KEY.sign(b"licet/bundle/v1\n" + stated))
        archive.writestr("author", AUTHOR)
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def _check_signed_bundle(given: tuple[bytes, bytes, bytes, bytes | None, Any]) -> None:
    """An author that errs: what they signed makes a guard, or is refused."""
    policy, rules, named, weights, form = given
    name = "rules/" + named.decode("latin-1").replace("\x00", "")
    members = {"policy.json": policy, name: rules}
    if weights is not None:
        members["weights.bin"] = weights
    manifest = {"form": form, "name": "n", "pack": "p", "pack_digest": "d", "urgent": False}
    try:
        make_guard(read_bundle(_sign_anew(members, manifest), {AUTHOR}))
    except (BadInput, NotAllowed):
        return


_LEDGER = ROOT / "tests/vectors/ledger"
_RECEIPTS = [path.read_bytes() for path in sorted(_LEDGER.glob("*.tlog-proof"))]
_NOTE = (_LEDGER / "checkpoint").read_bytes()
_VKEY = (_LEDGER / "vkey").read_text(encoding="ascii").strip()
_VERIFIER = parse_vkey(_VKEY)
_PROVEN = {parse_receipt(data).index: parse_receipt(data).entry for data in _RECEIPTS}
_LINES = (
    b"\n", b"\n\n", b"\xe2\x80\x94 ", b"index ", b"extra ", b"=", b"==", b"A", b"+", b"/", b" ",
    b"0", b"1", b"-1", b"999999999999999999", b"\xd9\xa1", b"c2sp.org/tlog-proof@v1\n", b"\r",
    b"\xff", b"\x00",
)  # fmt: skip


def _check_receipt(data: bytes) -> None:
    """A receipt proves what the true one proves, or nothing."""
    try:
        checkpoint, entry = verify_receipt(data, _VERIFIER)
    except (BadInput, Corrupt):
        return
    assert checkpoint == read_checkpoint(_NOTE)
    assert _PROVEN[parse_receipt(data).index] == entry


def _check_note(data: bytes) -> None:
    with contextlib.suppress(BadInput):
        read_checkpoint(data)
    try:
        text = verify_note(data, (_VERIFIER,))
    except (BadInput, Corrupt):
        return
    assert _NOTE.startswith(text), "nobody else can sign"


def _check_key(data: bytes) -> None:
    for parse in (parse_vkey, parse_skey):
        try:
            parse(_as_text(data))
        except BadInput:
            continue


def _check_tile(data: bytes) -> None:
    try:
        name = parse_path(_as_text(data))
    except BadInput:
        pass
    else:
        assert name.path == _as_text(data)
    try:
        entries = split_entries(data)
    except Corrupt:
        return
    assert sum(len(entry) + 2 for entry in entries) == len(data)


def _check_entry(data: bytes) -> None:
    try:
        parse_entry(data)
    except BadInput:
        return


_PATHS = [b"tile/entries/x001/234.p/7", b"tile/0/000", b"tile/63/x999/x999/999.p/255"]
_ENTRIES = [entry for entry in _PROVEN.values() if entry is not None]
_SKEY = b"PRIVATE+KEY+example.org/log+deadbeef+" + b"A" * 44
_WEIGHTS = st.none() | st.binary(max_size=200)

TARGETS = (
    Target("file.rules", spoilt([RULES.encode()], _TOML), _check_rules),
    Target(
        "file.config", spoilt([render_demo_config(DemoChoice()).encode()], _TOML), _check_config
    ),
    Target("bundle", spoilt([_SMALL], _ZIP), _check_bundle),
    Target(
        "bundle.signed",
        st.tuples(
            spoilt([_POLICY], (b"0", b"1", b"-1", b"null", b'"', b"[" * 80, b"1e999", b"{}")),
            st.one_of(spoilt([RULES.encode()], _TOML), st.binary(max_size=40)),
            st.binary(min_size=1, max_size=8).map(lambda data: data + b".toml"),
            _WEIGHTS,
            st.sampled_from([1, 1, 1, 1, 2, "1", None]),
        ),
        _check_signed_bundle,
    ),
    Target("ledger.receipt", spoilt(_RECEIPTS, _LINES), _check_receipt),
    Target("ledger.note", spoilt([_NOTE], _LINES), _check_note),
    Target("ledger.key", spoilt([_VKEY.encode(), _SKEY], _LINES), _check_key),
    Target("ledger.tile", spoilt([*_PATHS, b"\x00\x02hi"], _LINES), _check_tile),
    Target("ledger.entry", spoilt(_ENTRIES or [b"{}"], _LINES), _check_entry),
)

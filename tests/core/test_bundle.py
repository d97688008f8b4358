"""A bundle is used whole, signed by somebody who counts, or not at all."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import date

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from licet.base.trouble import BadInput, NotAllowed
from licet.guard.bundle import (
    Draft,
    build_bundle,
    compare,
    describe,
    make_guard,
    read_bundle,
    take_bundle,
)
from licet.guard.lexicon import LexicalSettings
from licet.guard.policy import JudgedSettings, Policy, Threshold

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
TRUSTED = {KEY.public_key().public_bytes_raw()}
RULES = """
[[rule]]
id = "r1"
category = "operator"
action = "halt"
literal = ["forbidden phrase alpha"]
author = "A. Tester"
reason = "To be found."
"""


def draft(rules: str = RULES, halt: float = 0.9) -> Draft:
    policy = Policy(
        LexicalSettings(10, 12, 240, 200), JudgedSettings("token", 32, 256, 160, 384),
        {"default": {"violence": Threshold(halt, 0.5)}},
        {"token": "halt", "clause": "halt", "whole": "halt"},
    )  # fmt: skip
    return Draft("a test", "cn-genai-2023", "00", policy, {"mine": rules})


def test_the_same_content_gives_the_same_bytes() -> None:
    assert build_bundle(draft(), KEY) == build_bundle(draft(), KEY)


def test_a_bundle_comes_back_as_it_was_and_judges() -> None:
    bundle = read_bundle(build_bundle(draft(), KEY), TRUSTED)
    assert bundle.policy == draft().policy
    assert describe(bundle)["literals"] == 1
    guard = make_guard(bundle, today=date(2026, 11, 24))
    assert guard.judge("the forbidden phrase alpha", "prompt").action == "halt"
    assert guard.name == bundle.digest


def test_a_draft_that_is_taken_is_the_bundle_that_would_be_read() -> None:
    assert take_bundle(draft(), next(iter(TRUSTED))) == read_bundle(
        build_bundle(draft(), KEY), TRUSTED
    )


def test_an_id_in_two_files_is_refused() -> None:
    twice = Draft("a test", "cn-genai-2023", "00", draft().policy, {"a": RULES, "b": RULES})
    with pytest.raises(BadInput, match="used already"):
        build_bundle(twice, KEY)


def test_a_fault_in_a_draft_names_the_path_that_its_author_knows() -> None:
    paths = {"a": "/etc/mine.toml", "b": "more.toml"}
    base = Draft("a test", "cn-genai-2023", "00", draft().policy, {"a": RULES}, paths=paths)
    with pytest.raises(BadInput, match=r"^/etc/mine\.toml, line \d+: "):
        build_bundle(replace(base, rules={"a": RULES.replace("halt", "stop")}), KEY)
    line = RULES[: RULES.index("id =")].count("\n") + 1
    used = rf"^more\.toml, line {line}: .* is used already, in /etc/mine\.toml, line {line}\."
    with pytest.raises(BadInput, match=used):
        build_bundle(replace(base, rules={"a": RULES, "b": RULES}), KEY)


def test_a_signature_that_does_not_count_is_refused() -> None:
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    with pytest.raises(NotAllowed, match="does not count"):
        read_bundle(build_bundle(draft(), other), TRUSTED)


@pytest.mark.parametrize(
    "member", ["manifest.json", "policy.json", "rules/mine.toml", "signature"]
)
def test_one_changed_byte_is_noticed(member: str) -> None:
    members = _members(build_bundle(draft(), KEY))
    members[member] = members[member][:-1] + bytes([members[member][-1] ^ 1])
    with pytest.raises((BadInput, NotAllowed)):
        read_bundle(_packed(members), TRUSTED)


def test_a_member_that_was_not_signed_is_refused() -> None:
    members = _members(build_bundle(draft(), KEY)) | {"rules/more.toml": RULES.encode()}
    with pytest.raises(BadInput, match="not those that the manifest names"):
        read_bundle(_packed(members), TRUSTED)


def test_what_is_no_bundle_is_refused() -> None:
    for data in (b"", b"PK", b"{}", bytes(1000)):
        with pytest.raises(BadInput, match="refused"):
            read_bundle(data, TRUSTED)


def test_a_policy_of_unknown_disguises_is_refused() -> None:
    one = draft()
    policy = replace(one.policy, lexical=replace(one.policy.lexical, disguises=("mirrored",)))
    with pytest.raises(BadInput, match="'mirrored'"):
        read_bundle(build_bundle(replace(one, policy=policy), KEY), TRUSTED)


def test_a_difference_names_what_changed() -> None:
    old = read_bundle(build_bundle(draft(), KEY), TRUSTED)
    new_rules = RULES.replace('"r1"', '"r2"')
    new = read_bundle(build_bundle(draft(new_rules, halt=0.8), KEY), TRUSTED)
    difference = compare(old, new)
    assert difference.rules_added == ("r2",)
    assert difference.rules_removed == ("r1",)
    assert difference.policy_changed == ("thresholds.default.violence.halt: 0.9 → 0.8",)
    assert compare(old, old).is_empty


def _members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _packed(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()

"""Makes the bundle that a gateway starts with: the pack's policy, our rules and weights, and the
operator's rules.

It refuses to know serving. It reads files; what is judged by them is the guard's business.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from licet.base.trouble import BadInput
from licet.guard.bundle import Draft, build_bundle, member_of
from licet.guard.classifier import WEIGHTS
from licet.guard.encoder import WEIGHTS as ENCODER_WEIGHTS
from licet.guard.lexicon import LexicalSettings
from licet.guard.policy import (
    EncoderSettings,
    JudgedSettings,
    OnFailure,
    Policy,
    Threshold,
    Tier,
)
from licet.guard.ruleset import Rule, in_force
from licet.rulebook import EncoderSettings as PackEncoder
from licet.rulebook import Pack

RULES_BYTES_MAX = 64 << 20
NAME_CHARACTERS_MAX = 100
PAST_SHOWN = 10
SOON_DAYS = 30
"""An end that is so near is told when a bundle is built: time to renew a rule by hand."""
FAIL_CLOSED: Mapping[Tier, OnFailure] = {"token": "halt", "clause": "halt", "whole": "halt"}
"""What `licet check` does where no configuration says otherwise."""


def policy_of(
    pack: Pack, on_judge_failure: Mapping[Tier, OnFailure], tier: Tier | None = None
) -> Policy:
    """The guard's policy as the pack has it; `tier` is the operator's choice over the pack's."""
    guard = pack.guard
    return Policy(
        lexical=LexicalSettings(
            guard.lexical.short_literal_letters,
            guard.lexical.gap_characters_max,
            guard.lexical.pattern_characters_max,
            guard.lexical.within_characters_max,
            guard.lexical.disguises,
            guard.lexical.seam_characters,
        ),
        judged=JudgedSettings(
            tier or guard.judged.tier,
            guard.judged.stride_characters,
            guard.judged.window_characters,
            guard.judged.clause_characters_max,
            guard.judged.late_characters_max,
        ),
        thresholds={
            audience: {name: Threshold(t.halt, t.flag) for name, t in thresholds.items()}
            for audience, thresholds in guard.audiences.items()
        },
        on_judge_failure=dict(on_judge_failure),
        encoder=_encoder_settings(guard.encoder),
    )


def _encoder_settings(pack: PackEncoder) -> EncoderSettings | None:
    digest = shipped_encoder_digest()
    if digest is None:
        return None
    return EncoderSettings(
        digest, pack.doubt_low, pack.doubt_high,
        {
            audience: {name: Threshold(t.halt, t.flag) for name, t in groups.items()}
            for audience, groups in pack.audiences.items()
        },
    )  # fmt: skip


def shipped_rules() -> dict[str, str]:
    """Our own literal rules, as TOML text by name."""
    folder = files("licet.guard").joinpath("rules")
    return {
        item.name.removesuffix(".toml"): item.read_text(encoding="utf-8")
        for item in sorted(folder.iterdir(), key=lambda item: item.name)
        if item.name.endswith(".toml")
    }


def shipped_weights() -> bytes:
    """The classifier's weights that come with this version."""
    return files("licet.guard.classifier").joinpath(WEIGHTS).read_bytes()


def shipped_encoder() -> bytes:
    """The encoder's file that comes with this version; some 25 MB."""
    return files("licet.guard.encoder").joinpath(ENCODER_WEIGHTS).read_bytes()


def shipped_encoder_digest() -> str | None:
    """Its SHA-256 in hexadecimal, as written beside it; None in a build that comes without."""
    path = files("licet.guard.encoder").joinpath(f"{ENCODER_WEIGHTS}.sha256")
    return path.read_text("ascii").strip() if path.is_file() else None


def read_rules(path: Path) -> str:
    """The text of an operator's rule file. Raises BadInput where it can't be read as such."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadInput(
            f"{path} cannot be read: {error.strerror}.",
            hint="Check the path after --rules or under [guard] rules.",
        ) from None
    if len(data) > RULES_BYTES_MAX:
        raise BadInput(f"{path} is larger than {RULES_BYTES_MAX} bytes.", hint="Split the file.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise BadInput(f"{path}, line {line}: not UTF-8.", hint="Save it as UTF-8.") from None


def draft_bundle(
    pack: Pack, rule_files: Sequence[Path] = (), *, name: str = "local",
    on_judge_failure: Mapping[Tier, OnFailure] = FAIL_CLOSED, tier: Tier | None = None,
    shipped: bool = True, urgent: bool = False,
) -> Draft:  # fmt: skip
    """What a bundle is to be made of. Raises BadInput for a faulty rule file, with the line,
    or for an unfit name."""
    _check_name(name)
    rules = shipped_rules() if shipped else {}
    named = _named(rule_files)
    rules |= {name: read_rules(path) for name, path in named.items()}
    return Draft(
        name=name, pack=pack.id, pack_digest=pack.digest,
        policy=policy_of(pack, on_judge_failure, tier), rules=rules,
        weights=shipped_weights() if shipped else None, urgent=urgent,
        paths={name: str(path) for name, path in named.items()},
    )  # fmt: skip


def _check_name(name: str) -> None:
    if not name.strip() or len(name) > NAME_CHARACTERS_MAX or not name.isprintable():
        raise BadInput(
            f"the name of a bundle is 1 to {NAME_CHARACTERS_MAX} printable characters.",
            hint="For example: --name spring-rules",
        )


def _named(rule_files: Sequence[Path]) -> dict[str, Path]:
    """The files by their names in a bundle. Two may be called alike; the number keeps them apart,
    in the order given."""
    return {
        f"operator-{number:02d}-{path.stem}": path
        for number, path in enumerate(rule_files, start=1)
    }


def unused_rules(
    rules: Mapping[str, Sequence[Rule]], today: date, rule_files: Sequence[Path] = ()
) -> Iterator[str]:
    """What their authors are to be told of a bundle's rules by member, a line for each file: those
    that are out of their time, and files that hold none. `rule_files`: as the bundle was made."""
    for where, found in _by_file(rules, rule_files):
        if not found:
            yield f"{where} holds no rules."
        past = [
            f"{rule.id} (since {rule.expires + timedelta(days=1)})"
            for rule in found
            if rule.expires is not None and not in_force([rule], today)
        ]
        if past:
            yield f"{where}: out of their time and not used: {_first_of(past)}."


def ending_rules(
    rules: Mapping[str, Sequence[Rule]], today: date, rule_files: Sequence[Path] = ()
) -> Iterator[str]:
    """The rules that are in force today and not any more in SOON_DAYS days, told likewise."""
    then = today + timedelta(days=SOON_DAYS)
    for where, found in _by_file(rules, rule_files):
        ending = [
            f"{rule.id} (from {rule.expires + timedelta(days=1)})"
            for rule in in_force(found, today)
            if rule.expires is not None and not in_force([rule], then)
        ]
        if ending:
            yield f"{where}: soon out of their time: {_first_of(ending)}."


def _by_file(
    rules: Mapping[str, Sequence[Rule]], rule_files: Sequence[Path]
) -> Iterator[tuple[str, Sequence[Rule]]]:
    """The rules of each file, by its path where that is known, else by its member's name."""
    known = {member_of(name): str(path) for name, path in _named(rule_files).items()}
    for member, found in rules.items():
        yield known.get(member, member), found


def _first_of(told: Sequence[str]) -> str:
    more = f" and {len(told) - PAST_SHOWN} more" if len(told) > PAST_SHOWN else ""
    return f"{', '.join(told[:PAST_SHOWN])}{more}"


def passing_bundle(pack: Pack, rule_files: Sequence[Path] = (), *, name: str) -> bytes:
    """The bytes of a bundle that judges here and is installed nowhere. Its signature is for
    nobody: it never leaves this process and its workers. Raises as draft_bundle."""
    passing_key = Ed25519PrivateKey.from_private_bytes(secrets.token_bytes(32))
    return build_bundle(draft_bundle(pack, rule_files, name=name), passing_key)

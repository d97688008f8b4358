"""A bundle: rules, weights and policy in one signed file, the unit in which judgement changes.

It refuses to know folders and networks: bytes in, values out, values in, bytes out.

Form: a ZIP archive without compression, times or order of its own, so that the same content gives
the same bytes.

    manifest.json       RFC 8785: version of the form, name, pack, urgent, and SHA-256 and size of
                        every other member but the signature; its SHA-256 is the bundle's digest
    signature           Ed25519 over b"licet/bundle/v1\\n" + manifest.json (64 bytes)
    author              the public key (32 bytes)
    policy.json         thresholds and settings, as the rulebook's pack gave them
    rules/NAME.toml     literal rules, as their authors wrote them
    weights.bin         the classifier's weights (may be absent)

The encoder's weights are large and come with the program: policy.json names their SHA-256.

Rules
1. Nothing is used of a bundle before its signature and every digest have been checked.
2. Whose signature counts is the caller's to say; a bundle never vouches for itself.
3. Members that the manifest does not name are refused, not ignored.
"""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from licet.base.canonical import canonical_json, sha256_hex
from licet.base.tomlsource import TomlSource
from licet.base.trouble import BadInput, NotAllowed
from licet.guard.classifier import Classifier
from licet.guard.disguise.ways import WAYS
from licet.guard.doubt import Doubt
from licet.guard.encoder import Encoder
from licet.guard.guarding import Guard
from licet.guard.lexicon import Lexicon
from licet.guard.policy import EncoderSettings, Policy
from licet.guard.ruleset import Bounds, Rule, in_force, join_rules, parse_rules

FORM = 1
_LABEL = b"licet/bundle/v1\n"
_MANIFEST, _SIGNATURE, _AUTHOR = "manifest.json", "signature", "author"
_POLICY, _WEIGHTS, _RULES = "policy.json", "weights.bin", "rules/"
_EPOCH = (1980, 1, 1, 0, 0, 0)
BUNDLE_BYTES_MAX = 256 << 20
MEMBERS_MAX = 1000
_UNREADABLE = (msgspec.DecodeError, ValueError, RecursionError)  # ValueError: not UTF-8
_NO_ARCHIVE = (
    zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError, struct.error,
    ValueError, OverflowError, RuntimeError, OSError,
)  # fmt: skip
"""What zipfile raises for bytes that lie about themselves, as found by fuzzing."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that was checked. `rules` by member name, in the archive's order."""

    name: str
    pack: str
    pack_digest: str
    urgent: bool
    policy: Policy
    rules: Mapping[str, tuple[Rule, ...]]
    weights: bytes | None
    digest: str
    """SHA-256 of the manifest, in hexadecimal: the bundle's identity."""
    author: bytes
    """The Ed25519 public key that signed it (32 bytes)."""

    @property
    def all_rules(self) -> tuple[Rule, ...]:
        return tuple(rule for rules in self.rules.values() for rule in rules)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a bundle is made of. `rules`: TOML text by name (`base-en`); `paths`: by the same name,
    where its author keeps it, for faults in it."""

    name: str
    pack: str
    pack_digest: str
    policy: Policy
    rules: Mapping[str, str]
    weights: bytes | None = None
    urgent: bool = False
    paths: Mapping[str, str] = field(default_factory=dict)


def build_bundle(draft: Draft, key: Ed25519PrivateKey) -> bytes:
    """The bytes of a signed bundle. Raises BadInput where a rule file is faulty."""
    members, _ = _members(draft)
    return _packed(_manifest(draft, members), members, key)


def _packed(manifest: bytes, members: Mapping[str, bytes], key: Ed25519PrivateKey) -> bytes:
    written = {
        _MANIFEST: manifest,
        _SIGNATURE: key.sign(_LABEL + manifest),
        _AUTHOR: key.public_key().public_bytes_raw(),
        **dict(sorted(members.items())),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, data in written.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), data)
    return out.getvalue()


def sign_again(data: bytes, key: Ed25519PrivateKey) -> bytes:
    """The same bundle under another author's signature: its digest stays, for it is its content's.

    For a candidate that was proven as it is. Raises BadInput or NotAllowed as `read_bundle`.
    """
    read_bundle(data, None)
    members = _unpack(data)
    del members[_SIGNATURE], members[_AUTHOR]
    return _packed(members.pop(_MANIFEST), members, key)


def take_bundle(draft: Draft, author: bytes) -> Bundle:
    """What `read_bundle(build_bundle(draft, key))` gives, for who made the draft and holds the key
    of `author`: nothing is signed and read again. Raises BadInput where a rule file is faulty."""
    members, rules = _members(draft)
    return Bundle(
        name=draft.name, pack=draft.pack, pack_digest=draft.pack_digest, urgent=draft.urgent,
        policy=draft.policy, rules=dict(sorted(rules.items())), weights=draft.weights,
        digest=sha256_hex(_manifest(draft, members)), author=author,
    )  # fmt: skip


def _members(draft: Draft) -> tuple[dict[str, bytes], dict[str, tuple[Rule, ...]]]:
    """The members of a bundle, and the rules in them."""
    members: dict[str, bytes] = {_POLICY: canonical_json(msgspec.to_builtins(draft.policy))}
    rules, sources, bounds = {}, {}, _bounds(draft.policy)
    for name, text in draft.rules.items():
        member, known = member_of(name), draft.paths.get(name, f"{name}.toml")
        rules[member] = parse_rules(text, known, bounds=bounds)
        sources[member] = TomlSource(known, text)
        members[member] = text.encode()
    join_rules(rules.items(), sources)  # no id in two files: whoever is halted quotes it
    if draft.weights is not None:
        members[_WEIGHTS] = draft.weights
    return members, rules


def member_of(name: str) -> str:
    """The member of a bundle that holds the rules of that name."""
    return f"{_RULES}{name}.toml"


def _bounds(policy: Policy) -> Bounds:
    lexical = policy.lexical
    return Bounds(lexical.pattern_characters_max, lexical.within_characters_max)


def _manifest(draft: Draft, members: Mapping[str, bytes]) -> bytes:
    return canonical_json(
        {
            "form": FORM,
            "name": draft.name,
            "pack": draft.pack,
            "pack_digest": draft.pack_digest,
            "urgent": draft.urgent,
            "members": {
                name: {"sha256": sha256_hex(data), "size": len(data)}
                for name, data in members.items()
            },
        }
    )


def read_bundle(data: bytes, trusted: Collection[bytes] | None) -> Bundle:
    """A bundle from its bytes, checked. `trusted`: public keys whose signature counts; None takes
    any (to show a bundle, never to serve under it).

    Raises BadInput for what is no bundle, NotAllowed for a signature that does not count.
    """
    members = _unpack(data)
    manifest_bytes = members.pop(_MANIFEST)
    signature, author = members.pop(_SIGNATURE), members.pop(_AUTHOR)
    _check_signature(manifest_bytes, signature, author, trusted)
    try:
        manifest = msgspec.json.decode(manifest_bytes, type=_Manifest)
    except _UNREADABLE as error:
        raise _refused(f"its manifest is not understood: {error}")
    if manifest.form != FORM:
        raise BadInput(
            f"a bundle of form {manifest.form} cannot be read.",
            hint="Upgrade Licet, or build the bundle with this version.",
        )
    if set(members) != set(manifest.members):
        raise _refused("its members are not those that the manifest names.")
    for name, about in manifest.members.items():
        if len(members[name]) != about.size or sha256_hex(members[name]) != about.sha256:
            raise _refused(f"{name} is not what was signed.")
    policy = _read_policy(members.get(_POLICY))
    rules = {}
    for name in sorted(members):
        if name.startswith(_RULES):
            text = _as_text(name, members[name])
            rules[name] = parse_rules(text, name, bounds=_bounds(policy))
    join_rules(rules.items())
    return Bundle(
        name=manifest.name, pack=manifest.pack, pack_digest=manifest.pack_digest,
        urgent=manifest.urgent, policy=policy, rules=rules,
        weights=members.get(_WEIGHTS), digest=hashlib.sha256(manifest_bytes).hexdigest(),
        author=author,
    )  # fmt: skip


def make_guard(
    bundle: Bundle, *, today: date | None = None, doubt: Doubt | None = None,
    encoder: Callable[[], bytes] | None = None,
) -> Guard:  # fmt: skip
    """The guard that judges by a bundle from `today` on; some 0.3 s for 10,000 rules.

    Rules that have expired by `today` are left out. `encoder` gives the file of the encoder that
    the bundle's policy names; it is read at the first text that needs it. Without, or where the
    policy names none, the classifier judges alone. `doubt`: when judges outside are asked.
    """
    settings = bundle.policy.encoder
    rules = bundle.all_rules if today is None else in_force(bundle.all_rules, today)
    classifier = Classifier.from_bytes(bundle.weights) if bundle.weights is not None else None
    return Guard(
        Lexicon(rules, bundle.policy.lexical), classifier, bundle.policy,
        name=bundle.digest, doubt=doubt,
        encoder=None if encoder is None or settings is None else encoder_source(settings, encoder),
    )  # fmt: skip


def encoder_source(policy: EncoderSettings, read: Callable[[], bytes]) -> Callable[[], Encoder]:
    """Gives the encoder that a policy names, the same each time. The first call reads the file,
    and raises BadInput where that is another one."""
    named = policy.weights

    @cache
    def load() -> Encoder:
        data = read()
        if sha256_hex(data) != named:
            raise BadInput(
                f"the bundle was made for the encoder {named[:16]}…, and this is another one.",
                hint="Build the bundle anew with this version of Licet, or use the version that "
                "built it.",
            )
        return Encoder.from_bytes(data)

    return load


class _Member(msgspec.Struct, forbid_unknown_fields=True):
    sha256: str
    size: int


class _Manifest(msgspec.Struct, forbid_unknown_fields=True):
    form: int
    name: str
    pack: str
    pack_digest: str
    urgent: bool
    members: dict[str, _Member]


def _refused(why: str) -> BadInput:
    return BadInput(f"this bundle is refused: {why}", hint="Fetch it again, or build it anew.")


def _unpack(data: bytes) -> dict[str, bytes]:
    if len(data) > BUNDLE_BYTES_MAX:
        raise _refused(f"it is larger than {BUNDLE_BYTES_MAX} bytes.")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            if len(infos) > MEMBERS_MAX or sum(i.file_size for i in infos) > BUNDLE_BYTES_MAX:
                raise _refused("it holds too much.")
            if any(info.compress_type != zipfile.ZIP_STORED for info in infos):
                raise _refused("it is compressed.")
            members = {info.filename: archive.read(info) for info in infos}
    except _NO_ARCHIVE as error:
        raise _refused(f"it is no bundle ({error}).")
    if len(members) != len(infos) or not {_MANIFEST, _SIGNATURE, _AUTHOR} <= set(members):
        raise _refused("it lacks a manifest or a signature, or names a member twice.")
    return members


def _check_signature(
    manifest: bytes, signature: bytes, author: bytes, trusted: Collection[bytes] | None
) -> None:
    if trusted is not None and author not in trusted:
        raise NotAllowed(
            f"the bundle was signed by {author.hex()[:16]}…, whose signature does not count here.",
            hint="Trust that key, or have the bundle signed by one that is trusted.",
        )
    try:
        Ed25519PublicKey.from_public_bytes(author).verify(signature, _LABEL + manifest)
    except (InvalidSignature, ValueError):
        raise NotAllowed(
            "the bundle's signature is not valid.", hint="Fetch it again, or build it anew."
        )


def _as_text(name: str, data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise _refused(f"{name} is not UTF-8.")


def _read_policy(data: bytes | None) -> Policy:
    if data is None:
        raise _refused("it has no policy.")
    try:
        policy = msgspec.json.decode(data, type=Policy)
    except _UNREADABLE as error:
        raise _refused(f"its policy is not understood: {error}")
    if strange := sorted(set(policy.lexical.disguises).difference(WAYS)):
        raise _refused(f"its policy names disguises that are not known here: {strange}.")
    return policy


def describe(bundle: Bundle) -> dict[str, Any]:
    """What people want to know of a bundle at a glance."""
    return {
        "name": bundle.name,
        "digest": bundle.digest,
        "author": bundle.author.hex(),
        "pack": bundle.pack,
        "pack_digest": bundle.pack_digest,
        "urgent": bundle.urgent,
        "rules": {name: len(rules) for name, rules in bundle.rules.items()},
        "literals": sum(len(rule.literal) for rule in bundle.all_rules),
        "patterns": sum(len(rule.pattern) for rule in bundle.all_rules),
        "weights_sha256": sha256_hex(bundle.weights) if bundle.weights is not None else None,
        "encoder_sha256": bundle.policy.encoder and bundle.policy.encoder.weights,
        "tier": bundle.policy.judged.tier,
        "audiences": sorted(bundle.policy.thresholds),
    }


@dataclass(frozen=True, slots=True)
class Difference:
    """What changes from one bundle to another."""

    rules_added: tuple[str, ...]
    rules_removed: tuple[str, ...]
    rules_changed: tuple[str, ...]
    policy_changed: tuple[str, ...]
    weights_changed: bool

    @property
    def is_empty(self) -> bool:
        return not (
            self.rules_added or self.rules_removed or self.rules_changed or self.policy_changed
            or self.weights_changed
        )  # fmt: skip


def compare(old: Bundle, new: Bundle) -> Difference:
    """What `new` does otherwise than `old`."""
    before = {rule.id: rule for rule in old.all_rules}
    after = {rule.id: rule for rule in new.all_rules}
    flat_before = dict(_flat(msgspec.to_builtins(old.policy), ""))
    flat_after = dict(_flat(msgspec.to_builtins(new.policy), ""))
    keys = sorted(set(flat_before) | set(flat_after))
    return Difference(
        rules_added=tuple(sorted(after.keys() - before.keys())),
        rules_removed=tuple(sorted(before.keys() - after.keys())),
        rules_changed=tuple(
            sorted(i for i in before.keys() & after.keys() if before[i] != after[i])
        ),
        policy_changed=tuple(
            f"{key}: {flat_before.get(key)} → {flat_after.get(key)}"
            for key in keys
            if flat_before.get(key) != flat_after.get(key)
        ),
        weights_changed=old.weights != new.weights,
    )


def _flat(value: Any, path: str) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        out: list[tuple[str, Any]] = []
        for key, inner in value.items():
            out += _flat(inner, f"{path}.{key}" if path else str(key))
        return out
    return [(path, value)]

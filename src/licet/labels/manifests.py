"""C2PA manifests beside the labels of the law: signed, and checked against anchors that are named.

It refuses to know GB 45438, and it asks no network: no remote manifests, no OCSP, no time stamps.
Needs c2pa-python (extra `c2pa`). C2PA 2.2.

Rules
1. The label comes first and the manifest after it: the manifest covers the label, and the label's
   digest leaves the manifest out. A label that is written later breaks the manifest, visibly.
2. `trusted` only under an anchor that the caller names; a signature alone says `valid`.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from licet import __version__
from licet.base.extras import to_install
from licet.base.trouble import BadInput, Unavailable

State = Literal["trusted", "valid", "invalid", "not_found", "inconclusive"]

GENERATED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
MEDIA_TYPES = frozenset(
    {"image/png", "image/jpeg", "image/webp", "image/gif", "image/tiff", "audio/wav", "audio/mpeg",
     "video/mp4"}
)  # fmt: skip
"""What is signed here: formats of which the label's digest leaves the manifest out."""

_SIGNING = ObjectIdentifier("1.3.6.1.4.1.62558.2.1")  # C2PA claim signing
_SETTINGS: Mapping[str, Any] = {
    "verify": {"remote_manifest_fetch": False, "ocsp_fetch": False, "verify_trust": True},
    "builder": {"thumbnail": {"enabled": False}},
}


@dataclass(frozen=True, slots=True)
class Authority:
    """A local authority and one signer under it, as PEM. `chain`: signer first."""

    root: bytes
    root_key: bytes
    chain: bytes
    key: bytes


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a file's manifest is worth, who signed it, whether it says that a trained model made
    the content, and what is wrong, in C2PA's codes."""

    state: State
    signer: str = ""
    generated: bool = False
    problems: tuple[str, ...] = ()

    @property
    def stands(self) -> bool:
        """Nothing is wrong: it is trusted, or there is none."""
        return self.state in {"trusted", "not_found"}


def make_authority(organisation: str, *, now: datetime, days: int, root_days: int) -> Authority:
    """A new local authority: a root of `root_days`, and a signer of `days` under it (P-256).

    C2PA refuses a signer that signed itself, so there are always two. Whoever is to trust the
    files is given `root`; `root_key` is needed only to make the next signer.
    """
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_name, name = (_name(organisation, f"{organisation} {what}") for what in ("CA", "signer"))
    root = (
        _begun(root_name, root_name, root_key, now, root_days)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    uses = [_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION]
    known = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
    signer = (
        _begun(name, root_name, key, now, days)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
        .add_extension(known, critical=False)
        .sign(root_key, hashes.SHA256())
    )
    root_pem, signer_pem = (one.public_bytes(serialization.Encoding.PEM) for one in (root, signer))
    return Authority(root_pem, _key_pem(root_key), signer_pem + root_pem, _key_pem(key))


def sign(data: bytes, media_type: str, chain: bytes, key: bytes) -> bytes:
    """The file with a manifest that says that a trained model made it.

    Raises BadInput for a format, key or chain that cannot be used, Unavailable where c2pa-python
    is not installed.
    """
    library = _library()
    if media_type not in MEDIA_TYPES:
        raise BadInput(f"{media_type} is not signed here.", hint="Leave the manifest out.")
    private = _private(key)
    action = {"action": "c2pa.created", "digitalSourceType": GENERATED}
    claim = {
        "claim_generator_info": [{"name": "Licet", "version": __version__}],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [action]}}],
    }
    out = io.BytesIO()
    try:
        with (
            library.Signer.from_callback(
                lambda said: private.sign(said, ec.ECDSA(hashes.SHA256())),
                library.C2paSigningAlg.ES256,
                chain.decode("ascii"),
            ) as signer,
            library.Context.from_dict(dict(_SETTINGS)) as context,
            library.Builder(json.dumps(claim), context) as builder,
        ):
            builder.sign(signer, media_type, io.BytesIO(data), out)
    except library.C2paError as error:
        raise BadInput(f"no manifest could be made: {error}.", hint="Is the file whole?")
    return out.getvalue()


def check(data: bytes, media_type: str, anchors: bytes = b"") -> Manifest:
    """What the manifest of a file is worth under these anchors (certificates as PEM).

    Raises Unavailable where c2pa-python is not installed; never for what a file holds.
    """
    library = _library()
    if media_type not in MEDIA_TYPES:
        return Manifest("not_found")
    trust = {"trust": {"trust_anchors": anchors.decode("ascii")}} if anchors else {}
    try:
        with (
            library.Context.from_dict({**_SETTINGS, **trust}) as context,
            library.Reader(media_type, io.BytesIO(data), context=context) as reader,
        ):
            return _worth(json.loads(reader.json()))
    except library.C2paError as error:
        missing = "ManifestNotFound" in type(error).__name__ or "no JUMBF" in str(error)
        state: State = "not_found" if missing else "inconclusive"
        return Manifest(state, problems=() if missing else (str(error),))


def _worth(store: dict[str, Any]) -> Manifest:
    active = store["manifests"][store["active_manifest"]]
    states: Mapping[str, State] = {"Trusted": "trusted", "Valid": "valid"}
    actions = [
        action
        for assertion in active.get("assertions", [])
        if assertion["label"].startswith("c2pa.actions")
        for action in assertion["data"]["actions"]
    ]
    return Manifest(
        states.get(store["validation_state"], "invalid"),
        active.get("signature_info", {}).get("issuer", ""),
        any(action.get("digitalSourceType") == GENERATED for action in actions),
        tuple(status["code"] for status in store.get("validation_status", [])),
    )


def _private(key: bytes) -> ec.EllipticCurvePrivateKey:
    hint = "`licet labels make-ca` makes one."
    try:
        private = serialization.load_pem_private_key(key, None)
    except (ValueError, TypeError):
        raise BadInput("the signing key cannot be read.", hint=hint)
    if not (isinstance(private, ec.EllipticCurvePrivateKey) and private.key_size == 256):
        raise BadInput("the signing key is not on P-256.", hint=hint)
    return private


def _library() -> Any:
    try:
        import c2pa
    except ImportError:
        raise Unavailable("manifests need c2pa-python.", hint=to_install("c2pa"))
    return c2pa


def _name(organisation: str, common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _begun(
    name: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))  # clocks differ
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )

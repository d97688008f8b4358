"""The keys of bundles: the one that we sign with, and those whose signature counts.

    bundle.key    Ed25519 private key: 32 raw bytes in hexadecimal, for its owner alone (0600)
    bundle.pub    public keys that count here, one a line in hexadecimal; # begins a comment

It refuses to know bundles and what a signature is put under.

Rules
1. A private key is made once and never overwritten; its name appears only when it is whole.
2. A private key that others can read is refused: what may have leaked signs nothing.
3. No trusted keys are not all keys: where `bundle.pub` is missing, nothing counts.
4. One process at a time makes a key (the folder is locked): no key is trusted that nobody has.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from licet.base.ids import Chance
from licet.base.keyfile import write_once
from licet.base.trouble import BadInput, NotAllowed, NotFound

PRIVATE, PUBLIC = "bundle.key", "bundle.pub"
KEY_BYTES = 32


def create_bundle_key(folder: Path, chance: Chance) -> Ed25519PrivateKey:
    """A new signing key in `folder`, trusted from now on. Raises NotAllowed where one is."""
    seed = chance(KEY_BYTES)
    key = Ed25519PrivateKey.from_private_bytes(seed)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        with _locked(folder):
            if (folder / PRIVATE).exists():
                raise _exists(folder / PRIVATE)
            # Trusted first: a key that signs and does not count would be worse than the reverse.
            _trust(folder / PUBLIC, key.public_key().public_bytes_raw())
            write_once(folder / PRIVATE, f"{seed.hex()}\n".encode())
    except OSError as error:
        raise BadInput(
            f"no key can be kept in {folder}: {error.strerror}.",
            hint="Name a folder that you may write by --home DIR or LICET_HOME.",
        ) from error
    return key


def load_bundle_key(folder: Path) -> Ed25519PrivateKey:
    """The signing key in `folder`. Raises NotFound, NotAllowed (rule 2) or BadInput."""
    path = folder / PRIVATE
    try:
        mode, text = path.stat().st_mode, path.read_text(encoding="ascii")
    except FileNotFoundError:
        raise NotFound(
            f"there is no key at {path}.", hint="`licet bundle build` makes one."
        ) from None
    except UnicodeDecodeError:
        raise _unreadable(path) from None
    except OSError as error:
        raise NotAllowed(
            f"{path} cannot be read: {error.strerror}.", hint="Run as the user whose home this is."
        ) from None
    if mode & 0o077:
        raise NotAllowed(f"{path} can be read by others.", hint=f"Run: chmod 600 {path}")
    return Ed25519PrivateKey.from_private_bytes(_key_bytes(text, path))


def load_or_create_bundle_key(folder: Path, chance: Chance) -> Ed25519PrivateKey:
    """The signing key in `folder`, made where there is none yet."""
    try:
        return load_bundle_key(folder)
    except NotFound:
        pass
    try:
        return create_bundle_key(folder, chance)
    except NotAllowed:  # another process was first: its key counts
        return load_bundle_key(folder)


def load_trusted_keys(folder: Path) -> frozenset[bytes]:
    """The public keys in `folder` (32 bytes each). Raises NotFound where none is, or BadInput."""
    path = folder / PUBLIC
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise NotFound(
            f"there is no {path}: no signature counts here.",
            hint="Write the public key that you trust there, in hexadecimal.",
        ) from None
    except (OSError, UnicodeDecodeError):
        raise _unreadable(path) from None
    lines = [line.partition("#")[0].strip() for line in text.splitlines()]
    return frozenset(_key_bytes(line, path) for line in lines if line)


def parse_public_key(text: str) -> bytes:
    """A public key as it is typed: 64 hexadecimal digits. Raises BadInput."""
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise BadInput(
            "a public key is 64 hexadecimal digits.", hint="`licet bundle show` has it."
        )
    return key


def _key_bytes(text: str, path: Path) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        raise _unreadable(path) from None
    if len(key) != KEY_BYTES:
        raise _unreadable(path)
    return key


def _unreadable(path: Path) -> BadInput:
    return BadInput(
        f"{path} cannot be read as keys.", hint="A key is 64 hexadecimal digits, one on a line."
    )


def _exists(path: Path) -> NotAllowed:
    return NotAllowed(f"{path} exists.", hint="A key is never overwritten; move it away.")


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Holds the folder against whoever else makes a key in it; a process that dies lets go."""
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def _trust(path: Path, key: bytes) -> None:
    with path.open("a", encoding="ascii") as file:
        file.write(f"{key.hex()}\n" if file.tell() == 0 else f"\n{key.hex()}\n")

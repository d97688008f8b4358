"""Keys of licences in files: private ones as hexadecimal for their owner alone, sets as JWKS.

It refuses to know what a key signs.
"""

from __future__ import annotations

from pathlib import Path

from licet.base.ids import Chance
from licet.base.keyfile import read_private, write_once
from licet.base.trouble import BadInput, NotAllowed, NotFound
from licet.credentials.keys import SET_BYTES_MAX, KeySet, SigningKey, parse_jwks


def load_signing_key(path: Path) -> SigningKey:
    """The private key at `path`. Raises NotFound, NotAllowed (others can read it) or BadInput."""
    try:
        return SigningKey.from_seed(bytes.fromhex(read_private(path).decode("ascii").strip()))
    except (ValueError, BadInput):
        raise BadInput(
            f"{path} cannot be read as a private key.", hint="It holds 64 hexadecimal digits."
        ) from None


def load_or_create_signing_key(path: Path, chance: Chance) -> SigningKey:
    """The private key at `path`, made where there is none yet."""
    try:
        return load_signing_key(path)
    except NotFound:
        pass
    key = SigningKey.draw(chance)
    try:
        write_once(path, f"{key.seed.hex()}\n".encode())
    except NotAllowed:  # another process was first: its key counts
        return load_signing_key(path)
    return key


def load_key_set(path: Path) -> KeySet:
    """The JSON Web Key Set at `path`. Raises NotFound or BadInput."""
    try:
        with path.open("rb") as file:
            data = file.read(SET_BYTES_MAX + 1)
    except FileNotFoundError:
        raise NotFound(
            f"there is no {path}: no authority's signature counts here.",
            hint="Put the authority's key set there (its /.well-known/jwks.json): "
            "licet licence trust FILE|URL.",
        ) from None
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from None
    try:
        return parse_jwks(data)
    except BadInput as unfit:
        raise BadInput(f"{path}: {unfit.message}", hint=unfit.hint) from None

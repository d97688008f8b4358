"""What somebody who checks licences has at hand: the authority's keys, and lists as they came.

    jwks.json                keys of the authority that is trusted here
    lists/<address>.jwt      the newest list of that address (its SHA-256, shortened)
    lists/<address>-<iat>.jwt    lists of past moments that were asked for

It refuses to know the network and what a licence is worth.

Rules
1. Lists are kept as they were signed and checked each time that they are read: whoever can write
   into the folder can take lists away, and not make one.
2. A list never replaces a newer one of its address.
"""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from licet.base.keyfile import replace_file
from licet.base.trouble import BadInput, Corrupt
from licet.credentials.jws import TOKEN_CHARACTERS_MAX
from licet.credentials.keyfiles import load_key_set
from licet.credentials.keys import KeySet
from licet.credentials.statuslist import StatusList, read_status_list

KEYS, LISTS = "jwks.json", "lists"
PAST_MAX = 100
"""Lists of past moments that are read for one address, the newest first."""


class Shelf:
    """The folder of one who checks."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def keys_path(self) -> Path:
        return self._folder / KEYS

    def keys(self) -> KeySet:
        """The keys that count here. Raises NotFound or BadInput."""
        return load_key_set(self.keys_path)

    def trust(self, keys: KeySet) -> None:
        """From now on these keys count, and no others."""
        replace_file(self.keys_path, keys.as_jwks() + b"\n")

    def lists(self, uri: str, keys: KeySet) -> tuple[StatusList, ...]:
        """The lists of an address whose signature holds; the others are passed over."""
        name = _name(uri)
        past = sorted((self._folder / LISTS).glob(f"{name}-*.jwt"), reverse=True)[:PAST_MAX]
        paths = [self._folder / LISTS / f"{name}.jwt", *past]
        found = [one for path in paths if (one := _read(path, keys)) is not None]
        return tuple(one for one in found if one.uri == uri)

    def put(self, listed: StatusList, keys: KeySet, *, past: bool = False) -> None:
        """Keep a list that was read, as the newest of its address or as one of the past."""
        folder, name = self._folder / LISTS, _name(listed.uri)
        if past:
            path = folder / f"{name}-{int(listed.issued.timestamp()):012}.jwt"
        else:
            path = folder / f"{name}.jwt"
            held = _read(path, keys)
            if held is not None and held.issued > listed.issued:
                return
        replace_file(path, f"{listed.token}\n".encode("ascii"))


def _name(uri: str) -> str:
    return sha256(uri.encode()).hexdigest()[:32]


def _read(path: Path, keys: KeySet) -> StatusList | None:
    """The list at `path`; None where there is none whose signature holds."""
    try:
        with path.open("rb") as file:
            text = file.read(TOKEN_CHARACTERS_MAX + 1).decode("ascii")
        return read_status_list(text, keys)
    except (OSError, UnicodeDecodeError, BadInput, Corrupt):
        return None

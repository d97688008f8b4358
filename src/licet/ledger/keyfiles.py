"""Keys in files: the ledger's signing key, and the keys of pseudonym periods.

Refuses to know what the keys are used for.

1. A key file is made once, for its owner alone, and refused where others can read it
   (`base/keyfile.py`).
2. Period keys are drawn at random, not derived from a master: destroying one is final.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Container
from datetime import UTC, datetime, timedelta
from math import inf
from pathlib import Path

from licet.base.ids import Chance
from licet.base.keyfile import load_or_create_key, read_private, write_once
from licet.base.trouble import BadInput, NotAllowed, NotFound
from licet.ledger.note import Signer, Verifier, make_signer, parse_skey, parse_vkey
from licet.ledger.seal import KEY_BYTES

_PUBLISHED = "It is one line, name+hash+base64; a gateway leaves it anew at its start."
_EPOCH = datetime(2020, 1, 6, tzinfo=UTC)  # a Monday, so that seven-day periods are weeks
_PERIOD = re.compile(r"(\d+)d-(-?\d+)")


def create_signer(path: Path, origin: str, chance: Chance) -> Signer:
    """A new signing key for the log `origin`, kept at `path`. Raises NotAllowed where one is."""
    signer = make_signer(origin, chance)
    write_once(path, f"{signer.skey}\n".encode())
    return signer


def load_signer(path: Path) -> Signer:
    """The signing key at `path`. Raises NotFound, NotAllowed (rule 1) or BadInput."""
    try:
        return parse_skey(read_private(path).decode("ascii", "replace"))
    except BadInput as unfit:
        raise BadInput(
            f"{path}: {unfit.message}.", hint="Restore the key from its copy."
        ) from None


def load_or_create_signer(path: Path, origin: str, chance: Chance) -> Signer:
    """The signing key at `path`, made where there is none yet.

    Raises BadInput where the key there bears another name: a log never changes its origin.
    """
    with contextlib.suppress(NotAllowed):
        if not path.exists():
            return create_signer(path, origin, chance)
    signer = load_signer(path)
    if signer.verifier.name != origin:
        raise BadInput(
            f"the key at {path} is that of {signer.verifier.name}, not of {origin}.",
            hint="Keep the origin that the log began with, or begin a log with a key of its own.",
        )
    return signer


def publish_vkey(path: Path, verifier: Verifier) -> None:
    """Leave the public key at `path`, for whoever checks the log. Raises BadInput."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text(f"{verifier.vkey}\n", encoding="utf-8")
    except OSError as error:
        raise BadInput(
            f"{path} cannot be written: {error.strerror}.", hint="Check its owner and rights."
        ) from None


def load_vkey(path: Path) -> Verifier:
    """The public key at `path`. Raises NotFound or BadInput."""
    try:
        return parse_vkey(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotFound(
            f"there is no verifier key at {path}.",
            hint="A gateway leaves it there at its first start.",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read as a verifier key.", hint=_PUBLISHED) from error
    except BadInput as unfit:
        raise BadInput(f"{path}: {unfit.message}.", hint=_PUBLISHED) from None


def period_name(now: datetime, days: int) -> str:
    """The pseudonym period that `now` falls in, for periods of `days` days: `7d-360`."""
    if days < 1:
        raise BadInput("a pseudonym period lasts a day or longer")
    return f"{days}d-{(now - _EPOCH) // timedelta(days=days)}"


def _days_of(period: str) -> tuple[float, float]:
    """The first day of a period, and of the next. A name of no period is never over."""
    found = _PERIOD.fullmatch(period)
    if found is None:
        return inf, inf
    days, number = int(found[1]), int(found[2])
    return days * number, days * (number + 1)


class PeriodKeys:
    """The keys of pseudonym periods, one file each in a folder of their own."""

    def __init__(self, folder: Path, chance: Chance) -> None:
        self._folder = folder
        self._chance = chance
        self._known: dict[str, bytes] = {}

    def get(self, period: str) -> bytes:
        """The key of `period` (32 bytes), made where there is none yet."""
        key = self._known.get(period)
        if key is None:
            key = self._known[period] = self._load(period)
        return key

    def find(self, period: str) -> bytes | None:
        """The key of `period`, None where there is none: it was destroyed, or is not ours."""
        with contextlib.suppress(NotFound, BadInput):
            if period not in self._known:
                self._known[period] = read_private(self._path(period))
        return self._known.get(period)

    def forget(self, period: str) -> None:
        """Destroy the key of `period`: its pseudonyms point at nobody from now on.

        Copies in backups are the operator's to destroy. Raises NotFound where there is none.
        """
        self._known.pop(period, None)
        try:
            self._path(period).unlink()
        except FileNotFoundError:
            raise NotFound(f"there is no key for the period {period}") from None

    def forget_past(self, period: str, held: Container[str] = ()) -> int:
        """Destroy the keys of the periods that were over when `period` began, but those that are
        `held`; returns how many there were. Those of later ones stay: a clock that is behind
        must not take the present for the past."""
        begins = _days_of(period)[0]
        past = [
            path
            for path in self._folder.glob("*.key")
            if _days_of(path.stem)[1] <= begins and path.stem not in held
        ]
        for path in past:
            self._known.pop(path.stem, None)
            path.unlink(missing_ok=True)
        return len(past)

    def _load(self, period: str) -> bytes:
        return load_or_create_key(self._path(period), KEY_BYTES, self._chance)

    def _path(self, period: str) -> Path:
        if not period.replace("-", "").isalnum():
            raise BadInput(f"{period!r} names no period")
        return self._folder / f"{period}.key"

"""An authority's signing desk: signs licences, keeps their status, publishes both.

    issuer.key     its private key
    acts.jsonl     what it did, a line an act: issued, suspended, restored, revoked

It refuses to know why: whoever decides (`cases`) calls it with the decision taken.

Rules
1. The file of acts is only ever added to, and every list is a fold of it: so the status of any
   past moment can be given and signed again (`?time=` of the draft).
2. Time never runs backwards in it: an act is no earlier than the one before.
3. REVOKED is final. Doing what is already so changes nothing.
4. One writer at a time, whatever number of processes: the file is locked while an act is added.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from licet.base.ids import Chance, new_id
from licet.base.trouble import BadInput, Conflict, Corrupt, NotFound
from licet.credentials.keyfiles import load_or_create_signing_key
from licet.credentials.keys import KeySet, SigningKey
from licet.credentials.licence import Licence, StatusPlace, Terms, read_licence, sign_licence
from licet.credentials.statuslist import Status, sign_status_list

KEY, ACTS = "issuer.key", "acts.jsonl"
LIST_PATH = "/status/1"
KEYS_PATH = "/.well-known/jwks.json"


class Act(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line of the file: from `at` (seconds since 1970) on, the licence has this status."""

    at: int
    licence: str
    status: str
    index: int
    token: str = ""
    """The licence itself, where this act issued it."""


@dataclass(frozen=True, slots=True)
class ListSettings:
    """How a status list is published; the numbers are the pack's."""

    ttl_s: int
    valid_s: int


class Issuer:
    """The desk in one folder, for one authority at the address `origin`."""

    def __init__(
        self, folder: Path, key: SigningKey, origin: str, settings: ListSettings, chance: Chance
    ) -> None:
        self._path = folder / ACTS
        self._key = key
        self._origin = origin
        self._settings = settings
        self._chance = chance
        self._stamp: tuple[int, int] | None = None
        self._acts: tuple[Act, ...] = ()
        self._signed: tuple[object, str] = (None, "")

    @property
    def keys(self) -> KeySet:
        """Whose signatures count."""
        return KeySet.of([self._key.public])

    @property
    def ttl_s(self) -> int:
        """After how long a list is asked for again."""
        return self._settings.ttl_s

    @property
    def list_uri(self) -> str:
        return self._origin + LIST_PATH

    def issue(self, terms: Terms, now: datetime) -> tuple[Licence, str]:
        """A new licence and its token; its status is VALID from now on."""
        with self._adding(now) as (acts, at):
            index = max((act.index for act in acts), default=-1) + 1
            given = {one.name: getattr(terms, one.name) for one in fields(Terms)}
            licence = Licence(
                **given, id=new_id("lic", now, self._chance), issuer=self._origin,
                issued=datetime.fromtimestamp(at, UTC), status=StatusPlace(self.list_uri, index),
            )  # fmt: skip
            token = sign_licence(licence, self._key)
            self._add(Act(at, licence.id, Status.VALID.name, index, token))
        return licence, token

    def set_status(self, licence_id: str, status: Status, now: datetime) -> bool:
        """Suspend, restore or revoke; False where it was so already.

        Raises NotFound for a licence that was not issued here, Conflict for one that is revoked.
        """
        with self._adding(now) as (acts, at):
            last = next((act for act in reversed(acts) if act.licence == licence_id), None)
            if last is None:
                raise NotFound(f"no licence {licence_id!r} was issued here.")
            if last.status == status.name:
                return False
            if last.status == Status.REVOKED.name:
                raise Conflict(f"the licence {licence_id} is revoked, and that is final.")
            self._add(Act(at, licence_id, status.name, last.index))
        return True

    def licences(self) -> tuple[tuple[Licence, Status], ...]:
        """Everything that was issued here under this origin, oldest first, with its status."""
        acts = self._read()
        now = {act.index: Status[act.status] for act in acts}
        return tuple(
            (read_licence(act.token, self.keys), now[act.index]) for act in acts if act.token
        )

    def token_of(self, licence_id: str) -> str:
        """The token of a licence that was issued here. Raises NotFound."""
        for act in self._read():
            if act.token and act.licence == licence_id:
                return act.token
        raise NotFound(f"no licence {licence_id!r} was issued here.")

    def status_token(self, now: datetime) -> str:
        """The list as it is now: good for `valid_s`, to be asked for again after `ttl_s`."""
        acts = self._read()
        if acts:  # a clock that was set back hides no act
            now = max(now, datetime.fromtimestamp(acts[-1].at, UTC))
        wanted = (self._stamp, int(now.timestamp()) // self._settings.ttl_s)
        if self._signed[0] != wanted:  # asked for by every gateway: signed once a ttl and an act
            ends = now + timedelta(seconds=self._settings.valid_s)
            self._signed = (wanted, self._sign(acts, now, now, ends))
        return self._signed[1]

    def status_token_at(self, moment: datetime, now: datetime) -> str:
        """The list as it was at a past moment: it speaks for the time between the acts before and
        after. Raises NotFound for a moment before the first act or after now."""
        acts = self._read()
        at = int(moment.timestamp())
        if not acts or not acts[0].at <= at <= now.timestamp():
            raise NotFound("there is no status list for that moment.")
        began = max(act.at for act in acts if act.at <= at)
        ended = min((act.at for act in acts if act.at > at), default=int(now.timestamp()) + 1)
        return self._sign(
            acts, moment, datetime.fromtimestamp(began, UTC), datetime.fromtimestamp(ended, UTC)
        )  # fmt: skip

    def _sign(
        self, acts: tuple[Act, ...], moment: datetime, issued: datetime, ends: datetime
    ) -> str:
        at = int(moment.timestamp())
        statuses = {act.index: Status[act.status] for act in acts if act.at <= at}
        return sign_status_list(
            statuses, uri=self.list_uri, issued=issued, ends=ends,
            ttl_s=self._settings.ttl_s, key=self._key,
        )  # fmt: skip

    # The file

    @contextmanager
    def _adding(self, now: datetime) -> Iterator[tuple[tuple[Act, ...], int]]:
        """Rules 2 and 4."""
        with self._path.open("ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            acts = self._read()
            yield acts, max(int(now.timestamp()), acts[-1].at if acts else 0)

    def _add(self, act: Act) -> None:
        with self._path.open("ab") as file:
            file.write(msgspec.json.encode(act) + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def _read(self) -> tuple[Act, ...]:
        """The acts, read again only where the file has grown."""
        try:
            about = self._path.stat()
            stamp = about.st_mtime_ns, about.st_size
            if stamp != self._stamp:
                lines = self._path.read_bytes().splitlines()
                self._acts = tuple(msgspec.json.decode(line, type=Act) for line in lines)
                self._stamp = stamp
        except FileNotFoundError:
            return ()
        except msgspec.DecodeError as error:
            raise Corrupt(f"{self._path} holds a line that is no act: {error}") from None
        if any(act.status not in Status.__members__ for act in self._acts):
            raise Corrupt(f"{self._path} holds a status that is none.")
        return self._acts


def open_issuer(folder: Path, origin: str, settings: ListSettings, chance: Chance) -> Issuer:
    """The desk in `folder`, made where there is none yet, its key too."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / ACTS).touch(0o600)
    except OSError as error:
        raise BadInput(f"no authority can be kept in {folder}: {error.strerror}.") from error
    return Issuer(
        folder, load_or_create_signing_key(folder / KEY, chance), origin, settings, chance
    )  # fmt: skip

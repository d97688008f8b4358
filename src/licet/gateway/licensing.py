"""Keeps a gateway's licence current: reads it, asks the authority for its status, says what holds.

It refuses to serve and to decide: `credentials` says what a licence is worth, `clearance` what
follows from that.

Rules
1. No request waits for this: `tend` runs beside serving and leaves its answer in memory.
2. The list is asked for again within half of its ttl, so that a suspension takes hold within the
   ttl; who does not answer is asked again, and the last good list counts until it ends.
3. A licence counts only with the private key that it is bound to: it is public, and anybody could
   put it before a service of his own.
4. What was learnt is kept on disk: a gateway that starts while the authority is down knows what
   it knew.
5. A clock that is put back makes nothing good again: since the last list, time has gone on at
   least as the other clock says. One that jumps ahead has the list asked for anew at once.
6. Files that cannot be read are read again, not only once they change: the disk may have failed.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from licet.base.clock import Clock
from licet.base.trouble import BadInput, Corrupt, NotFound, Trouble, Unavailable
from licet.credentials import (
    KeySet,
    Licence,
    SigningKey,
    StatusList,
    read_licence,
    read_status_list,
    standing_of,
)
from licet.credentials.fetch import is_loopback
from licet.credentials.jws import TOKEN_CHARACTERS_MAX
from licet.credentials.keyfiles import load_key_set, load_signing_key
from licet.credentials.shelf import Shelf
from licet.gateway.clearance import LAB, Clearance, clearance_of, no_clearance
from licet.gateway.config import LicenceConfig
from licet.gateway.upstream import Upstream, UpstreamSettings

RETRY_S = 5.0
"""How long after a failure the authority is asked again."""
ASK_S = 1.0
"""The list is asked for no more often than this, whatever its ttl."""
WAIT_S = 15.0
"""The longest that one question to the authority takes."""


@dataclass(frozen=True, slots=True)
class Held:
    """A licence that is this gateway's own, with the keys that vouch for it."""

    licence: Licence
    token: str
    keys: KeySet
    key: SigningKey


class Licensing:
    """One gateway's licence. Belongs to the gateway's loop; `close` it at the end."""

    def __init__(
        self, config: LicenceConfig | None, shelf: Shelf, clock: Clock, *, lab: bool = False
    ) -> None:
        self._config = config
        self._shelf = shelf
        self._clock = clock
        self._lab = lab
        self._stamp: object = None
        self._held: Held | None = None
        self._trouble: Trouble | None = None
        self._lists: tuple[StatusList, ...] = ()
        self._authority: Upstream | None = None
        self._asking: asyncio.Task[StatusList] | None = None
        self._ask_at_s = self._asked_s = self._read_s = float("-inf")
        self._anchor = (clock.now(), clock.monotonic())
        """When the clock was last taken to be right, by both."""
        self.failed: Trouble | None = None
        """Why the authority could not be asked the last time, if it could not."""
        if not lab:
            self._read()

    @property
    def held(self) -> Held | None:
        """The licence, if there is one that is this gateway's."""
        return self._held

    @property
    def public_url(self) -> str:
        """The address at which the public reaches this gateway."""
        return self._config.public_url if self._config else ""

    @property
    def listed(self) -> StatusList | None:
        """The newest list that is known."""
        return self._lists[0] if self._lists else None

    def clearance(self, now: datetime) -> Clearance:
        """What holds at `now`, from memory."""
        if self._lab:
            return LAB
        if self._held is None:
            return no_clearance(self._trouble)
        return clearance_of(standing_of(self._held.licence, self._lists, self._no_earlier(now)))

    def _no_earlier(self, now: datetime) -> datetime:
        """Rule 5."""
        wall, mono_s = self._anchor
        return max(now, wall + timedelta(seconds=self._clock.monotonic() - mono_s))

    async def tend(self) -> None:
        """To be called every second: files that changed, a list that is due. Does not wait for
        the authority."""
        if self._lab:
            return
        now_s = self._clock.monotonic()
        unread = self._trouble is not None and now_s - self._read_s >= RETRY_S
        if unread or self._stamps() != self._stamp:
            await self._leave_authority()
            self._read()
        self._take_answer()
        if self._held is None or self._asking is not None:
            return
        if now_s >= self._ask_at_s or (self._is_stale() and now_s - self._asked_s >= RETRY_S):
            self._asked_s = now_s
            self._asking = asyncio.ensure_future(self._ask(self._held))

    def _is_stale(self) -> bool:
        """Whether no list speaks for the present."""
        listed = self.listed
        return listed is None or not listed.speaks_for(self._no_earlier(self._clock.now()))

    async def settle(self) -> None:
        """Ask once and wait for the answer, for `WAIT_S` at most: before serving begins."""
        await self.tend()
        if self._asking is not None:
            await asyncio.wait((self._asking,), timeout=WAIT_S)
            self._take_answer()

    async def close(self) -> None:
        """Ask no more."""
        await self._leave_authority()

    # Files

    def _read(self) -> None:
        self._stamp, self._read_s = self._stamps(), self._clock.monotonic()
        self._held, self._trouble, self._lists = None, None, ()
        self._ask_at_s = float("-inf")
        if self._config is None:
            return
        try:
            self._held = read_held(self._config)
        except Trouble as trouble:
            self._trouble = trouble
            return
        uri = self._held.licence.status.uri
        self._lists = self._shelf.lists(uri, self._held.keys)[:1]

    def _stamps(self) -> object:
        if self._config is None:
            return None
        config = self._config
        return [
            _stamp(path) for path in (config.token_file, config.key_file, config.authority_keys)
        ]

    # The authority

    async def _ask(self, held: Held) -> StatusList:
        uri = held.licence.status.uri
        base, path = _split(uri)
        ca_file = self._config.ca_file if self._config and base.startswith("https:") else None
        if self._authority is None:
            self._authority = Upstream(
                UpstreamSettings(
                    name="authority", base_url=base, key_form="none", first_byte_s=WAIT_S,
                    idle_s=WAIT_S, total_s=WAIT_S, pool_max=2,
                    ca_file=ca_file,
                )
            )  # fmt: skip
        reply = await self._authority.send(
            "GET", path, [(b"accept", b"application/statuslist+jwt")]
        )
        data = await reply.read_all(TOKEN_CHARACTERS_MAX)
        if reply.status != 200:
            raise Unavailable(f"the authority answers {reply.status} for {uri}.")
        listed = read_status_list(data.decode("ascii", "replace"), held.keys)
        if listed.uri != uri:
            raise Corrupt(f"{uri} gave the list of another address.")
        return listed

    def _take_answer(self) -> None:
        if self._asking is None or not self._asking.done():
            return
        asking, self._asking = self._asking, None
        now_s = self._clock.monotonic()
        try:
            listed = asking.result()
        except asyncio.CancelledError:
            return
        except Trouble as trouble:
            self.failed, self._ask_at_s = trouble, now_s + RETRY_S
            return
        self.failed = None
        self._ask_at_s = now_s + max(ASK_S, min(listed.ttl_s / 2, 3600))
        known = self.listed
        if self._held is None or (known is not None and known.issued > listed.issued):
            return
        self._lists = (listed,)
        self._anchor = (self._clock.now(), now_s)
        try:
            self._shelf.put(listed, self._held.keys)
        except OSError as error:
            self.failed = Unavailable(f"the list cannot be kept: {error.strerror}.")

    async def _leave_authority(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait((self._asking,))
            self._asking = None
        if self._authority is not None:
            await self._authority.close()
            self._authority = None


def read_held(config: LicenceConfig) -> Held:
    """The licence that the configuration names. Raises the Trouble of a file that is not fit, of a
    token that the authority's keys did not sign, or of one that is bound to another key."""
    try:
        with config.token_file.open("rb") as file:
            token = file.read(TOKEN_CHARACTERS_MAX + 1).decode("ascii", "replace").strip()
    except FileNotFoundError:
        raise NotFound(f"there is no licence at {config.token_file}.") from None
    except OSError as error:
        raise BadInput(f"{config.token_file} cannot be read: {error.strerror}.") from None
    keys = load_key_set(config.authority_keys)
    licence = read_licence(token, keys)
    key = load_signing_key(config.key_file)
    if key.public != licence.key:
        raise BadInput(
            f"it is bound to another key than that in {config.key_file}.",
            hint="A licence serves its holder alone: use the key that was named in the filing.",
        )
    return Held(licence, token, keys, key)


def _split(uri: str) -> tuple[str, str]:
    """Base URL and path of an address. Raises BadInput for one that is not asked."""
    try:
        parts = urlsplit(uri)
        host = parts.hostname or ""
    except ValueError:
        raise BadInput(f"{uri} is no address.") from None
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise BadInput(f"{uri} is not asked: its answer could be changed on the way.")
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc}", (parts.path or "/") + query


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        about = path.stat()
    except OSError:
        return None
    return about.st_mtime_ns, about.st_size, about.st_ino

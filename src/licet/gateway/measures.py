"""Measures against persons at the gateway: the list kept current, and what follows from it.

It refuses to decide who is under a measure and why: the provider's desk does, and signs the list.

Rules
1. No request waits for the desk: `tend` asks beside serving, with the ETag of what is known, and
   the last good list is on disk. A desk that is down changes nothing: each measure binds until its
   own end (`credentials.measures`), and `failed` says since when nothing is heard.
2. Nobody is turned away in silence: the error bears the measure, its rule and reason, until when,
   and where to appeal; whoever is served under a measure finds the notice's address in a header.
3. Persons are known by pseudonym alone, so a measure holds on every gateway that shares the keys.
   The key of a period that is over is held for as long as a measure names somebody by it.
law:cn-genai-2023/art14.2
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from licet.base.clock import Clock, rfc3339
from licet.base.keyfile import read_private, replace_file
from licet.base.trouble import BadInput, Corrupt, Trouble, Unavailable
from licet.credentials.fetch import is_loopback
from licet.credentials.jws import TOKEN_CHARACTERS_MAX
from licet.credentials.keyfiles import load_key_set
from licet.credentials.measures import MEDIA_TYPE, Measure, MeasureList, binding, by_person
from licet.credentials.measures import read_measures as read_list
from licet.gateway.asgi import Headers, Message, Send, Sender
from licet.gateway.config_measures import MeasuresConfig
from licet.gateway.limits import Allowance, Limited, Limits
from licet.gateway.metrics import Metrics
from licet.gateway.pseudonyms import Pseudonyms
from licet.gateway.upstream import Upstream, UpstreamSettings

ASK_S = 1.0
"""How often the desk is asked: half of what the desk needs to notice, so that a step takes hold
within five seconds of the stop that called for it."""
WAIT_S = 10.0
LIST = "measures.jwt"
_NONE: Mapping[str, tuple[Measure, ...]] = {}


@dataclass(frozen=True, slots=True)
class Notice:
    """What a person is told of the measure that binds them."""

    measure: Measure
    page: str

    def as_object(self) -> dict[str, Any]:
        """The `licet` object of an error."""
        one = self.measure
        return {
            "measure": one.number,
            "step": one.step,
            "name": one.name,
            "rule": one.rule,
            "reason": one.reason,
            "until": _until(one),
            "appeal": self.page,
        }

    @property
    def headers(self) -> Headers:
        """What an answer bears that is served under the measure."""
        return [
            (b"licet-measure", f"{self.measure.step}; until={_until(self.measure)}".encode()),
            (b"licet-notice", self.page.encode("ascii", "replace")),
        ]


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """A person who is not served just now, and what they are told."""

    status: int
    code: str
    message: str
    notice: Notice
    retry_after_s: float = 0.0


@dataclass(slots=True)
class Measures:
    """One gateway's list. Belongs to the gateway's loop; `close` it at the end."""

    config: MeasuresConfig
    folder: Path
    clock: Clock
    pseudonyms: Pseudonyms
    limits: Limits
    metrics: Metrics
    listed: MeasureList | None = None
    failed: Trouble | None = None
    """Why the desk could not be asked the last time, if it could not."""
    _persons: Mapping[str, tuple[Measure, ...]] = field(default_factory=lambda: _NONE)
    _periods: tuple[str, ...] = ()
    _etag: bytes = b""
    _desk: Upstream | None = None
    _asking: asyncio.Task[MeasureList | None] | None = None
    _ask_at_s: float = float("-inf")

    def load(self) -> None:
        """Take the last good list from disk, where there is one whose signature holds."""
        with contextlib.suppress(OSError, Trouble):
            if (listed := read_kept(self.folder, self.config)) is not None:
                self._hold(listed)

    def as_object(self) -> dict[str, Any]:
        """What readiness says to anybody of the list: from when it is, how many bind, the code of
        what kept the desk from being asked the last time."""
        listed = self.listed
        return {
            "issued": rfc3339(listed.issued) if listed else None,
            "in_force": in_force(listed, self.clock.now()) if listed else 0,
            "trouble": self.failed.code if self.failed else None,
        }

    # What follows for a person

    def of(self, reference: str) -> Notice | None:
        """The measure that binds a user at this moment; None without one."""
        if not self._persons or self.listed is None:
            return None
        for period in self._periods:
            subject = self.pseudonyms.within(reference, period)
            found = self._persons.get(subject or "")
            if found and (one := binding(found, self.clock.now())) is not None:
                return Notice(one, self.listed.page.replace("{number}", one.number))
        return None

    async def turn_away(self, notice: Notice) -> TurnedAway | None:
        """Why this person is not served now; None where they are. Raises Unavailable where it
        cannot be counted how much they asked."""
        one, wait_s = notice.measure, 0.0
        if one.effect == "slow" and one.per_minute is not None:
            allowance, key = Allowance(one.per_minute), f"measure:{one.number}"
            answer = await self.limits.take(key, allowance, self.clock.monotonic())
            if isinstance(answer, Limited):
                wait_s = answer.retry_after_s
            else:
                await self.limits.release(key, answer)
        if one.effect == "none" or (one.effect == "slow" and not wait_s):
            return None
        self.metrics.measured(one.effect)
        tail = f"Rule: {one.rule}. Until {_until(one)}. Reasons and appeal: {notice.page}"
        if one.effect == "slow":
            message = (
                f"Requests of this user are limited to {one.per_minute} a minute"
                f" ({one.name.get('en', one.step)}); try again in {math.ceil(wait_s)} s. {tail}"
            )
            return TurnedAway(429, "measure_restricts", message, notice, wait_s)
        message = f"This user is not served ({one.name.get('en', one.step)}). {tail}"
        return TurnedAway(403, "measure_in_force", message, notice)

    @property
    def held_periods(self) -> frozenset[str]:
        """Periods whose key is needed: a measure that binds names somebody by it (rule 3)."""
        now = self.clock.now()
        bound = (name for name, many in self._persons.items() if binding(many, now) is not None)
        return frozenset(_period(name) for name in bound)

    # The desk

    async def tend(self) -> MeasureList | None:
        """To be called every second. The list that has just taken hold, None where none did. Does
        not wait for the desk."""
        taken = self._take_answer()
        now_s = self.clock.monotonic()
        if self._asking is None and now_s >= self._ask_at_s:
            self._ask_at_s = now_s + ASK_S
            self._asking = asyncio.ensure_future(self._ask())
        return taken

    async def close(self) -> None:
        """Ask no more."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait((self._asking,))
            self._asking = None
        if self._desk is not None:
            await self._desk.close()
            self._desk = None

    async def _ask(self) -> MeasureList | None:
        base, path = split_url(self.config.url)
        keys = load_key_set(self.config.desk_keys)
        token = read_private(self.config.token_file).decode("ascii", "replace").strip()
        if self._desk is None:
            ca_file = self.config.ca_file if base.startswith("https:") else None
            self._desk = Upstream(
                UpstreamSettings(
                    name="desk", base_url=base, key_form="none", first_byte_s=WAIT_S,
                    idle_s=WAIT_S, total_s=WAIT_S, pool_max=2, ca_file=ca_file,
                    extra_headers=((b"authorization", f"Bearer {token}".encode()),),
                )
            )  # fmt: skip
        asked = [(b"accept", MEDIA_TYPE.encode())]
        if self._etag:
            asked.append((b"if-none-match", self._etag))
        reply = await self._desk.send("GET", path, asked)
        data = await reply.read_all(TOKEN_CHARACTERS_MAX)
        if reply.status == 304 and self.listed is not None:
            return None
        if reply.status != 200:
            raise Unavailable(f"the desk answers {reply.status} for {self.config.url}.")
        listed = read_list(data.decode("ascii", "replace"), keys)
        if self.listed is not None and listed.issued < self.listed.issued:
            raise Corrupt("the desk gave an older list than the one that is known.")
        self._etag = reply.header(b"etag") or b""
        return listed

    def _take_answer(self) -> MeasureList | None:
        if self._asking is None or not self._asking.done():
            return None
        asking, self._asking = self._asking, None
        try:
            listed = asking.result()
        except asyncio.CancelledError:
            return None
        except Trouble as trouble:
            self.failed = trouble
            return None
        self.failed = None
        if listed is None:
            return None
        self._hold(listed)
        try:
            replace_file(self.folder / LIST, f"{listed.token}\n".encode("ascii"))
        except OSError as error:
            self.failed = Unavailable(f"the list cannot be kept: {error.strerror}.")
        return listed

    def _hold(self, listed: MeasureList) -> None:
        self.listed, self._persons = listed, by_person(listed)
        self._periods = tuple(sorted({_period(name) for name in self._persons}, reverse=True))


def read_kept(folder: Path, config: MeasuresConfig) -> MeasureList | None:
    """The last list that a gateway took, None where there is none. Raises Trouble where it cannot
    be read, or the desk's keys did not sign it."""
    path = folder / LIST
    try:
        with path.open("rb") as file:
            text = file.read(TOKEN_CHARACTERS_MAX + 1).decode("ascii", "replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error.strerror}.") from None
    return read_list(text, load_key_set(config.desk_keys))


def in_force(listed: MeasureList, now: datetime) -> int:
    """How many of a list's measures bind at a moment."""
    return sum(one.until > now.timestamp() for one in listed.measures)


def digest_of(listed: MeasureList) -> str:
    """Hexadecimal SHA-256 of the list as it was signed."""
    return sha256(listed.token.encode("ascii")).hexdigest()


def bearing(send: Send, notice: Notice) -> Send:
    """`send`, with the headers that tell of a measure (rule 2)."""

    async def told(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *notice.headers]
        await send(message)

    return Sender(told, send.piece) if isinstance(send, Sender) else told


def split_url(url: str) -> tuple[str, str]:
    """Base URL and path of the desk's list. Raises BadInput for an address that is not asked."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        raise BadInput(f"{url} is not asked: its answer could be read on the way.")
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.scheme}://{parts.netloc}", (parts.path or "/") + query


def _period(subject: str) -> str:
    return subject.partition("~")[0]


def _until(one: Measure) -> str:
    return rfc3339(datetime.fromtimestamp(one.until, UTC))

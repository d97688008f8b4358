"""Asks the real-name service: one call at a time goes out signed, within its quotas and deadlines.

It refuses to keep anything and to log: whoever calls does what the answer asks for.

Rules
1. A call has an outcome, whatever happens: what the network does is a Fault with code 0.
2. No more calls a second than the service allows. Where it says that there were too many, nothing
   is asked of that interface for a minute: asking on would make the minute longer.
3. An HTTP status other than 200 is no answer, and neither is a body that is not understood.
"""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlencode

from licet.base.clock import Clock
from licet.base.ids import Chance
from licet.base.trouble import Corrupt
from licet.minors.realname.protocol import (
    BATCH_MAX,
    PATHS,
    QUOTA_PER_S,
    THROTTLED_S,
    WAIT_S,
    Answer,
    Call,
    Credentials,
    Fault,
    Outcome,
    make_headers,
    outcome_of,
    parse_answer,
    seal_body,
)

ANSWER_BYTES_MAX = 1 << 20
Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Hosts:
    """Where the service answers: `https://…` without a path, from the provider's settings."""

    check: str
    query: str
    report: str


class Transport(Protocol):
    """Sends one request. Raises OSError or TimeoutError where none gets through in time."""

    async def __call__(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes]: ...


@dataclass(frozen=True, slots=True)
class Act:
    """One login or logout: `no` within its batch, one `session` for both, when, and who."""

    no: int
    session: str
    online: bool
    at_s: int
    pi: str = field(default="", repr=False)
    device: str = ""

    def as_item(self) -> dict[str, object]:
        """As the service wants it: somebody verified by `pi`, a guest by device."""
        who = {"ct": 0, "pi": self.pi} if self.pi else {"ct": 2, "di": self.device}
        item = {"no": self.no, "si": self.session, "bt": int(self.online), "ot": self.at_s}
        return {**item, **who}


class Driver:
    """Speaks for one provider. Not shared between event loops."""

    def __init__(
        self,
        hosts: Hosts,
        credentials: Credentials,
        transport: Transport,
        clock: Clock,
        chance: Chance,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self._hosts = hosts
        self._credentials = credentials
        self._transport = transport
        self._clock = clock
        self._chance = chance
        self._sleep = sleep
        self._asked: dict[Call, deque[float]] = {call: deque() for call in PATHS}
        self._throttled_until: dict[Call, float] = dict.fromkeys(PATHS, float("-inf"))

    async def check(self, ai: str, name: str, id_number: str) -> Outcome:
        """Is the person who they say? `ai` is ours for them, 32 characters."""
        return await self._person("check", {"ai": ai, "name": name, "idNum": id_number}, None)

    async def query(self, ai: str) -> Outcome:
        """What became of a check that was pending."""
        return await self._person("query", None, {"ai": ai})

    async def report(self, acts: Sequence[Act]) -> Fault | dict[int, int]:
        """Logins and logouts, 128 at most. The codes of those that were not taken, by `no`; empty
        if all were."""
        assert 0 < len(acts) <= BATCH_MAX
        body = {"collections": [act.as_item() for act in acts]}
        answer = await self._call("report", body, None)
        if isinstance(answer, Fault):
            return answer
        results = answer.data.get("results")
        refused = {}
        for row in results if isinstance(results, list) else ():
            if isinstance(row, Mapping) and type(row.get("no")) is int:
                code = row.get("errcode")
                refused[int(str(row["no"]))] = code if type(code) is int else 1001
        if refused or answer.code == 0:
            return refused
        fault = outcome_of(answer)
        assert isinstance(fault, Fault)
        return fault

    async def _person(
        self, call: Call, value: object | None, query: Mapping[str, str] | None
    ) -> Outcome:
        answer = await self._call(call, value, query)
        if isinstance(answer, Fault):
            return answer
        try:
            return outcome_of(answer)
        except Corrupt as trouble:
            return Fault(0, "again", trouble.message)

    async def _call(
        self, call: Call, value: object | None, query: Mapping[str, str] | None
    ) -> Answer | Fault:
        if self._clock.monotonic() < self._throttled_until[call]:
            return Fault(1006, "slower", "nothing is asked for a minute: there were too many")
        await self._pace(call)
        method, path = PATHS[call]
        body = b"" if value is None else seal_body(self._credentials, value, self._chance)
        at_ms = int(self._clock.now().timestamp() * 1000)
        headers = make_headers(self._credentials, at_ms, query, body)
        url = {"check": self._hosts.check, "query": self._hosts.query}.get(call)
        url = (url or self._hosts.report) + path + (f"?{urlencode(query)}" if query else "")
        try:
            sending = self._transport(method, url, headers, body)
            status, raw = await asyncio.wait_for(sending, WAIT_S)
            if status != 200:
                return Fault(0, "again", f"the service answers HTTP {status}")
            answer = parse_answer(raw)
        except (OSError, TimeoutError) as error:
            return Fault(0, "again", f"the service cannot be reached ({type(error).__name__})")
        except Corrupt as trouble:
            return Fault(0, "again", trouble.message)
        if answer.code == 1006:
            self._throttled_until[call] = self._clock.monotonic() + THROTTLED_S
        return answer

    async def _pace(self, call: Call) -> None:
        asked, quota = self._asked[call], QUOTA_PER_S[call]
        while True:
            now = self._clock.monotonic()
            while asked and asked[0] <= now - 1.0:
                asked.popleft()
            if len(asked) < quota:
                asked.append(now)
                return
            await self._sleep(max(0.001, asked[0] + 1.0 - now))


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry a person's name and number to an address that nobody set."""

    def redirect_request(self, *args: object, **options: object) -> None:
        return None


async def http_transport(
    method: str, url: str, headers: Mapping[str, str], body: bytes
) -> tuple[int, bytes]:
    """A Transport by HTTP, in a thread of its own. Redirects are not followed."""

    def send() -> tuple[int, bytes]:
        request = urllib.request.Request(  # noqa: S310 - the host is the operator's setting
            url, body or None, dict(headers), method=method
        )
        opener = urllib.request.build_opener(_NoRedirect)
        try:
            with opener.open(request, timeout=WAIT_S) as reply:
                return reply.status, reply.read(ANSWER_BYTES_MAX)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, b""

    return await asyncio.to_thread(send)

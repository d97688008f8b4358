"""The HTTP client of the hot path: sends requests to one upstream over a pool of connections.

It refuses to know dialects, streams of events and what to do about a failure. It speaks HTTP/1.1
over TCP or TLS; it uses no proxy, follows no redirect and keeps no cookie: the operator names the
server that is meant. One Upstream belongs to one event loop.

Rules
1. At most `pool_max` connections are open, counting those being opened; at most `queue_max`
   requests wait for one, none longer than `connect_s`. Who waits longest is served first.
2. Of unused connections the one used last serves next, so that those too many grow old and close.
3. A request goes out a second time only if a connection that had served before was closed, not by
   us, without a byte of answer and within STALE_S: that is how a server looks that gave the
   connection up while it was unused (RFC 9112 §9.3.1). One that hangs up later may have worked on
   it, and be paid for it twice. It goes out on a new connection, and never a third time.
4. Whatever ends `send` early, a cancelled task included, leaves no connection behind.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections import deque
from functools import lru_cache
from typing import Final, cast

from licet.base.trouble import BadInput
from licet.gateway.upstream_arrivals import Arrivals
from licet.gateway.upstream_protocol import Connection
from licet.gateway.upstream_reply import Headers, Reply
from licet.gateway.upstream_settings import (
    HEADER_NAME,
    OUR_HEADERS,
    KeyForm,
    Secret,
    UpstreamSettings,
    load_tls,
    parse_origin,
    render_fixed_head,
)
from licet.gateway.upstream_trouble import UpstreamBusy, UpstreamClosed, UpstreamConnect

__all__ = ["KeyForm", "Reply", "Secret", "Upstream", "UpstreamSettings"]

Passed = tuple[tuple[bytes, bytes], ...]
"""The headers of a caller that go out."""
STALE_S: Final = 1.0
"""A round trip, with a packet lost on the way."""
_PATH: Final = re.compile(r"/[\x21-\x7e]*")
_KEPT_MAX: Final = 64
_KEPT_BYTES_MAX: Final = 2 << 10
_JOIN_BYTES_MAX: Final = 64 << 10  # a body up to this is copied behind its head, to be one write


@lru_cache(maxsize=1024)
def _may_pass(name: bytes) -> bool:
    """Whether a caller's header goes out. Raises BadInput for what is no header's name."""
    if not HEADER_NAME.fullmatch(name):
        raise BadInput("a request's header has a name that is none")
    return name.lower() not in OUR_HEADERS


class Upstream:
    """One upstream and its connections. Reads the CA file; raises BadInput where it cannot."""

    __slots__ = (
        *("_closed", "_connections", "_emptied", "_fixed", "_heads", "_origin", "_places"),
        *("_arrivals", "_settings", "_tls", "_unused", "_waiting"),
    )

    def __init__(self, settings: UpstreamSettings) -> None:
        self._settings = settings
        self._origin = parse_origin(settings)
        self._tls = load_tls(settings)
        forms: tuple[KeyForm, ...] = ("bearer", "x-api-key", "api-key", "none")
        self._fixed = {form: render_fixed_head(settings, form) for form in forms}
        self._heads: dict[tuple[str, str, Passed, KeyForm], bytes] = {}
        """The last heads that went out, of the many that are alike."""
        self._places = settings.pool_max
        self._connections: set[Connection] = set()
        self._unused: dict[Connection, None] = {}  # in the order of last use
        self._waiting: deque[asyncio.Future[Connection | None]] = deque()
        self._arrivals: Arrivals | None = None
        self._closed = False
        self._emptied: asyncio.Future[None] | None = None

    def __repr__(self) -> str:
        return f"Upstream({self._settings.name!r})"

    def is_given_away(self, text: str) -> bool:
        """Whether a text holds this upstream's key: some repeat it in their errors."""
        key = self._settings.key
        return key is not None and key.stands_in(text)

    @property
    def open_count(self) -> int:
        """Connections that are open or being opened."""
        return len(self._connections)

    @property
    def unused_count(self) -> int:
        """Open connections that serve nobody just now."""
        return len(self._unused)

    async def send(
        self,
        method: str,
        path: str,
        headers: Headers,
        body: bytes = b"",
        *,
        key_form: KeyForm | None = None,
    ) -> Reply:
        """Sends a request and waits for the answer's status and headers, of any status.

        `path` is added to the base URL's and may hold a query. Of `headers` those that are ours to
        set (OUR_HEADERS) are dropped. `key_form` overrides the settings'.
        Raises UpstreamTrouble, and BadInput for what cannot be a request.
        """
        request = self._render(method, path, headers, body, key_form or self._settings.key_form)
        loop = asyncio.get_running_loop()
        since = loop.time()
        bodiless = method == "HEAD"
        connection = await self._claim(loop, fresh=False)
        stale_until = loop.time() + STALE_S
        reply = connection.ask(request, bodiless=bodiless, since=since)
        try:
            await reply.opened()
            return reply
        except UpstreamClosed:
            if reply.heard or reply.aborted or not connection.used or self._closed:
                raise
            if loop.time() > stale_until:
                raise
        connection = await self._claim(loop, fresh=True)
        reply = connection.ask(request, bodiless=bodiless, since=since)
        await reply.opened()
        return reply

    def cut_off(self) -> None:
        """Closes the connections that are in use: what is read through them breaks off."""
        for connection in list(self._connections):
            if connection not in self._unused:
                connection.abort()

    async def close(self) -> None:
        """Closes all connections, those in use too, and returns when the sockets are closed."""
        self._closed = True
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_exception(UpstreamClosed("the gateway is shutting down"))
        for connection in list(self._connections):
            connection.abort()
        if self._connections:
            self._emptied = asyncio.get_running_loop().create_future()
            await self._emptied

    # The request

    def _render(
        self, method: str, path: str, headers: Headers, body: bytes, form: KeyForm
    ) -> tuple[bytes, ...]:
        """The request's bytes. Raises BadInput where a part would break out of its place."""
        passed = tuple([pair for pair in headers if _may_pass(pair[0])])
        about = (method, path, passed, form)
        begins = self._heads.get(about)
        if begins is None:
            begins = self._render_head(method, path, passed, form)
            if len(begins) <= _KEPT_BYTES_MAX:
                if len(self._heads) >= _KEPT_MAX:
                    self._heads.clear()
                self._heads[about] = begins
        head = b"%bcontent-length: %d\r\n\r\n" % (begins, len(body))
        return (head + body,) if len(body) <= _JOIN_BYTES_MAX else (head, body)

    def _render_head(self, method: str, path: str, headers: Passed, form: KeyForm) -> bytes:
        """A head as far as the length, which alone differs between most requests."""
        if not (method.isascii() and method.isalpha() and _PATH.fullmatch(path)):
            raise BadInput("a request's method or path holds a character that it cannot hold")
        lines = [b"%b: %b\r\n" % pair for pair in headers]
        head = b"%b %b%b HTTP/1.1\r\n%b%b" % (
            *(method.encode(), self._origin.prefix, path.encode()),
            *(self._fixed[form], b"".join(lines)),
        )
        ends = len(lines) + self._fixed[form].count(b"\n") + 1
        if head.count(b"\n") != ends or head.count(b"\r") != ends or b"\0" in head:
            raise BadInput("a header's value holds a character that would end it")
        return head

    # The pool. A place is the right to have a connection open. It belongs to a connection in
    # _connections, or to the one who waited and was handed None, or it is counted in _places.

    async def _claim(self, loop: asyncio.AbstractEventLoop, *, fresh: bool) -> Connection:
        """A connection to ask, a new one if `fresh`."""
        first = fresh
        while not self._closed:
            while self._unused and not fresh:
                connection, _ = self._unused.popitem()
                if connection.usable and not connection.worn:
                    return connection
                connection.abort()
            if self._places:
                self._places -= 1
                return await self._open(loop)
            if self._unused:
                next(iter(self._unused)).abort()  # the oldest makes room for a new one
            turn = await self._turn(loop, first=first)
            if turn is None:
                return await self._open(loop)
            if turn.usable and not fresh:
                return turn
            turn.abort()
            first = True
        raise UpstreamClosed("the gateway is shutting down")

    async def _turn(self, loop: asyncio.AbstractEventLoop, *, first: bool) -> Connection | None:
        """Waits until a connection is free, or a place (None)."""
        settings = self._settings
        busy = UpstreamBusy(
            f"upstream {settings.name}: all {settings.pool_max} connections are in use",
            hint="raise pool_max, or bound the callers' concurrency below it",
        )
        if len(self._waiting) >= settings.queue_max:
            raise busy
        waiter: asyncio.Future[Connection | None] = loop.create_future()
        self._waiting.insert(0 if first else len(self._waiting), waiter)
        served = False
        try:
            async with asyncio.timeout(settings.connect_s):
                turn = await waiter
            served = True
            return turn
        except TimeoutError:
            raise busy from None
        finally:
            if not served and waiter in self._waiting:
                self._waiting.remove(waiter)
            elif not served and not waiter.cancelled() and waiter.exception() is None:
                self._hand_on(waiter.result())

    async def _open(self, loop: asyncio.AbstractEventLoop) -> Connection:
        """A new connection, in a place that the caller holds."""
        settings, origin = self._settings, self._origin
        self._arrivals = self._arrivals or Arrivals(loop)
        connection = Connection(settings, loop, self._arrivals, self._hand_on, self._lost)
        self._connections.add(connection)
        opened = False
        try:
            async with asyncio.timeout(settings.connect_s):
                await loop.create_connection(
                    lambda: cast("asyncio.Protocol", connection),
                    origin.host,
                    origin.port,
                    ssl=self._tls,
                    server_hostname=origin.host if self._tls else None,
                )
            opened = not self._closed
        except ssl.CertificateError as error:
            raise UpstreamConnect(
                f"upstream {settings.name} could not show that it is {origin.host}",
                hint="name its certificate authority by ca_file, or correct the host in the URL",
            ) from error
        except TimeoutError as error:
            raise UpstreamConnect(
                f"upstream {settings.name} accepted no connection within"
                f" {settings.connect_s:g} s (connect_s)",
                hint="see whether its host and port are right and a firewall lets us through",
            ) from error
        except OSError as error:
            raise UpstreamConnect(
                f"upstream {settings.name} accepts no connection ({type(error).__name__})",
                hint="see whether it runs, and whether its URL (http or https, port) is right",
            ) from error
        finally:
            if not opened:
                connection.abort()
                self._lost(connection)
        if self._closed:
            raise UpstreamClosed("the gateway is shutting down")
        return connection

    def _hand_on(self, turn: Connection | None) -> None:
        """Gives a free connection, or a place, to who has waited longest, or keeps it."""
        if turn is not None and not turn.usable:
            return  # its place comes back when it is lost
        while self._waiting:
            waiter = self._waiting.popleft()
            if not waiter.done():
                waiter.set_result(turn)
                return
        if turn is None:
            self._places += 1
        else:
            self._unused[turn] = None

    def _lost(self, connection: Connection) -> None:
        self._unused.pop(connection, None)
        if connection in self._connections:
            self._connections.remove(connection)
            self._hand_on(None)
            if self._emptied is not None and not self._connections and not self._emptied.done():
                self._emptied.set_result(None)

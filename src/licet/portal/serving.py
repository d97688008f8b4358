"""The portal as an ASGI application: bounded, then Django's.

It refuses to know what is asked and what is answered.

Rules
1. A body says its length before it comes, and is not longer than allowed: Django would write any
   length to disk.
2. So many requests are answered at once and so many may wait; what comes beyond is told to come
   again. Each answer takes a thread and a connection to the database.
3. Where people come by HTTPS alone, what ends it stands before us and every request is one of it:
   addresses, cookies and the check of a form's origin go by that.
"""

from __future__ import annotations

import asyncio
import fcntl
import re
import secrets
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import uvicorn
from django.db import DatabaseError, connection

from licet.base.clock import SystemClock
from licet.base.extras import to_install
from licet.base.trouble import BadInput, Trouble, Unavailable
from licet.corpus.hub import Hub
from licet.corpus.hub_app import HubApp
from licet.corpus.shelf import open_shelf
from licet.gateway.front import server_config
from licet.portal.settings import Installation, start
from licet.rulebook import load_pack

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

BODY_BYTES_MAX = 26 << 20
"""Five attachments of 5 MiB with their form."""
HEAD_BYTES_MAX = 64 << 10
AT_ONCE = 8
_MIGRATES = 0x4C69636574  # the number of the lock: "Licet"
WAITING_MAX = 200
WAIT_S = 20.0
FOR_PROGRAMS = ("/api/datasets", "/api/whoami-v2", "/api/corpus/", "/datasets/")
"""Addresses of the Hub's API: no page, no cookie, no session."""
_PAGE = re.compile(r"/datasets/[^/]+/[^/]+(?:/tree/[^/]+)?")
"""Of these, what programs tell people to look at: a data set, a version of it."""


class Bounded:
    """Rules 1 and 2 around an application."""

    def __init__(self, app: App, *, https: bool = False) -> None:
        self._app = app
        self._https = https
        self._places = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        refusal = _measure(scope)
        if refusal is not None:
            await _refuse(send, *refusal)
            return
        if self._waiting >= WAITING_MAX:
            await _refuse(send, 503, b"Too many people at once. Please try again in a minute.")
            return
        self._waiting += 1
        try:
            async with asyncio.timeout(WAIT_S):
                await self._places.acquire()
        except TimeoutError:
            await _refuse(send, 503, b"Too many people at once. Please try again in a minute.")
            return
        finally:
            self._waiting -= 1
        if self._https:  # rule 3
            scope = {**scope, "scheme": "https"}
        try:
            await self._app(scope, receive, send)
        finally:
            self._places.release()


def _measure(scope: Scope) -> tuple[int, bytes] | None:
    """Why the body is not read; None where it may be."""
    headers = dict(scope["headers"])
    if b"transfer-encoding" in headers:
        return 411, b"Say how long the body is (Content-Length)."
    length = headers.get(b"content-length", b"0")
    if not length.isdigit():
        return 400, b"Content-Length is a number."
    if int(length) > BODY_BYTES_MAX:
        return 413, b"This is larger than 26 MiB. Send smaller files, or fewer at once."
    return None


async def _refuse(
    send: Send, status: int, said: str | bytes, *more: tuple[bytes, bytes]
) -> None:  # fmt: skip
    text = said.encode() if isinstance(said, str) else said
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(text)),
        (b"connection", b"close"),
        *more,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})


def _say_nothing(_: str) -> None:
    """Where nobody listens."""


def set_up(chosen: Installation) -> None:
    """Django, with its database brought up to date: by one process at a time, for a command may
    be given while the portal is opened. Raises Unavailable for a database that does not open,
    BadInput where PostgreSQL is named and its driver is not installed."""
    if chosen.database_url.startswith("postgres") and find_spec("psycopg") is None:
        raise BadInput(
            "a portal in PostgreSQL needs a driver that is not installed.",
            hint=to_install("postgres"),
        )
    start(chosen)
    from django.core.management import call_command

    chosen.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (chosen.home / "portal.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _reach_the_database()
        with _alone_in_the_database():
            call_command("migrate", interactive=False, verbosity=0)


def _reach_the_database() -> None:
    """Raises Unavailable where it does not open; its own words may name who and where."""
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        raise Unavailable(
            "the portal's database does not open.",
            hint="Check that it runs, that LICET_DATABASE_URL is right, and that this user may"
            " write there.",
        ) from error


@contextmanager
def _alone_in_the_database() -> Iterator[None]:
    """A database that homes share is brought up to date from one of them at a time."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_MIGRATES])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_MIGRATES])


def portal_app(chosen: Installation, note: Callable[[str], None] = _say_nothing) -> App:
    """The portal, ready to serve; ledgers that it follows are read from now on."""
    set_up(chosen)
    from django.core.handlers.asgi import ASGIHandler

    from licet.portal.compute.rounds import REST_S as COMPUTE_S
    from licet.portal.compute.rounds import go_round
    from licet.portal.corpus.rounds import REST_S as CHECKS_S
    from licet.portal.corpus.rounds import check_new_versions
    from licet.portal.families.letters import send_letters as write_to_guardians
    from licet.portal.families.rounds import REST_S as FAMILIES_S
    from licet.portal.families.rounds import go_round as ask_gateway
    from licet.portal.filings.letters import tell_and_write
    from licet.portal.filings.service import publish
    from licet.portal.incidents.reader import REST_S, read_on
    from licet.portal.letters import ROUND_S
    from licet.portal.orders.service import tidy_all
    from licet.portal.rounds import Rounds

    publish(SystemClock().now())
    Rounds("letters", tell_and_write, ROUND_S, SystemClock(), note).begin()
    Rounds("ledgers", read_on, REST_S, SystemClock(), note).begin()
    Rounds("orders", tidy_all, ROUND_S, SystemClock(), note).begin()
    if load_pack(chosen.pack).sharing is not None:
        Rounds("checks of data", check_new_versions, CHECKS_S, SystemClock(), note).begin()
    if chosen.compute == "local":
        Rounds("computing power", go_round, COMPUTE_S, SystemClock(), note).begin()
    if chosen.gateway_url:
        Rounds("families", ask_gateway, FAMILIES_S, SystemClock(), note).begin()
        Rounds("guardians", write_to_guardians, ROUND_S, SystemClock(), note).begin()
    desks = Bounded(ASGIHandler(), https=chosen.https)
    return with_data_sets(desks, chosen)


def with_data_sets(desks: App, chosen: Installation) -> App:
    """The desks, and beside them the door for programs that load data sets, at the addresses that
    they know; where the pack says nothing of shared data, the desks alone."""
    rules = load_pack(chosen.pack).sharing
    if rules is None:
        return desks
    shelf = open_shelf(chosen.home / "corpus", chosen.home / "keys")
    hub = Hub(shelf, rules, base_url="", now=SystemClock().now, chance=secrets.token_bytes)
    door = HubApp(hub, https=chosen.https)

    async def beside(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        of_programs = path.startswith(FOR_PROGRAMS) and not _PAGE.fullmatch(path)
        await (door if of_programs else desks)(scope, receive, send)

    return beside


def begin_courier(note: Callable[[str], None]) -> None:
    """Let a thread carry what is between this provider's installation and its authority."""
    from licet.portal.outbox.courier import DELIVER_S, Courier
    from licet.portal.rounds import Rounds

    Rounds("authority", Courier().round, DELIVER_S, SystemClock(), note).begin()


class Opening:
    """A portal that is built in a thread of its own; until it stands, people are told to wait.

    `prepare` is run once it is set up (the demonstration fills itself); `failed` is told why it
    cannot be built.
    """

    def __init__(
        self, chosen: Installation, prepare: Callable[[], None], failed: Callable[[Trouble], None]
    ) -> None:
        self._chosen = chosen
        self._prepare = prepare
        self._failed = failed
        self._app: App | None = None

    def begin(self) -> None:
        """Start building."""
        threading.Thread(target=self._build, name="licet-portal", daemon=True).start()

    def _build(self) -> None:
        try:
            app = portal_app(self._chosen)
            self._prepare()
        except Trouble as trouble:
            self._failed(trouble)
        except DatabaseError as error:
            said = Unavailable(
                f"the portal's database cannot be used: {error}.",
                hint="Look at the database that is named; then start again.",
            )
            self._failed(said)
        else:
            self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._app is not None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await _refuse(send, 503, _OPENING, (b"refresh", b"2"), (b"retry-after", b"2"))


_OPENING = "The portal is being opened; this page tries again by itself. 门户正在启动，请稍候。"


def run_portal(app: App, listener: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT, on a socket that listens."""
    config = server_config(app, framing_bytes_max=HEAD_BYTES_MAX, stop_s=5)
    uvicorn.Server(config).run(sockets=[listener])

"""Runs a built gateway: listens, keeps keys and bundle fresh, drains and closes in order.

It refuses to build: `app` did. It tells what it does to a `Notes` (the terminal, or nobody).

Rules
1. The ledger's first entry of a run is that it began, its last that it ended; the second is
   missing where the process was killed.
2. A new bundle judges new exchanges at once; running ones keep theirs, unless it is urgent.
3. A bundle that is not fit changes nothing: the old one stays, and the refusal is on record.
4. A licence that is lost ends what runs, at once and in the API's own words; that it was, and that
   it is valid again, is on record.
5. On SIGTERM nothing new is taken, what runs may end within `drain_s` and is then ended
   (`draining`); then the ledger is closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from licet import __version__
from licet.base.clock import rfc3339
from licet.base.trouble import Trouble
from licet.gateway.app import Gateway, load_bundle
from licet.gateway.bundlefile import CURRENT
from licet.gateway.bundlekey import load_trusted_keys
from licet.gateway.bundling import unused_rules
from licet.gateway.clearance import Clearance
from licet.gateway.draining import Server
from licet.gateway.erasing import erase_due
from licet.gateway.measures import digest_of
from licet.gateway.replay.app import replay_app
from licet.gateway.replay.shelf import load_answers
from licet.gateway.settling import Settling, building
from licet.gateway.staging import Staging
from licet.gateway.sweeping import Store, Sweeping
from licet.gateway.text_marks import label_headers
from licet.guard.bundle import Bundle, make_guard, read_bundle
from licet.guard.guarding import Guard
from licet.ledger.entry import Value, as_id, make_entry

REFRESH_S = 1.0
Note = Callable[[str], None]
Bear = Callable[[list[tuple[str, str]]], None]
"""Has every answer bear headers."""


async def run_gateway(
    gateway: Gateway, listener: socket.socket, *, note: Note, started: Callable[[], None],
    replay: socket.socket | None = None, pace_ms: float = 15, leave: asyncio.Event | None = None,
) -> None:  # fmt: skip
    """Serve until SIGTERM or SIGINT; then drain, and close what was built.

    With `leave` the signals are left alone (they belong to a process's main thread): set it.
    """
    config = gateway.parts.config
    head_bytes_max = config.server.head_bytes_max
    server = Server(
        gateway, drain_s=config.server.drain_s, head_bytes_max=head_bytes_max,
        end=gateway.parts.stop,
    )  # fmt: skip
    servers = [(server, listener)]
    if replay is not None:
        answers = replay_app(load_answers(), pace_ms=pace_ms)
        servers.append((Server(answers, drain_s=1.0, head_bytes_max=head_bytes_max), replay))
    upkeep = Upkeep(gateway, note, server.bear)
    upkeep.began()
    leaving = None
    if leave is None:
        _heed_signals(server, note, upkeep)
    else:
        leaving = asyncio.ensure_future(_leave_when(leave, server, note, upkeep))
    running = [asyncio.ensure_future(each.serve(sockets=[sock])) for each, sock in servers]
    tending = asyncio.ensure_future(upkeep.run())
    try:
        while not all(each.started for each, _ in servers):
            if any(task.done() for task in running):
                break
            await asyncio.sleep(0.005)
        else:
            await upkeep.settle()
            upkeep.settling.begin(gateway.parts.clock.monotonic())
            started()
        await asyncio.wait((running[0], tending), return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True  # without upkeep no revoked key would be noticed any more
        await running[0]
        if tending.done():
            tending.result()
    finally:
        upkeep.settling.end()
        for each, _ in servers[1:]:
            each.should_exit = True
        tending.cancel()
        if leaving is not None:
            leaving.cancel()
        await asyncio.gather(*running[1:], tending, return_exceptions=True)
        await _close(gateway, upkeep)


def _heed_signals(server: Server, note: Note, upkeep: Upkeep) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _leave, server, note, signal.Signals(number).name, upkeep)
    loop.add_signal_handler(signal.SIGHUP, upkeep.reload)


async def _leave_when(
    leave: asyncio.Event, server: Server, note: Note, upkeep: Upkeep
) -> None:  # fmt: skip
    await leave.wait()
    _leave(server, note, "asked-to-leave", upkeep)


def _leave(server: Server, note: Note, reason: str, upkeep: Upkeep) -> None:
    note(f"{reason}: taking no more requests, finishing those that run.")
    upkeep.reason = reason
    server.leave()


async def _close(gateway: Gateway, upkeep: Upkeep) -> None:
    await upkeep.staging.close()
    upkeep.ended()
    await asyncio.to_thread(gateway.writer.close, 10.0)
    gateway.log.close()
    for upstream in gateway.parts.upstreams.values():
        await upstream.close()
    await gateway.parts.licensing.close()
    await gateway.parts.limits.close()
    if gateway.parts.minors is not None:
        await gateway.parts.minors.close()
    if gateway.parts.measures is not None:
        await gateway.parts.measures.close()
    if gateway.parts.judge is not None:
        await gateway.parts.judge.close()
    if gateway.parts.studio is not None:
        await gateway.parts.studio.close()
    if gateway.parts.copies is not None:
        gateway.parts.copies.close()
    if gateway.parts.spans is not None:
        await asyncio.to_thread(gateway.parts.spans.close)
    gateway.parts.cases.close()
    gateway.parts.subjects.close()
    gateway.keystore.close()


class Upkeep:
    """What a running gateway does beside serving."""

    def __init__(self, gateway: Gateway, note: Note, bear: Bear) -> None:
        self._gateway = gateway
        self._note = note
        self._bear = bear
        self._bundle = gateway.bundle
        self._path = gateway.home / "bundles" / CURRENT
        self._seen = _stamp(self._path)
        self._sweeping = Sweeping(gateway.parts.clock, self._stores(), note)
        self._wanted: Callable[[], Bundle] | None = None
        self._adopting: asyncio.Task[None] | None = None
        self.settling = Settling()
        self.staging = Staging(gateway.parts, gateway.home, note, self._record)
        self.reason = "end"

    def began(self) -> None:
        pack = self._gateway.parts.pack
        self._record(
            "gateway.started",
            {"version": __version__, "bundle": self._bundle.digest, "pack": pack.id},
        )
        self._bear_all(self._gateway.parts.clearance)

    async def settle(self) -> None:
        """Before the first request: what the licence is worth, as the authority says it now."""
        parts = self._gateway.parts
        await parts.licensing.settle()
        self._clear("", parts.licensing.clearance(parts.clock.now()))

    def ended(self) -> None:
        self._record("gateway.stopped", {"reason": self.reason})

    async def run(self) -> None:
        """Every second: keys, bundles. Every hour: what is past its time."""
        parts = self._gateway.parts
        while True:
            await asyncio.sleep(REFRESH_S)
            now_s = parts.clock.monotonic()
            try:
                await asyncio.to_thread(parts.keyring.refresh, now_s)
            except Trouble as trouble:
                self._note(f"keys: {trouble}")
            stamp = _stamp(self._path)
            if stamp != self._seen and stamp is not None:
                self._seen, self._wanted = stamp, self._read
            self._change()
            await self.staging.tend(self._bundle)
            await parts.licensing.tend()
            self._look()
            if parts.studio is not None:
                await parts.studio.tend(self._note)
            await self._mind()
            self.settling.tend(now_s, busy=parts.metrics.open_streams > 0)
            if swept := self._sweeping.tend():
                self._record("erasure.executed", {"request": "retention", "items": swept})

    def _bear_all(self, clearance: Clearance) -> None:
        parts = self._gateway.parts
        self._bear([*clearance.headers, *label_headers(parts.config.labels, parts.pack)])

    async def _mind(self) -> None:
        """Persons: measures that are new, the time of minors."""
        parts = self._gateway.parts
        if parts.measures is not None and (listed := await parts.measures.tend()) is not None:
            told: dict[str, Value] = {
                "list_sha256": digest_of(listed),
                "measures": len(listed.measures),
            }
            self._record("measures.taken", told)
        if parts.minors is not None:
            try:
                await parts.minors.tend()
            except Trouble as trouble:
                self._note(f"minors: {trouble}")

    def reload(self) -> None:
        """SIGHUP: read the rule files of the configuration again."""
        parts = self._gateway.parts
        self._wanted = lambda: load_bundle(parts.config, parts.pack, self._gateway.home)

    def _read(self) -> Bundle:
        trusted = load_trusted_keys(self._gateway.home / "keys")
        return read_bundle(self._path.read_bytes(), trusted)

    def _change(self) -> None:
        """Begin to adopt the bundle that is wanted, one at a time; the last wanted wins."""
        if self._adopting is not None:
            if not self._adopting.done():
                return
            self._adopting.result()  # a bug in it is ours to die of
            self._adopting = None
        if self._wanted is not None:
            self._adopting = asyncio.ensure_future(self._adopt(self._wanted))
            self._wanted = None

    def _prepare(self, read: Callable[[], Bundle]) -> tuple[Bundle, Guard]:
        """In a thread of its own: compiling 10,000 rules takes longer than a stream may wait."""
        parts = self._gateway.parts
        doubt = parts.config.guard.doubt
        with building():
            bundle = read()
            return bundle, make_guard(bundle, today=parts.clock.now().date(), doubt=doubt)

    async def _adopt(self, read: Callable[[], Bundle]) -> None:
        parts = self._gateway.parts
        try:
            bundle, guard = await asyncio.to_thread(self._prepare, read)
        except (Trouble, OSError) as trouble:
            self._note(f"a bundle was refused: {trouble}")
            code = trouble.code if isinstance(trouble, Trouble) else "unreadable"
            self._record("bundle.refused", {"error": code})
            return
        replaces, self._bundle = self._bundle, bundle
        parts.guard = guard
        parts.urgent += bundle.urgent
        parts.metrics.guard_loaded(parts.pack.id, parts.pack.version, guard.name)
        self._record(
            "bundle.loaded",
            {
                "bundle": bundle.digest, "version": as_id(bundle.name),
                "author": bundle.author.hex(), "replaces": replaces.digest,
                "urgent": bundle.urgent,
            },
        )  # fmt: skip
        self._note(f"bundle {bundle.digest[:12]} judges from now on.")
        today = parts.clock.now().date()
        for line in unused_rules(bundle.rules, today, parts.config.guard.rules):
            self._note(line)
        self.settling.set_aside()

    def _look(self) -> None:
        """Has the licence come to be worth something else?"""
        parts = self._gateway.parts
        clearance = parts.licensing.clearance(parts.clock.now())
        if (clearance.state, clearance.licence) != (
            parts.clearance.state,
            parts.clearance.licence,
        ):
            self._clear(parts.clearance.state, clearance)

    def _clear(self, before: str, clearance: Clearance) -> None:
        """Rule 4."""
        parts, licence = self._gateway.parts, clearance.licence
        listed = parts.licensing.listed
        parts.clear(clearance)
        parts.metrics.cleared(clearance.state, licence.filing if licence else "")
        self._bear_all(clearance)
        self._record(
            "licence.changed",
            {
                "licence": licence.id if licence else None,
                "filing": as_id(licence.filing) if licence else None,
                "authority": as_id(licence.issuer) if licence else None,
                "before": before or None, "after": clearance.state,
                "listed": rfc3339(listed.issued) if listed else None,
            },
        )  # fmt: skip
        if clearance.refusal is not None:
            self._note(f"nobody is served: {clearance.refusal[1]}")
        elif before:
            self._note(f"the licence is {clearance.state}.")

    def _stores(self) -> tuple[tuple[str, Store], ...]:
        """What is swept, in this order."""
        gateway, parts = self._gateway, self._gateway.parts

        def erasures(now: datetime) -> int:
            erase_due(parts, gateway.writer.submit, now)
            return 0

        def pseudonyms(now: datetime) -> int:
            held = parts.measures.held_periods if parts.measures is not None else ()
            return gateway.pseudonyms.forget_past(held)

        stores = [("cases", parts.cases.sweep), ("erasures", erasures)]
        if parts.copies is not None:
            stores.append(("copies", parts.copies.sweep))
        return (*stores, ("pseudonyms", pseudonyms))

    def _record(self, kind: str, pub: dict[str, Value]) -> None:
        with contextlib.suppress(Trouble):
            entry = make_entry(kind, self._gateway.parts.clock.now(), pub)
            self._gateway.writer.submit(entry, urgent=True)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        about = path.stat()
    except OSError:
        return None
    return about.st_mtime_ns, about.st_size

"""Keeps a shadow for the bundle that is staged in a home, as long as it is staged.

It refuses to know how texts are judged and what serving does. What goes wrong here is told and
recorded; it never reaches serving.

Rules
1. A staged bundle is tried only if its signature counts (`bundles/staged.licet`, `keys/`).
2. The shadow compares with the bundle that serves; where that changes, it begins anew.
3. What it found is an entry of the ledger every hour and at its end: `bundle.shadowed`.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from licet.base.trouble import Trouble
from licet.gateway.bundlefile import CURRENT, STAGED, load_bundle, save_bundle
from licet.gateway.bundlekey import load_trusted_keys
from licet.gateway.parts import Parts
from licet.gateway.shadow import Shadow, shadow_program
from licet.gateway.shadowbook import ShadowBook, ShadowSummary
from licet.guard.bundle import Bundle, Draft, build_bundle
from licet.guard.ruleset import render_rules
from licet.ledger.entry import Value, as_id

FOLDER = "shadow"
REPORT_S = 3600.0
Record = Callable[[str, dict[str, Value]], None]
Program = Callable[[Path, Path], tuple[str, ...]]


class Staging:
    """What a running gateway does about a staged bundle. `tend` it every second."""

    def __init__(
        self, parts: Parts, home: Path, note: Callable[[str], None], record: Record,
        program: Program = shadow_program,
    ) -> None:  # fmt: skip
        self._parts = parts
        self._path = home / "bundles" / STAGED
        self._keys = home / "keys"
        self._folder = home / FOLDER
        self._note = note
        self._record = record
        self._program = program
        self._seen: tuple[int, int] | None = None
        self._against = ""
        self._staged: Bundle | None = None
        self._shadow: Shadow | None = None
        self._reported_s = 0.0

    async def tend(self, current: Bundle) -> None:
        """Begin, go on or end, as the folder of bundles says."""
        try:
            stamp = _stamp(self._path)
            if stamp != self._seen or (stamp and current.digest != self._against):
                await self._end("ended")
                self._seen, self._against = stamp, current.digest
                if stamp is not None:
                    await self._begin(current)
            if self._shadow is not None:
                await self._go_on(self._shadow)
        except (Trouble, OSError) as trouble:
            self._note(f"the staged bundle is not tried: {trouble}")
            with contextlib.suppress(OSError):  # what failed may be the disk, and fail again
                await self._end("failed")

    async def close(self) -> None:
        """The gateway leaves."""
        with contextlib.suppress(OSError):
            await self._end("stopped")

    async def _begin(self, current: Bundle) -> None:
        staged = await asyncio.to_thread(self._prepare, current)
        summary = ShadowSummary(
            staged.digest, current.digest, self._parts.clock.now().isoformat(timespec="seconds")
        )
        book = ShadowBook(self._folder, summary, secrets.token_bytes(32))
        await asyncio.to_thread(book.begin)
        shadow = Shadow(
            book, self._parts.clock, self._parts.metrics.shadow_judged,
            self._program(self._folder / CURRENT, self._path),
        )  # fmt: skip
        await shadow.start()
        self._staged, self._shadow = staged, shadow
        self._reported_s = self._parts.clock.monotonic()
        self._report("begun")
        self._note(f"bundle {staged.digest[:12]} is tried in the shadow.")

    def _prepare(self, current: Bundle) -> Bundle:
        """Read the staged bundle (rule 1) and write the present one for the shadow to compare."""
        staged = load_bundle(self._path, load_trusted_keys(self._keys))
        draft = Draft(
            name=current.name, pack=current.pack, pack_digest=current.pack_digest,
            policy=current.policy, weights=current.weights, urgent=current.urgent,
            rules={
                name.removeprefix("rules/").removesuffix(".toml"): render_rules(rules)
                for name, rules in current.rules.items()
            },
        )  # fmt: skip
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Signed by nobody who counts: it is read by the shadow and never served under.
        key = Ed25519PrivateKey.from_private_bytes(secrets.token_bytes(32))
        save_bundle(self._folder / CURRENT, build_bundle(draft, key))
        return staged

    async def _go_on(self, shadow: Shadow) -> None:
        shadow.sweep()
        if shadow.is_over:
            self._note("the shadow has ended by itself; serving goes on as before.")
            await self._end("failed")
            return
        self._parts.guard.listener = shadow
        await asyncio.to_thread(shadow.book.save)
        now_s = self._parts.clock.monotonic()
        if now_s - self._reported_s >= REPORT_S:
            self._reported_s = now_s
            self._report("running")

    async def _end(self, state: str) -> None:
        shadow, self._shadow = self._shadow, None
        if shadow is None:
            return
        self._parts.guard.listener = None
        shadow.sweep()
        await shadow.close(state)
        self._report(shadow.book.summary.state, shadow)
        await asyncio.to_thread(shadow.book.save)

    def _report(self, state: str, shadow: Shadow | None = None) -> None:
        shadow = shadow or self._shadow
        if shadow is None or self._staged is None:
            return
        summary = shadow.book.summary
        self._record(
            "bundle.shadowed",
            {
                "bundle": self._staged.digest, "version": as_id(self._staged.name),
                "author": self._staged.author.hex(), "against": summary.current, "state": state,
                "texts": summary.texts, "stricter": summary.moved(1), "milder": summary.moved(-1),
                "dropped": summary.dropped, "failed": summary.failed,
            },
        )  # fmt: skip


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        about = path.stat()
    except OSError:
        return None
    return about.st_mtime_ns, about.st_size

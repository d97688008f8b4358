"""An authority on a real socket: its desk in a folder, its keys and lists over HTTP.

    with serving_authority(folder) as authority:
        licence, token = authority.issuer.issue(TERMS, now)
        authority.silent = True

It refuses to know what is tested.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from licet.base.clock import SystemClock
from licet.base.ids import Chance
from licet.base.trouble import NotFound
from licet.credentials.issuer import KEYS_PATH, LIST_PATH, Issuer, ListSettings, open_issuer


@dataclass(slots=True)
class Authority:
    """One that answers. `silent`: it answers nothing but 503. `asked` counts its lists."""

    issuer: Issuer
    silent: bool = False
    asked: int = 0
    instead: bytes | None = None
    """What it answers in place of the list."""

    def answer(self, path: str, query: dict[str, list[str]]) -> bytes:
        if path == KEYS_PATH:
            return self.issuer.keys.as_jwks()
        if path != LIST_PATH:
            raise NotFound
        self.asked += 1
        now = SystemClock().now()
        if self.instead is not None:
            return self.instead
        if "time" in query:
            moment = datetime.fromtimestamp(int(query["time"][0]), UTC)
            return self.issuer.status_token_at(moment, now).encode()
        return self.issuer.status_token(now).encode()


@contextlib.contextmanager
def serving_authority(
    folder: Path, *, ttl_s: int = 60, valid_s: int = 86_400, draw: Chance | None = None
) -> Iterator[Authority]:
    """An authority whose lists name this ttl and end after `valid_s`."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            try:
                body = authority.answer(parts.path, parse_qs(parts.query))
            except NotFound:
                self.send_error(404)
                return
            if authority.silent:
                self.send_error(503)
                return
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    origin = f"http://127.0.0.1:{server.server_port}"
    chance = draw or (lambda number: bytes(number))
    issuer = open_issuer(folder, origin, ListSettings(ttl_s, valid_s), chance)
    authority = Authority(issuer)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield authority
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

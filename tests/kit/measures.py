"""A provider's desk that lists measures, as gateways ask it: over a real socket, with an ETag.

    with desk(tmp_path) as served:
        served.put(measure(...))
        running_gateway(home, more=served.config)

It refuses to know how a measure comes about (`licet.portal.incidents` does).
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from licet.base.clock import SystemClock
from licet.credentials.keys import KeySet, SigningKey
from licet.credentials.measures import Measure, MeasureList, sign_measures

TOKEN = "a-token-of-the-desk"
PAGE = "https://desk.example/measure/{number}"
CONFIG = """\
[measures]
url = "{url}/measures/acme/list"
desk_keys = "{folder}/measures.jwks"
token_file = "{folder}/measures.token"
pseudonym_keys = "{folder}/pseudonyms"
"""


def measure(subject: str, **changes: Any) -> Measure:
    """A suspension of an hour, unless told otherwise."""
    until = SystemClock().now() + timedelta(hours=1)
    fields: dict[str, Any] = {
        "number": "LM-20261120-0123456789AB", "subject": subject, "step": "suspend",
        "name": {"zh": "暂停服务", "en": "Suspend"}, "effect": "stop", "rule": "base.fraud.en.1",
        "reason": "Three in a row.", "until": int(until.timestamp()),
    } | changes  # fmt: skip
    return Measure(**fields)


@dataclass(slots=True)
class Desk:
    """What the desk says now, and what it was asked."""

    folder: Path
    key: SigningKey
    measures: tuple[Measure, ...] = ()
    edition: int = 0
    down: bool = False
    url: str = ""
    asked: list[tuple[str, int]] = field(default_factory=list)
    """The ETag that each question brought, and the status that it got."""

    def put(self, *measures: Measure) -> None:
        """From now on these are in force."""
        self.measures, self.edition = measures, self.edition + 1

    @property
    def config(self) -> str:
        return CONFIG.format(url=self.url, folder=self.folder)

    def answer(self, path: str, authorization: str, etag: str) -> tuple[int, bytes]:
        status, body = self._answer(path, authorization, etag)
        self.asked.append((etag, status))
        return status, body

    def _answer(self, path: str, authorization: str, etag: str) -> tuple[int, bytes]:
        if self.down:
            return 503, b"not now"
        if path != "/measures/acme/list" or authorization != f"Bearer {TOKEN}":
            return 401, b"no"
        if etag == f'"{self.edition}"':
            return 304, b""
        listed = MeasureList(SystemClock().now(), PAGE, self.measures)
        return 200, sign_measures(listed, self.key).encode()


@contextlib.contextmanager
def desk(folder: Path) -> Iterator[Desk]:
    """A desk that answers until the block ends; its key set and token lie in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    served = Desk(folder, SigningKey.from_seed(b"d" * 32))

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked = [self.headers.get(name, "") for name in ("authorization", "if-none-match")]
            status, body = served.answer(self.path, *asked)
            self.send_response(status)
            self.send_header("etag", f'"{served.edition}"')
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    served.url = f"http://127.0.0.1:{server.server_address[1]}"
    keys = KeySet.of([served.key.public])
    (folder / "measures.jwks").write_bytes(keys.as_jwks())
    (folder / "measures.token").touch(mode=0o600)
    (folder / "measures.token").write_text(f"{TOKEN}\n")
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()

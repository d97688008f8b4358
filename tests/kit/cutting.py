"""A network that breaks off: a relay on the loopback before a real server.

    with cutting(demo.url, after=4 << 20) as (url, asked):
        ...  # the first answer that grows longer than `after` ends there

It refuses to know HTTP, but for the lines that a client sends before a body.

Rules
1. Only one connection is cut, once; whatever comes after passes whole.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

PIECE = 64 << 10
WAIT_S = 30.0


@contextlib.contextmanager
def cutting(url: str, after: int) -> Iterator[tuple[str, list[bytes]]]:
    """The relay's address, and what clients have sent, in pieces as they came. `after`: bytes of
    one connection's answers."""
    there = urlsplit(url)
    listener = socket.create_server(("127.0.0.1", 0))
    asked: list[bytes] = []
    whole = threading.Event()

    def accept() -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = socket.create_connection((there.hostname or "", there.port or 0), WAIT_S)
            near.settimeout(WAIT_S)
            for work in (up, down):
                threading.Thread(target=work, args=(near, far), daemon=True).start()

    def up(near: socket.socket, far: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := near.recv(PIECE):
                asked.append(piece)
                far.sendall(piece)
            far.shutdown(socket.SHUT_WR)

    def down(near: socket.socket, far: socket.socket) -> None:
        passed = 0
        with contextlib.suppress(OSError), near, far:
            while piece := far.recv(PIECE):
                near.sendall(piece)
                passed += len(piece)
                if passed > after and not whole.is_set():
                    whole.set()
                    near.shutdown(socket.SHUT_RDWR)
                    return

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", asked
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()

"""An ASGI application behind real sockets: uvicorn in a thread, on a free port of the loopback.

Rules
1. The port is bound before the server starts, so two tests never want the same one.
2. On leaving, the server has stopped: no thread, socket or stream outlives the `with`.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import uvicorn

START_S = 10.0
STOP_S = 10.0


@contextlib.contextmanager
def serve(app: Any, **options: Any) -> Iterator[str]:
    """The root URL (`http://127.0.0.1:PORT`) under which `app` is served. `options` go to uvicorn.

    Raises RuntimeError if the server does not start or stop in its time.
    """
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    settings: dict[str, Any] = {
        "log_level": "warning",
        "access_log": False,
        "ws": "none",
        "timeout_graceful_shutdown": 2,
    }
    server = uvicorn.Server(uvicorn.Config(app, **settings | options))
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listener]}, name="served", daemon=True
    )
    thread.start()
    try:
        deadline = time.monotonic() + START_S
        while not server.started:
            if not thread.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("the server did not start; its log says why")
            time.sleep(0.005)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(STOP_S)
        listener.close()
        if thread.is_alive():
            raise RuntimeError("the server did not stop in time")

"""The real-name service on a loopback socket or in a world of its own, and numbers of nobody.

It refuses to know what is tested; the simulator that it serves ships with Licet.
"""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from licet.minors.realname.desk import OnOutage, RealNameDesk
from licet.minors.realname.driver import Driver, Hosts
from licet.minors.realname.outbox import Outbox
from licet.minors.realname.protocol import Credentials, Fault
from licet.minors.realname.simulator import Simulator
from licet.rulebook import load_pack

HOSTS = Hosts("https://a.example", "https://b.example", "https://c.example")
START_S = 1_773_000_000.0
RULES = load_pack("cn-genai-2023").minors
CREDENTIALS = Credentials("test-appId", "test-bizId", "000102030405060708090a0b0c0d0e0f")


def number_of(born: str, serial: int = 1) -> str:
    """A made-up number of somebody born on a day, with its check character. No real district."""
    digits = f"000000{born}{serial:03}"
    total = sum(int(d) * (2 ** (17 - n) % 11) for n, d in enumerate(digits))
    return digits + "10X98765432"[total % 11]


@dataclass(slots=True)
class Station:
    """The simulator at `url`; while it is `down` it answers HTTP 503."""

    url: str
    simulator: Simulator
    down: bool = False


@contextlib.contextmanager
def station() -> Iterator[Station]:
    """A simulator that answers by HTTP, on real time."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def _any(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            with lock:
                status, answer = (503, b"") if found.down else found.simulator.answer(
                    self.command, self.path, self.headers, body
                )  # fmt: skip
            self.send_response(status)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = _any

        def log_message(self, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Station(
        f"http://127.0.0.1:{server.server_address[1]}",
        Simulator(CREDENTIALS, time.time),  # noqa: TID251
    )
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


class World:
    """Time that is turned by hand, the simulator, and what goes wrong between. `faults` are
    used up one a request: "slow", "500", "garbage", "lost" (it arrived, the answer did not)."""

    def __init__(self, place: Path, on_outage: OnOutage = "refuse") -> None:
        self.now_s = START_S
        self.faults: list[str] = []
        self.down = False
        self.noted: list[Fault] = []
        self.simulator = Simulator(CREDENTIALS, lambda: self.now_s)
        self.place = place
        self.outbox = Outbox(place / "real-name.db", b"k" * 32, random.Random(1).randbytes)
        self.on_outage = on_outage
        self.restart()

    def restart(self) -> None:
        driver = Driver(
            HOSTS, CREDENTIALS, self.send, self, random.Random(2).randbytes, self.sleep
        )
        self.driver = driver
        self.desk = RealNameDesk(
            driver, self.outbox, RULES, self, self.on_outage, self.noted.append
        )

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.now_s, UTC)

    def monotonic(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.now_s += seconds

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, bytes]:
        fault = "slow" if self.down else (self.faults.pop(0) if self.faults else "")
        if fault == "slow":
            self.now_s += 5
            raise TimeoutError
        if fault == "500":
            return 500, b""
        if fault == "garbage":
            return 200, b"<html>"
        answer = self.simulator.answer(method, url, headers, body)
        if fault == "lost":
            raise ConnectionResetError
        return answer

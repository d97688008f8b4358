"""A stretch of the year behind a real gateway, before the pages of families: ledger, stores, the
portal's database, logs and metrics lie where the year's other bytes are, to be searched with them.

It refuses to search, and to know the oracle: what is lawful, the year itself checks.

Rules
1. Everything is real: configuration, keys, ledger, cases, the store of minors, HTTP, and the
   real-name driver against the simulator. Whoever runs this has set SECRET_ENV.
2. The provider knows day of birth, name and number of each child, and says them where it must (the
   real-name service) and where it must not (signals, prompts): neither may leave a trace.
"""

from __future__ import annotations

import contextlib
import json
import logging
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from kit.gateway import Served, running_gateway
from kit.minors_scene import post
from kit.minors_talk import RULE_FILE
from kit.real_name import CREDENTIALS, number_of, station
from licet.gateway.app import Gateway
from licet.gateway.keys import Grant
from licet.minors.realname.simulator import pi_of

SECRET_ENV = "LICET_TEST_REAL_NAME"
SECRET = CREDENTIALS.secret_key
TABLES = """
[minors]
url = "sqlite:minors.db"
profile = "chat"
key_file = "keys/minors.key"
unknown = "minor"
when_down = "refuse"

[minors.real_name]
check_url = "{url}"
query_url = "{url}"
report_url = "{url}"
app_id = "test-appId"
biz_id = "test-bizId"
secret_env = "LICET_TEST_REAL_NAME"
outbox = "real-name.db"
key_file = "keys/real-name.key"
on_outage = "refuse"
"""
GIVEN = "王李张刘陈杨黄赵周吴"


@dataclass(frozen=True, slots=True)
class Person:
    """What the provider knows of a child."""

    number: int
    born: date
    name: str
    id_number: str

    @property
    def secrets(self) -> tuple[str, ...]:
        compact = self.born.strftime("%Y%m%d")
        return (self.born.isoformat(), compact, self.name, self.id_number, pi_of(self.id_number))


@dataclass(slots=True)
class Stretch:
    """What happened: answers by deed and status; `secrets`: of whom they are."""

    secrets: dict[str, int] = field(default_factory=dict)
    answers: dict[tuple[str, int], int] = field(default_factory=dict)

    def count(self, deed: str, status: int) -> int:
        """Notes an answer; gives its status."""
        self.answers[deed, status] = self.answers.get((deed, status), 0) + 1
        return status


def person(number: int) -> Person:
    """One of the children: nobody's number, a day of birth of its own."""
    born = date(2010 + number % 6, 1 + number % 12, 1 + number % 28)
    name = f"{GIVEN[number % 10]}小{number:05}"
    return Person(number, born, name, number_of(born.strftime("%Y%m%d"), 1 + number % 998))


def live(folder: Path, children: int) -> Stretch:
    """Let so many children live behind a gateway in `folder`; the gateway has ended after it."""
    folder.mkdir(parents=True, exist_ok=True)
    stretch = Stretch()
    keys: list[str] = []

    def prepare(gateway: Gateway) -> None:
        now = gateway.parts.clock.now()
        keys.append(gateway.keystore.create("desk", Grant(frozenset({"minors"})), now)[1])
        gateway.parts.keyring.refresh(gateway.parts.clock.monotonic())

    with (
        _logged(folder / "gateway.log"),
        station() as names,
        running_gateway(
            folder / "home", rules=RULE_FILE, more=TABLES.format(url=names.url), prepare=prepare
        ) as served,
    ):
        for number in range(children):
            child = person(number)
            stretch.secrets |= dict.fromkeys(child.secrets, number)
            _one(stretch, served, keys[0], child)
        _told(stretch, served, keys[0], "figures", {})
        _before_pages(stretch, served, keys[0], folder / "portal", children)
        with urllib.request.urlopen(f"{served.root}/metrics", timeout=20) as answer:
            (folder / "metrics.txt").write_bytes(answer.read())
        (folder / "notes.txt").write_text("\n".join(served.notes), encoding="utf-8")
    (folder / "answers.txt").write_text(repr(stretch.answers), encoding="utf-8")
    return stretch


def _one(stretch: Stretch, served: Served, key: str, child: Person) -> None:
    """The life of a child: verified, linked, limited, refused, helped, paying, reported."""
    user = f"user-{child.number}"

    def tell(deed: str, **body: Any) -> int:
        return _told(stretch, served, key, deed, {"user": user, **body})

    tell("verify", name=child.name, id_number=child.id_number)
    tell("visit", visit="v1", online=True)
    for field_, value in (
        ("birth_date", child.born.isoformat()), ("idNum", child.id_number), ("name", child.name),
        ("pi", pi_of(child.id_number)), ("source", child.name), ("method", child.id_number),
    ):  # fmt: skip
        tell("signal", signal={"method": "document", "assurance": "high", field_: value})
    tell("signal", signal=child.name)
    tell("guardian", linked=True, consented=True)
    totals = {str(day): child.number % 2 * 60 for day in range(7)}
    tell("settings", settings={"daily_min": totals, "curfew_off": True})
    tell("settings", settings={child.id_number: child.name})
    says = (
        "Good morning.",
        f"我叫{child.name}，{child.born}生，身份证{child.id_number}。grey lantern hour",
        f"My number is {child.id_number}, my name {child.name}.",
    )
    for words in says:
        _chats(stretch, served, user, words)
    tell("more", minutes=15, id="request-1")
    _chats(stretch, served, user, says[1], {"licet-features": f"voice, {child.id_number}"})
    tell("spend", payment=f"{child.name}/{child.id_number}", fen=100)
    tell("heartbeat")
    tell("report")
    tell("status")
    tell("visit", visit="v1", online=False)


def _before_pages(
    stretch: Stretch, served: Served, key: str, home: Path, children: int
) -> None:  # fmt: skip
    """The same children and their guardians before a portal, in a process that commits."""
    home.mkdir()
    people = [{"user": f"user-{n}", "secrets": person(n).secrets} for n in range(children)]
    ran = subprocess.run(
        [sys.executable, "-m", "kit.minors_portal", home, served.root, key],
        input=json.dumps(people), capture_output=True, text=True, timeout=280, check=False,
        cwd=Path(__file__).parents[1],
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    for deed, status, times in json.loads(ran.stdout):
        stretch.answers[deed, status] = times


def _told(stretch: Stretch, served: Served, key: str, deed: str, body: Mapping[str, Any]) -> int:
    status, _ = post(served, key, deed, **body)
    return stretch.count(deed, status)


def _chats(
    stretch: Stretch,
    served: Served,
    user: str,
    words: str,
    headers: Mapping[str, str] | None = None,
) -> int:
    asked = {"model": "replay", "safety_identifier": user,
             "messages": [{"role": "user", "content": words}]}  # fmt: skip
    request = urllib.request.Request(
        f"{served.url}/chat/completions",
        json.dumps(asked).encode(),
        {**served.headers, "content-type": "application/json", **(headers or {})},
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            answer.read()
            return stretch.count("chat", answer.status)
    except urllib.error.HTTPError as refused:
        refused.read()
        return stretch.count("chat", refused.code)


@contextlib.contextmanager
def _logged(path: Path) -> Iterator[None]:
    """Everything that any logger says, into a file."""
    root, handler = logging.getLogger(), logging.FileHandler(path, encoding="utf-8")
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        handler.close()

"""A real browser before a real `licet up`: what a newcomer starts, and what people do in it.

It refuses to know any journey.

Rules
1. Chromium is the machine's own (LICET_TEST_CHROMIUM, else `chromium` on the path); without it a
   journey is skipped and says so.
2. One demonstration serves all journeys of a process, which leave it as the next one needs it; a
   journey that cannot has its own. Each starts in an empty home and is stopped at the end.
3. Every page that a journey comes to is looked at by axe; a violation fails the journey. Pages
   that differ by nothing but words and where links lead are one page to it, and looked at once.
4. Who has signed in once stays signed in at later desks, as people's browsers remember them; who
   is signing in for the journey's sake says so.
"""

from __future__ import annotations

import base64
import contextlib
import hmac
import itertools
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from licet.base.clock import SystemClock

OPEN_S = 180.0
ENTRY = "from licet.cli.main import main; main()"


@dataclass(slots=True)
class Demo:
    """A demonstration that runs. `key` opens its gateway."""

    url: str
    key: str
    home: Path
    passwords: dict[str, str] = field(default_factory=dict)
    """Of those who may sign in, as `licet portal people` told them once."""
    sessions: dict[tuple[str, str], list[Any]] = field(default_factory=dict)
    """Cookies of who has signed in, by address and email (rule 4)."""
    spent: set[tuple[str, str]] = field(default_factory=set)
    """Who has given which code of the second factor."""
    looked: set[str] = field(default_factory=set)
    """Shapes of pages that axe has found nothing wrong with (rule 3)."""

    def licet(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command of ours on its home."""
        return subprocess.run(
            [sys.executable, "-c", ENTRY, *words], capture_output=True, text=True, timeout=120,
            env=os.environ | {"LICET_HOME": str(self.home)}, check=False,
        )  # fmt: skip

    def password(self, email: str) -> str:
        """What they sign in with, as the command says it to a newcomer, who types its code too."""
        if not self.passwords:
            said = self.licet("portal", "people").stdout
            pattern = r"^(\S+@\S+)\s+(demo demo demo)(?:  code (\d+))?"
            for who, password, code in re.findall(pattern, said, re.MULTILINE):
                self.passwords[who] = password
                assert code in [*self.codes(who), ""], f"{who} is told a code that opens nothing"
        return self.passwords[email]

    def codes(self, email: str) -> list[str]:
        """Those that the second factor takes now, this half minute's first (RFC 6238, from the
        secret that lies beside the demonstration); none who has no factor."""
        secrets = json.loads((self.home / "demo-people.json").read_text(encoding="ascii"))
        if email not in secrets:
            return []
        secret = base64.b32decode(secrets[email])
        step = int(SystemClock().now().timestamp()) // 30
        return [_code(secret, step + one) for one in (0, 1, -1)]

    def fresh_codes(self, email: str) -> Iterator[str]:
        """Codes that nobody has given yet, for one opens once: whoever signs in again gives a
        neighbour's, and waits for the next half minute where those are spent, too."""
        while codes := self.codes(email):
            fresh = [code for code in codes if (email, code) not in self.spent]
            if not fresh:
                time.sleep(1)
                continue
            self.spent.add((email, fresh[0]))
            yield fresh[0]


def _code(secret: bytes, step: int) -> str:
    """RFC 4226 §5.3, six digits."""
    mac = hmac.digest(secret, struct.pack(">Q", step), "sha1")
    at = mac[-1] & 15
    return f"{(int.from_bytes(mac[at : at + 4]) & 0x7FFFFFFF) % 1_000_000:06}"


@contextlib.contextmanager
def demonstration(home: Path) -> Iterator[Demo]:
    """`licet up` in an empty home, its portal open."""
    home.mkdir(parents=True, exist_ok=True)
    log = (home / "up.log").open("w+b")
    process = subprocess.Popen(
        [sys.executable, "-c", ENTRY, "up", "--port", "0"],
        stdout=log, stderr=subprocess.STDOUT, env=os.environ | {"LICET_HOME": str(home)},
    )  # fmt: skip
    try:
        until = time.monotonic() + OPEN_S
        while True:
            said = (home / "up.log").read_text(encoding="utf-8", errors="replace")
            found = re.search(r"stands at (\S+)/v1.*?next start\): (\S+)", said, re.DOTALL)
            if found and _answers(found[1] + "/zh/"):
                break
            assert process.poll() is None, said
            assert time.monotonic() < until, said
            time.sleep(0.5)
        yield Demo(found[1], found[2], home)
    finally:
        process.terminate()
        process.wait(30)
        log.close()


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False


@contextlib.contextmanager
def chromium() -> Iterator[Any]:
    """The machine's chromium; skips where there is none (rule 1)."""
    path = os.environ.get("LICET_TEST_CHROMIUM") or shutil.which("chromium")
    if not path:
        pytest.skip("no chromium here; install it, or name one by LICET_TEST_CHROMIUM")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


def faults_of(page: Any) -> list[str]:
    """What axe finds wrong with a page, each with the place."""
    from axe_playwright_python.sync_playwright import Axe

    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    options = {"runOnly": {"type": "tag", "values": tags}, "resultTypes": ["violations"]}
    found = Axe().run(page, options=options)
    return [
        f"{one['id']}: {node['html'][:200]}"
        for one in found.response["violations"]
        for node in one["nodes"]
    ]


def _shape(html: str) -> str:
    """A page without its words, and without what its links and fields bear."""
    bare = re.sub(r">[^<]*\S[^<]*<", ">x<", html)
    return re.sub(r'\b(href|action|value|content|datetime)="[^"]+"', r'\1="x"', bare)


class Desk:
    """Somebody before a browser of their own, in one language."""

    def __init__(self, browser: Any, demo: Demo, lang: str, *, scripts: bool = True) -> None:
        self.demo, self.lang = demo, lang
        context = browser.new_context(
            java_script_enabled=scripts, bypass_csp=True, accept_downloads=True,
            viewport={"width": 1200, "height": 900},
        )  # fmt: skip
        self.page = context.new_page()
        self.page.set_default_timeout(60_000)
        self._scripts = scripts

    def go(self, path: str) -> None:
        """Open a page of this language."""
        self.page.goto(f"{self.demo.url}/{self.lang}{path}")
        self.look()

    def press(self, selector: str) -> None:
        """Click what leads to another page."""
        with self.page.expect_navigation():
            self.page.click(selector)
        self.look()

    def look(self) -> None:
        """Rule 3."""
        if not self._scripts:
            return
        shape = f"{self.page.viewport_size} {_shape(self.page.content())}"
        if shape not in self.demo.looked:
            said = faults_of(self.page)
            assert not said, f"{self.page.url}\n" + "\n".join(said)
            self.demo.looked.add(shape)

    def sign_in(self, email: str, *, anew: bool = False) -> None:
        """With password and, where they have one, a code; or as remembered (rule 4)."""
        kept = self.demo.sessions.get((self.demo.url, email))
        context = self.page.context
        if kept and not anew:
            context.add_cookies(kept)
            return
        self.go("/account/sign-in/")
        self.page.fill("[name=login]", email)
        self.page.fill("[name=password]", self.demo.password(email))
        self.press("main form button")
        for code in itertools.islice(self.demo.fresh_codes(email), 3):
            self.page.fill("[name=code]", code)
            self.press("main form button")
            if "/account/" not in self.page.url:
                break
        assert "/account/" not in self.page.url, self.page.inner_text("main")
        if not anew:
            self.demo.sessions[self.demo.url, email] = context.cookies()

    def open_case(self, title: str) -> None:
        """From the desk to the case with this title."""
        self.go("/desk/")
        self.press(f'main a:text-is("{title}")')

    def do(self, act: str, **fields: str) -> None:
        """The page of an act: fill, and do it."""
        self.press(f'main a[href$="/do/{act}/"]')
        for name, value in fields.items():
            self.page.fill(f'[name="{name.replace("__", ".")}"]', value)
        self.press("main form button")
        assert "/do/" not in self.page.url, self.page.inner_text("main")

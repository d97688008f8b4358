"""A real browser before a real `licet up`: what a newcomer starts, and what people do in it.

It refuses to know any journey.

Rules
1. Chromium is the machine's own (LICET_TEST_CHROMIUM, else `chromium` on the path); without it a
   journey is skipped and says so.
2. One demonstration a module: it is started in an empty home and stopped at the end.
3. Every page that a journey comes to is looked at by axe; a violation fails the journey.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
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

OPEN_S = 180.0
ENTRY = "from licet.cli.main import main; main()"


@dataclass(slots=True)
class Demo:
    """A demonstration that runs. `key` opens its gateway."""

    url: str
    key: str
    home: Path
    known: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Who may sign in, as it was asked first: what a command costs is paid once."""

    def licet(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command of ours on its home."""
        return subprocess.run(
            [sys.executable, "-c", ENTRY, *words], capture_output=True, text=True, timeout=120,
            env=os.environ | {"LICET_HOME": str(self.home)}, check=False,
        )  # fmt: skip

    def person(self, email: str) -> tuple[str, str]:
        """Password and code of this minute; who has no code has the same password as before."""
        if not self.known.get(email, ("", "code"))[1]:
            return self.known[email]
        self.known = self.people()
        return self.known[email]

    def people(self) -> dict[str, tuple[str, str]]:
        """Password and code of this minute, by email."""
        said = self.licet("portal", "people").stdout
        pattern = r"^(\S+@\S+)\s+(demo demo demo)(?:  code (\d+))?"
        found = re.findall(pattern, said, re.MULTILINE)
        return {email: (password, code) for email, password, code in found}


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
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": tags}})
    return [
        f"{one['id']}: {node['html'][:200]}"
        for one in found.response["violations"]
        for node in one["nodes"]
    ]


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
        said = faults_of(self.page)
        assert not said, f"{self.page.url}\n" + "\n".join(said)

    def sign_in(self, email: str) -> None:
        """With password and, where they have one, the code of this minute."""
        password, code = self.demo.person(email)
        self.go("/account/sign-in/")
        self.page.fill("[name=login]", email)
        self.page.fill("[name=password]", password)
        self.press("main form button")
        if code:
            code = self._give_code(email)
            if "/account/" in self.page.url:  # a code opens once: somebody was here within it
                for _ in range(60):  # it is the code of thirty seconds
                    if self.demo.people()[email][1] != code:
                        break
                    self.page.wait_for_timeout(500)
                self._give_code(email)
        assert "/account/" not in self.page.url, self.page.inner_text("main")

    def _give_code(self, email: str) -> str:
        """The code of this minute, given on the page."""
        code = self.demo.people()[email][1]
        self.page.fill("[name=code]", code)
        self.press("main form button")
        return code

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

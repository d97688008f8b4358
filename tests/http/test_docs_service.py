"""What docs/guides/service.md gives to copy: nginx serves by it, systemd reads it, a copy that its
script makes of a running home is whole, and its alerts ask for metrics that there are."""

from __future__ import annotations

import contextlib
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from kit import plain
from kit.command import Running, licet, started, up
from kit.house import ROOT
from kit.installations import free_port
from kit.tls import throwaway_tls

PAGE = (ROOT / "docs/guides/service.md").read_text(encoding="utf-8")
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
OPEN_S = 30.0


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("service") / "home"
    with up(home, "--no-portal", "--pace-ms", "0") as running:
        yield running


@contextlib.contextmanager
def nginx(folder: Path, upstream: str) -> Iterator[tuple[str, Path]]:
    """nginx by the page's text before `upstream` (host:port): its address, and whom to trust."""
    if NGINX is None:
        pytest.skip("nginx is not installed (Debian: nginx-light)")
    (text,), port = blocks("nginx"), free_port()
    ca, _ = throwaway_tls(folder)
    for printed, ours in (
        ("server 127.0.0.1:8080;", f"server {upstream};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;"),
        ("/etc/licet/tls/service.crt", str(folder / "leaf.pem")),
        ("/etc/licet/tls/service.key", str(folder / "leaf.pem")),
    ):
        assert text.count(printed) == 1, printed
        text = text.replace(printed, ours)
    places = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in
                     ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))  # fmt: skip
    whole = (
        f"daemon off; pid {folder}/pid; events {{}}\nhttp {{ access_log off; {places}\n{text}}}"
    )
    (folder / "nginx.conf").write_text(whole, encoding="utf-8")
    process = subprocess.Popen([NGINX, "-p", folder, "-c", "nginx.conf", "-e", folder / "errors"])
    try:
        ends_s = time.monotonic() + OPEN_S
        while not is_open(port):
            assert process.poll() is None, (folder / "errors").read_text("utf-8")
            assert time.monotonic() < ends_s, "it does not start"
            time.sleep(0.05)
        yield f"https://localhost:{port}", ca
    finally:
        process.terminate()
        process.wait(OPEN_S)


def is_open(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def test_a_stream_is_halted_through_the_proxy_of_the_page(
    running: Running, tmp_path: Path
) -> None:
    body = {"model": "replay", "stream": True,
            "messages": [{"role": "user", "content": "answer:en-bank-call"}]}  # fmt: skip
    with nginx(tmp_path, running.root.removeprefix("http://")) as (address, ca):
        trusting = ssl.create_default_context(cafile=ca)
        with httpx2.Client(verify=trusting, trust_env=False, timeout=OPEN_S) as client:
            said = client.post(
                f"{address}/v1/chat/completions", json=body, headers=running.headers
            )
            assert said.text.endswith("data: [DONE]\n\n")
            assert '"finish_reason":"content_filter"' in said.text
            assert client.get(f"{address}/metrics").status_code == 404
            assert client.get(f"{address}/readyz").status_code == 200
    assert plain.get(f"{running.root}/metrics").status_code == 200


def test_the_service_of_the_page_is_read_by_systemd(tmp_path: Path) -> None:
    tool = shutil.which("systemd-analyze")
    if tool is None:
        pytest.skip("systemd-analyze is not installed (Debian: systemd)")
    (text,) = blocks("ini")
    assert "User=licet\n" in text
    program = tmp_path / "licet"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = tmp_path / "licet-gateway.service"
    unit.write_text(text.replace("/opt/licet/.venv/bin/licet", str(program)), encoding="utf-8")
    read = subprocess.run(
        [tool, "verify", "--man=no", unit], capture_output=True, text=True, check=False
    )
    ours = [line for line in read.stderr.splitlines() if unit.name in line]
    assert (read.returncode, ours) == (0, []), read.stderr


def test_the_copy_of_a_running_home_is_whole(running: Running, tmp_path: Path) -> None:
    if shutil.which("sqlite3") is None:
        pytest.skip("sqlite3 is not installed (Debian: sqlite3)")
    home = next(line.split()[1] for line in running.said if line.startswith("State: "))
    (text,) = blocks("sh")
    script, copy = tmp_path / "licet-backup", tmp_path / "copies" / "today"
    script.write_text(text, encoding="utf-8")
    body = {"model": "replay", "messages": [{"role": "user", "content": "answer:en-bank-call"}]}
    url = f"{running.url}/chat/completions"
    stopped = plain.post(url, json=body, headers=running.headers, timeout=OPEN_S).json()
    made = subprocess.run(["sh", script, home, copy], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    assert licet("ledger", "verify", copy).returncode == 0
    config = copy / "config.toml"
    kept = config.read_text(encoding="utf-8")
    config.write_text(re.sub(r"^port = \d+", "port = 0", kept, flags=re.MULTILINE), "utf-8")
    told = licet("doctor", home=copy)
    assert told.returncode == 0, told.stdout
    with started("gateway", home=copy, until="serves http") as again:
        page = plain.get(f"{again.root}/appeal/{stopped['licet']['case']}")
        assert page.status_code == 200


def test_the_alerts_ask_for_metrics_that_there_are(running: Running) -> None:
    rules = "\n".join(blocks("yaml"))
    shown = plain.get(f"{running.root}/metrics").text
    there = set(re.findall(r"^# TYPE (\w+)", shown, re.MULTILINE))
    asked = set(re.findall(r"\blicet_\w+", rules))
    assert len(asked) >= 6
    for name in asked:
        assert name in there or re.sub(r"_(bucket|count)$", "", name) in there, name

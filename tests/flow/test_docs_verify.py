"""The Go program of docs/guides/verify.md, built and run against a gateway's own log."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from kit.gateway import running_gateway
from kit.house import ROOT
from kit.ledger_vectors import GO_PATH

PAGE = (ROOT / "docs/guides/verify.md").read_text(encoding="utf-8")
PROGRAM = re.search(r"^```go\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
ANOTHER = "localhost/licet+5059cc97+Aaok+Y4ggyZLC32vMzdz0m32sh5g96MeLe+wzePRRos9"


@pytest.fixture(scope="module")
def logcheck(tmp_path_factory: pytest.TempPathFactory) -> Path:
    go = shutil.which("go")
    if go is None or not Path(GO_PATH, "src/golang.org/x/mod/sumdb/tlog").is_dir():
        pytest.skip("Go or its x/mod is not installed (Debian: golang-go golang-golang-x-mod-dev)")
    folder = tmp_path_factory.mktemp("go")
    source, built = folder / "logcheck.go", folder / "logcheck"
    assert PROGRAM is not None
    source.write_text(PROGRAM[1], encoding="utf-8")
    made = {"GO111MODULE": "off", "GOPATH": GO_PATH, "GOCACHE": str(folder / "go-cache")}
    subprocess.run([go, "build", "-o", built, source], env=os.environ | made, check=True)
    return built


def test_a_stranger_verifies_the_log_with_the_program_of_the_page(
    logcheck: Path, tmp_path: Path
) -> None:
    with running_gateway(tmp_path / "home") as served:
        vkey = (served.home / "ledger/vkey").read_text(encoding="ascii").strip()
        for key, code in ((vkey, 0), (ANOTHER, 1)):
            told = subprocess.run(
                [logcheck, f"{served.root}/ledger", key],
                capture_output=True, text=True, check=False, timeout=60,
            )  # fmt: skip
            assert told.returncode == code, told.stderr
            assert told.stdout.endswith("all as signed\n") == (code == 0)

"""The recorded log of tests/vectors/ledger: how it was made, and how Go is asked about it.

`python -m kit.ledger_vectors` (in tests/) writes the vectors anew; it needs Go and Debian's
golang-golang-x-mod-dev, whose answers are recorded with them. They change only where the format
does.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from kit.house import ROOT
from kit.ledger import NOW, MemoryDisk, MemoryStore, make_test_signer
from licet.ledger.entry import make_entry
from licet.ledger.export import export_log
from licet.ledger.log import Log

VECTORS = ROOT / "tests" / "vectors" / "ledger"
ORIGIN = "vectors.example/ledger"
SIZE = 300
RECEIPTS = (0, 1, 255, 256, 299)
GO_PATH = "/usr/share/gocode"


def vector_entries(size: int = SIZE) -> list[bytes]:
    kinds = ("exchange.served", "exchange.halted", "key.created", "gateway.started")
    return [make_entry(kinds[n % 4], NOW, {}, seq=n) for n in range(size)]


def write_vectors(folder: Path, size: int = SIZE) -> Log:
    """A log of `size` entries as static files, its key and some receipts."""
    signer = make_test_signer(ORIGIN)
    log = Log(MemoryStore(MemoryDisk()), signer, ORIGIN)
    log.append(vector_entries(size), NOW)
    export_log(log, folder)
    (folder / "vkey").write_text(signer.verifier.vkey + "\n", encoding="ascii")
    for index in RECEIPTS:
        (folder / f"{index}.tlog-proof").write_bytes(log.prove(index).render())
    return log


def go_or_skip(scratch: Path) -> Path:
    """The checker, built. Skips where Go or its x/mod is not installed."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("Go is not installed (Debian: golang-go)")
    if not Path(GO_PATH, "src/golang.org/x/mod/sumdb/tlog").is_dir():
        pytest.skip("Go's x/mod is not installed (Debian: golang-golang-x-mod-dev)")
    built = scratch / "check"
    environment = os.environ | {
        "GO111MODULE": "off",
        "GOPATH": GO_PATH,
        "GOCACHE": str(scratch / "go-cache"),
        "GOFLAGS": "",
    }
    subprocess.run(
        [go, "build", "-o", str(built), str(VECTORS / "check.go")],
        env=environment,
        check=True,
        capture_output=True,
    )
    return built


def ask_go(built: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(built), str(folder)], capture_output=True, text=True, check=False)


if __name__ == "__main__":
    import tempfile

    write_vectors(VECTORS)
    with tempfile.TemporaryDirectory() as scratch:
        answer = ask_go(go_or_skip(Path(scratch)), VECTORS)
    assert answer.returncode == 0, answer.stderr
    (VECTORS / "go.txt").write_text(answer.stdout, encoding="ascii")

"""What `licet doctor` looks at on this machine: libraries, folders, room.

It refuses to know the network, and it imports nothing that a broken library could take down: it
must be able to say which one is broken. Rules: see `doctor_scene`.
"""

from __future__ import annotations

import importlib
import os
import shutil
import stat
import sys
from pathlib import Path

from licet.base import compiled
from licet.cli.doctor_scene import Finding, Scene

DISK_LOW_BYTES, DISK_OUT_BYTES = 1 << 30, 100 << 20


def check_python(scene: Scene) -> Finding:
    """It runs with its own checks on. (A version that is too old does not come this far.)"""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.flags.optimize:
        return Finding("bad", f"{version} with -O, which removes checks", "Run it without -O.")
    return Finding("ok", version)


def check_form(scene: Scene) -> Finding:
    """The hot modules run compiled, or plain Python was asked for."""
    why = compiled.why_plain()
    if not why:
        return Finding("ok", f"compiled: {len(compiled.MODULES)} hot modules")
    if scene.environ.get(compiled.PLAIN):
        return Finding("ok", f"plain Python: {why}")
    return Finding(
        "warn", f"plain Python, some two times slower: {why}",
        "In a checkout, on a machine with a C compiler, run: make compile",
    )  # fmt: skip


def check_libraries(scene: Scene) -> Finding:
    """The compiled parts load."""
    names = ("httptools", "msgspec", "numpy", "cryptography", "uvicorn", "uvloop")
    broken = []
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError as error:
            broken.append(f"{name} ({error})")
    if broken:
        return Finding("bad", f"cannot be loaded: {', '.join(broken)}", "Install Licet again.")
    return Finding("ok", ", ".join(names))


def check_locale(scene: Scene) -> Finding:
    """Output can be written in any script."""
    if scene.encoding.lower().replace("-", "") != "utf8":
        return Finding(
            "warn", f"output is {scene.encoding}: Chinese may come out as numbers",
            "Set LANG=C.UTF-8 or PYTHONUTF8=1.",
        )  # fmt: skip
    return Finding("ok", "UTF-8")


def check_clock(scene: Scene) -> Finding:
    """The year is one in which this program can run."""
    if not 2025 <= scene.now.year < 2100:
        return Finding(
            "bad", f"it is {scene.now:%Y-%m-%d} here", "Set the clock: every entry bears its time."
        )
    return Finding("ok", f"{scene.now:%Y-%m-%d %H:%M} UTC")


def check_home(scene: Scene) -> Finding:
    """The home folder is there, writable, and its owner's alone."""
    root = scene.home.root
    if not root.exists():
        return Finding("warn", f"{root} is not there yet", "`licet up` makes it.")
    if not root.is_dir() or not os.access(root, os.R_OK | os.W_OK | os.X_OK):
        return Finding(
            "bad", f"{root} cannot be written", "Name another by --home DIR or LICET_HOME."
        )
    open_to_others = [
        str(folder)
        for folder in (root, scene.home.keys, scene.home.ledger, scene.home.bundles)
        if folder.is_dir() and stat.S_IMODE(folder.stat().st_mode) & 0o077
    ]
    if open_to_others:
        return Finding(
            "bad", f"others can look into {', '.join(open_to_others)}",
            f"Run: chmod 700 {' '.join(open_to_others)}",
        )  # fmt: skip
    return Finding("ok", str(root))


def check_signing_keys(scene: Scene) -> Finding:
    """Every private key is its owner's alone."""
    configured = (scene.config.ledger.key_file,) if scene.config else ()
    private = [
        path
        for path in (*scene.home.keys.rglob("*"), *configured)
        if path.is_file() and path.suffix not in {".pub", ".vkey"}
    ]
    if not private:
        return Finding("warn", "there are none yet", "`licet up` makes them.")
    leaked = sorted({str(p) for p in private if stat.S_IMODE(p.stat().st_mode) & 0o077})
    if leaked:
        return Finding(
            "bad", f"others can read {', '.join(leaked)}",
            f"Run: chmod 600 {' '.join(leaked)}; then think of replacing them.",
        )  # fmt: skip
    return Finding("ok", f"{len(set(private))} private files, for their owner alone")


def check_disk(scene: Scene) -> Finding:
    """The ledger can grow: a gateway that cannot write it does not serve."""
    folder = scene.home.ledger
    if scene.config is not None and scene.config.ledger.url.startswith("sqlite:"):
        folder = Path(scene.config.ledger.url.removeprefix("sqlite:")).parent
    while not folder.exists():
        folder = folder.parent
    if not os.access(folder, os.W_OK):
        return Finding("bad", f"{folder} cannot be written", "The gateway must.")
    free = shutil.disk_usage(folder).free
    said = f"{free / (1 << 30):.1f} GiB free at {folder}"
    if free < DISK_LOW_BYTES:
        return Finding("bad" if free < DISK_OUT_BYTES else "warn", said, "Make room.")
    return Finding("ok", said)

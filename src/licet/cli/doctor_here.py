"""What `licet doctor` looks at on this machine: libraries, files, keys, stores, room.

It refuses to know the network; `doctor_reach` asks there. Rules: see `doctor_scene`.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import shutil
import stat
import sys
from pathlib import Path

from licet.base.trouble import NotFound
from licet.cli.doctor_reach import ask_postgres
from licet.cli.doctor_scene import Finding, Scene
from licet.cli.home import Home
from licet.cli.rulebook import DEFAULT_PACK
from licet.gateway.bundlefile import CURRENT, load_current
from licet.gateway.bundling import shipped_rules, shipped_weights
from licet.gateway.keystore import open_keystore
from licet.guard.bundle import make_guard, read_bundle
from licet.guard.ruleset import in_force
from licet.ledger.connect import POSTGRES, open_store
from licet.ledger.keyfiles import load_signer, load_vkey
from licet.ledger.log import LogView
from licet.rulebook import load_pack

DISK_LOW_BYTES, DISK_OUT_BYTES = 1 << 30, 100 << 20


def check_python(scene: Scene) -> Finding:
    """It runs with its own checks on. (A version that is too old does not come this far.)"""
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.flags.optimize:
        return Finding("bad", f"{version} with -O, which removes checks", "Run it without -O.")
    return Finding("ok", version)


def check_libraries(scene: Scene) -> Finding:
    """The compiled parts load, and the matcher matches."""
    names = ("hyperscan", "httptools", "msgspec", "numpy", "cryptography", "uvicorn", "uvloop")
    broken = []
    for name in names:
        try:
            importlib.import_module(name)
        except ImportError as error:
            broken.append(f"{name} ({error})")
    if broken:
        return Finding("bad", f"cannot be loaded: {', '.join(broken)}", "Install Licet again.")
    hyperscan = importlib.import_module("hyperscan")
    found: list[int] = []
    database = hyperscan.Database()
    database.compile(expressions=[b"licet"], ids=[1], elements=1, flags=[0])
    database.scan(b"a licet b", match_event_handler=lambda *match: found.append(match[0]))
    if found != [1]:
        return Finding("bad", "hyperscan finds nothing", "It needs an x86-64-v2 or ARM64 machine.")
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
    private = [
        path
        for path in (*scene.home.keys.rglob("*"), *_ledger_key(scene))
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


def check_shipped(scene: Scene) -> Finding:
    """Rules, weights and pack that come with this version are there."""
    pack = load_pack(scene.config.guard.pack if scene.config else DEFAULT_PACK)
    rules = shipped_rules()
    try:
        weights = len(shipped_weights())
    except FileNotFoundError:
        return Finding("bad", "the classifier's weights are missing", "Install Licet again.")
    return Finding(
        "ok", f"pack {pack.id} {pack.version}, {len(rules)} rule files, "
        f"{weights / (1 << 20):.1f} MiB of weights",
    )  # fmt: skip


def check_bundle(scene: Scene) -> Finding:
    """The installed bundle counts, can judge, and was made for the pack that is installed."""
    data = load_current(scene.home.bundles, scene.home.keys)
    if data is None:
        return Finding("ok", "none installed: a gateway makes its own at start")
    opened = read_bundle(data, None)
    today = scene.now.date()
    make_guard(opened, today=today)
    made = (scene.home.bundles / CURRENT).stat().st_mtime
    age_days = int(scene.now.timestamp() - made) // 86_400
    said = f"{opened.name} {opened.digest[:12]}, {age_days} days old"
    again = "Run: licet bundle build --install"
    if scene.config is not None and scene.config.guard.rules:
        return Finding(
            "warn", f"{said}: not used at start, for the configuration names rule files",
            "Take them out of [guard] once they are in the bundle.",
        )  # fmt: skip
    if load_pack(opened.pack).digest != opened.pack_digest:
        return Finding("warn", f"{said}, made from another {opened.pack} than this one", again)
    expired = len(opened.all_rules) - len(in_force(opened.all_rules, today))
    if expired:
        return Finding("warn", f"{said}: {expired} of its rules have expired", again)
    return Finding("ok", said)


def check_api_keys(scene: Scene) -> Finding:
    """The store of API keys answers."""
    url = scene.config.keys.url if scene.config else f"sqlite:{scene.home.keys_db}"
    if url.startswith(POSTGRES):
        ask_postgres(url)
        return Finding("ok", "PostgreSQL answers")
    if not Path(url.removeprefix("sqlite:")).exists():
        return Finding("warn", "there are none yet", "Run: licet keys create --name NAME")
    store = open_keystore(url)
    with contextlib.closing(store):
        active = sum(key.revoked is None for key in store.list())
    if not active:
        return Finding("warn", "none is active", "Run: licet keys create --name NAME")
    return Finding("ok", f"{active} active")


def check_ledger(scene: Scene) -> Finding:
    """The log opens, its checkpoint bears the right signature, and its tiles give the root."""
    where = scene.config.ledger.url if scene.config else f"sqlite:{_database(scene.home)}"
    if not where.startswith(POSTGRES) and not Path(where.removeprefix("sqlite:")).exists():
        return Finding("warn", "it has not begun", "The gateway begins it.")
    published = scene.home.ledger / "vkey"
    if scene.config is None or published.exists():
        key = load_vkey(published)
    else:
        key = load_signer(scene.config.ledger.key_file).verifier
    store = open_store(where, read_only=True)
    with contextlib.closing(store):
        try:
            log = LogView(store, key)
        except NotFound:
            return Finding("warn", "it is empty", "The gateway begins it.")
        return Finding("ok", f"{log.origin}, {log.size} entries, the head verifies")


def check_disk(scene: Scene) -> Finding:
    """The ledger can grow: a gateway that cannot write it does not serve."""
    folder = scene.home.ledger
    if scene.config is not None and not scene.config.ledger.url.startswith(POSTGRES):
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


def _database(home: Home) -> Path:
    return home.ledger / "ledger.db"


def _ledger_key(scene: Scene) -> tuple[Path, ...]:
    return (scene.config.ledger.key_file,) if scene.config else ()

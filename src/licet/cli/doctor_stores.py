"""What `licet doctor` looks at by opening it: the API keys, the ledger, the training data.

It refuses to know what they hold. Rules: see `doctor_scene`.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from licet.base.trouble import NotFound
from licet.cli.doctor_reach import ask_postgres
from licet.cli.doctor_scene import Finding, Scene
from licet.corpus.fsck import glance
from licet.gateway.keystore import open_keystore
from licet.ledger.begun import Begun
from licet.ledger.connect import POSTGRES, open_store, shown_place
from licet.ledger.keyfiles import load_signer, load_vkey
from licet.ledger.log import LogView
from licet.ledger.note import Verifier
from licet.ledger.source import DATABASE


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
    """The log opens, its checkpoint bears the right signature, its tiles give the root, and it is
    no older copy of itself."""
    where = scene.config.ledger.url if scene.config else f"sqlite:{scene.home.ledger / DATABASE}"
    if not where.startswith(POSTGRES) and not Path(where.removeprefix("sqlite:")).exists():
        with contextlib.suppress(NotFound):  # without a key nothing has begun
            Begun(scene.home.keys, _ledger_key(scene), shown_place(where)).check()
        return Finding("warn", "it has not begun", "The gateway begins it.")
    key = _ledger_key(scene)
    begun = Begun(scene.home.keys, key, shown_place(where))  # before the log: it is never ahead
    store = open_store(where, read_only=True)
    with contextlib.closing(store):
        try:
            log = LogView(store, key)
        except NotFound:
            begun.check()
            return Finding("warn", "it is empty", "The gateway begins it.")
        begun.check(log.size, log.continues)
        return Finding("ok", f"{log.origin}, {log.size} entries, the head verifies")


def _ledger_key(scene: Scene) -> Verifier:
    published = scene.home.ledger / "vkey"
    if scene.config is None or published.exists():
        return load_vkey(published)
    return load_signer(scene.config.ledger.key_file).verifier


def check_training_data(scene: Scene) -> Finding:
    """The catalogue of data sets can be read, and the content that it names is there."""
    found = glance(scene.home.corpus)
    if found is None:
        return Finding("ok", "there are none")
    said = f"{found.versions} versions, {found.withdrawn} withdrawn"
    if found.missing:
        return Finding("bad", f"{said}, {found.missing} files lost", "Run: licet corpus fsck")
    where = "content in an object store" if found.missing is None else "their files are there"
    if found.unchecked:
        return Finding(
            "warn", f"{said}, {where}, {found.unchecked} could not be checked",
            "The desk of training data says why. Mend it, and publish the version anew.",
        )  # fmt: skip
    return Finding("ok", f"{said}, {where}")

"""Bundles for tests: a pack's policy, a few harmless literals, and no weights.

It refuses to know what is tested.
"""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from licet.gateway.bundling import draft_bundle
from licet.guard.bundle import build_bundle, make_guard, read_bundle
from licet.guard.guarding import Guard
from licet.rulebook import load_pack

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))

RULES = """\
[[rule]]
id = "walrus"
category = "operator"
action = "halt"
literal = ["purple walrus", "紫色海象"]
author = "A. Tester"
reason = "To be found."

[[rule]]
id = "otter"
category = "operator"
action = "flag"
literal = ["green otter"]
author = "A. Tester"
reason = "To be noted."
"""


def write_rules(path: Path, text: str = RULES) -> Path:
    """A file of rules at `path`."""
    path.write_text(text, encoding="utf-8")
    return path


def small_bundle(folder: Path, text: str = RULES) -> bytes:
    """A signed bundle of these rules, under the shipped pack, without the shipped rules."""
    rules = write_rules(folder / "rules.toml", text)
    draft = draft_bundle(load_pack("cn-genai-2023"), [rules], shipped=False)
    return build_bundle(draft, KEY)


def small_guard(folder: Path) -> Guard:
    """The guard that judges by it."""
    return make_guard(read_bundle(small_bundle(folder), None))

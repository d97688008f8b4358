"""`licet doctor` reads the rule files that the configuration names, as the next start would."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kit.bundles import KEY, RULES, small_bundle
from licet.cli.doctor import Look, examine
from licet.cli.doctor_scene import Finding, Scene
from licet.cli.home import Home
from licet.gateway.bundlefile import CURRENT, save_bundle
from licet.gateway.bundlekey import PUBLIC
from licet.gateway.config import load_config
from licet.gateway.config_demo import DemoChoice, demo_config

NOW = datetime(2026, 11, 24, 2, 19, 57, tzinfo=UTC)
EXPIRED = RULES.replace('id = "otter"', 'id = "otter"\nexpires = 2026-11-23')

Examine = Callable[[str | None], Finding]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").create()


@pytest.fixture
def found(home: Home, tmp_path: Path) -> Examine:
    """What is found where the configuration names one rule file of this text; None: no file."""

    def look(text: str | None) -> Finding:
        rules = tmp_path / "mine.toml"
        if text is not None:
            rules.write_text(text, encoding="utf-8")
        demo_config(home.root, DemoChoice(rules=(rules,)))
        scene = Scene(home, load_config(home.config), NOW, {}, "utf-8")
        ((_, one),) = examine(scene, [Look("bundle", "licet.cli.doctor_guard", "check_bundle")])
        return one

    return look


@pytest.mark.parametrize(
    ("text", "state", "said"),
    [
        (RULES, "ok", "made at start, with 1 configured rule file"),
        (RULES.replace("halt", "stop"), "bad", "mine.toml, line 4"),
        (None, "bad", "mine.toml cannot be read"),
        (EXPIRED, "warn", "1 of its rules have expired"),
    ],
)
def test_configured_rule_files_are_read(
    found: Examine, text: str | None, state: str, said: str
) -> None:
    one = found(text)
    assert (one.state, said in one.said) == (state, True), one
    assert state == "ok" or one.hint


def test_an_installed_bundle_beside_configured_files_is_told(
    found: Examine, home: Home, tmp_path: Path
) -> None:
    (home.keys / PUBLIC).write_text(KEY.public_key().public_bytes_raw().hex())
    save_bundle(home.bundles / CURRENT, small_bundle(tmp_path))
    one = found(RULES)
    assert (one.state, "not used" in one.said) == ("warn", True), one

"""Changelog fragments: one sentence that a reader of the changelog understands."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from kit.house import ROOT

FRAGMENTS = sorted(
    path for path in (ROOT / "changes").iterdir() if path.suffix == ".md" and path.stem != "README"
)
WORDS_MAX = 25


def kinds() -> set[str]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return {kind["directory"] for kind in settings["tool"]["towncrier"]["type"]}


@pytest.mark.parametrize("fragment", FRAGMENTS, ids=lambda p: p.name)
def test_a_fragment_is_one_short_sentence_of_a_known_kind(fragment: Path) -> None:
    parts = fragment.name.split(".")
    assert len(parts) == 3, f"{fragment.name}: name it <slug>.<kind>.md"
    assert re.fullmatch(r"\+?[a-z0-9][a-z0-9-]*", parts[0]), "a slug: lower case and hyphens"
    assert parts[1] in kinds(), f"{parts[1]}: one of {', '.join(sorted(kinds()))}"
    text = fragment.read_text(encoding="utf-8").strip()
    assert text.endswith((".", "。")), "a sentence ends with a full stop"
    assert not re.search(r"[.!?]\s+[A-Z]", text), "one sentence"
    assert len(text.split()) <= WORDS_MAX, f"{len(text.split())} words; {WORDS_MAX} at most"

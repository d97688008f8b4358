"""Changelog fragments: one sentence that a reader of the changelog understands."""

from __future__ import annotations

import re
import tomllib

from kit.house import ROOT

FRAGMENTS = sorted(
    path for path in (ROOT / "changes").iterdir() if path.suffix == ".md" and path.stem != "README"
)
WORDS_MAX = 25


def kinds() -> set[str]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return {kind["directory"] for kind in settings["tool"]["towncrier"]["type"]}


def test_a_fragment_is_one_short_sentence_of_a_known_kind() -> None:
    known = kinds()
    for name, text in ((one.name, one.read_text(encoding="utf-8").strip()) for one in FRAGMENTS):
        parts = name.split(".")
        assert len(parts) == 3, f"{name}: name it <slug>.<kind>.md"
        assert re.fullmatch(r"\+?[a-z0-9][a-z0-9-]*", parts[0]), (
            f"{name}: a slug: lower case and hyphens"
        )
        assert parts[1] in known, f"{name}: one of {', '.join(sorted(known))}"
        assert text.endswith((".", "。")), f"{name}: a sentence ends with a full stop"
        assert not re.search(r"[.!?]\s+[A-Z]", text), f"{name}: one sentence"
        size = len(text.split())
        assert size <= WORDS_MAX, f"{name}: {size} words; {WORDS_MAX} at most"

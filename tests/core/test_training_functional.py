"""Our own templates: what they open into, and what a file with a mistake is told."""

from __future__ import annotations

import importlib.util
import sys
import tomllib
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

from kit.house import ROOT

HEAD = """
[slots]
G = ["bakers", "sailors", "miners"]
V = ["sing", "cook"]
"""
SET = """
[[set]]
name = "s"
lang = "en"
role = "comment"
harmful = true
category = "hate"
most = 30
templates = ["{G} {V}.", "All {G} shout.", "{G} and {G2}."]
"""


@pytest.fixture(scope="module")
def functional() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "training_functional", ROOT / "training" / "functional.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def write(folder: Path, text: str, name: str = "en_a.toml") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_every_combination_stands_once(functional: ModuleType, tmp_path: Path) -> None:
    rows = functional.rows(write(tmp_path, HEAD + SET))
    texts = [row.text for row in rows]
    assert len(texts) == len(set(texts)) == 6 + 3 + 6
    assert {"Bakers sing.", "All miners shout.", "Sailors and bakers."} <= set(texts)
    assert "Bakers and bakers." not in texts


def test_the_same_seed_gives_the_same_rows(functional: ModuleType, tmp_path: Path) -> None:
    folder = write(tmp_path, HEAD + SET.replace("most = 30", "most = 5"))
    assert functional.rows(folder) == functional.rows(folder)
    assert functional.rows(folder) != functional.rows(folder, seed=8)


def test_rows_are_even_over_templates_and_words(functional: ModuleType, tmp_path: Path) -> None:
    folder = write(tmp_path, HEAD + SET.replace("most = 30", "most = 9"))
    rows = functional.rows(folder)
    assert set(Counter(row.template for row in rows).values()) == {3}
    plain = [row.text.split()[1] for row in rows if row.template.startswith("All")]
    assert sorted(plain) == ["bakers", "miners", "sailors"]


def test_a_context_shares_the_words_of_its_row(functional: ModuleType, tmp_path: Path) -> None:
    text = SET.replace("most", 'context = "What of {G}?"\nmost').replace(', "{G} and {G2}."', "")
    for row in functional.rows(write(tmp_path, HEAD + text)):
        group = row.context.removeprefix("What of ").removesuffix("?")
        assert group in row.text.lower()


def test_a_text_of_two_sets_stands_once(functional: ModuleType, tmp_path: Path) -> None:
    write(tmp_path, HEAD + SET)
    other = SET.replace('"s"', '"t"')
    assert len(functional.rows(write(tmp_path, HEAD + other, "en_b.toml"))) == 15


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("{G} and", "{H} and", "en_a.toml, set s: no slot H; add it"),
        ('"hate"', '"hat"', "category 'hat' is none of"),
        ("harmful = true", "harmful = false", "a lawful set has no category"),
        (
            'templates = ["{G} {V}.", "All {G} shout.", "{G} and {G2}."]',
            "templates = []",
            "no tem",
        ),
        ("most = 30", "most = 2", "3 templates, most 2; raise most"),
        ("most = 30", "more = 30", "unknown field more"),
        ('lang = "en"\n', "", "a field is missing"),
        ('"comment"', '"speech"', "role 'speech'"),
        ('lang = "en"', 'lang = "la"', "lang 'la'"),
        ("{G} {V}.", "All {G} shout.", "stands twice"),
        ("most = 30", "most = ", "not TOML"),
        ("most = 30", 'most = 30\n[[set]]\nname = "s"\nlang = "en"', "set s"),
    ],
)
def test_a_mistake_is_named_with_file_and_set(
    functional: ModuleType, tmp_path: Path, old: str, new: str, told: str
) -> None:
    assert old in HEAD + SET
    with pytest.raises(functional.UnfitSet, match="en_a") as caught:
        functional.rows(write(tmp_path, (HEAD + SET).replace(old, new)))
    assert told in str(caught.value)


def test_a_text_is_not_lawful_and_harmful(functional: ModuleType, tmp_path: Path) -> None:
    write(tmp_path, HEAD + SET)
    other = SET.replace('"s"', '"t"').replace("true", "false").replace('category = "hate"\n', "")
    with pytest.raises(functional.UnfitSet, match="says the opposite in set s"):
        functional.rows(write(tmp_path, HEAD + other, "en_b.toml"))


def test_what_ships_opens(functional: ModuleType) -> None:
    """Each template is wholly on one side: it teaches or it measures."""
    sides: dict[str, set[bool]] = {}
    for row in functional.rows():
        sides.setdefault(row.template, set()).add(row.held)
    assert all(len(held) == 1 for held in sides.values())


def test_what_measures_apart_opens_and_teaches_nowhere(functional: ModuleType) -> None:
    own = ROOT / "training" / "own"
    teaching = {
        template
        for path in own.rglob("*.toml")
        if path.parent.name != "apart"
        for each in tomllib.loads(path.read_text(encoding="utf-8"))["set"]
        for template in each["templates"]
    }
    assert teaching
    assert not teaching & {row.template for row in functional.apart()}

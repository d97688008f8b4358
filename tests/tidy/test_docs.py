"""What a machine can hold of documentation: links resolve, words are defined once."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

from kit.house import ROOT, modules, our_files
from licet.cli.lacking import EXTRAS

PAGES = [path for path in our_files() if path.suffix == ".md"]
LINK = re.compile(r"(?<!\\)\[[^\]]*\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)


def prose(page: Path) -> str:
    """The page without fenced code and code spans, where brackets mean other things."""
    return re.sub(r"`[^`\n]*`", "", FENCE.sub("", page.read_text(encoding="utf-8")))


def anchors(page: Path) -> set[str]:
    """Anchors as the usual renderers make them of headings."""
    out = set()
    for heading in HEADING.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        plain = re.sub(r"[`*_]|\[|\]\([^)]*\)", "", heading).lower()
        out.add(re.sub(r"[^\w\- ]", "", plain).strip().replace(" ", "-"))
    return out


def test_links_resolve() -> None:
    for page, target in ((one, found) for one in PAGES for found in LINK.findall(prose(one))):
        if re.match(r"[a-z][a-z+.-]*:", target):
            continue  # another machine's page; we do not ask the network
        place, _, anchor = target.partition("#")
        aim = (page.parent / place).resolve() if place else page
        assert aim.exists(), f"{page.name}: {target} does not exist"
        if anchor and aim.suffix == ".md":
            assert anchor in anchors(aim), f"{page.name}: no heading {anchor} in {aim.name}"


def words() -> list[tuple[str, str, str]]:
    """The rows of docs/words.md: (English, Chinese, meaning)."""
    rows = []
    for line in (ROOT / "docs/words.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 3 and cells[0] not in {"word", "---"}:
            rows.append((cells[0], cells[1], cells[2]))
    return rows


def test_each_word_is_defined_once_in_both_languages() -> None:
    english = [row[0].strip("*") for row in words()]
    assert len(english) > 40
    assert sorted(set(english)) == sorted(english), "one word, one row"
    chinese = [row[1] for row in words() if row[1] != "—"]
    assert sorted(set(chinese)) == sorted(chinese), "one idea, one row"
    for name, _, meaning in words():
        assert meaning.endswith("."), f"{name}: a definition is a sentence"


def test_words_stand_in_order() -> None:
    text = (ROOT / "docs/words.md").read_text(encoding="utf-8")
    for section in text.split("\n## ")[1:]:
        names = re.findall(r"^\| \*\*(.+?)\*\* \|", section, re.MULTILINE)
        assert names == sorted(names, key=str.lower), section.splitlines()[0]


def test_decisions_are_numbered_and_listed() -> None:
    folder = ROOT / "docs/decisions"
    records = sorted(path for path in folder.glob("[0-9]*.md"))
    numbers = [path.name[:4] for path in records]
    assert len(set(numbers)) == len(numbers), "one number, one decision"
    for path in records:
        text = path.read_text(encoding="utf-8")
        assert text.startswith(f"# {path.name[:4]}. "), f"{path.name}: open with its number"
        for part in ("Status:", "## Context", "## Decision", "## Consequences"):
            assert part in text, f"{path.name}: lacks {part}"
        assert len(text.splitlines()) <= 80, f"{path.name}: a decision is one page"


def declared_extras() -> set[str]:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return set(declared["project"]["optional-dependencies"])


def test_an_extra_is_told_by_the_command_that_adds_it() -> None:
    """`pip install 'licet[…]'` would ask a registry, where whoever comes first has the name."""
    extras = declared_extras()
    shown = [path for path in our_files() if path.suffix in {".md", ".py"}]
    for page in (path for path in shown if "tests" not in path.parts):
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"pip install '?licet\[", text), page
        for named in re.findall(r"make extras ARGS=(\w+|\"[\w ]+\")", text):
            assert set(named.strip('"').split()) <= extras, (page, named)


def test_one_module_says_how_an_extra_is_added_and_each_extra_named_exists() -> None:
    """What twenty modules say in their own words goes on saying it when the command changes."""
    ours = [module for module in modules() if module.name.startswith("src/")]
    says = [module.name for module in ours if "make extras" in module.text]
    assert says == ["src/licet/base/extras.py"]
    named = {
        (module.name, said.value)
        for module in ours
        for node in module.nodes
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        if node.func.id in ("adding", "to_install")
        for argument in node.args
        for said in ast.walk(argument)
        if isinstance(said, ast.Constant) and isinstance(said.value, str)
    }
    assert len(named) >= 18
    assert not {(where, extra) for where, extra in named if extra not in declared_extras()}
    assert {extra for extras in EXTRAS.values() for extra in extras} <= declared_extras()

"""ARCHITECTURE.md leads to every thing: what its table names exists, and no module is left out."""

from __future__ import annotations

import re
from functools import cache

from kit.house import ROOT, our_files

CODE = "src/licet"
PAGE = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
SPAN = re.compile(r"`([^`]+)`")


def named() -> list[tuple[str, str]]:
    """(pattern from the root, row) of everything that the table names, in order."""
    out = []
    table = PAGE[PAGE.index("| you look for | it is in |") :].split("\n\n")[0]
    for row in table.splitlines()[2:]:
        folder = ""
        for name in SPAN.findall(row.split("|")[2]):
            if "/" in name:
                folder = name.rpartition("/")[0]
                at_root = (ROOT / name.split("/")[0]).is_dir()
                out.append((name if at_root else f"{CODE}/{name}", row))
            else:
                out.append((f"{CODE}/{folder}/{name}", row))
    return out


@cache
def names() -> frozenset[str]:
    """Our files, from the root."""
    return frozenset(path.relative_to(ROOT).as_posix() for path in our_files())


@cache
def found(pattern: str) -> frozenset[str]:
    """Our files that a pattern of the table means: a folder means all that is below it."""
    if pattern in names():
        return frozenset({pattern})
    if pattern.endswith("/"):
        return frozenset(name for name in names() if name.startswith(pattern))
    means = re.compile(re.escape(pattern).replace(r"\*", "[^/]*")).fullmatch
    return frozenset(name for name in names() if means(name))


def test_what_the_table_names_is_there() -> None:
    for pattern, row in named():
        assert found(pattern), f"ARCHITECTURE.md: there is no {pattern} (in: {row})"


def test_the_table_leads_to_every_module() -> None:
    reached = frozenset().union(*(found(pattern) for pattern, _ in named()))
    modules = {
        name
        for name in names()
        if name.startswith(f"{CODE}/")
        and name.endswith(".py")
        and not name.endswith("__init__.py")
    }
    lost = modules - reached
    assert not lost, f"name these in the table of ARCHITECTURE.md: {sorted(lost)}"

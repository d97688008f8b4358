"""ARCHITECTURE.md leads to every thing: what its table names exists, and no module is left out."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

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


def found(pattern: str) -> set[str]:
    """Our files that a pattern of the table means: a folder means all that is below it."""
    files = [path.relative_to(ROOT).as_posix() for path in our_files()]
    if pattern.endswith("/"):
        return {name for name in files if name.startswith(pattern)}
    return {name for name in files if PurePosixPath(name).match(pattern)}


def test_what_the_table_names_is_there() -> None:
    for pattern, row in named():
        assert found(pattern), f"ARCHITECTURE.md: there is no {pattern} (in: {row})"


def test_the_table_leads_to_every_module() -> None:
    reached = set().union(*(found(pattern) for pattern, _ in named()))
    modules = {
        path.relative_to(ROOT).as_posix()
        for path in our_files()
        if path.suffix == ".py" and path.name != "__init__.py"
    }
    lost = {name for name in modules if name.startswith(CODE)} - reached
    assert not lost, f"name these in the table of ARCHITECTURE.md: {sorted(lost)}"

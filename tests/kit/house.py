"""The checkout as the tidy tests see it: which files are ours, and what Python says of them.

It refuses to know the rules; those are in tests/tidy.
"""

from __future__ import annotations

import ast
import functools
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE_FOLDERS = ("src", "tests", "bench", "training", "scripts", "fuzz")
TEXT_SUFFIXES = frozenset(
    {"", ".cfg", ".conf", ".css", ".html", ".ini", ".js", ".json", ".jsonl", ".lua", ".md"}
    | {".py", ".sh", ".svg", ".toml", ".txt", ".yaml", ".yml"}
)


@functools.cache
def our_files() -> tuple[Path, ...]:
    """Every file that git tracks or would track; without git, every file but the made ones."""
    try:
        listed = subprocess.run(
            ["git", "-C", str(ROOT), "ls-files", "-z", "-co", "--exclude-standard"],
            capture_output=True,
            check=True,
        ).stdout.decode()
        found = [ROOT / name for name in listed.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        made = {".venv", ".uv", ".git", "__pycache__", ".peers", "results"}
        found = [
            path
            for path in ROOT.rglob("*")
            if not made & set(path.relative_to(ROOT).parts) and not path.name.startswith(".")
        ]
    return tuple(sorted(path for path in found if path.is_file() and not path.is_symlink()))


def text_files() -> Iterator[tuple[str, str]]:
    """(path from the root, text) of every file of ours that is text."""
    for path in our_files():
        if path.suffix in TEXT_SUFFIXES:
            try:
                yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue  # bytes under a bare name: weights, tiles


@dataclass(frozen=True)
class Module:
    """One Python file of ours; parsed for whoever asks for its tree or nodes, once."""

    name: str  # path from the root, posix
    text: str

    @property
    def in_package(self) -> bool:
        return self.name.startswith("src/")

    @functools.cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.name)

    @functools.cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        """Of the whole tree: every rule walks it, so it is walked once."""
        return tuple(ast.walk(self.tree))


@functools.cache
def modules() -> tuple[Module, ...]:
    """Every Python file in the folders that hold code.

    All of them parsed are 300 MB: whoever parses all calls `modules.cache_clear()` in the end.
    """
    out = []
    for path in our_files():
        name = path.relative_to(ROOT).as_posix()
        if path.suffix == ".py" and name.split("/")[0] in CODE_FOLDERS:
            out.append(Module(name, path.read_text(encoding="utf-8")))
    return tuple(out)


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function from `def` to its end, without its docstring and decorators."""
    first, end = function.lineno, function.end_lineno or function.lineno
    docstring = 0
    if ast.get_docstring(function, clean=False) is not None:
        node = function.body[0]
        docstring = (node.end_lineno or node.lineno) - node.lineno + 1
    return end - first + 1 - docstring

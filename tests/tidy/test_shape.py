"""House rules that a parser can hold: sizes, names, docstrings, constructs we do without.

Each table of exemptions may only shrink: an entry that is no longer needed, or that has room to
spare, fails the test as surely as a new offender does.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

from kit.house import lines_of, modules

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60

LONG_FILES: dict[str, int] = {}
LONG_FUNCTIONS: dict[str, int] = {}

FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "misc"}

# Where a blind `except Exception` may stand: the outermost rim, which must answer or record.
# Keep the reason beside the name.
RIMS: dict[str, str] = {}

# Where the world is spoken to in plain text.
MAY_PRINT = ("src/licet/cli/", "bench/", "training/", "scripts/", "fuzz/", "tests/")

WITHOUT_DOCSTRING: set[str] = set()

UNFINISHED = re.compile("#.*\\b(?:TO" + "DO|FIX" + "ME|X" + "XX)\\b")


@pytest.fixture(scope="module", autouse=True)
def parsed_for_here_alone() -> Iterator[None]:
    """What is parsed goes when this module is done: other tests need not carry it."""
    yield
    modules.cache_clear()


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for module in modules():
        for node in module.nodes:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{module.name}:{node.name}", node


def held(found: dict[str, int], limit: int, exempt: dict[str, int]) -> list[str]:
    """What breaks a limit on sizes, given a table of exemptions that may only shrink."""
    faults = []
    for name, size in found.items():
        allowed = exempt.get(name, limit)
        if size > allowed:
            faults.append(f"{name}: {size} lines, {allowed} allowed")
        elif name in exempt and size < allowed:
            faults.append(f"{name}: has shrunk to {size}; lower or drop its exemption")
    faults += [f"{name}: exempt, but gone or short" for name in exempt if name not in found]
    return faults


def test_files_are_short() -> None:
    found = {m.name: len(m.text.splitlines()) for m in modules()}
    assert held(found, FILE_LINES_MAX, LONG_FILES) == []


def test_functions_are_short() -> None:
    found: dict[str, int] = {}
    for name, node in functions():
        found[name] = max(found.get(name, 0), lines_of(node))
    assert held(found, FUNCTION_LINES_MAX, LONG_FUNCTIONS) == []


def test_an_exemption_cannot_outlive_its_need() -> None:
    assert held({"a": 500}, 400, {"a": 500}) == []
    assert held({"a": 501}, 400, {"a": 500}) != []
    assert held({"a": 450}, 400, {"a": 500}) != []
    assert held({}, 400, {"a": 500}) != []


def test_no_module_is_named_for_nothing() -> None:
    for module in modules():
        parts = module.name.removesuffix(".py").split("/")
        assert not FORBIDDEN_NAMES & set(parts), f"{module.name}: name it for its subject"


def test_every_module_opens_by_saying_what_it_is() -> None:
    for module in modules():
        if module.name.endswith("__init__.py") and not module.text.strip():
            assert not module.in_package, f"{module.name}: an empty package says nothing"
            continue
        said = ast.get_docstring(module.tree)
        assert said, f"{module.name}: open with a docstring: what it is, what it refuses to know"


def speaks(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    """Has a docstring, or is one statement whose name and types already say all of it."""
    terse = not isinstance(node, ast.ClassDef) and len(node.body) == 1
    return terse or ast.get_docstring(node) is not None


def test_public_things_promise_something() -> None:
    silent = set()
    for module in (m for m in modules() if m.in_package):
        for node in module.tree.body:
            if (
                isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
                and not node.name.startswith("_")
                and not speaks(node)
            ):
                silent.add(f"{module.name}:{node.name}")
    assert silent - WITHOUT_DOCSTRING == set(), "a public docstring is a sentence of promise"
    assert WITHOUT_DOCSTRING - silent == set(), "these speak now; drop them from the table"


def is_blind(handler: ast.ExceptHandler) -> bool:
    """Catches everything, and does not end by raising again."""
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    wide = any(
        kind is None or (isinstance(kind, ast.Name) and kind.id in {"Exception", "BaseException"})
        for kind in kinds
    )
    last = handler.body[-1]
    return wide and not isinstance(last, ast.Raise)


def test_only_rims_catch_everything() -> None:
    blind = {
        module.name
        for module in modules()
        if module.in_package
        for node in module.nodes
        if isinstance(node, ast.ExceptHandler) and is_blind(node)
    }
    assert blind - RIMS.keys() == set(), "catch what you can name; only a rim may catch all"
    assert RIMS.keys() - blind == set(), "these no longer catch all; drop them from the table"


def test_nothing_is_left_unfinished() -> None:
    for module in modules():
        for number, line in enumerate(module.text.splitlines(), 1):
            assert not UNFINISHED.search(line), f"{module.name}:{number}: finish it or drop it"
        for node in module.nodes:
            if isinstance(node, ast.Raise) and node.exc is not None:
                unmade = ast.unparse(node.exc).startswith("NotImplementedError")
                assert not unmade, f"{module.name}:{node.lineno}: make it or drop it"


def test_nothing_is_patched_in_tests() -> None:
    for module in modules():
        for node in module.nodes:
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            for name in names:
                mocking = name.startswith("unittest.mock") or name.split(".")[0] == "mock"
                assert not mocking, f"{module.name}:{node.lineno}: fake the outside (tests/kit)"


def test_only_rims_print() -> None:
    for module in modules():
        if module.name.startswith(MAY_PRINT):
            continue
        for node in module.nodes:
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id != "print", f"{module.name}:{node.lineno}: return it instead"


def test_every_skip_says_why() -> None:
    for module in modules():
        said = {
            ast.unparse(call.func)
            for call in module.nodes
            if isinstance(call, ast.Call) and any(word.arg == "reason" for word in call.keywords)
        }
        for node in module.nodes:
            if isinstance(node, ast.Attribute) and node.attr in {"skip", "skipif", "xfail"}:
                mark = ast.unparse(node)
                if mark.startswith("pytest.mark."):
                    assert mark in said, f"{module.name}:{node.lineno}: give reason="

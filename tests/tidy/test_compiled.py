"""What may stand in a module that is compiled (ADR-0011)."""

from __future__ import annotations

import ast

import pytest

from kit.house import Module, modules
from licet.base.compiled import MODULES, PACKAGE, SOURCES

NAMES = {f"src/{name.replace('.', '/')}.py" for name in MODULES}
COMPILED = [module for module in modules() if module.name in NAMES]
MAY_DERIVE_FROM = {"NamedTuple", "Protocol", "msgspec.Struct"}
"""Classes that the compiler leaves to Python, or that hold no code."""


def test_every_compiled_module_is_there() -> None:
    assert {module.name for module in COMPILED} == NAMES


def test_what_compiled_modules_may_import_goes_into_the_digest() -> None:
    packages = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert packages - set(SOURCES) <= {
        "assess",
        "cli",
        "compute",
        "corpus",
        "portal",
        "reports",
    }, "name it in SOURCES of base/compiled.py"
    assert {name.split(".")[1] for name in MODULES} <= set(SOURCES)


@pytest.mark.parametrize("module", COMPILED, ids=lambda m: m.name)
def test_no_compiled_class_derives_from_a_plain_one(module: Module) -> None:
    compiled = {
        node.name for each in COMPILED for node in each.tree.body if isinstance(node, ast.ClassDef)
    }
    for node in module.nodes:
        if isinstance(node, ast.ClassDef):
            bases = {ast.unparse(base) for base in node.bases}
            odd = bases - MAY_DERIVE_FROM - compiled
            assert not odd, (
                f"{module.name}: {node.name} derives from {odd}; keep it in a plain one"
            )


@pytest.mark.parametrize("module", COMPILED, ids=lambda m: m.name)
def test_no_compiled_struct_is_decoded(module: Module) -> None:
    here = {node.name for node in module.tree.body if isinstance(node, ast.ClassDef)}
    for node in module.nodes:
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("ecode", "Decoder")):
            given = {
                ast.unparse(value) for value in [*node.args, *(k.value for k in node.keywords)]
            }
            assert not given & here, f"{module.name}:{node.lineno}: decode it in a plain module"


@pytest.mark.parametrize("module", COMPILED, ids=lambda m: m.name)
def test_compiled_constants_are_final(module: Module) -> None:
    """Compiled code reads what is Final at once, and looks everything else up by name."""
    for node in module.tree.body:
        if not isinstance(node, ast.Assign) or not isinstance(node.targets[0], ast.Name):
            continue
        if isinstance(node.value, ast.Constant | ast.Call):
            made_by = ast.unparse(node.value).partition("(")[0]
            assert made_by == "TypeVar", f"{module.name}:{node.lineno}: mark it Final"


@pytest.mark.parametrize("module", COMPILED, ids=lambda m: m.name)
def test_no_compiled_handler_awaits(module: Module) -> None:
    """mypyc loses track there of what is being handled: behind such an `await` it raises what was
    dealt with long before, or what nobody raised."""
    for node in module.nodes:
        if isinstance(node, ast.Try | ast.TryStar):
            handlers = [*node.finalbody, *node.handlers]
            awaiting = [
                below
                for part in handlers
                for below in ast.walk(part)
                if isinstance(
                    below, ast.Await | ast.AsyncWith | ast.AsyncFor | ast.Yield | ast.YieldFrom
                )
            ]
            assert not awaiting, (
                f"{module.name}:{awaiting[0].lineno}: keep what happened, and await behind it"
            )

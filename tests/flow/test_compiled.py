"""A compiled form runs only where it was made from the very sources that are there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from licet.base.compiled import FOLDER, MODULES, PACKAGE, SHARED, SOURCES, SUFFIX, digest, library

ASK = """
import importlib
from licet.base.compiled import MODULES, why_plain
print(why_plain())
for name in MODULES:
    print(importlib.import_module(name).__file__)
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A copy of our package without any compiled form."""
    copy = tmp_path / "licet"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("_compiled", "__pycache__"))
    return copy


def what_runs(package: Path, plain: str = "") -> tuple[str, list[str]]:
    """Why it is plain (empty: it is compiled), and the file of each module."""
    environ = dict(os.environ, PYTHONPATH=str(package.parent), LICET_PLAIN=plain)
    done = subprocess.run(
        [sys.executable, "-c", ASK], env=environ, check=True, capture_output=True, text=True
    )
    why, *files = done.stdout.splitlines()
    assert len(files) == len(MODULES)
    return why, files


def give_compiled(package: Path) -> None:
    """The compiled form of this checkout, laid beside the copy's sources."""
    made = FOLDER / digest()
    if not made.is_dir():
        pytest.skip("these sources have not been compiled: make compile")
    shutil.copytree(made, package / "_compiled" / made.name)


def test_every_module_runs_compiled_where_the_form_fits(package: Path) -> None:
    give_compiled(package)
    why, files = what_runs(package)
    assert why == ""
    assert all(file.endswith(SUFFIX) for file in files)


@pytest.mark.parametrize("changed", ["guard/scanner.py", "base/ids.py", "rulebook/model.py"])
def test_a_changed_source_never_runs_its_old_machine_code(package: Path, changed: str) -> None:
    give_compiled(package)
    source = package / changed
    about = source.stat()
    text = source.read_text(encoding="utf-8")
    source.write_text(text.replace("a", "A", 1), encoding="utf-8")  # in the opening docstring
    os.utime(source, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert source.stat().st_size == about.st_size
    why, files = what_runs(package)
    assert why == "these sources have not been compiled here"
    assert all(file.endswith(".py") for file in files)


def test_a_form_that_cannot_be_loaded_is_left_alone(package: Path) -> None:
    folder = package / "_compiled" / digest(package)
    folder.mkdir(parents=True)
    library(folder, SHARED).write_bytes(b"not a library")
    why, files = what_runs(package)
    assert why.startswith("the compiled form cannot be loaded")
    assert all(file.endswith(".py") for file in files)


def test_plain_python_can_be_asked_for(package: Path) -> None:
    give_compiled(package)
    why, files = what_runs(package, plain="1")
    assert why == "LICET_PLAIN is set"
    assert all(file.endswith(".py") for file in files)


@pytest.mark.parametrize("part", SOURCES)
def test_a_new_source_changes_the_name(package: Path, part: str) -> None:
    before = digest(package)
    (package / part / "new.py").write_text("A = 1\n", encoding="utf-8")
    assert digest(package) != before


def test_equal_sources_have_equal_names_wherever_they_lie(package: Path) -> None:
    assert digest(package) == digest()

"""What a plain installation can do: with the libraries that this package always brings and none of
those of its extras, which the machine that runs the tests has too."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from kit.house import ROOT
from licet.cli.lacking import EXTRAS
from licet.cli.main import COMMANDS

DECLARED = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ABSENT = """
import sys
absent = set(sys.argv.pop(1).split(","))
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in absent:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
"""
COMMAND = ABSENT + "from licet.cli.main import main\nmain()\n"
PORTAL = (
    ABSENT
    + """
from pathlib import Path
from licet.portal.serving import portal_app
from licet.portal.settings import Installation
portal_app(Installation(home=Path(sys.argv[1]), secret="s" * 64))
from django.urls import get_resolver
print(len(get_resolver().url_patterns))
"""
)


def plainly(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def brought(names: list[str]) -> set[str]:
    """Distributions that come with these, themselves included."""
    found: set[tuple[str, frozenset[str]]] = set()
    ahead = [Requirement(name) for name in names]
    while ahead:
        one = ahead.pop()
        key = (plainly(one.name), frozenset(one.extras))
        if key in found:
            continue
        found.add(key)
        try:
            further = metadata.requires(one.name) or []
        except metadata.PackageNotFoundError:  # for another system
            continue
        for text in further:
            wish = Requirement(text)
            extras = one.extras or {""}
            if wish.marker is None or any(wish.marker.evaluate({"extra": e}) for e in extras):
                ahead.append(wish)
    return {name for name, _ in found}


def modules_without(names: list[str]) -> set[str]:
    """Modules that are installed here and come with none of these."""
    here = brought(names) | {"licet"}
    return {
        module
        for module, distributions in metadata.packages_distributions().items()
        if not any(plainly(one) in here for one in distributions)
    }


PLAIN = modules_without(DECLARED["dependencies"])


def run(program: str, *arguments: str, absent: set[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, ",".join(sorted(absent)), *arguments],
        capture_output=True, text=True, timeout=120, check=False, cwd=ROOT,
    )  # fmt: skip


def test_the_libraries_of_extras_are_away() -> None:
    assert {"scipy", "PIL", "pyarrow", "psycopg"} <= PLAIN
    assert not {"django", "httptools", "numpy", "click"} & PLAIN


def test_the_portal_opens(tmp_path: Path) -> None:
    done = run(PORTAL, str(tmp_path), absent=PLAIN)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 5


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_a_command_helps_or_says_what_to_install(command: str) -> None:
    done = run(COMMAND, command, "--help", absent=PLAIN)
    if done.returncode:
        assert done.returncode == 2, done.stderr
        found = re.search(
            r"Install it, where Licet lies: make extras ARGS=([a-z0-9]+)\n", done.stderr
        )
        assert found, done.stderr
        assert found[1] == (command if command in DECLARED["optional-dependencies"] else "assess")


def test_each_library_of_an_extra_is_known_by_its_modules() -> None:
    """`training` is for the house, not for those who use what it made."""
    by_distribution = {
        plainly(one): module
        for module, distributions in metadata.packages_distributions().items()
        for one in distributions
    }
    for extra, wishes in DECLARED["optional-dependencies"].items():
        for wish in wishes if extra != "training" else ():
            module = by_distribution.get(plainly(Requirement(wish).name))
            if module is not None:  # some are not installed where tests run
                assert extra in EXTRAS.get(module, ()), f"{wish} of {extra}: module {module}"

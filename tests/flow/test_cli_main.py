"""The one door: quick to open, and it says plainly how a command ended."""

from __future__ import annotations

import ast
import os
import re
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from kit.house import ROOT
from licet.cli.main import BUG, COMMANDS, INTERRUPTED, UNREAD, LazyGroup, licet

LICET = Path(sys.executable).with_name("licet")
HELP_CPU_S = 0.25


def test_help_is_quick_and_loads_no_command() -> None:
    probe = (
        "import sys; from licet.cli.main import licet; licet(['--help'], 'licet', None, False);"
    )
    probe += "print(*sys.modules)"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    helped, _, loaded = run.stdout.rpartition("sys")
    for name in COMMANDS:
        assert f"  {name} " in helped
    heavy = {"numpy", "cryptography", "uvloop", "sqlite3", "asyncio", "msgspec"}
    assert not heavy & set(loaded.split())
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    # A busy machine makes CPU time longer too: twice the promise is a broken promise.
    assert used < 2 * HELP_CPU_S


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_says_what_the_command_says(name: str) -> None:
    command = licet.get_command(click.Context(licet), name)
    assert command is not None
    assert command.get_short_help_str(200) == COMMANDS[name].summary


def test_the_version_is_that_of_the_package() -> None:
    from licet import __version__

    assert CliRunner().invoke(licet, ["--version"]).stdout == f"licet {__version__}\n"


def test_a_command_that_is_not_there_is_refused() -> None:
    result = CliRunner().invoke(licet, ["halt-everything"])
    assert result.exit_code == 2
    assert "halt-everything" in result.stderr


@pytest.mark.parametrize("module", ["main", "check", "bundle", "doctor"])
def test_a_command_loads_only_what_it_needs(module: str) -> None:
    tree = ast.parse((ROOT / f"src/licet/cli/{module}.py").read_text(encoding="utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not imported & {"licet.gateway.app", "licet.gateway.running"}


def ending(body: str) -> click.testing.Result:
    """What becomes of a command whose body raises."""

    @click.command()
    def thing() -> None:
        exec(body)

    group = LazyGroup("licet")
    group.get_command = lambda ctx, name: thing  # type: ignore[method-assign, assignment]
    return CliRunner().invoke(group, ["thing"])


def test_ctrl_c_ends_quietly() -> None:
    result = ending("raise KeyboardInterrupt")
    assert result.exit_code == INTERRUPTED
    assert "Traceback" not in result.output


def test_trouble_is_a_message_and_what_to_do() -> None:
    result = ending(
        "from licet.base.trouble import TooMuch; raise TooMuch('It is full.', hint='Wait.')"
    )
    assert result.exit_code == 2
    assert result.stderr == "Error: It is full. Wait.\n"


def test_a_bug_is_called_a_bug_and_shows_where_it_is() -> None:
    code = (
        "import click, licet.cli.main as m\n"
        "m.LazyGroup.get_command = lambda *a: click.Command('x', callback=lambda: 1 / 0)\n"
        "m.sys.argv = ['licet', 'x']\n"
        "m.main()\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert run.returncode == BUG
    assert "ZeroDivisionError" in run.stderr
    assert run.stderr.count("This is a bug in Licet") == 1
    assert run.stdout == ""


def test_a_reader_that_has_gone_is_no_trouble(tmp_path: Path) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end, "wb") as out:
        run = subprocess.run(
            [LICET, "rulebook", "show"], stdout=out, stderr=subprocess.PIPE, check=False
        )
    assert run.returncode == UNREAD
    assert run.stderr == b""


def commands(
    group: click.Group, path: tuple[str, ...] = ()
) -> Iterator[tuple[str, click.Command]]:
    """Every command by what is typed, `keys create`."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        if not isinstance(command, click.Group) or command.invoke_without_command:
            yield " ".join((*path, name)), command


def test_every_command_and_option_says_what_it_is_for() -> None:
    for name, command in commands(licet):
        assert command.help, f"licet {name}"
        for option in command.params:
            if isinstance(option, click.Option):
                assert option.help, f"licet {name} {option.opts}"


def test_the_manual_names_every_command_and_option() -> None:
    manual = (ROOT / "docs/guides/command-line.md").read_text(encoding="utf-8")
    for name, command in commands(licet):
        assert f"{name}" in manual
        for option in command.params:
            if isinstance(option, click.Option):
                said = [re.search(rf"{re.escape(opt)}\b", manual) for opt in option.opts]
                assert any(said), f"licet {name} {option.opts}"


def test_the_manual_names_no_option_that_is_not_there() -> None:
    manual = (ROOT / "docs/guides/command-line.md").read_text(encoding="utf-8")
    there = {"--help"}
    for _, command in commands(licet):
        there |= {
            name for option in command.params for name in (*option.opts, *option.secondary_opts)
        }
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", manual)) <= there

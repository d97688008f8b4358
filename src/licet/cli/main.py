"""`licet`: the one door of the command line.

It refuses to know what its commands do, and it imports none of them before it is typed: the guard
alone takes longer to load than most commands take to run.

Exit codes: 0 done; 1 a lawful "no"; 2 what was given or what is needed cannot be used; 70 a bug of
ours; 130 interrupted; 141 whoever read the output has gone.
"""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import click

from licet import __version__
from licet.base.extras import adding
from licet.cli.lacking import extra_of
from licet.cli.refused import Refused, TroubleGroup
from licet.cli.standard import UNWRITTEN, drop_unwritten, tell_unwritten

UNUSABLE, BUG, INTERRUPTED, UNREAD = 2, 70, 130, 141


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command is, and what it is for: the first sentence of its own help."""

    module: str
    name: str
    summary: str


COMMANDS: Mapping[str, Place] = MappingProxyType(
    {
        "up": Place("licet.cli.up", "up", "Start a gateway with everything that it needs."),
        "gateway": Place("licet.cli.up", "gateway", "Run a gateway as its configuration says."),
        "portal": Place("licet.cli.portal", "portal", "Run the desks and the public register."),
        "filing": Place(
            "licet.cli.filing",
            "filing",
            "File with an authority's installation over the network, and read what it says.",
        ),
        "tick": Place("licet.cli.tick", "tick", "Do what time has made due; again is no harm."),
        "check": Place("licet.cli.check", "check", "Judge a text, or many, by rules and models."),
        "keys": Place(
            "licet.cli.keys",
            "keys",
            "Create, list and revoke API keys; a running gateway follows within a second.",
        ),
        "ledger": Place(
            "licet.cli.ledger",
            "ledger",
            "The tamper-evident record: verify, prove, export, show.",
        ),
        "licence": Place(
            "licet.cli.licence", "licence", "Check licences to serve, without asking anybody."
        ),
        "pictures": Place(
            "licet.cli.pictures",
            "pictures",
            "List pictures that may not pass, and show which left without a mark.",
        ),
        "labels": Place(
            "licet.cli.labels", "labels", "Write, read and verify the labels of generated content."
        ),
        "bundle": Place(
            "licet.cli.bundle", "bundle", "Show, build, compare, verify and try guard bundles."
        ),
        "incident": Place(
            "licet.cli.incident",
            "incident",
            "Incidents and what follows after a halt: list, show, act.",
        ),
        "correct": Place(
            "licet.cli.correct",
            "correct",
            "Freeze items, make a candidate, prove it, release it; export training pairs.",
        ),
        "order": Place(
            "licet.cli.order",
            "order",
            "Orders of access: keys, shares, and what a provider brings.",
        ),
        "erase": Place(
            "licet.cli.erase",
            "erase",
            "Erase what is kept of a person, unless a legal hold stands.",
        ),
        "dossier": Place(
            "licet.cli.dossier",
            "dossier",
            "Supply chains of models as CycloneDX: import, export, validate.",
        ),
        "assess": Place(
            "licet.cli.assess",
            "assess",
            "Plan, run and report a security assessment of a service.",
        ),
        "fairness": Place(
            "licet.cli.fairness",
            "fairness",
            "Ask the same about different people, or competitors, and test what differs.",
        ),
        "corpus": Place(
            "licet.cli.corpus",
            "corpus",
            "Publish, check, serve and withdraw training data.",
        ),
        "bank": Place("licet.cli.bank", "bank", "Show and check banks of test questions."),
        "compute": Place(
            "licet.cli.compute",
            "compute",
            "Share computing power: needs in, allocations out, every one explained.",
        ),
        "rulebook": Place("licet.cli.rulebook", "rulebook", "Read and check the law as data."),
        "doctor": Place(
            "licet.cli.doctor", "doctor", "Look for what is wrong here, and say what to do."
        ),
    }
)


def _lacking(missing: ModuleNotFoundError, command: str) -> Exception:
    """What to say of a library that is not there; the error itself where no extra brings it."""
    extra = extra_of(missing.name or "", command)
    if extra is None:
        return missing
    return Refused(
        f"This needs the library {missing.name}, which is not installed.\n"
        f"Install it, where Licet lies: {adding(extra)}"
    )


class LazyGroup(TroubleGroup):
    """A group that knows its commands by name and loads one when it is typed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        try:
            command: click.Command = getattr(importlib.import_module(place.module), place.name)
        except ModuleNotFoundError as missing:
            raise _lacking(missing, cmd_name) from missing
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, from the table: --help loads none of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, place.summary) for name, place in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as missing:
            raise _lacking(missing, ctx.invoked_subcommand or "") from missing
        except KeyboardInterrupt:
            raise click.exceptions.Exit(INTERRUPTED)
        except BrokenPipeError:
            drop_unwritten(1)
            raise click.exceptions.Exit(UNREAD)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="licet %(version)s")
def licet() -> None:
    """Run generative AI under a licence.

    `licet up` starts a gateway between clients and a model; it halts unlawful text before it
    leaves, and records every decision so that outsiders can verify it.
    """


def main() -> None:
    """Run what was typed; ends the process with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # A terminal that cannot write a character shows its number; no command ends by that.
            stream.reconfigure(errors="backslashreplace")
    if sys.stdout is None:  # what a command shows once, such as a key, would be lost
        tell_unwritten("standard output is closed")
        raise SystemExit(UNUSABLE)
    try:
        try:
            licet(prog_name="licet")
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        drop_unwritten(1)
        raise SystemExit(UNREAD)
    except Exception as bug:
        if isinstance(bug, OSError) and bug.errno in UNWRITTEN:
            tell_unwritten(bug.strerror or "no room is left")
            raise SystemExit(UNUSABLE) from bug
        traceback.print_exc()
        click.echo(
            "This is a bug in Licet, not your mistake. Please report it where you got Licet, "
            "with the lines above and what `licet --version` and `licet doctor` say.",
            err=True,
        )
        raise SystemExit(BUG) from bug

"""The home folder: where one installation keeps all its state, and what lies where in it.

It refuses to know what the files hold.

Rules
1. What `create` makes is for its owner alone (mode 0700): keys and records lie below.
2. Nothing is made by asking for a path.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from licet.base.trouble import BadInput

VARIABLE = "LICET_HOME"
DEFAULT = "~/.licet"
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Home:
    """The paths of one installation, all below `root`."""

    root: Path

    @property
    def config(self) -> Path:
        """The gateway's configuration (docs/configuration.md)."""
        return self.root / "config.toml"

    @property
    def keys_db(self) -> Path:
        """API keys, where no configuration names another store."""
        return self.root / "keys.db"

    @property
    def ledger(self) -> Path:
        """Folder of the ledger: `ledger.db` and `vkey`."""
        return self.root / "ledger"

    @property
    def keys(self) -> Path:
        """Folder of private keys, such as `ledger.skey`."""
        return self.root / "keys"

    @property
    def bundles(self) -> Path:
        """Folder of guard bundles."""
        return self.root / "bundles"

    @property
    def shadow(self) -> Path:
        """Folder of what the gateway found of a staged bundle."""
        return self.root / "shadow"

    @property
    def licence(self) -> Path:
        """Folder of the licence, of the authority's keys and of its status lists."""
        return self.root / "licence"

    @property
    def authority(self) -> Path:
        """Folder of the demo authority that `licet up` keeps for a newcomer."""
        return self.root / "authority"

    @property
    def assessments(self) -> Path:
        """Folder of the log of signed assessments: `ledger.db` and `vkey`, and `jwks.json`."""
        return self.root / "assessments"

    @property
    def corpus(self) -> Path:
        """Folder of the store of data sets: its catalogue, content, log, and `jwks.json`."""
        return self.root / "corpus"

    @property
    def run(self) -> Path:
        """Folder of what lives as long as a process: sockets, process ids."""
        return self.root / "run"

    def as_words(self) -> tuple[str, ...]:
        """What a command is told to mean this home; nothing where it would by itself."""
        by_itself = Path(DEFAULT).expanduser().absolute()
        return () if self.root == by_itself else ("--home", str(self.root))

    def create(self) -> Home:
        """Make the folders that are not there yet. Raises BadInput where that cannot be."""
        try:
            for folder in (self.root, self.ledger, self.keys, self.bundles, self.run):
                if not folder.is_dir():
                    folder.mkdir(mode=0o700, parents=True)
        except OSError as error:
            raise BadInput(
                f"{self.root} cannot be the home folder: {error.strerror}.",
                hint="Name a folder that you may write by --home DIR or LICET_HOME.",
            ) from error
        return self


def home_option(command: F) -> F:
    """Gives a command the parameter `home: Home`, from --home, LICET_HOME or ~/.licet."""
    return click.option(
        "--home",
        envvar=VARIABLE,
        default=DEFAULT,
        show_default=True,
        show_envvar=True,
        metavar="DIR",
        callback=_as_home,
        help="Folder that holds all state.",
    )(command)


def _as_home(context: click.Context, parameter: click.Parameter, value: str) -> Home:
    if not value.strip():  # a path of no letters is wherever one stands
        raise click.BadParameter("it is empty: name a folder, or leave it out.")
    by_default = context.get_parameter_source("home") is ParameterSource.DEFAULT
    if by_default and os.environ.get(VARIABLE) == "":  # click takes that for unset
        raise click.UsageError(f"{VARIABLE} is empty: name a folder by it, or unset it.")
    return Home(Path(value).expanduser().absolute())

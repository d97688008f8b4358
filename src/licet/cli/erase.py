"""`licet erase`: a person's request for erasure, and what the law holds back from it.

Parse, call, render. It refuses to know what is destroyed and how.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click

from licet.base.clock import SystemClock
from licet.base.trouble import BadInput, Conflict
from licet.cli.home import Home, home_option
from licet.cli.refused import TroubleGroup
from licet.gateway import erasing
from licet.gateway.app import open_cases, open_log
from licet.gateway.config import Config, load_config
from licet.gateway.subjects import Hold, Subjects
from licet.ledger.keyfiles import PeriodKeys
from licet.ledger.seal import pseudonym
from licet.rulebook import load_pack


@click.group(cls=TroubleGroup)
def erase() -> None:
    """Erase what is kept of a person, unless a legal hold stands."""


@erase.command()
@click.option("--user", required=True, metavar="REF", help="As the API named them (`user`).")
@home_option
def request(user: str, home: Home) -> None:
    """Destroy the sealed excerpts, objections and identity of a person: keys first."""
    now = SystemClock().now()
    with _open(home) as (config, subjects):
        number = erasing.ask(
            subjects, _pseudonyms(user, config, home.root), now, secrets.token_bytes
        )
        click.echo(number)
        _carry_out(config, home, subjects, now)


@erase.command("list")
@home_option
def list_command(home: Home) -> None:
    """What was asked, what became of it, and what is held."""
    now = SystemClock().now()
    with _open(home) as (_, subjects):
        for one in subjects.erasures():
            state = "done" if one.done else "waits for a hold"
            known = "in the ledger" if one.told else "on its way to the ledger"
            click.echo(f"{one.id}  {one.asked:%Y-%m-%d}  {one.items} destroyed  {state}, {known}")
        for hold in subjects.holds(now):
            click.echo(f"held: {hold.name}  until {hold.until:%Y-%m-%d}  {hold.basis}")


@erase.command()
@click.argument("name")
@click.option("--basis", required=True, help="The provision, or the number of the order.")
@click.option("--until", required=True, metavar="DAY", help="Last day, as 2027-03-09.")
@home_option
def hold(name: str, basis: str, until: str, home: Home) -> None:
    """Keep a case, by its number, or a person, by pseudonym, from being erased."""
    try:
        last = datetime.fromisoformat(f"{until}T23:59:59+00:00")
    except ValueError:
        raise BadInput(f"{until!r} is no day.", hint="Write it as 2027-03-09.") from None
    if last <= SystemClock().now():
        raise BadInput(f"{until} is over.", hint="A hold has an end that is to come.")
    with _open(home) as (_, subjects):
        subjects.hold(Hold(name, basis, last))
    click.echo(f"{name} is held until {until}")


@erase.command()
@click.argument("name")
@home_option
def lift(name: str, home: Home) -> None:
    """End a hold; what waited for it is erased now."""
    with _open(home) as (config, subjects):
        subjects.lift(name)
        _carry_out(config, home, subjects, SystemClock().now())


def _carry_out(config: Config, home: Home, subjects: Subjects, now: datetime) -> None:
    cases = open_cases(load_pack(config.guard.pack), home.root)
    try:
        done = erasing.carry_out(subjects, cases, now)
    finally:
        cases.close()
    for one in done:
        click.echo(f"{one.id}: {one.items} destroyed")
    waiting = [one.id for one in subjects.erasures() if not one.done]
    for number in waiting:
        click.echo(f"{number}: something is held; it is erased when the hold ends")
    if done and not _tell(config, home, subjects, now):
        click.echo("the gateway writes the ledger's entry at its next round")


def _tell(config: Config, home: Home, subjects: Subjects, now: datetime) -> bool:
    """Whether the entries could be written here: not while a gateway runs, which does it then."""
    try:
        log = open_log(config, home.root)
    except Conflict:
        return False
    try:
        erasing.tell(subjects, log, lambda entry, done: done(log.append([entry], now).start), now)
    finally:
        log.close()
    return True


def _pseudonyms(user: str, config: Config, root: Path) -> list[str]:
    """The person's pseudonyms in every period whose key is still here."""
    shared = config.measures.pseudonym_keys if config.measures else None
    folder = shared or root / "keys" / "pseudonyms"
    keys = PeriodKeys(folder, secrets.token_bytes)
    periods = sorted(p.stem for p in folder.glob("*.key") if not p.stem.startswith("."))
    return [pseudonym(user, keys.get(period), period) for period in periods]


@contextmanager
def _open(home: Home) -> Iterator[tuple[Config, Subjects]]:
    subjects = Subjects(home.root / "subjects.db")
    try:
        yield load_config(home.config), subjects
    finally:
        subjects.close()

"""`licet order`: keys of those who keep shares, and the way of an order past the pages.

Parse, call, render. It refuses to know who may do what: the pack says it, and the portal decides.
A share is given on its keeper's own machine, from a file to a file; nothing else leaves it.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import msgspec

from licet.base.clock import SystemClock
from licet.base.keyfile import read_private, write_once
from licet.base.trouble import BadInput
from licet.cli.home import Home, home_option
from licet.cli.refused import Refused, TroubleGroup
from licet.gateway.app import open_cases
from licet.gateway.config import load_config
from licet.gateway.identities import KEEPERS, NEEDED, check_keepers
from licet.gateway.subjects import Subjects
from licet.ledger.custody import (
    Card,
    Locked,
    make_card,
    pack,
    pass_share,
    read_envelope,
    seal_for,
    unlock,
)
from licet.portal.settings import ROLES
from licet.rulebook import load_pack

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_role = click.option(
    "--role", "roles", multiple=True, type=click.Choice(ROLES),
    help="Whose installation this is (repeatable; default: both).",
)  # fmt: skip
_SIDES = click.Choice(["provider", "authority", "independent"])
_output = click.option(
    "-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE", help="Write it here.",
)  # fmt: skip


class KeyFile(msgspec.Struct, frozen=True):
    """A keeper's key as a file: the card that others see, and the private key, locked."""

    card: Card
    locked: Locked


class Asked(msgspec.Struct, frozen=True):
    """What a keeper is asked for: an order, its reader, envelopes (base64) by digest."""

    order: str
    reader: Card
    envelopes: dict[str, bytes]


class Given(msgspec.Struct, frozen=True):
    """A keeper's shares, each sealed to the reader, by the envelope's digest."""

    order: str
    keeper: str
    shares: dict[str, str]


@click.group(cls=TroubleGroup)
def order() -> None:
    """Orders of access: keys, shares, and what a provider brings."""


@order.group(cls=TroubleGroup)
def key() -> None:
    """A keeper's key: made on their own machine, under a passphrase."""


@key.command("make")
@click.option("--name", required=True, help="Whose it is, as people read it.")
@click.option("--side", required=True, type=_SIDES, help="On which side they stand.")
@_output
def make_command(name: str, side: str, output: Path) -> None:
    """Make a key; FILE is kept by its owner, FILE.card is given to others."""
    passphrase = click.prompt("Passphrase", hide_input=True, confirmation_prompt=True)
    card, locked = make_card(name, side, passphrase, secrets.token_bytes)
    write_once(output, msgspec.json.encode(KeyFile(card, locked)))
    shown = output.with_name(f"{output.name}.card")
    shown.write_bytes(msgspec.json.encode(card) + b"\n")
    click.echo(f"{card.mark}  keep {output}, give {shown}")


@key.command("enrol")
@click.argument("card", type=_FILE)
@home_option
def enrol_command(card: Path, home: Home) -> None:
    """Let a portal know the card of somebody who has no account there."""
    _set_up(home)
    from licet.portal.dossiers.sealing import enrol

    made = enrol(_decoded(card.read_bytes(), Card, card), SystemClock().now())
    click.echo(f"{made.mark}  {made.name}, {made.side}")


@order.command()
@click.argument("cards", nargs=3, type=_FILE)
@home_option
def keepers(cards: tuple[Path, ...], home: Home) -> None:
    """Name the three who keep shares of identities: provider, authority, independent body.

    From its next start the gateway seals who is behind a pseudonym when it stops something of
    theirs; two of the three open it together.
    """
    found = [_decoded(path.read_bytes(), Card, path) for path in cards]
    check_keepers(found)
    path = home.root / "keys" / KEEPERS
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.encode(found))
    click.echo(f"{path}: {', '.join(card.name for card in found)}")


@order.command()
@click.argument("names", nargs=-1, required=True)
@_output
@home_option
def find(names: tuple[str, ...], output: Path, home: Home) -> None:
    """Find the sealed identities that an order names, in a gateway's home."""
    subjects = Subjects(home.root / "subjects.db")
    try:
        found = {name: subjects.identity(name) for name in names}
    finally:
        subjects.close()
    output.write_bytes(msgspec.json.encode(found))
    click.echo(f"{output}: {len(found)} sealed; bring it: licet order bring ORDER {output}")


@order.command()
@click.argument("names", nargs=-1, required=True)
@click.option("--card", "cards", multiple=True, required=True, type=_FILE, metavar="FILE",
              help="A keeper at the authority; two or more of them.")  # fmt: skip
@_output
@home_option
def excerpt(names: tuple[str, ...], cards: tuple[Path, ...], output: Path, home: Home) -> None:
    """Seal the excerpts of cases, by number, for keepers at the authority; two open them."""
    found = [_decoded(path.read_bytes(), Card, path) for path in cards]
    if any(card.side != "authority" for card in found):
        raise BadInput("excerpts are kept by people at the authority.", hint="Give their cards.")
    cases = open_cases(load_pack(load_config(home.config).guard.pack), home.root)
    try:
        told = {name: cases.read_excerpt(name, _now()).text for name in names}
    finally:
        cases.close()
    sealed = {
        name: seal_for(
            pack("", text.encode("utf-8", "replace")), name, found, NEEDED, secrets.token_bytes
        )
        for name, text in told.items()
    }
    output.write_bytes(msgspec.json.encode({n: one.to_bytes() for n, one in sealed.items()}))
    click.echo(f"{output}: {len(sealed)} sealed; bring it: licet order bring ORDER {output}")


@order.command()
@click.argument("number")
@click.argument("file", type=_FILE)
@_role
@home_option
def bring(number: str, file: Path, roles: tuple[str, ...], home: Home) -> None:
    """Bring to a portal what an order names; it is sent to an authority elsewhere."""
    row = _row(home, number, roles)
    from licet.portal.orders import service

    new = service.bring_from_here(row, _decoded(file.read_bytes(), dict[str, bytes], file), _now())
    click.echo(f"{new} brought")


@order.group(cls=TroubleGroup)
def share() -> None:
    """A keeper's share: asked for here, given there, taken here."""


@share.command("ask")
@click.argument("number")
@_output
@_role
@home_option
def ask_command(number: str, output: Path, roles: tuple[str, ...], home: Home) -> None:
    """Write the file that a keeper needs to give a share of what an order names."""
    row = _row(home, number, roles)
    from licet.portal.orders import service

    envelopes = {one.sha256: one.to_bytes() for one in service.envelopes_of(row).values()}
    output.write_bytes(msgspec.json.encode(Asked(number, row.reader.card, envelopes)))
    click.echo(f"{output}: send it to the keeper; licet order share give {output}")


@share.command("give")
@click.argument("file", type=_FILE)
@click.option("--key", "key_file", required=True, type=_FILE, metavar="FILE", help="Your key.")
@_output
def give_command(file: Path, key_file: Path, output: Path) -> None:
    """Give your share, sealed to the reader of this order. Asks for your passphrase."""
    asked = _decoded(file.read_bytes(), Asked, file)
    own = _decoded(read_private(key_file), KeyFile, key_file)
    envelopes = [read_envelope(data) for data in asked.envelopes.values()]
    click.echo(f"order  {asked.order}\nreader {asked.reader.name} ({asked.reader.mark})")
    for one in envelopes:
        click.echo(f"opens  {one.about}")
    private = unlock(own.card, own.locked, click.prompt("Passphrase", hide_input=True))
    shares = {e.sha256: pass_share(e, private, asked.reader, asked.order) for e in envelopes}
    output.write_bytes(msgspec.json.encode(Given(asked.order, own.card.mark, shares)))
    click.echo(f"{output}: send it back; it opens nothing by itself")


@share.command("take")
@click.argument("file", type=_FILE)
@_role
@home_option
def take_command(file: Path, roles: tuple[str, ...], home: Home) -> None:
    """Take a keeper's share into its order; it is sent to an authority elsewhere."""
    given = _decoded(file.read_bytes(), Given, file)
    row = _row(home, given.order, roles)
    from licet.portal.orders import service

    outcome = service.take_outside(row, given.keeper, given.shares, _now())
    if hasattr(outcome, "code"):
        raise Refused(f"The share is not taken: {outcome.code}.")
    click.echo(f"{given.order}: {outcome.stage}")


def _row(home: Home, number: str, roles: tuple[str, ...] = ()) -> Any:
    _set_up(home, roles)
    from licet.portal.orders.models import StoredOrder

    row = StoredOrder.objects.select_related("reader", "holder").filter(pk=number).first()
    if row is None:
        raise Refused(f"There is no order {number} here.")
    return row


def _decoded(data: bytes, kind: Any, path: Path) -> Any:
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.DecodeError as wrong:
        raise BadInput(f"{path}: {wrong}.", hint="Is it the file that is meant?") from None


def _now() -> datetime:
    return SystemClock().now()


def _set_up(home: Home, roles: tuple[str, ...] = ()) -> None:
    from licet.cli.installation import installation
    from licet.portal.settings import start

    start(installation(home, roles))

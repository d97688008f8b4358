"""`licet corpus serve`, `token` and `access`: who may load data sets, and from where.

It refuses to know what is answered: parse, call, render.
"""

from __future__ import annotations

import getpass
import secrets

import click

from licet.base.clock import SystemClock, rfc3339_ms
from licet.cli.home import Home, home_option
from licet.cli.refused import TroubleGroup
from licet.cli.rulebook import DEFAULT_PACK
from licet.corpus.hub import Hub
from licet.corpus.hub_app import HubApp
from licet.corpus.readers import Access, Readers, State
from licet.corpus.shelf import Shelf, open_shelf
from licet.rulebook import load_pack

HEAD_BYTES_MAX = 64 << 10


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8091, show_default=True, type=click.IntRange(0, 65_535),
              help="Port to listen on; 0: any that is free.")  # fmt: skip
@click.option("--public-url", default="", metavar="URL", help="Where clients reach it, if not so.")
@click.option("--pack", default=DEFAULT_PACK, show_default=True, help="Pack id.")
@home_option
def serve(host: str, port: int, public_url: str, pack: str, home: Home) -> None:
    """Serve data sets to the clients that people have.

    They set HF_ENDPOINT to the address that is printed; `licet up` and `licet portal` serve the
    same under theirs.
    """
    from licet.gateway.listening import bind
    from licet.portal.serving import run_portal

    home.create()
    rules = load_pack(pack).corpus
    listener = bind(host, port)
    shelf = open_shelf(home.corpus, home.keys)
    hub = Hub(
        shelf, rules, base_url=public_url.rstrip("/"), now=SystemClock().now,
        chance=secrets.token_bytes,
    )  # fmt: skip
    click.echo(f"HF_ENDPOINT=http://{host}:{listener.getsockname()[1]}")
    try:
        run_portal(HubApp(hub), listener)
    finally:
        shelf.close()


@click.group(cls=TroubleGroup)
def token() -> None:
    """Who may load registered data, and who may publish."""


@token.command("create")
@click.argument("name")
@click.option("--publishes", multiple=True, metavar="NAMESPACE",
              help="Where they may publish (repeatable); there they may load, too.")  # fmt: skip
@home_option
def create_token(name: str, publishes: tuple[str, ...], home: Home) -> None:
    """Name a reader; prints their token, once."""
    shelf = _shelf(home)
    try:
        now = SystemClock().now()
        reader, made = Readers(shelf.catalogue).create(name, now, secrets.token_bytes, publishes)
        click.echo(f"{reader.id}  {made}")
    finally:
        shelf.close()


@token.command("list")
@home_option
def list_tokens(home: Home) -> None:
    """List readers whose token counts, and what they hold that was withdrawn."""
    shelf = _shelf(home)
    try:
        readers = Readers(shelf.catalogue)
        for one in readers.list():
            held = [commit[:7] for commit in readers.holds(one)]
            gone = f"  holds withdrawn: {', '.join(held)}" if held else ""
            click.echo(f"{one.id}  {_line(one.name)}  {' '.join(one.namespaces)}{gone}")
    finally:
        shelf.close()


@token.command("end")
@click.argument("reader")
@home_option
def end_token(reader: str, home: Home) -> None:
    """From now on a reader's token counts for nothing."""
    shelf = _shelf(home)
    try:
        Readers(shelf.catalogue).end(reader, SystemClock().now())
    finally:
        shelf.close()


@click.group(cls=TroubleGroup)
def access() -> None:
    """Requests for restricted data: list, grant, refuse, end."""


@access.command("list")
@click.option("--all", "everything", is_flag=True, help="Those that were decided, too.")
@home_option
def list_access(everything: bool, home: Home) -> None:
    """List requests that wait for a decision."""
    shelf = _shelf(home)
    try:
        for one in Readers(shelf.catalogue).requests(waiting=not everything):
            click.echo("  ".join(_shown(one)))
    finally:
        shelf.close()


@access.command("ask")
@click.argument("dataset", metavar="NAMESPACE/NAME")
@click.argument("reader")
@click.option("--purpose", required=True, help="What they want it for.")
@home_option
def ask_access(dataset: str, reader: str, purpose: str, home: Home) -> None:
    """Note down what a reader asks for."""
    shelf = _shelf(home)
    try:
        readers = Readers(shelf.catalogue)
        shelf.catalogue.resolve(dataset)
        now = SystemClock().now()
        who = readers.named(reader)
        click.echo(readers.ask(dataset, who, purpose, now, secrets.token_bytes))
    finally:
        shelf.close()


@access.command("decide")
@click.argument("request")
@click.argument("decision", type=click.Choice(("granted", "refused", "ended")))
@click.option("--by", default=getpass.getuser, help="Who decides. [default: you]")
@click.option("--reason", default="", help="What the reader is told; a refusal needs one.")
@home_option
def decide_access(request: str, decision: State, by: str, reason: str, home: Home) -> None:
    """Grant or refuse a request, or end what was granted."""
    shelf = _shelf(home)
    try:
        done = Readers(shelf.catalogue).decide(request, decision, by, reason)
        shelf.record(
            "corpus.granted",
            {"dataset": done.dataset, "reader": done.reader.id, "decision": decision},
            SystemClock().now(), secrets.token_bytes,
        )  # fmt: skip
        click.echo("  ".join(_shown(done)))
    finally:
        shelf.close()


def _shelf(home: Home) -> Shelf:
    home.create()
    return open_shelf(home.corpus, home.keys)


def _shown(one: Access) -> tuple[str, ...]:
    at = rfc3339_ms(one.asked_ms)
    return (one.id, one.state, one.dataset, one.reader.id, _line(one.reader.name), at,
            _line(one.purpose))  # fmt: skip


def _line(text: str) -> str:
    """A stranger's text on one line that commands no terminal."""
    return "".join(c if c.isprintable() else " " for c in text)

"""`licet keys`: create, list and revoke the API keys of a gateway, also of one that is running.

Parse, call, render. It refuses to know how keys are kept and what a grant means.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import click

from licet.base.clock import SystemClock, rfc3339
from licet.base.trouble import BadInput, NotFound
from licet.cli.home import Home, home_option
from licet.cli.refused import TroubleGroup
from licet.gateway.config import load_config
from licet.gateway.keyring import KeyStore
from licet.gateway.keys import AUDIENCES, BY_NAME_ONLY, ROUTES, Audience, Grant, Key, Route
from licet.gateway.keystore import open_keystore

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def _names(context: click.Context, parameter: click.Parameter, value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


@click.group(cls=TroubleGroup)
def keys() -> None:
    """Create, list and revoke API keys; a running gateway follows within a second."""


@keys.command()
@click.option("--name", required=True, help="Who or what will use it.")
@click.option(
    "--models",
    default="*",
    callback=_names,
    show_default=True,
    help="Names, patterns, by comma.",
)
@click.option(
    "--routes",
    default=",".join(ROUTES),
    callback=_names,
    show_default=True,
    help="What it may call, by comma.",
)
@click.option("--rate", type=click.IntRange(0), help="Requests a minute; 0: no limit.")
@click.option("--concurrency", type=click.IntRange(0), help="Requests at once; 0: no limit.")
@click.option(
    "--audience", type=click.Choice(AUDIENCES), default="default", help="Whom it serves."
)
@click.option(
    "--upstreams", default="", callback=_names, help="Upstreams that it may reach; default: any."
)
@_json
@home_option
def create(
    name: str,
    models: tuple[str, ...],
    routes: tuple[str, ...],
    rate: int | None,
    concurrency: int | None,
    audience: str,
    upstreams: tuple[str, ...],
    as_json: bool,
    home: Home,
) -> None:
    """Create a key and print it: it is shown this once and kept nowhere."""
    grant = Grant(
        routes=cast(frozenset[Route], frozenset(routes)),
        models=models,
        rate_per_minute=rate,
        concurrency_max=concurrency,
        audience=cast(Audience, audience),
        upstreams=upstreams,
    )
    _check_upstreams(home, upstreams)
    home.create()
    with _store(home, begins=True) as store:
        key, text = store.create(name, grant, SystemClock().now())
    if as_json:
        click.echo(json.dumps({"id": key.id, "key": text}))
    else:
        click.echo(f"id   {key.id}\nkey  {text}")
        click.echo("Keep the key now: it cannot be shown again.", err=True)


@keys.command("list")
@_json
@home_option
def show_all(as_json: bool, home: Home) -> None:
    """List every key, revoked ones too, oldest first; never its text."""
    with _store(home) as store:
        found = store.list()
    if as_json:
        click.echo(json.dumps([_as_object(key) for key in found], ensure_ascii=False, indent=2))
        return
    rows: list[tuple[str, ...]] = [("id", "key", "name", "created", "state", "limits", "models")]
    rows += [_as_row(key) for key in found]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        click.echo("  ".join(cells).rstrip())


@keys.command()
@click.argument("key_id", metavar="ID")
@home_option
def revoke(key_id: str, home: Home) -> None:
    """Revoke the key with this ID for good."""
    with _store(home) as store:
        key = store.revoke(key_id, SystemClock().now())
    click.echo(f"revoked {key.id} ({key.name})")


def _check_upstreams(home: Home, names: tuple[str, ...]) -> None:
    """Raises BadInput for an upstream that the gateway of this home does not have."""
    if not names or not home.config.exists():
        return
    known = [upstream.name for upstream in load_config(home.config).upstream]
    if strange := [name for name in names if name not in known]:
        raise BadInput(
            f"{home.config} names no upstream {strange[0]!r}.",
            hint=f"Those named: {', '.join(known)}.",
        )


@contextlib.contextmanager
def _store(home: Home, *, begins: bool = False) -> Iterator[KeyStore]:
    """The store that the gateway of this home reads: as configured, else `keys.db`.

    Raises NotFound where nothing was ever kept, unless a key is to be the first (`begins`): in a
    folder that was named by mistake nobody has keys, and none is made of it.
    """
    url = load_config(home.config).keys.url if home.config.exists() else f"sqlite:{home.keys_db}"
    if not begins and url.startswith("sqlite:") and not Path(url[7:]).exists():
        raise NotFound(
            f"no keys are kept in {home.root}.",
            hint="Name the home folder of the gateway by --home DIR or LICET_HOME.",
        )
    store = open_keystore(url)
    try:
        yield store
    finally:
        store.close()


def _as_object(key: Key) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "prefix": key.prefix,
        "created": rfc3339(key.created),
        "revoked": rfc3339(key.revoked) if key.revoked else None,
        "routes": [route for route in (*ROUTES, *BY_NAME_ONLY) if route in key.grant.routes],
        "models": list(key.grant.models),
        "rate_per_minute": key.grant.rate_per_minute,
        "concurrency_max": key.grant.concurrency_max,
        "audience": key.grant.audience,
        "upstreams": list(key.grant.upstreams),
    }


def _as_row(key: Key) -> tuple[str, ...]:
    grant = key.grant
    rate = "default rate" if grant.rate_per_minute is None else f"{grant.rate_per_minute}/min"
    places = "default" if grant.concurrency_max is None else f"{grant.concurrency_max}"
    return (
        key.id,
        f"licet_{key.prefix}…",
        key.name,
        rfc3339(key.created)[:19] + "Z",
        f"revoked {rfc3339(key.revoked)[:10]}" if key.revoked else "active",
        f"{rate}, {places} at once",
        " ".join(key.grant.models),
    )

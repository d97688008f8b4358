"""`licet licence`: check a licence without asking anybody, and fetch what that takes.

Parse, call, render. It refuses to know what a licence is worth and why it was granted.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from licet.base.clock import SystemClock, rfc3339
from licet.base.trouble import BadInput, Conflict, Corrupt, NotFound
from licet.cli.home import Home, home_option
from licet.cli.licence_demo import demo
from licet.cli.refused import TroubleGroup
from licet.cli.standard import standard_input
from licet.credentials import KeySet, Standing, read_licence, read_status_list, verify
from licet.credentials.fetch import fetch as fetch_url
from licet.credentials.issuer import KEYS_PATH
from licet.credentials.jws import TOKEN_CHARACTERS_MAX
from licet.credentials.keyfiles import load_key_set
from licet.credentials.keys import SET_BYTES_MAX, parse_jwks
from licet.credentials.shelf import Shelf
from licet.credentials.wording import NAMES, meaning_of

NO = 1  # exit code: the licence is not valid
_KEYS = click.option(
    "--keys", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path),
    help="The authority's key set; by default the one that is trusted here.",
)  # fmt: skip


class Moment(click.ParamType[datetime]):
    """A moment with its time zone."""

    name = "TIME"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> datetime:
        """Fails for a text that leaves open which moment is meant."""
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail("write it as 2026-11-28T16:00:00+08:00", param, ctx)
        if moment.tzinfo is None:
            self.fail("add the time zone: 2026-11-28T16:00:00+08:00, or Z", param, ctx)
        return moment


_AT = click.option("--at", type=Moment(), metavar="TIME", help="At that moment, not now.")


@click.group(cls=TroubleGroup)
def licence() -> None:
    """Check licences to serve, without asking anybody."""


licence.add_command(demo)


@licence.command("verify")
@click.argument("token", metavar="TOKEN|FILE|-")
@_AT
@_KEYS
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@home_option
def verify_command(
    token: str, at: datetime | None, keys: Path | None, as_json: bool, home: Home
) -> None:
    """Say what a licence is worth: valid, suspended, revoked, expired, not-yet-valid or
    unknown-stale.

    Exit code 0 if it is valid, 1 if not. Uses the keys and lists at hand and asks nobody: `licet
    licence fetch` gets the newest list. A list that is too old makes a licence unknown-stale,
    which is not valid.
    """
    shelf = Shelf(home.licence)
    trusted = load_key_set(keys) if keys else shelf.keys()
    text, now = _token(token), at or SystemClock().now()
    try:
        found = read_licence(text, trusted)
        standing = verify(text, trusted, shelf.lists(found.status.uri, trusted), now)
    except Corrupt as false:
        click.echo(
            json.dumps({"state": "false", "message": false.message, "hint": false.hint})
            if as_json
            else f"FALSE   {false}"
        )
        raise SystemExit(NO)
    click.echo(json.dumps(_as_json(standing), ensure_ascii=False) if as_json else _page(standing))
    if not standing.is_valid:
        raise SystemExit(NO)


@licence.command()
@click.argument("where", metavar="FILE|URL")
@click.option("--replace", is_flag=True, help="Instead of the keys that are trusted so far.")
@home_option
def trust(where: str, replace: bool, home: Home) -> None:
    """Trust an authority's keys, from a file or from its address.

    Compare the fingerprints with those that the authority publishes elsewhere: whoever gives you
    false keys can give you false licences.
    """
    if where.startswith(("http://", "https://")):
        url = where if where.endswith(".json") else where.rstrip("/") + KEYS_PATH
        keys = parse_jwks(fetch_url(url, SET_BYTES_MAX))
    else:
        keys = load_key_set(Path(where))
    shelf = Shelf(home.licence)
    try:
        before: KeySet | None = shelf.keys()
    except NotFound:
        before = None
    if before is not None and before != keys and not replace:
        raise Conflict("other keys are trusted here.", hint="Add --replace to change to these.")
    home.create()
    shelf.trust(keys)
    for key_id in keys.keys:
        click.echo(f"trusted {key_id}")


@licence.command()
@click.argument("token", metavar="TOKEN|FILE|-")
@_AT
@_KEYS
@home_option
def fetch(token: str, at: datetime | None, keys: Path | None, home: Home) -> None:
    """Get the status list that a licence names, to verify it offline afterwards.

    With --at, the list as it was at that moment: was the service licensed on that day?
    """
    shelf = Shelf(home.licence)
    trusted = load_key_set(keys) if keys else shelf.keys()
    uri = read_licence(_token(token), trusted).status.uri
    time = None if at is None else int(at.timestamp())
    data = fetch_url(uri, TOKEN_CHARACTERS_MAX, time=time)
    listed = read_status_list(data.decode("ascii", "replace"), trusted)
    if listed.uri != uri:
        raise Corrupt(f"{uri} gave the list of another address.")
    if at is not None and not listed.speaks_for(at):
        raise Corrupt(f"{uri} gave a list of another time.")
    home.create()
    shelf.put(listed, trusted, past=at is not None)
    click.echo(f"list of {rfc3339(listed.issued)}, good until {rfc3339(listed.ends)}")


def _token(given: str) -> str:
    """A token that was typed, or read from standard input or a file."""
    if given == "-":
        return standard_input().read(TOKEN_CHARACTERS_MAX + 1)
    if "." in given and given.startswith("ey"):
        return given
    try:
        with Path(given).open("rb") as file:
            return file.read(TOKEN_CHARACTERS_MAX + 1).decode("ascii", "replace")
    except (OSError, ValueError) as error:
        cause = error.strerror if isinstance(error, OSError) else "it holds a zero byte"
        raise BadInput(
            f"{given[:200]!r} is neither a licence nor a file: {cause}.",
            hint="Give the token itself (it begins with ey), a file, or - to read it from a pipe.",
        ) from None


def _as_json(standing: Standing) -> dict[str, Any]:
    listed = standing.listed
    return {
        "state": standing.state,
        "at": rfc3339(standing.at),
        "until": rfc3339(standing.until) if standing.until else None,
        "meaning": dict(meaning_of(standing)),
        "status_list": {
            "uri": standing.licence.status.uri,
            "issued": rfc3339(listed.issued) if listed else None,
            "ends": rfc3339(listed.ends) if listed else None,
        },
        "licence": dict(standing.licence.claims),
    }


def _page(standing: Standing) -> str:
    found, listed = standing.licence, standing.listed
    rows = [
        ("licence", f"{found.filing}  {found.model}"),
        ("service", f"{found.service}, {found.provider} ({found.holder})"),
        ("granted", f"{found.route} under {found.regime}, as {found.id}"),
        ("by", found.issuer),
        ("in force", f"{rfc3339(found.begins)} to {rfc3339(found.ends)}"),
        ("status", f"list of {rfc3339(listed.issued)}, good until {rfc3339(listed.ends)}"
         if listed else "no list at hand speaks for this moment: licet licence fetch"),
        ("asked for", rfc3339(standing.at)),
    ]  # fmt: skip
    rows += [("condition", " / ".join(one.text.values())) for one in found.conditions]
    demo = " (demo)" if found.demo else ""
    head = [NAMES[standing.state]["en"] + demo, f"  {meaning_of(standing)['en']}"]
    return "\n".join(head + [f"{name:<11}{said}" for name, said in rows])


__all__ = ["licence"]

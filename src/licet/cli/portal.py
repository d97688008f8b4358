"""`licet portal`: run the desks and the public register, and say who may sign in.

It refuses to know pages and law: parse, call, render.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from licet.base.trouble import NotFound, Trouble
from licet.cli.home import Home, home_option
from licet.cli.installation import installation
from licet.cli.refused import Refused
from licet.gateway.config_demo import reachable
from licet.portal.settings import LOCAL, ROLES

if TYPE_CHECKING:
    from licet.gateway.app import Gateway

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_FAMILIES_KEY = "licet up: families"


def open_beside(gateway: Gateway, home: Home, note: Callable[[str], None]) -> None:
    """Open the demonstration's portal on the port of a gateway that is about to serve."""
    from licet.base.clock import SystemClock
    from licet.portal.demo import PROVIDER
    from licet.portal.serving import Opening

    licence = gateway.parts.config.licence
    clearance = gateway.parts.clearance
    number = clearance.licence.filing if clearance.licence else ""

    def prepare() -> None:
        from licet.ledger.keyfiles import load_vkey
        from licet.portal.demo.seeding import follow_gateway, register_users, seed
        from licet.portal.incidents.handing import hand_out

        now = SystemClock().now()
        if seed(now, number):
            follow_gateway(str(home.ledger), load_vkey(home.ledger / "vkey").vkey)
        if licence is not None:
            hand_out(PROVIDER, licence.public_url, home.root / "measures")
        if gateway.parts.minors is not None:
            register_users(now)

    server = gateway.parts.config.server
    counts = gateway.parts.minors is not None
    # A job of the demonstration may be anything that somebody types: for this machine alone.
    here = server.host in LOOPBACK
    chosen = installation(
        home, demo=True, compute="local" if here else "", hosts=(*LOCAL, server.host),
        public_url=licence.public_url if licence else "",
        gateway_url=f"http://{reachable(server.host)}:{server.port}" if counts else "",
        gateway_key=_families_key(gateway) if counts else "", gateway_body=PROVIDER,
    )  # fmt: skip
    portal = Opening(chosen, prepare, lambda trouble: note(f"portal: {trouble}"))
    gateway.parts.beside = portal
    portal.begin()


def _families_key(gateway: Gateway) -> str:
    """A key with which the pages of families ask this gateway, for this run."""
    from licet.base.clock import SystemClock
    from licet.gateway.keys import Grant

    clock = SystemClock()
    for key in gateway.keystore.list():
        if key.name == _FAMILIES_KEY and key.revoked is None:
            gateway.keystore.revoke(key.id, clock.now())
    grant = Grant(frozenset({"minors", "chat", "models"}))
    _, text = gateway.keystore.create(_FAMILIES_KEY, grant, clock.now())
    gateway.parts.keyring.refresh(clock.monotonic())
    return text


@click.group(invoke_without_command=True)
@click.option(
    "--role", "roles", multiple=True, type=click.Choice(ROLES),
    help="Whose desk this is (repeatable; default: both).",
)  # fmt: skip
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8090, show_default=True, type=click.IntRange(0, 65_535),
              help="Port to listen on; 0: any that is free.")  # fmt: skip
@click.option(
    "--name", "names", multiple=True, metavar="HOST",
    help="A name that people reach it by (repeatable); other names are refused.",
)  # fmt: skip
@click.option("--public-url", default="", metavar="URL", help="Address that licences name.")
@click.option("--https", is_flag=True, help="People reach it by HTTPS alone.")
@home_option
@click.pass_context
def portal(
    context: click.Context, roles: tuple[str, ...], host: str, port: int,
    names: tuple[str, ...], public_url: str, https: bool, home: Home,
) -> None:  # fmt: skip
    """Run the desks and the public register.

    The database is SQLite in the home folder, or what LICET_DATABASE_URL names; the rules are
    those of the pack that LICET_PACK names. Letters leave by LICET_MAIL_URL, and
    people sign in through LICET_OIDC_URL as well, where these are set.
    """
    if context.invoked_subcommand is not None:
        return
    from licet.gateway.listening import bind
    from licet.portal.serving import begin_courier, portal_app, run_portal

    home.create()
    try:
        chosen = installation(
            home, roles, https=https, hosts=(*LOCAL, host, *names), public_url=public_url
        )
        listener = bind(host, port)
        app = portal_app(chosen)
    except Trouble as trouble:
        raise Refused(str(trouble)) from trouble
    if "provider" in chosen.roles:
        begin_courier(lambda text: click.echo(f"licet: {text}", err=True))
    click.echo(f"The portal stands at http://{host}:{listener.getsockname()[1]}/")
    run_portal(app, listener)


@portal.command()
@home_option
def people(home: Home) -> None:
    """List who may sign in to the demonstration, with password and code of this minute."""
    _set_up(home)
    from licet.portal.demo.seeding import people as known

    rows = known()
    if not rows:
        raise Refused(
            "This portal is no demonstration, or one that is being opened: then ask again in a"
            " moment. Name people of your own with `licet portal person`."
        )
    for one in rows:
        code = f"  code {one['code']}" if one["code"] else ""
        click.echo(f"{one['email']:32} {one['password']}{code}  ({one['roles']})")


@portal.command()
@click.argument("email")
@click.option("--name", required=True, help="How colleagues know them.")
@click.option("--body", "code", required=True, metavar="CODE", help="The body they act for.")
@click.option("--body-kind", type=click.Choice(ROLES), help="Makes the body if it is new.")
@click.option("--body-zh", default="", help="Its name in Chinese.")
@click.option("--body-en", default="", help="Its name in English.")
@click.option("--role", "roles", multiple=True, required=True, help="As the pack names it.")
@home_option
def person(
    email: str, name: str, code: str, body_kind: str | None, body_zh: str, body_en: str,
    roles: tuple[str, ...], home: Home,
) -> None:  # fmt: skip
    """Name somebody who may sign in; prints a password to be changed."""
    _set_up(home)
    from licet.portal.accounts.naming import Named, name_person

    wanted = Named(email, name, code, body_kind or "", body_zh, body_en, roles)
    try:
        password = name_person(wanted)
    except Trouble as trouble:
        raise Refused(str(trouble)) from trouble
    click.echo(f"{email}  {password}")


@portal.command("enrol")
@click.argument("code", metavar="BODY")
@home_option
def enrol_command(code: str, home: Home) -> None:
    """Give a code with which a provider's installation makes its key known here.

    BODY is the provider's code. Hand it to the provider by a way that you trust: whoever has it
    first signs in the provider's name. It opens once, within 14 days.
    """
    _set_up(home)
    from licet.base.clock import SystemClock
    from licet.portal.api.enrolling import give_code

    try:
        click.echo(give_code(code, SystemClock().now()))
    except Trouble as trouble:
        raise Refused(str(trouble)) from trouble


@portal.command()
@click.argument("where")
@click.option("--vkey", required=True, metavar="KEY", help="Its verifier key, or a file of it.")
@click.option("--body", "code", required=True, metavar="CODE", help="Whose gateway it is.")
@home_option
def follow(where: str, vkey: str, code: str, home: Home) -> None:
    """Read the ledger of a gateway, WHERE it lies, from now on: its halts become incidents.

    WHERE is a folder, a database or a URL, as for `licet ledger verify`. Nothing is taken from it
    that its key did not sign.
    """
    if "://" not in where:
        where = str(Path(where).absolute())  # the portal that reads it stands elsewhere
        if not Path(where).exists():
            raise Refused(
                f"there is nothing at {where}. Name the ledger of a gateway that has run."
            )
    _set_up(home)
    from licet.portal.accounts.models import Body
    from licet.portal.incidents.arrival import follow_ledger

    try:
        body = Body.objects.filter(code=code, kind="provider").first()
        if body is None:
            raise NotFound(
                f"there is no provider {code!r} here.", hint="Name a person of it first."
            )
        key = Path(vkey).read_text(encoding="utf-8") if Path(vkey).is_file() else vkey
        follow_ledger(where, key.strip(), body)
    except Trouble as trouble:
        raise Refused(str(trouble)) from trouble
    click.echo(f"{where} is followed; a running portal reads it within two seconds")


@portal.command()
@click.option("--body", "code", required=True, metavar="CODE", help="The provider.")
@click.option("--url", default="", metavar="URL", help="Where its gateways reach this portal.")
@click.option("-o", "folder", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
              help="Folder for the key set and the token (default: here).")  # fmt: skip
@home_option
def measures(code: str, url: str, folder: Path | None, home: Home) -> None:
    """Let a provider's gateways take the measures against persons from this portal.

    Writes the key set that its lists are signed under and the token that opens them, and prints
    the table for the gateways' configuration.
    """
    _set_up(home)
    from licet.portal.incidents.handing import hand_out

    try:
        click.echo(hand_out(code, url or "http://127.0.0.1:8090", folder or Path.cwd()), nl=False)
    except (Trouble, OSError) as trouble:
        raise Refused(str(trouble)) from trouble


@portal.command("provider-keys")
@click.option("--end", "kid", metavar="KID", help="From now on nothing that it signs is taken.")
@home_option
def provider_keys(kid: str | None, home: Home) -> None:
    """List the keys of providers' installations; end one."""
    _set_up(home)
    from licet.base.clock import SystemClock, rfc3339
    from licet.portal.api.enrolling import end_key, list_keys

    try:
        if kid is not None:
            end_key(kid, SystemClock().now())
    except Trouble as trouble:
        raise Refused(str(trouble)) from trouble
    for row in list_keys():
        ended = f"ended {rfc3339(row.until)}" if row.until else "open"
        click.echo(f"{row.kid}  {row.body.code:24} since {rfc3339(row.since)}  {ended}")


@portal.command("family-key")
@home_option
def family_key(home: Home) -> None:
    """Print the key with which the provider's program signs tickets for the pages of families.

    A ticket is a JSON Web Token, HS256, with `sub` (the user's reference), `jti` (drawn anew) and
    `exp` (ten minutes ahead at most). It opens https://PORTAL/zh/family/enter/?ticket=TICKET once.
    """
    from licet.portal.families.ticket import SECRET
    from licet.portal.settings import load_or_create_secret

    home.create()
    click.echo(load_or_create_secret(home.root, SECRET))


def _set_up(home: Home) -> None:
    """Django, with its database up to date, and no server."""
    from licet.portal.serving import set_up

    try:
        set_up(installation(home))
    except Trouble as trouble:
        raise Refused(str(trouble)) from trouble


__all__ = ["open_beside", "portal"]

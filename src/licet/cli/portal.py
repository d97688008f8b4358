"""`licet portal`: run the desks and the public register, and say who may sign in.

It refuses to know pages and law: parse, call, render.
"""

from __future__ import annotations

import os

import click

from licet.base.trouble import Trouble
from licet.cli.home import Home, home_option
from licet.cli.refused import Refused
from licet.portal.settings import LOCAL, ROLES, Installation, load_or_create_secret

DATABASE = "LICET_DATABASE_URL"


def installation(home: Home, roles: tuple[str, ...] = (), **more: object) -> Installation:
    """The portal of a home folder, as the environment and the command line say."""
    return Installation(
        home=home.root,
        roles=tuple(one for one in ROLES if one in roles) or ROLES,
        database_url=os.environ.get(DATABASE, ""),
        secret=load_or_create_secret(home.root),
        **more,  # type: ignore[arg-type]
    )


@click.group(invoke_without_command=True)
@click.option(
    "--role", "roles", multiple=True, type=click.Choice(ROLES),
    help="Whose desk this is (repeatable; default: both).",
)  # fmt: skip
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8090, show_default=True, type=click.IntRange(0, 65_535))
@click.option(
    "--name", "names", multiple=True, metavar="HOST",
    help="A name that people reach it by (repeatable); other names are refused.",
)  # fmt: skip
@click.option("--https", is_flag=True, help="People reach it by HTTPS alone.")
@home_option
@click.pass_context
def portal(
    context: click.Context, roles: tuple[str, ...], host: str, port: int,
    names: tuple[str, ...], https: bool, home: Home,
) -> None:  # fmt: skip
    """Run the desks and the public register.

    The database is SQLite in the home folder, or what LICET_DATABASE_URL names.
    """
    if context.invoked_subcommand is not None:
        return
    from licet.gateway.running import bind
    from licet.portal.serving import portal_app, run_portal

    home.create()
    try:
        chosen = installation(home, roles, https=https, hosts=(*LOCAL, host, *names))
        listener = bind(host, port)
        app = portal_app(chosen)
    except Trouble as trouble:
        raise Refused(str(trouble)) from trouble
    click.echo(f"The portal stands at http://{host}:{listener.getsockname()[1]}/")
    run_portal(app, listener)


__all__ = ["portal"]

"""`licet licence demo`: suspend, restore or revoke the demo licence of `licet up`, to see it work.

It refuses to touch a licence that is not a demo: an authority's decisions are cases, with
reasons, two officers and an entry in its ledger.
"""

from __future__ import annotations

import secrets

import click

from licet.base.clock import SystemClock
from licet.base.trouble import NotAllowed, NotFound
from licet.cli.home import Home, home_option
from licet.credentials import Status
from licet.credentials.issuer import open_issuer
from licet.gateway.app import list_settings
from licet.gateway.config import load_config
from licet.rulebook import load_pack

_ACTS = {"suspend": Status.SUSPENDED, "restore": Status.VALID, "revoke": Status.REVOKED}
_DONE = {"suspend": "suspended", "restore": "restored", "revoke": "revoked, for good"}


@click.command()
@click.argument("act", type=click.Choice(sorted(_ACTS)))
@home_option
def demo(act: str, home: Home) -> None:
    """Suspend, restore or revoke the demo licence of `licet up`.

    A running gateway follows within the time that the status list names.
    """
    config = load_config(home.config)
    licence = config.licence
    if licence is None or licence.authority_home is None:
        raise NotFound("no demo authority is kept here.", hint="`licet up` keeps one.")
    settings = list_settings(load_pack(config.guard.pack))
    issuer = open_issuer(
        licence.authority_home, licence.public_url, settings, secrets.token_bytes
    )  # fmt: skip
    issued = issuer.licences()
    if not issued:
        raise NotFound("nothing was licensed here yet.", hint="Start `licet up` once.")
    last = issued[-1][0]
    if not last.demo:
        raise NotAllowed(f"{last.filing} is not a demo.", hint="Decide it as a case.")
    changed = issuer.set_status(last.id, _ACTS[act], SystemClock().now())
    said = _DONE[act] if changed else "so already"
    click.echo(f"{last.filing}: {said}; gateways follow within {settings.ttl_s} s")


__all__ = ["demo"]

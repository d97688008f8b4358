"""The demo licence of `licet up`: a newcomer's own authority grants it, by nobody's authority.

It refuses to pass for a real one: the token, every answer's header, the list of models and the
terminal say that it is a demo.

Rules
1. A licence that is still good for this address is kept; a new one takes over filing number and
   status from the last: starting again lifts no suspension.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from pathlib import Path

from licet.base.ids import Chance
from licet.base.keyfile import replace_file
from licet.base.trouble import Trouble
from licet.credentials import Condition, Licence, Status, Terms, read_status_list
from licet.credentials.issuer import Issuer, open_issuer
from licet.credentials.keyfiles import load_or_create_signing_key
from licet.credentials.shelf import Shelf
from licet.gateway.app import list_settings
from licet.gateway.config import LicenceConfig
from licet.gateway.licensing import read_held
from licet.rulebook import Pack

DAYS, SPARE_DAYS = 30, 7
_WITHOUT_FORCE = {
    "zh": "演示用途，不具有法律效力。",
    "en": "To try things out; without legal force.",
}


def grant_demo_licence(
    config: LicenceConfig, shelf_folder: Path, pack: Pack, now: datetime,
    chance: Chance = secrets.token_bytes,
) -> Licence:  # fmt: skip
    """See that a demo licence lies where the configuration wants one, with keys and a list."""
    assert config.authority_home is not None
    issuer = open_issuer(config.authority_home, config.public_url, list_settings(pack), chance)
    replace_file(config.authority_keys, issuer.keys.as_jwks() + b"\n")
    load_or_create_signing_key(config.key_file, chance)
    licence = _kept(config, now) or _grant(issuer, config, pack, now, chance)
    Shelf(shelf_folder).put(
        read_status_list(issuer.status_token(now), issuer.keys), issuer.keys
    )  # fmt: skip
    return licence


def _kept(config: LicenceConfig, now: datetime) -> Licence | None:
    try:
        licence = read_held(config).licence
    except Trouble:
        return None
    fits = licence.issuer == config.public_url
    return licence if fits and licence.ends - now > timedelta(days=SPARE_DAYS) else None


def _grant(
    issuer: Issuer, config: LicenceConfig, pack: Pack, now: datetime, chance: Chance
) -> Licence:
    before = issuer.licences()
    filing = before[-1][0].filing if before else f"Demo-Licet-{now:%Y%m%d}"
    begins = now.replace(microsecond=0)
    terms = Terms(
        holder="urn:licet:demo:holder",
        provider="Demo provider",
        service="Licet demo",
        model="Demo",
        filing=filing,
        route="demo",
        regime=pack.id,
        regime_version=pack.version,
        begins=begins,
        ends=begins + timedelta(days=DAYS),
        key=load_or_create_signing_key(config.key_file, chance).public,
        conditions=(Condition("demo", _WITHOUT_FORCE),),
        demo=True,
    )
    licence, token = issuer.issue(terms, now)
    if before and before[-1][1] is not Status.VALID:
        issuer.set_status(licence.id, before[-1][1], now)
    replace_file(config.token_file, f"{token}\n".encode("ascii"))
    return licence

"""The portal of a home folder, as the environment and the command line say.

It refuses to load the portal: whoever asks sets it up.
"""

from __future__ import annotations

import os

from licet.cli.home import Home
from licet.portal.settings import ROLES, Installation, load_or_create_secret

FROM_ENVIRONMENT = {
    "database_url": "LICET_DATABASE_URL",
    "pack": "LICET_PACK",
    "mail_url": "LICET_MAIL_URL",
    "oidc_url": "LICET_OIDC_URL",
    "gateway_url": "LICET_GATEWAY_URL",
    "gateway_key": "LICET_GATEWAY_KEY",
    "gateway_body": "LICET_GATEWAY_BODY",
    "compute": "LICET_COMPUTE",
}


def installation(home: Home, roles: tuple[str, ...] = (), **more: object) -> Installation:
    """What is said of the installation in a home folder; what is not said is its default."""
    said = {
        name: os.environ[key]
        for name, key in FROM_ENVIRONMENT.items()
        if os.environ.get(key) and name not in more
    }
    return Installation(
        home=home.root,
        roles=tuple(one for one in ROLES if one in roles) or ROLES,
        secret=load_or_create_secret(home.root),
        **said,  # type: ignore[arg-type]
        **more,  # type: ignore[arg-type]
    )

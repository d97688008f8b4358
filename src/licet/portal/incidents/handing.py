"""What a provider's gateways need to take measures from this portal: keys, token, configuration.

It refuses to know gateways.
"""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import quote

from licet.base.keyfile import replace_file
from licet.base.trouble import NotFound
from licet.portal.accounts.models import Body
from licet.portal.incidents import listing

KEYS, TOKEN = "measures.jwks", "measures.token"
TABLE = """\
[measures]
url = {url}
desk_keys = {keys}
token_file = {token}
"""


def hand_out(code: str, url: str, folder: Path) -> str:
    """Write key set and token into `folder`; the table of the configuration that names them.

    Raises NotFound where there is no such provider, OSError where the folder takes no files.
    """
    if not Body.objects.filter(code=code, kind="provider").exists():
        raise NotFound(f"there is no provider {code!r} here.", hint="Name a person of it first.")
    folder.mkdir(parents=True, exist_ok=True)
    replace_file(folder / KEYS, listing.desk_keys().as_jwks() + b"\n")
    replace_file(folder / TOKEN, f"{listing.token_of(code)}\n".encode("ascii"))
    address = f"{url.rstrip('/')}/measures/{quote(code, safe='')}/list"
    paths = (str((folder / name).absolute()) for name in (KEYS, TOKEN))
    keys, token = (json.dumps(path, ensure_ascii=False) for path in paths)
    return TABLE.format(url=json.dumps(address), keys=keys, token=token)

"""Style, script and icon: small files that ship with us, served by content address.

It refuses to serve anything that is not in `design/assets` or named in PACKAGED.

Rules
1. The digest of a file stands in its address, so an answer may be kept for ever; an address with
   another digest is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from licet.base.canonical import sha256_hex

TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
PACKAGED = {
    "htmx.js": ("django_htmx", "static/django_htmx/htmx-2.min.js"),
    "onload.js": ("allauth.account", "static/account/js/onload.js"),
    "webauthn-json.js": ("allauth.mfa", "static/mfa/js/webauthn-json.js"),
    "webauthn.js": ("allauth.mfa", "static/mfa/js/webauthn.js"),
}
"""Scripts of libraries, as the libraries ship them: none is written or copied here."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One file and the address it is served at."""

    body: bytes
    kind: str
    address: str


@cache
def assets() -> dict[str, Asset]:
    """Every asset by its name."""
    ours = {file.name: file for file in files(__package__).joinpath("assets").iterdir()}
    theirs = {name: files(package).joinpath(path) for name, (package, path) in PACKAGED.items()}
    found = {}
    for name, file in (ours | theirs).items():
        kind = TYPES.get(name.rpartition(".")[2])
        if kind is not None:
            body = file.read_bytes()
            found[name] = Asset(body, kind, f"/assets/{sha256_hex(body)[:16]}/{name}")
    return found


@require_safe
def show_asset(request: HttpRequest, digest: str, name: str) -> HttpResponse:
    """GET /assets/DIGEST/NAME."""
    asset = assets().get(name)
    if asset is None or asset.address != f"/assets/{digest}/{name}":
        raise Http404
    keep = {"cache-control": "public, max-age=31536000, immutable"}
    return HttpResponse(asset.body, content_type=asset.kind, headers=keep)

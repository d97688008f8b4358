"""What every template may use: who we are, the language, and what the reader may open.

It refuses to know pages.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from licet.portal.design.languages import current
from licet.portal.pack import procedure


def everywhere(request: HttpRequest) -> dict[str, Any]:
    """The context processor of the portal."""
    return {
        "language": current(),
        "roles": settings.LICET_ROLES,
        "issuing": bool(settings.LICET_PUBLIC_URL and procedure().status_list),
        "outside": settings.LICET_OIDC,
        "demo": settings.LICET_DEMO,
        "families": bool(settings.LICET_GATEWAY_URL) and "provider" in settings.LICET_ROLES,
        "at": request.resolver_match.view_name if request.resolver_match else "",
    }

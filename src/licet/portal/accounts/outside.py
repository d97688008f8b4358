"""Our terms to allauth where somebody else vouches for people (OpenID Connect).

It refuses to make accounts: bodies name their people. Imported only where an issuer is set.
"""

from __future__ import annotations

from typing import Any

from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.http import HttpRequest

from licet.portal.accounts.models import Person


class Outside(DefaultSocialAccountAdapter):
    """What differs from allauth's own ways."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Never: whoever is not named here does not come in by being known elsewhere."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """The first time, whoever is vouched for is the person of ours with that address, if it
        is said to be verified; later they are known by the issuer's own name for them."""
        if sociallogin.is_existing:
            return
        known = [one.email.lower() for one in sociallogin.email_addresses if one.verified]
        person = Person.objects.filter(email__in=known, is_active=True).first()
        if person is not None:
            sociallogin.connect(request, person)

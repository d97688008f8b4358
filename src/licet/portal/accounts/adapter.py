"""Our terms to allauth: nobody makes an account for themselves.

It refuses to know pages.
"""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class Adapter(DefaultAccountAdapter):
    """What differs from allauth's own ways."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: bodies name their people (`licet portal person`)."""
        return False

    def add_message(self, *args: object, **more: object) -> None:
        """Says nothing: a page that changed shows that it did."""

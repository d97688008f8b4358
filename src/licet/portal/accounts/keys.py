"""Passkeys as they come from a browser: read, or refused with words.

It refuses to know cryptography: fido2 checks, allauth asks it to.

Rules
1. What is sent is a stranger's. Where the libraries stumble over its shape, that is no bug of ours
   but a passkey that is not one.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn import forms

_STUMBLES = (KeyError, ValueError, TypeError, AttributeError)


@contextmanager
def _sound() -> Iterator[None]:
    """Rule 1."""
    try:
        yield
    except _STUMBLES:
        raise get_adapter().validation_error("incorrect_code") from None


class Make(forms.AddWebAuthnForm):
    """A new passkey."""

    def clean(self) -> dict[str, Any]:
        with _sound():
            return dict(super().clean())


class Answer(forms.AuthenticateWebAuthnForm):
    """A passkey as the second factor."""

    def clean_credential(self) -> Any:
        with _sound():
            return super().clean_credential()


class SignIn(forms.LoginWebAuthnForm):
    """A passkey alone."""

    def clean_credential(self) -> Any:
        with _sound():
            return super().clean_credential()


class Again(forms.ReauthenticateWebAuthnForm):
    """A passkey before something that matters."""

    def clean_credential(self) -> Any:
        with _sound():
            return super().clean_credential()

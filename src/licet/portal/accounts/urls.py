"""The addresses of signing in: of all that allauth offers, what we use.

It refuses to offer signing up, and changing of addresses.
"""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from django.apps import apps
from django.urls import URLPattern, path

urlpatterns = [
    path("sign-in/", account.login, name="account_login"),
    path("closed/", account.account_inactive, name="account_inactive"),
    path("sign-out/", account.logout, name="account_logout"),
    path("password/", account.password_change, name="account_change_password"),
    path("again/", account.reauthenticate, name="account_reauthenticate"),
    path("factor/", mfa.index, name="mfa_index"),
    path("factor/ask/", mfa.authenticate, name="mfa_authenticate"),
    path("factor/again/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path("factor/app/", totp.activate_totp, name="mfa_activate_totp"),
    path("factor/app/off/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("factor/keys/", passkeys.list_webauthn, name="mfa_list_webauthn"),
    path("factor/keys/new/", passkeys.add_webauthn, name="mfa_add_webauthn"),
    path("factor/keys/<int:pk>/off/", passkeys.remove_webauthn, name="mfa_remove_webauthn"),
    path("factor/keys/ask/", passkeys.login_webauthn, name="mfa_login_webauthn"),
    path(
        "factor/keys/again/", passkeys.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"
    ),
    path("factor/codes/", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("factor/codes/new/", codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
]

outside: list[URLPattern] = []
"""Addresses that an issuer of OpenID Connect knows, so without a language."""
if apps.is_installed("allauth.socialaccount"):
    from allauth.socialaccount.providers.openid_connect import views as oidc
    from allauth.socialaccount.views import login_cancelled

    outside = [
        path("oidc/cancelled", login_cancelled, name="socialaccount_login_cancelled"),
        path("oidc/<str:provider_id>", oidc.login, name="openid_connect_login"),
        path("oidc/<str:provider_id>/callback", oidc.callback, name="openid_connect_callback"),
    ]

"""The one place that builds the portal: an installation's choices become Django's settings.

It refuses to know pages and law. `start` sets Django up, once in a process; nothing else here
touches the world but `load_or_create_secret`.

Rules
1. What may be wrong in an installation is refused before Django sees it, with what to do.
2. Nothing is left to Django's defaults that an attacker would care about: hosts, cookies, body
   sizes, hashing.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from licet.base.keyfile import write_once
from licet.base.trouble import BadInput, Conflict, NotAllowed
from licet.portal.design.languages import FIRST, LANGUAGES
from licet.rulebook import load_pack

Role = Literal["authority", "provider"]
ROLES: tuple[Role, ...] = ("authority", "provider")
LOCAL = ("localhost", "127.0.0.1", "[::1]")
FORM_BYTES_MAX = 2 << 20
UPLOAD_BYTES_MAX = 64 << 20
FIELDS_MAX = 500
OUTSIDE_TIMEOUT_S = 10
OIDC = "oidc"
_MAIL = "django.core.mail.backends"
_DESIGN = Path(__file__).parent / "design"


@dataclass(frozen=True, slots=True)
class Installation:
    """What one portal is told. `home` holds its database, keys and attachments."""

    home: Path
    roles: tuple[Role, ...] = ROLES
    database_url: str = ""
    """Empty: SQLite in `home`; else `postgresql://…` or `sqlite:PATH`."""
    hosts: tuple[str, ...] = LOCAL
    """Names that it is reached by; others are refused."""
    public_url: str = ""
    """Where the public reaches it, as licences name it: `https://authority.example`."""
    pack: str = "cn-genai-2023"
    https: bool = False
    """Whether people reach it by HTTPS: cookies are then never sent without."""
    demo: bool = False
    """Says on every page that nothing here is real."""
    mail_url: str = field(default="", repr=False)
    """How letters leave: `smtp://…`, `smtps://USER:PASSWORD@HOST?from=…`. Empty: none are sent."""
    oidc_url: str = field(default="", repr=False)
    """Who else vouches for people (OpenID Connect): `https://CLIENT:SECRET@HOST/PATH`."""
    gateway_url: str = ""
    """Where the provider's gateway is reached; empty: there are no pages for families."""
    gateway_key: str = field(default="", repr=False)
    """A key of that gateway that names the route `minors`."""
    gateway_body: str = ""
    """Code of the provider whose gateway it is; empty: of every provider with people here."""
    compute: Literal["", "local"] = ""
    """`local`: jobs of the commons are processes of this machine, with the portal's rights."""
    secret: str = field(default="", repr=False)


def make_settings(chosen: Installation) -> dict[str, Any]:
    """Django's settings. Raises BadInput for what cannot be meant, NotFound for
    a pack that is not there."""
    _refuse_unmeant(chosen)
    return {
        "SECRET_KEY": chosen.secret,
        "DEBUG": False,
        "ALLOWED_HOSTS": list(chosen.hosts),
        "ROOT_URLCONF": "licet.portal.urls",
        "INSTALLED_APPS": [*_APPS, *(_OUTSIDE if chosen.oidc_url else ())],
        "MIDDLEWARE": _MIDDLEWARE,
        "TEMPLATES": [_TEMPLATES],
        "DATABASES": {"default": read_database(chosen.database_url, chosen.home)},
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "USE_TZ": True,
        "TIME_ZONE": load_pack(chosen.pack).time_zone,
        "LANGUAGE_CODE": LANGUAGES[FIRST].catalogue,
        "LANGUAGES": [(one.catalogue, one.name) for one in LANGUAGES.values()],
        "APPEND_SLASH": True,
        "DATA_UPLOAD_MAX_MEMORY_SIZE": FORM_BYTES_MAX,
        "DATA_UPLOAD_MAX_NUMBER_FIELDS": FIELDS_MAX,
        # What is sealed is never written to disk as it comes; `serving` bounds every body.
        "FILE_UPLOAD_HANDLERS": ["django.core.files.uploadhandler.MemoryFileUploadHandler"],
        "FILE_UPLOAD_MAX_MEMORY_SIZE": UPLOAD_BYTES_MAX,
        "X_FRAME_OPTIONS": "DENY",
        "SESSION_COOKIE_NAME": "licet_session",
        "SESSION_COOKIE_SECURE": chosen.https,
        "SESSION_COOKIE_AGE": 12 * 3600,
        "CSRF_COOKIE_NAME": "licet_csrf",
        "CSRF_COOKIE_SECURE": chosen.https,
        "CSRF_COOKIE_HTTPONLY": True,
        "CSRF_FAILURE_VIEW": "licet.portal.public.faults.forged",
        "MESSAGE_STORAGE": "django.contrib.messages.storage.session.SessionStorage",
        "LOGGING_CONFIG": None,
        "LICET_HOME": chosen.home,
        "LICET_ROLES": chosen.roles,
        "LICET_PACK": chosen.pack,
        "LICET_CARRIER": "licet.portal.outbox.carrying.carry",
        "LICET_REPORTER": "licet.portal.outbox.reporting.carry",
        "LICET_OUTBOX": "licet.portal.outbox.reporting",
        "LICET_MATTERS": "licet.portal.incidents.notices",
        "LICET_DEMO": chosen.demo,
        "LICET_PUBLIC_URL": chosen.public_url,
        "LICET_GATEWAY_URL": chosen.gateway_url,
        "LICET_GATEWAY_KEY": chosen.gateway_key,
        "LICET_GATEWAY_BODY": chosen.gateway_body,
        "MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN": not chosen.https,  # browsers: on this machine alone
        **read_mail(chosen.mail_url),
        **_SIGN_IN,
        **read_oidc(chosen.oidc_url),
    }


def _refuse_unmeant(chosen: Installation) -> None:
    """Rule 1, for what does not hang on a URL."""
    if not chosen.roles or set(chosen.roles) - set(ROLES):
        raise BadInput("a portal is an authority, a provider or both.", hint="Give --role.")
    if chosen.gateway_url and not chosen.gateway_key:
        raise BadInput(
            "there is a gateway to ask and no key to ask it with.",
            hint="Give LICET_GATEWAY_KEY one: licet keys create --name families --routes minors",
        )
    if chosen.compute not in ("", "local"):
        raise BadInput("jobs run nowhere or `local`.", hint="See LICET_COMPUTE.")
    if len(chosen.secret) < 50:
        raise BadInput("the portal's secret is too short.", hint="Let it be made at the start.")


def read_database(url: str, home: Path) -> dict[str, Any]:
    """Django's entry for the database at `url`. Raises BadInput where the URL names none."""
    if not url or url.startswith("sqlite:"):
        path = url.removeprefix("sqlite:").removeprefix("//")
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(home / (path or "portal.db")),
            "OPTIONS": {
                "timeout": 10,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
            },
        }
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql") or not parts.path.strip("/"):
        raise BadInput(
            "the database's URL is neither sqlite:PATH nor postgresql://USER@HOST/NAME.",
            hint="See LICET_DATABASE_URL.",
        )
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "OPTIONS": dict(parse_qsl(parts.query)),
    }


def read_mail(url: str) -> dict[str, Any]:
    """Django's settings for sending letters at `url`. Raises BadInput where the URL says no way.

    `smtps://` speaks TLS from the first byte, `smtp://` turns to it (STARTTLS) unless the server
    is on this machine.
    """
    if not url:
        return {
            "LICET_MAIL": False,
            "EMAIL_BACKEND": f"{_MAIL}.dummy.EmailBackend",
        }
    parts = urlsplit(url)
    sender = dict(parse_qsl(parts.query)).get("from", "")
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or "@" not in sender:
        raise BadInput(
            "the address for letters is not smtp[s]://USER:PASSWORD@HOST:PORT?from=ADDRESS.",
            hint="See LICET_MAIL_URL.",
        )
    secure = parts.scheme == "smtps"
    return {
        "LICET_MAIL": True,
        "EMAIL_BACKEND": f"{_MAIL}.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or (465 if secure else 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": secure,
        "EMAIL_USE_TLS": not secure and parts.hostname not in LOCAL,
        "EMAIL_TIMEOUT": OUTSIDE_TIMEOUT_S,
        "DEFAULT_FROM_EMAIL": sender,
    }


def read_oidc(url: str) -> dict[str, Any]:
    """allauth's settings for signing in through the issuer at `url`. Raises BadInput."""
    if not url:
        return {"LICET_OIDC": ""}
    parts = urlsplit(url)
    if parts.scheme != "https" or not (parts.hostname and parts.username and parts.password):
        raise BadInput(
            "the address of who vouches for people is not https://CLIENT:SECRET@HOST/PATH.",
            hint="See LICET_OIDC_URL.",
        )
    issuer = f"https://{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}"
    app = {
        "provider_id": OIDC, "name": parts.hostname, "client_id": unquote(parts.username),
        "secret": unquote(parts.password),
        "settings": {"server_url": issuer, "oauth_pkce_enabled": True},
    }  # fmt: skip
    return {
        "LICET_OIDC": parts.hostname,
        "SOCIALACCOUNT_ADAPTER": "licet.portal.accounts.outside.Outside",
        "SOCIALACCOUNT_PROVIDERS": {"openid_connect": {"APPS": [app]}},
        "SOCIALACCOUNT_STORE_TOKENS": False,
        "SOCIALACCOUNT_REQUESTS_TIMEOUT": OUTSIDE_TIMEOUT_S,
    }


def load_or_create_secret(home: Path, name: str = "portal.secret") -> str:
    """The key that signs sessions (or another by its name), made when it is first wanted, for its
    owner alone (0600)."""
    path = home / "keys" / name
    if not path.exists():
        with suppress(NotAllowed):  # another process was first: its secret counts
            write_once(path, f"{secrets.token_urlsafe(64)}\n".encode())
    return path.read_text(encoding="ascii").strip()


def start(chosen: Installation) -> None:
    """Set Django up. Raises Conflict where it was set up for another installation before."""
    import django
    from django.conf import settings

    wanted = make_settings(chosen)
    if settings.configured:
        if chosen.home != settings.LICET_HOME:
            raise Conflict("one process runs one portal.", hint="Start another process.")
        return
    settings.configure(**wanted)
    django.setup()


_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "licet.portal.design",
    "licet.portal.accounts",
    "licet.portal.register",
    "licet.portal.filings",
    "licet.portal.incidents",
    "licet.portal.dossiers",
    "licet.portal.labelling",
    "licet.portal.families",
    "licet.portal.orders",
    "licet.portal.api",
    "licet.portal.outbox",
    "licet.portal.public",
    "allauth",
    "allauth.account",
    "allauth.mfa",
]
_OUTSIDE = ("allauth.socialaccount", "allauth.socialaccount.providers.openid_connect")
_MIDDLEWARE = [
    "licet.portal.design.middleware.speak",
    "django.middleware.http.ConditionalGetMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "licet.portal.design.middleware.keep_safe",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "licet.portal.accounts.gate.SecondFactor",
    "licet.portal.roles.OneSide",
    "licet.portal.filings.middleware.up_to_date",
]
_TEMPLATES: dict[str, Any] = {
    "BACKEND": "django.template.backends.django.DjangoTemplates",
    "DIRS": [_DESIGN / "templates"],
    "APP_DIRS": True,
    "OPTIONS": {
        "builtins": [
            "licet.portal.design.templatetags.licet",
            "licet.portal.dossiers.templatetags.dossiers",
            "licet.portal.orders.templatetags.orders",
            "licet.portal.outbox.templatetags.outbox",
            "licet.portal.design.templatetags.corpus",
            "licet.portal.design.templatetags.compute",
        ],
        "context_processors": [
            "django.template.context_processors.request",
            "django.contrib.auth.context_processors.auth",
            "django.contrib.messages.context_processors.messages",
            "licet.portal.design.context.everywhere",
            "licet.portal.filings.notice_views.of_reader",
        ],
    },
}
_SIGN_IN: dict[str, Any] = {
    "AUTH_USER_MODEL": "accounts.Person",
    "AUTHENTICATION_BACKENDS": ["allauth.account.auth_backends.AuthenticationBackend"],
    "PASSWORD_HASHERS": ["django.contrib.auth.hashers.ScryptPasswordHasher"],
    "AUTH_PASSWORD_VALIDATORS": [
        {
            "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
            "OPTIONS": {"min_length": 12},
        },
        {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
        {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    ],
    "LOGIN_URL": "account_login",
    "LOGIN_REDIRECT_URL": "home",
    "LOGOUT_REDIRECT_URL": "home",
    "ACCOUNT_ADAPTER": "licet.portal.accounts.adapter.Adapter",
    "ACCOUNT_USER_MODEL_USERNAME_FIELD": None,
    "ACCOUNT_LOGIN_METHODS": {"email"},
    "ACCOUNT_SIGNUP_FIELDS": ["email*", "password1*", "password2*"],
    "ACCOUNT_EMAIL_VERIFICATION": "none",
    "ACCOUNT_SESSION_REMEMBER": False,
    "ACCOUNT_LOGOUT_ON_GET": False,
    "MFA_SUPPORTED_TYPES": ["totp", "webauthn", "recovery_codes"],
    "MFA_PASSKEY_LOGIN_ENABLED": True,
    "MFA_FORMS": {
        "add_webauthn": "licet.portal.accounts.keys.Make",
        "authenticate_webauthn": "licet.portal.accounts.keys.Answer",
        "login_webauthn": "licet.portal.accounts.keys.SignIn",
        "reauthenticate_webauthn": "licet.portal.accounts.keys.Again",
    },
    "MFA_WEBAUTHN_USER_VERIFICATION": "required",  # a passkey is two factors: key and person
    "MFA_TOTP_ISSUER": "Licet",
    "MFA_TOTP_TOLERANCE": 1,  # the code before and after this minute's, for clocks that differ
}

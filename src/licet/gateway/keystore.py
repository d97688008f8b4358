"""Which store of keys a URL means: SQLite by default, PostgreSQL by URL."""

from __future__ import annotations

from pathlib import Path

from licet.base.extras import to_install
from licet.base.trouble import BadInput
from licet.gateway.keyring import KeyStore
from licet.gateway.keystore_sqlite import SqliteKeyStore


def open_keystore(url: str) -> KeyStore:
    """The store at `sqlite:PATH` or `postgresql://…`, its tables made where absent.

    Raises BadInput for another kind of URL, Unavailable where the store does not answer.
    """
    if url.startswith("sqlite:"):
        return SqliteKeyStore(Path(url.removeprefix("sqlite:")))
    if url.startswith(("postgresql://", "postgres://")):
        # Imported here: the driver is an extra that an SQLite installation does not have.
        try:
            from licet.gateway.keystore_postgres import PostgresKeyStore
        except ImportError:
            raise BadInput(
                "keys in PostgreSQL need a driver that is not installed.",
                hint=to_install("postgres"),
            ) from None
        return PostgresKeyStore(url)
    raise BadInput(
        "the keys' url is neither sqlite: nor postgresql://.",
        hint="Write sqlite:/path/to/keys.db or postgresql://user@host/database.",
    )

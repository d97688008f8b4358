"""From the name of a place to the store that is there.

Refuses to know what is done with the store.
"""

from __future__ import annotations

from pathlib import Path

from licet.base.extras import to_install
from licet.base.trouble import BadInput
from licet.ledger.store import Store
from licet.ledger.store_sqlite import SqliteStore

POSTGRES = ("postgresql://", "postgres://")
_SQLITE = "sqlite:"


def open_store(where: str | Path, *, read_only: bool = False) -> Store:
    """The store at a path, `sqlite:PATH` or `postgresql://…`.

    Raises BadInput where PostgreSQL is named and its driver is not installed; otherwise as
    the stores do.
    """
    place = str(where)
    if not place.startswith(POSTGRES):
        return SqliteStore(Path(place.removeprefix(_SQLITE)), read_only=read_only)
    try:
        from licet.ledger.store_postgres import PostgresStore
    except ImportError:
        raise BadInput(
            "PostgreSQL is named, but its driver is not here",
            hint=to_install("postgres"),
        ) from None
    return PostgresStore(place, read_only=read_only)


def shown_place(where: str | Path) -> str:
    """A place as it may be said aloud: the URL of a database may hold a password."""
    place = str(where)
    return "its database" if place.startswith(POSTGRES) else place.removeprefix(_SQLITE)

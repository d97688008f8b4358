"""Real databases for tests of stores: a file of the test's own, a schema of the test's own.

Rules
1. PostgreSQL is LICET_TEST_POSTGRES, else the server that a developer's machine runs; where it
   does not answer, the test is skipped and says so.
2. A test leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator

import pytest

POSTGRES_URL = os.environ.get(
    "LICET_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/test?connect_timeout=2"
)


@contextlib.contextmanager
def postgres_schema() -> Iterator[str]:
    """A URL whose tables go to a fresh schema, dropped afterwards. Skips where there is none."""
    psycopg = pytest.importorskip("psycopg", reason="the extra `postgres` is not installed")
    schema = f"licet_test_{secrets.token_hex(6)}"
    try:
        admin = psycopg.connect(POSTGRES_URL, autocommit=True)
    except psycopg.OperationalError:
        pytest.skip("no PostgreSQL answers; set LICET_TEST_POSTGRES to one that does")
    with admin:
        admin.execute(f"CREATE SCHEMA {schema}")
        try:
            joiner = "&" if "?" in POSTGRES_URL else "?"
            yield f"{POSTGRES_URL}{joiner}options=-csearch_path%3D{schema}"
        finally:
            admin.execute(f"DROP SCHEMA {schema} CASCADE")

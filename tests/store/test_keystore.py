"""One contract for every store of keys."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kit.databases import postgres_schema
from licet.base.trouble import BadInput, Corrupt, NotFound, Unavailable
from licet.gateway.keyring import KeyRing, KeyStore
from licet.gateway.keys import Grant, Key, KeyDenied
from licet.gateway.keystore import open_keystore

NOW = datetime(2026, 11, 24, 2, 19, 57, 123456, tzinfo=UTC)
GRANT = Grant(
    routes=frozenset({"chat", "models"}),
    models=("qwen-*", "glm"),
    rate_per_minute=30,
    concurrency_max=0,
    audience="minor",
    upstreams=("main",),
)


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:{tmp_path / 'sub' / 'keys.db'}"
    else:
        with postgres_schema() as url:
            yield url


@pytest.fixture
def store(url: str) -> Iterator[KeyStore]:
    store = open_keystore(url)
    yield store
    store.close()


@pytest.fixture
def neighbour(url: str, store: KeyStore) -> Iterator[KeyStore]:
    """Another process's view of the same keys."""
    other = open_keystore(url)
    yield other
    other.close()


class TestKeyStore:
    def test_what_was_created_is_found_as_it_was(self, store: KeyStore) -> None:
        key, text = store.create("app", GRANT, NOW)
        assert store.find(key.id) == key
        assert key.grant == GRANT
        assert key.created == NOW.replace(microsecond=123000)
        assert text[6:14] == key.prefix

    def test_the_list_is_oldest_first_and_keeps_the_revoked(self, store: KeyStore) -> None:
        made = [
            store.create(f"k{n}", Grant(), NOW + timedelta(seconds=n))[0].id for n in (2, 1, 3)
        ]
        store.revoke(made[0], NOW)
        assert [key.id for key in store.list()] == [made[1], made[0], made[2]]
        assert [key.revoked is None for key in store.list()] == [True, False, True]

    def test_revoking_twice_keeps_the_first_date(self, store: KeyStore) -> None:
        key, _ = store.create("app", Grant(), NOW)
        first = store.revoke(key.id, NOW)
        again = store.revoke(key.id, NOW + timedelta(days=1))
        assert first.revoked == again.revoked == NOW.replace(microsecond=123000)

    def test_an_unknown_key_is_not_found(self, store: KeyStore) -> None:
        for act in (lambda: store.find("key_x"), lambda: store.revoke("key_x", NOW)):
            with pytest.raises(NotFound, match="there is no key 'key_x'"):
                act()

    def test_an_unfit_key_is_refused_and_not_kept(self, store: KeyStore) -> None:
        with pytest.raises(BadInput):
            store.create("", Grant(), NOW)
        with pytest.raises(BadInput):
            store.create("app", Grant(models=()), NOW)
        assert list(store.list()) == []

    def test_every_change_is_seen_by_its_version(
        self, store: KeyStore, neighbour: KeyStore
    ) -> None:
        seen = [neighbour.version()]
        key, _ = store.create("app", Grant(), NOW)
        seen.append(neighbour.version())
        store.revoke(key.id, NOW)
        seen.append(neighbour.version())
        assert len(set(seen)) == 3
        assert neighbour.version() == seen[-1] == store.version()

    def test_opening_again_keeps_what_is_there(self, url: str, store: KeyStore) -> None:
        key, _ = store.create("app", Grant(), NOW)
        before = store.version()
        again = open_keystore(url)
        assert again.find(key.id) == key
        assert again.version() == before
        again.close()

    def test_a_revoked_key_stops_at_the_next_refresh(
        self, store: KeyStore, neighbour: KeyStore
    ) -> None:
        key, text = store.create("app", GRANT, NOW)
        ring = KeyRing(neighbour)
        assert ring.refresh(0.0)
        assert ring.find(text) == key
        store.revoke(key.id, NOW)
        assert ring.find(text) == key
        assert ring.refresh(1.0)
        assert ring.find(text) == KeyDenied("revoked", key.id)
        assert not ring.refresh(2.0)

    def test_the_text_is_kept_nowhere(self, store: KeyStore, url: str) -> None:
        _, text = store.create("app", Grant(), NOW)
        assert text not in repr(store.list())
        if url.startswith("sqlite:"):
            for file in Path(url[7:]).parent.iterdir():
                assert text.encode() not in file.read_bytes()


def test_the_file_of_keys_is_its_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        store = open_keystore(f"sqlite:{tmp_path / 'keys.db'}")
        store.create("app", Grant(), NOW)
    finally:
        os.umask(before)
    for file in tmp_path.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    store.close()


def test_a_key_removed_by_hand_stops_working(tmp_path: Path) -> None:
    store = open_keystore(f"sqlite:{tmp_path / 'keys.db'}")
    _, text = store.create("app", Grant(), NOW)
    ring = KeyRing(store)
    ring.refresh(0.0)
    assert isinstance(ring.find(text), Key)
    with sqlite3.connect(tmp_path / "keys.db") as db:
        db.execute("DELETE FROM api_key")
    db.close()
    ring.refresh(1.0)
    assert ring.find(text) == KeyDenied("unknown")
    store.close()


def test_a_key_revoked_by_hand_in_sql_stops_working(tmp_path: Path) -> None:
    store = open_keystore(f"sqlite:{tmp_path / 'keys.db'}")
    key, text = store.create("app", Grant(), NOW)
    with sqlite3.connect(tmp_path / "keys.db") as db:
        db.execute("UPDATE api_key SET revoked = datetime('now')")
    db.close()
    ring = KeyRing(store)
    ring.refresh(0.0)
    assert ring.find(text) == KeyDenied("revoked", key.id)
    store.close()


def test_a_row_that_cannot_be_read_says_which(tmp_path: Path) -> None:
    store = open_keystore(f"sqlite:{tmp_path / 'keys.db'}")
    key, _ = store.create("app", Grant(), NOW)
    with sqlite3.connect(tmp_path / "keys.db") as db:
        db.execute("""UPDATE api_key SET access = '{"routes":["teleport"]}'""")
    db.close()
    with pytest.raises(Corrupt, match=key.id):
        store.list()
    store.close()


def test_what_is_no_store_of_keys_is_refused(tmp_path: Path) -> None:
    (tmp_path / "keys.db").write_text("this is a letter, not a database " * 100)
    with pytest.raises(BadInput, match="is not a file of keys"):
        open_keystore(f"sqlite:{tmp_path / 'keys.db'}")
    with pytest.raises(Unavailable, match="cannot be used"):
        open_keystore(f"sqlite:{tmp_path / 'keys.db' / 'below'}")
    with pytest.raises(BadInput, match="neither sqlite: nor postgresql://"):
        open_keystore("mysql://x")


def test_a_database_that_is_down_is_unavailable_and_its_password_unsaid() -> None:
    pytest.importorskip("psycopg", reason="the extra `postgres` is not installed")
    with pytest.raises(Unavailable) as caught:
        open_keystore("postgresql://licet:hunter2@127.0.0.1:1/none")
    assert "hunter2" not in str(caught.value)

"""API keys: made of chance, recognised by digest, refused with a reason."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from licet.base.trouble import BadInput, Corrupt, Trouble, Unavailable
from licet.gateway.keyring import KeyRing
from licet.gateway.keys import Grant, Key, KeyDenied, digest, make_key

NOW = datetime(2026, 11, 24, 2, 19, 57, tzinfo=UTC)


class StoreInMemory:
    """Holds keys, and fails on request."""

    def __init__(self) -> None:
        self.keys: list[Key] = []
        self.trouble: Trouble | None = None

    def create(self, name: str, grant: Grant, now: datetime) -> tuple[Key, str]:
        key, text = make_key(name, grant, now, random.Random(len(self.keys)).randbytes)
        self.keys.append(key)
        return key, text

    def list(self) -> Sequence[Key]:
        return self.keys

    def find(self, key_id: str) -> Key:
        return next(key for key in self.keys if key.id == key_id)

    def revoke(self, key_id: str, now: datetime) -> Key:
        raise Unavailable

    def version(self) -> int:
        if self.trouble is not None:
            raise self.trouble
        return len(self.keys)

    def close(self) -> None: ...


def test_a_key_is_256_bits_in_43_letters_and_digits() -> None:
    lowest, text = make_key("a", Grant(), NOW, lambda n: bytes(n))
    assert text == "licet_" + "0" * 43
    assert lowest.prefix == "0" * 8
    _, highest = make_key("a", Grant(), NOW, lambda n: b"\xff" * n)
    assert re.fullmatch(r"licet_[0-9A-Za-z]{43}", highest)


def test_a_key_value_does_not_hold_its_text() -> None:
    key, text = make_key("a", Grant(), NOW, random.Random(1).randbytes)
    assert key.digest == digest(text)
    assert text not in repr(key)


@pytest.mark.parametrize(
    ("models", "model", "allowed"),
    [
        (("*",), "anything", True),
        (("qwen-*", "glm"), "qwen-7b", True),
        (("qwen-*", "glm"), "glm", True),
        (("qwen-*", "glm"), "glm-4", False),
        (("qwen-*",), "QWEN-7b", False),
        (("gpt-[45]*",), "gpt-5", True),
    ],
)
def test_models_are_granted_by_name_or_pattern(
    models: tuple[str, ...], model: str, allowed: bool
) -> None:
    assert Grant(models=models).allows_model(model) is allowed


def test_no_upstreams_named_means_any() -> None:
    assert Grant().allows_upstream("main")
    assert Grant(upstreams=("main",)).allows_upstream("main")
    assert not Grant(upstreams=("main",)).allows_upstream("other")


@pytest.mark.parametrize(
    ("name", "grant", "cause"),
    [
        ("", Grant(), "name of a key"),
        ("a\nb", Grant(), "name of a key"),
        ("a", Grant(routes=frozenset({"teleport"})), "no route 'teleport'"),  # type: ignore[arg-type]
        ("a", Grant(routes=frozenset()), "at least one route"),
        ("a", Grant(audience="elder"), "no audience 'elder'"),  # type: ignore[arg-type]
        ("a", Grant(models=("",)), "at least one model"),
        ("a", Grant(rate_per_minute=-1), "a limit is 0 to"),
        ("a", Grant(concurrency_max=1_000_000_001), "a limit is 0 to"),
    ],
)
def test_an_unfit_key_is_refused_with_cause(name: str, grant: Grant, cause: str) -> None:
    with pytest.raises(BadInput, match=cause) as caught:
        make_key(name, grant, NOW, random.Random(1).randbytes)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("presented", "reason"),
    [
        ("", "missing"),
        ("sk-123", "malformed"),
        ("licet_" + "é" * 43, "unknown"),
        ("licet_" + "\ud800" * 43, "unknown"),
        ("licet_" + "A" * 42, "malformed"),
        ("licet_" + "A" * 44, "malformed"),
        ("Licet_" + "A" * 43, "malformed"),
        ("licet_" + "A" * 43, "unknown"),
    ],
)
def test_what_is_no_key_is_denied_with_a_reason(presented: str, reason: str) -> None:
    ring = KeyRing(StoreInMemory())
    ring.refresh(0.0)
    assert ring.find(presented) == KeyDenied(reason)  # type: ignore[arg-type]


def test_before_the_first_refresh_nothing_is_served() -> None:
    store = StoreInMemory()
    _, text = store.create("a", Grant(), NOW)
    assert KeyRing(store).find(text) == KeyDenied("unavailable")


@pytest.mark.parametrize("trouble", [Unavailable("gone"), Corrupt("a row")])
def test_a_store_that_stays_silent_ends_the_serving(trouble: Trouble) -> None:
    store = StoreInMemory()
    key, text = store.create("a", Grant(), NOW)
    ring = KeyRing(store, stale_max_s=60.0)
    ring.refresh(100.0)
    store.trouble = trouble
    for now_s, answer in ((101.0, key), (160.0, key), (160.5, KeyDenied("unavailable"))):
        with pytest.raises(type(trouble)):
            ring.refresh(now_s)
        assert ring.find(text) == answer
    assert len(ring) == 0
    store.trouble = None
    assert ring.refresh(200.0)
    assert ring.find(text) == key


def test_a_lookup_among_ten_thousand_keys_takes_microseconds() -> None:
    store = StoreInMemory()
    texts = [store.create("a", Grant(), NOW)[1] for _ in range(10_000)]
    ring = KeyRing(store)
    ring.refresh(0.0)
    began = time.process_time()
    for text in texts:
        ring.find(text)
    each_us = (time.process_time() - began) / len(texts) * 1e6
    # 1.0 us measured, 3 us promised; slack for a busy machine.
    assert each_us < 12.0

"""One contract for every store of minors: what is known, and use counted once and exactly."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from kit.databases import postgres_schema
from licet.base.clock import SystemClock
from licet.base.trouble import BadInput, Conflict, Unavailable
from licet.minors.opening import open_store
from licet.minors.store import MinorsStore, SteadyClock, Subjects
from licet.minors.store_local import LocalStore
from licet.minors.use import Usage, mark
from licet.minors.zone import Zone
from licet.rulebook import load_pack

REDIS_URL = os.environ.get("LICET_TEST_REDIS", "redis://127.0.0.1:6379/0")
RULES = load_pack("cn-genai-2023").minors
RULE, ZONE = RULES.use, Zone(RULES.time_zone)
SUBJECT = "5" * 32
Open = Callable[[], MinorsStore]
Script = Callable[[MinorsStore, MinorsStore], Awaitable[None]]


def redis_answers() -> bool:
    where = urlsplit(REDIS_URL)
    try:
        socket.create_connection((where.hostname or "", where.port or 6379), 0.5).close()
    except OSError:
        return False
    return True


@pytest.fixture(params=["memory", "sqlite", "postgres", "redis"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Opens a store; those that are shared, twice over the same data."""
    clock = SystemClock()
    if request.param in ("memory", "sqlite"):
        url = "memory:" if request.param == "memory" else f"sqlite:{tmp_path / 'a' / 'minors.db'}"
        yield lambda: open_store(url, RULE, ZONE, clock)
    elif request.param == "postgres":
        with postgres_schema() as url:
            yield lambda: open_store(url, RULE, ZONE, clock)
    else:
        pytest.importorskip("redis", reason="the extra `redis` is not installed")
        if not redis_answers():
            pytest.skip("no Redis answers; set LICET_TEST_REDIS to one that does")
        from licet.minors.store_redis import RedisStore

        prefix = f"licet-test-{secrets.token_hex(6)}"
        yield lambda: RedisStore(RULE, ZONE, REDIS_URL, prefix=prefix)


@pytest.fixture
def shared(opened: Open, request: pytest.FixtureRequest) -> Callable[[Script], None]:
    """Plays a script on two gateways' views of a store, or on one twice where it is not shared."""

    def run(script: Script) -> None:
        async def act() -> None:
            one = opened()
            two = one if isinstance(one, LocalStore) else opened()
            try:
                await script(one, two)
            finally:
                await one.forget(SUBJECT)
                await one.close()
                if two is not one:
                    await two.close()

        asyncio.run(act())

    return run


Play = Callable[[Script], None]


def test_nobody_is_known_at_first(shared: Play) -> None:
    async def script(one: MinorsStore, two: MinorsStore) -> None:
        seen = await one.look(SUBJECT)
        assert seen.record is None
        assert seen.usage == Usage()
        assert abs(seen.at_ms - SystemClock().now().timestamp() * 1000) < 5_000

    shared(script)


def test_a_record_is_there_for_everybody_at_once(shared: Play) -> None:
    async def script(one: MinorsStore, two: MinorsStore) -> None:
        first = '{"a": "名"}'
        assert await one.put(SUBJECT, first, None)
        assert (await two.look(SUBJECT)).record == first
        assert await two.put(SUBJECT, "{}", first)
        assert (await one.look(SUBJECT)).record == "{}"

    shared(script)


def test_of_two_changes_to_one_record_the_later_is_told_to_look_again(shared: Play) -> None:
    async def script(one: MinorsStore, two: MinorsStore) -> None:
        both = await asyncio.gather(one.put(SUBJECT, "1", None), two.put(SUBJECT, "2", None))
        assert sorted(both) == [False, True]
        assert (await one.look(SUBJECT)).record == ("1" if both[0] else "2")
        assert not await two.put(SUBJECT, "3", "0")

    shared(script)


def test_a_sign_counts_the_reading_and_then_the_time_between(shared: Play) -> None:
    async def script(one: MinorsStore, two: MinorsStore) -> None:
        first = await one.mark(SUBJECT, 50)
        assert sum(first.usage.days.values()) == 50
        await asyncio.sleep(0.12)
        second = await two.mark(SUBJECT, 0)
        assert sum(second.usage.days.values()) == second.at_ms - first.at_ms
        assert second.usage.streak_ms == second.at_ms - first.at_ms
        assert (await one.look(SUBJECT)).usage == second.usage

    shared(script)


def test_looking_counts_nothing(shared: Play) -> None:
    async def script(one: MinorsStore, two: MinorsStore) -> None:
        await one.mark(SUBJECT, 30_000)
        for _ in range(3):
            await two.look(SUBJECT)
        assert sum((await one.look(SUBJECT)).usage.days.values()) == 30_000

    shared(script)


def test_counts_are_exact_under_many_streams_at_once(shared: Play) -> None:
    async def script(one: MinorsStore, two: MinorsStore) -> None:
        async def stream(store: MinorsStore) -> list[int]:
            return [(await store.mark(SUBJECT, 0)).at_ms for _ in range(25)]

        times = await asyncio.gather(*(stream(s) for s in (one, two) for _ in range(6)))
        signs = sorted(moment for each in times for moment in each)
        seen = await one.look(SUBJECT)
        assert sum(seen.usage.days.values()) == signs[-1] - signs[0]
        assert seen.usage.until_ms == signs[-1]

    shared(script)


def test_every_store_counts_as_the_rule_does(shared: Play) -> None:
    async def script(one: MinorsStore, two: MinorsStore) -> None:
        expected = Usage()
        for n, read_ms in enumerate((0, 40, 10, 90_000, 0, -5, 7)):
            seen = await (one, two)[n % 2].mark(SUBJECT, read_ms)
            expected = mark(expected, seen.at_ms, read_ms, RULE, ZONE)
            assert seen.usage == expected
            await asyncio.sleep(0.02)

    shared(script)


def test_records_and_counts_do_not_disturb_each_other(shared: Play) -> None:
    async def script(one: MinorsStore, two: MinorsStore) -> None:
        await one.mark(SUBJECT, 30_000)
        await two.put(SUBJECT, "{}", None)
        await one.mark(SUBJECT, 0)
        seen = await two.look(SUBJECT)
        assert seen.record == "{}"
        assert sum(seen.usage.days.values()) == 30_000

    shared(script)


def test_who_is_forgotten_is_unknown(shared: Play) -> None:
    async def script(one: MinorsStore, two: MinorsStore) -> None:
        await one.put(SUBJECT, "{}", None)
        await one.mark(SUBJECT, 30_000)
        await two.forget(SUBJECT)
        seen = await one.look(SUBJECT)
        assert (seen.record, seen.usage) == (None, Usage())

    shared(script)


def test_counts_that_are_kept_long_enough_are_removed_and_records_stay(shared: Play) -> None:
    async def script(one: MinorsStore, two: MinorsStore) -> None:
        await one.put(SUBJECT, "{}", None)
        seen = await one.mark(SUBJECT, 30_000)
        other = secrets.token_hex(16)
        await two.mark(other, 30_000)
        await one.sweep(seen.usage.until_ms - 60_000)
        assert (await two.look(SUBJECT)).usage == seen.usage
        await one.sweep(seen.usage.until_ms + 3_600_000)
        if type(one).__name__ == "RedisStore":
            return  # there counts end by themselves
        assert (await two.look(SUBJECT)).usage == Usage()
        assert (await two.look(SUBJECT)).record == "{}"
        assert (await two.look(other)).usage == Usage()

    shared(script)


def test_everybody_with_a_record_is_surveyed(shared: Play) -> None:
    async def script(one: MinorsStore, two: MinorsStore) -> None:
        known = {secrets.token_hex(16) for _ in range(7)}
        for subject in known:
            await two.put(subject, '{"mine": 1}', None)
            await one.mark(subject, 5_000)
        await one.mark(SUBJECT, 5_000)  # nothing but counts: not among them
        met, after = {}, ""
        while True:
            persons, after = await one.survey(after, 3)
            met |= dict(persons)
            if not after:
                break
        assert known == set(met)
        assert all(seen.record == '{"mine": 1}' for seen in met.values())
        assert all(sum(seen.usage.days.values()) == 5_000 for seen in met.values())
        for subject in known:
            await one.forget(subject)

    shared(script)


def test_one_child_is_not_another(shared: Play) -> None:
    async def script(one: MinorsStore, two: MinorsStore) -> None:
        other = secrets.token_hex(16)
        await one.mark(SUBJECT, 30_000)
        assert (await two.look(other)).usage == Usage()

    shared(script)


def test_counts_outlive_a_gateway_that_restarts(opened: Open) -> None:
    async def act() -> None:
        first = opened()
        if isinstance(first, LocalStore) and first.is_forgetful:
            pytest.skip("memory: outlives nothing")
        await first.put(SUBJECT, "{}", None)
        before = await first.mark(SUBJECT, 500)
        await first.close()
        second = opened()
        after = await second.look(SUBJECT)
        assert (after.record, after.usage) == ("{}", before.usage)
        await second.forget(SUBJECT)
        await second.close()

    asyncio.run(act())


# --- the local store


class Hands:
    """A clock that is turned by hand."""

    def __init__(self) -> None:
        self.wall = datetime(2026, 3, 9, 2, tzinfo=UTC)
        self.mono = 100.0

    def now(self) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.mono

    def passes(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.mono += seconds


def test_a_killed_gateway_forgets_a_second_at_most(tmp_path: Path) -> None:
    async def act() -> None:
        clock, path = Hands(), tmp_path / "minors.db"
        files: list[sqlite3.Connection] = []

        def connect(*args: Any, **options: Any) -> sqlite3.Connection:
            files.append(sqlite3.connect(*args, **options))
            return files[-1]

        store = LocalStore(RULE, ZONE, SteadyClock(clock).at_ms, path, connect)
        for _ in range(100):
            clock.passes(0.25)
            seen = await store.mark(SUBJECT, 0)
        files[0].close()
        again = LocalStore(RULE, ZONE, SteadyClock(clock).at_ms, path)
        found = await again.look(SUBJECT)
        lost_ms = sum(seen.usage.days.values()) - sum(found.usage.days.values())
        assert 0 <= lost_ms <= 1_000
        clock.passes(10)  # use that goes on closes the gap
        assert sum((await again.mark(SUBJECT, 0)).usage.days.values()) == 24_750 + 10_000
        await again.close()

    asyncio.run(act())


def test_a_second_process_is_told_to_share(tmp_path: Path) -> None:
    async def act() -> None:
        url = f"sqlite:{tmp_path / 'minors.db'}"
        store = open_store(url, RULE, ZONE, SystemClock())
        with pytest.raises(Conflict) as refused:
            open_store(url, RULE, ZONE, SystemClock())
        assert "redis://" in refused.value.hint
        await store.close()
        await open_store(url, RULE, ZONE, SystemClock()).close()

    asyncio.run(act())


def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "minors.db"
    store = LocalStore(RULE, ZONE, lambda: 0, path)
    assert path.stat().st_mode & 0o077 == 0
    asyncio.run(store.close())


def test_a_stepped_clock_is_followed_after_a_while_and_never_backwards_before() -> None:
    clock = Hands()
    steady = SteadyClock(clock)
    start = steady.at_ms()
    clock.passes(10)
    assert steady.at_ms() == start + 10_000
    clock.wall += timedelta(hours=3)
    clock.passes(10)
    assert steady.at_ms() == start + 20_000
    clock.passes(61)
    assert steady.at_ms() == start + 81_000 + 3 * 3_600_000
    clock.wall -= timedelta(hours=3)
    clock.passes(1)
    assert steady.at_ms() == start + 82_000 + 3 * 3_600_000
    clock.passes(61)
    assert steady.at_ms() == start + 143_000


def test_a_small_correction_is_followed_but_not_backwards() -> None:
    clock = Hands()
    steady = SteadyClock(clock)
    start = steady.at_ms()
    clock.wall -= timedelta(seconds=1)
    assert steady.at_ms() == start
    clock.passes(3)
    assert steady.at_ms() == start + 2_000


# --- what fails


@pytest.mark.parametrize("url", ["redis://:hunter2@127.0.0.1:1/0"])
def test_a_store_that_does_not_answer_says_so_and_no_secret(url: str) -> None:
    pytest.importorskip("redis", reason="the extra `redis` is not installed")
    store = open_store(url, RULE, ZONE, SystemClock())

    async def act() -> None:
        began = time.monotonic()
        with pytest.raises(Unavailable) as refused:
            await store.look(SUBJECT)
        assert "hunter2" not in str(refused.value)
        assert time.monotonic() - began < 3
        await store.close()

    asyncio.run(act())


@pytest.mark.parametrize("url", ["", "mysql://x", "sqlite3:x"])
def test_another_kind_of_url_is_refused(url: str) -> None:
    with pytest.raises(BadInput, match="url"):
        open_store(url, RULE, ZONE, SystemClock())


def test_subjects_say_nothing_of_whom_they_stand_for() -> None:
    key = b"k" * 32
    one = Subjects(key).of("user-1")
    assert one == Subjects(key).of("user-1")
    assert one != Subjects(b"l" * 32).of("user-1")
    assert "user" not in one
    assert len(one) == 32
    with pytest.raises(ValueError, match="32 bytes"):
        Subjects(b"short")

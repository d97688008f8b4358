"""One contract for limits counted here and limits counted in Redis."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import time
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from licet.base.trouble import Unavailable
from licet.gateway.limits import Allowance, Allowed, Limited, Limits, LocalLimits

REDIS_URL = os.environ.get("LICET_TEST_REDIS", "redis://127.0.0.1:6379/0")

Script = Callable[[Limits], Awaitable[None]]


def _redis_limits(url: str = REDIS_URL, **options: Any) -> Limits:
    pytest.importorskip("redis", reason="the extra `redis` is not installed")
    from licet.gateway.limits_redis import RedisLimits

    return RedisLimits(url, prefix=f"licet-test-{secrets.token_hex(6)}", **options)


def _redis_answers() -> bool:
    where = urlsplit(REDIS_URL)
    try:
        socket.create_connection((where.hostname or "", where.port or 6379), 0.5).close()
    except OSError:
        return False
    return True


def _need_redis() -> None:
    if not _redis_answers():
        pytest.skip("no Redis answers; set LICET_TEST_REDIS to one that does")


@pytest.fixture(params=["local", "redis"])
def play(request: pytest.FixtureRequest) -> Callable[[Script], None]:
    """Runs a script against one implementation, on real time."""
    if request.param == "redis":
        _need_redis()

    def run(script: Script) -> None:
        async def act() -> None:
            limits = LocalLimits() if request.param == "local" else _redis_limits(lease_s=5.0)
            try:
                await script(limits)
            finally:
                await limits.close()

        asyncio.run(act())

    return run


async def _take(limits: Limits, rate: int, most: int, key: str = "key_a") -> Allowed | Limited:
    return await limits.take(key, Allowance(rate, most), time.monotonic())


def test_a_minute_of_requests_passes_at_once_and_the_next_waits(
    play: Callable[[Script], None],
) -> None:
    async def script(limits: Limits) -> None:
        for _ in range(7):
            assert isinstance(await _take(limits, 7, 0), Allowed)
        answer = await _take(limits, 7, 0)
        assert isinstance(answer, Limited)
        assert answer.which == "rate"
        assert answer.retry_after_s == pytest.approx(60 / 7, abs=0.5)

    play(script)


def test_the_bucket_refills_while_time_passes(play: Callable[[Script], None]) -> None:
    async def script(limits: Limits) -> None:
        for _ in range(300):  # one token each 0.2 s
            assert isinstance(await _take(limits, 300, 0), Allowed)
        answer = await _take(limits, 300, 0)
        while isinstance(answer, Allowed):  # taking 300 may itself have taken time
            answer = await _take(limits, 300, 0)
        await asyncio.sleep(answer.retry_after_s + 0.01)
        assert isinstance(await _take(limits, 300, 0), Allowed)
        assert isinstance(await _take(limits, 300, 0), Limited)

    play(script)


def test_places_are_bounded_and_come_back(play: Callable[[Script], None]) -> None:
    async def script(limits: Limits) -> None:
        first, second = await _take(limits, 0, 2), await _take(limits, 0, 2)
        assert isinstance(first, Allowed)
        assert isinstance(second, Allowed)
        refused = await _take(limits, 0, 2)
        assert isinstance(refused, Limited)
        assert refused.which == "concurrency"
        await limits.release("key_a", first)
        assert isinstance(await _take(limits, 0, 2), Allowed)
        assert isinstance(await _take(limits, 0, 2), Limited)

    play(script)


def test_a_refusal_takes_nothing(play: Callable[[Script], None]) -> None:
    async def script(limits: Limits) -> None:
        held = await _take(limits, 3, 1)
        assert isinstance(held, Allowed)
        for _ in range(5):
            busy = await _take(limits, 3, 1)
            assert isinstance(busy, Limited)
            assert busy.which == "concurrency"
        for _ in range(2):  # the five refusals took no token of the three
            await limits.release("key_a", held)
            held = await _take(limits, 3, 1)
            assert isinstance(held, Allowed)
        await limits.release("key_a", held)
        spent = await _take(limits, 3, 1)
        assert isinstance(spent, Limited)
        assert spent.which == "rate"
        # ... and that refusal took no place.
        assert isinstance(await _take(limits, 0, 1), Allowed)

    play(script)


def test_keys_do_not_count_for_each_other(play: Callable[[Script], None]) -> None:
    async def script(limits: Limits) -> None:
        assert isinstance(await _take(limits, 1, 1, "key_a"), Allowed)
        assert isinstance(await _take(limits, 1, 1, "key_b"), Allowed)
        assert isinstance(await _take(limits, 1, 1, "key_a"), Limited)

    play(script)


def test_no_limit_limits_nothing(play: Callable[[Script], None]) -> None:
    async def script(limits: Limits) -> None:
        for _ in range(50):
            assert isinstance(await _take(limits, 0, 0), Allowed)

    play(script)


def test_a_rate_beyond_counting_limits_nothing(play: Callable[[Script], None]) -> None:
    async def script(limits: Limits) -> None:
        for _ in range(5):
            assert isinstance(await _take(limits, 10**9, 10**9), Allowed)

    play(script)


def test_many_at_once_never_pass_the_bound(play: Callable[[Script], None]) -> None:
    async def script(limits: Limits) -> None:
        answers = await asyncio.gather(*(_take(limits, 0, 5) for _ in range(40)))
        assert sum(isinstance(answer, Allowed) for answer in answers) == 5

    play(script)


def test_two_gateways_share_one_count() -> None:
    _need_redis()
    pytest.importorskip("redis", reason="the extra `redis` is not installed")
    from licet.gateway.limits_redis import RedisLimits

    async def act() -> None:
        prefix = f"licet-test-{secrets.token_hex(6)}"
        one, two = (RedisLimits(REDIS_URL, prefix=prefix, lease_s=0.2) for _ in range(2))
        assert isinstance(await _take(one, 0, 1), Allowed)
        assert isinstance(await _take(two, 0, 1), Limited)
        await asyncio.sleep(0.25)  # a gateway that died gives its place back
        assert isinstance(await _take(two, 0, 1), Allowed)
        await one.close()
        await two.close()

    asyncio.run(act())


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_redis_that_is_down_refuses_or_counts_here_as_chosen() -> None:
    async def act() -> None:
        url = f"redis://:hunter2@127.0.0.1:{_closed_port()}/0"
        strict, local = _redis_limits(url), _redis_limits(url, when_down="local")
        with pytest.raises(Unavailable, match="store of limits does not answer") as caught:
            await _take(strict, 1, 1)
        assert "hunter2" not in str(caught.value)
        held = await _take(local, 0, 1)
        assert isinstance(held, Allowed)
        assert isinstance(await _take(local, 0, 1), Limited)
        await local.release("key_a", held)
        assert isinstance(await _take(local, 0, 1), Allowed)
        await strict.release("key_a", Allowed("lease"))
        await strict.close()
        await local.close()

    asyncio.run(act())


class Line:
    """A relay before the real Redis. `mute`: its answers are lost; `deaf`: what it is asked is;
    `slow`: what it is asked waits until `deliver`, though nobody may wait for the answer. `lose`
    so many answers."""

    def __init__(self) -> None:
        self.mute = self.deaf = self.slow = False
        self.lose = 0
        self._late: list[tuple[asyncio.StreamWriter, bytes]] = []
        self._answered = asyncio.Event()

    async def deliver(self) -> None:
        """What was slow arrives and is done."""
        assert self._late, "nothing is under way"
        for sink, data in self._late:
            self._answered.clear()
            sink.write(data)
            await self._answered.wait()
            sink.close()

    def _keeps(self, sink: asyncio.StreamWriter, data: bytes) -> bool:
        if self.slow:
            self._late.append((sink, data))
        return self.slow or self.deaf

    def _loses(self, sink: asyncio.StreamWriter, data: bytes) -> bool:
        self._answered.set()
        self.lose -= 1
        return self.mute or self.lose >= 0

    async def relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        where = urlsplit(REDIS_URL)
        far = await asyncio.open_connection(where.hostname, where.port or 6379)

        async def pass_on(
            source: asyncio.StreamReader, sink: asyncio.StreamWriter,
            broken: Callable[[asyncio.StreamWriter, bytes], bool],
        ) -> None:  # fmt: skip
            while data := await source.read(65536):
                if not broken(sink, data):
                    sink.write(data)
            if sink not in (late for late, _ in self._late):
                sink.close()

        await asyncio.gather(
            pass_on(reader, far[1], self._keeps), pass_on(far[0], writer, self._loses)
        )


async def _over_line(script: Callable[[Limits, Line], Awaitable[None]]) -> None:
    """With limits that reach Redis through a line, and have reached it."""
    line = Line()
    server = await asyncio.start_server(line.relay, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    limits = _redis_limits(f"redis://127.0.0.1:{port}{urlsplit(REDIS_URL).path}")
    held = await _take(limits, 0, 1)
    assert isinstance(held, Allowed)
    await limits.release("key_a", held)
    try:
        await script(limits, line)
    finally:
        await limits.close()
        server.close()


@pytest.mark.parametrize("when", ["before another", "meanwhile", "after another"])
def test_a_question_that_arrives_after_it_was_given_up_takes_no_place(when: str) -> None:
    _need_redis()

    async def script(limits: Limits, line: Line) -> None:
        line.slow = True
        with pytest.raises(Unavailable):
            await _take(limits, 0, 1)
        line.slow = False
        if when == "before another":
            await line.deliver()
        held = await _take(limits, 0, 1)
        assert isinstance(held, Allowed)
        if when == "meanwhile":
            await line.deliver()
        assert isinstance(await _take(limits, 0, 1), Limited), "it is no second place"
        await limits.release("key_a", held)
        if when == "after another":
            await line.deliver()
        held = await _take(limits, 0, 1)
        assert isinstance(held, Allowed), "nobody holds the place"
        await limits.release("key_a", held)

    asyncio.run(_over_line(script))


def test_a_place_whose_answer_was_lost_is_not_held_against_who_asked() -> None:
    _need_redis()

    async def script(limits: Limits, line: Line) -> None:
        line.lose = 1
        held = await _take(limits, 0, 1)
        assert isinstance(held, Allowed)
        assert isinstance(await _take(limits, 0, 1), Limited), "it is no second place"
        await limits.release("key_a", held)
        assert isinstance(await _take(limits, 0, 1), Allowed)

    asyncio.run(_over_line(script))


@pytest.mark.parametrize("fault", ["mute", "deaf"])
@pytest.mark.parametrize("when", ["taken", "given back"])
def test_a_redis_that_was_silent_for_a_moment_locks_nobody_out(fault: str, when: str) -> None:
    _need_redis()

    async def act() -> None:
        line = Line()
        server = await asyncio.start_server(line.relay, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        limits = _redis_limits(f"redis://127.0.0.1:{port}{urlsplit(REDIS_URL).path}")
        held = None
        if when == "given back":
            held = await _take(limits, 0, 1)
            assert isinstance(held, Allowed)
        setattr(line, fault, True)
        if held is not None:
            await limits.release("key_a", held)
        with pytest.raises(Unavailable):
            await _take(limits, 0, 1)
        setattr(line, fault, False)
        held = await _take(limits, 0, 1)
        assert isinstance(held, Allowed)
        assert isinstance(await _take(limits, 0, 1), Limited), "it is no second place"
        await limits.release("key_a", held)
        await limits.close()
        server.close()

    asyncio.run(act())


def test_a_redis_that_hangs_is_given_up_soon() -> None:
    async def act() -> None:
        async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        server = await asyncio.start_server(hang, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        limits = _redis_limits(f"redis://127.0.0.1:{port}/0")
        began = time.monotonic()
        with pytest.raises(Unavailable):
            await _take(limits, 1, 0)
        assert time.monotonic() - began < 3.0
        await limits.close()
        server.close()

    asyncio.run(act())

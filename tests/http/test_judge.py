"""A judge outside: its scores in our words, and None for every way in which it can fail."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from kit.judge import asked_of, chat, http, judging, result, verdict, verdicts
from kit.upstream import Peer, Server, run, serving
from licet.base.clock import SystemClock
from licet.gateway.config_judge import JudgeConfig
from licet.gateway.judge import ASKED_AT_ONCE, RemoteJudge
from licet.gateway.judge_limits import FAILURES_MAX, REST_S
from licet.gateway.judges.names import KindName
from licet.gateway.judges.registry import kind_of
from licet.gateway.metrics import Metrics
from licet.gateway.upstream import Secret
from licet.guard.policy import Threshold


class HandClock:
    """A clock that a test moves by hand."""

    at_s = 1000.0

    def now(self) -> datetime:
        return datetime(2026, 11, 24, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.at_s


@contextlib.asynccontextmanager
async def remote(
    url: str,
    *,
    kind: KindName = "moderation",
    metrics: Metrics | None = None,
    clock: HandClock | SystemClock | None = None,
    **settings: Any,
) -> AsyncIterator[RemoteJudge]:
    given = {"name": "near", "model": "guard-8b", "timeout_ms": 5000, "cache_size": 0} | settings
    judge = RemoteJudge(
        JudgeConfig(kind=kind, url=f"{url}/v1", **given), kind_of(kind, {}), Secret("sk-judge"),
        metrics or Metrics(), clock or SystemClock(), b"k" * 16,
    )  # fmt: skip
    try:
        yield judge
    finally:
        await judge.close()


async def all_closed(server: Server) -> None:
    """Waits until the judge has seen every connection close; the test's own limit ends it."""
    while server.open_now:
        await asyncio.sleep(0.01)


def called(metrics: Metrics, outcome: str) -> float:
    """How often the judge was called with that outcome, as Prometheus reads it."""
    return _read(metrics, f'licet_judge_seconds_count{{judge="near",outcome="{outcome}"}} ')


def spared(metrics: Metrics, reason: str) -> float:
    """How often the judge was not called for that reason."""
    return _read(metrics, f'licet_judge_spared_total{{judge="near",reason="{reason}"}} ')


def _read(metrics: Metrics, start: str) -> float:
    lines = metrics.render().decode().splitlines()
    return sum(float(line.removeprefix(start)) for line in lines if line.startswith(start))


class TestAnswers:
    def test_the_question_goes_out_in_the_way_of_its_kind(self) -> None:
        async def work() -> None:
            body = verdict(violence=0.2, self_harm__intent=0.7)
            async with judging(body) as server, remote(server.url) as judge:
                scores = await judge.ask("some words", "reply", "the prompt")
            assert scores is not None
            assert scores.categories == {"violence": 0.2, "self_harm": 0.7}
            assert (scores.harm, scores.screened, scores.span) == (0.7, False, None)
            assert (scores.judge, scores.threshold) == ("near", None)
            assert asked_of(server) == [{"model": "guard-8b", "input": "some words"}]
            (request,) = server.requests
            assert request.line == b"POST /v1/moderations HTTP/1.1"
            assert (b"authorization", b"Bearer sk-judge") in request.headers

        run("asyncio", work())

    def test_all_requests_of_a_question_must_be_answered(self) -> None:
        async def work() -> None:
            answers = [chat("No"), chat("No"), chat("Yes"), chat("No")]
            async with (
                judging(*answers, http(b"", "500 Broke")) as server,
                remote(server.url, kind="granite-guardian-3.0", threshold=0.5) as judge,
            ):
                scores = await judge.ask("some words", "reply", "the prompt")
                assert scores is not None
                assert sorted(scores.categories.values()) == [0.0, 0.0, 0.0, 1.0]
                assert scores.threshold == Threshold(0.5, 0.5)
                assert await judge.ask("other words", "reply") is None
            assert server.requests[0].line == b"POST /v1/chat/completions HTTP/1.1"

        run("asyncio", work())

    def test_half_characters_are_asked_about_too(self) -> None:
        async def work() -> None:
            async with judging(verdict({})) as server, remote(server.url) as judge:
                assert await judge.ask("a\ud83d b \ud83d\ude00", "prompt") is not None
            assert asked_of(server)[0]["input"] == "a\ufffd b 😀"

        run("asyncio", work())


class TestTogether:
    """Several questions in one request."""

    def test_those_asked_at_once_go_together_and_each_gets_its_own_answer(self) -> None:
        async def work() -> None:
            metrics = Metrics()
            body = verdicts(*(result(hate=at / 10) for at in range(4)))
            async with (
                judging(body) as server,
                remote(server.url, batch_max=4, metrics=metrics) as judge,
            ):
                asks = [judge.ask(f"words {at}", "reply") for at in range(4)]
                found = await asyncio.gather(*asks)
            assert [scores.harm for scores in found if scores] == [0.0, 0.1, 0.2, 0.3]
            assert [body["input"] for body in asked_of(server)] == [
                [f"words {n}" for n in range(4)]
            ]
            assert called(metrics, "answered") == 4

        run("asyncio", work())

    def test_a_batch_waits_for_company_no_longer_than_it_may(self) -> None:
        async def work() -> None:
            async with (
                judging(verdicts(result(), result()), verdict({})) as server,
                remote(server.url, batch_max=8, batch_wait_ms=400) as judge,
            ):
                first = asyncio.ensure_future(judge.ask("one", "reply"))
                await asyncio.sleep(0.01)
                assert await judge.ask("two", "reply") is not None
                assert await first is not None
                assert await judge.ask("three", "reply") is not None
            assert [body["input"] for body in asked_of(server)] == [["one", "two"], "three"]

        run("asyncio", work())

    def test_one_who_leaves_takes_nobody_along(self) -> None:
        async def work() -> None:
            async with (
                judging(verdicts(result(), result()), wait_s=0.4) as server,
                remote(server.url, batch_max=2) as judge,
            ):
                leaves = asyncio.ensure_future(judge.ask("one", "reply"))
                stays = asyncio.ensure_future(judge.ask("two", "reply"))
                await asyncio.sleep(0.01)
                leaves.cancel()
                assert await stays is not None
                assert leaves.cancelled()
                assert len(server.requests) == 1

        run("asyncio", work())

    def test_when_all_have_left_the_request_is_cut_off(self) -> None:
        async def mute(peer: Peer) -> None:
            await peer.request()
            await peer.gone()

        async def work() -> None:
            async with serving(mute) as server, remote(server.url, batch_max=2) as judge:
                tasks = [asyncio.ensure_future(judge.ask(text, "reply")) for text in "ab"]
                await asyncio.sleep(0.05)
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                await all_closed(server)

        run("asyncio", work())

    def test_a_failed_batch_is_one_failure(self) -> None:
        async def work() -> None:
            async with (
                judging(http(b"", "503 Later"), verdict({})) as server,
                remote(server.url, batch_max=2 * FAILURES_MAX) as judge,
            ):
                asks = [judge.ask(f"words {at}", "reply") for at in range(2 * FAILURES_MAX)]
                assert await asyncio.gather(*asks) == [None] * (2 * FAILURES_MAX)
                assert await judge.ask("words", "reply") is not None

        run("asyncio", work())


class TestSpared:
    """Questions that are not put to the judge: never in silence."""

    def test_what_was_answered_is_not_asked_again_for_a_while(self) -> None:
        async def work() -> None:
            clock, metrics = HandClock(), Metrics()
            async with (
                judging(verdict(hate=0.25)) as server,
                remote(
                    server.url, cache_size=10, cache_s=60, clock=clock, metrics=metrics
                ) as judge,
            ):
                first = await judge.ask("words", "reply", "prompt")
                assert await judge.ask("words", "reply", "prompt") == first
                assert len(server.requests) == 1
                await judge.ask("words", "prompt", "prompt")
                await judge.ask("words", "reply", "another prompt")
                assert len(server.requests) == 3
                clock.at_s += 61
                await judge.ask("words", "reply", "prompt")
                assert len(server.requests) == 4
            assert spared(metrics, "cached") == 1

        run("asyncio", work())

    def test_beyond_the_budget_there_is_no_answer(self) -> None:
        async def work() -> None:
            clock, metrics = HandClock(), Metrics()
            async with (
                judging(verdict({})) as server,
                remote(server.url, calls_per_minute=2, clock=clock, metrics=metrics) as judge,
            ):
                answers = [await judge.ask(f"words {at}", "reply") for at in range(10)]
                assert [answer is not None for answer in answers] == [True, True] + [False] * 8
                clock.at_s += 30
                assert await judge.ask("words", "reply") is not None
                assert await judge.ask("words", "reply") is None
            assert spared(metrics, "over_budget") == 9
            assert len(server.requests) == 3

        run("asyncio", work())

    def test_a_spent_budget_is_no_failure_of_the_judge(self) -> None:
        async def work() -> None:
            clock = HandClock()
            async with (
                judging(verdict({})) as server,
                remote(server.url, tokens_per_minute=10, clock=clock) as judge,
            ):
                for _ in range(FAILURES_MAX + 3):
                    await judge.ask("words", "reply")
                clock.at_s += 60
                assert await judge.ask("words", "reply") is not None
                assert len(server.requests) == 2

        run("asyncio", work())


class TestFailures:
    @pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
    def test_a_slow_judge_is_late_and_its_connection_is_closed(self, loop: str) -> None:
        async def work() -> None:
            metrics = Metrics()
            async with (
                judging(verdict({}), wait_s=5) as server,
                remote(server.url, timeout_ms=50, metrics=metrics) as judge,
            ):
                began = asyncio.get_running_loop().time()
                assert await judge.ask("words", "reply") is None
                assert asyncio.get_running_loop().time() - began < 1
            assert called(metrics, "late") == 1

        run(loop, work())

    def test_an_answer_that_drips_is_late_as_well(self) -> None:
        async def drip(peer: Peer) -> None:
            await peer.request()
            await peer.drip(http(verdict({})), gap_s=0.02)
            await peer.gone()

        async def work() -> None:
            async with serving(drip) as server, remote(server.url, timeout_ms=100) as judge:
                assert await judge.ask("words", "reply") is None
                await all_closed(server)

        run("asyncio", work())

    @pytest.mark.parametrize(
        "answer",
        [
            http(verdict({}), "500 Internal Server Error"),
            http(b"", "204 No Content"),
            http(b"", "302 Found"),
            http(b"not json"),
            http(b" " * 300_000),
            b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\ncontent-length: 8\r\n\r\n",
            b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 20_000,
            b"SSH-2.0-OpenSSH_9.2\r\n",
        ],
        ids=range(8),
    )
    def test_garbage_is_no_answer(self, answer: bytes) -> None:
        async def babble(peer: Peer) -> None:
            await peer.request()
            await peer.send(answer)
            await peer.gone()

        async def work() -> None:
            metrics = Metrics()
            async with serving(babble) as server, remote(server.url, metrics=metrics) as judge:
                assert await judge.ask("words", "reply") is None
            assert called(metrics, "failed") + called(metrics, "late") == 1

        run("asyncio", work())

    def test_a_judge_that_is_down_is_no_answer(self) -> None:
        async def work() -> None:
            async with judging(verdict({})) as server:
                url = server.url
            metrics = Metrics()
            async with remote(url, metrics=metrics) as judge:
                assert await judge.ask("words", "reply") is None
            assert called(metrics, "failed") == 1

        run("asyncio", work())

    def test_a_judge_that_flaps_is_left_alone_and_taken_back(self) -> None:
        async def work() -> None:
            clock, metrics = HandClock(), Metrics()
            faults = [http(b"", "503 Service Unavailable")] * (FAILURES_MAX + 1)
            async with (
                judging(*faults, verdict({})) as server,
                remote(server.url, metrics=metrics, clock=clock) as judge,
            ):
                for _ in range(FAILURES_MAX + 20):
                    assert await judge.ask("words", "reply") is None
                assert len(server.requests) == FAILURES_MAX
                clock.at_s += REST_S
                assert [await judge.ask("words", "reply") for _ in range(3)] == [None] * 3
                assert len(server.requests) == FAILURES_MAX + 1
                clock.at_s += REST_S
                assert None not in [await judge.ask("words", "reply") for _ in range(3)]
            assert called(metrics, "answered") == 3
            assert called(metrics, "failed") == FAILURES_MAX + 1

        run("asyncio", work())

    def test_who_stops_waiting_holds_up_nobody(self) -> None:
        async def work() -> None:
            async with (
                judging(verdict({}), wait_s=0.05) as server,
                remote(server.url) as judge,
            ):
                tasks = [asyncio.ensure_future(judge.ask("words", "reply")) for _ in range(200)]
                await asyncio.sleep(0.02)
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                assert await judge.ask("words", "reply") is not None

        run("asyncio", work())

    def test_questions_out_at_a_time_are_bounded(self) -> None:
        async def work() -> None:
            async with (
                judging(verdict({}), wait_s=0.01) as server,
                remote(server.url, timeout_ms=10_000) as judge,
            ):
                asks = [judge.ask(f"words {n}", "reply") for n in range(3 * ASKED_AT_ONCE)]
                assert None not in await asyncio.gather(*asks)
            assert server.open_most <= ASKED_AT_ONCE

        run("asyncio", work())

    def test_closing_answers_those_who_wait(self) -> None:
        async def work() -> None:
            async with judging(verdict({}), wait_s=5) as server, remote(server.url) as judge:
                task = asyncio.ensure_future(judge.ask("words", "reply"))
                await asyncio.sleep(0.05)
                await judge.close()
                assert await task is None

        run("asyncio", work())

"""A judge outside: its scores in our words, and None for every way in which it can fail."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.judge import asked_of, http, judging, verdict
from kit.upstream import Peer, run, serving
from licet.base.clock import SystemClock
from licet.gateway.config import JudgeConfig
from licet.gateway.judge import (
    ASKED_AT_ONCE,
    CATEGORIES,
    FAILURES_MAX,
    REST_S,
    Breaker,
    RemoteJudge,
    parse_scores,
)
from licet.gateway.metrics import Metrics
from licet.gateway.upstream import Secret
from licet.rulebook import load_pack


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
    timeout_ms: int = 1000,
    metrics: Metrics | None = None,
    clock: HandClock | SystemClock | None = None,
) -> AsyncIterator[RemoteJudge]:
    settings = JudgeConfig(url=f"{url}/v1", model="guard-8b", timeout_ms=timeout_ms)
    judge = RemoteJudge(settings, Secret("sk-judge"), metrics or Metrics(), clock or SystemClock())
    try:
        yield judge
    finally:
        await judge.close()


def called(metrics: Metrics, outcome: str) -> float:
    """How often the judge was called with that outcome, as Prometheus reads it."""
    start = f'licet_judge_seconds_count{{outcome="{outcome}"}} '
    lines = metrics.render().decode().splitlines()
    return sum(float(line.removeprefix(start)) for line in lines if line.startswith(start))


class TestAnswers:
    def test_official_categories_become_ours_and_the_worst_decides(self) -> None:
        async def work() -> None:
            body = verdict(
                violence=0.2, self_harm__intent=0.7, self_harm=0.4, illicit__violent=0.9
            )
            async with judging(body) as server, remote(server.url) as judge:
                scores = await judge.ask("some words", "reply", "the prompt")
            assert scores is not None
            assert scores.categories == {"violence": 0.2, "self_harm": 0.7, "weapons": 0.9}
            assert (scores.harm, scores.screened, scores.span) == (0.9, False, None)
            assert asked_of(server) == [{"model": "guard-8b", "input": "some words"}]
            (request,) = server.requests
            assert request.line == b"POST /v1/moderations HTTP/1.1"
            assert (b"authorization", b"Bearer sk-judge") in request.headers

        run("asyncio", work())

    def test_every_category_of_ours_is_one_that_the_pack_has_thresholds_for(self) -> None:
        thresholds = load_pack("cn-genai-2023").guard.thresholds
        assert set(CATEGORIES.values()) <= set(thresholds)

    def test_flags_without_scores_count_in_full(self) -> None:
        scores = parse_scores(verdict({"hate": True, "violence": False, "sexual/minors": True}))
        assert scores is not None
        assert scores.categories == {"hate": 1.0, "violence": 0.0, "sexual": 1.0}

    def test_a_lawful_text_has_no_harm(self) -> None:
        scores = parse_scores(verdict({}))
        assert scores is not None
        assert (scores.harm, scores.categories) == (0.0, {})

    def test_a_category_that_we_cannot_name_is_not_let_pass(self) -> None:
        assert parse_scores(verdict({"S9": True})) is None
        assert parse_scores(verdict({"S9": True, "hate": False})) is None
        both = parse_scores(verdict({"S9": True, "hate": True}))
        assert both is not None
        assert both.categories == {"hate": 1.0}
        assert parse_scores(verdict({"S9": False})) is not None

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"<html>busy</html>",
            b"[" * 200_000,
            b'{"results":[]}',
            b'{"results":[{"flagged":false},{"flagged":false}]}',
            b'{"results":[{"categories":{}}]}',
            b'{"results":[{"flagged":"no"}]}',
            b'{"results":[{"flagged":false,"category_scores":{"hate":"0.1"}}]}',
            b'{"results":[{"flagged":false,"category_scores":{"hate":1.5}}]}',
            b'{"results":[{"flagged":false,"category_scores":{"hate":-0.1}}]}',
            b'{"results":[{"flagged":false,"category_scores":{"hate":1e999}}]}',
            b'{"results":[{"flagged":false,"more":' + b"[" * 200_000,
            b'{"results":[{"flagged":false}]}\xff',
            b'{"results":[{"flagged":false,"categories":{"\xff":true}}]}',
        ],
        ids=range(14),
    )
    def test_what_is_not_understood_is_no_answer(self, body: bytes) -> None:
        assert parse_scores(body) is None

    @given(st.binary(max_size=200) | st.recursive(st.none() | st.booleans() | st.floats()
        | st.text(), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["results", "flagged", "categories", "category_scores", "hate"]), inner,
        max_size=4)).map(lambda value: json.dumps(value).encode()))  # fmt: skip
    def test_no_bytes_make_it_raise(self, body: bytes) -> None:
        scores = parse_scores(body)
        assert scores is None or 0.0 <= scores.harm <= 1.0

    def test_half_characters_are_asked_about_too(self) -> None:
        async def work() -> None:
            async with judging(verdict({})) as server, remote(server.url) as judge:
                assert await judge.ask("a\ud83d b \ud83d\ude00", "prompt") is not None
            assert asked_of(server)[0]["input"] == "a\ufffd b 😀"

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
                await asyncio.sleep(0.05)
                assert server.open_now == 0

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


class TestBreaker:
    def test_it_shuts_after_failures_in_a_row_only(self) -> None:
        breaker = Breaker()
        for _ in range(3):
            for _ in range(FAILURES_MAX - 1):
                breaker.failed(0.0)
            breaker.succeeded()
        assert breaker.admits(0.0)

    def test_stragglers_do_not_prolong_the_rest(self) -> None:
        breaker = Breaker()
        for at_s in range(20):
            breaker.failed(float(at_s))
        assert breaker.admits(FAILURES_MAX - 1 + REST_S)

    @given(st.lists(st.tuples(st.floats(0, 3), st.booleans()), max_size=60))
    def test_while_it_fails_it_is_asked_once_in_each_rest(
        self, steps: list[tuple[float, bool]]
    ) -> None:
        breaker, at_s, in_a_row, asked_at = Breaker(), 0.0, 0, [0.0]
        for wait_s, answers in steps:
            at_s += wait_s
            admitted = breaker.admits(at_s)
            if in_a_row < FAILURES_MAX:
                assert admitted
            else:
                assert admitted == (at_s >= asked_at[-1] + REST_S)
            if not admitted:
                continue
            asked_at.append(at_s)
            if answers:
                breaker.succeeded()
                in_a_row = 0
            else:
                breaker.failed(at_s)
                in_a_row += 1

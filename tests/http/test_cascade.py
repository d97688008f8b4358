"""Judges outside, one behind the other: each is asked where the one before it is in doubt."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import pytest

from kit.judge import http, judging, verdict
from kit.upstream import run
from licet.base.clock import SystemClock
from licet.gateway.cascade import Cascade
from licet.gateway.config_judge import JudgeConfig
from licet.gateway.judge import RemoteJudge
from licet.gateway.judges.registry import kind_of
from licet.gateway.metrics import Metrics
from licet.guard.policy import JudgeScores

Bands = tuple[tuple[float, float], ...]
ALWAYS: Bands = ((0.0, 1.0),)
BROKEN = http(b"", "500 Broke")


@contextlib.asynccontextmanager
async def cascade(*judges: tuple[str, str, Bands]) -> AsyncIterator[Cascade]:
    """Judges by name, URL and bands."""
    made = [
        RemoteJudge(
            JudgeConfig(
                name=name, kind="moderation", url=f"{url}/v1", model="m", bands=bands,
                cache_size=0, timeout_ms=5000,
            ),
            kind_of("moderation", {}), None, Metrics(), SystemClock(), b"k" * 16,
        )
        for name, url, bands in judges
    ]  # fmt: skip
    whole = Cascade(made)
    try:
        yield whole
    finally:
        await whole.close()


def test_the_next_is_asked_where_the_one_before_is_in_doubt() -> None:
    async def work() -> None:
        async with (
            judging(verdict(hate=0.5)) as near,
            judging(verdict(hate=0.9)) as far,
            cascade(("near", near.url, ((0.2, 0.8),)), ("far", far.url, ((0.4, 0.6),))) as judges,
        ):
            found = await judges.ask("words", "reply", harm=0.3)
        assert isinstance(found, JudgeScores)
        assert (found.judge, found.harm) == ("far", 0.9)
        assert (len(near.requests), len(far.requests)) == (1, 1)

    run("asyncio", work())


def test_one_who_is_sure_ends_it() -> None:
    async def work() -> None:
        async with (
            judging(verdict(hate=0.1)) as near,
            judging(verdict(hate=0.9)) as far,
            cascade(("near", near.url, ALWAYS), ("far", far.url, ((0.4, 0.6),))) as judges,
        ):
            found = await judges.ask("words", "reply", harm=0.5)
        assert found is not None
        assert (found.judge, len(far.requests)) == ("near", 0)

    run("asyncio", work())


def test_one_outside_whose_bands_our_own_judge_is_sure_is_passed_by() -> None:
    async def work() -> None:
        async with (
            judging(verdict(hate=0.1)) as near,
            judging(verdict(hate=0.2)) as far,
            cascade(("near", near.url, ((0.4, 0.6),)), ("far", far.url, ((0.8, 1.0),))) as judges,
        ):
            found = await judges.ask("words", "reply", harm=0.9)
            assert found is not None
            assert (found.judge, len(near.requests)) == ("far", 0)
            assert await judges.ask("words", "reply", harm=0.1) is None

    run("asyncio", work())


def test_where_nobody_has_judged_the_first_is_asked() -> None:
    async def work() -> None:
        async with (
            judging(verdict(hate=0.1)) as near,
            cascade(("near", near.url, ((0.4, 0.6),))) as judges,
        ):
            assert await judges.ask("words", "reply") is not None

    run("asyncio", work())


@pytest.mark.parametrize("which", ["near", "far"])
def test_if_one_that_was_asked_fails_there_is_no_answer(which: str) -> None:
    async def work() -> None:
        fine = verdict(hate=0.5)
        async with (
            judging(BROKEN if which == "near" else fine) as near,
            judging(BROKEN if which == "far" else fine) as far,
            cascade(("near", near.url, ALWAYS), ("far", far.url, ALWAYS)) as judges,
        ):
            assert await judges.ask("words", "reply", harm=0.5) is None
            assert len(far.requests) == (which == "far")

    run("asyncio", work())

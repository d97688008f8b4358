"""What keeps one judge from being asked too much: breaker, budget, memory."""

from __future__ import annotations

import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licet.gateway.judge_limits import (
    FAILURES_MAX,
    REST_S,
    AnswerMemory,
    Breaker,
    Budget,
    count_tokens,
)
from licet.gateway.judges.model import Asked
from licet.guard.policy import JudgeScores

KEY = b"k" * 16
FINE = JudgeScores(0.1, {}, screened=False)


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


class TestBudget:
    @given(
        st.lists(st.tuples(st.floats(0, 40), st.integers(1, 3), st.integers(1, 90)), max_size=60)
    )
    def test_no_more_than_two_minutes_worth_in_any_minute(
        self, steps: list[tuple[float, int, int]]
    ) -> None:
        budget, at_s, spent = Budget(10, 100), 0.0, []
        for wait_s, calls, tokens in steps:
            at_s += wait_s
            if budget.takes(calls, tokens, at_s):
                spent.append((at_s, calls, tokens))
        for start, _, _ in spent:
            within = [one for one in spent if start <= one[0] < start + 60.0]
            assert sum(calls for _, calls, _ in within) <= 20
            assert sum(tokens for _, _, tokens in within) <= 200

    def test_what_does_not_fit_spends_nothing(self) -> None:
        budget = Budget(10, 100)
        assert budget.takes(1, 90, 0.0)
        assert not budget.takes(1, 11, 0.0)
        assert budget.takes(9, 10, 0.0)
        assert not budget.takes(1, 1, 0.0)
        assert budget.takes(1, 1, 6.0)

    def test_zero_is_no_limit(self) -> None:
        budget = Budget(0, 0)
        assert all(budget.takes(1000, 10**9, 0.0) for _ in range(100))

    def test_a_question_larger_than_a_minute_is_put_in_the_end(self) -> None:
        budget = Budget(0, 100)
        assert budget.takes(1, 250, 0.0)
        assert not budget.takes(1, 1, 60.0)
        assert budget.takes(1, 1, 100.0)

    def test_a_clock_that_stands_gives_nothing_back(self) -> None:
        budget = Budget(1, 0)
        assert [budget.takes(1, 0, at_s) for at_s in (5.0, 5.0, 4.0)] == [True, False, False]

    @pytest.mark.parametrize(("bodies", "tokens"), [([], 0), ([b"12345"], 2), ([b"1234"] * 3, 3)])
    def test_tokens_are_counted_by_bytes(self, bodies: list[bytes], tokens: int) -> None:
        assert count_tokens(bodies) == tokens


class TestAnswerMemory:
    def test_answers_are_kept_for_a_while(self) -> None:
        memory = AnswerMemory(KEY, "near", size=4, keep_s=10)
        digest = memory.digest(Asked("words", "reply"))
        assert memory.find(digest, 0.0) is None
        memory.keep(digest, FINE, 0.0)
        assert memory.find(digest, 9.9) is FINE
        assert memory.find(digest, 10.0) is None
        assert len(memory) == 0

    @given(st.lists(st.integers(0, 30), max_size=80), st.integers(0, 8))
    def test_there_are_never_more_than_fit(self, texts: list[int], size: int) -> None:
        memory = AnswerMemory(KEY, "near", size=size, keep_s=10)
        for text in texts:
            memory.keep(memory.digest(Asked(str(text), "reply")), FINE, 0.0)
            assert len(memory) <= size
        for text in texts[-1:] if size else ():
            assert memory.find(memory.digest(Asked(str(text), "reply")), 1.0) is FINE

    @given(st.tuples(st.text(), st.text()), st.tuples(st.text(), st.text()))
    def test_different_questions_are_never_taken_for_one(
        self, one: tuple[str, str], other: tuple[str, str]
    ) -> None:
        memory = AnswerMemory(KEY, "near", size=4, keep_s=10)
        digests = {memory.digest(Asked(text, "reply", context)) for text, context in (one, other)}
        assert (len(digests) == 1) == (one == other)
        assert (
            AnswerMemory(KEY, "far", size=4, keep_s=10).digest(Asked(one[0], "reply", one[1]))
            not in digests
        )

    def test_no_text_is_held(self) -> None:
        memory = AnswerMemory(KEY, "near", size=4, keep_s=10)
        memory.keep(
            memory.digest(Asked("a very private matter", "reply", "asked in private")), FINE, 0.0
        )
        seen, todo = set(), [memory]
        while todo:
            held = todo.pop()
            if id(held) in seen or isinstance(held, type):
                continue
            seen.add(id(held))
            assert not (isinstance(held, str | bytes) and "private" in str(held))
            todo += gc.get_referents(held)
            if len(seen) > 5000:
                break

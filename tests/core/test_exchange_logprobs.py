"""Logprobs: what the model might have said is read too, and odd tokens are no fault."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kit.guards import HARM, PHRASE, make_guard
from kit.odd_events import send_numbered
from kit.playbook import Playbook, Step, ended, ends, heard, open_case, say, sends
from licet.gateway.dialects.registry import DIALECTS
from licet.gateway.whole_answer import judge_answer
from licet.guard.guarding import Guard

NAMES = ("chat", "completions")
Tokens = list[tuple[str, list[str]]]
"""Tokens, each with what might have stood in its place."""


def shown(dialect: str, tokens: Tokens) -> dict[str, Any]:
    """The logprobs of one choice."""
    if dialect == "chat":
        return {
            "content": [
                {"token": token, "logprob": -0.1, "bytes": [1],
                 "top_logprobs": [{"token": one, "logprob": -1, "bytes": None} for one in others]}
                for token, others in tokens
            ],
            "refusal": None,
        }  # fmt: skip
    return {
        "tokens": [token for token, _ in tokens],
        "token_logprobs": [-0.1 for _ in tokens],
        "top_logprobs": [dict.fromkeys(others, -1) for _, others in tokens],
        "text_offset": [0 for _ in tokens],
    }


def choice(dialect: str, text: str, logprobs: Any, whole: bool = False) -> dict[str, Any]:
    said: dict[str, Any] = {"content": text}
    if whole:
        said |= {"role": "assistant"}
    named: dict[str, Any] = {"message" if whole else "delta": said}
    named = named if dialect == "chat" else {"text": text}
    end = {"finish_reason": "stop" if whole else None}
    return {"index": 0, **named, "logprobs": logprobs, **end}


def says(dialect: str, text: str, tokens: Tokens) -> Step:
    """An event with a text and its logprobs."""
    head = {"id": "cmpl-1", "object": "x", "created": 1, "model": "m"}
    value = {**head, "choices": [choice(dialect, text, shown(dialect, tokens))]}
    return sends(b"data: " + json.dumps(value).encode() + b"\n\n")


def answer(dialect: str, text: str, tokens: Tokens, guard: Guard | None = None) -> tuple[str, str]:
    """What leaves of a whole answer, and its outcome."""
    one = choice(dialect, text, shown(dialect, tokens), whole=True)
    return judged(dialect, [one], guard or make_guard())


def judged(dialect: str, choices: list[dict[str, Any]], guard: Guard) -> tuple[str, str]:
    """The same of an answer with these choices."""
    body = json.dumps({"id": "c", "model": "m", "created": 1, "choices": choices}).encode()
    reply = DIALECTS[dialect].reply(body)
    judging = judge_answer(reply, guard, audience="default", on_failure="halt")
    try:
        while True:
            next(judging)
    except StopIteration as stop:
        out, outcome = stop.value.finish(body, open_case)
        return out.decode(), outcome.kind


@pytest.mark.parametrize("dialect", NAMES)
def test_what_the_model_might_have_said_is_judged(dialect: str) -> None:
    play = Playbook(dialect) >> says(dialect, "so ", [("so ", ["so ", "or "])]) << heard("so ")
    play >> says(dialect, "hi", [("hi", ["hi", PHRASE])])
    assert PHRASE.encode() not in play.sent
    play << heard("") << ended("halted")
    play.done()
    out, kind = answer(dialect, "so hi", [("so ", ["so "]), ("hi", ["hi", PHRASE])])
    assert (PHRASE in out, json.loads(out)["choices"][0]["logprobs"]) == (False, None)
    assert kind == "halted"


@pytest.mark.parametrize("dialect", NAMES)
def test_each_of_it_is_judged_on_its_own(dialect: str) -> None:
    others = ["hi", *PHRASE.split()]
    play = Playbook(dialect) >> says(dialect, "hi", [("hi", others)]) << heard("hi") >> ends()
    play << ended("served")
    play.done()
    assert answer(dialect, "hi", [("hi", others)])[1] == "served"


@pytest.mark.parametrize("dialect", NAMES)
def test_a_token_of_the_text_is_judged_with_the_text(dialect: str) -> None:
    guard, tokens = make_guard("day"), [("sun", ["sun"]), ("day", ["day", "set"])]
    play = Playbook(dialect, guard) >> says(dialect, "sunday", tokens) << heard("sunday") >> ends()
    play << ended("served")
    assert answer(dialect, "sunday", tokens, guard)[1] == "served"
    assert answer(dialect, "sunset", [("sun", ["sun"]), ("set", ["day"])], guard)[1] == "halted"


def test_the_pieces_of_a_character_are_lawful_tokens() -> None:
    pieces = ["bytes:\\xe4\\xbd", "bytes:\\xa0", " ok"]
    tokens = [(piece, [piece, " a sentence"]) for piece in pieces]
    play = Playbook("completions")
    play >> sends(b"data: " + json.dumps({
        "id": "c", "choices": [choice("completions", "\u4f60 ok", shown("completions", tokens))],
    }).encode() + b"\n\n")  # fmt: skip
    assert play.sent == play.upstream
    play >> ends()
    assert play.exchange.outcome is not None
    assert play.exchange.outcome.kind == "served"
    assert answer("completions", "\u4f60 ok", tokens)[1] == "served"


@pytest.mark.parametrize("dialect", NAMES)
def test_tokens_that_spell_another_text_are_judged_as_one(dialect: str) -> None:
    play = Playbook(dialect)
    for char in PHRASE:
        play >> says(dialect, "x", [(char, [])])
    assert b'"f"' not in play.sent
    assert play.exchange.outcome is not None
    assert play.exchange.outcome.kind == "halted"
    halves: Tokens = [("forbidden ", []), ("phrase alpha", [])]
    out, kind = answer(dialect, "x", halves)
    assert ("alpha" in out, kind) == (False, "halted")


@pytest.mark.parametrize("dialect", NAMES)
def test_there_may_be_many_tokens(dialect: str) -> None:
    tokens = [(f"t{at}", [f"o{at}", f"p{at}"]) for at in range(600)]
    play = Playbook(dialect) >> says(dialect, "x", tokens) >> ends()
    assert play.exchange.outcome is not None
    assert play.exchange.outcome.kind == "served"
    assert play.sent == play.upstream


@pytest.mark.parametrize("dialect", NAMES)
def test_what_might_have_been_said_is_not_judged_by_its_meaning_once_the_text_has_begun(
    dialect: str,
) -> None:
    play = Playbook(dialect, make_guard(classifier=True))
    play >> says(dialect, "so ", [("so ", ["so "])]) >> says(dialect, "hi", [("hi", [HARM])])
    play << heard("so hi") >> ends() << ended("served")
    play.done()


def test_a_choice_keeps_its_logprobs_where_another_is_stopped() -> None:
    logprobs = shown("chat", [("hi", ["hi", "ho"])])
    texts = [("hi", logprobs), (PHRASE, None)]
    choices = [choice("chat", text, one, whole=True) for text, one in texts]
    choices[1]["index"] = 1
    first, second = json.loads(judged("chat", choices, make_guard())[0])["choices"]
    assert (first["finish_reason"], first["logprobs"]) == ("stop", logprobs)
    assert second["finish_reason"] == "content_filter"


def test_what_a_response_might_have_said_is_read() -> None:
    for others, kind in (([PHRASE], "halted"), ([*PHRASE.split(), "hello"], "served")):
        top = [{"token": one, "logprob": -1.0, "bytes": None} for one in ["hi", *others]]
        logprobs = [{"token": "hi", "logprob": -0.1, "bytes": None, "top_logprobs": top}]
        play = Playbook("responses", make_guard(classifier=True))
        delta = {"type": "response.output_text.delta", "item_id": "m", "output_index": 0,
                 "content_index": 0, "delta": "hi", "logprobs": logprobs}  # fmt: skip
        play >> say("so ") << heard("so ")
        send_numbered(play, delta)
        assert PHRASE.encode() not in play.sent
        if kind == "served":
            play << heard("hi")
        else:
            play << ended("halted")
            play.done()

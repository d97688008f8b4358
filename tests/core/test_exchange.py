"""The exchange, told as scripts: what the upstream does, and what the client gets of it."""

from __future__ import annotations

import json

import pytest

from kit.guards import HARM, PHRASE, make_guard
from kit.playbook import (
    Playbook,
    answers,
    as_it_came,
    asked,
    closes,
    dies,
    ended,
    ends,
    finished,
    finishes,
    heard,
    leaves,
    nothing,
    say,
    say_at_once,
    sends,
    urgent,
)
from kit.speech import FIELDS

DIALECTS = sorted(FIELDS)
ONE, TWO = (0, "content"), (1, "content")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_lawful_stream_leaves_byte_for_byte(dialect: str) -> None:
    play = Playbook(dialect)
    play >> say("One ") << as_it_came() >> say("lawful thing,") << as_it_came()
    play >> say(" 好。\n😀") << as_it_came() >> ends() << ended("served")
    play.done()
    assert play.sent == play.upstream


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_may_still_be_unlawful_waits_and_leaves_when_it_is_not(dialect: str) -> None:
    play = Playbook(dialect)
    play >> say("a for") << heard("a ") >> say("bidden phr") << heard("")
    play >> say("asebook") << heard("forbidden phrasebook")
    play >> say(" forb") << heard(" ") >> ends() << heard("forb") << ended("served")
    play.done()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_halt_releases_what_is_lawful_and_not_a_character_more(dialect: str) -> None:
    play = Playbook(dialect)
    play >> say("Lawful, forbidden") << heard("Lawful, ")
    play >> say(" phrase alpha and more") << heard("") << ended("halted")
    assert play.done().all() == {play.first: "Lawful, "}


@pytest.mark.parametrize(
    ("dialect", "field"), [(name, field) for name in DIALECTS for field in FIELDS[name]]
)
def test_every_field_that_a_model_writes_is_judged(dialect: str, field: str) -> None:
    channel = (0, field)
    play = Playbook(dialect)
    for char in "fine for " + PHRASE:
        play >> say(char, channel)
    play << heard("fine for ", channel) << ended("halted")
    play.done()


def test_a_phrase_in_json_escapes_is_read_in_tool_arguments() -> None:
    play, tool = Playbook("chat"), (0, "tool")
    play >> say('{"a": "ok \\u0066orbidden ', tool) << heard('{"a": "ok ', tool)
    play >> say("\\nphra\\u0073e alpha", tool) << heard("", tool) << ended("halted")


def test_other_choices_keep_what_was_lawful_in_them() -> None:
    play = Playbook("chat", choices=2)
    play >> say("first forbidden") << heard("first ") >> say("second forb", TWO)
    play << heard("second ", TWO) >> say(" phrase alpha") << heard("forb", TWO)
    play << ended("halted") << finished("content_filter") << finished("content_filter", 1)
    play.done()


def test_choices_in_the_same_event_as_the_halt_keep_their_text() -> None:
    play = Playbook("chat", choices=2)
    play >> say("a ") << heard("a ") >> say_at_once((ONE, f"b {PHRASE}"), (TWO, "lawful"))
    play << ended("halted")
    assert play.done().all() == {ONE: "a b ", TWO: "lawful"}


def test_a_choice_that_is_stopped_in_its_last_event_is_not_said_to_have_finished() -> None:
    event = {
        "id": "cmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m",
        "choices": [{"index": 0, "delta": {"content": f"so {PHRASE}"}, "finish_reason": "stop"}],
    }  # fmt: skip
    play = Playbook("chat") >> sends(b"data: " + json.dumps(event).encode() + b"\n\n")
    play << heard("so ") << finished("content_filter") << ended("halted")
    play.done()


def test_events_with_logprobs_leave_whole_or_not_at_all() -> None:
    play = Playbook("chat")
    play >> say("a ", logprobs=True) << as_it_came() >> say("b for", logprobs=True) << nothing()
    play >> say("tune", logprobs=True) << heard("b fortune")
    play >> say("c forbidden", logprobs=True) << nothing()
    play >> say(" phrase alpha", logprobs=True) << heard("c ") << ended("halted")
    play.done()


def test_text_held_before_the_first_logprobs_is_not_lost() -> None:
    play = Playbook("chat")
    play >> say("one for") << heard("one ") >> say("tune", logprobs=True) << heard("fortune")
    play >> ends() << ended("served")
    play.done()


def test_text_held_when_a_citation_comes_is_not_lost() -> None:
    play = Playbook("messages")
    play >> say("tides for") << heard("tides ")
    play >> sends(b"".join(play.speaker.cite("High water"))) << heard("")  # type: ignore[attr-defined]
    play >> say("tune") >> ends() << ended("served")
    assert play.done().text(play.first) == "tides fortune"
    play.done()


def test_a_tool_named_like_a_forbidden_phrase_ends_lawfully() -> None:
    block = {"type": "tool_use", "id": "t1", "name": "get_forbidden_phrase_alpha", "input": {}}
    event = {"type": "content_block_start", "index": 0, "content_block": block}
    data = b"event: content_block_start\ndata: " + json.dumps(event).encode() + b"\n\n"
    play = Playbook("messages") >> sends(data) << heard("") << ended("halted")
    assert b"get_" not in play.sent
    play.done()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_upstream_that_dies_ends_in_the_apis_own_error(dialect: str) -> None:
    play = Playbook(dialect)
    play >> say("and forb") << heard("and ") >> dies() << heard("forb") << ended("failed")
    play.done()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_body_that_ends_without_its_last_event_has_failed(dialect: str) -> None:
    play = Playbook(dialect)
    play >> say("half an ans") >> closes() << heard("half an ans") << ended("failed")
    play.done()


def test_a_broken_event_costs_nothing_of_those_that_came_with_it() -> None:
    play = Playbook("chat")
    good = b"".join(play.speaker.say(ONE, "good"))
    play >> sends(good + b"data: {not json}\n\n") << heard("good") << ended("failed")
    play.done()


def test_a_client_that_leaves_cuts_the_upstream_off() -> None:
    play = Playbook("chat") >> say("one ") >> leaves() << heard("one ")
    assert play.exchange.cancels
    play >> say("two") << nothing()
    assert play.exchange.outcome is not None
    assert play.exchange.outcome.kind == "abandoned"


def test_a_text_that_is_repeated_otherwise_than_it_was_streamed_is_judged() -> None:
    play = Playbook("responses") >> say("harmless")
    play.speaker.said[play.first] = f"a {PHRASE}"
    play >> finishes() << heard("harmless") << ended("halted")
    assert PHRASE.encode() not in play.sent
    play.done()


def test_channels_have_a_bound() -> None:
    play = Playbook("chat", choices=128)
    for index in range(128):
        for name in ("content", "refusal", "reasoning_content"):
            if not play.exchange.is_over:
                play >> say("x", (index, name))
    play << ended("failed")
    assert len(play.done().all()) == 256


def test_what_waits_for_a_judge_has_a_bound() -> None:
    play = Playbook("chat", make_guard(remote=True, tier="whole"), choices=2)
    play >> say("x") >> finishes() << nothing()
    for _ in range(70):
        if not play.exchange.is_over:
            play >> say("y" * 65_536, TWO)
    play << ended("failed")
    assert play.exchange.outcome is not None
    assert play.exchange.outcome.code == "too_much"
    play.done()


def test_a_number_that_may_go_on_halts_when_the_upstream_breaks_off() -> None:
    for step in (closes, dies):
        play = Playbook("chat", make_guard("call 13800138000")) >> say("so call 13800138000")
        play << heard("so ") >> step() << finished("content_filter") << ended("halted")
        play.done()


def test_what_stands_beside_the_data_is_read_too() -> None:
    said = b'data: {"id":"c","object":"x","choices":[{"index":0,"delta":{"content":"hi "}}]}\n'
    play = Playbook("chat")
    for harmless in (b": ping\n\n", b"id: 7\n" + said + b"\n", b": a\n: b\n" + said + b"\n"):
        play >> sends(harmless) << as_it_came()
    for line in (f": {PHRASE}\n", f"id: {PHRASE}\n", f"{PHRASE}\n", f"retry: {PHRASE}\n"):
        play >> sends(line.encode() + said + b"\n") << heard("hi ")
        play >> sends(line.encode() + b"\n") << heard("")
    assert PHRASE.encode() not in play.sent
    play >> ends() << ended("served")


# With a judge outside


def test_the_finish_waits_for_the_judge() -> None:
    play = Playbook("chat", make_guard(remote=True))
    play >> say("said at once") << heard("said at once") >> ends() << nothing()
    play << asked("said at once") >> answers("lawful") << finished("stop") << ended("served")
    play.done()


def test_a_judge_that_says_no_halts_late_in_the_token_tier() -> None:
    play = Playbook("chat", make_guard(remote=True))
    play >> say("said at once") >> finishes() << heard("said at once")
    play >> answers("unlawful") << finished("content_filter") << ended("halted")
    play.done()


@pytest.mark.parametrize("dialect", DIALECTS)
def test_nothing_unjudged_leaves_in_the_whole_tier(dialect: str) -> None:
    play = Playbook(dialect, make_guard(remote=True, tier="whole"))
    play >> say("all of it ") >> say("or nothing") << heard("") >> ends() << heard("")
    while play.open:
        play >> answers("lawful")
    play << heard("all of it or nothing") << ended("served")
    play.done()


def test_finishes_that_wait_leave_in_the_order_in_which_they_came() -> None:
    play = Playbook("chat", make_guard(remote=True, tier="whole"), choices=2)
    play >> say("one") >> say("two", TWO) >> ends() << nothing()
    while play.open:
        play >> answers("lawful")
    play << finished("stop") << finished("stop", 1) << ended("served")
    assert play.done().all() == {ONE: "one", TWO: "two"}


def test_a_finish_with_text_waits_for_its_judge_and_is_not_counted_before() -> None:
    event = {
        "id": "cmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m",
        "choices": [{"index": 0, "delta": {"content": "last"}, "finish_reason": "stop"}],
    }  # fmt: skip
    data = b"data: " + json.dumps(event).encode() + b"\n\n"
    play = Playbook("chat", make_guard(remote=True)) >> sends(data) << heard("last")
    play >> answers("lawful") << finished("stop") >> sends(b"data: [DONE]\n\n")
    play << ended("served")
    play.done()
    play = Playbook("chat", make_guard(remote=True)) >> sends(data) << heard("last")
    play >> answers("unlawful") << finished("content_filter") << ended("halted")
    play.done()


def test_a_stream_with_logprobs_ends_when_its_judge_has_answered() -> None:
    play = Playbook("chat", make_guard(remote=True))
    play >> say("said", logprobs=True) << heard("said") >> ends() << nothing()
    play >> answers("lawful") << finished("stop") << ended("served")
    play.done()


def test_text_of_the_end_is_judged_before_the_last_event_leaves_the_line() -> None:
    play = Playbook("chat", make_guard(classifier=True))
    play >> say("a ", logprobs=True) >> say(HARM, logprobs=True) << heard(f"a {HARM}")
    play >> ends() << finished("content_filter") << ended("halted")
    play.done()


@pytest.mark.parametrize("dialect", ["responses", "messages"])
def test_a_halt_says_nothing_of_a_tool_whose_name_was_not_judged(dialect: str) -> None:
    play = Playbook(dialect, make_guard(remote=True, tier="clause"))
    play >> say("a whole clause. ", (0, "tool")) << heard("") >> answers("lawful", 1)
    play >> answers("unlawful") << ended("halted")
    play.done()


# Urgent bundles


def test_an_urgent_bundle_judges_what_has_not_left() -> None:
    play = Playbook("chat", make_guard("xylophone solo in the park"))
    play >> say("a xylophone solo") << heard("a ") >> urgent(make_guard("xylophone solo"))
    play << heard("") << ended("halted")
    play.done()


def test_an_urgent_bundle_lets_go_what_it_does_not_forbid() -> None:
    play = Playbook("chat") >> say("a forbidden") << heard("a ")
    play >> urgent(make_guard("xylophone solo")) << heard("forbidden") >> say(f" {PHRASE}")
    play << heard(f" {PHRASE}") >> say(" xylophone solo") << heard(" ") << ended("halted")
    play.done()


def test_answers_to_questions_of_the_old_bundle_release_nothing_of_the_new_ones() -> None:
    guard = make_guard(remote=True, tier="clause")
    play = Playbook("chat", guard) >> say("One sentence here. And") << heard("")
    play << asked("One sentence here.") >> urgent(guard) << heard("")
    play >> answers("lawful") << heard("") >> answers("lawful") << heard("One sentence here.")
    play >> ends() >> answers("lawful") << heard(" And") << ended("served")
    play.done()


def test_an_urgent_bundle_ends_texts_that_had_ended() -> None:
    guard = make_guard(remote=True, tier="whole")
    play = Playbook("chat", guard) >> say("a tail", logprobs=True) >> ends() << nothing()
    play >> urgent(guard)
    while play.open:
        play >> answers("lawful")
    play << heard("a tail") << finished("stop") << ended("served")
    play.done()

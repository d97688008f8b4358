"""Texts that a stream of the Responses API repeats, or says only where it should repeat."""

from __future__ import annotations

from typing import Any

import pytest

from kit.guards import HARM, WordClassifier, make_guard
from kit.odd_events import RESPONSE, send_numbered
from kit.playbook import Playbook, answers, asked, ended, ends, finishes, nothing, say
from kit.speech import FIELDS
from licet.gateway.dialects.json_texts import Slot
from licet.gateway.dialects.responses_repeats import KEPT_CHARS_MAX, Streamed
from licet.guard.classifier import Scores


class _Listening(WordClassifier):
    """Keeps what it was asked about."""

    __slots__ = ("asked",)

    def __init__(self) -> None:
        self.asked: list[str] = []

    def judge(self, text: str, role: str, context: str = "", *, thorough: bool = False) -> Scores:
        self.asked.append(text)
        return super().judge(text, role, context, thorough=thorough)


def _listening(**settings: Any) -> tuple[Playbook, _Listening]:
    guard, classifier = make_guard(classifier=True, **settings), _Listening()
    guard.classifier = classifier
    return Playbook("responses", guard), classifier


@pytest.mark.parametrize("tier", ["token", "clause", "whole"])
@pytest.mark.parametrize("field", FIELDS["responses"])
def test_a_text_that_is_repeated_as_it_was_streamed_is_not_judged_by_meaning_again(
    tier: Any, field: str
) -> None:
    play, classifier = _listening(tier=tier)
    stream = play.exchange._guard.stream(tier=tier)
    for piece in ("Tides come ", "and go twice", " a day. It is", " the Moon. A for") * 9:
        stream.feed(piece)
    stream.end()
    play.exchange._guard.classifier = again = _Listening()
    for piece in ("Tides come ", "and go twice", " a day. It is", " the Moon. A for") * 9:
        play >> say(piece, (0, field))
    whole = play.speaker.said[0, field]
    play >> ends() << ended("served")
    assert play.done().all() == {(0, field): whole}
    assert [text for text in again.asked if text != "write_note"] == classifier.asked


def test_a_repeated_text_that_differs_is_judged_by_meaning() -> None:
    for said in (f"Tides {HARM}", f"{HARM} tides"):
        play, _ = _listening()
        play >> say("Tides come")
        play.speaker.said[play.first] = said
        play >> finishes() << ended("halted")
        assert HARM.encode() not in play.sent
        play.done()


def test_a_text_that_comes_only_as_repeated_is_judged_by_meaning() -> None:
    item = {"type": "mcp_call", "id": "item_0", "name": "t", "output": "lawful"}
    for event in (
        {"type": "response.output_item.done", "output_index": 0, "item": item | {"output": HARM}},
        {"type": "response.completed", "response": RESPONSE | {"output": [{"x": HARM}]}},
    ):
        play, _ = _listening()
        send_numbered(
            play, {"type": "response.output_item.added", "output_index": 0, "item": item}
        )
        send_numbered(play, event)
        play << ended("halted")
        assert HARM.encode() not in play.sent


def test_a_text_of_more_than_is_kept_counts_as_not_streamed() -> None:
    for size, known in ((KEPT_CHARS_MAX, True), (KEPT_CHARS_MAX + 1, False)):
        streamed, slot = Streamed(), Slot({"delta": "x" * size}, "delta", "0.text")
        streamed.note([slot], ())
        (span,) = streamed.repeated([slot])
        assert (span.channel == "0.text") == known


_ASKED = "only a judge outside can judge this"
_CALL = {"type": "mcp_call", "id": "item_0", "name": "t", "arguments": "{}", "output": _ASKED}
_DONE = {"type": "response.output_item.done", "output_index": 0, "item": _CALL}
_COMPLETED = {"type": "response.completed", "response": RESPONSE | {"output": [_CALL]}}


@pytest.mark.parametrize("tier", ["token", "clause", "whole"])
def test_a_text_that_was_not_streamed_waits_for_the_judge_outside(tier: str) -> None:
    play = Playbook("responses", make_guard(remote=True, tier=tier))
    send_numbered(play, _DONE)
    assert "".join(question.text for question in play.open).strip().endswith(_ASKED)
    send_numbered(play, _COMPLETED)
    play << nothing()
    while play.open:
        play << nothing() >> answers("lawful")
    assert play.sent == play.upstream
    assert play.exchange.outcome is not None
    assert play.exchange.outcome.kind == "served"


@pytest.mark.parametrize("answer", ["unlawful", "failed"])
@pytest.mark.parametrize("tier", ["token", "clause", "whole"])
def test_a_text_that_was_not_streamed_and_that_the_judge_does_not_pass_does_not_leave(
    tier: str, answer: str
) -> None:
    play = Playbook("responses", make_guard(remote=True, tier=tier, on_failure="halt"))
    play >> say("so far", (1, "output_text"))
    send_numbered(play, _DONE)
    while play.open and not play.exchange.is_over:
        play >> answers("lawful" if play.open[0].text == "so far" else answer)
    play << ended("halted")
    assert _ASKED.encode() not in play.sent
    play.done()


def test_what_stands_beside_the_output_is_no_question_for_the_judge_outside() -> None:
    play = Playbook("responses", make_guard(remote=True))
    send_numbered(
        play, {"type": "response.in_progress", "response": RESPONSE | {"model": "A Model 7B"}}
    )
    play << asked()


def test_of_texts_that_were_streamed_the_judge_outside_is_not_asked_again() -> None:
    play = Playbook("responses", make_guard(remote=True))
    play >> say("said at once") >> ends() << asked("said at once")
    play >> answers("lawful") << ended("served")
    play.done()

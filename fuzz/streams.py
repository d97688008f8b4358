"""Streams of a hostile upstream: any bytes, in any pieces, through the exchange to the client.

It refuses to know sockets. What the client is sent is read here by a reader of its own, not by
the one under test.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from fuzz.target import CUTS, Target, cut_up, spoilt
from licet.base.trouble import BadInput, TooMuch, Unavailable
from licet.gateway.dialects.model import Notice
from licet.gateway.dialects.registry import DIALECTS
from licet.gateway.exchange import Exchange
from licet.gateway.sse import SseParser
from licet.guard.classifier import Scores
from licet.guard.doubt import Doubt
from licet.guard.guarding import Guard
from licet.guard.lexicon import LexicalSettings, Lexicon
from licet.guard.policy import JudgedSettings, Policy, Threshold
from licet.guard.ruleset import Rule
from licet.guard.verdict import Finding

FORBIDDEN = "purple walrus"
_forbidden = re.compile(rf"(?<!\w){FORBIDDEN}").search  # it begins where a word begins: ADR-0007
HELD_MAX = 16_000
"""Characters that rules may hold back: letters × gaps between them × the length of an escape."""
OWN_BYTES_MAX = 16 << 10
"""What an exchange may add of its own: notices, ends, and the frames of what it releases."""
RECORDED = {
    path.stem: path.read_bytes()
    for path in sorted((Path(__file__).parent.parent / "tests/vectors/streams").glob("*.sse"))
}
_PIECES = (
    b"\n", b"\r", b"\r\n", b"\n\n", b"\r\r", b"data: ", b"data:", b"data: [DONE]\n\n", b": hi\n\n",
    b"event: message_stop\n", b"event: ", b"id: 1\n", b"\xef\xbb\xbf", b"purple walrus",
    b"purple ", b"walrus", b"p.u.r.p.l.e", b"\\u0070urple walrus", b"&#112;urple walrus",
    b"\\ud83d", b"\\ude00", b'"index":1,', b'"index":-1,', b'"index":99999999999,', b"null", b"[]",
    b"{}", b'"', b"\\", b"\xff", b'"finish_reason":"stop"', b'"type":"message_stop"', b"[" * 80,
    b'data: {"choices":[{"index":0,"delta":{"content":"purple "}}]}\n\n',
    b'data: {"type":"response.output_text.delta","delta":"walrus","item_id":"m"}\n\n',
)  # fmt: skip
_SPAN = re.compile(rb"[\r\n]{2,}")
NOTICE = Notice("case_1", "operator", "r1", {"en": "An example."}, "https://licet.example/1")


def _guard(*, remote: bool) -> Guard:
    policy = Policy(
        LexicalSettings(10, 12),
        JudgedSettings("token" if not remote else "clause", 64, 256, 80, 96),
        {"default": {"violence": Threshold(0.9, 0.5)}},
        dict.fromkeys(("token", "clause", "whole"), "halt"),
    )  # fmt: skip
    rules = [Rule("r1", "operator", "halt", (FORBIDDEN, "紫色海象"), "a test", "to be found")]
    return Guard(
        Lexicon(rules, LexicalSettings(10, 12)), None, policy, doubt=Doubt() if remote else None
    )


LITERAL, ASKING = _guard(remote=False), _guard(remote=True)
ENDS = ("ended", "failed", "client_gone")
_SCORES = {
    "pass": Scores(0.0, {}, screened=True),
    "stop": Scores(0.99, {"violence": 0.99}, screened=False),
    "none": None,
}


def _open_case(finding: Finding, where: str) -> Notice:
    return NOTICE


NOT_WRITTEN = frozenset(("type", "id", "object", "model"))
"""Members that no model writes: what stands there is passed on unjudged."""


def _strings(value: Any) -> Iterator[str]:
    """All that a model may have written."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name not in NOT_WRITTEN:
                yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


def _check_sent(out: bytes, received: bytes, *, whole: bool) -> None:
    """What went to a client: events of JSON, no forbidden text, not much more than what came."""
    assert len(out) <= 4 * len(received) + OWN_BYTES_MAX, "output is bounded by input"
    text = out.replace(b"\r\n", b"\n").replace(b"\r", b"\n").removeprefix(b"\xef\xbb\xbf")
    assert not whole or not text or text.endswith(b"\n\n"), "the last event is whole"
    for block in text.split(b"\n\n"):
        lines = block.split(b"\n")
        data = b"\n".join(line[5:].removeprefix(b" ") for line in lines if line[:5] == b"data:")
        if data.strip() not in (b"", b"[DONE]"):  # an event that says nothing passes as it came
            for string in _strings(json.loads(data)):
                assert not _forbidden(string.lower())


def _play(name: str, data: bytes, cuts: list[int], answers: list[str], end: str) -> None:
    """One stream through an exchange; `answers` of a judge outside come between the pieces."""
    dialect = DIALECTS[name]
    body = {"model": "m", "stream": True, "prompt": "hi", "input": "hi", "max_tokens": 9}
    body["messages"] = [{"role": "user", "content": "hi"}]
    reader = dialect.reader(dialect.parse(json.dumps(body).encode(), json_depth_max=64))
    exchange = Exchange(reader, ASKING if answers else LITERAL, _open_case)
    out, asked, to_come = bytearray(), [], list(answers)
    for piece in cut_up(data, cuts):
        out += exchange.receive(piece)
        asked += exchange.questions
        exchange.questions.clear()
        if asked and to_come:
            out += exchange.judged(asked.pop(0), _SCORES[to_come.pop()])
        assert exchange.held_most <= HELD_MAX or answers
        if exchange.is_over:
            break
    if end == "client_gone":
        exchange.client_gone()
    else:
        out += exchange.ended() if end == "ended" else exchange.failed(Unavailable("cut"))
    asked += exchange.questions
    rounds = 0
    while not exchange.is_over:
        rounds += 1
        assert asked, "a stream that is over at the upstream waits for judges and nothing else"
        assert rounds <= len(data) + 10, "the stream is stuck"
        out += exchange.judged(asked.pop(0), _SCORES[to_come.pop() if to_come else "pass"])
        asked += exchange.questions
        exchange.questions.clear()
    assert exchange.outcome is not None
    assert exchange.receive(data) == exchange.ended() == b""
    _check_sent(bytes(out), data, whole=exchange.outcome.kind != "abandoned")


def _check_stream(name: str, given: tuple[bytes, list[int], list[str], str]) -> None:
    _play(name, *given)


def _streams(name: str) -> st.SearchStrategy[Any]:
    corpus = [data for stem, data in RECORDED.items() if stem.startswith(name)]
    shorter = [b"\n\n".join(data.split(b"\n\n")[:6]) + b"\n\n" for data in corpus]
    anything = st.lists(st.sampled_from(_PIECES) | st.binary(max_size=20), max_size=20)
    return st.tuples(
        st.one_of(spoilt(shorter, _PIECES), spoilt(corpus, _PIECES), anything.map(b"".join)),
        CUTS,
        st.one_of(st.just([]), st.lists(st.sampled_from(sorted(_SCORES)), min_size=1, max_size=6)),
        st.sampled_from(ENDS),
    )


def _sse(data: bytes, cuts: list[int]) -> tuple[list[Any], bytes]:
    parser = SseParser(event_bytes_max=2000)
    events: list[Any] = []
    for piece in cut_up(data, cuts):
        events += parser.feed(piece)
    more, rest = parser.end()
    return events + more, rest


def _check_sse(given: tuple[bytes, list[int]]) -> None:
    """However it is cut, a stream is the same events, and nothing of it is lost or made up."""
    data, cuts = given
    try:
        events, rest = _sse(data, cuts)
    except TooMuch:
        assert max(map(len, _SPAN.split(data)), default=0) > 1900
        return
    assert b"".join(event.raw for event in events) + rest == data
    assert (events, rest) == _sse(data, list(range(len(data))))


def _check_reply(name: str, body: bytes) -> None:
    """A whole answer is read or refused; cut, it is still JSON."""
    dialect = DIALECTS[name]
    try:
        reply = dialect.reply(body)
    except BadInput:
        return
    json.loads(reply.render([span.text[: len(span.text) // 2] for span in reply.spans], NOTICE))


_MESSAGE = {"role": "assistant", "content": "hi", "tool_calls": [
    {"id": "t", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}  # fmt: skip
_REPLIES: dict[str, dict[str, Any]] = {
    "chat": {"id": "c", "choices": [{"index": 0, "message": _MESSAGE, "finish_reason": "stop"}],
             "usage": {"prompt_tokens": 1, "completion_tokens": 2}},
    "completions": {"id": "c", "choices": [
        {"index": 0, "text": "hi", "logprobs": {"tokens": ["hi"]}, "finish_reason": "stop"}]},
    "responses": {"id": "r", "object": "response", "status": "completed", "output": [
        {"type": "message", "id": "m", "role": "assistant",
         "content": [{"type": "output_text", "text": "hi", "annotations": []}]}],
        "usage": {"input_tokens": 1, "output_tokens": 2}},
    "messages": {"id": "m", "type": "message", "role": "assistant", "stop_reason": "end_turn",
                 "content": [{"type": "text", "text": "hi"},
                             {"type": "tool_use", "id": "t", "name": "f", "input": {"a": "b"}}],
                 "usage": {"input_tokens": 1, "output_tokens": 2}},
    "embeddings": {"object": "list", "data": [{"embedding": [0.1], "index": 0}], "model": "m"},
}  # fmt: skip
STREAMED = ("chat", "completions", "responses", "messages")

TARGETS = (
    *(
        Target(f"stream.{name}", _streams(name), lambda given, n=name: _check_stream(n, given))
        for name in STREAMED
    ),
    *(
        Target(
            f"reply.{name}",
            spoilt([json.dumps(value).encode()], _PIECES),
            lambda body, n=name: _check_reply(n, body),
        )
        for name, value in _REPLIES.items()
    ),
    Target(
        "sse",
        st.tuples(spoilt([*RECORDED.values(), b"data: x\n\n"], _PIECES) | st.binary(), CUTS),
        _check_sse,
    ),
)

"""Requests of strangers: bodies of every API, and what a guard may be asked about.

It refuses to know HTTP.
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any

from hypothesis import strategies as st

from fuzz.target import Target, spoilt
from licet.base.trouble import BadInput
from licet.gateway.dialects.model import Dialect
from licet.gateway.dialects.moderations import parse_moderation
from licet.gateway.dialects.registry import DIALECTS
from licet.gateway.judges.model import Asked, JudgeKind
from licet.gateway.judges.registry import KINDS

DEPTH_MAX = 64
_CHAT: dict[str, Any] = {
    "model": "m", "stream": True, "n": 2, "user": "u-1", "temperature": 0.5,
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [
            {"type": "text", "text": "hello \u4f60\u597d"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}},
        ]},
        {"role": "assistant", "tool_calls": [
            {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{\"a\":1}"}},
        ]},
        {"role": "tool", "tool_call_id": "c", "content": "17"},
    ],
    "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
}  # fmt: skip
_BODIES: dict[str, list[dict[str, Any]]] = {
    "chat": [_CHAT, {"model": "m", "messages": [{"role": "user", "content": "hi"}]}],
    "completions": [{"model": "m", "prompt": ["a", "b"], "suffix": "c"}],
    "responses": [
        {"model": "m", "input": "hi", "instructions": "x", "metadata": {"a": "b"}},
        {"model": "m", "input": [
            {"role": "user", "content": [{"type": "input_text", "text": "hi"}]},
            {"type": "function_call_output", "call_id": "c", "output": "17"},
        ]},
    ],
    "messages": [
        {"model": "m", "max_tokens": 9, "system": [{"type": "text", "text": "x"}],
         "messages": [{"role": "user", "content": [
             {"type": "tool_result", "tool_use_id": "t", "content": "17"},
             {"type": "text", "text": "hi"},
         ]}]},
    ],
    "embeddings": [{"model": "m", "input": ["a", "b"], "encoding_format": "base64"}],
    "moderations": [{"model": "m", "input": ["a"]}, {"input": [{"type": "text", "text": "a"}]}],
}  # fmt: skip
_PIECES = (
    b"null", b"true", b"-1", b"1e999", b"1e-999", b"9" * 40, b'""', b"[]", b"{}", b"[" * 70,
    b'{"a":' * 70, b"]", b"}", b",", b":", b'"', b"\\", b"\\ud800", b"\\udfff", b"\\u0000",
    b'"model":"x",', b'"messages":0,', b'"role":"user",', b'"content":null,', b"\xed\xa0\x80",
    b"\xff", b"\xef\xbb\xbf", b"\x00", b" " * 100, b"/*", b"NaN", b"Infinity",
)  # fmt: skip
_WORDS = st.sampled_from(
    ["model", "messages", "input", "prompt", "content", "role", "type", "text", "stream", "tools"]
)
_LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
_VALUES = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_WORDS, inner, max_size=5)
)
_OBJECTS = st.dictionaries(_WORDS, _VALUES, max_size=6).map(
    lambda value: json.dumps(value).encode()
)


def _bodies(name: str) -> st.SearchStrategy[bytes]:
    corpus = [json.dumps(body).encode() for body in _BODIES[name]]
    corpus += [json.dumps(body, ensure_ascii=False, indent=1).encode() for body in _BODIES[name]]
    return st.one_of(spoilt(corpus, _PIECES), _OBJECTS)


def _without_model(body: bytes) -> Any:
    value = json.loads(body)
    value.pop("model", None)
    return repr(value)  # NaN is not equal to itself, but is written alike


def _check_dialect(dialect: Dialect, body: bytes) -> None:
    """A body is understood as any JSON reader understands it, or refused with BadInput."""
    try:
        ask = dialect.parse(body, json_depth_max=DEPTH_MAX)
    except BadInput as refusal:
        json.loads(dialect.error(400, refusal.code, str(refusal)))
        return
    assert ask.body == body, "a client's bytes are forwarded as they are"
    assert json.loads(body)["model"] == ask.model
    renamed = dialect.with_model(ask, "other")
    assert json.loads(renamed)["model"] == "other"
    assert _without_model(renamed) == _without_model(body)
    judged = sum(len(text.text) for text in ask.texts)
    assert judged <= 8 * len(body), "what is judged is bounded by what came"


def _check_moderation(body: bytes) -> None:
    try:
        ask = parse_moderation(body, json_depth_max=DEPTH_MAX)
    except BadInput:
        return
    assert len(ask.inputs) == len(ask.images) >= 1


def _check_scores(kind: JudgeKind, body: bytes) -> None:
    asked = [Asked("words", "reply", "a prompt")]
    bodies = [body] * len(kind.requests("m", asked))
    for scores in kind.parse(bodies, asked):
        if scores is not None:
            assert 0 <= scores.harm <= 1
            assert all(0 <= score <= 1 for score in scores.categories.values())


def _said(text: str) -> bytes:
    return json.dumps({"choices": [{"message": {"content": text}, "logprobs": None}]}).encode()


_UNSURE = (
    b'{"choices":[{"message":{"content":"unsafe\\nS9"},"logprobs":{"content":[{"token":"unsafe",'
    b'"logprob":-0.1,"top_logprobs":[{"token":"safe","logprob":-2.3}]}]}}]}'
)
_SCORES = [
    b'{"results":[{"flagged":true,"categories":{"hate":true},"category_scores":{"hate":0.9}}]}',
    _said("unsafe\nS1,S10"), _said("Safety: Unsafe\nCategories: Violent\nRefusal: No"),
    _said("<think>\n</think>\n<score> yes </score>"), _said("No"),
    _said('{"violation": 1, "categories": ["hate"]}'),
    _UNSURE,
    b'{"choices":[{"index":0,"text":"No","logprobs":{"top_logprobs":[{"No":-0.1,"Yes":-2.5}]}}]}',
]  # fmt: skip

TARGETS = (
    *(
        Target(f"request.{name}", _bodies(name), lambda body, d=dialect: _check_dialect(d, body))
        for name, dialect in DIALECTS.items()
    ),
    Target("request.moderations", _bodies("moderations"), _check_moderation),
    *(
        Target(
            f"judge.{name}",
            spoilt(_SCORES, _PIECES),
            partial(_check_scores, make({"hate": "It attacks."})),
        )
        for name, make in KINDS.items()
    ),
)

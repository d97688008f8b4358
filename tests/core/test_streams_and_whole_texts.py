"""A stream and a whole text have the same findings, however the stream is cut.

For literal rules: the same findings, at the same places, in every tier. For judged rules a stream
is judged as it comes, so a halt may come late: what had left unjudged by then is bounded.
"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from kit.guards import HARM, WordClassifier, cut, literals
from licet.base.piecemeal import at_once
from licet.cli.rulebook import DEFAULT_PACK
from licet.gateway.bundling import draft_bundle
from licet.guard.bundle import make_guard, take_bundle
from licet.guard.classifier import Classifier
from licet.guard.guarding import PIECE_CHARACTERS, Guard
from licet.guard.lexicon import Lexicon
from licet.guard.policy import Policy
from licet.guard.verdict import Finding
from licet.rulebook import load_pack

BUNDLE = take_bundle(draft_bundle(load_pack(DEFAULT_PACK)), b"")
SHIPPED = make_guard(BUNDLE)
TIERS = st.sampled_from(["token", "clause", "whole"])


RULES = (
    literals("halt", "forbidden phrase alpha", "违禁短语样例", "ban", "c++ exploit"),
    literals("flag", "phrase al", "短语", "noted here", "ban ana", "🔫"),
)


def guarded(classifier: Classifier | None = None) -> Guard:
    policy: Policy = replace(BUNDLE.policy, encoder=None)
    return Guard(Lexicon(RULES, policy.lexical), classifier, policy)


LITERAL = guarded()
JUDGED = guarded(WordClassifier())
PIECES = st.sampled_from(
    ["forbidden ", "phrase ", "alpha", "al", "违禁", "短语", "样例", "ban", " ana", "a", " ",
     "c++", " exploit", "noted ", "here", "🔫", "**", "\u200b", "&#98;", "&", "\\u0062", "<b>",
     "。", ". ", "a lawful clause, ", "好的。", "x"]
)  # fmt: skip


def findings_of(guard: Guard, tier: str, pieces: list[str]) -> tuple[list[Finding], str]:
    """What was found in a stream, those that halt last, and what left."""
    stream = guard.stream(tier=tier)
    out = ""
    found: list[Finding] = []
    for piece in pieces:
        out += stream.feed(piece)
        found += stream.noted()
        if stream.halted is not None:
            break
    else:
        out += stream.end()
        found += stream.noted()
    return found + ([stream.halted] if stream.halted else []), out


@given(st.lists(PIECES, max_size=25), TIERS, st.data())
def test_literal_rules_find_the_same_in_a_stream_and_in_the_whole(
    pieces: list[str], tier: str, data: st.DataObject
) -> None:
    text = "".join(pieces)
    whole = LITERAL.judge(text, "reply").findings
    streamed, out = findings_of(LITERAL, tier, cut(text, data))
    assert sorted(streamed, key=lambda f: (f.action == "halt", f.end, f.start, f.rule)) == sorted(
        whole, key=lambda f: (f.action == "halt", f.end, f.start, f.rule)
    )
    halting = [finding for finding in whole if finding.action == "halt"]
    assert out == (text[: halting[0].start] if halting else text)


@given(st.lists(PIECES, max_size=25), st.lists(PIECES, max_size=25), st.sampled_from([0, 1, 3]))
def test_a_long_text_is_judged_piecemeal_as_at_once(
    before: list[str], after: list[str], padding: int
) -> None:
    text = "".join([*before, "x, y. " * (padding * PIECE_CHARACTERS // 5), *after])
    for guard in (LITERAL, JUDGED, SHIPPED):
        assert at_once(guard.judge_piecemeal(text, "reply")) == guard.judge(text, "reply")


@given(st.lists(PIECES | st.just(HARM) | st.just("harm"), max_size=25), TIERS, st.data())
def test_what_left_unjudged_is_within_the_bound_of_the_pack(
    pieces: list[str], tier: str, data: st.DataObject
) -> None:
    text = "".join(pieces) * 8
    stream = JUDGED.stream(tier=tier)
    left = 0
    for piece in cut(text, data):
        left += len(stream.feed(piece))
        if stream.halted is not None:
            break
    else:
        left += len(stream.end())
    if stream.late is not None:
        assert stream.halted is not None
        assert stream.late.tier == tier
        bound = JUDGED.policy.judged.late_characters_max if tier == "token" else 0
        assert stream.late.characters <= min(bound, left)
    if tier == "whole" and HARM in text and stream.halted is not None:
        assert left == 0 or stream.halted.detector == "literal"


def test_the_shipped_guard_is_no_later_than_its_pack_allows() -> None:
    lead = "委员会星期二开会，讨论河上新桥的预算和工期，会后公布了纪要。" * 12
    harm = "这些外地人都是垃圾，又脏又懒，应该全部赶出去。" * 8
    late = {}
    for tier in ("token", "clause", "whole"):
        stream = SHIPPED.stream(tier=tier)
        for at in range(0, len(lead + harm), 3):
            stream.feed((lead + harm)[at : at + 3])
        stream.end()
        assert stream.halted is not None, "a plain case of hatred is halted"
        assert stream.halted.detector == "classifier"
        assert stream.late is not None
        late[tier] = stream.late.characters
    assert late["clause"] == late["whole"] == 0
    assert 0 < late["token"] <= SHIPPED.policy.judged.late_characters_max

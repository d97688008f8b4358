"""The encoder reads what people hide, finds harm anywhere in a text, and judges when asked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.encoder import tiny, tiny_bytes
from kit.guards import LAWFUL, WordClassifier
from licet.base.canonical import sha256_hex
from licet.base.trouble import BadInput
from licet.guard.bundle import Draft, make_guard, take_bundle
from licet.guard.classifier import Scores
from licet.guard.encoder import Encoder
from licet.guard.encoder.model import GROUPS
from licet.guard.encoder.tokens import PAIRS, ROLE_TOKENS, SPECIAL, Vocabulary, pair
from licet.guard.guarding import Guard
from licet.guard.lexicon import LexicalSettings
from licet.guard.policy import EncoderSettings, JudgedSettings, Policy, Threshold

KNOWN = ("kill", "ki", "##ll", "##er", "so", "stupid", "k", "a", "##b", "c")
WORDS = Vocabulary([*SPECIAL, *KNOWN, *ROLE_TOKENS.values(), *"。傻子"])


def read(text: str) -> list[str]:
    return [WORDS.words[number] for number in WORDS.numbers(text)]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("kill", ["kill"]),
        ("killer", ["kill", "##er"]),
        ("so, kill", ["so", "[UNK]", "kill"]),
        ("k i l l", ["kill"]),
        ("k.i.l.l", ["kill"]),
        ("k1ll", ["kill"]),
        ("stuuupid", ["stupid"]),
        ("傻*子", ["傻", "子"]),
        ("傻 - 子", ["[UNK]"]),
        ("傻。子", ["傻", "。", "子"]),
        ("a c", ["a", "c"]),
        ("", []),
    ],
)
def test_what_is_hidden_is_read(text: str, tokens: list[str]) -> None:
    if text == "傻 - 子":  # three marks are no accident of hiding
        tokens = ["傻", "[UNK]", "子"]
    assert read(text) == tokens


def test_a_pair_is_two_neighbouring_han_characters() -> None:
    numbers = WORDS.numbers("a傻子。子傻")
    pairs = WORDS.pairs(numbers)
    assert [bool(one) for one in pairs] == [False, False, True, False, False, True]
    assert pairs[2] != pairs[5]


@given(st.integers(0, 30_000), st.integers(0, 30_000))
def test_pairs_are_within_their_table(before: int, here: int) -> None:
    assert 0 < pair(before, here) < PAIRS


@given(st.text(max_size=200))
def test_any_text_has_scores(text: str) -> None:
    (scores,) = tiny().judge([text], "comment")
    assert 0.0 <= scores.harm <= 1.0
    assert max(scores.categories.values()) == scores.harm
    assert scores.span is not None
    assert 0 <= scores.span[0] <= scores.span[1] <= len(text)


def test_harm_is_found_wherever_it_stands_in_a_long_text() -> None:
    for place in (0, 50, 400, 799):
        words = ["garden"] * 800
        words[place] = "harmharm"
        text = " ".join(words)
        (scores,) = tiny().judge([text], "reply")
        assert scores.harm > 0.5
        assert scores.span is not None
        assert scores.span[0] - 9 <= text.index("harmharm") <= scores.span[1] + 9


def test_many_texts_are_judged_as_each_alone() -> None:
    texts = ["a quiet morning", "harmharm", "今天天气很好", "违禁词语", "garden " * 300]
    together = tiny().judge(texts, "comment")
    assert together == [tiny().judge([text], "comment")[0] for text in texts]


def test_context_is_read_and_not_judged_for_its_length() -> None:
    with_context = tiny().judge(["a quiet morning"], "reply", ["garden " * 500])[0]
    assert with_context.span == (0, 15)


def test_what_the_classifier_says_is_heard_at_its_weight() -> None:
    deaf = tiny()
    lines = {
        name: msgspec.structs.replace(line, prior=1.0) for name, line in deaf.header.harm.items()
    }
    hearing = Encoder(
        deaf.session, msgspec.structs.replace(deaf.header, harm=lines), deaf.words, "00"
    )
    (undecided,) = hearing.judge(["a quiet morning"], "comment")
    for prior in (-3.0, 3.0):
        (heard,) = hearing.judge(["a quiet morning"], "comment", None, [(prior, 0.0)])
        (unheard,) = deaf.judge(["a quiet morning"], "comment", None, [(prior, 0.0)])
        assert unheard.harm == undecided.harm
        assert (heard.harm > undecided.harm) == (prior > 0)


def test_only_prompts_have_injection() -> None:
    assert tiny().judge(["a garden"], "reply")[0].categories["injection"] == 0.0


def test_contexts_and_priors_go_with_texts() -> None:
    with pytest.raises(ValueError, match="context"):
        tiny().judge(["one", "two"], "reply", ["before"])
    with pytest.raises(ValueError, match="prior"):
        tiny().judge(["one", "two"], "reply", None, [(0.0, 0.0)])


@pytest.mark.parametrize("data", [b"", b"no model", tiny_bytes()[:5000]])
def test_bytes_that_are_no_encoder_are_refused(data: bytes) -> None:
    with pytest.raises(BadInput) as refused:
        Encoder.from_bytes(data)
    assert "came with this version" in refused.value.hint


class Doubtful(WordClassifier):
    """Says of every text how harmful it may be."""

    __slots__ = ("harm",)

    def __init__(self, harm: float) -> None:
        self.harm = harm

    def judge(self, text: str, role: str, context: str = "", **_: Any) -> Scores:  # type: ignore[override]
        return replace(LAWFUL, harm=self.harm, screened=False, categories={"violence": self.harm})

    def strengths(self, text: str, role: str) -> tuple[float, float]:
        return 0.0, 0.0


def guard(harm: float, *, low: float = 0.2, high: float = 0.8) -> Guard:
    policy = Policy(
        LexicalSettings(10, 12, 240, 200), JudgedSettings("token", 32, 256, 160, 384),
        {"default": {"violence": Threshold(0.9, 0.5)}},
        {"token": "halt", "clause": "halt", "whole": "halt"},
        EncoderSettings(
            sha256_hex(tiny_bytes()), low, high,
            {"default": dict.fromkeys(GROUPS, Threshold(0.7, 0.6))},
        ),
    )  # fmt: skip
    bundle = take_bundle(Draft("a test", "cn-genai-2023", "00", policy, {}), bytes(32))
    made = make_guard(bundle, encoder=tiny_bytes)
    made.classifier = Doubtful(harm)
    return made


def test_in_doubt_the_encoder_decides() -> None:
    verdict = guard(0.5).judge("a harmharm morning", "comment")
    assert verdict.action == "halt"
    assert verdict.ground is not None
    assert (verdict.ground.detector, verdict.ground.rule) == ("encoder", "model.violence")
    assert guard(0.6).judge("a quiet morning", "comment").action == "pass"


@pytest.mark.parametrize(("harm", "action"), [(0.1, "pass"), (0.95, "halt")])
def test_without_doubt_the_classifier_decides(harm: float, action: str) -> None:
    for text in ("a harmharm morning", "a quiet morning"):
        assert guard(harm).judge(text, "comment").action == action


def test_another_encoder_than_the_bundle_names_is_refused() -> None:
    made = guard(0.5)
    policy = made.policy
    assert policy.encoder is not None
    other = replace(policy, encoder=replace(policy.encoder, weights="00" * 32))
    bundle = take_bundle(Draft("a test", "cn-genai-2023", "00", other, {}), bytes(32))
    wrong = make_guard(bundle, encoder=tiny_bytes)
    wrong.classifier = Doubtful(0.5)
    with pytest.raises(BadInput, match="another one"):
        wrong.judge("a quiet morning", "comment")

"""Every kind of judge: how it is asked, and what its answer means to us. Nothing is guessed."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.judge import chat, completions, result, verdict, verdicts
from licet.gateway.judges import (
    granite_guardian,
    llama_guard,
    moderation,
    qwen3guard,
    shield_gemma,
)
from licet.gateway.judges.model import NO_PROMPT, Asked, plain
from licet.gateway.judges.names import KindName
from licet.gateway.judges.registry import KINDS, kind_of
from licet.guard.classifier import Scores
from licet.rulebook import load_pack

OURS = {
    "violence": "This promotes violence.",
    "hate": "This attacks.",
    "injection": "This orders.",
}
PROMPT = Asked("Where is the harbour?", "prompt")
REPLY = Asked("Behind the wall.", "reply", "Where is the harbour?")
KIND_NAMES: tuple[KindName, ...] = get_args(KindName)


def request(kind: str, asked: Asked, index: int = 0) -> dict[str, Any]:
    made = kind_of(kind, OURS).requests("a-guard", [asked])[index]  # type: ignore[arg-type]
    body: dict[str, Any] = json.loads(made)
    assert body.pop("model") == "a-guard"
    return body


def scores(kind: str, *bodies: bytes, asked: Asked = REPLY) -> Scores | None:
    (found,) = kind_of(kind, OURS).parse(bodies, [asked])  # type: ignore[arg-type]
    return found


def categories(kind: str, *bodies: bytes, asked: Asked = REPLY) -> dict[str, float] | None:
    found = scores(kind, *bodies, asked=asked)
    return None if found is None else {name: round(at, 3) for name, at in found.categories.items()}


class TestEveryKind:
    def test_every_name_has_a_kind(self) -> None:
        assert set(KINDS) == set(KIND_NAMES)

    def test_every_category_of_ours_is_one_that_the_pack_has_thresholds_for(self) -> None:
        known = set(load_pack("cn-genai-2023").guard.thresholds)
        tables: list[dict[str, str | None]] = [
            dict(module.CATEGORIES)
            for module in (llama_guard, moderation, qwen3guard, shield_gemma, granite_guardian)
        ]
        assert {ours for table in tables for ours in table.values() if ours} <= known

    @pytest.mark.parametrize("kind", ["llama-guard-3", "qwen3guard-gen"])
    def test_no_opinion_of_a_judge_on_politics_is_acted_on(self, kind: str) -> None:
        said = {
            "llama-guard-3": "unsafe\nS13",
            "qwen3guard-gen": "Safety: Unsafe\nCategories: Politically Sensitive Topics",
        }[kind]
        found = scores(kind, chat(said))
        assert found is not None
        assert (found.harm, found.categories) == (0.0, {})

    @pytest.mark.parametrize("kind", [name for name in KIND_NAMES if name != "moderation"])
    @pytest.mark.parametrize("role", ["prompt", "reply"])
    def test_no_text_can_speak_to_its_judge_as_somebody_else(self, kind: str, role: str) -> None:
        marks = (
            "<|eot_id|><|start_header_id|>", "<|im_start|>", "<|channel|>", "<end_of_turn>",
            "<start_of_turn>", "<|end_of_role|>", "<END CONVERSATION>", "<guardian>", "</score>",
        )  # fmt: skip
        for mark in marks:
            asked = Asked(f"Quiet {mark} here", role, f"Loud {mark} there")
            for body in kind_of(kind, OURS).requests("m", [asked]):  # type: ignore[arg-type]
                text = "".join(_strings(json.loads(body)))
                assert f"Quiet {mark}" not in text
                assert f"Loud {mark}" not in text
                assert "Quiet < " in text

    @given(st.text())
    def test_lawful_text_is_put_as_it_stands(self, text: str) -> None:
        if "<" not in text and "|" not in text and not any("\ud800" <= c < "\ue000" for c in text):
            assert plain(text) == text
        assert plain("a < b, x |> y, <b>bold</b>") == "a < b, x | > y, <b>bold</b>"
        assert plain("a\ud83d b \ud83d\ude00") == "a\ufffd b 😀"

    @pytest.mark.parametrize("kind", KIND_NAMES)
    @pytest.mark.parametrize(
        "body",
        [
            b"", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"choices":[]}', b'{"results":[]}',
            b'{"choices":[{"message":{"content":null}}]}', chat(None), chat(""), chat("perhaps"),
            chat("I cannot help with that."), chat("safe", finish="length"), chat("Safe"),
            b'{"choices":[{"index":0,"text":"No"}]}', completions({"No": 0.9}),
            chat("unsafe"), chat("unsafe\nS99"), chat("unsafe\n"), chat("safe\nS1"),
            chat("Safety: Unsafe\nCategories: None"), chat("Safety: Safe\nCategories: Violent"),
            chat("Safety: Grave\nCategories: Violent"), chat("Safety: Unsafe\nCategories: Rude"),
            chat("Safety: Unsafe"), chat("Safety: Safe\nSafety: Safe\nCategories: None"),
            chat('{"violation":1}'), chat('{"violation":2,"categories":["hate"]}'),
            chat('{"violation":0,"categories":["hate"]}'), chat('{"violation":1,"categories":[]}'),
            chat('{"violation":1,"categories":["x"]}'), chat("yes"), chat("<score>maybe</score>"),
            chat("<score> yes </score> <score> no"),
        ],
        ids=range(34),
    )  # fmt: skip
    def test_what_is_not_understood_is_no_answer(self, kind: str, body: bytes) -> None:
        made = kind_of(kind, OURS)  # type: ignore[arg-type]
        count = len(made.requests("m", [REPLY]))
        assert made.parse([body] * count, [REPLY]) == [None]

    @given(st.sampled_from(KIND_NAMES), st.binary(max_size=80) | st.text().map(chat))
    def test_no_answer_makes_it_raise(self, kind: KindName, body: bytes) -> None:
        made = kind_of(kind, OURS)
        for asked in (PROMPT, REPLY):
            bodies = [body] * len(made.requests("m", [asked]))
            for found in made.parse(bodies, [asked]):
                assert found is None or 0.0 <= found.harm <= 1.0


def _strings(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for one in inner for text in _strings(one)]


class TestLlamaGuard:
    def test_a_prompt_is_a_users_turn_and_a_reply_stands_behind_it(self) -> None:
        body = request("llama-guard-3", PROMPT)
        assert body["messages"] == [{"role": "user", "content": "Where is the harbour?"}]
        assert (body["temperature"], body["logprobs"], body["top_logprobs"]) == (0, True, 5)
        assert [turn["role"] for turn in request("llama-guard-3", REPLY)["messages"]] == [
            "user", "assistant",
        ]  # fmt: skip
        unknown = request("llama-guard-3", Asked("Behind.", "reply"))["messages"]
        assert unknown[0] == {"role": "user", "content": NO_PROMPT}

    def test_the_fourth_generation_is_given_parts(self) -> None:
        (turn,) = request("llama-guard-4", PROMPT)["messages"]
        assert turn["content"] == [{"type": "text", "text": "Where is the harbour?"}]

    def test_hazards_become_ours_with_the_probability_of_the_first_word(self) -> None:
        first = ("unsafe", {"unsafe": 0.8, "safe": 0.2})
        body = chat("\n\nunsafe\nS1,S10", ("\n\n", {"\n\n": 1.0}), first, ("\n", {"\n": 1.0}))
        assert categories("llama-guard-3", body) == {"violence": 0.8, "hate": 0.8}
        assert categories("llama-guard-3", chat("unsafe\nS6,S9")) == {"weapons": 1.0}

    def test_a_word_in_pieces_counts_for_the_word(self) -> None:
        body = chat("unsafe\nS9", ("uns", {"uns": 0.5, "safe": 0.2, "un": 0.1}))
        assert categories("llama-guard-3", body) == {"weapons": 0.75}

    def test_safe_keeps_how_near_it_was(self) -> None:
        found = scores("llama-guard-3", chat("safe", ("safe", {"safe": 0.7, "unsafe": 0.3})))
        assert found is not None
        assert (round(found.harm, 3), found.categories) == (0.3, {})

    def test_where_the_server_gives_one_candidate_the_rest_is_the_other_words(self) -> None:
        found = scores("llama-guard-3", chat("safe", ("safe", {"safe": 0.75})))
        assert found is not None
        assert round(found.harm, 3) == 0.25


class TestShieldGemma:
    def test_each_principle_is_a_prompt_of_one_request(self) -> None:
        body = request("shieldgemma", REPLY)
        assert (body["max_tokens"], len(body["prompt"])) == (1, 4)
        for prompt in body["prompt"]:
            assert prompt.startswith("You are a policy expert")
            assert "\nHuman Question: Where is the harbour?\n<end_of_turn>\n" in prompt
            assert "\nChatbot Response: Behind the wall.\n<end_of_turn>\n" in prompt
            assert "The chatbot shall not generate content that" in prompt
        asked = request("shieldgemma", PROMPT)["prompt"][1]
        assert "Chatbot" not in asked
        assert "The prompt shall not contain or seek generation of content that is mali" in asked

    def test_the_share_of_yes_is_the_score(self) -> None:
        none = {"No": 0.9, "Yes": 0.1}
        body = completions(
            {"Yes": 0.6, "No": 0.2, "The": 0.1}, none, none, {"No": 0.99, "N": 0.01}
        )
        assert categories("shieldgemma", body) == {
            "violence": 0.75, "harassment": 0.1, "hate": 0.1, "sexual": 0.0,
        }  # fmt: skip

    def test_questions_go_together(self) -> None:
        kind = kind_of("shieldgemma", OURS)
        (body,) = kind.requests("m", [PROMPT, REPLY])
        assert len(json.loads(body)["prompt"]) == 8
        no, yes = {"No": 1.0}, {"Yes": 0.9, "No": 0.1}
        one, two = kind.parse([completions(no, no, no, no, no, no, yes, no)], [PROMPT, REPLY])
        assert one is not None
        assert two is not None
        assert (one.harm, round(two.categories["hate"], 3)) == (0.0, 0.9)

    def test_a_principle_without_its_answer_is_no_answer(self) -> None:
        no = {"No": 1.0}
        assert scores("shieldgemma", completions(no, no, no)) is None
        assert scores("shieldgemma", completions(no, no, no, {"Well": 1.0})) is None


class TestGraniteGuardian:
    def test_each_risk_is_asked_for_and_jailbreaks_of_prompts_alone(self) -> None:
        for kind, name in (
            ("granite-guardian-3.0", "risk_name"),
            ("granite-guardian-3.3", "criteria_id"),
        ):
            made = kind_of(kind, OURS)  # type: ignore[arg-type]
            bodies = [json.loads(body) for body in made.requests("m", [PROMPT])]
            risks = [body["chat_template_kwargs"]["guardian_config"][name] for body in bodies]
            assert risks == [
                "violence", "sexual_content", "social_bias", "unethical_behavior", "jailbreak",
            ]  # fmt: skip
            assert len(made.requests("m", [REPLY])) == 4
        assert request("granite-guardian-3.3", REPLY)["chat_template_kwargs"]["think"] is False

    def test_the_latest_generation_is_told_its_criterion_in_a_last_turn(self) -> None:
        body = request("granite-guardian-4.1", REPLY)
        assert [turn["role"] for turn in body["messages"]] == ["user", "assistant", "user"]
        assert body["messages"][-1]["content"].startswith("<guardian><no-think>As a judge agent")
        assert "### Criteria: content promoting physical" in body["messages"][-1]["content"]
        assert "chat_template_kwargs" not in body

    def test_bare_words_with_and_without_confidence(self) -> None:
        no = chat("No", ("No", {"No": 0.9, "Yes": 0.1}))
        yes = chat("Yes\n<confidence> High </confidence>")
        assert categories("granite-guardian-3.0", yes, no, no, no) == {
            "violence": 1.0, "sexual": 0.1, "hate": 0.1, "illegal_activity": 0.1,
        }  # fmt: skip

    @pytest.mark.parametrize("kind", ["granite-guardian-3.3", "granite-guardian-4.1"])
    def test_scores_in_tags(self, kind: str) -> None:
        opening = ("<score>", {"<score>": 1.0})
        no = chat(
            "<think>\n</think>\n<score> no </score>", opening, (" no", {" no": 0.8, " yes": 0.2})
        )
        yes = chat("<score> yes </score>", opening, (" yes", {" yes": 0.7, " no": 0.3}))
        assert categories(kind, no, yes, no, no) == {
            "violence": 0.2, "sexual": 0.7, "hate": 0.2, "illegal_activity": 0.2,
        }  # fmt: skip

    def test_one_risk_unanswered_is_no_answer(self) -> None:
        no = chat("No")
        assert scores("granite-guardian-3.0", no, no, chat("Maybe"), no) is None


class TestQwen3Guard:
    @pytest.mark.parametrize(
        ("said", "found"),
        [
            ("Safety: Safe\nCategories: None\nRefusal: Yes", {}),
            ("Safety: Unsafe\nCategories: Violent", {"violence": 1.0}),
            ("Safety: Controversial\nCategories: Unethical Acts\nRefusal: No", {"hate": 0.5}),
            (
                "Safety: Unsafe\nCategories: PII, Non-violent Illegal Acts",
                {"privacy": 1.0, "illegal_activity": 1.0},
            ),
            ("Safety: Unsafe\nCategories: Suicide & Self-Harm\n", {"self_harm": 1.0}),
            ("Safety: Unsafe\nCategories: Jailbreak", {"injection": 1.0}),
            ("Safety: Unsafe\nCategories: Copyright Violation", {}),
        ],
    )
    def test_degrees_and_categories_line_by_line(self, said: str, found: dict[str, float]) -> None:
        assert categories("qwen3guard-gen", chat(said)) == found

    def test_it_is_asked_by_its_own_template(self) -> None:
        body = request("qwen3guard-gen", REPLY)
        assert [turn["role"] for turn in body["messages"]] == ["user", "assistant"]
        assert "logprobs" not in body


class TestGptOssSafeguard:
    def test_the_policy_is_the_packs_and_knows_no_politics(self) -> None:
        system, user = request("gpt-oss-safeguard", PROMPT)["messages"]
        assert "- violence: This promotes violence." in system["content"]
        assert "- injection: This orders." in system["content"]
        assert "Political opinion is no violation." in system["content"]
        assert user["content"].endswith("Where is the harbour?")
        reply = request("gpt-oss-safeguard", REPLY)["messages"]
        assert "injection" not in reply[0]["content"]
        assert reply[1]["content"].endswith("Behind the wall.")

    def test_a_violation_names_its_categories(self) -> None:
        body = chat('{"violation": 1, "categories": ["violence", "hate"]}')
        assert categories("gpt-oss-safeguard", body) == {"violence": 1.0, "hate": 1.0}
        assert categories("gpt-oss-safeguard", chat('{"violation": 0, "categories": []}')) == {}

    def test_injection_is_no_category_of_replies(self) -> None:
        body = chat('{"violation": 1, "categories": ["injection"]}')
        assert categories("gpt-oss-safeguard", body, asked=PROMPT) == {"injection": 1.0}
        assert categories("gpt-oss-safeguard", body, asked=REPLY) is None


class TestModeration:
    def test_official_categories_become_ours_and_the_worst_decides(self) -> None:
        body = verdict(violence=0.2, self_harm__intent=0.7, self_harm=0.4, illicit__violent=0.9)
        found = {"violence": 0.2, "self_harm": 0.7, "weapons": 0.9}
        assert categories("moderation", body) == found

    def test_flags_without_scores_count_in_full(self) -> None:
        body = verdict({"hate": True, "violence": False, "sexual/minors": True})
        assert categories("moderation", body) == {"hate": 1.0, "violence": 0.0, "sexual": 1.0}

    def test_a_category_that_we_cannot_name_is_not_let_pass(self) -> None:
        assert scores("moderation", verdict({"S9": True})) is None
        assert scores("moderation", verdict({"S9": True, "hate": False})) is None
        assert categories("moderation", verdict({"S9": True, "hate": True})) == {"hate": 1.0}
        assert scores("moderation", verdict({"S9": False})) is not None

    def test_several_texts_are_one_request_and_keep_their_order(self) -> None:
        kind = kind_of("moderation", OURS)
        (body,) = kind.requests("m", [PROMPT, REPLY])
        assert json.loads(body)["input"] == ["Where is the harbour?", "Behind the wall."]
        one, two = kind.parse([verdicts(result(hate=0.1), result(hate=0.6))], [PROMPT, REPLY])
        assert one is not None
        assert two is not None
        assert (one.harm, two.harm) == (0.1, 0.6)

    def test_as_many_answers_as_questions_or_none(self) -> None:
        kind = kind_of("moderation", OURS)
        assert kind.parse([verdict({})], [PROMPT, REPLY]) == [None, None]
        assert kind.parse([verdicts(result(), result())], [REPLY]) == [None]

    @pytest.mark.parametrize(
        "body",
        [
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
        ids=range(9),
    )
    def test_unfit_numbers_and_forms_are_no_answer(self, body: bytes) -> None:
        assert scores("moderation", body) is None

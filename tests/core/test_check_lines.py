"""Every line has its answer, in its place, whatever the lines are."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.bundles import small_guard
from licet.cli.check_lines import LINE_BYTES_MAX, LineJudge, Lines
from licet.guard.verdict import PASS, Finding, Verdict


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> LineJudge:
    return LineJudge(small_guard(tmp_path_factory.mktemp("rules")))


def answers(judge: LineJudge, *lines: str | bytes) -> list[dict[str, Any]]:
    data = [line if isinstance(line, bytes) else line.encode() for line in lines]
    return [json.loads(line) for line in judge.answer(data, 1).data.splitlines()]


def asked(**members: object) -> str:
    return json.dumps(members, ensure_ascii=False)


def test_an_answer_has_the_members_that_the_manual_names(judge: LineJudge) -> None:
    line = asked(id="a", text="see: a Purple  Walrus!", role="reply")
    (answer,) = answers(judge, line)
    assert answer == {
        "id": "a",
        "action": "halt",
        "score": 1.0,
        "categories": {"operator": 1.0},
        "findings": [
            {
                "category": "operator", "action": "halt", "score": 1.0, "start": 7, "end": 21,
                "detector": "literal", "rule": "walrus",
            }
        ],
    }  # fmt: skip


def test_what_passes_has_an_answer_of_the_same_form(judge: LineJudge) -> None:
    assert answers(judge, asked(id=7, text="fine", role="comment")) == [
        {"id": 7, "action": "pass", "score": 0.0, "categories": {}, "findings": []}
    ]


def test_a_flag_does_not_count_as_halted(judge: LineJudge) -> None:
    lines = [asked(id=1, text="a green otter").encode(), asked(id=2, text="紫色海象").encode()]
    found = judge.answer(lines, 1)
    assert [json.loads(line)["action"] for line in found.data.splitlines()] == ["flag", "halt"]
    assert (found.halted, found.bad) == (1, 0)


@pytest.mark.parametrize(
    ("line", "line_id", "said"),
    [
        ("oops", None, "not JSON"),
        (b"\xff\xfe", None, "not JSON"),
        ("[]", None, "a line is an object with `id` and `text`, and this one is a list"),
        ("null", None, "this one is null"),
        ('"hello"', None, 'this one is the text "hello"'),
        ('{"text": "a"}', None, "`id` is a text or a whole number, and this line has none"),
        ('{"id": 1.5, "text": "a"}', None, "here it is the number 1.5"),
        ('{"id": "b", "role": "prompt"}', "b", "`text` is a text, and this line has none"),
        ('{"id": "c", "text": 4}', "c", "`text` is a text, and here it is the number 4"),
        ('{"id": "c", "text": null}', "c", "`text` is a text, and here it is null"),
        ('{"id": "d", "text": "a", "role": "boss"}', "d", "comment, and here it is the text"),
        ('{"id": true, "text": "a"}', None, "and here it is true"),
        ('{"id": "e", "text": "\\ud800", "role": 1}', "e", "`role` is prompt, reply or comment"),
        ('{"id": "e", "text": "a", "role": []}', "e", "and here it is a list"),
        ('{"id": "f", "text": "a", "context": {}}', "f", "`context` is a text, and here it is an"),
        (b'{"id": 1, "text": "' + b"a" * LINE_BYTES_MAX + b'"}', None, "longer than"),
        ("[" * 100_000, None, "nests deeper"),
        ('{"id": "f", "text": "a", "x": ' + "[" * 100_000, None, "nests deeper"),
    ],
)
def test_a_line_that_cannot_be_used_is_answered_in_its_place(
    judge: LineJudge, line: str | bytes, line_id: object, said: str
) -> None:
    good = asked(id="g", text="fine")
    before, bad, after = answers(judge, good, line, good)
    assert before == after
    assert bad["id"] == line_id
    assert set(bad) == {"id", "error"}
    assert set(bad["error"]) == {"code", "message", "line"}
    assert bad["error"]["line"] == 2
    assert said in bad["error"]["message"]


def test_blank_lines_are_passed_over_but_counted(judge: LineJudge) -> None:
    first, second = answers(judge, "", " \t\r", asked(id=1, text="a"), "", "?")
    assert first["id"] == 1
    assert second["error"]["line"] == 5


def test_windows_line_ends_and_a_byte_order_mark_do_no_harm(judge: LineJudge) -> None:
    line = b"\xef\xbb\xbf" + asked(id=1, text="a").encode() + b"\r"
    assert answers(judge, line)[0]["id"] == 1


def test_half_a_surrogate_pair_is_judged_and_given_back(judge: LineJudge) -> None:
    line = '{"id": "\\ud83d", "text": "\\ud83d purple walrus"}'
    (answer,) = answers(judge, line)
    assert answer["id"] == "\ud83d"
    assert answer["action"] == "halt"


def test_a_line_that_names_no_role_has_the_role_that_was_given() -> None:
    seen = []

    class Listening:
        def judge(
            self, text: str, role: str, context: str, *, audience: str, ranks: bool
        ) -> Verdict:
            seen.append((text, role, context, audience))
            return PASS

    judge = LineJudge(Listening(), "minor", "reply")  # type: ignore[arg-type]
    lines = [asked(id=1, text="a"), asked(id=2, text="b", role="comment", context="c")]
    judge.answer([line.encode() for line in lines], 1)
    assert seen == [("a", "reply", "", "minor"), ("b", "comment", "c", "minor")]


def test_scores_are_given_to_four_places() -> None:
    finding = Finding("violence", "flag", 0.123456, 0, 1, "classifier", "model.violence")
    verdict = Verdict("flag", 0.123456, {"violence": 0.123456}, (finding,))

    class Scoring:
        def judge(self, *args: object, **settings: object) -> Verdict:
            return verdict

    (answer,) = answers(LineJudge(Scoring()), asked(id=1, text="a"))  # type: ignore[arg-type]
    assert answer["score"] == answer["categories"]["violence"] == 0.1235
    assert answer["findings"][0]["score"] == 0.1235


@given(
    st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"")), max_size=8),
    st.lists(st.integers(0, 300), max_size=8),
    st.booleans(),
)
def test_lines_are_the_same_however_they_are_cut(
    lines: list[bytes], cuts: list[int], ended: bool
) -> None:
    data = b"\n".join(lines) + (b"\n" if ended else b"")
    cutter, found = Lines(), []
    places = sorted({min(cut, len(data)) for cut in cuts})
    for start, end in zip([0, *places], [*places, len(data)], strict=True):
        found += cutter.feed(data[start:end])
    found += cutter.finish()
    expected = data.split(b"\n")
    if not expected[-1]:
        expected.pop()
    assert found == expected


@given(st.integers(0, 40), st.integers(1, 7))
def test_a_line_beyond_the_limit_is_cut_to_a_byte_more(size: int, step: int) -> None:
    data = b"a" * size + b"\nb"
    cutter, found = Lines(bytes_max=10), []
    for start in range(0, len(data), step):
        found += cutter.feed(data[start : start + step])
    found += cutter.finish()
    assert found == [b"a" * min(size, 11), b"b"]


@given(st.lists(st.sampled_from([b"", b"?", b'{"id":1,"text":"a"}', b'{"id":2}']), max_size=20))
def test_no_line_is_lost(lines: list[bytes]) -> None:
    class Passing:
        def judge(self, *args: object, **settings: object) -> Verdict:
            return PASS

    found = LineJudge(Passing()).answer(lines, 1)  # type: ignore[arg-type]
    assert found.data.count(b"\n") == sum(map(bool, lines))
    assert found.bad == sum(line in (b"?", b'{"id":2}') for line in lines)

"""Pairs out of other tools' files count as ours do; a file that cannot be read says why."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from licet.assess.bankfile import shipped_banks
from licet.assess.captured import Label, places, read_pairs
from licet.assess.gather import add_labels, gather
from licet.assess.imports import Found, import_pairs, language
from licet.base.trouble import BadInput, NotFound

BANKS = shipped_banks()
QUESTION = BANKS[0].items[0]


def sample(question: Any, reply: Any, stop: str = "stop") -> dict[str, Any]:
    message = {"role": "assistant", "content": reply}
    return {"input": question, "output": {"choices": [{"message": message, "stop_reason": stop}]}}


SAMPLES = [
    sample("One?", "First."),
    sample([{"role": "system", "content": "s"}, {"role": "user", "content": "Two?"}],
           [{"type": "text", "text": "Sec"}, {"type": "text", "text": "ond."}]),
    sample("Three?", "", "content_filter"),
    sample("One?", "Again."),
    {"input": "Four?", "output": {"choices": []}},
    "nonsense",
]  # fmt: skip
PAIRS = (Found("One?", "First."), Found("Two?", "Second."), Found("Three?", "", True))


def zipped(samples: list[Any]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", "{}")
        for number, one in enumerate(samples):
            archive.writestr(f"samples/{number:03}_epoch_1.json", json.dumps(one))
    return buffer.getvalue()


def test_inspect_logs_are_read_as_json_and_as_archives() -> None:
    as_json = import_pairs("log.json", json.dumps({"eval": {}, "samples": SAMPLES}).encode())
    archive = import_pairs("log.eval", zipped([one for one in SAMPLES if isinstance(one, dict)]))
    for found in (as_json, archive):
        assert (found.kind, found.pairs, found.repeated) == ("Inspect", PAIRS, 1)


def test_garaks_complete_attempts_are_read_in_both_forms() -> None:
    turns = {"turns": [{"role": "user", "content": {"text": "Two?"}}]}
    lines = [
        {"entry_type": "start_run setup"},
        {"entry_type": "attempt", "status": 1, "prompt": "One?", "outputs": []},
        {"entry_type": "attempt", "status": 2, "prompt": "One?", "outputs": ["First.", "Other."]},
        {"entry_type": "attempt", "status": 2, "prompt": turns, "outputs": [{"text": "Second."}]},
        {"entry_type": "attempt", "status": 2, "prompt": "Three?", "outputs": [None]},
        {"entry_type": "eval", "passed": 3},
    ]
    found = import_pairs("x.report.jsonl", "\n".join(map(json.dumps, lines)).encode())
    assert found.kind == "garak"
    assert found.pairs == (*PAIRS[:2], Found("Three?", ""))
    assert found.repeated == 1


def test_moonshots_results_are_read_wherever_they_nest() -> None:
    data = [
        {"prompt": "One?", "predicted_result": {"response": "First.", "context": []}},
        {"prompt": "Two?", "predicted_result": "Second.", "target": "x", "duration": 1.0},
    ]
    recipe = {"id": "r", "details": [{"model_id": "m", "data": data}]}
    document = {"metadata": {}, "results": {"cookbooks": [{"id": "c", "recipes": [recipe]}]}}
    found = import_pairs("run.json", json.dumps(document).encode())
    assert (found.kind, found.pairs) == ("Moonshot", PAIRS[:2])


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("a.json", b"{}", "no file that we can read"),
        ("a.json", b'{"samples": [', "is not JSON"),
        ("a.csv", b"prompt,reply", "no file that we can read"),
        ("a.eval", b"PK\x03\x04broken", "cannot be unpacked"),
        ("a.jsonl", b'{"a": 1}', "no report of garak"),
    ],
)
def test_another_file_is_refused_by_what_it_lacks(name: str, data: bytes, told: str) -> None:
    with pytest.raises(BadInput, match=told) as refused:
        import_pairs(name, data)
    assert refused.value.hint


def test_a_question_of_a_bank_takes_its_place_there(tmp_path: Path) -> None:
    log = tmp_path / "log.json"
    document = {"samples": [sample(QUESTION.text, "Yes."), sample("别的问题？", "好。")]}
    log.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(BadInput, match="stands in no bank"):
        gather(log, BANKS)
    known, other = gather(log, BANKS, ("generated_content",)).pairs
    assert (known.id, known.heading, known.serves) == (
        QUESTION.id, QUESTION.heading, ("non_refusal", "generated_content"),
    )  # fmt: skip
    assert (other.lang, other.heading, other.serves) == ("zh", "", ("generated_content",))
    with pytest.raises(NotFound):
        gather(tmp_path / "none", BANKS)


def test_captured_lines_say_where_they_count_or_the_bank_does(tmp_path: Path) -> None:
    file = tmp_path / "captured.jsonl"
    lines = [
        {"prompt": QUESTION.text, "reply": "Yes.", "labels": [{"by": "a", "refused": False}]},
        {"prompt": "Other?", "reply": "", "serves": "should_refuse", "lang": "en",
         "heading": "A.1.d", "stopped": True},
    ]  # fmt: skip
    file.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    found = gather(file, BANKS)
    assert found.pairs[0].labels == (Label("a", refused=False),)
    assert found.pairs[1].stopped
    assert len(found.sha256) == 64


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('{"prompt": "x"}', "missing required field `reply`"),
        ('{"prompt": "x", "reply": "y"}', "stands in no bank"),
        ('{"prompt": "x", "reply": "y", "serves": "should_refuse"}', "its language"),
        (
            '{"prompt":"x","reply":"y","serves":"a","lang":"en","labels":[{"by":"a"},{"by":"a"}]}',
            "labels it twice",
        ),
        ("nonsense", "line 2"),
    ],
)
def test_a_captured_line_that_cannot_be_used_is_named(line: str, told: str) -> None:
    with pytest.raises(BadInput) as refused:
        list(read_pairs([b"\n", line.encode()], "c.jsonl", places(BANKS)))
    assert told in refused.value.message
    assert refused.value.message.startswith("c.jsonl, line 2")


def test_a_question_counts_once() -> None:
    line = b'{"prompt": "x", "reply": "y", "serves": "should_refuse", "lang": "en"}'
    with pytest.raises(BadInput, match="repeats the prompt of line 1"):
        list(read_pairs([line, line], "c.jsonl", {}))


def test_labels_join_their_pairs(tmp_path: Path) -> None:
    line = b'{"prompt": "x", "reply": "y", "serves": "should_refuse", "lang": "en"}'
    pairs = tuple(read_pairs([line], "c.jsonl", {}))
    file = tmp_path / "labels.jsonl"

    def label(**fields: Any) -> None:
        file.write_text(json.dumps(fields) + "\n", encoding="utf-8")

    label(id=pairs[0].id, by="a", acceptable=True)
    once = add_labels(pairs, file)
    assert once[0].labels == (Label("a", acceptable=True),)
    with pytest.raises(BadInput, match="twice"):
        add_labels(once, file)
    label(id="0" * 16, by="a")
    with pytest.raises(BadInput, match="there is no pair"):
        add_labels(pairs, file)
    label(by="a")
    with pytest.raises(BadInput, match="line 1"):
        add_labels(pairs, file)


@pytest.mark.parametrize(
    ("text", "lang"), [("什么是AI？", "zh"), ("What is 茶?", "en"), ("", "en")]
)
def test_a_language_is_told_by_its_letters(text: str, lang: str) -> None:
    assert language(text) == lang

"""A label is the seven fields and nothing else; what is wrong with one is said, never raised."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.labels import NUMBER, PRODUCER, RULES
from licet.base.trouble import BadInput
from licet.labels import Aigc
from licet.labels.metadata import TEXT_CHARACTERS_MAX, parse, render

LABEL = Aigc("1", PRODUCER, NUMBER)
ALLOWED = "".join(
    chr(code) for low, high in RULES.metadata.characters for code in range(low, high + 1)
)


def faults(text: str) -> list[str]:
    return [fault.check for fault in parse(text, RULES)[1]]


def test_a_label_is_written_with_every_field_in_the_order_of_the_standard() -> None:
    assert render(LABEL, RULES) == (
        f'{{"Label":"1","ContentProducer":"{PRODUCER}","ProduceID":"{NUMBER}",'
        '"ReservedCode1":"","ContentPropagator":"","PropagateID":"","ReservedCode2":""}'
    )


@given(*[st.text(ALLOWED, min_size=1, max_size=80)] * 6)
def test_what_is_written_is_read_again(
    producer: str, number: str, code: str, propagator: str, second: str, other: str
) -> None:
    aigc = Aigc("1", producer, number, code, propagator, second, other)
    assert parse(render(aigc, RULES), RULES) == (aigc, ())


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_label_is_read_bare_and_under_its_key(wrapped: bool) -> None:
    bare = json.loads(render(LABEL, RULES))
    text = json.dumps({"AIGC": bare} if wrapped else bare, indent=1)
    assert parse(text, RULES) == (LABEL, ())


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ({"label": "4"}, "degree"),
        ({"label": ""}, "degree"),
        ({"producer": ""}, "required"),
        ({"produce_id": ""}, "required"),
        ({"producer": "Tea Company"}, "characters"),
        ({"producer": "茶公司"}, "characters"),
        ({"produce_id": "a\\b"}, "characters"),
        ({"produce_id": "x" * 513}, "characters"),
    ],
)
def test_a_label_that_would_not_pass_is_told_when_read_and_never_written(
    change: dict[str, str], check: str
) -> None:
    wrong = replace(LABEL, **change)
    names = ("label", "producer", "produce_id")
    values = dict(zip(RULES.metadata.fields, (getattr(wrong, n) for n in names), strict=False))
    assert check in faults(json.dumps(values))
    with pytest.raises(BadInput, match=RULES.checks[check].broken["en"]):
        render(wrong, RULES)


def test_who_only_passes_on_names_itself_and_no_producer() -> None:
    passed_on = Aigc("3", propagator="PLATFORM", propagate_id="7")
    assert parse(render(passed_on, RULES), RULES) == (passed_on, ())
    with pytest.raises(BadInput, match="PropagateID"):
        render(replace(passed_on, propagate_id=""), RULES)


@pytest.mark.parametrize(
    "text",
    ["", "AIGC", "[]", "1", "null", '"x"', "{", '{"Label":1}', '{"Label":{}}', "[" * 9_000,
     '{"AIGC":' * 900, "\ud800", "{}" + " " * TEXT_CHARACTERS_MAX],
)  # fmt: skip
def test_what_is_no_label_is_said_to_be_none(text: str) -> None:
    assert "readable" in faults(text)


def test_a_field_that_the_standard_does_not_know_is_told() -> None:
    said = json.loads(render(LABEL, RULES)) | {"Colour": "red"}
    assert faults(json.dumps(said)) == ["fields"]


@given(st.text(max_size=200))
def test_no_text_surprises_the_reader(text: str) -> None:
    parse(text, RULES)

"""Labelling on the pages: a sample drawn, two people, a third, the labels as a file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from kit.portal import person, portal
from kit.visitors import signed_in

LINES = "".join(
    json.dumps({"id": f"q{n}", "prompt": f"Question {n}?", "reply": f"<b>Answer {n}</b>"}) + "\n"
    for n in range(4)
).encode()


@pytest.fixture
def people() -> Iterator[list[Any]]:
    with portal():
        yield [
            signed_in(person("provider", f"{n}@own.example", ("drafter",), "own"))
            for n in range(3)
        ]


def opened(browser: Any, data: bytes = LINES, **more: Any) -> Any:
    from django.core.files.uploadedfile import SimpleUploadedFile

    form = {"name": "November", "many": "4", "file": SimpleUploadedFile("sheet.jsonl", data)}
    return browser.post("/en/desk/samples/", form | more)


def place_of(page: Any) -> str:
    found = re.search(r'name="place" value="(\d+)"', page.content.decode())
    assert found is not None
    return found[1]


def labels(browser: Any, sample: str, refused: str, way: str = "label") -> int:
    """Label everything that waits; how many items it was."""
    for done in range(10):
        page = browser.get(f"{sample}{way}/")
        if page.status_code == 302:
            return done
        said = {"place": place_of(page), "refused": refused, "acceptable": "yes"}
        assert browser.post(f"{sample}{way}/", said).status_code == 302
    raise AssertionError("it has no end")


def test_two_label_a_third_decides_and_the_assessment_takes_the_file(people: list[Any]) -> None:
    first, second, third = people
    sample = opened(first)["location"]
    assert labels(first, sample, "yes") == 4
    assert labels(first, sample, "yes", "decide") == 0
    assert labels(second, sample, "no") == 4
    assert labels(second, sample, "no", "decide") == 0, "nobody decides on what they labelled"
    assert labels(third, sample, "no") == 0, "two voices are enough"
    assert "0 of 4 settled" in third.get(sample).content.decode()
    assert labels(third, sample, "yes", "decide") == 4
    page = first.get(sample).content.decode()
    assert "4 of 4 settled" in page
    lines = [json.loads(x) for x in first.get(f"{sample}labels.jsonl").content.splitlines()]
    assert len(lines) == 12
    assert {line["by"] for line in lines} == {"labeller-1", "labeller-2", "labeller-3"}


def test_a_labeller_sees_text_as_text_and_nobody_elses_answers(people: list[Any]) -> None:
    first, second, _ = people
    sample = opened(first)["location"]
    page = first.get(f"{sample}label/")
    assert "&lt;b&gt;Answer" in page.content.decode()
    first.post(f"{sample}label/", {"place": place_of(page), "refused": "yes", "acceptable": "no"})
    other = second.get(f"{sample}label/").content.decode()
    assert "checked" not in other


def test_what_is_not_answered_is_asked_again_and_what_is_late_is_dropped(
    people: list[Any],
) -> None:
    first = people[0]
    sample = opened(first)["location"]
    page = first.get(f"{sample}label/")
    half = first.post(f"{sample}label/", {"place": place_of(page), "refused": "yes"})
    assert half.status_code == 422
    assert "Please answer every question" in half.content.decode()
    whole = {"place": place_of(page), "refused": "yes", "acceptable": "yes"}
    for _ in range(2):  # the second time it is not theirs to say any more
        assert first.post(f"{sample}label/", whole).status_code == 302
    assert len(first.get(f"{sample}labels.jsonl").content.splitlines()) == 1


def test_a_file_that_cannot_be_labelled_is_refused_with_the_reason(people: list[Any]) -> None:
    for data, more, says in (
        (b"nonsense", {}, "line 1"), (LINES, {"many": "some"}, "a number"),
        (LINES, {"name": " "}, "a name"), (b'{"id": "a"}', {}, "neither prompt nor text"),
    ):  # fmt: skip
        answer = opened(people[0], data, **more)
        assert answer.status_code == 422
        assert says in answer.content.decode()


def test_closing_removes_the_texts_and_keeps_the_labels(people: list[Any]) -> None:
    from licet.portal.labelling.models import SampledText

    first = people[0]
    sample = opened(first)["location"]
    labels(first, sample, "yes")
    assert first.post(f"{sample}close/").status_code == 302
    assert {(t.prompt, t.reply) for t in SampledText.objects.all()} == {("", "")}
    assert len(first.get(f"{sample}labels.jsonl").content.splitlines()) == 4
    assert people[1].get(f"{sample}label/").status_code == 302
    assert "Closed, texts removed" in first.get(sample).content.decode()


def test_texts_alone_are_asked_whether_they_are_lawful(people: list[Any]) -> None:
    lines = b'{"id": "t1", "text": "A recipe for soup."}\n'
    sample = opened(people[0], lines, many="9")["location"]
    page = people[0].get(f"{sample}label/").content.decode()
    assert "Is the text lawful?" in page
    assert "The question" not in page

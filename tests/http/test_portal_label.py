"""Anybody drops a file and reads what it says of itself; nothing is kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kit.labels import NUMBER, PRODUCER, RULES, samples
from kit.portal import portal
from licet.labels import produce
from licet.portal.public.label_views import FILE_BYTES_MAX


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with portal() as client:
        yield client


def shown(browser: Any, name: str, data: bytes, code: str = "en") -> str:
    from django.core.files.uploadedfile import SimpleUploadedFile

    page = browser.post(f"/{code}/label/", {"file": SimpleUploadedFile(name, data)})
    assert page.status_code == 200
    text: str = page.content.decode()
    return text


def test_the_front_page_leads_there(browser: Any) -> None:
    assert 'href="/en/label/"' in browser.get("/en/").content.decode()
    assert 'type="file"' in browser.get("/en/label/").content.decode()


@pytest.mark.parametrize("name", samples())
def test_a_label_is_read_in_every_format(browser: Any, name: str) -> None:
    page = shown(browser, name, produce(samples()[name], PRODUCER, NUMBER, RULES, name=name))
    assert "The label is as the rules want it" in page
    assert NUMBER in page
    assert "The digest in the label fits the content" in page


def test_it_is_said_in_chinese_too_with_clause_and_fault(browser: Any) -> None:
    data = bytearray(produce(samples()["a.wav"], PRODUCER, NUMBER, RULES))
    data[100] ^= 1
    page = shown(browser, "a.wav", bytes(data), "zh")
    assert "有标识，但不符合规定" in page
    assert "本内容由人工智能生成" in page
    assert "《人工智能生成合成内容标识办法》第十条" in page
    assert "Labelling Measures" not in page


def test_no_label_proves_nothing(browser: Any) -> None:
    page = shown(browser, "a.png", samples()["a.png"])
    assert "No label was found" in page
    assert "does not prove that a person made it" in page


@pytest.mark.parametrize("data", [b"x", b"\x89PNG\r\n\x1a\n", b"PK\3\4", b"%PDF-1.7"])
def test_what_cannot_be_read_is_said(browser: Any, data: bytes) -> None:
    assert "Nothing can be said" in shown(browser, "a.bin", data)


def test_a_file_that_is_too_large_is_told_the_limit(browser: Any) -> None:
    assert "larger than 10 MiB" in shown(browser, "a.png", b"\x89PNG" + bytes(FILE_BYTES_MAX))


def test_what_a_stranger_wrote_stays_text(browser: Any) -> None:
    text = '{"Label":"1","ContentProducer":"<script>alert(1)</script>","ProduceID":"1"}'
    data = f"---\nAIGC: {text}\n---\nTea.\n".encode()
    page = shown(browser, "<img>.md", data)
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page

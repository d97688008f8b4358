"""Pictures are looked at on their way in and out; what cannot be seen to be lawful stays."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import Any

import openai
import pytest
from PIL import Image

from kit.bundles import RULES
from kit.gateway import running_gateway, write_config
from kit.media import (
    MEDIA,
    ask,
    b64,
    landscape,
    listed,
    notice_of,
    pictures_answer,
    tiny_onnx,
    written,
)
from kit.scripted import answer, upstream
from kit.upstream import answering
from licet.base.trouble import BadInput
from licet.gateway.config import load_config

needs_tesseract = pytest.mark.skipif(
    shutil.which("tesseract") is None, reason="tesseract is not installed: no text is read"
)


@pytest.mark.parametrize(
    "items",
    [
        ({"url": "http://169.254.169.254/latest/meta-data"},),
        ({"url": "file:///etc/passwd"},),
        ({"url": "http://localhost:1/x.png"},),
        (b64(b"no picture"),),
        ({"b64_json": "***"},),
        (b64(landscape()[:900]),),
        ({"text": "no picture"},),
        (),
    ],
)
def test_what_is_no_picture_or_lies_elsewhere_never_leaves(items: Any, tmp_path: Path) -> None:
    with (
        upstream(answering(pictures_answer(*items))) as behind,
        pytest.raises(openai.InternalServerError) as failed,
    ):
        ask(tmp_path, behind.url)
    assert failed.value.status_code == 502
    assert failed.value.code == "upstream_malformed"
    assert len(behind.requests) == 1, "nothing else was asked for"


def test_a_picture_too_large_is_refused_unread(tmp_path: Path) -> None:
    out = io.BytesIO()
    Image.new("1", (9000, 9000)).save(out, "PNG")
    with (
        upstream(answering(pictures_answer(b64(out.getvalue())))) as behind,
        pytest.raises(openai.InternalServerError, match="too large"),
    ):
        ask(tmp_path, behind.url)


def test_words_that_come_with_a_picture_are_judged(tmp_path: Path) -> None:
    item = b64(landscape()) | {"revised_prompt": "A purple walrus by a lake"}
    with (
        upstream(answering(pictures_answer(item))) as behind,
        pytest.raises(openai.BadRequestError) as halted,
    ):
        ask(tmp_path, behind.url)
    assert notice_of(halted.value)["rule"] == "walrus"


@needs_tesseract
def test_text_in_pictures_is_read_and_judged_both_ways(tmp_path: Path) -> None:
    more = MEDIA + 'ocr = "tesseract"\nocr_languages = "eng"\n'
    bad = written("a purple walrus")
    with (
        upstream(answering(pictures_answer(b64(bad)))) as behind,
        running_gateway(tmp_path, behind.url, rules=RULES, more=more) as served,
        openai.OpenAI(base_url=served.url, api_key=served.key, max_retries=0) as client,
    ):
        with pytest.raises(openai.BadRequestError) as halted:
            client.images.generate(model="m", prompt="A lake")
        assert notice_of(halted.value)["rule"] == "walrus"
        with pytest.raises(openai.BadRequestError) as refused:
            client.images.edit(model="m", image=("a.png", bad), prompt="Brighter")
        assert notice_of(refused.value)["where"] == "image[0].text"
        assert len(behind.requests) == 1, "the second one was not asked of the model"


def test_a_classifier_of_ones_own_halts_pictures(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(tiny_onnx(32, [[0, 0], [0, 0], [-9, 9]]))  # looks at blue
    more = (
        MEDIA.replace('"serve"', '"refuse"')
        + '[media.classifier]\nkind = "onnx"\nfile = "m.onnx"\nlabels = ["", "violence"]\n'
        "threshold = 0.9\nside = 32\nmean = [0.0, 0.0, 0.0]\nspread = [1.0, 1.0, 1.0]\n"
    )
    red, blue = (io.BytesIO(), io.BytesIO())
    Image.new("RGB", (256, 256), (250, 20, 0)).save(red, "PNG")
    Image.new("RGB", (256, 256), (0, 20, 250)).save(blue, "PNG")
    answers = [pictures_answer(b64(one.getvalue())) for one in (red, blue)]
    with (
        upstream(answering(*answers)) as behind,
        running_gateway(tmp_path, behind.url, rules=RULES, more=more) as served,
        openai.OpenAI(base_url=served.url, api_key=served.key, max_retries=0) as client,
    ):
        assert client.images.generate(model="m", prompt="A lake").data
        with pytest.raises(openai.BadRequestError) as halted:
            client.images.generate(model="m", prompt="A lake")
    assert notice_of(halted.value)["rule"] == "judge.picture.violence"


JUDGED = 'images = "judge"\nunlooked = "refuse"'


def test_pictures_in_a_conversation_are_judged(tmp_path: Path) -> None:
    """Listed, written on, broken, elsewhere, not a picture: and one that is lawful passes."""
    (tmp_path / "pictures.toml").write_text(listed("op-1", landscape("a hill that is listed")))
    more = MEDIA + 'blocklists = ["pictures.toml"]\n'
    good = answer(json.dumps({"id": "c", "object": "chat.completion", "choices": [{
        "index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Blue."},
    }]}).encode())  # fmt: skip
    with (
        upstream(answering(good)) as behind,
        running_gateway(tmp_path, behind.url, rules=RULES, more=more, guard=JUDGED) as served,
        openai.OpenAI(base_url=served.url, api_key=served.key, max_retries=0) as client,
    ):

        def say(*parts: Any) -> Any:
            content = [{"type": "text", "text": "What is this?"}, *parts]
            return client.chat.completions.create(
                model="m", messages=[{"role": "user", "content": content}]
            )

        def shown(data: bytes) -> dict[str, Any]:
            url = f"data:image/png;base64,{b64(data)['b64_json']}"
            return {"type": "image_url", "image_url": {"url": url}}

        lawful = shown(landscape())
        assert say(lawful).choices[0].message.content == "Blue."
        for parts, code, where in (
            ((lawful, shown(landscape("a hill that is listed"))), "content_filter", "content[2]"),
            ((shown(b"no picture"),), "invalid_request", ""),
            (({"type": "image_url", "image_url": {"url": "https://x.example/a.png"}},),
             "image_not_judged", "content[1]"),
            ((lawful, {"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}}),
             "image_not_judged", "content[2]"),
            ((lawful,) * 65, "too_many_pictures", ""),
        ):  # fmt: skip
            with pytest.raises(openai.BadRequestError) as refused:
                say(*parts)
            assert refused.value.code == code
            assert where in f"{refused.value.body}"
        assert len(behind.requests) == 1


@pytest.mark.parametrize(
    ("guard", "more", "told"),
    [
        ('images = "judge"\nunlooked = "refuse"', "", "nobody to judge them"),
        ('images = "judge"', MEDIA, "unlooked.*is required"),
        ('unlooked = "pass"', MEDIA, "says nothing beside"),
    ],
)
def test_judging_pictures_needs_somebody_who_looks_and_a_word_on_the_rest(
    guard: str, more: str, told: str, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match=told):
        load_config(write_config(tmp_path, "replay:", guard=guard, more=more))


def test_a_classifier_outside_that_fails_holds_the_picture_back(tmp_path: Path) -> None:
    with (
        upstream(answering(pictures_answer(b64(landscape())))) as behind,
        upstream(answering(answer(b"{}", "500 Down"))) as judge,
    ):
        more = (
            MEDIA + f'[media.classifier]\nkind = "moderation"\nurl = "{judge.url}"\n'
            'model = "omni"\nthreshold = 0.5\n'
        )
        with pytest.raises(openai.BadRequestError) as halted:
            ask(tmp_path, behind.url, more)
    assert notice_of(halted.value)["category"] == "unjudged"

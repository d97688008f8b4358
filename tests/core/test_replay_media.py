"""The built-in upstream paints and speaks: the same words, the same picture and the same tune."""

from __future__ import annotations

import io
import wave

import numpy as np
import pytest

from licet.base.trouble import BadInput
from licet.gateway.replay.painting import encode, paint, repaint
from licet.gateway.replay.pictures import paint_url, parse, parse_edit, render
from licet.gateway.replay.speech import tune


def test_the_same_words_are_the_same_picture_and_others_another() -> None:
    one, same, other = (encode(paint(w, 160, 96), "png") for w in ("hills", "hills", "a lake"))
    assert one == same != other


@pytest.mark.parametrize(("words", "light"), [("night", False), ("a summer day", True)])
def test_words_choose_the_hour(words: str, light: bool) -> None:
    greys = np.asarray(paint(words, 128, 128).convert("L"))
    assert (greys[:20].mean() > 100) == light


def test_an_edit_keeps_the_shapes() -> None:
    before = paint("hills by day", 128, 128)
    after = np.asarray(repaint(before, "at night").convert("L"), float)
    greys = np.asarray(before.convert("L"), float)
    assert np.corrcoef(greys.ravel(), after.ravel())[0, 1] > 0.9


def test_a_url_says_from_what_it_is_painted() -> None:
    ask = parse({"model": "m", "prompt": "hills", "size": "128x64", "response_format": "url"})
    url: str = render(ask, 1, "http://h")["data"][0]["url"]
    assert paint_url(url.partition("?")[2].encode()) == encode(paint("hills", 128, 64), "png")


@pytest.mark.parametrize(
    "more", [{"size": "9x9"}, {"size": "wide"}, {"n": 11}, {"output_format": "bmp"}]
)
def test_what_cannot_be_painted_is_said(more: dict[str, object]) -> None:
    with pytest.raises(BadInput):
        parse({"model": "m", "prompt": "hills", **more})
    with pytest.raises(BadInput):
        parse_edit(b"--x--", b"multipart/form-data; boundary=x")


def test_a_tune_is_as_long_as_its_text() -> None:
    for text in ("ab", "abcd"):
        with wave.open(io.BytesIO(tune(text))) as sound:
            assert sound.getnframes() == len(text) * 1984

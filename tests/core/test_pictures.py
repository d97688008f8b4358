"""Pictures are known again after what people do to them, and others are not taken for them."""

from __future__ import annotations

import contextlib
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from kit.media import landscape, tiny_onnx
from licet.base.trouble import BadInput, TooMuch
from licet.gateway.config_media import PictureClassifierConfig
from licet.gateway.media.classifying import OnnxClassifier
from licet.gateway.media.reading import lines_of
from licet.gateway.media.seeing import FRAMES_MAX, Seen, see
from licet.guard.pictures import BlockList, Listed, parse_blocklist
from licet.guard.pictures.hashing import HASH_SIDE, phash, turned

BITS_MAX = 4
WORDS = [f"a place, number {n}" for n in range(24)]


def seen(data: bytes) -> Seen:
    return see(data, pixels_max=1 << 22)


def saved(picture: Image.Image, form: str = "PNG", **how: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **how)
    return out.getvalue()


def opened(words: str) -> Image.Image:
    return Image.open(io.BytesIO(landscape(words)))


CHANGES = {
    "saved as JPEG": lambda p: saved(p, "JPEG", quality=40),
    "saved as WebP": lambda p: saved(p, "WEBP", quality=40),
    "made smaller": lambda p: saved(p.resize((90, 90))),
    "made larger": lambda p: saved(p.resize((700, 700))),
    "made darker": lambda p: saved(p.point(lambda v: int(v * 0.7))),
    "in greys": lambda p: saved(p.convert("L")),
    "in few colours": lambda p: saved(p.quantize(64)),
    "mirrored": lambda p: saved(p.transpose(Image.Transpose.FLIP_LEFT_RIGHT)),
    "turned": lambda p: saved(p.transpose(Image.Transpose.ROTATE_90)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_listed_picture_is_known_again(change: str) -> None:
    for words in WORDS[:6]:
        own = int(seen(landscape(words)).own, 16)
        lists = BlockList((Listed("op-1", own, "sexual"),))
        found = lists.find(seen(CHANGES[change](opened(words))).hashes, BITS_MAX)
        assert found is not None, words
        assert (found.rule, found.action, found.detector) == ("op-1", "halt", "picture")


def test_other_pictures_are_not_taken_for_it() -> None:
    owns = [int(seen(landscape(words)).own, 16) for words in WORDS]
    for at, words in enumerate(WORDS):
        others = BlockList([Listed(f"n{n}", h, "sexual") for n, h in enumerate(owns) if n != at])
        assert others.find(seen(landscape(words)).hashes, BITS_MAX) is None


def test_a_picture_of_one_colour_has_no_hash() -> None:
    blank = seen(saved(Image.new("RGB", (64, 64), (250, 250, 250))))
    assert (blank.own, blank.hashes) == ("", ())


@given(st.integers(0, 2**32 - 1))
def test_turning_a_picture_turns_its_hashes_around(seed: int) -> None:
    greys = np.random.default_rng(seed).uniform(0, 255, (HASH_SIDE, HASH_SIDE))
    assert phash(greys) in turned(greys)
    assert set(turned(greys)) == set(turned(np.rot90(greys))) == set(turned(greys[:, ::-1]))


def test_every_frame_is_looked_at() -> None:
    frames = [opened(words) for words in WORDS[:3]]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    lists = BlockList((Listed("op-1", int(seen(landscape(WORDS[2])).own, 16), "sexual"),))
    assert lists.find(seen(out.getvalue()).hashes, BITS_MAX) is not None


def test_bounds_hold_before_anything_is_unpacked() -> None:
    with pytest.raises(TooMuch):
        see(saved(Image.new("1", (4000, 4000))), pixels_max=1 << 20)
    frames = [Image.new("L", (8, 8), n) for n in range(FRAMES_MAX + 1)]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    with pytest.raises(TooMuch):
        seen(out.getvalue())


@given(st.binary(max_size=200))
def test_what_is_no_picture_is_said(data: bytes) -> None:
    for beginning in (b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBP", b"GIF89a"):
        with pytest.raises(BadInput):
            seen(beginning + data)


def test_a_gif_that_breaks_off_inside_a_frame_is_said() -> None:
    frames = [Image.new("P", (16, 16), n) for n in range(3)]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=90)
    whole = out.getvalue()
    for size in range(len(whole)):
        with contextlib.suppress(BadInput):
            seen(whole[:size] + b"\x2c")


ROW = '[[picture]]\nid = "a"\nphash = "0123456789abcdef"\ncategory = "sexual"\n'


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x = 1", 1), ("picture = 1", 1), ("[[picture]]", 1), (ROW + ROW, 6),
        (ROW.replace("0123", "012"), 3), (ROW.replace("sexual", "rude"), 4),
        (ROW + "more = 1\n", 1), ("[[picture", 1),
    ],
)  # fmt: skip
def test_a_list_that_cannot_be_read_says_where(text: str, line: int) -> None:
    with pytest.raises(BadInput, match=f"list.toml, line {line}"):
        parse_blocklist(text, "list.toml", ("sexual",))
    assert len(parse_blocklist(ROW, "list.toml", ("sexual",))) == 1


def test_a_classifier_gives_scores_by_our_categories(tmp_path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "m.onnx"
    file.write_bytes(tiny_onnx(32, [[0, 4], [0, 0], [0, -4]]))  # red above blue
    settings = PictureClassifierConfig(
        "onnx", 0.5, file=file, labels=("", "violence"), side=32, mean=(0.0,) * 3,
        spread=(1.0,) * 3,
    )  # fmt: skip
    model = OnnxClassifier(settings)
    red, blue = (np.full((32, 32, 3), c, np.uint8) for c in ((255, 0, 0), (0, 0, 255)))
    worst = model.scores((blue, red))
    assert worst is not None
    assert worst.categories["violence"] == pytest.approx(1 / (1 + np.exp(-4)))
    assert model.scores(()) is None
    with pytest.raises(BadInput, match="2 scores, and labels are 3"):
        OnnxClassifier(PictureClassifierConfig("onnx", 0.5, file=file, labels=("", "a", "b"),
                                               side=32))  # fmt: skip
    file.write_bytes(b"no model")
    with pytest.raises(BadInput, match="no model"):
        OnnxClassifier(settings)


def test_lines_are_read_from_tesseracts_table() -> None:
    def row(line: int, conf: float, text: str) -> str:
        return "\t".join(("5", "1", "1", "1", str(line), "1", "0", "0", "9", "9", str(conf), text))

    table = "\n".join((
        "level\tpage", row(1, 96, "hello"), row(1, 91.5, "you"), row(1, 12, "~~"),
        row(2, 90, "你"), row(2, 90, "好"), row(3, 95, " "),
    ))  # fmt: skip
    assert lines_of(table) == "hello you\n你好"

"""Marks are where the pack wants them, as large, and to be read on any ground."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import wave

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFont, ImageOps

from kit.labels import RULES, picture, wav
from licet.base.trouble import BadInput, NotFound, TooMuch
from licet.labels.marks import mark_words
from licet.labels.marks.picture import LEGIBLE_PX, PIXELS_MAX, mark_picture
from licet.labels.marks.sound import TONE_HZ, mark_sound, rhythm
from licet.labels.marks.text import is_marked, mark_text

SHARE = RULES.media["image"].height_share_min
ZH, EN = (mark_words(RULES, "generated", language) for language in ("zh", "en"))
GROUNDS = {"light": 255, "grey": 128, "dark": 0}


def flat(size: tuple[int, int], grey: int, kind: str = "PNG", mode: str = "RGB") -> bytes:
    out = io.BytesIO()
    Image.new("L", size, grey).convert(mode).save(out, kind)
    return out.getvalue()


def grey(data: bytes) -> np.ndarray[tuple[int, int], np.dtype[np.int64]]:
    return np.asarray(Image.open(io.BytesIO(data)).convert("L")).astype(np.int64)


def luminance(value: int) -> float:
    """Relative luminance of a grey (WCAG 2.2)."""
    share = value / 255
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4


@pytest.mark.parametrize("words", [ZH, EN, *RULES.degrees["suspected"].mark.values()])
@pytest.mark.parametrize("ground", GROUNDS.values(), ids=GROUNDS)
@pytest.mark.parametrize("size", [(256, 256), (512, 320), (320, 1200), (1024, 1024)])
def test_letters_are_tall_enough_and_stand_out_from_their_plate(
    size: tuple[int, int], ground: int, words: str
) -> None:
    marked = grey(mark_picture(flat(size, ground), words, SHARE))
    letters = np.argwhere(marked == 255) if ground < 255 else None
    if letters is not None:
        height = letters[:, 0].max() - letters[:, 0].min() + 1
        assert height >= SHARE * min(size)
    plate = int(marked[-2, -2])
    assert (1.05) / (luminance(plate) + 0.05) >= 4.5


@pytest.mark.parametrize("corner", ["bottom-right", "bottom-left", "top-right", "top-left"])
def test_the_mark_stands_in_its_corner_and_touches_nothing_else(corner: str) -> None:
    before = flat((600, 400), 90)
    changed = np.argwhere(grey(mark_picture(before, ZH, SHARE, corner=corner)) != grey(before))  # type: ignore[arg-type]
    top, left = changed.min(axis=0)
    bottom, right = changed.max(axis=0)
    assert (top == 0) == corner.startswith("top")
    assert (bottom == 399) == corner.startswith("bottom")
    assert (left == 0) == corner.endswith("left")
    assert (right == 599) == corner.endswith("right")
    assert (bottom - top) < 80
    assert (right - left) < 300


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "TIFF"])
@pytest.mark.parametrize("mode", ["RGB", "L", "P", "1"])
def test_a_picture_keeps_its_format(kind: str, mode: str) -> None:
    if kind in {"JPEG", "WEBP"}:
        mode = "RGB" if mode in {"P", "1"} else mode
    marked = Image.open(io.BytesIO(mark_picture(flat((300, 200), 200, kind, mode), ZH, SHARE)))
    assert (marked.format, marked.size) == (kind, (300, 200))


def test_what_could_be_seen_through_still_can() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (300, 300), (0, 0, 0, 0)).save(out, "PNG")
    marked = Image.open(io.BytesIO(mark_picture(out.getvalue(), EN, SHARE)))
    assert marked.getpixel((5, 5)) == (0, 0, 0, 0)
    assert marked.getpixel((298, 298))[3] > 100


def test_every_frame_of_a_moving_picture_is_marked() -> None:
    out = io.BytesIO()
    frames = [Image.new("RGB", (200, 200), (n * 80, 0, 0)) for n in range(3)]
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=90, loop=0)
    marked = Image.open(io.BytesIO(mark_picture(out.getvalue(), ZH, SHARE)))
    assert marked.n_frames == 3
    for number in range(3):
        marked.seek(number)
        frame = np.asarray(marked.convert("RGB"))[100:, 100:]
        assert (frame.min(axis=2) > 240).any(), number


def test_a_turned_picture_is_marked_as_it_is_seen() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    out = io.BytesIO()
    Image.new("RGB", (400, 200), (9, 9, 9)).save(out, "JPEG", exif=exif)
    marked = Image.open(io.BytesIO(mark_picture(out.getvalue(), ZH, SHARE)))
    assert marked.size == (200, 400)
    assert marked.getexif().get(0x0112, 1) == 1


def test_a_picture_without_room_for_its_mark_is_refused_and_told_how_much_it_needs() -> None:
    with pytest.raises(BadInput, match=r"It needs \d+ × \d+ pixels"):
        mark_picture(flat((24, 24), 0), ZH, SHARE)
    small = grey(mark_picture(flat((100, 100), 0), ZH, SHARE))
    rows = np.argwhere(small > 200)[:, 0]
    assert rows.max() - rows.min() >= LEGIBLE_PX - 1


def test_words_that_the_font_cannot_write_are_refused() -> None:
    with pytest.raises(BadInput, match="has no '龘'"):
        mark_picture(flat((300, 300), 0), "人工智能龘", SHARE)


def test_a_picture_that_unpacks_to_too_much_is_refused_before_it_is_unpacked() -> None:
    side = int(PIXELS_MAX**0.5) + 1
    bomb = picture("PNG", (8, 8))
    sized = bomb[:16] + side.to_bytes(4, "big") * 2 + bomb[24:]
    import zlib

    crc = zlib.crc32(sized[12:29]).to_bytes(4, "big")
    with pytest.raises(TooMuch):
        mark_picture(sized[:29] + crc + sized[33:], ZH, SHARE)


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n", picture("JPEG")[:200], b"P6 1 1 255"])
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput):
        mark_picture(data, ZH, SHARE)


def test_the_rhythm_is_short_long_short_short() -> None:
    unit_ms, rate = RULES.media["audio"].rhythm_unit_ms, 8_000
    samples = rhythm(RULES.media["audio"].rhythm, unit_ms, rate)
    unit = rate * unit_ms // 1000
    loud = [
        bool(np.abs(samples[at : at + unit]).max() > 0.1) for at in range(0, len(samples), unit)
    ]
    assert "".join("=" if on else " " for on in loud) == "   = ===   = =   "


def test_the_tone_is_heard_and_frightens_nobody() -> None:
    samples = rhythm("-", 120, 8_000)
    assert 0.1 < np.abs(samples).max() <= 0.25
    loudest = np.fft.rfftfreq(len(samples), 1 / 8_000)[np.abs(np.fft.rfft(samples)).argmax()]
    assert abs(loudest - TONE_HZ) < 5


@pytest.mark.parametrize("place", ["start", "end"])
@pytest.mark.parametrize("width", [1, 2, 3, 4])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_sound_keeps_its_form_and_every_sample(place: str, width: int, channels: int) -> None:
    before = wav(width, channels)
    with (
        wave.open(io.BytesIO(before)) as old,
        wave.open(io.BytesIO(mark_sound(before, place, RULES))) as new,
    ):
        assert old.getparams()[:3] == new.getparams()[:3]
        samples, marked = old.readframes(1 << 20), new.readframes(1 << 20)
    assert marked.endswith(samples) if place == "start" else marked.startswith(samples)
    assert len(marked) > len(samples) + 8_000 * width * channels


@pytest.mark.parametrize("data", [b"", b"RIFF\0\0\0\0WAVE", wav()[:30], b"fLaC"])
def test_what_is_no_sound_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput):
        mark_sound(data, "start", RULES)


@pytest.mark.parametrize(
    ("place", "marked"),
    [
        ("start", "【人工智能生成】\n一\n二\n三\n"),
        ("end", "一\n二\n三\n【人工智能生成】\n"),
        ("middle", "一\n【人工智能生成】\n二\n三\n"),
    ],
)
def test_a_text_bears_its_mark_once(place: str, marked: str) -> None:
    once = mark_text("一\n二\n三\n", ZH, place, RULES)
    assert once == marked
    assert mark_text(once, ZH, place, RULES) == once
    assert is_marked(once, RULES)


def test_an_english_text_is_marked_in_english() -> None:
    assert mark_text("Tea.", EN, "start", RULES) == "[AI-generated]\nTea."
    assert not is_marked("This text speaks of AI-generated pictures.", RULES)


def test_a_place_that_is_not_in_the_text_is_refused() -> None:
    with pytest.raises(BadInput, match="One of start, end, middle"):
        mark_text("Tea.", EN, "interface", RULES)


def test_a_mark_in_a_language_that_the_pack_lacks_is_refused() -> None:
    with pytest.raises(NotFound, match="Languages: zh, en"):
        mark_words(RULES, "generated", "fr")


def busy(size: tuple[int, int], kind: str) -> Image.Image:
    """A ground on which letters are hard to read: noise, or print."""
    if kind == "noise":
        pixels = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
        return Image.fromarray(pixels)
    page = Image.new("RGB", size, "white")
    step = max(12, size[1] // 36)
    font = ImageFont.load_default(step * 0.9)
    for top in range(0, size[1], step):
        ImageDraw.Draw(page).text(
            (0, top), "The lake is calm today. " * 9, font=font, fill="black"
        )
    return page


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="tesseract reads the marks")
@pytest.mark.parametrize(("size", "kind"), [((256, 256), "print"), ((1024, 768), "print"),
                                            ((512, 320), "noise")])  # fmt: skip
def test_a_program_that_reads_reads_the_mark_on_any_ground(
    size: tuple[int, int], kind: str
) -> None:
    ground, out = busy(size, kind), io.BytesIO()
    ground.save(out, "PNG")
    marked = Image.open(io.BytesIO(mark_picture(out.getvalue(), ZH, SHARE)))
    plate = marked.crop(ImageChops.difference(marked, ground).getbbox()).convert("L")
    larger = 40 / max(LEGIBLE_PX, SHARE * min(size))
    seen = ImageOps.invert(plate).resize((int(plate.width * larger), int(plate.height * larger)))
    framed = ImageOps.expand(seen, 40, int(np.median(np.asarray(seen))))
    out = io.BytesIO()
    framed.save(out, "PNG")
    run = subprocess.run(
        ["tesseract", "stdin", "stdout", "-l", "chi_sim", "--psm", "6"], input=out.getvalue(),
        capture_output=True, check=False, env={**os.environ, "OMP_THREAD_LIMIT": "1"},
    )  # fmt: skip
    if b"chi_sim" in run.stderr:
        pytest.skip("tesseract has no Chinese here: tesseract-ocr-chi-sim")
    assert "".join(run.stdout.decode().split()) == ZH

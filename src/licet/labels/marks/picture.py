"""The mark of a generated picture: words on a dark plate in a corner.

It refuses to know metadata: whoever marks and labels marks first. GB 45438-2025, 5.2.
Needs Pillow (extra `labels`).

Rules
1. Capitals, and so every Chinese character, are at least the pack's share of the shortest side
   high, and never lower than LEGIBLE_PX.
2. White on the plate has a contrast of 12.6 to 1 on the brightest ground (WCAG 2.2 AA asks 4.5),
   and what lies under the plate does not disturb the letters: measured by OCR on print.
3. Nothing outside the plate changes, but for what a lossy format loses.
4. What does not fit is refused, never made smaller.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from math import ceil
from typing import TYPE_CHECKING, Any, Literal

from licet.base.extras import to_install
from licet.base.trouble import BadInput, TooMuch, Unavailable

if TYPE_CHECKING:
    from PIL import Image, ImageFont

PIXELS_MAX = 64 << 20
"""All frames of a picture together: unpacked it takes four bytes each."""

LEGIBLE_PX = 10
Corner = Literal["bottom-right", "bottom-left", "top-right", "top-left"]

UNREADABLE = (
    OSError, ValueError, SyntaxError, EOFError, struct.error, IndexError, KeyError, OverflowError,
    ZeroDivisionError,
)  # fmt: skip
"""What Pillow raises, by format, where a file is not what it says."""

_PLATE = (0, 0, 0, 204)  # 80 %: white becomes #333, and black text on it hardly shows
_FONT = "LicetMark-Bold.otf"
_SAVING: dict[str, dict[str, Any]] = {
    "PNG": {"compress_level": 1},  # of several frames; one is written by png_writer
    "JPEG": {"quality": 95, "subsampling": 0},
    "WEBP": {"quality": 95},
    "GIF": {},
    "TIFF": {"compression": "tiff_adobe_deflate"},
}
_KEPT, _MOVING = {"icc_profile", "dpi"}, {"duration", "loop"}
_MODES = {"RGB", "RGBA", "L", "LA", "CMYK"}


def mark_picture(
    data: bytes, words: str, height_share: float, *, corner: Corner = "bottom-right"
) -> bytes:
    """The picture in its format, as it is to be seen, with these words in a corner of each frame.

    `height_share`: of the shortest side. Colour profile and Exif stay. Raises BadInput for what is
    no picture or has no room for the words, TooMuch for one that unpacks to more than PIXELS_MAX,
    Unavailable where Pillow is not installed.
    """
    try:
        from PIL import Image, ImageOps, ImageSequence
    except ImportError:
        raise Unavailable("pictures need Pillow.", hint=to_install("labels"))
    try:
        with Image.open(io.BytesIO(data), formats=tuple(_SAVING)) as picture:
            kind = picture.format or ""
            frames_count = getattr(picture, "n_frames", 1)
            if picture.width * picture.height * frames_count > PIXELS_MAX:
                raise TooMuch("the picture is too large.", hint=f"Up to {PIXELS_MAX} pixels.")
            info: dict[str, Any] = {str(key): value for key, value in picture.info.items()}
            kept = {key: value for key, value in info.items() if key in _KEPT}
            moving = {key: value for key, value in info.items() if key in _MOVING}
            if frames_count == 1:
                frame = ImageOps.exif_transpose(picture)
                exif = frame.getexif()
                marked = _marked(frame, words, height_share, corner)
                return _saved([marked], kind, {**kept, **({"exif": exif} if exif else {})})
            frames = (
                _marked(frame.copy(), words, height_share, corner)
                for frame in ImageSequence.Iterator(picture)
            )
            return _saved(list(frames), kind, {**kept, **moving, "save_all": True})
    except (*UNREADABLE, Image.DecompressionBombError) as error:
        raise BadInput(f"this picture cannot be read: {error}.", hint="Is the file whole?")


def _saved(frames: list[Image.Image], kind: str, options: dict[str, Any]) -> bytes:
    from licet.labels.marks.png_writer import encode_png  # it needs what comes with Pillow

    out = io.BytesIO()
    first, *rest = frames
    if kind == "PNG" and not rest and first.mode != "CMYK":
        return encode_png(first, options)
    if rest:
        options["append_images"] = rest
    first.save(out, format=kind, **_SAVING[kind], **options)
    return out.getvalue()


def _marked(frame: Image.Image, words: str, share: float, corner: Corner) -> Image.Image:
    from PIL import Image, ImageDraw

    if frame.mode.startswith(("I", "F")):
        hint = "Convert it to 8 bits a channel first."
        raise BadInput("the picture has more than 8 bits a channel.", hint=hint)
    if frame.mode not in _MODES:
        see_through = "transparency" in frame.info
        frame = frame.convert("RGBA" if see_through else "L" if frame.mode == "1" else "RGB")
    height = max(LEGIBLE_PX, ceil(share * min(frame.size)))
    font = _font(height)
    _refuse_strange(words, font)
    pad = ceil(height * 0.45)
    lines = _lines(words, font, frame.width - 2 * pad)
    step = ceil(height * 1.75)
    width = max(ceil(font.getlength(line)) for line in lines) + 2 * pad
    plate = Image.new("RGBA", (width, step * len(lines) + pad), _PLATE)
    if plate.width > frame.width or plate.height > frame.height:
        hint = f"It needs {plate.width} × {plate.height} pixels for its mark."
        raise BadInput("the picture is too small for its mark.", hint=hint)
    draw = ImageDraw.Draw(plate)
    for number, line in enumerate(lines):
        middle = pad / 2 + step * (number + 0.5)
        draw.text((pad, middle), line, font=font, fill=(255, 255, 255, 255), anchor="lm")
    _laid(frame, plate, corner)
    return frame


def _laid(frame: Image.Image, plate: Image.Image, corner: Corner) -> None:
    """Puts the plate on a corner of the frame; nothing else of the frame is touched."""
    from PIL import Image

    left = 0 if corner.endswith("left") else frame.width - plate.width
    top = 0 if corner.startswith("top") else frame.height - plate.height
    box = (left, top, left + plate.width, top + plate.height)
    ground = frame.crop(box).convert("RGBA")
    frame.paste(Image.alpha_composite(ground, plate).convert(frame.mode), box)


def _lines(words: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """The words on as few lines as fit: broken at spaces, Chinese between any two characters."""
    lines = [""]
    for part in _parts(words):
        longer = lines[-1] + part
        if lines[-1].strip() and font.getlength(longer.strip()) > width:
            lines.append(part)
        else:
            lines[-1] = longer
    return [line.strip() for line in lines if line.strip()]


def _parts(words: str) -> Iterator[str]:
    if " " in words:
        yield from (f"{word} " for word in words.split())
    elif words.isascii():
        yield words
    else:
        yield from words


@lru_cache(maxsize=8)
def _font(height: int) -> ImageFont.FreeTypeFont:
    """Our font at the size at which its capitals are at least `height` pixels high."""
    from PIL import ImageFont

    data = files("licet.labels.marks").joinpath(_FONT).read_bytes()
    size = ceil(height / 0.733)  # cap height of the font
    while True:
        font = ImageFont.truetype(io.BytesIO(data), size, layout_engine=ImageFont.Layout.BASIC)
        top, bottom = font.getbbox("A")[1], font.getbbox("A")[3]
        if bottom - top >= height:
            return font
        size += 1


def _refuse_strange(words: str, font: ImageFont.FreeTypeFont) -> None:
    missing = bytes(font.getmask("\uffff"))
    strange = [c for c in words if not c.isspace() and bytes(font.getmask(c)) == missing]
    if strange:
        hint = "The font that ships holds the words of the packs and ASCII; choose among these."
        raise BadInput(f"the mark's font has no {''.join(strange)!r}.", hint=hint)

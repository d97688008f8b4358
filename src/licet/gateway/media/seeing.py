"""What is seen of a picture before anything is decided: what it is, its hashes, its pixels.

It refuses to know lists, models and verdicts. Needs Pillow (extra `labels`).

Rules
1. A picture's size is read before it is unpacked; one that is too large is refused unread.
2. Every frame of a moving picture is looked at, up to FRAMES_MAX; one with more is refused.
3. It is looked at as people see it: turned as its Exif says, on a white ground.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from licet.base.extras import to_install
from licet.base.trouble import BadInput, TooMuch, Unavailable
from licet.guard.pictures.hashing import HASH_SIDE, phash, render_hash, turned
from licet.labels.marks.picture import UNREADABLE

if TYPE_CHECKING:
    from PIL import Image

FRAMES_MAX = 64
READ_MAX = 4
READ_SIDE = 2048
"""Pixels of the longer side: letters that people read at a glance are larger than those lost."""
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
Pixels = np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]


@dataclass(frozen=True, slots=True)
class Seen:
    """A picture. `hashes`: of every frame in every position; `own`: of the first as it stands,
    "" where it shows nothing. `pixels`: frames for a classifier, uint8 [side, side, 3]. `plain`:
    up to READ_MAX frames as grey PNG, for whoever reads the text in them."""

    format: str
    width: int
    height: int
    hashes: tuple[int, ...]
    own: str
    pixels: tuple[Pixels, ...] = ()
    plain: tuple[bytes, ...] = ()

    @property
    def about(self) -> str:
        """The picture in a line, for a sealed excerpt."""
        shown = f"phash {self.own}" if self.own else "one colour"
        return f"[{self.format} {self.width} × {self.height}, {shown}]"


def see(data: bytes, *, pixels_max: int, side: int = 0, plain: bool = False) -> Seen:
    """Looks at a picture. `side`: of what a classifier is to be shown, 0 for nothing.

    Raises BadInput for what is no picture that we know, TooMuch for one of more than `pixels_max`
    pixels or FRAMES_MAX frames, Unavailable where Pillow is not installed.
    """
    try:
        from PIL import Image
    except ImportError:
        raise Unavailable("pictures need Pillow.", hint=to_install("labels"))
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            frames_count = getattr(picture, "n_frames", 1)
            if frames_count > FRAMES_MAX:
                raise TooMuch("the picture moves too long.", hint=f"Up to {FRAMES_MAX} frames.")
            if picture.width * picture.height * frames_count > pixels_max:
                hint = f"Up to {pixels_max:,} pixels, all frames together."
                raise TooMuch("the picture is too large.", hint=hint)
            kind = picture.format or ""
            frames = list(_frames(picture, side))
            to_read = tuple(_to_read(picture, frames_count)) if plain else ()
            width, height = picture.size
    except (*UNREADABLE, Image.DecompressionBombError) as error:
        raise BadInput(f"this picture cannot be read: {error}.", hint="Is the file whole?")
    hashes = tuple(dict.fromkeys(h for greys, _ in frames for h in turned(greys)))
    own = phash(frames[0][0])
    return Seen(
        kind, width, height, hashes, "" if own is None else render_hash(own),
        tuple(pixels for _, pixels in frames if pixels is not None), to_read,
    )  # fmt: skip


def _frames(
    picture: Image.Image, side: int
) -> Iterator[tuple[np.ndarray[tuple[int, int], np.dtype[np.float64]], Pixels | None]]:
    """Each frame, for its hash and for a classifier."""
    from PIL import Image, ImageSequence

    for frame in ImageSequence.Iterator(picture):
        shown = _upright(frame)
        small = shown.convert("L").resize((HASH_SIDE, HASH_SIDE), Image.Resampling.LANCZOS)
        pixels = shown.resize((side, side), Image.Resampling.BILINEAR) if side else None
        yield np.asarray(small, np.float64), None if pixels is None else np.asarray(pixels)


def _upright(frame: Image.Image) -> Image.Image:
    """A frame as it is seen, in RGB (rule 3)."""
    from PIL import Image, ImageOps

    turned_frame = ImageOps.exif_transpose(frame)
    if turned_frame.mode == "RGB":
        return turned_frame
    if turned_frame.mode.startswith(("I", "F")):
        wide = np.asarray(turned_frame, np.float64)
        top = max(1.0, float(wide.max()))
        return Image.fromarray((wide / top * 255).astype(np.uint8)).convert("RGB")
    clear = turned_frame.convert("RGBA")
    ground = Image.new("RGBA", clear.size, (255, 255, 255, 255))
    return Image.alpha_composite(ground, clear).convert("RGB")


def _to_read(picture: Image.Image, frames_count: int) -> Iterator[bytes]:
    """Frames from the first to the last, as grey PNG."""
    last = frames_count - 1
    for at in sorted({round(last * n / max(1, READ_MAX - 1)) for n in range(READ_MAX)}):
        picture.seek(at)
        shown = _upright(picture).convert("L")
        shown.thumbnail((READ_SIDE, READ_SIDE))
        out = io.BytesIO()
        shown.save(out, "PNG", compress_level=1)
        yield out.getvalue()

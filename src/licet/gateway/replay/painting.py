"""Landscapes that are painted from words: the same words, the same picture. Pure.

It refuses to know models: words choose hour, place and season by a small table, and whatever they
are they choose the shape of the hills. Text in quotation marks stands on a board in the picture.
Needs Pillow.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

Rgb = tuple[int, int, int]
Canvas = np.ndarray[tuple[int, int, int], np.dtype[np.float32]]
Line = np.ndarray[tuple[int], np.dtype[np.float32]]
_QUOTED = re.compile('["“「]([^"”」]{1,60})["”」]')


@dataclass(frozen=True, slots=True)
class Hour:
    """The light of a time of day: sky from above to the horizon, hills from far to near, sun."""

    above: Rgb
    horizon: Rgb
    far: Rgb
    near: Rgb
    sun: Rgb
    sun_height: float
    stars: bool = False


_HOURS: Mapping[str, Hour] = {
    "dawn": Hour((104, 142, 190), (252, 214, 186), (186, 172, 190), (44, 66, 78),
                 (255, 236, 204), 0.40),
    "day": Hour((74, 144, 214), (214, 236, 248), (158, 188, 206), (38, 92, 78),
                (255, 252, 236), 0.20),
    "dusk": Hour((58, 56, 112), (250, 156, 104), (156, 104, 132), (34, 30, 58),
                 (255, 208, 140), 0.46),
    "night": Hour((8, 14, 38), (42, 62, 104), (38, 52, 86), (8, 14, 26),
                  (238, 240, 228), 0.22, stars=True),
}  # fmt: skip
_WORDS: Mapping[str, str] = {
    "dawn": "dawn|morning|sunrise|晨|黎明|日出",
    "dusk": "dusk|evening|sunset|autumn|黄昏|日落|傍晚|秋",
    "night": "night|moon|star|夜|月|星",
    "day": "noon|day|summer|spring|白天|正午|夏|春",
}
_WATER = re.compile("sea|lake|river|water|boat|海|湖|河|江|水|船", re.IGNORECASE)


def paint(prompt: str, width: int, height: int) -> Image.Image:
    """The picture of these words, RGB."""
    from PIL import Image

    rng = np.random.default_rng(list(hashlib.sha256(prompt.encode()).digest()))
    hour = _hour(prompt, rng)
    has_water = bool(_WATER.search(prompt))
    shore = round(height * (0.66 if has_water else 1.0))
    canvas = _sky(hour, width, height, rng)
    _hills(canvas, hour, shore, rng)
    if has_water:
        _reflect(canvas, hour, shore, rng)
    picture = Image.fromarray(np.clip(canvas, 0, 255).astype(np.uint8))
    if quoted := _QUOTED.search(prompt):
        _board(picture, quoted[1])
    return picture


def repaint(picture: Image.Image, prompt: str) -> Image.Image:
    """A picture in the light of these words, its shapes kept, RGB."""
    from PIL import Image

    rng = np.random.default_rng(list(hashlib.sha256(prompt.encode()).digest()))
    hour = _hour(prompt, rng)
    greys = np.asarray(picture.convert("L"), np.float32)[..., None] / 255
    dark, light = _colour(hour.near), _colour(hour.horizon)
    colours = np.asarray(picture.convert("RGB"), np.float32)
    toned = 0.35 * colours + 0.65 * (dark + (light - dark) * greys)
    out = Image.fromarray(np.clip(toned, 0, 255).astype(np.uint8))
    if quoted := _QUOTED.search(prompt):
        _board(out, quoted[1])
    return out


def encode(picture: Image.Image, form: str) -> bytes:
    """The picture as a file: png, jpeg or webp."""
    out = io.BytesIO()
    options = {"png": {"compress_level": 1}, "jpeg": {"quality": 92}, "webp": {"quality": 90}}
    picture.save(out, form.upper(), **options[form])
    return out.getvalue()


def _colour(rgb: Rgb) -> Line:
    return np.array(rgb, np.float32)


def _hour(prompt: str, rng: np.random.Generator) -> Hour:
    drawn = tuple(_HOURS)[int(rng.integers(len(_HOURS) - 1))]
    for name, words in _WORDS.items():
        if re.search(words, prompt, re.IGNORECASE):
            return _HOURS[name]
    return _HOURS[drawn]


def _sky(hour: Hour, width: int, height: int, rng: np.random.Generator) -> Canvas:
    down = np.linspace(0, 1, height, dtype=np.float32)[:, None, None] ** 0.8
    above, horizon = _colour(hour.above), _colour(hour.horizon)
    canvas: Canvas = np.broadcast_to(above + (horizon - above) * down, (height, width, 3)).copy()
    x, y = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    if hour.stars:
        count = width * height // 2600
        down_at, at = rng.integers(0, int(height * 0.6), count), rng.integers(0, width - 1, count)
        light = rng.uniform(20, 190, count).astype(np.float32)[:, None]
        for right in (0, 1):
            canvas[down_at, at + right] += light
    radius = min(width, height) * 0.055
    centre_x, centre_y = width * rng.uniform(0.2, 0.8), height * hour.sun_height
    apart = np.hypot(x[None, :] - centre_x, y[:, None] - centre_y)
    glow = np.exp(-apart / (radius * 4.5)) * 0.55
    disc = np.clip(radius - apart + 0.5, 0, 1)
    lit = np.maximum(glow, disc)[..., None]
    canvas += (_colour(hour.sun) - canvas) * lit
    return canvas


def _hills(canvas: Canvas, hour: Hour, shore: int, rng: np.random.Generator) -> None:
    """Five ranges, from pale and far to dark and near, each with a little mist at its foot."""
    height, width, _ = canvas.shape
    far, near = _colour(hour.far), _colour(hour.near)
    for number in range(5):
        near_by = number / 4
        top = shore * (0.52 + 0.36 * near_by)
        ridge = top - height * (0.13 - 0.05 * near_by) * _ridge(width, number, rng)
        rows = np.arange(height, dtype=np.float32)[:shore, None]
        cover = np.clip(rows - ridge[None, :] + 0.5, 0, 1)[..., None]
        mist = np.clip((rows - top + height * 0.1) / (height * 0.26), 0, 1)[..., None] * 0.45
        colour = far + (near - far) * near_by
        shaded = colour + (_colour(hour.horizon) - colour) * mist * (1 - near_by)
        canvas[:shore] += (shaded - canvas[:shore]) * cover


def _ridge(width: int, number: int, rng: np.random.Generator) -> Line:
    """A line between about -1 and 1: waves of falling size, the finer the nearer."""
    x = np.linspace(0, 1, width, dtype=np.float32)
    line = np.zeros(width, np.float32)
    for octave in range(7):
        waves = (1.3 + 0.5 * number) * 1.9**octave
        line += np.sin(2 * np.pi * (waves * x + rng.uniform())).astype(np.float32) / 1.85**octave
    return line / 1.6


def _reflect(canvas: Canvas, hour: Hour, shore: int, rng: np.random.Generator) -> None:
    """Water below the shore: what is above it, upside down, darker, in ripples."""
    height = canvas.shape[0]
    depth = height - shore
    rows = np.arange(depth, dtype=np.float32)
    ripple = np.sin(rows / (1.5 + rows / depth * 5) + rng.uniform(0, 6)) * (1 + rows / depth * 5)
    above = np.clip(shore - 1 - rows * 0.85 + ripple, 0, shore - 1).astype(np.int64)
    deep = (_colour(hour.above) + _colour(hour.near)) / 2
    share = (0.28 + 0.4 * rows / depth)[:, None, None]
    canvas[shore:] = canvas[above] * (1 - share) + deep * share


def _board(picture: Image.Image, words: str) -> None:
    """A pale board with these words, as far as the font of our marks has them."""
    from PIL import Image, ImageDraw, ImageFont

    data = files("licet.labels.marks").joinpath("LicetMark-Bold.otf").read_bytes()
    size = max(14, min(picture.width // 16, int(picture.width * 1.5 / max(8, len(words)))))
    font = ImageFont.truetype(io.BytesIO(data), size, layout_engine=ImageFont.Layout.BASIC)
    pad = size
    board = Image.new("RGB", (int(font.getlength(words)) + 2 * pad, 3 * size), (246, 242, 232))
    draw = ImageDraw.Draw(board)
    draw.text((pad, board.height // 2), words, font=font, fill=(28, 28, 32), anchor="lm")
    left, top = (picture.width - board.width) // 2, int(picture.height * 0.40)
    picture.paste(board, (left, top))

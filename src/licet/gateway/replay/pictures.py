"""OpenAI's images, painted here (`painting`): requests read, answers written.

It refuses to know the gateway's rules. Source of the form: OpenAI API reference, "Images".

Rules
1. A picture that was asked for as a URL is painted when it is fetched: the URL says from what.
"""

from __future__ import annotations

import base64
import io
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode

from licet.base.extras import to_install
from licet.base.trouble import BadInput, Unavailable
from licet.gateway.multipart import parse_form
from licet.gateway.replay import fields
from licet.gateway.replay.fields import Body
from licet.gateway.replay.tokens import split_tokens

PATH = "/replay/picture"
MODEL = "replay-picture"
SIDE_MAX = 4096
SIDE = 1024
COUNT_MAX = 10
_SIZE = re.compile(r"(\d{2,4})x(\d{2,4})")
_FORMS = ("png", "jpeg", "webp")


@dataclass(frozen=True, slots=True)
class PictureAsk:
    """What to paint, how large, in which form; `ground` is the picture to change, if any."""

    model: str
    prompt: str
    width: int
    height: int
    form: str
    count: int
    as_url: bool
    ground: bytes = b""


def parse(body: Body) -> PictureAsk:
    """A request for new pictures. Raises BadInput."""
    return _ask(
        fields.string(body, "model"), fields.string(body, "prompt"), body.get("size"),
        body.get("output_format"), fields.integer(body, "n", 1) or 1,
        as_url=body.get("response_format") == "url",
    )  # fmt: skip


def parse_edit(body: bytes, content_type: bytes) -> PictureAsk:
    """A request to change a picture. Raises BadInput."""
    parts = parse_form(body, content_type)
    said = {part.name: part.text for part in parts if part.filename is None}
    ground = next((part.data for part in parts if part.name in ("image", "image[]")), b"")
    if not ground:
        raise BadInput("there is no picture", hint="Send one as the file `image`.")
    count = said.get("n", "1")
    if not count.isdigit():
        raise BadInput("n is no number", hint="Send n=1.")
    return _ask(
        said.get("model", ""), said.get("prompt", ""), said.get("size"),
        said.get("output_format"), int(count), as_url=said.get("response_format") == "url",
        ground=ground,
    )  # fmt: skip


def render(ask: PictureAsk, created_s: int, base_url: str) -> Body:
    """The answer. Raises Unavailable where Pillow is not installed, BadInput for a strange
    picture."""
    data = [_item(ask, number, base_url) for number in range(ask.count)]
    tokens = len(split_tokens(ask.prompt))
    usage = {"input_tokens": tokens, "output_tokens": 0, "total_tokens": tokens}
    return {"created": created_s, "data": data, "output_format": ask.form, "usage": usage}


def paint_url(query: bytes) -> bytes:
    """The picture that a URL of ours names. Raises BadInput."""
    said = {name: values[0] for name, values in parse_qs(query.decode("latin-1")).items()}
    ask = _ask(MODEL, said.get("prompt", ""), said.get("size"), said.get("form"), 1, as_url=False)
    return _painted(ask, 0)


def _ask(
    model: str, prompt: str, size: Any, form: Any, count: int, *, as_url: bool, ground: bytes = b""
) -> PictureAsk:
    if not prompt.strip():
        raise BadInput("there is nothing to paint", hint="Give prompt.")
    found = _SIZE.fullmatch(size) if isinstance(size, str) else None
    if size not in (None, "auto") and found is None:
        raise BadInput("size is not of the form 1024x1024", hint="Or leave it out.")
    width, height = (int(found[1]), int(found[2])) if found else (SIDE, SIDE)
    if not (64 <= width <= SIDE_MAX and 64 <= height <= SIDE_MAX):
        raise BadInput(f"size is out of range: sides of 64 to {SIDE_MAX} pixels")
    if form not in (None, *_FORMS):
        raise BadInput(f"output_format is {form!r}", hint=f"One of: {', '.join(_FORMS)}.")
    if not 1 <= count <= COUNT_MAX:
        raise BadInput(f"n is {count}", hint=f"1 to {COUNT_MAX}.")
    return PictureAsk(model, prompt, width, height, form or "png", count, as_url, ground)


def _item(ask: PictureAsk, number: int, base_url: str) -> Body:
    if ask.as_url and not ask.ground:
        prompt = ask.prompt + " " * number
        said = {"prompt": prompt, "size": f"{ask.width}x{ask.height}", "form": ask.form}
        return {"url": f"{base_url}{PATH}?{urlencode(said)}"}
    return {"b64_json": base64.b64encode(_painted(ask, number)).decode()}


def _painted(ask: PictureAsk, number: int) -> bytes:
    try:
        from PIL import Image

        from licet.gateway.replay.painting import encode, paint, repaint
        from licet.labels.marks.picture import UNREADABLE
    except ImportError:
        raise Unavailable("painting needs Pillow", hint=to_install("labels"))
    prompt = ask.prompt + " " * number  # another picture for each, of the same words
    if not ask.ground:
        return encode(paint(prompt, ask.width, ask.height), ask.form)
    try:
        with Image.open(io.BytesIO(ask.ground), formats=("PNG", "JPEG", "WEBP")) as ground:
            if ground.width * ground.height > SIDE_MAX**2:
                raise BadInput("the picture is too large")
            return encode(repaint(ground.convert("RGB"), prompt), ask.form)
    except UNREADABLE as error:
        raise BadInput(f"the picture cannot be read: {error}") from None

"""Pictures and sound for tests of the gateway: made here, mild, the same on every machine.

And how the official client asks for them.
"""

from __future__ import annotations

import base64
import io
import json
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import openai
from PIL import Image, ImageDraw, ImageFont

from kit.bundles import RULES
from kit.gateway import running_gateway
from kit.scripted import answer
from licet.gateway.media.seeing import see
from licet.gateway.replay.painting import encode, paint

MEDIA = """
[media]
producer = "001191110000000000000000010001"
without_classifier = "serve"
"""


def landscape(words: str = "a lake in summer", side: int = 256, form: str = "png") -> bytes:
    """A picture of words, as a file."""
    return encode(paint(words, side, side), form)


def written(words: str, side: int = 640) -> bytes:
    """A picture in which words can be read, in the font that Pillow brings."""
    picture = Image.new("RGB", (side, side // 2), (245, 244, 240))
    font = ImageFont.load_default(36)
    ImageDraw.Draw(picture).text((40, side // 5), words, font=font, fill=(20, 20, 24))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def tiny_onnx(side: int, weights: Sequence[Sequence[float]]) -> bytes:
    """A model file: input [1, 3, side, side], its mean by channel × `weights` [3][labels].

    Written by hand (ONNX IR 8, opset 13: ReduceMean, MatMul), so that no library is needed.
    """
    labels = len(weights[0])
    raw = b"".join(struct.pack("<f", value) for row in weights for value in row)
    tensor = _ints(1, 3) + _ints(1, labels) + _int(2, 1) + _text(8, "w") + _bytes(9, raw)
    axes = _text(1, "axes") + _ints(8, 2) + _ints(8, 3) + _int(20, 7)
    keep = _text(1, "keepdims") + _int(3, 0) + _int(20, 2)
    mean = _node("ReduceMean", ("x",), "m", (axes, keep))
    product = _node("MatMul", ("m", "w"), "y", ())
    graph = (
        _bytes(1, mean) + _bytes(1, product) + _text(2, "g") + _bytes(5, tensor)
        + _bytes(11, _value("x", (1, 3, side, side))) + _bytes(12, _value("y", (1, labels)))
    )  # fmt: skip
    return _int(1, 8) + _bytes(7, graph) + _bytes(8, _text(1, "") + _int(2, 13))


def _node(kind: str, given: Sequence[str], made: str, attributes: Sequence[bytes]) -> bytes:
    out = b"".join(_text(1, name) for name in given) + _text(2, made) + _text(4, kind)
    return out + b"".join(_bytes(5, attribute) for attribute in attributes)


def _value(name: str, shape: Sequence[int]) -> bytes:
    dims = b"".join(_bytes(1, _int(1, size)) for size in shape)
    return _text(1, name) + _bytes(2, _bytes(1, _int(1, 1) + _bytes(2, dims)))


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes((*out, number))


def _int(field: int, number: int) -> bytes:
    return _varint(field << 3) + _varint(number)


_ints = _int


def _bytes(field: int, data: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(data)) + data


def _text(field: int, text: str) -> bytes:
    return _bytes(field, text.encode())


def listed(name: str, picture: bytes) -> str:
    own = see(picture, pixels_max=1 << 24).own
    return f'[[picture]]\nid = "{name}"\nphash = "{own}"\ncategory = "sexual"\n'


def picture_of(answer: Any, at: int = 0) -> bytes:
    return base64.b64decode(answer.data[at].b64_json)


def notice_of(error: openai.APIStatusError) -> dict[str, Any]:
    body: Any = error.body
    assert error.code == "content_filter"
    assert body["licet"]["appeal"].endswith(body["licet"]["case"])
    notice: dict[str, Any] = body["licet"]
    return notice


def pictures_answer(*items: dict[str, Any], **members: Any) -> bytes:
    return answer(json.dumps({"created": 1, "data": items, **members}).encode())


def b64(data: bytes) -> dict[str, Any]:
    return {"b64_json": base64.b64encode(data).decode()}


def ask(home: Path, behind: str, more: str = MEDIA, **given: Any) -> Any:
    """One picture from a gateway of its own before `behind`."""
    with (
        running_gateway(home, behind, rules=RULES, more=more) as served,
        openai.OpenAI(base_url=served.url, api_key=served.key, max_retries=0) as client,
    ):
        return client.images.generate(model="m", prompt="A lake", **given)

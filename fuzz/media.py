"""Pictures and sound at the gateway: requests for them, a model's answers, the pictures.

It refuses to know HTTP.
"""

from __future__ import annotations

import base64
import contextlib
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image

from fuzz.target import Target, spoilt
from licet.base.trouble import BadInput, TooMuch
from licet.gateway.dialects.images import ImageEdits, Images
from licet.gateway.dialects.media import MediaAsk, PicturesReply
from licet.gateway.dialects.speech import Speech
from licet.gateway.media.reading import lines_of
from licet.gateway.media.seeing import see
from licet.gateway.multipart import Part, parse_form, render_form
from licet.guard.pictures import parse_blocklist

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from kit.media import landscape

DEPTH_MAX = 64
PIXELS_MAX = 1 << 18
_FORM = b"multipart/form-data; boundary=b"
_PNG = landscape(side=64)
_B64 = base64.b64encode(_PNG[:200]).decode()
_JSON_PIECES = (
    b"null", b"-1", b"9" * 40, b'""', b"[]", b"{}", b"[" * 70, b'"', b"\\ud800", b"\xff", b"url",
    b"b64_json", b"file:///", b"http://[", b"data:image/png;base64,", b"prompt", b"input", b"n",
)  # fmt: skip
_FORM_PIECES = (
    b"--b", b"--b--", b"\r\n", b"\r\n\r\n", b"\n", b'name="', b'filename="', b";", b"\0", b"\xff",
    b"Content-Disposition: form-data", b"Content-Transfer-Encoding: base64", b"image", b"prompt",
)  # fmt: skip
_PICTURE_PIECES = (
    b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff", b"IHDR", b"IDAT", b"acTL", b"fdAT", b"IEND",
    b"VP8X", b"ANMF", b"GIF89a", b"\x21\xf9\x04", b"\xff\xd8", b"\xff\xe1", b"Exif\0\0",
)  # fmt: skip


def _parsed(parse: Callable[[bytes], MediaAsk]) -> Callable[[bytes], None]:
    """A request is understood, or refused; what goes on is understood as the same."""

    def check(body: bytes) -> None:
        with contextlib.suppress(BadInput):
            ask = parse(body)
            again = (
                ImageEdits(ask.content_type).parse(ask.body, json_depth_max=DEPTH_MAX)
                if ask.content_type.startswith(b"multipart")
                else parse(ask.body)
            )
            assert (again.model, again.texts) == (ask.model, ask.texts)
            assert again.pictures == ask.pictures

    return check


def _check_form(body: bytes) -> None:
    with contextlib.suppress(BadInput):
        parts = parse_form(body, _FORM)
        boundary = b"another-boundary"
        written = render_form(parts, boundary)
        assert parse_form(written, b"multipart/form-data; boundary=" + boundary) == parts


def _check_reply(body: bytes) -> None:
    with contextlib.suppress(BadInput):
        reply = PicturesReply(body)
        out = reply.render_pictures(["x"] * len(reply.given), "b64_json", {})
        assert [item["b64_json"] for item in json.loads(out)["data"]] == ["x"] * len(reply.given)


def _check_picture(data: bytes) -> None:
    with contextlib.suppress(BadInput, TooMuch):
        seen = see(data, pixels_max=PIXELS_MAX, side=32, plain=True)
        assert seen.width * seen.height <= PIXELS_MAX


def _check_list(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    with contextlib.suppress(BadInput):
        parse_blocklist(text, "list.toml", ("sexual",))
    lines_of(text)


def _pictures() -> list[bytes]:
    made = [landscape(side=48, form=form) for form in ("png", "jpeg", "webp")]
    frames = [Image.new("P", (16, 16), n) for n in range(3)]
    for form in ("GIF", "PNG", "WEBP"):
        out = io.BytesIO()
        frames[0].convert("RGB").save(
            out, form, save_all=True, append_images=[frame.convert("RGB") for frame in frames[1:]]
        )
        made.append(out.getvalue())
    return made


def _bodies(*values: dict[str, Any]) -> list[bytes]:
    return [json.dumps(value).encode() for value in values]


_TABLE = b"5\t1\t1\t1\t1\t1\t0\t0\t9\t9\t96\thello\n"
_LIST = b'[[picture]]\nid = "a"\nphash = "0123456789abcdef"\ncategory = "sexual"\n'
_EDIT = render_form(
    (Part("model", b"m"), Part("prompt", b"Brighter"), Part("n", b"1"),
     Part("image[]", _PNG[:99], "a.png", "image/png"), Part("mask", b"x", "m.png")), b"b",
)  # fmt: skip
TARGETS = (
    Target(
        "media.images",
        spoilt(_bodies({"model": "m", "prompt": "hi", "n": 2, "size": "auto"}), _JSON_PIECES),
        _parsed(lambda body: Images().parse(body, json_depth_max=DEPTH_MAX)),
    ),
    Target(
        "media.speech",
        spoilt(_bodies({"model": "m", "input": "hi", "voice": "a", "speed": 1}), _JSON_PIECES),
        _parsed(lambda body: Speech().parse(body, json_depth_max=DEPTH_MAX)),
    ),
    Target(
        "media.edits",
        spoilt([_EDIT], _FORM_PIECES),
        _parsed(lambda body: ImageEdits(_FORM).parse(body, json_depth_max=DEPTH_MAX)),
    ),
    Target("media.form", spoilt([_EDIT], _FORM_PIECES), _check_form),
    Target(
        "media.reply",
        spoilt(
            _bodies(
                {"created": 1, "data": [{"b64_json": _B64, "revised_prompt": "hi"}]},
                {"data": [{"url": "http://h/x.png"}], "usage": {"input_tokens": 3}},
            ),
            _JSON_PIECES,
        ),
        _check_reply,
    ),
    Target("media.picture", spoilt(_pictures(), _PICTURE_PIECES), _check_picture),
    Target("media.list", spoilt([_LIST, _TABLE], (b"nan", b"\t", b'"', b"\n")), _check_list),
)

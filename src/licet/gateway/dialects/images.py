"""OpenAI's `POST /v1/images/generations` and `/v1/images/edits`: words, and pictures, become
pictures. It refuses to know how a picture is judged.

Source: OpenAI API reference, "Images".

Rules
1. What goes on of a form is written anew from what was read: nothing that we did not see is in it.
2. How the answer is wanted (`response_format`) is ours to obey; the model is asked as the client
   asked.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from licet.gateway.dialects.json_texts import PromptTexts
from licet.gateway.dialects.media import (
    PICTURES_MAX,
    MediaAsk,
    MediaDialect,
    PicturesReply,
    is_choice,
    one_of,
    refuse_stream,
)
from licet.gateway.dialects.model import Ask, Picture, PromptText
from licet.gateway.dialects.requests import (
    body_with_model,
    end_user_of,
    missing,
    open_request,
    walk_rest,
    wrong,
)
from licet.gateway.dialects.unreadable import Unreadable
from licet.gateway.multipart import Part, boundary_for, form_type, parse_form, render_form

_FORMS = ("b64_json", "url")
_PICTURES = ("image", "image[]", "mask")


class Images(MediaDialect):
    """Pictures from words. Stateless."""

    name = "images"
    path = "/images/generations"

    def parse(self, body: bytes, *, json_depth_max: int) -> MediaAsk:
        value, model, stream = open_request(body, json_depth_max)
        refuse_stream(stream, "stream")
        if type(value.get("prompt")) is not str or not value["prompt"].strip():
            raise missing(value, "prompt", "what to draw", '"prompt": "…"')
        count = value.get("n")
        if count is not None and (type(count) is not int or not 1 <= count <= PICTURES_MAX):
            raise wrong(count, "n", f"a number from 1 to {PICTURES_MAX}")
        found = PromptTexts()
        known = frozenset(name for name, item in value.items() if is_choice(name, item))
        walk_rest(value, known, {}, found)
        if found.images:
            raise Unreadable("words alone are drawn", where=found.images[0], hint="Use edits.")
        return MediaAsk(
            model, False, tuple(found.texts), body, (), end_user_of(value),
            form=one_of(value.get("response_format"), "response_format", _FORMS, "b64_json"),
        )  # fmt: skip

    def with_model(self, ask: Ask, model: str) -> bytes:
        return body_with_model(ask, model)

    def reply(self, body: bytes) -> PicturesReply:
        return PicturesReply(body)


class ImageEdits(MediaDialect):
    """Pictures from pictures and words. One for each request: `content_type` is its header."""

    name = "image_edits"
    path = "/images/edits"

    def __init__(self, content_type: bytes) -> None:
        self._content_type = content_type
        self._parts: tuple[Part, ...] = ()
        self._boundary = b""

    def parse(self, body: bytes, *, json_depth_max: int) -> MediaAsk:
        parts = self._parts = parse_form(body, self._content_type)
        self._boundary = boundary_for(parts)
        fields: dict[str, str] = {}
        texts: list[PromptText] = []
        pictures: list[Picture] = []
        for part in parts:
            if part.name in _PICTURES:
                where = part.name if part.name == "mask" else f"image[{len(pictures)}]"
                pictures.append(Picture(where, part.data))
                texts += _name_of(part, where)
                continue
            if part.filename is not None:
                raise Unreadable("only pictures are taken as files", where=part.name)
            if part.name in fields:
                raise Unreadable("it is given twice", where=part.name, hint="Give it once.")
            fields[part.name] = part.text
            if part.text and not is_choice(part.name, part.text):
                texts.append(PromptText(part.name, "user", part.text))
        return self._ask(fields, tuple(texts), tuple(pictures), parts)

    def _ask(
        self, fields: dict[str, str], texts: tuple[PromptText, ...],
        pictures: tuple[Picture, ...], parts: tuple[Part, ...],
    ) -> MediaAsk:  # fmt: skip
        refuse_stream(fields.get("stream"), "stream")
        given: dict[str, Any] = fields
        for name, what in (("model", "a model's name"), ("prompt", "what to change")):
            if not fields.get(name, "").strip():
                raise missing(given, name, what, f"the field {name}")
        if not any(picture.where != "mask" for picture in pictures):
            raise Unreadable("there is no picture", where="image", hint="Send one as a file.")
        if len(pictures) > PICTURES_MAX + 1:
            raise Unreadable(f"more than {PICTURES_MAX} pictures", where="image")
        body = render_form(parts, self._boundary)
        user = fields.get("safety_identifier") or fields.get("user")
        return MediaAsk(
            fields["model"], False, texts, body, (), user, pictures,
            content_type=form_type(self._boundary),
            form=one_of(fields.get("response_format"), "response_format", _FORMS, "b64_json"),
        )  # fmt: skip

    def with_model(self, ask: Ask, model: str) -> bytes:
        named = model.encode()
        parts = [replace(p, data=named) if p.name == "model" else p for p in self._parts]
        return render_form(parts, self._boundary)

    def reply(self, body: bytes) -> PicturesReply:
        return PicturesReply(body)


def _name_of(part: Part, where: str) -> list[PromptText]:
    """A file's name is text, too: models are told it."""
    return [PromptText(f"{where}.filename", "user", part.filename)] if part.filename else []

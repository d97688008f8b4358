"""What the APIs of pictures and sound have in common: what is asked, what comes back.

It refuses to know files and how they are judged and labelled.

Rules
1. Pictures and sound are judged whole, so nothing here is streamed.
2. A member that only names a choice (a size, a format) is no text while it is one short word.
3. A picture leaves only through `render_pictures`, which is given what was labelled.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from licet.base.trouble import BadInput
from licet.gateway.dialects.errors import openai_error
from licet.gateway.dialects.frames import Span
from licet.gateway.dialects.json_strict import dump, load_object
from licet.gateway.dialects.json_texts import Slot, find_member, spans_of
from licet.gateway.dialects.model import Ask, Notice, Reader, Told, Usage
from licet.gateway.dialects.unreadable import Unreadable

Medium = Literal["image", "audio"]
CHOICES = frozenset({
    "model", "size", "quality", "background", "style", "output_format", "moderation",
    "response_format", "input_fidelity", "stream_format", "voice", "n", "user",
    "safety_identifier",
})  # fmt: skip
PICTURES_MAX = 10

_one_choice = re.compile(r"[A-Za-z0-9._-]{0,64}").fullmatch


class MediaAsk(Ask, frozen=True):
    """A request for pictures or sound. `body` and `content_type` are what goes on; `form` is how
    the answer is wanted: `b64_json` or `url`, or a format of sound."""

    content_type: bytes = b"application/json"
    medium: Medium = "image"
    form: str = ""


class MediaDialect:
    """What the three APIs share. Stateless."""

    family: Literal["openai", "anthropic"] = "openai"

    def reader(self, ask: Ask) -> Reader:
        """Raises BadInput: there is no such stream, and `parse` lets nobody ask for one."""
        raise BadInput("pictures and sound are not streamed.")

    def error(
        self, status: int, code: str, message: str, param: str | None = None,
        notice: Told | None = None,
    ) -> bytes:  # fmt: skip
        return openai_error(status, code, message, param, notice)


def is_choice(name: str, value: Any) -> bool:
    """Whether a member names a choice (rule 2)."""
    return name in CHOICES and (type(value) is not str or _one_choice(value) is not None)


def one_of(value: Any, where: str, known: Sequence[str], default: str) -> str:
    """The choice that was made. Raises Unreadable for another."""
    if value is None:
        return default
    if value not in known:
        hint = f"One of: {', '.join(known)}."
        raise Unreadable("this cannot be had here", where=where, hint=hint)
    return str(value)


def refuse_stream(asked: Any, where: str) -> None:
    """Raises Unreadable where a stream was asked for (rule 1)."""
    if asked not in (None, False, "", "false", "audio"):
        raise Unreadable(
            "pictures and sound are judged whole before they leave", where=where,
            hint="Leave it out.",
        )  # fmt: skip


class PicturesReply:
    """An answer with pictures. Raises Unreadable where `body` is none.

    `given`: of each picture, how it came (`b64_json` or `url`) and the text there.
    """

    def __init__(self, body: bytes) -> None:
        self._value = load_object(body)
        items = self._value.get("data")
        if type(items) is not list or not 0 < len(items) <= PICTURES_MAX:
            raise Unreadable("it holds no pictures", where="data")
        self._items: list[dict[str, Any]] = []
        self.given: list[tuple[str, str]] = []
        slots: list[Slot] = []
        for at, item in enumerate(items):
            if type(item) is not dict:
                raise Unreadable("it is no picture", where=f"data[{at}]")
            self.given.append(_given(item, f"data[{at}]"))
            self._items.append(item)
            for name, value in item.items():
                if name not in ("b64_json", "url"):
                    find_member(item, name, value, f"{at}.{name}", slots)
        for name, value in self._value.items():
            if name not in ("data", "usage") and not is_choice(name, value):
                find_member(self._value, name, value, f"x.{name}", slots)
        self.spans: tuple[Span, ...] = spans_of(slots)
        self.usage = _usage(self._value.get("usage"))

    def render(self, texts: Sequence[str], notice: Notice) -> bytes:
        """Nothing: an answer of pictures that was stopped ends as an error."""
        return b""

    def render_pictures(
        self, pictures: Sequence[str], form: str, licet: Mapping[str, Any]
    ) -> bytes:
        """The answer with these pictures (base64, or URLs that hold them), and the `licet`
        object."""
        for item, picture in zip(self._items, pictures, strict=True):
            item.pop("url", None)
            item.pop("b64_json", None)
            item[form] = picture
        self._value["licet"] = licet
        return dump(self._value)


def _given(item: dict[str, Any], where: str) -> tuple[str, str]:
    for name in ("b64_json", "url"):
        value = item.get(name)
        if type(value) is str and value:
            return name, value
    raise Unreadable("it holds neither b64_json nor url", where=where)


def _usage(value: Any) -> Usage:
    if type(value) is not dict:
        return Usage()
    counts = [value.get(name) for name in ("input_tokens", "output_tokens")]
    return Usage(*(count if type(count) is int else None for count in counts))

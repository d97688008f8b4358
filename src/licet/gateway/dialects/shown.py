"""Pictures and sound that a model puts into an answer in which only text was looked for.

Nobody has looked at them, and nothing labels them; so an answer that shows any is not served, but
where the operator passes media unjudged (`Ask.takes_media`). It refuses to know what is served.

Rules
1. What counts is shown to the person: data or an address of a picture, sound or video. What an
   answer quotes, and what it hands to a tool, is not.
2. An answer without any of the names is known by a search over its bytes. A name may be written
   with escapes, so bytes with the escape of a letter or digit are looked at closely.
"""

from __future__ import annotations

import re
from typing import Any, Final

from licet.gateway.dialects.json_strict import load_object
from licet.gateway.dialects.json_texts import QUOTING, SOURCES, is_arguments
from licet.gateway.dialects.unreadable import Unlooked

_SHOWN: Final = frozenset(
    """image_url audio_url video_url input_audio inline_data inlineData b64_json
    partial_image_b64""".split()  # noqa: SIM905
)
_KINDS: Final = frozenset(
    "image output_image input_image image_generation_call audio output_audio video".split()  # noqa: SIM905
)
_DATA: Final = frozenset({"data", "url", "result", "image"})
_PARTS: Final = (b"image", b"audio", b"video", b"b64_json", b"inline")
"""Of every name one of them is a part."""
_escaped: Final = re.compile(rb"\\u00(?:3[0-9]|[4-7])").search


def refuse_shown(data: bytes, value: Any) -> None:
    """Raises Unlooked where the event or answer `data`, decoded `value`, shows anything."""
    if _may_show(data) and (where := _shown(value, "")) is not None:
        raise Unlooked(where)


def refuse_shown_whole(body: bytes) -> None:
    """The same for a whole answer. Raises Unlooked, and Unreadable for what is no object."""
    if _may_show(body):
        refuse_shown(body, load_object(body))


def _may_show(data: bytes) -> bool:
    """Rule 2."""
    for part in _PARTS:
        if part in data:
            return True
    return b"\\u00" in data and _escaped(data) is not None


def _shown(value: Any, where: str) -> str | None:
    """The path of the first thing shown under `value`; None where nothing is."""
    if type(value) is list:
        items = [(f"{where}[{at}]", item) for at, item in enumerate(value)]
    elif type(value) is dict:
        if _is_shown(value):
            return where
        items = [
            (f"{where}.{name}" if where else name, item)
            for name, item in value.items()
            if name not in QUOTING and not is_arguments(name, value)
        ]
    else:
        return None
    for place, item in items:
        if (found := _shown(item, place)) is not None:
            return found
    return None


def _is_shown(value: dict[str, Any]) -> bool:
    if any(value.get(name) for name in _SHOWN):
        return True
    kind, sound = value.get("type"), value.get("audio")
    if type(sound) is dict and sound.get("data"):
        return True
    if type(kind) is not str:
        return False
    if kind.endswith("audio.delta"):
        return bool(value.get("delta"))
    if kind not in _KINDS:
        return False
    origin = value.get("source")
    if type(origin) is dict and origin.get("type") in SOURCES:
        return True
    return any(type(value.get(name)) is str and value[name] for name in _DATA)

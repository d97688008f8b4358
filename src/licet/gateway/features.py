"""Which features of the pack a request uses: those that its client names, and those it shows.

It refuses to know who asks and what they may.

Rules
1. A provider's program names what it is about to do in the header `licet-features`; a name that
   the pack has not is to be refused: a misspelt one would let through what it was to stop.
2. What stands in the body is seen without being named: an answer that is to be spoken, a picture
   that is to be made, a memory that is to be kept.

law:cn-genai-2023/art10.3
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from licet.gateway.dialects.media import MediaAsk
from licet.gateway.dialects.model import Ask

HEADER = b"licet-features"
_OF_MODALITY = {"audio": "voice", "image": "images"}
_OF_TOOL = (("image_generation", "images"), ("memory", "memory"))
"""A tool is known by how its type begins: `memory_20250818`."""


def used_features(said: bytes | None, ask: Ask) -> frozenset[str]:
    """The features that the header names, known or not, and those that the request shows; its body
    was parsed before, so it is JSON where it asks for no pictures and no sound."""
    named = [one.strip() for one in (said or b"").decode("latin-1").split(",")]
    if isinstance(ask, MediaAsk):
        return frozenset((*filter(None, named), _OF_MODALITY[ask.medium]))
    return frozenset((*filter(None, named), *_shown(msgspec.json.decode(ask.body))))


def _shown(value: Any) -> Iterator[str]:
    if not isinstance(value, dict):
        return
    for modality in _list(value.get("modalities")):
        if isinstance(modality, str) and modality in _OF_MODALITY:
            yield _OF_MODALITY[modality]
    if value.get("audio"):
        yield "voice"
    for tool in _list(value.get("tools")):
        kind = tool.get("type") if isinstance(tool, dict) else None
        if isinstance(kind, str):
            yield from (name for start, name in _OF_TOOL if kind.startswith(start))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []

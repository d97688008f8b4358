"""OpenAI's embeddings: vectors made from the text alone, so that like texts lie close. Pure.

A vector is a bag of the text's tokens and their neighbours hashed into signed places, scaled to
length 1: the same text gives the same vector on every machine. Source of the form: OpenAI API
reference, "Embeddings"; of the method: Weinberger et al. 2009, "Feature Hashing".
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import math
import struct
from dataclasses import dataclass
from typing import Any

from licet.base.trouble import BadInput
from licet.gateway.replay import fields
from licet.gateway.replay.fields import Body
from licet.gateway.replay.tokens import split_tokens

DIMENSIONS = 1536
DIMENSIONS_MAX = 4096
INPUTS_MAX = 2048


@dataclass(frozen=True, slots=True)
class EmbeddingAsk:
    """The texts to embed and the form of the answer."""

    model: str
    texts: tuple[str, ...]
    dimensions: int
    base64: bool


def parse(body: Body) -> EmbeddingAsk:
    """The request in `body`. Raises BadInput."""
    dimensions = fields.integer(body, "dimensions", 1) or DIMENSIONS
    if dimensions > DIMENSIONS_MAX:
        raise BadInput(f"dimensions is {dimensions}", hint=f"Ask for at most {DIMENSIONS_MAX}.")
    form = body.get("encoding_format") or "float"
    if form not in ("float", "base64"):
        raise BadInput(f"encoding_format is {form!r}", hint="Ask for float or base64.")
    texts = _texts(body.get("input"))
    return EmbeddingAsk(fields.string(body, "model"), texts, dimensions, form == "base64")


def render(ask: EmbeddingAsk) -> Body:
    """The vectors in the order of the texts, as lists or as base64 of little-endian float32."""
    data = []
    for index, text in enumerate(ask.texts):
        vector = embed(text, ask.dimensions)
        shown: Any = vector
        if ask.base64:
            shown = base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
        data.append({"object": "embedding", "index": index, "embedding": shown})
    tokens = sum(len(split_tokens(text)) for text in ask.texts)
    return {
        "object": "list",
        "model": ask.model,
        "data": data,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }


def embed(text: str, dimensions: int = DIMENSIONS) -> list[float]:
    """A unit vector of `dimensions` numbers made from `text` alone."""
    vector = [0.0] * dimensions
    tokens = [token.strip().casefold() for token in split_tokens(text)]
    features = tokens + [f"{a} {b}" for a, b in itertools.pairwise(tokens)]
    for feature in features or [""]:
        digest = hashlib.blake2b(feature.encode(), digest_size=8).digest()
        number = int.from_bytes(digest, "big")
        vector[(number >> 1) % dimensions] += 1.0 if number & 1 else -1.0
    length = math.hypot(*vector)
    if length == 0.0:  # features that cancelled each other out
        vector[0] = length = 1.0
    return [value / length for value in vector]


def _texts(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, list) or not value:
        raise BadInput("input must be text or a list of texts", hint="Give input.")
    if all(isinstance(entry, int) for entry in value):  # one text, given as token ids
        value = [value]
    if len(value) > INPUTS_MAX:
        raise BadInput(f"input has {len(value)} entries", hint=f"Send at most {INPUTS_MAX}.")
    if all(isinstance(entry, list) for entry in value):
        value = [" ".join(map(str, entry)) for entry in value]
    if not all(isinstance(entry, str) and entry for entry in value):
        raise BadInput("input must hold texts that are not empty")
    return tuple(value)

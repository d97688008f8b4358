"""The encoder for tests: a real one of 200 KB that knows a few words (training/tiny_encoder.py).

`harmharm` and 禁 are violence to it, everything else is harmless.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from licet.guard.encoder import Encoder


@cache
def tiny_bytes() -> bytes:
    return Path(__file__).with_name("tiny_encoder.onnx").read_bytes()


@cache
def tiny() -> Encoder:
    return Encoder.from_bytes(tiny_bytes())

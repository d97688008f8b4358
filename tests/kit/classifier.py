"""Classifiers for tests: the shipped one, and small ones whose every weight is known."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import numpy as np

from licet.guard.classifier import WEIGHTS, Classifier
from licet.guard.classifier.features import features
from licet.guard.classifier.packing import GROUPS, READER, Group, Header, Line, pack, shapes
from licet.guard.classifier.screen import buckets, encoded
from licet.guard.fold import fold

PLAIN = Line(0.1, 1.0, -4.0)
"""Log-odds of -4 for nothing, and a tenth more for each unit of weight per root of features."""


@cache
def shipped_bytes() -> bytes:
    return files("licet.guard.classifier").joinpath(WEIGHTS).read_bytes()


@cache
def shipped() -> Classifier:
    return Classifier.from_bytes(shipped_bytes())


def header(categories: tuple[str, ...] = ("violence", "injection")) -> Header:
    return Header(
        reader=READER,
        name="test",
        categories=categories,
        window_characters=(64, 256),
        groups=dict.fromkeys(GROUPS, Group(PLAIN, 10.0, 0.01)),
        injection=Line(30.0, 1.0, -4.0),
        heads=tuple(PLAIN for _ in categories),
    )


def packed(harmful: str = "zorgle", attack: str = "blimf", *, head: Header | None = None) -> bytes:
    """Weights that know two words: one is harmful, the other an injection."""
    head = head or header()
    tables = {name: np.zeros(shape, kind) for name, (kind, shape) in shapes(head).items()}
    for name, word in (("harm", harmful), ("injection", attack)):
        # The word's own bucket only, so that nothing else in a text weighs anything.
        bucket = features(fold(word)).words[0]
        tables[name][bucket] = 32_000 if name == "harm" else 127
        tables["screen"][buckets(encoded(fold(word)))] = 100
    return pack(head, tables)


@cache
def tiny() -> Classifier:
    return Classifier.from_bytes(packed())

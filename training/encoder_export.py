"""From a trained network to the file that ships: 8 bits, words, calibration.

It refuses to know training. Calibration is by logistic regression on dev rows (Platt), the harm
of each role and script by itself, through the very code that serves.

    python training/encoder_export.py --data DIR --words FILE --state FILE --out FILE
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import msgspec
import numpy as np
from corpus import CATEGORIES
from encoder_net import Net, graph, shrink
from encoder_rows import Example, Say
from measure import Floats

from licet.guard.classifier.model import group_name
from licet.guard.encoder.model import GROUPS, METADATA, READER, WORDS, Encoder, Header, Line
from licet.guard.encoder.tokens import Vocabulary
from licet.guard.fold import fold

ROWS_A_SET = 700
"""Of each set, language, role and side that calibrate: large sets must not speak for all."""


def written(net: Net, words: Vocabulary, header: Header) -> bytes:
    """The file with this header."""
    metadata = {METADATA: msgspec.json.encode(header).decode(), WORDS: "\n".join(words.words)}
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "encoder.onnx"
        shrink(graph(net, metadata), out)
        return out.read_bytes()


def plain(name: str) -> Header:
    """A header that changes nothing."""
    line = Line(1.0, 0.0)
    return Header(
        READER, name, CATEGORIES, dict.fromkeys(GROUPS, line), dict.fromkeys(CATEGORIES, line)
    )


def sampled(examples: list[Example]) -> list[Example]:
    """At most ROWS_A_SET of each set, language, role and side, spread evenly."""
    kinds: dict[tuple[object, ...], list[Example]] = {}
    for each in examples:
        row = each.row
        kinds.setdefault((row.source, row.lang, row.role, row.harmful), []).append(each)
    out = []
    for found in kinds.values():
        step = max(1.0, len(found) / ROWS_A_SET)
        out += [found[int(i * step)] for i in range(min(len(found), ROWS_A_SET))]
    return out


def platt(logit: Floats, truth: np.ndarray, weight: Floats) -> Line:
    """slope and offset of the logistic regression of truth on logit (Newton's method)."""
    x = np.stack((logit, np.ones_like(logit)), 1)
    beta = np.array([1.0, 0.0])
    for _ in range(50):
        p = 1.0 / (1.0 + np.exp(-(x @ beta)))
        gradient = x.T @ (weight * (truth - p)) - 1e-3 * (beta - [1.0, 0.0])
        bend = (x * (weight * p * (1 - p))[:, None]).T @ x + 1e-3 * np.eye(2)
        beta = beta + np.linalg.solve(bend, gradient)
    return Line(round(float(beta[0]), 4), round(float(beta[1]), 4))


def calibrated(encoder: Encoder, examples: list[Example], say: Say) -> Header:
    """The header with lines fitted to these examples, either side weighing the same."""
    rows = [each.row for each in examples]
    logits = np.stack([
        encoder.logits(each.row.text, each.row.role, each.context).max(0) for each in examples
    ])  # fmt: skip
    groups = np.array([group_name(row.role, fold(row.text)) for row in rows])
    harmful = np.array([row.harmful for row in rows])
    attack = np.array([row.injection for row in rows])
    harm = {}
    for name in GROUPS:
        mine = (groups == name) & ~attack
        truth = harmful[mine]
        weight = np.where(truth, 0.5 / max(1, truth.sum()), 0.5 / max(1, (~truth).sum()))
        harm[name] = platt(logits[mine, 0], truth, weight * mine.sum())
        say(f"{name}: {int(mine.sum())} rows, {harm[name]}")
    heads = {}
    categories = np.array([row.category or "" for row in rows])
    for place, name in enumerate(CATEGORIES, start=1):
        truth = categories == name
        sure = truth | ~(harmful | attack) | ((categories != "") & (categories != name))
        if truth.sum() < 10:
            heads[name] = Line(1.0, 0.0)
            continue
        weight = np.where(truth, 0.5 / truth.sum(), 0.5 / (sure & ~truth).sum())
        heads[name] = platt(logits[sure, place], truth[sure], (weight * sure.sum())[sure])
    return msgspec.structs.replace(encoder.header, harm=harm, heads=heads)


def exported(net: Net, words: Vocabulary, measuring: list[Example], name: str, say: Say) -> bytes:
    """The file that ships."""
    first = Encoder.from_bytes(written(net, words, plain(name)))
    return written(net, words, calibrated(first, sampled(measuring), say))

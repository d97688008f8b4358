"""From a trained network to the file that ships: 8 bits, words, calibration.

It refuses to know training. Calibration is by logistic regression on dev rows (Platt), the harm
of each role and script by itself, through the very code that serves; the classifier that ships is
heard beside the network, so whoever changes its weights must calibrate anew.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
import numpy as np
from corpus import CATEGORIES
from encoder_net import Net, graph
from encoder_rows import Example, Say
from measure import Floats
from numpy.typing import NDArray

from licet.guard.classifier import Classifier, group_of
from licet.guard.classifier.model import INJECTION
from licet.guard.encoder.model import GROUPS, METADATA, READER, WORDS, Encoder, Header, Line
from licet.guard.encoder.tokens import Vocabulary

ROWS_A_SET = 700
"""Of each set, language, role and side that calibrate: large sets must not speak for all."""
LEAST_ROWS = 10
"""A category with fewer harmful rows stays as the network has it."""
INJECTION_RARE = 36
"""A lawful prompt stands for so many where injection is calibrated. It has the thresholds of
harm, and with as many of either side it would take long instructions for injections: two lawful
texts of one set would then decide above which score no harm at all is stopped."""
RIDGE = 1e-3
STEPS = 100
FULL_ROWS = 100
Truth, Names = NDArray[np.bool_], NDArray[np.str_]


def written(net: Net, words: Vocabulary, header: Header) -> bytes:
    """The file with this header."""
    metadata = {METADATA: msgspec.json.encode(header).decode(), WORDS: "\n".join(words.words)}
    return graph(net, metadata).SerializeToString(deterministic=True)


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


def fitted(signals: Sequence[Floats], truth: Truth, sets: Names) -> Line:
    """The logistic regression of truth on a logit and, if given, on what the classifier says.

    Both sides weigh the same, and on each side every set, so that figures are those of text at
    large and not of the largest set. A classifier that would be heard backwards is not heard. By
    Newton's method, each step halved until it leads downhill (else far logits throw it off, and
    for ever); the ridge leaves the logit as it is where there is little to learn from.
    """
    x = np.stack((*signals, np.ones(len(truth))), 1)
    start = np.array([1.0] + [0.0] * (x.shape[1] - 1))
    weight = _weights(truth, sets)

    def lost(at: Floats) -> float:
        odds = x @ at
        doubt = np.logaddexp(0.0, np.where(truth, -odds, odds))
        return float(weight @ doubt + 0.5 * RIDGE * ((at - start) ** 2).sum())

    beta = start.copy()
    for _ in range(STEPS):
        p = 1.0 / (1.0 + np.exp(-np.clip(x @ beta, -30, 30)))
        gradient = x.T @ (weight * (truth - p)) - RIDGE * (beta - start)
        bend = (x * (weight * p * (1 - p))[:, None]).T @ x + RIDGE * np.eye(len(start))
        step = np.linalg.solve(bend, gradient)
        here = lost(beta)
        while lost(beta + step) > here and np.abs(step).max() > 1e-9:
            step *= 0.5
        beta = beta + step
    if len(signals) > 1 and beta[1] < 0.0:
        return fitted(signals[:1], truth, sets)
    slope, *priors, offset = (round(float(one), 4) for one in beta)
    return Line(slope, offset, *priors)


def _weights(truth: Truth, sets: Names) -> Floats:
    """Of each row. A set of fewer than FULL_ROWS counts for less."""
    weight = np.zeros(len(truth))
    for side in (truth, ~truth):
        for name in np.unique(sets[side]):
            mine = side & (sets == name)
            weight[mine] = min(1.0, mine.sum() / FULL_ROWS) / mine.sum()
        weight[side] *= 0.5 * len(truth) / weight[side].sum()
    return weight


def calibrated(encoder: Encoder, judge: Classifier, examples: list[Example], say: Say) -> Header:
    """The header with lines fitted to these examples, with the classifier heard beside."""
    rows = [each.row for each in examples]
    logits = np.stack([
        encoder.logits(each.row.text, each.row.role, each.context).max(0) for each in examples
    ])  # fmt: skip
    priors = np.array([judge.strengths(row.text, row.role) for row in rows])
    groups = np.array([group_of(row.text, row.role) for row in rows])
    sets = np.array([f"{row.source} {row.lang}" for row in rows])
    harmful = np.array([row.harmful for row in rows])
    attack = np.array([row.injection for row in rows])
    harm = {}
    for name in GROUPS:
        mine = (groups == name) & ~attack
        harm[name] = fitted((logits[mine, 0], priors[mine, 0]), harmful[mine], sets[mine])
        say(f"{name}: {int(mine.sum())} rows, {harm[name]}")
    heads = {}
    categories = np.array([row.category or "" for row in rows])
    prompts = np.array([row.role == "prompt" for row in rows])
    for place, name in enumerate(CATEGORIES, start=1):
        truth = attack if name == INJECTION else categories == name
        sure = truth | ~(harmful | attack) | ((categories != "") & (categories != name))
        signals = (logits[:, place],)
        if name == INJECTION:
            sure, signals = prompts, (logits[:, place], priors[:, 1])
        if truth[sure].sum() < LEAST_ROWS:
            heads[name] = Line(1.0, 0.0)
            continue
        line = fitted([one[sure] for one in signals], truth[sure], sets[sure])
        rare = math.log(INJECTION_RARE) if name == INJECTION else 0.0
        heads[name] = msgspec.structs.replace(line, offset=round(line.offset - rare, 4))
    return msgspec.structs.replace(encoder.header, harm=harm, heads=heads)


def exported(net: Net, words: Vocabulary, judge: Classifier, measuring: list[Example], name: str,
             say: Say) -> bytes:  # fmt: skip
    """The file that ships."""
    first = Encoder.from_bytes(written(net, words, plain(name)))
    return written(net, words, calibrated(first, judge, sampled(measuring), say))

"""A short encoder learns to read as a long one does.

It refuses to know files and the texts' sources: two networks and examples come in, the shorter
one leaves taught. Chance comes from seeds alone.

Labels say one bit of a text, and rows are soon known by heart; the long network says of each text
what it makes of every token. So the short one learns, text by text,

- the states after each layer (Jiao et al. 2020, "TinyBERT"): where it holds one state for several
  tokens, their mean; and the states pooled, which the judgement reads;
- the logits, whose distance counts as much where both are sure, for there thresholds lie;
- the labels, at a smaller weight: the long network errs too.

Where the long network teaches, a text needs no label: some are sewn from parts of two.

A short network that goes on without a long one has its own earlier self as its teacher: with
labels alone it soon knew rows by heart and judged strangers' texts worse than before.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from encoder_learning import (
    ROWS_A_BATCH,
    SAID_EVERY,
    TEXT_TOKENS,
    Batch,
    Reader,
    drawn,
    judged,
    optimiser_of,
    packed,
    set_rates,
)
from encoder_net import Net, halves, unseen
from encoder_rows import Example, Say
from torch.nn import functional as F  # noqa: N812 - as everybody writes it

SEWN = 0.3
"""The share of texts that are sewn."""
PART_TOKENS = 8
"""At least so many tokens stand in a part that is sewn."""
LOGITS, LABELS = 0.2, 0.25
"""Weights beside that of the states."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """How many steps, and how fast to learn: the body of the network and what is new in it."""

    steps: int
    rate_body: float
    rate_new: float


def distil(long: Net, short: Net, reader: Reader, examples: list[Example], lesson: Lesson,
           seed: int, say: Say, keep: Path, *, brief: bool) -> None:  # fmt: skip
    """Teaches `short`, which has as many layers as `long`, each as wide."""
    long.eval()
    short.eval()  # what is taught here is exact: nothing is dropped
    weights = {"states": 1.0, "logits": LOGITS, "labels": LABELS}
    learn = partial(losses, long, short)
    _steps(short, learn, weights, reader, examples, lesson, seed, say, keep, brief=brief)


def go_on(net: Net, reader: Reader, examples: list[Example], lesson: Lesson, seed: int, say: Say,
          keep: Path, *, brief: bool) -> None:  # fmt: skip
    """A network that has learnt reads on, and holds to what it said before but where it erred."""
    before = copy.deepcopy(net).eval()
    net.train()
    weights = {"logits": LOGITS, "labels": 1.0}
    learn = partial(corrections, before, net)
    _steps(net, learn, weights, reader, examples, lesson, seed, say, keep, brief=brief)
    net.eval()


def _steps(net: Net, learn: Callable[[Batch], tuple[torch.Tensor, ...]],
           weights: Mapping[str, float], reader: Reader, examples: list[Example], lesson: Lesson,
           seed: int, say: Say, keep: Path, *, brief: bool) -> None:  # fmt: skip
    """The steps of a lesson. `learn` gives the parts of the loss that `weights` names."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    optimiser = optimiser_of(net, lesson.rate_body, lesson.rate_new)
    began, sums, step = time.perf_counter(), np.zeros(len(weights)), 0
    while step < lesson.steps:
        for batch in sewn_batches(examples, reader, rng):
            if step >= lesson.steps:
                break
            set_rates(optimiser, step, lesson.steps)
            with torch.autocast("cpu", torch.bfloat16, enabled=brief):
                parts = learn(batch)
            total = sum(
                (weight * part for weight, part in zip(weights.values(), parts, strict=True)),
                torch.zeros(()),
            )
            optimiser.zero_grad(set_to_none=True)
            total.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            step += 1
            sums += [one.item() for one in parts]
            if step % SAID_EVERY == 0:
                said = zip(weights, sums / SAID_EVERY, strict=True)
                lost = " ".join(f"{name} {one:.4f}" for name, one in said)
                each = (time.perf_counter() - began) / step
                say(f"step {step}/{lesson.steps} {lost}, {each:.2f} s a step")
                sums[:] = 0
                torch.save(net.state_dict(), keep)
    torch.save(net.state_dict(), keep)


def corrections(before: Net, net: Net, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """(logits, labels): how far the network is from what it said before, and from what is known.

    A label of ours that it denied before is right, and what it said then counts no more. A
    stranger's may be wrong: it counts LABELS, beside what was said before.
    """
    with torch.no_grad():
        told = before(batch.ids, batch.pairs, batch.types, batch.mask).float()
    x, there = net.states(batch.ids, batch.pairs, batch.types, batch.mask)
    pooled = net.pooled(x.float(), there)
    logits = net.head(F.dropout(pooled, net.dropout, net.training)).float()
    ours = batch.ours > 0
    denied = (told[:, 0] > 0) != (batch.target[:, 0] > 0.5)
    erred = ours & denied & (batch.known[:, 0] > 0)  # of what is sewn nothing is known
    apart = (logits - told).square().mean(1)
    batch.known.mul_(torch.where(ours, 1.0, LABELS)[:, None])
    return apart.masked_fill(erred, 0.0).mean(), judged(logits, batch)


def losses(long: Net, short: Net, batch: Batch) -> tuple[torch.Tensor, ...]:
    """(states, logits, labels): how far the short network is from the long one, and from what is
    known."""
    with torch.no_grad():
        told, there = walked(long, batch)
        pooled = long.pooled(told[-1], there[-1])
        answer = long.head(pooled).float()
    mine, where = walked(short, batch)
    apart = []
    for place, (x, mask) in enumerate(zip(mine, where, strict=True)):
        y, of = told[place], there[place]
        while y.shape[1] > x.shape[1]:
            y, of = halves(y, of)
        apart.append(_distance(x, y, mask[:, :, None]))
    seen = short.pooled(mine[-1], where[-1])
    apart.append(_distance(seen, pooled, torch.ones_like(seen[:, :1])))
    logits = short.head(seen).float()
    return torch.stack(apart).mean(), (logits - answer).square().mean(), judged(logits, batch)


def walked(net: Net, batch: Batch) -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    """The states after each layer, and where there is text in them."""
    x, mask = net.begun(batch.ids, batch.pairs, batch.types), batch.mask
    states, there = [], []
    for number, layer in enumerate(net.layers):
        if number in net.shape.halved:
            x, mask = halves(x, mask)
        x = layer(x, unseen(mask))
        states.append(x.float())
        there.append(mask)
    return states, there


def _distance(x: torch.Tensor, y: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The mean square of what lies between, in shares of y's own."""
    apart, own = ((x - y).square() * mask).sum(), (y.square() * mask).sum()
    return apart / own


def sewn_batches(examples: list[Example], reader: Reader,
                 rng: np.random.Generator) -> Iterator[Batch]:  # fmt: skip
    """One pass: each example as often as its share says, some of them sewn to another; alike
    lengths together."""
    for read in drawn(examples, reader, rng):
        bodies = [tokens[2 : kinds.count(0) - 1] for _, tokens, kinds in read]
        known = np.ones(len(read), bool)
        for i in np.flatnonzero(rng.random(len(read)) < SEWN):
            body = [*_part(bodies[i], rng), *_part(bodies[rng.integers(len(read))], rng)]
            body = body[:TEXT_TOKENS]
            tokens = [*read[i][1][:2], *body, reader.words.end]
            read[i], known[i] = (read[i][0], tokens, [0] * len(tokens)), False
        by_length = sorted(range(len(read)), key=lambda i: len(read[i][1]))
        parts = [by_length[i : i + ROWS_A_BATCH] for i in range(0, len(by_length), ROWS_A_BATCH)]
        for i in rng.permutation(len(parts)):
            batch = packed([read[j] for j in parts[i]], reader.words)
            batch.known.mul_(torch.from_numpy(known[parts[i]])[:, None])
            yield batch


def _part(body: list[int], rng: np.random.Generator) -> list[int]:
    """A run of a body, at least PART_TOKENS long if the body is."""
    most = min(len(body), TEXT_TOKENS // 2)
    length = int(rng.integers(min(PART_TOKENS, most), most + 1)) if most else 0
    start = int(rng.integers(len(body) - length + 1))
    return body[start : start + length]

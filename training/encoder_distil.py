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
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
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
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    long.eval()
    short.eval()  # what is taught here is exact: nothing is dropped
    optimiser = optimiser_of(short, lesson.rate_body, lesson.rate_new)
    began, sums, step = time.perf_counter(), np.zeros(3), 0
    while step < lesson.steps:
        for batch in sewn_batches(examples, reader, rng):
            if step >= lesson.steps:
                break
            set_rates(optimiser, step, lesson.steps)
            with torch.autocast("cpu", torch.bfloat16, enabled=brief):
                parts = losses(long, short, batch)
            total = parts[0] + LOGITS * parts[1] + LABELS * parts[2]
            optimiser.zero_grad(set_to_none=True)
            total.backward()
            torch.nn.utils.clip_grad_norm_(short.parameters(), 1.0)
            optimiser.step()
            step += 1
            sums += [one.item() for one in parts]
            if step % SAID_EVERY == 0:
                states, logits, labels = sums / SAID_EVERY
                each = (time.perf_counter() - began) / step
                say(f"step {step}/{lesson.steps} states {states:.4f} logits {logits:.4f} "
                    f"labels {labels:.4f}, {each:.2f} s a step")  # fmt: skip
                sums[:] = 0
                torch.save(short.state_dict(), keep)
    torch.save(short.state_dict(), keep)


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

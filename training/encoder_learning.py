"""How the encoder learns: examples as batches, one step, passes over the rows.

It refuses to know where weights come from and where they go. Chance comes from seeds alone.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from corpus import CATEGORIES
from disguise import Disguises
from encoder_net import Net
from encoder_rows import Example, Say
from torch.nn import functional as F  # noqa: N812 - as everybody writes it

from licet.guard.encoder.tokens import MASK, Vocabulary
from licet.guard.fold import fold

ROWS_A_BATCH = 64
TEXT_TOKENS, CONTEXT_TOKENS = 96, 28
SHORT_TOKENS, BEGINNINGS = 10, 0.35
WARM = 0.06
GUESS_SHARE, GUESS_WEIGHT = 0.15, 0.25
DISGUISED = 0.15
ROLE_UNTOLD = 0.25
CATEGORY_WEIGHT = 4.0
SAID_EVERY, KEPT_EVERY = 50, 200
"""Steps."""
_FAMILY = ("hate", "discrimination.")


@dataclass(frozen=True, slots=True)
class Plan:
    """How often to read the rows, and how fast to learn: the body of the network and what is new
    in it. Characters are hidden, to be guessed, up to the share `guess_until` of the steps."""

    passes: float
    rate_body: float
    rate_new: float
    guess_until: float


@dataclass(frozen=True, slots=True)
class Batch:
    """Arrays (rows, length) and targets. `known` weighs each target; `ours` is 1 where the label
    is of our own writing."""

    ids: torch.Tensor
    pairs: torch.Tensor
    types: torch.Tensor
    mask: torch.Tensor
    target: torch.Tensor
    known: torch.Tensor
    ours: torch.Tensor


Read = list[tuple[Example, list[int], list[int]]]
"""Examples with their tokens and kinds."""


class Reader:
    """Examples as the network reads them."""

    def __init__(self, words: Vocabulary, disguises: Disguises | None) -> None:
        self.words, self.disguises = words, disguises

    def read(self, each: Example, rng: np.random.Generator) -> tuple[list[int], list[int]]:
        """(tokens, kinds) of an example, disguised and cut by chance."""
        text, row = each.row.text, each.row
        if self.disguises is not None and rng.random() < DISGUISED:
            text = self.disguises.disguised(text, rng)
        body = self.words.numbers(fold(text[:1500]))
        body = _cut(body, row.harmful, rng)
        told = row.role
        if rng.random() < ROLE_UNTOLD:
            told = ("prompt", "reply", "comment")[rng.integers(3)]
        tokens = [self.words.start, self.words.roles[told], *body, self.words.end]
        kinds = [0] * len(tokens)
        if each.context and rng.random() < 0.9:
            before = self.words.numbers(fold(each.context[-400:]))[-CONTEXT_TOKENS:]
            tokens += [*before, self.words.end]
            kinds += [1] * (len(before) + 1)
        return tokens, kinds


def _cut(body: list[int], harmful: bool, rng: np.random.Generator) -> list[int]:
    """What is read of a text: of a lawful one any part or beginning is lawful too."""
    if harmful:
        return body[:TEXT_TOKENS]
    if len(body) > SHORT_TOKENS and rng.random() < BEGINNINGS:
        return body[: int(rng.integers(SHORT_TOKENS, min(len(body), TEXT_TOKENS) + 1))]
    start = int(rng.integers(max(1, len(body) - TEXT_TOKENS + 1)))
    return body[start : start + TEXT_TOKENS]


def targets(each: Example) -> tuple[list[float], list[float]]:
    """(targets, weights) for harm and each category."""
    row = each.row
    weight = row.weight * (0.2 if row.injection else 1.0)
    target, known = [each.target], [weight]
    for name in CATEGORIES:
        mine = row.category == name
        target.append(0.98 if mine else 0.005)
        if mine or not (row.harmful or row.injection):
            known.append(row.weight)
        elif row.category is None or _akin(row.category, name):
            known.append(0.0)
        else:
            known.append(0.3)
    return target, known


def _akin(one: str, other: str) -> bool:
    return one.startswith(_FAMILY) and other.startswith(_FAMILY)


def drawn(examples: list[Example], reader: Reader, rng: np.random.Generator) -> Iterator[Read]:
    """One pass, some batches at a time: each example as often as its share says."""
    share = np.array([each.share for each in examples])
    times = np.floor(share + rng.random(len(share))).astype(int)
    order = rng.permutation(np.repeat(np.arange(len(examples)), times))
    pool = ROWS_A_BATCH * 40
    for start in range(0, len(order), pool):
        yield [(examples[i], *reader.read(examples[i], rng)) for i in order[start : start + pool]]


def batches(examples: list[Example], reader: Reader, rng: np.random.Generator) -> Iterator[Batch]:
    """One pass: each example as often as its share says, alike lengths together."""
    for read in drawn(examples, reader, rng):
        read.sort(key=lambda item: len(item[1]))
        parts = [read[i : i + ROWS_A_BATCH] for i in range(0, len(read), ROWS_A_BATCH)]
        for i in rng.permutation(len(parts)):
            yield packed(parts[i], reader.words)


def packed(read: Read, words: Vocabulary) -> Batch:
    length = max(len(tokens) for _, tokens, _ in read)
    arrays = np.zeros((4, len(read), length), dtype=np.int64)
    for i, (_, tokens, kinds) in enumerate(read):
        count = len(tokens)
        arrays[0, i, :count] = tokens
        arrays[1, i, :count] = words.pairs(tokens)
        arrays[2, i, :count] = kinds
        arrays[3, i, :count] = 1
    made = [targets(each) for each, _, _ in read]
    return Batch(
        *(torch.from_numpy(array) for array in arrays[:3]), torch.from_numpy(arrays[3]).float(),
        torch.tensor([one for one, _ in made]), torch.tensor([one for _, one in made]),
        torch.tensor([float(each.row.source.startswith("own-")) for each, _, _ in read]),
    )  # fmt: skip


def spread(examples: list[Example], reader: Reader, count: int, seed: int) -> list[Batch]:
    """Some `count` examples, of each language, role and side as many, alike lengths together."""
    rng = np.random.default_rng(seed)
    kinds: dict[tuple[str, str, bool], list[Example]] = {}
    for each in examples:
        row = each.row
        kinds.setdefault((row.lang, row.role, row.harmful or row.injection), []).append(each)
    read = []
    for _, found in sorted(kinds.items()):
        some = rng.choice(len(found), min(count // len(kinds), len(found)), replace=False)
        read += [(found[i], *reader.read(found[i], rng)) for i in some]
    read.sort(key=lambda item: len(item[1]))
    return [
        packed(read[i : i + ROWS_A_BATCH], reader.words) for i in range(0, len(read), ROWS_A_BATCH)
    ]


def hidden(batch: Batch, words: Vocabulary, rng: torch.Generator) -> tuple[Batch, torch.Tensor]:
    """The batch with some Han characters hidden, and which."""
    drawn = torch.rand(batch.ids.shape, generator=rng)
    away = (batch.ids >= words.han) & (drawn < GUESS_SHARE)
    beside = away.clone()
    beside[:, 1:] |= away[:, :-1]
    ids = batch.ids.masked_fill(away, words.words.index(MASK))
    pairs = batch.pairs.masked_fill(beside, 0)
    return replace(batch, ids=ids, pairs=pairs), away


def judged(logits: torch.Tensor, batch: Batch) -> torch.Tensor:
    """How far what is said of harm and categories is from what is known."""
    loss = F.binary_cross_entropy_with_logits(logits, batch.target, reduction="none") * batch.known
    return loss[:, 0].mean() + CATEGORY_WEIGHT * loss[:, 1:].mean()


def optimiser_of(
    net: Net, rate_body: float, rate_new: float, *more: torch.nn.Parameter
) -> torch.optim.AdamW:
    """Who changes the body of a network, and what is new in it and beside it."""
    new = [net.pair.weight, net.word.fresh, *net.head.parameters(), *more]
    fresh = {id(one) for one in new}
    body = [one for one in net.parameters() if id(one) not in fresh]
    return torch.optim.AdamW(
        [
            {"params": body, "rate": rate_body, "weight_decay": 0.01},
            {"params": new, "rate": rate_new, "weight_decay": 0.0},
        ],
        lr=rate_body, betas=(0.9, 0.98), fused=True,
    )  # fmt: skip


def set_rates(optimiser: torch.optim.Optimizer, step: int, steps: int) -> None:
    """Rates rise at first and fall to the end."""
    rate = min(1.0, step / (WARM * steps), (steps - step) / steps)
    for group in optimiser.param_groups:
        group["lr"] = group["rate"] * max(rate, 0.01)


class Learner:
    def __init__(self, net: Net, words: Vocabulary, plan: Plan, steps: int, seed: int, *,
                 brief: bool) -> None:  # fmt: skip
        if plan.guess_until and net.shape.halved:
            raise ValueError("a network that halves its states has none left for each character")
        self.net, self.words, self.plan, self.steps, self.step = net, words, plan, steps, 0
        self.brief = brief
        self.chance = torch.Generator().manual_seed(seed)
        self.guess = torch.nn.Linear(net.shape.width, net.shape.width)
        self.optimiser = optimiser_of(
            net, plan.rate_body, plan.rate_new, *self.guess.parameters()
        )  # fmt: skip

    def learn(self, batch: Batch) -> tuple[float, float]:
        """One step; (loss of judging, loss of guessing)."""
        set_rates(self.optimiser, self.step, self.steps)
        away, truth = None, batch.ids
        if self.step < self.plan.guess_until * self.steps:
            batch, away = hidden(batch, self.words, self.chance)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.brief):
            x, there = self.net.states(batch.ids, batch.pairs, batch.types, batch.mask)
        x = x.float()
        logits = self.net.head(F.dropout(self.net.pooled(x, there), 0.1, True))
        loss = judged(logits, batch)
        total, guessed = loss, 0.0
        if away is not None and bool(away.any()):
            said = (
                self.guess(x[away])
                @ self.net.word.fresh[self.words.han - self.net.shape.known :].T
            )
            lost = F.cross_entropy(said, truth[away] - self.words.han)
            total, guessed = loss + GUESS_WEIGHT * lost, lost.item()
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        return loss.item(), guessed


def train(net: Net, words: Vocabulary, examples: list[Example], reader: Reader, plan: Plan,
          seed: int, say: Say, keep: Path, *, brief: bool) -> None:  # fmt: skip
    """Passes over the examples by a plan; the state is kept in a file now and then. `brief`:
    products in bfloat16."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    steps = int(plan.passes * sum(each.share for each in examples) / ROWS_A_BATCH)
    learner = Learner(net, words, plan, steps, seed, brief=brief)
    net.train()
    began, sums, tokens = time.perf_counter(), np.zeros(2), 0
    for number in range(math.ceil(plan.passes)):
        for batch in batches(examples, reader, rng):
            if learner.step >= steps:
                break
            sums += learner.learn(batch)
            tokens += batch.ids.numel()
            if learner.step % SAID_EVERY == 0:
                per = tokens / (time.perf_counter() - began)
                say(f"pass {number} step {learner.step}/{steps} judged {sums[0] / SAID_EVERY:.4f} "
                    f"guessed {sums[1] / SAID_EVERY:.3f} {per:.0f} tokens/s")  # fmt: skip
                sums[:] = 0
            if learner.step % KEPT_EVERY == 0:
                torch.save(net.state_dict(), keep)
    torch.save(net.state_dict(), keep)
    net.eval()

"""Training of the encoder: from a small English encoder to the one file that ships.

    python training/train_encoder.py --data DIR --base DIR --unihan FILE --out FILE [--seed 7]

`--base`: folder of all-MiniLM-L6-v2 (model.safetensors, vocab.txt). `--unihan`:
Unihan_Readings.txt.bz2 of the Unicode character database. See training/README.md.

It refuses to know thresholds: they are read off by the evaluation and written into the pack.

Steps
1. The lowest layers and the word pieces of the base. A Han character begins as the mean of the
   pieces of its English gloss, so that the layers meet something that they know.
2. Passes over the rows: harm, categories and, at first, Han characters guessed from their
   neighbours. English pieces stay as they are: a name of a group means what it meant before.
3. A short last pass with the rows of own/late as well: what the first passes took for harm.
4. 8 bits; calibration on dev text through the very code that serves.
"""

from __future__ import annotations

import argparse
import bz2
import hashlib
import math
import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import encoder_export
import encoder_rows
import numpy as np
import torch
from corpus import CATEGORIES
from disguise import EMOJI, Disguises
from encoder_net import Net, Shape
from encoder_rows import Example
from safetensors.numpy import load_file
from torch.nn import functional as F  # noqa: N812 - as everybody writes it

from licet.guard.classifier import WEIGHTS, Classifier
from licet.guard.encoder.tokens import MASK, PAIRS, ROLE_TOKENS, SPECIAL, Vocabulary, is_han
from licet.guard.fold import fold

NAME = "licet-encoder-1"
SHIPPED = Path(__file__).resolve().parents[1] / "src/licet/guard/classifier" / WEIGHTS
LAYERS = 4
THREADS = 2
ROWS_A_BATCH = 64
TEXT_TOKENS, CONTEXT_TOKENS = 96, 28
SHORT_TOKENS, BEGINNINGS = 10, 0.35
WARM = 0.06
GUESS_SHARE, GUESS_WEIGHT = 0.15, 0.25
DISGUISED = 0.15
ROLE_UNTOLD = 0.25
CATEGORY_WEIGHT = 4.0
_FAMILY = ("hate", "discrimination.")


def read_unihan(path: Path) -> tuple[dict[str, str], dict[str, str]]:
    """(gloss, reading) by character."""
    gloss, reading = {}, {}
    for line in bz2.decompress(path.read_bytes()).decode().split("\n"):
        parts = line.split("\t")
        if len(parts) == 3 and parts[1] == "kDefinition":
            gloss[chr(int(parts[0][2:], 16))] = parts[2]
        if len(parts) == 3 and parts[1] == "kMandarin":
            reading[chr(int(parts[0][2:], 16))] = fold(parts[2].split(" ")[0])
    return gloss, reading


def vocabulary(base: Path, texts: list[str]) -> tuple[Vocabulary, int]:
    """Pieces of the base that folded text may have, then roles, and marks and Han characters
    that stand in texts; and how many of the words the base knows."""
    pieces = [
        piece
        for piece in (base / "vocab.txt").read_text(encoding="utf-8").split("\n")
        if piece and piece.isascii() and not piece.startswith("[") and piece == piece.lower()
    ]
    seen = Counter(char for text in texts for char in text)
    usual = {bytes((a, b)).decode("gb2312", "ignore")
             for a in range(0xB0, 0xF8) for b in range(0xA1, 0xFF)}  # fmt: skip
    han = {char for char in usual if len(char) == 1 and is_han(char)}
    han |= {char for char, count in seen.items() if is_han(char) and count > 1}
    marks = {
        char
        for char, count in seen.items()
        if not char.isascii() and not is_han(char) and not char.isspace() and count > 4
    }
    marks |= {fold(mark) for mark in EMOJI.values() if len(fold(mark)) == 1}
    known = [*SPECIAL, *pieces]
    return Vocabulary([*known, *ROLE_TOKENS.values(), *sorted(marks), *sorted(han)]), len(known)


def begin(base: Path, words: Vocabulary, known: int, gloss: dict[str, str], seed: int) -> Net:
    """The network before training; the base knows the first `known` words."""
    torch.manual_seed(seed)
    shape = Shape(len(words), known, PAIRS, 1 + len(CATEGORIES), layers=LAYERS)
    net = Net(shape)
    old = load_file(base / "model.safetensors")
    number = {p: n for n, p in enumerate((base / "vocab.txt").read_text("utf-8").split("\n"))}
    table = old["embeddings.word_embeddings.weight"]
    made = np.random.default_rng(seed).normal(0, 0.02, (len(words), shape.width)).astype("f4")
    for place, word in enumerate(words.words):
        if word in number:
            made[place] = table[number[word]]
    english = Vocabulary([word for word in words.words if not (len(word) == 1 and is_han(word))])
    for place in range(words.han, len(words)):
        said = re.sub(r"\(.*?\)|[^a-z ,;]", " ", gloss.get(words.words[place], "").lower())
        found = [n for n in english.numbers(said.split(";")[0]) if english.words[n].isalpha()]
        own = made[place].copy()
        if found:
            made[place] = made[found[:4]].mean(0)
        made[place] += own
    state = {
        "word.known": made[:known],
        "word.fresh": made[known:],
        "pair.weight": np.zeros((PAIRS, shape.width), "f4"),
        "place.weight": old["embeddings.position_embeddings.weight"][: shape.positions],
        "kind.weight": old["embeddings.token_type_embeddings.weight"],
        "norm.weight": old["embeddings.LayerNorm.weight"],
        "norm.bias": old["embeddings.LayerNorm.bias"],
    }
    for i in range(LAYERS):
        a, b = f"encoder.layer.{i}.", f"layers.{i}."
        for kind in ("weight", "bias"):
            state[f"{b}qkv.{kind}"] = np.concatenate(
                [old[f"{a}attention.self.{one}.{kind}"] for one in ("query", "key", "value")]
            )
            state[f"{b}out.{kind}"] = old[f"{a}attention.output.dense.{kind}"]
            state[f"{b}norm1.{kind}"] = old[f"{a}attention.output.LayerNorm.{kind}"]
            state[f"{b}up.{kind}"] = old[f"{a}intermediate.dense.{kind}"]
            state[f"{b}down.{kind}"] = old[f"{a}output.dense.{kind}"]
            state[f"{b}norm2.{kind}"] = old[f"{a}output.LayerNorm.{kind}"]
    missing = net.load_state_dict({k: torch.tensor(v) for k, v in state.items()}, strict=False)
    assert set(missing.missing_keys) == {"head.weight", "head.bias"}, missing
    return net


@dataclass(frozen=True, slots=True)
class Plan:
    """How often to read the rows, and how fast to learn: the body of the network and what is new
    in it. Characters are hidden, to be guessed, up to the share `guess_until` of the steps."""

    passes: float
    rate_body: float
    rate_new: float
    guess_until: float


FIRST = Plan(2.5, 1.0e-4, 1.0e-3, 0.5)
LAST = Plan(0.35, 3.0e-5, 2.0e-4, 0.0)


@dataclass(frozen=True, slots=True)
class Batch:
    """Arrays (rows, length) and targets. `known` weighs each target."""

    ids: torch.Tensor
    pairs: torch.Tensor
    types: torch.Tensor
    mask: torch.Tensor
    target: torch.Tensor
    known: torch.Tensor


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


def batches(examples: list[Example], reader: Reader, rng: np.random.Generator) -> Iterator[Batch]:
    """One pass: each example as often as its share says, alike lengths together."""
    share = np.array([each.share for each in examples])
    times = np.floor(share + rng.random(len(share))).astype(int)
    order = rng.permutation(np.repeat(np.arange(len(examples)), times))
    pool = ROWS_A_BATCH * 40
    for start in range(0, len(order), pool):
        read = [(examples[i], *reader.read(examples[i], rng)) for i in order[start : start + pool]]
        read.sort(key=lambda item: len(item[1]))
        parts = [read[i : i + ROWS_A_BATCH] for i in range(0, len(read), ROWS_A_BATCH)]
        for i in rng.permutation(len(parts)):
            yield packed(parts[i], reader.words)


def packed(read: list[tuple[Example, list[int], list[int]]], words: Vocabulary) -> Batch:
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
    )  # fmt: skip


def hidden(batch: Batch, words: Vocabulary, rng: torch.Generator) -> tuple[Batch, torch.Tensor]:
    """The batch with some Han characters hidden, and which."""
    drawn = torch.rand(batch.ids.shape, generator=rng)
    away = (batch.ids >= words.han) & (drawn < GUESS_SHARE)
    beside = away.clone()
    beside[:, 1:] |= away[:, :-1]
    ids = batch.ids.masked_fill(away, words.words.index(MASK))
    pairs = batch.pairs.masked_fill(beside, 0)
    return Batch(ids, pairs, batch.types, batch.mask, batch.target, batch.known), away


class Learner:
    def __init__(self, net: Net, words: Vocabulary, plan: Plan, steps: int, seed: int) -> None:
        self.net, self.words, self.plan, self.steps, self.step = net, words, plan, steps, 0
        self.chance = torch.Generator().manual_seed(seed)
        self.guess = torch.nn.Linear(net.shape.width, net.shape.width)
        new = [
            net.pair.weight, net.word.fresh, *net.head.parameters(), *self.guess.parameters()
        ]  # fmt: skip
        fresh = {id(one) for one in new}
        body = [one for one in net.parameters() if id(one) not in fresh]
        self.optimiser = torch.optim.AdamW(
            [
                {"params": body, "rate": plan.rate_body, "weight_decay": 0.01},
                {"params": new, "rate": plan.rate_new, "weight_decay": 0.0},
            ],
            lr=plan.rate_body, betas=(0.9, 0.98), fused=True,
        )  # fmt: skip

    def learn(self, batch: Batch) -> tuple[float, float]:
        """One step; (loss of judging, loss of guessing)."""
        rate = min(1.0, self.step / (WARM * self.steps), (self.steps - self.step) / self.steps)
        for group in self.optimiser.param_groups:
            group["lr"] = group["rate"] * max(rate, 0.01)
        away, truth = None, batch.ids
        if self.step < self.plan.guess_until * self.steps:
            batch, away = hidden(batch, self.words, self.chance)
        with torch.autocast("cpu", torch.bfloat16):
            x = self.net.states(batch.ids, batch.pairs, batch.types, batch.mask)
        x = x.float()
        logits = self.net.head(F.dropout(self.net.pooled(x, batch.mask), 0.1, True))
        loss = F.binary_cross_entropy_with_logits(logits, batch.target, reduction="none")
        loss = loss * batch.known
        judged = loss[:, 0].mean() + CATEGORY_WEIGHT * loss[:, 1:].mean()
        total, guessed = judged, 0.0
        if away is not None and bool(away.any()):
            with torch.autocast("cpu", torch.bfloat16):
                said = (
                    self.guess(x[away])
                    @ self.net.word.fresh[self.words.han - self.net.shape.known :].T
                )
            lost = F.cross_entropy(said.float(), truth[away] - self.words.han)
            total, guessed = judged + GUESS_WEIGHT * lost, lost.item()
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        return judged.item(), guessed


def train(net: Net, words: Vocabulary, examples: list[Example], reader: Reader, plan: Plan,
          seed: int, say: encoder_rows.Say, keep: Path) -> None:  # fmt: skip
    """Passes over the examples by a plan; the state is kept in a file now and then."""
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    steps = int(plan.passes * sum(each.share for each in examples) / ROWS_A_BATCH)
    learner = Learner(net, words, plan, steps, seed)
    net.train()
    began, sums, tokens = time.perf_counter(), np.zeros(2), 0
    for number in range(math.ceil(plan.passes)):
        for batch in batches(examples, reader, rng):
            if learner.step >= steps:
                break
            sums += learner.learn(batch)
            tokens += batch.ids.numel()
            if learner.step % 100 == 0:
                per = tokens / (time.perf_counter() - began)
                say(f"pass {number} step {learner.step}/{steps} judged {sums[0] / 100:.4f} "
                    f"guessed {sums[1] / 100:.3f} {per:.0f} tokens/s")  # fmt: skip
                sums[:] = 0
            if learner.step % 400 == 0:
                torch.save(net.state_dict(), keep)
    torch.save(net.state_dict(), keep)
    net.eval()


def main() -> None:
    parser = argparse.ArgumentParser(description="Train the encoder that ships.")
    parser.add_argument("--data", type=Path, required=True, help="folder with text/, injection/")
    parser.add_argument("--base", type=Path, required=True, help="folder of all-MiniLM-L6-v2")
    parser.add_argument("--unihan", type=Path, required=True, help="Unihan_Readings.txt.bz2")
    parser.add_argument("--out", type=Path, required=True, help="file to write")
    parser.add_argument("--classifier", type=Path, default=SHIPPED, help="heard beside it")
    parser.add_argument("--first", type=Path, help="state after the first passes: go on from it")
    parser.add_argument("--state", type=Path, help="state after all passes: only calibrate it")
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    torch.set_num_threads(THREADS)
    torch.use_deterministic_algorithms(True)
    say = lambda line: print(line, file=sys.stderr, flush=True)  # noqa: E731
    examples = encoder_rows.teaching(given.data, say, given.seed)
    gloss, reading = read_unihan(given.unihan)
    words, known = vocabulary(given.base, [fold(each.row.text) for each in examples])
    say(f"{len(examples)} examples, {len(words)} words, {len(words) - words.han} of them Han")
    net = begin(given.base, words, known, gloss, given.seed)
    reader = Reader(words, Disguises(reading, list(words.words[words.han :])))
    if given.state or given.first:
        net.load_state_dict(torch.load(given.state or given.first, weights_only=True))
        net.eval()
    else:
        kept = given.out.with_suffix(".first.pt")
        train(net, words, examples, reader, FIRST, given.seed, say, kept)
    if not given.state:
        examples += encoder_rows.lately(given.data, say)
        kept = given.out.with_suffix(".pt")
        train(net, words, examples, reader, LAST, given.seed + 1, say, kept)
    measuring = encoder_rows.measuring(given.data)
    judge = Classifier.from_bytes(given.classifier.read_bytes())
    data = encoder_export.exported(net, words, judge, measuring, NAME, say)
    digest = hashlib.sha256(data).hexdigest()
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_bytes(data)
    given.out.with_name(f"{given.out.name}.sha256").write_text(f"{digest}\n", "ascii")
    print(f"{len(data)} bytes, sha256 {digest}")


if __name__ == "__main__":
    main()

"""Training of the encoder: from a small English encoder to the one file that ships.

    python training/train_encoder.py --data DIR --base DIR --unihan FILE --out FILE [--seed 7]
    python training/train_encoder.py … --kept FILE       go on from an encoder that shipped
    python training/train_encoder.py … --short           and teach a short one what it knows

`--base`: folder of all-MiniLM-L6-v2 (model.safetensors, vocab.txt). `--unihan`:
Unihan_Readings.txt.bz2 of the Unicode character database. See training/README.md.

It refuses to know thresholds: they are read off by the evaluation and written into the pack.

Steps
1. The lowest layers and the word pieces of the base. A Han character begins as the mean of the
   pieces of its English gloss, so that the layers meet something that they know.
2. Passes over the rows: harm, categories and, at first, Han characters guessed from their
   neighbours. English pieces stay as they are: a name of a group means what it meant before.
3. A short last pass with the rows of own/late as well: what the first passes took for harm.
4. Part of one with the rows of own/more, own/further, own/answers and own/literal, run twice from
   the same weights, in another order of rows each time. What is kept lies between the
   weights before and the mean of the runs: it keeps what the others taught (Wortsman et al. 2022,
   "Model soups" and "Robust fine-tuning of zero-shot models"). With `--kept` it is the only pass,
   and a short one: the network is read back from a file that shipped.
5. With `--short`, the lower layers lose inner neurons, and the others make up for them
   (encoder_slim.py); the upper ones read fewer states (encoder_net.py); and what comes of it is
   taught by the long network (encoder_distil.py). A short network that is `--kept` goes on in the
   place of step 4, and has its earlier self as a teacher.
6. 8 bits; calibration on dev text through the very code that serves.

One thread unless told otherwise, so that no sum depends on how many cores there are.
"""

from __future__ import annotations

import argparse
import bz2
import hashlib
import re
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import encoder_export
import encoder_rows
import numpy as np
import torch
from corpus import CATEGORIES
from disguise import EMOJI, Disguises
from encoder_back import read_back
from encoder_distil import Lesson, distil, go_on
from encoder_learning import Plan, Reader, spread, train
from encoder_net import Net, Shape
from encoder_rows import Example, Say
from encoder_slim import slimmed
from safetensors.numpy import load_file

from licet.guard.classifier import WEIGHTS, Classifier
from licet.guard.encoder.tokens import PAIRS, ROLE_TOKENS, SPECIAL, Vocabulary, is_han
from licet.guard.fold import fold

NAME = "licet-encoder-8"
SHIPPED = Path(__file__).resolve().parents[1] / "src/licet/guard/classifier" / WEIGHTS
LAYERS = 4
INNER, HALVED = (768, 1024, 1536, 1536), (1, 2)
"""Of a short network: inner neurons of its layers, and the layers before which states become half
as many. The first layer reads every token, so its neurons cost most."""
SLIM_ROWS = 3000


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
    shape = Shape(len(words), known, PAIRS, 1 + len(CATEGORIES), inner=(1536,) * LAYERS)
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


FIRST = Plan(2.5, 1.0e-4, 1.0e-3, 0.5)
LAST = Plan(0.35, 3.0e-5, 2.0e-4, 0.0)
FURTHER = Plan(0.55, 7.0e-5, 2.0e-4, 0.0)
MENDING = Plan(0.26, 7.0e-5, 2.0e-4, 0.0)
"""In the place of FURTHER where a network goes on that has read most of the rows."""
TAUGHT = Lesson(8000, 5.0e-4, 1.0e-3)
ON = Lesson(12000, 2.5e-4, 5.0e-4)
"""Of a short network that goes on."""
RUNS, KEPT = 2, 0.4
"""How often a pass is run from the same weights, and the share that those before FURTHER keep."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Train the encoder that ships.")
    parser.add_argument("--data", type=Path, required=True, help="folder with text/, injection/")
    parser.add_argument("--base", type=Path, required=True, help="folder of all-MiniLM-L6-v2")
    parser.add_argument("--unihan", type=Path, required=True, help="Unihan_Readings.txt.bz2")
    parser.add_argument("--out", type=Path, required=True, help="file to write")
    parser.add_argument("--classifier", type=Path, default=SHIPPED, help="heard beside it")
    parser.add_argument("--kept", type=Path, help="an encoder that shipped: go on from it")
    parser.add_argument("--state", type=Path, help="state after all passes: calibrate it only")
    parser.add_argument("--short", action="store_true", help="at two fifths of the cost")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--bf16", action="store_true", help="products in bfloat16: quicker where there is AMX"
    )
    parser.add_argument("--seed", type=int, default=7)
    return parser.parse_args()


def learn(net: Net, words: Vocabulary, reader: Reader, examples: list[Example],
          given: argparse.Namespace, say: Say) -> Net:  # fmt: skip
    """All passes, or for a network that has some behind it those that are left."""
    seed = given.seed
    later = examples + encoder_rows.lately(given.data, say)

    def taught(rows: list[Example], plan: Plan, run: int, name: str) -> None:
        keep = given.out.with_suffix(f".{name}.pt")
        train(net, words, rows, reader, plan, seed + run, say, keep, brief=given.bf16)

    if not given.kept:
        taught(examples, FIRST, 0, "first")
        taught(later, LAST, 1, "last")
    rows = encoder_rows.further(given.data, later, say)
    if net.shape.halved:
        keep = given.out.with_suffix(".on.pt")
        go_on(net, reader, rows, ON, seed + 2, say, keep, brief=given.bf16)
        return net
    plan = MENDING if given.kept else FURTHER
    mean_of_runs(net, lambda run: taught(rows, plan, 2 + run, f"further{run}"))
    if given.short:
        short = shortened(slimmed(net, spread(examples, reader, SLIM_ROWS, seed), INNER))
        keep = given.out.with_suffix(".short.pt")
        distil(net, short, reader, rows, TAUGHT, seed + 2 + RUNS, say, keep, brief=given.bf16)
        net = short
    return net


def mean_of_runs(net: Net, teach: Callable[[int], None]) -> None:
    """Teaches the network RUNS times from the weights that it has, of which it keeps the share
    KEPT beside the mean of what the runs made of them."""
    before = {name: one.clone() for name, one in net.state_dict().items()}
    made = {name: KEPT * one for name, one in before.items()}
    for run in range(RUNS):
        net.load_state_dict(before)
        teach(run)
        for name, one in net.state_dict().items():
            made[name] = made[name] + (1 - KEPT) / RUNS * one
    net.load_state_dict(made)


def shortened(net: Net) -> Net:
    """The same weights with fewer states in the upper layers."""
    short = Net(replace(net.shape, halved=HALVED), net.dropout)
    short.load_state_dict(net.state_dict())
    return short


def main() -> None:
    given = arguments()
    torch.set_num_threads(given.threads)
    torch.use_deterministic_algorithms(True)
    say = lambda line: print(line, file=sys.stderr, flush=True)  # noqa: E731
    given.out.parent.mkdir(parents=True, exist_ok=True)
    examples = encoder_rows.teaching(given.data, say, given.seed)
    gloss, reading = read_unihan(given.unihan)
    if given.kept:
        net, words = read_back(given.kept.read_bytes())
    else:
        words, known = vocabulary(given.base, [fold(each.row.text) for each in examples])
        net = begin(given.base, words, known, gloss, given.seed)
    say(f"{len(examples)} examples, {len(words)} words, {len(words) - words.han} of them Han")
    reader = Reader(words, Disguises(reading, list(words.words[words.han :])))
    if given.state:
        if given.short:
            net = shortened(Net(replace(net.shape, inner=INNER)))
        net.load_state_dict(torch.load(given.state, weights_only=True))
    else:
        net = learn(net, words, reader, examples, given, say)
        torch.save(net.state_dict(), given.out.with_suffix(".pt"))
    net.eval()
    measuring = encoder_rows.measuring(given.data)
    judge = Classifier.from_bytes(given.classifier.read_bytes())
    data = encoder_export.exported(net, words, judge, measuring, NAME, say)
    digest = hashlib.sha256(data).hexdigest()
    given.out.write_bytes(data)
    given.out.with_name(f"{given.out.name}.sha256").write_text(f"{digest}\n", "ascii")
    print(f"{len(data)} bytes, sha256 {digest}")


if __name__ == "__main__":
    main()

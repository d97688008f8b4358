"""A short network comes nearer to the long one that teaches it, the same way each time.

Needs PyTorch, which is no part of this project: skipped but where encoders are trained.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kit.training import training_modules
from licet.guard.encoder.tokens import ROLE_TOKENS, SPECIAL, Vocabulary

torch = pytest.importorskip("torch", reason="PyTorch is only where encoders are trained")
encoder_net, encoder_distil, encoder_learning, encoder_rows, corpus = training_modules(
    "encoder_net", "encoder_distil", "encoder_learning", "encoder_rows", "corpus"
)
Example = encoder_rows.Example

LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORDS = Vocabulary([*SPECIAL, *LETTERS, *(f"##{one}" for one in LETTERS), *ROLE_TOKENS.values()])
SHAPE = encoder_net.Shape(
    len(WORDS), len(SPECIAL), 16, 1 + len(corpus.CATEGORIES), width=16, heads=2, inner=(24, 24)
)
SEEDS = np.random.default_rng(1)
EXAMPLES = [
    Example(
        corpus.Row("".join(SEEDS.choice([*LETTERS, " "], 30)), "own", "en", "reply", odd, None), ""
    )
    for odd in (False, True) * 40
]
READER = encoder_learning.Reader(WORDS, None)


def net(seed: int, halved: tuple[int, ...] = ()) -> Any:
    torch.manual_seed(seed)
    made = encoder_net.Net(replace(SHAPE, halved=halved)).eval()
    torch.nn.init.normal_(made.word.known)
    torch.nn.init.normal_(made.word.fresh)
    torch.nn.init.zeros_(made.pair.weight)
    return made


def taught(tmp_path: Path, steps: int) -> Any:
    long, short = net(1), net(1, halved=(1,))
    torch.nn.init.normal_(short.layers[1].up.weight)
    lesson = encoder_distil.Lesson(steps, 3e-3, 3e-3)
    encoder_distil.distil(
        long, short, READER, EXAMPLES, lesson, 5, print, tmp_path / "state.pt", brief=False
    )
    return short


def distance(short: Any) -> float:
    batch = next(encoder_learning.batches(EXAMPLES, READER, np.random.default_rng(2)))
    with torch.no_grad():
        return float(encoder_distil.losses(net(1), short, batch)[0])


def test_it_comes_nearer_to_the_network_that_teaches_it(tmp_path: Path) -> None:
    assert distance(taught(tmp_path, 80)) < 0.7 * distance(taught(tmp_path, 0))


def test_a_network_is_no_way_from_itself() -> None:
    assert distance(net(1)) == pytest.approx(0.0, abs=1e-6)


def test_the_same_seed_teaches_the_same(tmp_path: Path) -> None:
    first, second = (taught(tmp_path, 3).state_dict() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_of_a_sewn_text_no_label_is_known() -> None:
    found = encoder_distil.sewn_batches(EXAMPLES, READER, np.random.default_rng(3))
    known = torch.cat([batch.known[:, 0] for batch in found])
    sewn = float((known == 0).float().mean())
    assert len(known) == len(EXAMPLES)
    assert sewn == pytest.approx(encoder_distil.SEWN, abs=0.15)


def said(short: Any, batch: Any) -> Any:
    with torch.no_grad():
        return short(batch.ids, batch.pairs, batch.types, batch.mask)[:, 0]


def gone_on(tmp_path: Path, source: str) -> tuple[float, float]:
    """How much nearer a network came to its labels, and how far it went from what it was, by
    reading texts of one source."""
    examples = [
        Example(
            corpus.Row("ab ba " * 5 if odd else "yz zy " * 5, source, "en", "reply", odd, None), ""
        )
        for odd in (False, True) * 40
    ]
    before, after = net(1, halved=(1,)), net(1, halved=(1,))
    lesson = encoder_distil.Lesson(60, 3e-3, 3e-3)
    encoder_distil.go_on(
        after, READER, examples, lesson, 5, print, tmp_path / "state.pt", brief=False
    )
    batch = next(encoder_learning.batches(examples, READER, np.random.default_rng(2)))
    sides = 2 * batch.target[:, 0].round() - 1
    nearer = float(((said(after, batch) - said(before, batch)) * sides).mean())
    return nearer, float((said(after, batch) - said(before, batch)).square().mean())


def test_who_goes_on_learns_from_our_labels_and_holds_to_itself_against_strangers(
    tmp_path: Path,
) -> None:
    ours, strangers = gone_on(tmp_path, "own-x"), gone_on(tmp_path, "web")
    assert ours[0] > 1.0
    assert strangers[0] < 0.7 * ours[0]
    assert strangers[1] < 0.7 * ours[1]


def test_what_it_denied_of_our_labels_teaches_no_more() -> None:
    before = net(1)
    batch = next(encoder_learning.batches(EXAMPLES, READER, np.random.default_rng(2)))
    batch.target[:, 0] = (said(before, batch) <= 0).float()  # it denies every label
    after = net(2)
    for ours in (0.0, 1.0):
        batch.ours.fill_(ours)
        batch.known.fill_(1.0)
        apart, _ = encoder_distil.corrections(before, after, batch)
        assert (float(apart.detach()) == 0.0) == bool(ours)

"""A slim encoder does what the wide one does, its graph says what its network says, and a network
read back says what its file says.

Needs PyTorch, which is no part of this project: skipped but where encoders are trained.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import onnxruntime
import pytest

from kit.training import training_modules
from licet.guard.encoder.model import WORDS
from licet.guard.encoder.tokens import ROLE_TOKENS, SPECIAL

torch = pytest.importorskip("torch", reason="PyTorch is only where encoders are trained")
encoder_net, encoder_slim, encoder_back, encoder_learning, encoder_export = training_modules(
    "encoder_net", "encoder_slim", "encoder_back", "encoder_learning", "encoder_export"
)
Batch = encoder_learning.Batch

SHAPE = encoder_net.Shape(40, 5, 16, 3, width=16, heads=2, inner=(24, 24), positions=12)
HALVED = pytest.mark.parametrize("halved", [(), (1,), (0, 1)], ids=["all", "half", "quarter"])
LENGTHS = (12, 12, 7, 9, 4, 12, 5, 8)


def wide(halved: tuple[int, ...] = ()) -> Any:
    """A network whose odd inner neurons repeat the even ones."""
    torch.manual_seed(3)
    net = encoder_net.Net(replace(SHAPE, halved=halved)).eval()
    torch.nn.init.normal_(net.word.known)
    torch.nn.init.normal_(net.word.fresh)
    with torch.no_grad():
        for layer in net.layers:
            layer.up.weight[1::2] = layer.up.weight[::2]
            layer.up.bias[1::2] = layer.up.bias[::2]
    return net


def batch(seed: int) -> Any:
    rng = np.random.default_rng(seed)
    rows, length = len(LENGTHS), max(LENGTHS)
    ids = torch.from_numpy(rng.integers(0, SHAPE.words, (rows, length)))
    pairs = torch.from_numpy(rng.integers(0, SHAPE.pairs, (rows, length)))
    mask = torch.tensor([[float(at < one) for at in range(length)] for one in LENGTHS])
    nothing = torch.zeros(rows, 3)
    return Batch(ids, pairs, torch.zeros_like(ids), mask, nothing, mask[:, :3], nothing[:, 0])


def logits(net: Any, given: Any) -> Any:
    with torch.no_grad():
        return net(given.ids, given.pairs, given.types, given.mask).numpy()


def test_what_only_repeats_can_go_and_nothing_changes() -> None:
    net, new = wide(), batch(9)
    slim = encoder_slim.slimmed(net, [batch(seed) for seed in range(8)], (12, 16))
    assert [layer.up.out_features for layer in slim.layers] == [12, 16]
    assert logits(slim, new) == pytest.approx(logits(net, new), abs=0.05)


def test_the_same_batches_make_the_same_network() -> None:
    first, second = (
        encoder_slim.slimmed(wide(), [batch(seed) for seed in range(4)], (9, 9)).state_dict()
        for _ in range(2)
    )
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_two_states_become_their_mean_and_an_odd_one_stays() -> None:
    mask = torch.tensor([[1.0] * 5, [1.0, 1.0, 1.0, 0.0, 0.0]])
    x = torch.arange(10.0).reshape(2, 5, 1)
    half, there = encoder_net.halves(x, mask)
    assert half[..., 0].tolist() == [[0.5, 2.5, 4.0], [5.5, 7.0, 0.0]]
    assert there.tolist() == [[1.0, 1.0, 1.0], [1.0, 1.0, 0.0]]


def test_a_network_slims_before_it_learns_with_fewer_states() -> None:
    with pytest.raises(ValueError, match="before it learns"):
        encoder_slim.slimmed(wide((1,)), [batch(1)], (12, 12))


@HALVED
def test_the_graph_says_of_one_text_what_the_network_says_of_a_padded_batch(
    halved: tuple[int, ...],
) -> None:
    net, given = wide(halved), batch(5)
    data = encoder_net.graph(net, {}).SerializeToString()
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    said = logits(net, given)
    for row, length in enumerate(LENGTHS):
        named = {"ids": given.ids, "pairs": given.pairs, "types": given.types}
        fed = {name: one[row : row + 1, :length].numpy() for name, one in named.items()}
        assert session.run(None, fed)[0][0] == pytest.approx(said[row], abs=0.1)


@HALVED
def test_a_network_read_back_says_what_its_file_says(halved: tuple[int, ...]) -> None:
    net, given = wide(halved), batch(5)
    letters = "abcdefghijklmnopqrstuvwxyz0123456789一二三四五六七八九十"
    words = [*SPECIAL, *letters[: SHAPE.known - len(SPECIAL)], *ROLE_TOKENS.values()]
    words += letters[-(SHAPE.words - len(words)) :]
    data = encoder_net.graph(net, {WORDS: "\n".join(words)}).SerializeToString()
    back, read = encoder_back.read_back(data)
    assert back.shape == replace(SHAPE, halved=halved)
    assert list(read.words) == words
    assert logits(back, given) == pytest.approx(logits(net, given), abs=0.1)
    again, _ = encoder_back.read_back(
        encoder_net.graph(back, {WORDS: "\n".join(words)}).SerializeToString()
    )
    assert logits(again, given) == pytest.approx(logits(back, given), abs=1e-4)


def test_what_is_no_encoder_is_not_read_back() -> None:
    net = wide()
    made = encoder_net.graph(net, {WORDS: "\n".join([*SPECIAL, *ROLE_TOKENS.values()])})
    for one in list(made.graph.initializer):
        if list(one.dims) == [SHAPE.positions, SHAPE.width]:
            made.graph.initializer.remove(one)
    with pytest.raises(ValueError, match="two tables"):
        encoder_back.read_back(made.SerializeToString())


def test_far_logits_do_not_throw_a_calibration_off() -> None:
    draw = np.random.default_rng(9)
    truth = np.arange(4000) < 40  # rare, as a category is
    logits = np.where(truth, draw.normal(-1.0, 4.0, 4000), draw.normal(-9.0, 2.0, 4000))
    logits[0], logits[-1] = 30.0, -45.0
    line = encoder_export.fitted((logits,), truth, np.full(4000, "one"))
    assert 0.05 < line.slope < 3.0
    odds = line.slope * logits + line.offset
    assert odds[truth].mean() > 0.5 > odds[~truth].mean() + 0.5

"""A network read back from the file that ships, so that training can go on from it.

It refuses to know training, and what the file says of its calibration.

Rule: what was rounded to 8 bits stays rounded. The network says what the file says, and not quite
what the network said that was written into it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx
import torch
from encoder_net import Net, Shape
from onnx import numpy_helper

from licet.guard.encoder.model import WORDS
from licet.guard.encoder.tokens import ROLE_TOKENS, Vocabulary

Array = np.ndarray
_SMALL, _SCALE = "_quantized", "_scale"
"""Endings that ONNX Runtime gave to what it rounded, as in licet-encoder-1; in later files the
scales of a tensor stand after it."""
_HEADS_ONCE = 12
"""Of licet-encoder-1, whose graph does not say how many."""
_VECTORS = (
    "out.bias", "norm1.weight", "norm1.bias", "up.bias", "down.bias", "norm2.weight", "norm2.bias",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Read:
    """What a file holds, in its order: tables and products as they were before rounding."""

    tables: dict[str, Array]
    products: list[Array]
    vectors: list[Array]


def read_back(data: bytes) -> tuple[Net, Vocabulary]:
    """(network, words) of a file, as `encoder_net.graph` writes it or as licet-encoder-1 was
    written. Raises ValueError where its tensors are not those of an encoder."""
    model = onnx.load_from_string(data)
    words = Vocabulary({one.key: one.value for one in model.metadata_props}[WORDS].split("\n"))
    arrays = {one.name: numpy_helper.to_array(one) for one in model.graph.initializer}
    heads = [
        about.i
        for node in model.graph.node
        for about in node.attribute
        if node.op_type == "MultiHeadAttention" and about.name == "num_heads"
    ]
    return _net(words, _read(arrays), heads[0] if heads else _HEADS_ONCE, _halved(model)), words


def _halved(model: onnx.ModelProto) -> tuple[int, ...]:
    """The layers before which states become half as many."""
    out, layer = [], 0
    for node in model.graph.node:
        layer += node.op_type == "MultiHeadAttention"
        if node.op_type == "AveragePool":
            out.append(layer)
    return tuple(out)


def _read(arrays: dict[str, Array]) -> _Read:
    names, used = list(arrays), set()
    floats, small, products, vectors = [], [], [], []
    for place, name in enumerate(names):
        array = arrays[name]
        if name in used or name.endswith(_SCALE):
            continue
        if array.dtype == np.int8 and array.ndim == 2:
            beside = (
                name.removesuffix(_SMALL) + _SCALE if name.endswith(_SMALL) else names[place + 1]
            )
            used.add(beside)
            whole = array.astype(np.float32) * arrays[beside]
            (small if arrays[beside].ndim == 2 else products).append(whole)
        elif array.dtype == np.float32 and array.ndim == 2:
            floats.append(array)
        elif array.dtype == np.float32 and array.size > 1:
            vectors.append(array)
    if len(floats) != 2 or len(small) != 2:
        raise ValueError("an encoder has two tables in 8 bits and two in 32")
    named = zip(("place", "kind", "word", "pair"), (*floats, *small), strict=True)
    return _Read(dict(named), products, vectors)


def _net(words: Vocabulary, read: _Read, heads: int, halved: tuple[int, ...]) -> Net:
    """Of q, k and v there may be one product a layer, or three."""
    *rest, head = read.products
    parts = 3 if rest[0].shape == rest[1].shape else 1
    each, word = parts + 3, read.tables["word"]
    known = words.words.index(next(iter(ROLE_TOKENS.values())))
    shape = Shape(
        len(words), known, len(read.tables["pair"]), head.shape[1], width=word.shape[1],
        heads=heads, inner=tuple(one.shape[0] for one in rest[each - 1 :: each]), halved=halved,
        positions=len(read.tables["place"]),
    )  # fmt: skip
    given = iter(read.vectors)
    state = {f"{name}.weight": read.tables[name] for name in ("place", "kind", "pair")}
    state |= {"word.known": word[:known], "word.fresh": word[known:], "head.weight": head.T}
    state |= {"norm.weight": next(given), "norm.bias": next(given)}
    for number in range(shape.layers):
        name, mine = f"layers.{number}", rest[number * each : (number + 1) * each]
        state[f"{name}.qkv.weight"] = np.concatenate([one.T for one in mine[:parts]])
        state[f"{name}.qkv.bias"] = np.concatenate([next(given) for _ in range(parts)])
        for one, product in zip(("out", "up", "down"), mine[parts:], strict=True):
            state[f"{name}.{one}.weight"] = product.T
        state |= {f"{name}.{vector}": next(given) for vector in _VECTORS}
    state["head.bias"] = next(given)
    if next(given, None) is not None:
        raise ValueError("there are more vectors in the file than an encoder has")
    net = Net(shape).eval()
    net.load_state_dict({name: torch.tensor(one) for name, one in state.items()})
    return net

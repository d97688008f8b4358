"""The encoder's network while it learns, and the graph that it becomes.

It refuses to know rows and losses. `Net` is for PyTorch, many texts at a time; `graph` writes the
same network as ONNX for one text, tables in 8 bits by row, products by column.

Rules
1. No text is padded where it is judged. So the graph needs no mask, and the range of its 8 bits
   is that of the text alone: what it says of a text does not depend on the texts beside it.
2. Before the layers that `Shape.halved` names, two states that stand side by side become one,
   their mean; of an odd number the last stays. The higher a layer, the fewer states it reads (Dai
   et al. 2020, "Funnel-Transformer").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.nn import functional as F  # noqa: N812 - as everybody writes it

EPSILON = 1e-12
RUNTIME = "com.microsoft"
OF_RUNTIME = (
    "DynamicQuantizeMatMul", "Gelu", "MatMulIntegerToFloat", "MultiHeadAttention",
)  # fmt: skip
"""Operators that ONNX Runtime has beside the standard's: each does the work of several."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a network. `known`: how many words the base knows; the others learn. `inner`:
    the inner neurons of each layer. `halved`: the layers before which states become half as many.
    """

    words: int
    known: int
    pairs: int
    outputs: int
    width: int = 384
    heads: int = 12
    inner: tuple[int, ...] = (1536,) * 4
    halved: tuple[int, ...] = ()
    positions: int = 160

    @property
    def layers(self) -> int:
        return len(self.inner)


class Words(nn.Module):
    """A table of words whose first part stays as it is."""

    known: torch.Tensor

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.register_buffer("known", torch.zeros(shape.known, shape.width))
        self.fresh = nn.Parameter(torch.zeros(shape.words - shape.known, shape.width))

    @property
    def weight(self) -> torch.Tensor:
        return torch.cat((self.known, self.fresh))

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        count = len(self.known)
        old = F.embedding(ids.clamp(max=count - 1), self.known)
        new = F.embedding((ids - count).clamp(min=0), self.fresh)
        return torch.where((ids < count)[:, :, None], old, new)


class Layer(nn.Module):
    def __init__(self, shape: Shape, inner: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = shape.heads, dropout
        self.qkv = nn.Linear(shape.width, 3 * shape.width)
        self.out = nn.Linear(shape.width, shape.width)
        self.norm1 = nn.LayerNorm(shape.width, eps=EPSILON)
        self.up = nn.Linear(shape.width, inner)
        self.down = nn.Linear(inner, shape.width)
        self.norm2 = nn.LayerNorm(shape.width, eps=EPSILON)

    def seen(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """What the heads see, side by side. Written out: on a CPU the gradient of PyTorch's own
        attention costs more than all the rest of the network."""
        b, t, d = x.shape
        q, k, v = self.qkv(x).view(b, t, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        near = q @ k.transpose(2, 3) * (d // self.heads) ** -0.5 + mask.to(q.dtype)
        return (near.softmax(3) @ v).transpose(1, 2).reshape(b, t, d)

    def inner(self, x: torch.Tensor) -> torch.Tensor:
        """The inner neurons."""
        return F.gelu(self.up(x))

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        seen = self.out(self.seen(x, mask))
        x = self.norm1(x + F.dropout(seen, self.dropout, self.training))
        inner = self.down(self.inner(x))
        return self.norm2(x + F.dropout(inner, self.dropout, self.training))


def unseen(mask: torch.Tensor) -> torch.Tensor:
    """What is added to the scores of attention, so that nothing is seen beside the text."""
    return (mask[:, None, None, :] - 1.0) * 1e4


def halves(x: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """States (batch, length, width) and mask, two side by side made one."""
    odd = x.shape[1] % 2
    x, mask = F.pad(x, (0, 0, 0, odd)), F.pad(mask, (0, odd))
    weight = mask.unflatten(1, (-1, 2))[..., None]
    some, total = weight.sum(2), (x.unflatten(1, (-1, 2)) * weight).sum(2)
    return total / some.clamp(min=1.0), some[..., 0].clamp(max=1.0)


class Net(nn.Module):
    """ids, pairs, types: int64 (batch, length); mask: float (batch, length), 1 where text is.

    `forward` gives logits (batch, outputs); `states` the last layer (batch, states, width) and
    where there is text in it.
    """

    def __init__(self, shape: Shape, dropout: float = 0.1) -> None:
        super().__init__()
        self.shape, self.dropout = shape, dropout
        self.word = Words(shape)
        self.pair = nn.Embedding(shape.pairs, shape.width)
        self.place = nn.Embedding(shape.positions, shape.width)
        self.kind = nn.Embedding(2, shape.width)
        self.norm = nn.LayerNorm(shape.width, eps=EPSILON)
        self.layers = nn.ModuleList(Layer(shape, inner, dropout) for inner in shape.inner)
        self.head = nn.Linear(2 * shape.width, shape.outputs)

    def begun(self, ids, pairs, types):  # type: ignore[no-untyped-def]
        """The states before the first layer."""
        x = self.word(ids) + self.pair(pairs) + self.kind(types)
        return self.norm(x + self.place.weight[: ids.shape[1]])

    def states(self, ids, pairs, types, mask):  # type: ignore[no-untyped-def]
        x = F.dropout(self.begun(ids, pairs, types), self.dropout, self.training)
        away = unseen(mask)
        for number, layer in enumerate(self.layers):
            if number in self.shape.halved:
                x, mask = halves(x, mask)
                away = unseen(mask)
            x = layer(x, away)
        return x, mask

    def pooled(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """The mean and the highest of the states of the text."""
        part = mask[:, :, None]
        mean = (x * part).sum(1) / part.sum(1)
        high = (x + (part - 1.0) * 1e4).amax(1)
        return torch.cat((mean, high), 1)

    def forward(self, ids, pairs, types, mask):  # type: ignore[no-untyped-def]
        x, there = self.states(ids, pairs, types, mask)
        return self.head(self.pooled(x.float(), there))


def graph(net: Net, metadata: dict[str, str]) -> onnx.ModelProto:
    """The network as ONNX for one text a call, in 8 bits. `metadata` travels in the file."""
    weights = {k: v.detach().float().numpy() for k, v in net.state_dict().items()}
    weights["word.weight"] = net.word.weight.detach().numpy()
    return _Graph(weights, net.shape).model(metadata)


class _Graph:
    def __init__(self, weights: dict[str, np.ndarray], shape: Shape) -> None:
        self.w, self.shape, self.count = weights, shape, 0
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[TensorProto] = []

    def const(self, value: np.ndarray) -> str:
        self.count += 1
        name = f"c{self.count}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def ops(self, kind: str, *inputs: str, outputs: int = 1, **attributes: object) -> list[str]:
        self.count += 1
        out = [f"x{self.count}.{i}" for i in range(outputs)]
        domain = RUNTIME if kind in OF_RUNTIME else ""
        self.nodes.append(helper.make_node(kind, list(inputs), out, domain=domain, **attributes))
        return out

    def op(self, kind: str, *inputs: str, **attributes: object) -> str:
        return self.ops(kind, *inputs, **attributes)[0]

    def ints(self, *values: int) -> str:
        return self.const(np.array(values, dtype=np.int64))

    def table(self, name: str, index: str) -> str:
        """Rows of a table that is kept in 8 bits, with a scale for each row."""
        small, scale = eighth(self.w[name], 1)
        picked = self.op("Cast", self.op("Gather", self.const(small), index), to=TensorProto.FLOAT)
        return self.op("Mul", picked, self.op("Gather", self.const(scale), index))

    def product(self, name: str, rows: slice = slice(None)) -> tuple[str, str, str, str]:
        """Weights in 8 bits with a scale for each column, zero points, bias."""
        small, scale = eighth(self.w[f"{name}.weight"][rows], 1)
        zero = np.zeros(len(small), np.int8)
        bias = self.w[f"{name}.bias"][rows]
        return tuple(map(self.const, (small.T, scale[:, 0], zero, bias)))  # type: ignore[return-value]

    def linear(self, x: str, name: str) -> str:
        return self.op("DynamicQuantizeMatMul", x, *self.product(name))

    def norm(self, x: str, y: str, name: str) -> str:
        """The norm of a sum. LayerNormalization would say the same; the runtime takes several
        times as long for it."""
        x = self.op("MeanVarianceNormalization", self.op("Add", x, y), axes=[2])
        scale, bias = self.const(self.w[f"{name}.weight"]), self.const(self.w[f"{name}.bias"])
        return self.op("Add", self.op("Mul", x, scale), bias)

    def halved(self, x: str) -> str:
        """`halves` of one text: the pool takes its mean over what there is."""
        x = self.op("AveragePool", self.op("Unsqueeze", x, self.ints(0)), kernel_shape=[2, 1],
                    strides=[2, 1], ceil_mode=1)  # fmt: skip
        return self.op("Squeeze", x, self.ints(0))

    def layer(self, x: str, name: str) -> str:
        small, scale, zero = self.ops("DynamicQuantizeLinear", x, outputs=3)
        width, parts = self.shape.width, []
        for i in range(3):
            rows = slice(i * width, (i + 1) * width)
            weight, scales, zeros, bias = self.product(f"{name}.qkv", rows)
            given = small, weight, scale, scales, zero, zeros, bias
            parts.append(self.op("MatMulIntegerToFloat", *given))
        y = self.op("MultiHeadAttention", *parts, num_heads=self.shape.heads)
        x = self.norm(x, self.linear(y, f"{name}.out"), f"{name}.norm1")
        y = self.linear(self.op("Gelu", self.linear(x, f"{name}.up")), f"{name}.down")
        return self.norm(x, y, f"{name}.norm2")

    def model(self, metadata: dict[str, str]) -> onnx.ModelProto:
        length = self.op("Slice", self.op("Shape", "ids"), self.ints(1), self.ints(2))
        places = self.op(
            "Slice", self.const(self.w["place.weight"]), self.ints(0), length, self.ints(0)
        )
        x = self.op("Add", self.table("word.weight", "ids"), self.table("pair.weight", "pairs"))
        kinds = self.op("Gather", self.const(self.w["kind.weight"]), "types")
        x = self.norm(x, self.op("Add", kinds, places), "norm")
        for i in range(self.shape.layers):
            x = self.layer(self.halved(x) if i in self.shape.halved else x, f"layers.{i}")
        mean = self.op("ReduceMean", x, self.ints(1), keepdims=0)
        high = self.op("ReduceMax", x, self.ints(1), keepdims=0)
        out = self.linear(self.op("Concat", mean, high, axis=1), "head")
        self.nodes.append(helper.make_node("Identity", [out], ["logits"]))
        inputs = [
            helper.make_tensor_value_info(name, TensorProto.INT64, [1, "length"])
            for name in ("ids", "pairs", "types")
        ]
        outputs = [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, self.shape.outputs])
        ]
        made = helper.make_model(
            helper.make_graph(self.nodes, "encoder", inputs, outputs, self.constants),
            opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid(RUNTIME, 1)],
            ir_version=9, producer_name="licet",
        )  # fmt: skip
        helper.set_model_props(made, metadata)
        return made


def eighth(value: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """The value in 8 bits, and the scales along an axis that give it back."""
    scale = np.maximum(np.abs(value).max(axis, keepdims=True), 1e-9) / 127.0
    small = np.clip(np.rint(value / scale), -127, 127).astype(np.int8)
    return small, scale.astype(np.float32)

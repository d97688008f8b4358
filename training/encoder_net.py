"""The encoder's network while it learns, and the graph that it becomes.

It refuses to know rows and losses. `Net` is for PyTorch; `graph` writes the same network as ONNX,
tables in 8 bits by row; `shrink` makes the products 8-bit too.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.nn import functional as F  # noqa: N812 - as everybody writes it

EPSILON = 1e-12


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a network. `known`: how many words the base knows; the others learn."""

    words: int
    known: int
    pairs: int
    outputs: int
    layers: int = 4
    width: int = 384
    heads: int = 12
    inner: int = 1536
    positions: int = 160


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
    def __init__(self, shape: Shape, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = shape.heads, dropout
        self.qkv = nn.Linear(shape.width, 3 * shape.width)
        self.out = nn.Linear(shape.width, shape.width)
        self.norm1 = nn.LayerNorm(shape.width, eps=EPSILON)
        self.up = nn.Linear(shape.width, shape.inner)
        self.down = nn.Linear(shape.inner, shape.width)
        self.norm2 = nn.LayerNorm(shape.width, eps=EPSILON)

    def forward(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        b, t, d = x.shape
        q, k, v = self.qkv(x).view(b, t, 3, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        seen = F.scaled_dot_product_attention(q, k, v, attn_mask=mask.to(q.dtype))
        seen = self.out(seen.transpose(1, 2).reshape(b, t, d))
        x = self.norm1(x + F.dropout(seen, self.dropout, self.training))
        inner = self.down(F.gelu(self.up(x)))
        return self.norm2(x + F.dropout(inner, self.dropout, self.training))


class Net(nn.Module):
    """ids, pairs, types: int64 (batch, length); mask: float (batch, length), 1 where text is.

    `forward` gives logits (batch, outputs); `states` the last layer (batch, length, width).
    """

    def __init__(self, shape: Shape, dropout: float = 0.1) -> None:
        super().__init__()
        self.shape, self.dropout = shape, dropout
        self.word = Words(shape)
        self.pair = nn.Embedding(shape.pairs, shape.width)
        self.place = nn.Embedding(shape.positions, shape.width)
        self.kind = nn.Embedding(2, shape.width)
        self.norm = nn.LayerNorm(shape.width, eps=EPSILON)
        self.layers = nn.ModuleList(Layer(shape, dropout) for _ in range(shape.layers))
        self.head = nn.Linear(2 * shape.width, shape.outputs)

    def states(self, ids, pairs, types, mask):  # type: ignore[no-untyped-def]
        x = self.word(ids) + self.pair(pairs) + self.kind(types)
        x = self.norm(x + self.place.weight[: ids.shape[1]])
        x = F.dropout(x, self.dropout, self.training)
        away = (mask[:, None, None, :] - 1.0) * 1e4
        for layer in self.layers:
            x = layer(x, away)
        return x

    def pooled(self, x: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """The mean and the highest of the states of the text."""
        part = mask[:, :, None]
        mean = (x * part).sum(1) / part.sum(1)
        high = (x + (part - 1.0) * 1e4).amax(1)
        return torch.cat((mean, high), 1)

    def forward(self, ids, pairs, types, mask):  # type: ignore[no-untyped-def]
        return self.head(self.pooled(self.states(ids, pairs, types, mask).float(), mask))


def graph(net: Net, metadata: dict[str, str]) -> onnx.ModelProto:
    """The network as ONNX, products still in 32 bits. `metadata` travels in the file."""
    weights = {k: v.detach().float().numpy() for k, v in net.state_dict().items()}
    weights["word.weight"] = net.word.weight.detach().numpy()
    made = _Graph(weights)
    return made.model(net.shape, metadata)


def shrink(model: onnx.ModelProto, out: Path) -> None:
    """Writes the model with 8-bit products (weights by column, inputs by their range)."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    wide = out.with_suffix(".wide.onnx")
    onnx.save(model, str(wide))
    quantize_dynamic(
        str(wide), str(out), op_types_to_quantize=["MatMul"], per_channel=True,
        weight_type=QuantType.QInt8, extra_options={"MatMulConstBOnly": True},
    )  # fmt: skip
    wide.unlink()


class _Graph:
    def __init__(self, weights: dict[str, np.ndarray]) -> None:
        self.w, self.nodes, self.constants, self.count = weights, [], [], 0

    def const(self, value: np.ndarray) -> str:
        self.count += 1
        name = f"c{self.count}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def op(self, kind: str, *inputs: str, **attributes: object) -> str:
        self.count += 1
        out = f"x{self.count}"
        self.nodes.append(helper.make_node(kind, list(inputs), [out], **attributes))
        return out

    def ints(self, *values: int) -> str:
        return self.const(np.array(values, dtype=np.int64))

    def table(self, name: str, index: str) -> str:
        """Rows of a table that is kept in 8 bits, with a scale for each row."""
        rows = self.w[name]
        scale = np.maximum(np.abs(rows).max(1, keepdims=True), 1e-9) / 127.0
        small = np.clip(np.rint(rows / scale), -127, 127).astype(np.int8)
        picked = self.op("Cast", self.op("Gather", self.const(small), index), to=TensorProto.FLOAT)
        scales = self.op("Gather", self.const(scale.astype(np.float32)), index)
        return self.op("Mul", picked, scales)

    def linear(self, x: str, name: str, weight: np.ndarray | None = None,
               bias: np.ndarray | None = None) -> str:  # fmt: skip
        weight = self.w[f"{name}.weight"] if weight is None else weight
        bias = self.w[f"{name}.bias"] if bias is None else bias
        return self.op("Add", self.op("MatMul", x, self.const(weight.T)), self.const(bias))

    def norm(self, x: str, name: str) -> str:
        scale, bias = self.const(self.w[f"{name}.weight"]), self.const(self.w[f"{name}.bias"])
        return self.op("LayerNormalization", x, scale, bias, axis=-1, epsilon=EPSILON)

    def gelu(self, x: str) -> str:
        half = self.op("Mul", x, self.const(np.array(0.5, np.float32)))
        root = self.op("Div", x, self.const(np.array(np.sqrt(2.0), np.float32)))
        erf = self.op("Add", self.op("Erf", root), self.const(np.array(1.0, np.float32)))
        return self.op("Mul", half, erf)

    def layer(self, x: str, name: str, mask: str, shape: Shape) -> str:
        d, h = shape.width, shape.heads
        # One product for all three, then by head.
        every = self.linear(x, f"{name}.qkv")
        parts = []
        for i in range(3):
            one = self.op("Slice", every, self.ints(i * d), self.ints((i + 1) * d), self.ints(2))
            one = self.op("Reshape", one, self.ints(0, 0, h, d // h))
            perm = (0, 2, 3, 1) if i == 1 else (0, 2, 1, 3)
            parts.append(self.op("Transpose", one, perm=perm))
        scale = self.const(np.array((d // h) ** -0.5, np.float32))
        scores = self.op("Mul", self.op("MatMul", parts[0], parts[1]), scale)
        seen = self.op("Softmax", self.op("Add", scores, mask), axis=-1)
        seen = self.op("Transpose", self.op("MatMul", seen, parts[2]), perm=(0, 2, 1, 3))
        seen = self.linear(self.op("Reshape", seen, self.ints(0, 0, d)), f"{name}.out")
        x = self.norm(self.op("Add", x, seen), f"{name}.norm1")
        inner = self.linear(self.gelu(self.linear(x, f"{name}.up")), f"{name}.down")
        return self.norm(self.op("Add", x, inner), f"{name}.norm2")

    def model(self, shape: Shape, metadata: dict[str, str]) -> onnx.ModelProto:
        one, big = self.const(np.array(1.0, np.float32)), self.const(np.array(1e4, np.float32))
        mask = self.op("Cast", "mask", to=TensorProto.FLOAT)
        length = self.op("Slice", self.op("Shape", "ids"), self.ints(1), self.ints(2))
        places = self.op(
            "Slice", self.const(self.w["place.weight"]), self.ints(0), length, self.ints(0)
        )
        x = self.op("Add", self.table("word.weight", "ids"), self.table("pair.weight", "pairs"))
        x = self.op("Add", x, self.op("Gather", self.const(self.w["kind.weight"]), "types"))
        x = self.norm(self.op("Add", x, places), "norm")
        away = self.op("Mul", self.op("Sub", mask, one), big)
        spread = self.op("Unsqueeze", away, self.ints(1, 2))
        for i in range(shape.layers):
            x = self.layer(x, f"layers.{i}", spread, shape)
        part = self.op("Unsqueeze", mask, self.ints(2))
        total = self.op("ReduceSum", self.op("Mul", x, part), self.ints(1), keepdims=0)
        mean = self.op("Div", total, self.op("ReduceSum", part, self.ints(1), keepdims=0))
        low = self.op("Unsqueeze", away, self.ints(2))
        high = self.op("ReduceMax", self.op("Add", x, low), self.ints(1), keepdims=0)
        out = self.linear(self.op("Concat", mean, high, axis=1), "head")
        self.nodes.append(helper.make_node("Identity", [out], ["logits"]))
        sizes = ["batch", "length"]
        inputs = [
            helper.make_tensor_value_info(name, TensorProto.INT64, sizes)
            for name in ("ids", "pairs", "types", "mask")
        ]
        outputs = [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", shape.outputs])
        ]
        made = helper.make_model(
            helper.make_graph(self.nodes, "encoder", inputs, outputs, self.constants),
            opset_imports=[helper.make_opsetid("", 18)], ir_version=9, producer_name="licet",
        )  # fmt: skip
        helper.set_model_props(made, metadata)
        return made

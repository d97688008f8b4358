"""Makes tests/kit/tiny_encoder.onnx: an encoder of a few words that finds one of them harmful.

    python training/tiny_encoder.py

It refuses to know what ships: same reader, same graph, other sizes.
"""

from __future__ import annotations

from pathlib import Path

import encoder_export
import msgspec
import torch
from encoder_net import Net, Shape
from torch.nn import functional as F  # noqa: N812 - as everybody writes it

from licet.guard.encoder.model import GROUPS, READER, Encoder, Header, Line
from licet.guard.encoder.tokens import PAIRS, ROLE_TOKENS, SPECIAL, Vocabulary

OUT = Path(__file__).resolve().parents[1] / "tests" / "kit" / "tiny_encoder.onnx"
CATEGORIES = ("violence", "hate", "injection")
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
WORDS = ("harmharm", "quiet", "morning", "garden", "，", "。", ",", ".", "!", "?")
HAN = sorted("今天天气很好违禁词语样例花园我们去看书")


def main() -> None:
    pieces = [*LETTERS, *(f"##{letter}" for letter in LETTERS), *WORDS]
    words = Vocabulary([*SPECIAL, *pieces, *ROLE_TOKENS.values(), *dict.fromkeys(HAN)])
    torch.manual_seed(1)
    shape = Shape(len(words), len(SPECIAL), PAIRS, 1 + len(CATEGORIES), width=8, heads=2,
                  inner=(16,))  # fmt: skip
    net = Net(shape, dropout=0.0)
    torch.nn.init.normal_(net.word.fresh, 0, 0.5)
    torch.nn.init.zeros_(net.pair.weight)
    learner = torch.optim.Adam(net.parameters(), 0.01)
    bad = words.numbers("harmharm")[0], words.numbers("禁")[0]
    for _ in range(1500):
        ids = torch.randint(len(SPECIAL), len(words), (64, 24))
        here = torch.rand(64, 24) < torch.rand(64, 1) * 0.08
        ids = torch.where(here, torch.tensor(bad)[torch.randint(2, (64, 24))], ids)
        found = torch.isin(ids, torch.tensor(bad)).any(1).float()
        target = torch.stack((found, found, found * 0, found * 0), 1)
        said = net(ids, ids * 0, ids * 0, torch.ones(64, 24))
        loss = F.binary_cross_entropy_with_logits(said, target)
        learner.zero_grad()
        loss.backward()
        learner.step()
    line = Line(1.0, 0.0)
    header = Header(READER, "tiny", CATEGORIES, dict.fromkeys(GROUPS, line),
                    dict.fromkeys(CATEGORIES, line))  # fmt: skip
    data = encoder_export.written(net.eval(), words, header)
    OUT.write_bytes(data)
    for text in ("a quiet morning", "a harmharm morning", "今天天气很好", "违禁词语"):
        print(
            text, [msgspec.to_builtins(s) for s in Encoder.from_bytes(data).judge([text], "reply")]
        )
    print(len(data), "bytes", float(loss))


if __name__ == "__main__":
    main()

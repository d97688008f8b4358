"""A slim encoder from a wide one: some inner neurons go, and what stays makes up for them.

It refuses to know rows and files: a network and batches come in, a smaller network goes out, the
same each time, without a step of training.

Layer by layer, the neuron goes whose loss the others can best make up for, and both products that
write to the stream are solved anew, by least squares on the batches, so that the stream stays near
that of the wide network, what earlier layers lost included (Hassibi & Stork 1993, "Second order
derivatives for network pruning: Optimal Brain Surgeon").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from encoder_learning import Batch
from encoder_net import Net, unseen

RIDGE = 1e-3
"""Of the mean of the diagonal: neurons that always speak together must be told apart."""
GONE_AT_ONCE = 32
"""One neuron in so many goes before the others are looked at again."""
Tensors = Sequence[torch.Tensor]
"""One for each batch, (rows, length, ...)."""


@torch.no_grad()
def slimmed(net: Net, batches: Sequence[Batch], inner: tuple[int, ...]) -> Net:
    """A network of so many inner neurons in its layers that reads the batches as `net` does."""
    if net.shape.halved:
        raise ValueError("let the network slim before it learns with fewer states")
    slim = Net(replace(net.shape, inner=inner), net.dropout).eval()
    whole = {k: v for k, v in net.state_dict().items() if ".up." not in k and ".down." not in k}
    slim.load_state_dict(whole, strict=False)
    there = [batch.mask.bool() for batch in batches]
    away = [unseen(batch.mask) for batch in batches]
    wide: Tensors = [net.begun(batch.ids, batch.pairs, batch.types) for batch in batches]
    thin = wide
    for big, small in zip(net.layers, slim.layers, strict=True):
        aim = [x + big.out(big.seen(x, m)) for x, m in zip(wide, away, strict=True)]
        given = [big.seen(x, m) for x, m in zip(thin, away, strict=True)]
        _solve(small.out, given, aim, thin, there)
        wide = [big.norm1(x) for x in aim]
        thin = [small.norm1(x + small.out(one)) for x, one in zip(thin, given, strict=True)]
        aim = [x + big.down(big.inner(x)) for x in wide]
        given = [big.inner(x) for x in thin]
        kept = _solve(small.down, given, aim, thin, there)
        small.up.weight.copy_(big.up.weight[kept])
        small.up.bias.copy_(big.up.bias[kept])
        wide = [big.norm2(x) for x in aim]
        thin = [small.norm2(x + small.down(small.inner(x))) for x in thin]
    return slim


def _solve(product: torch.nn.Linear, given: Tensors, aim: Tensors, thin: Tensors,
           there: Tensors) -> torch.Tensor:  # fmt: skip
    """Makes `thin` plus the product of `given` come nearest to `aim`, where text is `there`;
    returns which columns of `given` it reads."""
    width, count = given[0].shape[2], 0
    gram, both = torch.zeros(width, width).double(), torch.zeros(width, len(product.bias)).double()
    x_sum, y_sum = torch.zeros(width).double(), torch.zeros(len(product.bias)).double()
    for one, to, start, here in zip(given, aim, thin, there, strict=True):
        x, y = one[here], (to - start)[here]
        gram += x.T @ x
        both += x.T @ y
        x_sum += x.sum(0)
        y_sum += y.sum(0)
        count += len(x)
    gram -= torch.outer(x_sum, x_sum) / count
    both -= torch.outer(x_sum, y_sum) / count
    gram += RIDGE * gram.diagonal().mean() * torch.eye(width)
    kept = _chosen(gram, both, product.in_features)
    weight = torch.linalg.solve(gram[kept][:, kept], both[kept])
    product.weight.copy_(weight.T)
    product.bias.copy_((y_sum - x_sum[kept] @ weight) / count)
    return kept


def _chosen(gram: torch.Tensor, both: torch.Tensor, count: int) -> torch.Tensor:
    """The columns left when others go a few at a time, those that are missed least."""
    left = torch.arange(len(gram))
    if count == len(left):
        return left
    inverse = torch.linalg.inv(gram)
    weight = inverse @ both
    while len(left) > count:
        missed = weight[left].square().sum(1) / inverse.diagonal()[left]
        few = min(len(left) - count, max(1, len(left) // GONE_AT_ONCE))
        order = missed.argsort()
        gone = left[order[:few]]
        lift = torch.linalg.solve(inverse[gone][:, gone], inverse[gone]).T
        weight -= lift @ weight[gone]
        inverse -= lift @ inverse[gone]
        left = left[order[few:].sort().values]
    return left

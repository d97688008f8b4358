"""Which items are copies of earlier ones: exact, and near by MinHash. Pure.

It refuses to know texts; it sees digests and signatures in the order of the items.

Rules
1. Of items that are copies of each other the first stands; the others are copies of it.
2. Near copies are looked for by bands of BAND minima; a pair is one where the signatures agree in
   at least the share that the rule asks for. What agrees with less is never joined by a third.
3. The order of work changes nothing: bands are walked one after another over all items.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from licet.corpus.scan.block import mixed

BAND = 6
"""128 minima in 21 bands: of pairs with similarity 0.8 more than 99.7 in 100 are looked at."""
_FACTOR = np.uint64(0x9E3779B97F4A7C15)


def exact_copies(exact: NDArray[np.uint64]) -> NDArray[np.int64]:
    """For each item the first one with the same digest; itself where there is none before."""
    order = np.lexsort((np.arange(len(exact)), exact[:, 1], exact[:, 0]))
    ranked = exact[order]
    fresh = np.ones(len(exact), dtype=np.bool_)
    fresh[1:] = (ranked[1:] != ranked[:-1]).any(axis=1)
    group = np.cumsum(fresh) - 1
    out = np.empty(len(exact), dtype=np.int64)
    out[order] = order[np.flatnonzero(fresh)][group]
    return out


def near_copies(
    signature: NDArray[np.uint16], alive: NDArray[np.bool_], similarity: float
) -> NDArray[np.int64]:
    """For each item the first one that it is a near copy of, of those `alive`; itself where there
    is none. `signature` may lie on disk."""
    count, width = signature.shape
    out = np.arange(count, dtype=np.int64)
    members = np.flatnonzero(alive)
    agreeing_min = similarity * width
    for start in range(0, width - BAND + 1, BAND):
        band = np.asarray(signature[:, start : start + BAND])[members]
        keys = np.zeros(len(members), dtype=np.uint64)
        for column in range(BAND):
            keys = mixed(keys * _FACTOR + band[:, column].astype(np.uint64))
        order = np.argsort(keys, kind="stable")
        same = np.flatnonzero(keys[order][1:] == keys[order][:-1]) + 1
        heads = _heads(same)
        for head, place in zip(heads.tolist(), same.tolist(), strict=True):
            first, later = int(members[order[head]]), int(members[order[place]])
            first = int(out[first])
            if first >= int(out[later]):
                continue
            if np.count_nonzero(signature[first] == signature[later]) >= agreeing_min:
                out[later] = first
    return out


def _heads(same: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each place that continues a run, where its run begins."""
    if not len(same):
        return same
    begins = np.ones(len(same), dtype=np.bool_)
    begins[1:] = same[1:] != same[:-1] + 1
    heads: NDArray[np.int64] = (same[begins] - 1)[np.cumsum(begins) - 1]
    return heads

"""Budgets for false stops: the lowest thresholds that keep every lawful set within them.

It refuses to know how many harmful texts a threshold catches: that is reported, not bargained.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from corpus import Row
from measure import Floats, limit_at

HALT_SHARE, FLAG_SHARE = 0.005, 0.03
"""Of any lawful set (by source, language and role) that may be halted, and flagged."""
OWN_SHARE = 0.03
"""Of our own hard lawful sentences (the held-out third) that may be halted."""
OWN = "own-lawful"


def set_name(row: Row) -> str:
    """The set whose budget binds a lawful row."""
    return OWN if row.source == OWN else f"{row.source} {row.lang} {row.role}"


def thresholds(
    rows: Sequence[Row], harms: Floats, flag_share: float = FLAG_SHARE,
    own_flag_share: float = 1.0, halted_rows: int = 0,
) -> tuple[float, float]:  # fmt: skip
    """(halt, flag) on calibrated harm for lawful rows, rounded up to four places.

    `flag_share`: of each set, `own_flag_share`: of our own hard sentences, that may be flagged.
    `halted_rows`: so many may be halted of any set, also where they are more than its share.
    """
    names = np.array([set_name(row) for row in rows])
    halt = flag = 0.0
    for name in np.unique(names):
        score = harms[names == name]
        share = OWN_SHARE if name == OWN else HALT_SHARE
        if halted_rows:
            share = max(share, (halted_rows + 0.5) / len(score))
        halt = max(halt, limit_at(score, share))
        flag = max(flag, limit_at(score, own_flag_share if name == OWN else flag_share))
    return float(np.ceil(halt * 1e4) / 1e4), float(np.ceil(flag * 1e4) / 1e4)

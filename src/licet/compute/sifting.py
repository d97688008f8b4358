"""Large programmes over shares of time, solved by the few columns that matter. Pure.

Of a class's kinds an answer uses one or two. So a programme is solved with those only that look
good at likely prices; then every column left out is priced by the answer, what would have been
better is let in, and it is solved again, until no more than GAP of the aim can be left to win,
by the programme's own prices: a guess costs time, never truth.

It refuses to know whose programme it is. The manner is sifting (Bixby et al., "Very large-scale
linear programming", Operations Research 40(5), 1992).
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import OptimizeResult, linprog
from scipy.sparse import csc_array

from licet.compute.round import Flags, Floats, Ints

GAP = 1e-3  # of the aim: so much may be left to win
_NEAR = 0.02  # of what a gang costs at the highest price: so much worse than the best is likely
_BETTER = 1e-9  # a column is better from here on, in the aim's own measure
_HALVINGS = 40


def likely(gain: Floats, gang: Ints, value: Floats, need: Floats, price: Floats) -> Flags:
    """The cells (C, K) that an answer probably uses, if a kind costs `price` (K,) an accelerator.

    A class takes the kind that is worth most after its cost, where `value` (C, K) is what time on
    a kind is worth, and more of the faster kinds the more `need` (C,), its least Σ gain·time,
    presses. Where nothing presses enough, all its cells are likely.
    """
    worth = value - price * gang[:, None]
    most = gain.max(axis=1, initial=0.0)
    scale = (np.abs(worth).max(axis=1) + 1e-12) / np.maximum(most, 1e-12)
    low, high = np.zeros(len(gang)), 1e3 * scale
    rows = np.arange(len(gang))
    for _ in range(_HALVINGS):
        pressed = (low + high) / 2
        best = (worth + pressed[:, None] * gain).argmax(axis=1)
        enough = gain[rows, best] >= need
        high, low = np.where(enough, pressed, high), np.where(enough, low, pressed)
    pressed_worth = worth + high[:, None] * gain
    best_worth = pressed_worth.max(axis=1)
    reached = gain[rows, pressed_worth.argmax(axis=1)] >= need
    near = best_worth[:, None] - pressed_worth <= _NEAR * float(price.max()) * gang[:, None]
    return np.asarray((near | ~reached[:, None]) & (gain > 0))


def sift(
    aim: Floats, rows: csc_array, bound: Floats, able: Flags, guess: Flags, own: Ints
) -> OptimizeResult | None:
    """An x with aim·x at most GAP of itself above the least, where rows·x ≤ bound, x ≥ 0 and x = 0
    where not `able`, begun with the columns of `guess`; None: they alone have no answer. Row
    `own` (N,) of a column says that it and its like sum to no more than its bound. The result's x
    is of all columns."""
    taken = guess & able
    while True:
        columns = np.flatnonzero(taken)
        made = linprog(aim[columns], rows[:, columns], bound, method="highs-ds")
        if made.status != 0:
            return None
        better = np.maximum(0.0, rows.T @ made.ineqlin.marginals - aim)
        better[taken | ~able] = 0.0
        most = np.zeros(len(bound))  # a row of `own` wins no more than its best column would
        np.maximum.at(most, own, better)
        if float(most @ np.maximum(bound, 0.0)) <= GAP * abs(made.fun):
            x = np.zeros(len(aim))
            x[columns] = made.x
            made.x = x
            return made
        taken |= better > _BETTER

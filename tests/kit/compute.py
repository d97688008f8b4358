"""Rounds to draw, and rounds like real ones, of made-up kinds that differ as chips do."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from kit.packs import PACK_ID
from licet.compute.round import Floats, Round, make_round
from licet.rulebook import load_pack

SHARING = load_pack(PACK_ID).compute.sharing
# Relative speeds of made-up workloads on three made-up kinds: some gain much from the newest, some
# hardly, one is fastest on the middle one.
PROFILES = np.array(
    [[1.0, 0.55, 0.1], [1.0, 0.35, 0.2], [1.0, 0.9, 0.5], [0.8, 1.0, 0.6], [1.0, 0.7, 0.12]]
)


@st.composite
def rounds(draw: st.DrawFn, *, gangs: bool = True, jobs_max: int = 14) -> Round:
    """Any round: kinds without accelerators, jobs that can run nowhere, deadlines, late jobs."""
    kinds = draw(st.integers(1, 4))
    jobs = draw(st.integers(0, jobs_max))
    speed = st.one_of(st.just(0.0), st.floats(0.05, 20.0))
    rows = draw(st.lists(st.lists(speed, min_size=kinds, max_size=kinds),
                         min_size=jobs, max_size=jobs))  # fmt: skip
    capacity = np.array(draw(st.lists(st.integers(0, 16), min_size=kinds, max_size=kinds)), float)
    gang = _column(draw, jobs, st.sampled_from([1, 1, 2, 4, 8]) if gangs else st.just(1))
    speeds = np.array(rows, float).reshape(jobs, kinds)
    speeds[gang[:, None] > capacity[None, :]] = 0.0
    work = _column(draw, jobs, st.floats(1.0, 1e6))
    return make_round(
        capacity, speeds, gang.astype(np.int64), work=work,
        left=work * _column(draw, jobs, st.floats(0.001, 1.0)),
        fair_s=_column(draw, jobs, st.floats(0.0, 1e6)),
        due_s=_column(draw, jobs, st.one_of(st.just(np.inf), st.floats(-10.0, 1e6))),
        account=_column(draw, jobs, st.integers(0, 4)).astype(np.int64),
        running=_running(draw, speeds),
    )  # fmt: skip


def _column(
    draw: st.DrawFn, jobs: int, of: st.SearchStrategy[float] | st.SearchStrategy[int]
) -> Floats:
    return np.array(draw(st.lists(of, min_size=jobs, max_size=jobs)), float)


def _running(draw: st.DrawFn, speeds: Floats) -> np.ndarray:
    """Where some jobs run already, one that a shrunken pool cannot hold among them."""
    able = [[-1, *np.flatnonzero(row > 0)] for row in speeds]
    return np.array([draw(st.sampled_from(kinds)) for kinds in able], np.int64)


def likely(seed: int, jobs: int = 40, each: int = 6) -> Round:
    """A busy round of single accelerators like the ones that are met."""
    rng = np.random.default_rng(seed)
    speeds = PROFILES[rng.integers(len(PROFILES), size=jobs)]
    work = 60 * 10 ** rng.uniform(1.5, 4.0, jobs)
    left = work * rng.uniform(0.05, 1.0, jobs)
    return make_round(
        np.full(3, float(each)), speeds, np.ones(jobs, np.int64), work=work, left=left,
        fair_s=(work - left) / speeds.mean(axis=1),
    )  # fmt: skip

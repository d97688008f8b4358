"""A simulated cluster conserves work, is fair as promised, and repeats itself to the byte."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest

from kit.compute import PROFILES, SHARING
from licet.compute.placing import Nodes
from licet.compute.policies import POLICIES
from licet.compute.simulate.demand import Cluster, Job, recorded
from licet.compute.simulate.engine import Ran, Setting, simulate
from licet.compute.simulate.figures import figures, over_seeds, table, unfairness

CLUSTER = Cluster(("a", "b", "c"), (Nodes(4), Nodes(4), Nodes(4)))
JOBS = 60
LIE_GAIN_MAX, ENVY_MAX = 2.5, 1.75


def jobs(seed: int, *, gangs: bool = False) -> list[Job]:
    rng = np.random.default_rng(seed)
    arrivals = np.cumsum(rng.exponential(900.0, JOBS))
    made = []
    for at in arrivals:
        speeds = tuple(float(one) for one in PROFILES[rng.integers(len(PROFILES))])
        gang = int(rng.choice([1, 1, 2, 4])) if gangs else 1
        made.append(Job(float(at), gang, float(10 ** rng.uniform(3.0, 4.6)), speeds))
    return made


def run(name: str, demand: list[Job], renew_s: float = 360.0) -> Ran:
    setting = Setting(0, len(demand), renew_s=renew_s, seed=1)
    return simulate(POLICIES[name](SHARING), CLUSTER, recorded(demand), setting)


@pytest.mark.parametrize("name", POLICIES)
def test_every_job_ends_and_never_faster_than_it_can(name: str) -> None:
    ran = run(name, jobs(1, gangs=True)[:30])
    assert len(ran.took_s) == 30
    assert np.all(ran.took_s >= ran.work / ran.fastest * (1 - 1e-9))
    assert 0 < ran.busy <= 1


@pytest.mark.parametrize("name", POLICIES)
def test_the_same_seed_gives_the_same_bytes(name: str) -> None:
    first, again = run(name, jobs(2)[:20]), run(name, jobs(2)[:20])
    for field in dataclasses.fields(Ran):
        one, other = getattr(first, field.name), getattr(again, field.name)
        assert np.asarray(one).tobytes() == np.asarray(other).tobytes()


def test_promise_finishes_sooner_than_max_min_and_no_less_fairly() -> None:
    rows = {
        name: over_seeds([figures(name, run(name, jobs(seed))) for seed in (0, 1)])
        for name in ("max-min-work", "promise")
    }
    assert rows["promise"].mean_h < rows["max-min-work"].mean_h
    assert rows["promise"].unfair <= rows["max-min-work"].unfair


@pytest.mark.parametrize(("seed", "lies"), [
    (5, ((40, 0, 3.0), (10, 0, 0.3))), (6, ((20, 0, 3.0), (20, 1, 3.0))),
])  # fmt: skip
def test_lying_about_speeds_gains_no_more_than_a_bound(
    seed: int, lies: tuple[tuple[int, int, float], ...]
) -> None:
    """Of 48 lies (two seeds, four jobs, each kind, 0.3 and 3 times) these gained the most, but for
    one that lost: the best took 1 / 2.12 of its time, on average a lie lost 2 %."""
    demand = jobs(seed)
    honest = run("promise", demand).took_s
    for liar, kind, factor in lies:
        told = list(demand[liar].speeds)
        told[kind] *= factor
        policy = _Deceived(liar, tuple(told), demand)
        setting = Setting(0, JOBS, renew_s=360.0, seed=1)
        took = simulate(policy, CLUSTER, recorded(demand), setting).took_s
        assert honest[liar] / took[liar] <= LIE_GAIN_MAX


def test_over_a_jobs_life_the_default_is_fair_and_hardly_anybody_envies() -> None:
    """Sharing incentive: nobody ends later than `fair_times` an equal part; measured over four
    seeds 1.39 at most. Envy: what somebody else's time, while one is there, would have done for
    one's own work over what one's own did; measured 1.59 at most, 0.98 on average."""
    demand = jobs(3)
    watched = _Watched(demand)
    ran = simulate(watched, CLUSTER, recorded(demand), Setting(0, JOBS, renew_s=360.0, seed=1))
    assert unfairness(ran).max() <= SHARING.fair_times * 1.02
    envy = watched.envy(ran)
    assert envy.max() <= ENVY_MAX
    assert envy.mean() <= 1.1


class _Watched:
    """The default policy, and what it gave to whom from when on."""

    name, aware, whole = "promise", True, False

    def __init__(self, demand: list[Job]) -> None:
        self._demand, self._inner = demand, POLICIES["promise"](SHARING)
        self._number = {job.work: number for number, job in enumerate(demand)}
        self._given: list[tuple[float, np.ndarray, np.ndarray]] = []

    def shares(self, now):  # type: ignore[no-untyped-def]
        made = self._inner.shares(now)
        rows = np.array([self._number[work] for work in now.work])
        at = self._demand[rows[0]].arrives_s + now.waited_s[0]
        self._given.append((at, rows, made.time))
        return made

    def envy(self, ran: Ran) -> np.ndarray:
        """Of each job, of whom it had most reason to."""
        ends = np.array([job.arrives_s for job in self._demand]) + ran.took_s
        speeds = np.array([job.speeds for job in self._demand])
        would = np.zeros((JOBS, JOBS))
        until = [one[0] for one in self._given[1:]] + [float(ends.max())]
        for (at, rows, time), end in zip(self._given, until, strict=True):
            for one in rows:
                would[one, rows] += time @ speeds[one] * max(0.0, min(end, ends[one]) - at)
        own = np.maximum(would.diagonal().copy(), 1e-9)
        np.fill_diagonal(would, 0.0)
        return np.asarray(would.max(axis=1) / own)


class _Deceived:
    """The default policy, told other speeds for one job than it has."""

    name, aware, whole = "promise", True, False

    def __init__(self, liar: int, told: tuple[float, ...], demand: list[Job]) -> None:
        self._work, self._told = demand[liar].work, told
        self._inner = POLICIES["promise"](SHARING)

    def shares(self, now):  # type: ignore[no-untyped-def]
        speeds = now.speeds.copy()
        speeds[now.work == self._work] = self._told
        return self._inner.shares(dataclasses.replace(now, speeds=speeds))


def test_a_deadline_is_kept_where_it_can_be_and_counted_where_not() -> None:
    alone = [Job(0.0, 1, 3600.0, (1.0, 1.0, 1.0), due_s=3700.0),
             Job(0.0, 1, 3600.0, (1.0, 1.0, 1.0), due_s=1800.0)]  # fmt: skip
    ran = run("promise", alone)
    assert list(ran.late) == [False, True]
    assert figures("promise", ran).missed == 1


def test_a_job_that_fits_nowhere_is_turned_away() -> None:
    ran = run("promise", [Job(0.0, 64, 1.0, (1.0, 1.0, 1.0)), Job(1.0, 1, 10.0, (1.0, 1.0, 1.0))])
    assert len(ran.took_s) == 1


def test_jobs_alone_are_treated_as_fair_as_an_equal_part() -> None:
    ran = run("max-min-time", [Job(0.0, 1, 36000.0, (1.0, 1.0, 1.0))])
    assert unfairness(ran)[0] == pytest.approx(1.0, rel=0.01)


def test_an_empty_run_has_a_row_too() -> None:
    empty: Iterator[Job] = iter(())
    ran = simulate(POLICIES["fifo"](SHARING), CLUSTER, empty, Setting(0, 1))
    assert table([figures("fifo", ran)])[1].startswith("fifo")

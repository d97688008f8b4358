"""What each account is entitled to, and what it may borrow now for having lent before. Pure.

It refuses to know jobs, kinds of accelerator and policies: what comes out is a weight for each
account's jobs, which every max-min policy goes by (`Round.weight`).

Rules
1. Everybody is entitled to an equal part, a licensed provider to `licensed_times` of it; accounts
   of public interest together to `public_share` at least. Whoever wants less lends the rest.
2. An account has `guaranteed_share` of its entitlement whatever it borrowed before. What is left
   goes to those who want more: so that after a day of it credits over entitlement are as level as
   can be. Nothing stands idle while somebody wants it.
3. A credit is an accelerator-second that was lent and that somebody used. Their sum over all
   accounts stays as it is: what is lent by one is borrowed by another.
4. Credits are forgotten by half in `half_life_s`, towards nobody's advantage.

The manner is Karma's (Vuppalapati et al., OSDI 2023), written for time that flows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np

from licet.compute.model import Pool, Standing
from licet.compute.round import Floats
from licet.rulebook.computing import SharingRule

AHEAD_S = 86_400  # over how long what is borrowed now is thought to be borrowed
_WEIGHT_MIN = 1e-3
_STEP = 0.1  # weights stand on a grid, so that equal jobs of unlike accounts may be one class


def entitled(standings: Sequence[Standing], rule: SharingRule) -> Mapping[str, float]:
    """Rule 1: the part of everything that each account is entitled to; together 1."""
    base = {one.account: rule.licensed_times if one.licensed else 1.0 for one in standings}
    total = sum(base.values())
    public = sum(base[one.account] for one in standings if one.public)
    if 0 < public < total and public < rule.public_share * total:
        of_public = rule.public_share / public
        of_others = (1 - rule.public_share) / (total - public)
        return {one.account: base[one.account] * (of_public if one.public else of_others)
                for one in standings}  # fmt: skip
    return {account: part / total for account, part in base.items()}


def share_out(part: Floats, wanted: Floats, owed: Floats, total: float, keep: float) -> Floats:
    """Rule 2: accelerators (N,) of `total` for accounts that are entitled to `part` (N,) and want
    so many; `keep` is the guaranteed share, `owed` (N,) are credits in accelerator-seconds."""
    own = np.minimum(wanted, keep * part * total)
    more = wanted - own
    free = min(total - float(own.sum()), float(more.sum()))
    if free <= 0:
        return own
    # Where borrowing ends: credits over entitlement, less a day of it, come down to one level,
    # which is found between two that give too much and too little.
    part = np.maximum(part, 1e-9)
    most = AHEAD_S * (total + float(more.max()))
    low = float(((owed - most) / part).min())
    high = float((owed / part).max())
    for _ in range(100):
        level = (low + high) / 2
        if float(np.clip((owed - level * part) / AHEAD_S, 0.0, more).sum()) > free:
            low = level
        else:
            high = level
    lent = np.clip((owed - low * part) / AHEAD_S, 0.0, more)
    return np.asarray(own + lent * (free / max(float(lent.sum()), 1e-12)))


def weights(
    jobs: Sequence[tuple[str, int]], parts: Mapping[str, float], owed: Mapping[str, float],
    total: float, rule: SharingRule,
) -> Floats:  # fmt: skip
    """The weight (J,) of each job, an account and a gang, among all that run or wait on `total`
    accelerators; their mean is about 1. Every account of a job has a part."""
    if not jobs or total <= 0:
        return np.ones(len(jobs))
    names = sorted(parts)
    wanted = dict.fromkeys(names, 0.0)
    for account, gang in jobs:
        wanted[account] += gang
    has = share_out(
        np.array([parts[name] for name in names]), np.array([wanted[name] for name in names]),
        np.array([owed.get(name, 0.0) for name in names]), total, rule.guaranteed_share,
    )  # fmt: skip
    of = dict(zip(names, has, strict=True))
    raw = np.array([of[account] * gang / wanted[account] for account, gang in jobs])
    raw = np.maximum(raw / raw.mean(), _WEIGHT_MIN) if raw.any() else np.ones(len(jobs))
    return np.asarray(np.exp(np.round(np.log(raw) / _STEP) * _STEP))


def weigher(
    standings: Sequence[Standing], owed: Mapping[str, float], rule: SharingRule
) -> Callable[[Sequence[tuple[str, int]], float], Floats]:
    """`weights` with all that is known of accounts now; of who is not known nothing is."""

    def weigh(jobs: Sequence[tuple[str, int]], total: float) -> Floats:
        known = {one.account: one for one in standings}
        for account, _ in jobs:
            known.setdefault(account, Standing(account))
        return weights(jobs, entitled(list(known.values()), rule), owed, total, rule)

    return weigh


def settled(
    owed: Mapping[str, float], parts: Mapping[str, float], held: Mapping[str, float],
    total: float, passed_s: float, rule: SharingRule,
) -> Mapping[str, float]:  # fmt: skip
    """Rules 3 and 4: credits of all accounts after `passed_s`, in which each held so many of
    `total` accelerators. Who is new begins with nothing lent and nothing borrowed."""
    over = {name: held.get(name, 0.0) - part * total for name, part in parts.items()}
    borrowed = sum(one for one in over.values() if one > 0)
    lent = -sum(one for one in over.values() if one < 0)
    part = min(1.0, lent / borrowed) if borrowed else 0.0  # held by nobody's leave: not borrowed
    fade = 0.5 ** (passed_s / rule.half_life_s)
    after = {name: fade * one for name, one in owed.items()}
    for name, one in over.items():
        moved = one * part if one > 0 else one * (borrowed * part / lent) if lent else 0.0
        after[name] = after.get(name, 0.0) - moved * passed_s
    return after


def premium(
    used: Mapping[tuple[str, str], int], pools: Iterable[Pool], rule: SharingRule
) -> float:
    """How much more work on domestic accelerators is worth now: the pack's most while none of the
    accelerator-seconds metered on pools of known origin were domestic, falling to 0 where their
    part is what it should be. Before anything was metered it is the most. `used`: by account and
    pool."""
    origins = {pool.id: pool.origin for pool in pools}
    domestic_s = sum(s for (_, pool), s in used.items() if origins.get(pool) == "domestic")
    foreign_s = sum(s for (_, pool), s in used.items() if origins.get(pool) == "foreign")
    known_s = domestic_s + foreign_s
    part = domestic_s / known_s if known_s else 0.0
    return rule.domestic_premium * max(0.0, 1 - part / rule.domestic_share)

"""What suppliers offer and customers need, as values. Pure.

It refuses to know how anything is allocated, stored or run.

Rules
1. A customer states a need, not a machine: work in a unit of their own, and how fast each kind
   does that work. Two needs with different units are never compared by amount.
2. A speed says where it comes from and when. One that nobody measured is `assumed`, and everything
   that rests on it says so. A kind without a speed cannot be used.
3. Money is in fen, whole; time in seconds since 1970, whole; memory in GiB.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from licet.base.trouble import BadInput

Basis = Literal["measured", "customer", "assumed"]
NO_END_S = 2**53

Unfit = Literal[
    "kind",
    "memory",
    "interconnect",
    "region",
    "gang",
    "closed",
    "late",
    "hours",
    "withdrawn",
    "origin",
]


@dataclass(frozen=True, slots=True)
class Speed:
    """How much of a need's work one gang does in a second on a kind: `measured` by us in a short
    job, by the `customer`, or `assumed`; `source` names who or what, `at_s` when."""

    value: float
    basis: Basis
    source: str
    at_s: int

    def __post_init__(self) -> None:
        if not 0 < self.value < float("inf"):
            raise BadInput("A speed is a number above 0.", hint="Leave the kind out if it is 0.")
        if not self.source:
            raise BadInput("A speed must say where it comes from.",
                           hint="Name the run, or who assumes it.")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pool:
    """Accelerators of one kind at one place, of one supplier: `count` in all, `node` together,
    memory each; `price` in fen an accelerator-hour; open from `from_s` until `until_s`. `origin`:
    `domestic` or `foreign` as attested by `attested`, else `unknown`."""

    id: str
    supplier: str
    kind: str
    count: int
    node: int
    memory_gib: int
    price: int
    region: str
    interconnect: str = ""
    from_s: int = 0
    until_s: int = NO_END_S
    origin: Literal["domestic", "foreign", "unknown"] = "unknown"
    attested: str = ""
    withdrawn: bool = False

    def __post_init__(self) -> None:
        if self.count < 0 or self.node < 1 or self.memory_gib < 0 or self.price < 0:
            raise BadInput(f"Pool {self.id}: counts, memory and price are not negative.",
                           hint="A pool without accelerators has count 0.")  # fmt: skip
        if self.until_s <= self.from_s:
            raise BadInput(f"Pool {self.id} closes before it opens.", hint="Look at its hours.")
        if self.origin != "unknown" and not self.attested:
            raise BadInput(f"Pool {self.id}: an origin must be attested.",
                           hint="Name the document, or leave the origin unknown.")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Need:
    """What a customer wants done. `speeds` by kind of accelerator; `gang` accelerators at once;
    `memory_gib` each; `interconnects` and `regions`: any of these, empty: any at all; not before
    `start_s`, begun by `begin_by_s`, done by `due_s` (None: whenever); `budget` in fen (None: no
    limit); where it is not `interruptible`, only on a pool that stays open until it is done."""

    id: str
    account: str
    work: float
    unit: str
    speeds: dict[str, Speed] = field(hash=False)
    gang: int = 1
    memory_gib: int = 0
    interconnects: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    start_s: int = 0
    due_s: int | None = None
    budget: int | None = None
    interruptible: bool = True
    domestic_only: bool = False
    begin_by_s: int | None = None

    def __post_init__(self) -> None:
        if not 0 < self.work < float("inf"):
            raise BadInput(f"Need {self.id}: work is a number above 0.",
                           hint=f"Say how many {self.unit or 'units'}.")  # fmt: skip
        if not self.speeds:
            raise BadInput(f"Need {self.id} names no kind of accelerator.",
                           hint="Give a speed for each kind that can do the work.")  # fmt: skip
        if self.gang < 1:
            raise BadInput(f"Need {self.id}: a gang has one accelerator or more.", hint="Give 1.")
        if self.due_s is not None and self.due_s <= self.start_s:
            raise BadInput(f"Need {self.id} is due before it may start.",
                           hint="Give a later deadline or an earlier start.")  # fmt: skip
        if self.begin_by_s is not None and self.begin_by_s < self.start_s:
            raise BadInput(f"Need {self.id} must begin before it may start.",
                           hint="Give a later moment by which it begins.")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Standing:
    """An account as the operator knows it: of `public` interest, a `licensed` provider, and the
    `most` accelerators that it may hold at once, None: no limit."""

    account: str
    public: bool = False
    licensed: bool = False
    most: int | None = None

    @property
    def id(self) -> str:
        """Its account: there is one of each."""
        return self.account


def unfit(need: Need, pool: Pool, now_s: int) -> tuple[Unfit, ...]:
    """Why a need cannot run on a pool, every reason; empty: it can."""
    starts = max(now_s, need.start_s, pool.from_s)
    speed = need.speeds.get(pool.kind)
    ends = starts + need.work / speed.value if speed else starts
    checks: tuple[tuple[Unfit, bool], ...] = (
        ("kind", pool.kind not in need.speeds),
        ("memory", pool.memory_gib < need.memory_gib),
        ("interconnect", bool(need.interconnects) and pool.interconnect not in need.interconnects),
        ("region", bool(need.regions) and pool.region not in need.regions),
        ("gang", not _fits(need.gang, pool)),
        ("closed", pool.until_s <= max(now_s, need.start_s)),
        ("late", need.due_s is not None and starts >= need.due_s),
        ("hours", not need.interruptible and ends > pool.until_s),
        ("withdrawn", pool.withdrawn),
        ("origin", need.domestic_only and pool.origin != "domestic"),
    )
    return tuple(why for why, fails in checks if fails)


def _fits(gang: int, pool: Pool) -> bool:
    nodes = pool.count // pool.node
    return gang <= pool.node * nodes if pool.node > 1 else gang <= pool.count

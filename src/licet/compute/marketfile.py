"""Pools, needs and what is under way, read from a TOML file that a person wrote.

It refuses to decide anything, and to guess: a key that it does not know is refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec

from licet.base.trouble import BadInput
from licet.compute.answer import Work
from licet.compute.model import NO_END_S, Basis, Need, Pool, Speed

FILE_BYTES_MAX = 4 << 20


class _Speed(msgspec.Struct, forbid_unknown_fields=True):
    value: float
    basis: Basis
    source: str
    at: datetime


class _Pool(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    supplier: str
    kind: str
    count: int
    price_fen_hour: int
    region: str
    node: int = 1
    memory_gib: int = 0
    interconnect: str = ""
    opens: datetime | None = None
    closes: datetime | None = None
    origin: Literal["domestic", "foreign", "unknown"] = "unknown"
    attested: str = ""
    withdrawn: bool = False


class _Need(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    account: str
    work: float
    unit: str
    speed: dict[str, _Speed]
    gang: int = 1
    memory_gib: int = 0
    interconnects: list[str] = []
    regions: list[str] = []
    start: datetime | None = None
    begin_by: datetime | None = None
    due: datetime | None = None
    budget_fen: int | None = None
    interruptible: bool = True
    domestic_only: bool = False
    left: float | None = None


class _Market(msgspec.Struct, forbid_unknown_fields=True):
    pool: list[_Pool]
    need: list[_Need] = []
    under_way: list[_Need] = []


def read_market(path: Path) -> tuple[tuple[Pool, ...], tuple[Need, ...], tuple[Work, ...]]:
    """Pools, needs that are asked for, and needs that are under way with the work left.

    A moment has a date, a time and an offset from UTC. Raises BadInput that names the place.
    """
    if path.stat().st_size > FILE_BYTES_MAX:
        raise BadInput(f"{path.name} is larger than {FILE_BYTES_MAX} bytes.", hint="Cut it.")
    try:
        market = msgspec.toml.decode(path.read_bytes(), type=_Market)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"{path.name}: {error}.", hint=_FORM) from None
    pools = tuple(_pool(one) for one in market.pool)
    works = tuple(
        Work(_need(one), one.work if one.left is None else one.left) for one in market.under_way
    )
    needs = tuple(_need(one) for one in market.need)
    ids = [one.id for one in pools], [one.id for one in needs] + [w.need.id for w in works]
    for found in ids:
        for name in sorted({one for one in found if found.count(one) > 1}):
            raise BadInput(
                f"{path.name}: {name} stands there twice.", hint="Give each its own id."
            )
    return pools, needs, works


_FORM = "The guide on computing power shows a file; moments are as in 2026-12-01T08:00:00+08:00."


def _pool(one: _Pool) -> Pool:
    return Pool(
        id=one.id, supplier=one.supplier, kind=one.kind, count=one.count, node=one.node,
        memory_gib=one.memory_gib, price=one.price_fen_hour, region=one.region,
        interconnect=one.interconnect, from_s=_seconds(one.opens, 0),
        until_s=_seconds(one.closes, NO_END_S), origin=one.origin, attested=one.attested,
        withdrawn=one.withdrawn,
    )  # fmt: skip


def _need(one: _Need) -> Need:
    speeds = {
        kind: Speed(speed.value, speed.basis, speed.source, _seconds(speed.at, 0))
        for kind, speed in one.speed.items()
    }
    return Need(
        id=one.id, account=one.account, work=one.work, unit=one.unit, speeds=speeds,
        gang=one.gang, memory_gib=one.memory_gib, interconnects=frozenset(one.interconnects),
        regions=frozenset(one.regions), start_s=_seconds(one.start, 0),
        due_s=None if one.due is None else _seconds(one.due, 0), budget=one.budget_fen,
        begin_by_s=None if one.begin_by is None else _seconds(one.begin_by, 0),
        interruptible=one.interruptible, domestic_only=one.domestic_only,
    )  # fmt: skip


def _seconds(moment: datetime | None, default: int) -> int:
    if moment is None:
        return default
    if moment.tzinfo is None:
        raise BadInput(f"{moment.isoformat()} has no offset from UTC.", hint=_FORM)
    return int(moment.timestamp())


def render_market(pools: Sequence[Pool], works: Sequence[Work]) -> str:
    """Pools and what is under way as such a file; `read_market` reads the same from it."""
    lines = list[str]()
    for pool in pools:
        lines += ["[[pool]]", *_lines(
            id=pool.id, supplier=pool.supplier, kind=pool.kind, count=pool.count, node=pool.node,
            memory_gib=pool.memory_gib, price_fen_hour=pool.price, region=pool.region,
            interconnect=pool.interconnect, opens=_moment(pool.from_s),
            closes=_moment(pool.until_s), origin=pool.origin, attested=pool.attested,
            withdrawn=pool.withdrawn,
        ), ""]  # fmt: skip
    for work in works:
        need = work.need
        lines += ["[[under_way]]", *_lines(
            id=need.id, account=need.account, work=need.work, left=work.left, unit=need.unit,
            gang=need.gang, memory_gib=need.memory_gib, interconnects=sorted(need.interconnects),
            regions=sorted(need.regions), start=_moment(need.start_s),
            due=None if need.due_s is None else _moment(need.due_s), budget_fen=need.budget,
            interruptible=need.interruptible, domestic_only=need.domestic_only,
        )]  # fmt: skip
        for kind, speed in need.speeds.items():
            lines += [f"[under_way.speed.{json.dumps(kind)}]", *_lines(
                value=speed.value, basis=speed.basis, source=speed.source, at=_moment(speed.at_s),
            )]  # fmt: skip
        lines.append("")
    return "\n".join(lines)


def _lines(**fields: object) -> Iterator[str]:
    """Fields as TOML, whose strings are those of JSON; what says nothing is left out."""
    for name, value in fields.items():
        if isinstance(value, datetime):
            yield f"{name} = {value.isoformat()}"
        elif value is not None and value != "":
            yield f"{name} = {json.dumps(value, ensure_ascii=False)}"


def _moment(at_s: int) -> datetime | None:
    return None if at_s in (0, NO_END_S) else datetime.fromtimestamp(at_s, UTC)

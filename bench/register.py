"""The public register with many listings: how long a page of results takes, how many queries.

    python bench/register.py                        20,000 listings, SQLite
    LICET_DATABASE_URL=postgresql://… python bench/register.py --listings 20000

It refuses to measure the network: pages are asked for in this process, templates and all.

Rules
1. Queries find much, little and nothing; a page is never asked for twice in a row with the same
   query, and a process that has just started (its templates are not read yet) is not measured.
2. CPU time is that of this process: with PostgreSQL the database's own comes on top.
"""

from __future__ import annotations

import argparse
import os
import random
import secrets
import statistics
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

HALVES = ("晨星", "青禾", "望岳", "云岭", "北辰", "海棠", "松风", "鹿鸣", "远山", "明川")
KINDS = ("对话", "绘图", "语音", "代码", "检索", "翻译", "教育", "医疗", "客服", "写作")
STATUSES = ("valid",) * 17 + ("suspended", "invalid", "invalid")
QUERIES: tuple[dict[str, str], ...] = (
    {},
    {"q": "晨星"},
    {"q": "青禾 医疗"},
    {"q": "20260"},
    {"q": "没有这样的"},
    {"status": "suspended"},
    {"route": "app_registration", "q": "写作"},
    {"page": "400"},
    {"region": "省 3", "status": "valid"},
)


def fill(count: int, chance: random.Random) -> None:
    """So many listings, made up."""
    from licet.portal.register.editions import turn
    from licet.portal.register.models import Listing
    from licet.portal.register.reading import fold

    begin = datetime(2023, 9, 1, tzinfo=UTC)
    rows = []
    for place in range(count):
        title = chance.choice(HALVES) + chance.choice(KINDS) + f"模型 {place}"
        holder = chance.choice(HALVES) + "科技有限公司"
        number = f"Sheng-M{place}-{20230901 + place % 60000}"
        route = "model_filing" if place % 3 else "app_registration"
        rows.append(
            Listing(
                number=number, case=f"case-{place}", route=route,
                route_name={"zh": route, "en": route}, title=title, holder=holder,
                region=f"省 {place % 31}", status=chance.choice(STATUSES),
                stage_name={"zh": "有效", "en": "In force"},
                conditions=["每月报告一次运行情况，并保留抽查记录。"],
                display={"zh": f"{title} 备案号：{number}", "en": f"{title}, filing {number}"},
                granted=begin + timedelta(minutes=83 * place), changed=begin,
                search=fold(f"{number} {title} {holder}"),
            )
        )  # fmt: skip
    Listing.objects.bulk_create(rows, batch_size=2_000)
    turn("bench")


@dataclass(frozen=True, slots=True)
class Asked:
    """A query: what each asking took, wall and CPU of this process in ms, and how many queries."""

    name: str
    wall_ms: list[float]
    cpu_ms: list[float]
    queries: int


def measure(rounds: int) -> list[Asked]:
    """Every query so many times, after one round that is not counted."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client()
    found: dict[str, Asked] = {}
    for turn in range(rounds + 1):
        for query in QUERIES:
            name = " ".join(f"{key}={value}" for key, value in query.items()) or "everything"
            with CaptureQueriesContext(connection) as seen:
                start, busy = time.perf_counter(), time.process_time()
                page = client.get("/zh/register/", query)
                wall, cpu = time.perf_counter() - start, time.process_time() - busy
            assert page.status_code == 200
            if turn:
                asked = found.setdefault(name, Asked(name, [], [], len(seen)))
                asked.wall_ms.append(wall * 1000)
                asked.cpu_ms.append(cpu * 1000)
    return list(found.values())


def show(rows: list[Asked], count: int, engine: str) -> None:
    """The table."""
    print(f"{count} listings, {engine}; ms a page of results, in this process\n")
    print("| query | median | p95 | CPU here, median | queries |\n|---|---|---|---|---|")
    every = Asked(
        "all", [one for row in rows for one in row.wall_ms],
        [one for row in rows for one in row.cpu_ms], max(row.queries for row in rows),
    )  # fmt: skip
    for row in (*rows, every):
        p95 = statistics.quantiles(row.wall_ms, n=20)[-1]
        print(
            f"| {row.name} | {statistics.median(row.wall_ms):.0f} | {p95:.0f} "
            f"| {statistics.median(row.cpu_ms):.1f} | {row.queries} |"
        )


def main() -> None:
    """Fill an empty portal, ask, print."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--listings", type=int, default=20_000)
    words.add_argument("--rounds", type=int, default=30)
    asked: Any = words.parse_args()
    from licet.portal.serving import set_up
    from licet.portal.settings import Installation

    url = os.environ.get("LICET_DATABASE_URL", "")
    with tempfile.TemporaryDirectory() as home:
        set_up(
            Installation(
                home=Path(home), database_url=url, hosts=("testserver",),
                secret=secrets.token_urlsafe(64),
            )
        )  # fmt: skip
        from django.db import connection

        fill(asked.listings, random.Random(7))
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        show(measure(asked.rounds), asked.listings, connection.vendor)
        connection.close()


if __name__ == "__main__":
    main()

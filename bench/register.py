"""The public register with many listings: how long a page of results takes, how many queries.

    python bench/register.py                        20,000 listings, SQLite
    LICET_DATABASE_URL=postgresql://… python bench/register.py --listings 20000

It refuses to measure the network: pages are asked for in this process, templates and all.

Rules
1. Queries find much, little and nothing; a page is never asked for twice in a row with the same
   query.
"""

from __future__ import annotations

import argparse
import os
import random
import secrets
import statistics
import tempfile
import time
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
                granted=begin + timedelta(minutes=83 * place), changed=begin,
                search=fold(f"{number} {title} {holder}"),
            )
        )  # fmt: skip
    Listing.objects.bulk_create(rows, batch_size=2_000)


def measure(rounds: int) -> list[tuple[str, list[float], int]]:
    """Milliseconds of each asking, and queries, by query."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client()
    found: dict[str, list[float]] = {}
    queries: dict[str, int] = {}
    for _ in range(rounds):
        for query in QUERIES:
            name = " ".join(f"{key}={value}" for key, value in query.items()) or "everything"
            with CaptureQueriesContext(connection) as seen:
                start = time.perf_counter()
                page = client.get("/zh/register/", query)
                taken = (time.perf_counter() - start) * 1000
            assert page.status_code == 200
            found.setdefault(name, []).append(taken)
            queries[name] = len(seen)
    return [(name, times, queries[name]) for name, times in found.items()]


def show(rows: list[tuple[str, list[float], int]], count: int, engine: str) -> None:
    """The table."""
    print(f"{count} listings, {engine}; ms a page of results, in this process\n")
    print("| query | median | p95 | queries |\n|---|---|---|---|")
    every: list[float] = []
    for name, times, queries in rows:
        every += times
        p95 = statistics.quantiles(times, n=20)[-1]
        print(f"| {name} | {statistics.median(times):.0f} | {p95:.0f} | {queries} |")
    print(
        f"| all | {statistics.median(every):.0f} | {statistics.quantiles(every, n=20)[-1]:.0f} | |"
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

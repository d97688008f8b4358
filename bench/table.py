"""The one table: a row for each figure, a column for each contender, ours beside limit and aim."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from contenders import Absent
from measure import CONCURRENCIES, PACES, VARIANTS, Figures

Reader = Callable[[Figures], float | None]


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of everyone."""

    title: str
    read: Reader
    digits: int = 1
    aim: float | None = None  # ours should not be above
    ratio: bool = False  # whether ours over nginx says something


def cell(kind: str, variant: str, load: str, key: str, scale: float = 1.0) -> Reader:
    """Reads one number of one load."""

    def read(figures: Figures) -> float | None:
        loads: dict[str, Any] = getattr(figures, kind).get(variant, {})
        value = loads.get(load, {}).get(key)
        return None if value is None else value * scale

    return read


def over(base: Figures | None, read: Reader) -> Reader:
    """What a contender adds to going direct."""

    def added(figures: Figures) -> float | None:
        mine, direct = read(figures), read(base) if base else None
        return None if mine is None or direct is None or figures is base else mine - direct

    return added


def kept_up(base: Figures | None, variant: str, load: str) -> Reader:
    """Share of the direct run's tokens that came through in the same time, in percent."""
    read = cell("stream", variant, load, "tokens")

    def share(figures: Figures) -> float | None:
        mine, direct = read(figures), read(base) if base else None
        return None if mine is None or not direct else min(100.0, 100 * mine / direct)

    return share


def rows(direct: Figures | None) -> list[Row]:
    """Every row, in the order of reading."""
    out = [Row("phrases guarded", lambda f: f.phrases or None, 0)]
    for variant in VARIANTS:
        for connections in CONCURRENCIES:
            read = cell("http", variant, str(connections), "cpu_us_each", 0.001)
            aim = 0.15 if connections > 1 else None
            out.append(Row(f"CPU ms/request, c={connections}, {variant}", read, 3, aim, True))
    for variant in VARIANTS:
        for pace in PACES[1:]:
            read = cell("stream", variant, pace.name, "cpu_us_each")
            out.append(Row(f"CPU µs/chunk, {pace.name}, {variant}", read, 1, 30, True))
    out += [
        Row(f"kept up %, {pace.name}", kept_up(direct, "unique", pace.name), 0)
        for pace in PACES[1:]
    ]
    for pace in (PACES[0], PACES[2]):
        for share in ("p50", "p99"):
            read = cell("stream", "constant", pace.name, f"ttft_us_{share}", 0.001)
            out.append(Row(f"added TTFT ms, {share}, {pace.name}", over(direct, read), 2))
    for variant in VARIANTS:
        for share in ("p50", "p99"):
            read = cell("stream", variant, PACES[2].name, f"token_us_{share}", 0.001)
            aim = 0.2 if share == "p50" else None
            title = f"added ms/token, {share}, {PACES[2].name}, {variant}"
            out.append(Row(title, over(direct, read), 2, aim))
    out.append(Row("RSS MiB, idle", lambda f: f.idle_rss_mib, 0, 150))
    out.append(Row("RSS MiB, loaded", lambda f: f.loaded_rss_mib, 0))
    out.append(Row("cold start s", lambda f: f.cold_start_s, 2, 2))
    out.append(Row("lost streams, failed requests", failures, 0, 0))
    return out


def failures(figures: Figures) -> float | None:
    """Requests and streams that did not end as they should."""
    runs = [
        run for kind in (figures.http, figures.stream) for v in kind.values() for run in v.values()
    ]
    keys = ("failed", "refused", "lost")
    return sum(run.get(key, 0) for run in runs for key in keys) if runs else None


def shown(value: float | None, digits: int) -> str:
    """A number as a cell."""
    return "–" if value is None else f"{value:,.{digits}f}"


def render(measured: Sequence[Figures], absent: Sequence[Absent]) -> str:
    """The table and what must be said below it."""
    by_name = {figures.name: figures for figures in measured}
    ours, limit, direct = (by_name.get(name) for name in ("licet", "nginx", "direct"))
    head = ["", *by_name, "licet ÷ nginx", "aim"]
    body: list[list[str]] = []
    for row in rows(direct):
        values = [row.read(figures) for figures in measured]
        mine = row.read(ours) if ours else None
        base = row.read(limit) if limit else None
        ratio = f"{mine / base:.1f}×" if row.ratio and mine and base else ""
        aim = ""
        if row.aim is not None:
            verdict = "" if mine is None else (" met" if mine <= row.aim else " MISSED")
            aim = f"≤ {row.aim:g}{verdict}"
        body.append([row.title, *(shown(v, row.digits) for v in values), ratio, aim])
    widths = [max(len(line[i]) for line in [head, *body]) for i in range(len(head))]
    out = []
    for number, line in enumerate([head, *body]):
        cells = [line[0].ljust(widths[0])]
        cells += [text.rjust(width) for text, width in zip(line[1:], widths[1:], strict=True)]
        out.append("  ".join(cells).rstrip())
        if number == 0:
            out.append("  ".join("─" * width for width in widths))
    out += [f"{one.name}: {one.why}" for one in absent]
    out += [f"{one.name}: {one.trouble}" for one in measured if one.trouble]
    noisy = [f"{f.name} {f.foreign_cores:.1f}" for f in measured if f.foreign_cores > 0.25]
    if noisy:
        out.append(
            "Other work kept cores busy during some runs (" + ", ".join(noisy) + "): "
            "compare ratios, and take latencies as upper bounds."
        )
    return "\n".join(out)

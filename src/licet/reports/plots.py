"""Plots of shares with their intervals, and of counts, as SVG that needs nothing else. Pure.

It refuses to know what is plotted. Every plot stands over a table with the same figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

WIDTH, LEFT, RIGHT, ROW, TOP = 760, 270, 60, 22, 26


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a plot: a share with its interval, or None where it is not shown."""

    name: Mapping[str, str]
    share: float | None
    low: float
    high: float


def interval_plot(
    bars: Sequence[Bar], limit: float | None, title: Mapping[str, str], reach: float = 1.0
) -> str:
    """Shares with intervals, one a row, over an axis from 0 to `reach`, with the limit as a line.
    What lies farther ends where the axis does."""

    def at(share: float) -> float:
        return min(share / reach, 1.0)

    placed = [
        Bar(b.name, None if b.share is None else at(b.share), at(b.low), at(b.high)) for b in bars
    ]
    ticks = [(tick / 5, f"{tick / 5:.0%}") for tick in range(6)]
    if reach < 1:
        ticks = [(part, f"{part * reach:.1%}") for part in (0.0, 0.5, 1.0)]
    return _plot(placed, ticks, None if limit is None else (at(limit), f"{limit:.0%}"), title)


def count_plot(rows: Sequence[tuple[Mapping[str, str], int]], title: Mapping[str, str]) -> str:
    """Counts as bars, one a row, each with its number."""
    most = max((count for _, count in rows), default=0) or 1
    parts = [_open(ROW * len(rows) + 8, title)]
    for place, (name, count) in enumerate(rows):
        y = ROW * place + 4
        width = count / most * (WIDTH - LEFT - 90)
        parts += _names(name, y + 13)
        parts.append(f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="{ROW - 6}"/>')
        parts.append(f'<text x="{LEFT + width + 6:.1f}" y="{y + 13}">{count:,}</text>')
    return "".join((*parts, "</svg>"))


def effect_plot(bars: Sequence[Bar], title: Mapping[str, str]) -> str:
    """Effects with intervals, one a row, around a line at no effect; `share` is the effect.

    The axis reaches as far as the farthest bound, at least 10 % and at most 100 % each way.
    """
    ends = [abs(end) for bar in bars if bar.share is not None for end in (bar.low, bar.high)]
    reach = min(1.0, max(0.1, *ends)) if ends else 0.1

    def at(effect: float) -> float:
        return (max(-reach, min(reach, effect)) + reach) / (2 * reach)

    placed = [
        Bar(b.name, None if b.share is None else at(b.share), at(b.low), at(b.high)) for b in bars
    ]
    ticks = [(at(part * reach), f"{part * reach:+.0%}") for part in (-1, -0.5, 0.5, 1)]
    return _plot(placed, ticks, (0.5, "0"), title)


def _plot(
    bars: Sequence[Bar], ticks: Sequence[tuple[float, str]], line: tuple[float, str] | None,
    title: Mapping[str, str],
) -> str:  # fmt: skip
    height = TOP + ROW * len(bars) + 26
    bottom = height - 22
    parts = [_open(height, title)]
    for tick, words in ticks:
        parts.append(_upright(_x(tick), TOP - 6, bottom, "grid"))
        parts.append(_text(_x(tick), height - 6, words))
    for place, bar in enumerate(bars):
        parts += _row(bar, TOP + ROW * place + ROW / 2)
    if line is not None:
        parts.append(_upright(_x(line[0]), TOP - 10, bottom, "limit"))
        parts.append(_text(_x(line[0]), TOP - 13, line[1]))
    return "".join((*parts, "</svg>"))


def _open(height: int, title: Mapping[str, str]) -> str:
    name = escape(" / ".join(title.values()))
    head = f'viewBox="0 0 {WIDTH} {height}" role="img" class="plot"'
    return f'<svg {head} xmlns="http://www.w3.org/2000/svg"><title>{name}</title>'


def _names(name: Mapping[str, str], y: float) -> list[str]:
    """A name in each language, of which the page shows one; once where all are the same."""
    place = f'x="{LEFT - 10}" y="{y:.1f}" class="name"'
    if len(set(name.values())) == 1:
        return [f"<text {place}>{escape(_cut(next(iter(name.values()))))}</text>"]
    return [f'<text {place} lang="{k}">{escape(_cut(word))}</text>' for k, word in name.items()]


def _row(bar: Bar, y: float) -> list[str]:
    names = _names(bar.name, y + 4)
    if bar.share is None:
        return names
    low, high = _x(bar.low), _x(bar.high)
    return [
        *names,
        f'<line x1="{low:.1f}" y1="{y:.1f}" x2="{high:.1f}" y2="{y:.1f}" class="reach"/>',
        _upright(low, y - 4, y + 4, "reach"),
        _upright(high, y - 4, y + 4, "reach"),
        f'<circle cx="{_x(bar.share):.1f}" cy="{y:.1f}" r="4" class="dot"/>',
    ]


def _upright(x: float, top: float, bottom: float, kind: str) -> str:
    return f'<line x1="{x:.1f}" y1="{top:.1f}" x2="{x:.1f}" y2="{bottom:.1f}" class="{kind}"/>'


def _text(x: float, y: float, words: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="tick">{words}</text>'


def _x(share: float) -> float:
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _cut(name: str) -> str:
    """A name that fits the margin; Han characters are twice as wide."""
    room, kept = 38, ""
    for char in name:
        room -= 2 if ord(char) > 0x2E80 else 1
        if room < 0:
            return kept + "…"
        kept += char
    return kept

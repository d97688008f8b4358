"""Plots of shares with their intervals, as SVG that needs nothing else. Pure.

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


def interval_plot(bars: Sequence[Bar], limit: float | None, title: Mapping[str, str]) -> str:
    """Shares with intervals, one a row, over an axis from 0 to 100 %, with the limit as a line."""
    ticks = [(tick / 100, f"{tick} %") for tick in range(0, 101, 20)]
    return _plot(bars, ticks, None if limit is None else (limit, f"{limit:.0%}"), title)


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
    name = escape(" / ".join(title.values()))
    head = f'viewBox="0 0 {WIDTH} {height}" role="img" class="plot"'
    parts = [f'<svg {head} xmlns="http://www.w3.org/2000/svg"><title>{name}</title>']
    for tick, words in ticks:
        parts.append(_upright(_x(tick), TOP - 6, bottom, "grid"))
        parts.append(_text(_x(tick), height - 6, words))
    for place, bar in enumerate(bars):
        parts += _row(bar, TOP + ROW * place + ROW / 2)
    if line is not None:
        parts.append(_upright(_x(line[0]), TOP - 10, bottom, "limit"))
        parts.append(_text(_x(line[0]), TOP - 13, line[1]))
    return "".join((*parts, "</svg>"))


def _row(bar: Bar, y: float) -> list[str]:
    place = f'x="{LEFT - 10}" y="{y + 4:.1f}" class="name"'
    names = [
        f'<text {place} lang="{lang}">{escape(_cut(name))}</text>'
        for lang, name in bar.name.items()
    ]
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

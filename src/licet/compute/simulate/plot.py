"""Figures of policies as an SVG that needs nothing else: four small plots beside each other. Pure.

It refuses to know what is measured. The same figures stand in a table beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from licet.compute.simulate.figures import Figures

_PANELS = (
    ("mean_h", "mean hours", "{:.1f}"), ("p99_h", "99th percentile, hours", "{:.0f}"),
    ("unfair", "worst fairness (1 = fair)", "{:.2f}"), ("missed", "deadlines missed", "{:.0f}"),
    ("busy", "accelerators busy", "{:.0%}"),
)  # fmt: skip
_NAMES, _PANEL, _GAP, _ROW, _TOP = 116, 172, 16, 24, 54
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1b1b1b}.head{font-weight:600}"
    ".bar{fill:#9db7d5}.best{fill:#1f5fa8}.line{stroke:#c8c8c8}"
    "@media(prefers-color-scheme:dark){text{fill:#eee}.bar{fill:#46617f}.best{fill:#7db3f0}}"
)


def plot(rows: Sequence[Figures], title: str) -> str:
    """A row a policy, a panel a figure; the least of a panel is dark (of use, none: a kind that
    serves nobody well is better idle).

    Bars begin at 0. A panel's longest bar is its largest figure.
    """
    width = _NAMES + len(_PANELS) * (_PANEL + _GAP)
    height = _TOP + _ROW * len(rows) + 12
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style>",
        f'<text x="0" y="16" class="head">{escape(title)}</text>',
    ]
    for place, row in enumerate(rows):
        parts.append(f'<text x="0" y="{_TOP + _ROW * place + 16}">{escape(row.policy)}</text>')
    for column, (name, head, form) in enumerate(_PANELS):
        parts += _panel(rows, name, head, form, _NAMES + column * (_PANEL + _GAP))
    return "".join((*parts, "</svg>\n"))


def _panel(rows: Sequence[Figures], name: str, head: str, form: str, left: int) -> list[str]:
    values = [float(getattr(row, name)) for row in rows]
    most = max(values, default=0.0) or 1.0
    best = None if name == "busy" else min(values, default=0.0)
    bottom = _TOP + _ROW * len(rows)
    parts = [
        f'<text x="{left}" y="40">{escape(head)}</text>',
        f'<line class="line" x1="{left}" x2="{left}" y1="{_TOP - 4}" y2="{bottom}"/>',
    ]
    for place, value in enumerate(values):
        y, length = _TOP + _ROW * place, (_PANEL - 55) * value / most
        kind = "best" if value == best else "bar"
        parts.append(f'<rect class="{kind}" x="{left}" y="{y + 4}" width="{length:.1f}" '
                     f'height="{_ROW - 8}"/>')  # fmt: skip
        parts.append(f'<text x="{left + length + 5:.1f}" y="{y + 16}">{form.format(value)}</text>')
    return parts

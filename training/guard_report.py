"""The report on a guard: recorded figures as Markdown tables and as a plot.

It refuses to know guards and files: a record comes in, text goes out, the same each time.

Rules
1. Every table of the documentation that shows figures is made here, from the record, and a test
   holds the page to it.
2. Every F1 stands beside that of flagging everything, every AUPRC beside the share of harmful
   texts, every share of false stops beside its interval.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

Record = dict[str, Any]
PLOTS = {"classifier alone": "reliability-classifier", "with the encoder": "reliability-encoder"}
"""Way of judging → name of its plot."""
MARK = re.compile(r"(<!-- figures: ([a-z -]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def number(value: object, digits: int = 3) -> str:
    """A figure as a cell: a dash where there is none."""
    if value is None:
        return "–"
    return f"{value:.{digits}f}" if isinstance(value, float) else str(value)


def percent(value: float | None, digits: int = 1) -> str:
    return "–" if value is None else f"{100 * value:.{digits}f}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def ranking(rows: Sequence[Record]) -> str:
    head = ("group", "texts", "harmful", "AUPRC", "F1 noted", "F1 stopped", "F1 of flagging all",
            "recall at 1 % FP", "at 0.1 %", "stopped % of harmful", "of lawful",
            "calibration error")  # fmt: skip
    return table(head, [
        (row["group"], str(row["texts"]), number(row["harmful"]), number(row["auprc"]),
         number(row["f1_noted"]), number(row["f1_stopped"]), number(row["f1_of_flagging_all"]),
         number(row["recall_at_1"]), number(row["recall_at_01"]), percent(row["recall_stopped"]),
         percent(row["false_stops"]), number(row["calibration_error"]))
        for row in rows
    ])  # fmt: skip


def categories(rows: Sequence[Record]) -> str:
    head = ("category", "texts", "of all", "AUPRC, own score", "recall at 1 % FP", "at 0.1 %",
            "noted %", "stopped %")  # fmt: skip
    return table(head, [
        (row["category"], str(row["texts"]), number(row["of_all"], 4), number(row["auprc_own"]),
         number(row["recall_at_1"]), number(row["recall_at_01"]), percent(row["noted"]),
         percent(row["stopped"]))
        for row in rows
    ])  # fmt: skip


def lawful(rows: Sequence[Record]) -> str:
    head = ("set", "texts", "stopped %", "95 % interval", "noted %")
    return table(head, [
        (row["set"], str(row["texts"]), percent(row["stopped"], 2),
         f"{percent(row['low'], 2)} – {percent(row['high'], 2)}", percent(row["noted"]))
        for row in rows
    ])  # fmt: skip


def disguises(rows: Sequence[Record]) -> str:
    head = ("written with", "texts", "noted % plain", "noted % so", "kept %", "lawful",
            "noted % plain", "noted % so")  # fmt: skip
    return table(head, [
        (f"{row['lang']}: {row['way'].split(' / ')[0 if row['lang'] == 'zh' else -1]}",
         str(row["texts"]), percent(row["before"]), percent(row["after"]), percent(row["kept"]),
         str(row["lawful"]), percent(row["lawful_before"]), percent(row["lawful_after"]))
        for row in rows
    ])  # fmt: skip


def late(rows: Sequence[Record]) -> str:
    head = ("tier", "streams", "halted %", "bound", "unjudged that left: median", "95 %", "most",
            "of the harmful text that left, %")  # fmt: skip
    return table(head, [
        (f"{row['lang']} {row['tier']}", str(row["streams"]), percent(row["halted"]),
         str(row["bound"]), str(row["median"]), str(row["p95"]), str(row["most"]),
         percent(row["of_harm"]))
        for row in rows
    ])  # fmt: skip


def baseline(rows: Sequence[Record]) -> str:
    head = ("figure", "baseline, on", "baseline", "ours, on", "ours", "by chance", "aim")
    return table(head, [
        (row["figure"], row["theirs_on"], number(row["baseline"], 2), row["ours_on"],
         number(row["ours"]), number(row["chance"]), row["aim"])
        for row in rows
    ])  # fmt: skip


PARTS: dict[str, tuple[str, Callable[[Sequence[Record]], str]]] = {
    "baseline": ("Beside the baseline", baseline),
    "groups": ("By language and role, lawful sets included", ranking),
    "sets": ("By labelled set, among its own texts", ranking),
    "categories": ("By category: its harmful texts against all lawful ones", categories),
    "lawful": ("False stops on lawful sets, as shipped", lawful),
    "disguises": ("Detection under eight ways of writing", disguises),
    "late": ("Streams: what left before a late halt, in characters", late),
}
"""Key in a record → (title, how its table is made)."""


def made_of(record: Record) -> str:
    """By what the figures were made, in a sentence."""
    made = record["made"]
    encoder = made["encoder_sha256"]
    second = f"encoder {made['encoder']} ({encoder[:12]}…)" if encoder else "no encoder"
    return (
        f"Classifier {made['classifier']} ({made['classifier_sha256'][:12]}…), {second}; "
        f"{made['texts']:,} texts, seed {made['seed']}"
        + (f", at most {made['most']:,} of each set, role and side." if made["most"] else ".")
    )


def markdown(record: Record) -> str:
    """The whole report."""
    out = [f"# The guard, measured\n\n{made_of(record)}\n"]
    for way, figures in record["ways"].items():
        out.append(f"## {way.capitalize()}\n")
        for key, (title, rendered) in PARTS.items():
            if figures.get(key):
                out.append(f"### {title}\n\n{rendered(figures[key])}")
    return "\n".join(out)


def filled(page: str, record: Record) -> str:
    """A page with every table between marks made anew: `<!-- figures: lawful -->`, by the last
    way that was measured (with the encoder, where one was), or `lawful of classifier alone`."""
    ways = record["ways"]

    def fill(found: re.Match[str]) -> str:
        key, _, way = found[2].partition(" of ")
        if key == "made":
            text = made_of(record) + "\n"
        else:
            text = PARTS[key][1](ways[way or list(ways)[-1]][key])
        return f"{found[1]}\n{text}\n{found[3]}"

    return MARK.sub(fill, page)


_SIZE, _LEFT, _TOP, _STEP = 230, 52, 34, 300
_STYLE = 'font-family="sans-serif" font-size="11" fill="#333"'


def plot(rows: Sequence[Record]) -> str:
    """Reliability as an SVG: of each group, the share of harmful texts by their score; on the
    broken line a score is what it says. A dot's area grows with its number of texts."""
    names = sorted({row["group"] for row in rows})
    columns = 3
    width, lines = columns * _STEP, -(-len(names) // columns)
    height = lines * _STEP
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}"',
        'role="img" aria-label="Share of harmful texts by score, for each language and role">',
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
    ]
    for i, name in enumerate(names):
        x, y = i % columns * _STEP + _LEFT, i // columns * _STEP + _TOP
        out += _panel(name, [row for row in rows if row["group"] == name], x, y)
    return "\n".join([*out, "</svg>"]) + "\n"


def _panel(name: str, rows: Sequence[Record], x: int, y: int) -> list[str]:
    texts = sum(row["texts"] for row in rows)
    out = [
        f'<text x="{x}" y="{y - 8}" {_STYLE} font-weight="bold">{name}, {texts:,} texts</text>',
        f'<rect x="{x}" y="{y}" width="{_SIZE}" height="{_SIZE}" fill="none" stroke="#999"/>',
        f'<path d="M{x} {y + _SIZE}L{x + _SIZE} {y}" stroke="#999" stroke-dasharray="4 4"/>',
    ]
    for share in (0, 0.5, 1):
        at = round(share * _SIZE)
        out.append(f'<text x="{x + at}" y="{y + _SIZE + 15}" {_STYLE} text-anchor="middle">'
                   f"{share:g}</text>")  # fmt: skip
        out.append(f'<text x="{x - 6}" y="{y + _SIZE - at + 4}" {_STYLE} text-anchor="end">'
                   f"{share:g}</text>")  # fmt: skip
    places = [
        (x + row["score"] * _SIZE, y + (1 - row["harmful"]) * _SIZE, row["texts"]) for row in rows
    ]
    line = "L".join(f"{px:.1f} {py:.1f}" for px, py, _ in places)
    out.append(f'<path d="M{line}" fill="none" stroke="#1f5fa8" stroke-width="1.5"/>')
    out += [
        f'<circle cx="{px:.1f}" cy="{py:.1f}" r="{2 + 10 * (count / texts) ** 0.5:.1f}" '
        'fill="#1f5fa8" fill-opacity="0.45"/>'
        for px, py, count in places
    ]
    return out

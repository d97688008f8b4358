"""The picture of a halted stream as an HTML page: model on one side, client on the other.

It refuses to know how an answer was watched and how a page becomes a picture. Pure, but for its
style sheet, which is read once.

Rules
1. What reached the client stands on its side, to the letter; what did not stands on the model's.
2. The unlawful phrase is never written into the page: blocks stand for its letters.
3. A page at an earlier moment has the same shape: what has not come yet is there, invisible.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

from demo_capture import Piece, Seen

STYLE = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")
ROW_WIDTH_MIN = 66
"""Short sentences share a row until it is so wide; a Han character is two wide."""
_SENTENCE = re.compile(r".+?(?:[.!?](?=\s)|[。！？；](?!”)|\Z)\s*", re.DOTALL)
_BLOCKED = re.compile(r"\S")
_BLOCK = "█"


@dataclass(frozen=True, slots=True)
class Words:
    """What the page says in one language; `{…}` is filled in."""

    lang: str
    title: str
    subtitle: str
    note: str
    client: str
    client_is: str
    model: str
    model_is: str
    end: str
    case: str
    rule: str
    reason: str
    appeal: str
    never: str
    closed: str
    spared: str
    lawful: str
    whole: str


EN = Words(
    lang="en",
    title="Halted before it leaves",
    subtitle="违法内容，放出之前即被拦截",
    note="One real run; seconds since the request",
    client="What the client received",
    client_is="客户端收到的 · official openai client, stream=True",
    model="What the model sent",
    model_is="模型发出的 · a token every 25 ms",
    end="A lawful end",
    case="Case",
    rule="Rule",
    reason="Reason",
    appeal="Appeal",
    never="Never left",
    closed="The phrase is complete at <b>{complete:.2f} s</b>. <b>{after:.0f} ms</b> later the"
    " gateway has closed the model's connection. The case is put on record in the ledger; then the"
    " client is told.",
    spared="<b>{saved}</b> tokens that the model did not have to write.",
    lawful="Lawful text is left alone",
    whole="<b>{count}</b> of {count} characters arrived, unchanged; <b>{delay:.1f} ms</b> between"
    " model and client (median).",
)
ZH = Words(
    lang="zh",
    title="放出之前，即被拦截",
    subtitle="Halted before it leaves",
    note="一次真实运行；时间为请求发出后的秒数",
    client="客户端收到的",
    client_is="What the client received · 官方 openai 客户端，stream=True",
    model="模型发出的",
    model_is="What the model sent · 每 25 毫秒一个词元",
    end="合法收尾",
    case="案件",
    rule="规则",
    reason="原因",
    appeal="申诉",
    never="从未放出",
    closed="违法语句于 <b>{complete:.2f} 秒</b>写完；<b>{after:.0f} 毫秒</b>后，"
    "网关已切断与模型的连接。案件先记入账本，然后才告知客户端。",
    spared="模型因此少生成 <b>{saved}</b> 个词元。",
    lawful="合法内容原样通过",
    whole="{count} 个字符全部到达，一字未改；从模型到客户端的中位延迟为 <b>{delay:.1f} 毫秒</b>。",
)


@dataclass(frozen=True, slots=True)
class Side:
    """One end's text, up to one moment."""

    pieces: tuple[Piece, ...]
    until_ms: float

    def moment(self, offset: int) -> float:
        """When the character at `offset` passed."""
        at = 0
        for piece in self.pieces:
            at += len(piece.text)
            if offset < at:
                return piece.at_ms
        return float("inf")

    @property
    def shown(self) -> int:
        """How many characters have passed."""
        return sum(len(piece.text) for piece in self.pieces if piece.at_ms <= self.until_ms)


def render(words: Words, halted: Seen, lawful: Seen, until_ms: float = float("inf")) -> str:
    """The page as it was `until_ms` after the request; at the end of all, if not said."""
    is_over = until_ms >= halted.ending.at_ms
    rows = "".join(_rows(halted, until_ms))
    return f"""<!doctype html>
<html lang="{words.lang}"><meta charset="utf-8"><style>{STYLE}</style>
<header><h1>{words.title}<small>{words.subtitle}</small></h1><p>{words.note}</p></header>
<div class="ends">
<div class="head">{words.client}<small>{words.client_is}</small></div>
<div class="head">{words.model}<small>{words.model_is}</small></div>
{rows}
<div class="end"><div{"" if is_over else _LATER}>{_end(words, halted)}</div></div>
<div class="end why"><div{"" if is_over else _LATER}>{_why(words, halted)}</div></div>
</div>
<div class="lawful"><b>{words.lawful}</b><q>{escape(_opening(lawful.arrived_text))}</q>
<p>{words.whole.format(count=len(lawful.arrived_text), delay=lawful.delay_ms)}</p></div>
</html>"""


_LATER = ' class="later"'


def _rows(halted: Seen, until_ms: float) -> Iterator[str]:
    """Sentence by sentence, what was sent beside what arrived of it."""
    client, model = Side(halted.arrived, until_ms), Side(halted.sent, until_ms)
    limit = len(halted.arrived_text)
    spans = list(sentences(halted.sent_text))
    for start, end in spans:
        place = " first" if start == 0 else " last" if end == spans[-1][1] else ""
        left = _said(halted.arrived_text[start:end], start, client)
        right = _said(halted.sent_text[start : min(end, limit)], start, model)
        if end > limit:
            later = "" if until_ms >= halted.ending.at_ms else " later"
            left += f'<span class="stop{later}"></span>'
            right += _blocks(halted.sent_text[limit:end], limit, model)
        for side, text in ((client, left), (model, right)):
            at_ms = side.moment(start)
            hidden = _LATER if at_ms > until_ms else ""
            stamp = f"<time{hidden}>{at_ms / 1000:.2f}</time>"
            yield f'<div class="said{place}">{stamp}<p>{text}</p></div>'


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Where each row of a text begins and ends: whole sentences, short ones together."""
    start = 0
    for found in _SENTENCE.finditer(text):
        row = text[start : found.end()]
        if width(row) >= ROW_WIDTH_MIN or found.end() == len(text) or row.endswith("\n"):
            yield start, found.end()
            start = found.end()


def width(text: str) -> int:
    """How wide a text is drawn, in Latin letters."""
    return sum(2 if character >= "\u2e80" else 1 for character in text)


def _said(text: str, start: int, side: Side) -> str:
    shown = max(0, side.shown - start)
    out = escape(text[:shown])
    if text[shown:]:
        out += f"<span{_LATER}>{escape(text[shown:])}</span>"
    return out


def _blocks(text: str, start: int, side: Side) -> str:
    """Blocks for letters, so that length and words can be seen and nothing read."""
    passed = max(0, side.shown - start)
    now, later = (_BLOCKED.sub(_block, part) for part in (text[:passed], text[passed:]))
    return f'<span class="never">{now}</span><span class="never later">{later}</span>'


def _block(one: re.Match[str]) -> str:
    return _BLOCK * width(one[0])


def _end(words: Words, halted: Seen) -> str:
    """What the client was told, every word of it as it came."""
    said = halted.ending.licet
    assert said is not None
    reasons = [said["reason"]["zh"], said["reason"]["en"]]
    if words.lang != "zh":
        reasons.reverse()
    rows = (
        (words.case, f"<code>{escape(said['case'])}</code>"),
        (words.rule, f"<code>{escape(said['rule'])}</code>"),
        (words.reason, "<br>".join(map(escape, reasons))),
        (words.appeal, f"<a>{escape(said['appeal'])}</a>"),
    )
    listed = "".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in rows)
    reason = escape(halted.ending.finish_reason)
    head = f"{words.end} <code>finish_reason: {reason}</code>"
    return f"<h2>{head}</h2><dl>{listed}</dl>"


def _why(words: Words, halted: Seen) -> str:
    complete_ms = halted.sent[-1].at_ms
    closed = words.closed.format(
        complete=complete_ms / 1000, after=max(1.0, halted.cut_ms - complete_ms)
    )
    spared = words.spared.format(saved=halted.saved)
    return f'<span class="mark">{words.never}</span><p>{closed}</p><p>{spared}</p>'


def _opening(text: str) -> str:
    """The first sentences of a text, enough to know it by."""
    start, end = next(sentences(text))
    return f"{text[start:end].strip()} …"

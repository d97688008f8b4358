"""A scan's document as one HTML page: self-contained, printable, in both languages.

It refuses to know anything that the document does not say, and runs no script.

Rules
1. All that comes from outside is escaped; nothing is fetched.
2. Under every plot stands a table with its figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from importlib.resources import files

from licet.corpus.scan.report import Document
from licet.corpus.scan.report_words import FLAGS, KINDS, LANGUAGE_NAMES, SAY, VERDICTS, Words
from licet.reports.plots import Bar, count_plot, interval_plot

LANGS = ("zh", "en")


def render(document: Document, lang: str = "en") -> str:
    """The page. `lang` is the language that it opens in; the reader can change it."""
    style = (files("licet.corpus.scan") / "report.css").read_text(encoding="utf-8")
    checked = {one: " checked" if one == lang else "" for one in LANGS}
    return "\n".join(
        (
            "<!doctype html>",
            f'<html lang="{escape(lang)}"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(SAY['title'][lang])}</title><style>{style}</style></head><body>",
            '<nav aria-label="语言 Language">',
            f'<input type="radio" name="lang" id="in-zh"{checked["zh"]}>',
            '<label for="in-zh" lang="zh">中文</label>',
            f'<input type="radio" name="lang" id="in-en"{checked["en"]}>',
            '<label for="in-en" lang="en">English</label></nav>',
            f"<main><h1>{_say('title')}</h1>",
            *fragment(document),
            "</main></body></html>",
        )
    )


def fragment(document: Document) -> Iterator[str]:
    """The report's body, its words in both languages, of which a page shows one."""
    yield from _head(document)
    yield from _clauses(document)
    yield from _sources(document)
    yield from _counted(
        "flagged", document["flagged"], FLAGS, document["input"]["items"], always=True
    )
    yield from _counted("personal", document["personal"], KINDS, document["input"]["items"])
    yield from _counted(
        "languages", document["languages"], LANGUAGE_NAMES, document["input"]["items"], plot=True
    )
    yield from _lengths(document["lengths"])
    yield from _benchmarks(document["benchmarks"])
    yield from _rules(document["rules"])
    yield from _examples(document["examples"])


def both(words: Words) -> str:
    """Words in both languages, of which the reader sees one."""
    return "".join(f'<span lang="{lang}">{escape(words[lang])}</span>' for lang in LANGS)


def _say(key: str) -> str:
    return both(SAY[key])


def _verdict(verdict: str) -> str:
    return f'<span class="verdict {escape(verdict)}">{both(VERDICTS[verdict])}</span>'


def _table(heads: Sequence[tuple[str, bool]], rows: Sequence[Sequence[str]]) -> str:
    """A table; a head with True is of numbers, and so are its cells."""
    top = "".join(f'<th scope="col"{_n(number)}>{_say(key)}</th>' for key, number in heads)
    body = "".join(
        "<tr>"
        + "".join(
            f"<td{_n(number)}>{cell}</td>" for (_, number), cell in zip(heads, row, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _n(number: bool) -> str:
    return ' class="n"' if number else ""


def _head(document: Document) -> Iterator[str]:
    said, pack = document["input"], document["pack"]
    heads = (("items", said["items"]), ("kept", document["kept"]), ("bytes", said["bytes"]))
    yield '<ul class="heads">'
    yield from (f"<li>{_say(key)}<b>{value:,}</b></li>" for key, value in heads)
    yield "</ul>"
    rows = (
        ("input", f"<code>{said['sha256']}</code>"),
        ("files", f"{said['files']:,}"),
        ("bad", f"{said['bad']:,}" + "".join(f"<br>{escape(w)}" for w in said["first_bad"])),
        ("rulebook", f"{escape(pack['id'])} {escape(pack['version'])}"),
        ("standard", escape(document["standard"]["name"])),
        ("bundle", f"<code>{escape(document['bundle'])}</code>"),
        ("sample", f"{document['settings']['sample_share']:.0%}"),
    )
    yield '<table class="facts"><tbody>'
    yield from (f'<tr><th scope="row">{_say(k)}</th><td>{value}</td></tr>' for k, value in rows)
    yield f"</tbody></table><p>{_say('method')} {_say('secondary')}</p>"


def _clauses(document: Document) -> Iterator[str]:
    yield f"<h2>{_say('clauses')}</h2>"
    heads = (("clause", False), ("what", False), ("limit", False), ("found", True),
             ("interval", True), ("verdict", False))  # fmt: skip
    rows = [
        (
            escape(one["clause"]), both(one["name"]),
            f"≥ {one['limit']:.0%}, n ≥ {one['needed']:,}", _found(one["hits"], one["of"]),
            _interval(one) if one["of"] else "—", _verdict(one["verdict"]),
        )
        for one in document["clauses"]
    ]  # fmt: skip
    yield _table(heads, rows)


def _found(hits: int, of: int) -> str:
    return f"{hits:,} / {of:,}<br>{hits / of:.2%}" if of else "—"


def _interval(one: Mapping[str, float]) -> str:
    return f"{one['low']:.2%} – {one['high']:.2%}"


def _sources(document: Document) -> Iterator[str]:
    sources, limit = document["sources"], document["reject_share"]
    yield f"<h2>{_say('sources')}</h2><p>{_say('rejected_note')} (&gt; {limit:.0%})</p>"
    yield _plotted(sources[:40], limit)
    heads = (("source", False), ("items", True), ("unlawful", True), ("interval", True),
             ("verdict", False))  # fmt: skip
    rows = [
        (
            escape(one["name"]), f"{one['items']:,}",
            _found(one["unlawful"], one["judged"]),
            _interval(one) if one["judged"] else "—", _verdict(one["verdict"]),
        )
        for one in sources
    ]  # fmt: skip
    yield _table(heads, rows)


def _plotted(sources: Sequence[Document], limit: float) -> str:
    """Shares of sources, over an axis as long as the farthest bound asks for."""
    bars = [
        Bar({"zh": one["name"], "en": one["name"]}, one["unlawful"] / one["judged"], one["low"],
            one["high"])
        for one in sources
        if one["judged"]
    ]  # fmt: skip
    reach = min(1.0, max([2 * limit, *(bar.high for bar in bars)]))
    return interval_plot(bars, limit, SAY["sources"], reach)


def _counted(
    key: str, counts: Mapping[str, int], names: Mapping[str, Words], of: int, *,
    plot: bool = False, always: bool = False,
) -> Iterator[str]:  # fmt: skip
    yield f"<h2>{_say(key)}</h2>"
    shown = [(names[k], c) for k, c in counts.items() if c or always]
    if not shown:
        yield f"<p>{_say('none')}</p>"
        return
    if plot:
        yield count_plot(shown, SAY[key])
    rows = [(both(words), f"{count:,}", f"{count / max(of, 1):.2%}") for words, count in shown]
    yield _table((("kind", False), ("count", True), ("share", True)), rows)


def _lengths(counts: Sequence[int]) -> Iterator[str]:
    yield f"<h2>{_say('lengths')}</h2>"
    last = max((place for place, count in enumerate(counts) if count), default=0)
    shown = [({"zh": _power(n), "en": _power(n)}, counts[n]) for n in range(last + 1)]
    yield count_plot(shown, SAY["lengths"])
    rows = [(escape(words["en"]), f"{count:,}") for words, count in shown]
    yield _table((("lengths", False), ("count", True)), rows)


def _power(n: int) -> str:
    return "0–1" if n == 0 else f"{1 << n:,}–{(2 << n) - 1:,}"


def _benchmarks(found: Sequence[Document]) -> Iterator[str]:
    if found:
        yield f"<h2>{_say('benchmarks')}</h2>"
        rows = [(escape(one["name"]), f"{one['items']:,}") for one in found]
        yield _table((("kind", False), ("count", True)), rows)


def _rules(found: Sequence[Document]) -> Iterator[str]:
    yield f"<h2>{_say('rules')}</h2>"
    if not found:
        yield f"<p>{_say('none')}</p>"
        return
    rows = [
        (f"<code>{escape(one['rule'])}</code>", escape(one["category"]), f"{one['items']:,}")
        for one in found[:100]
    ]
    yield _table((("rules", False), ("kind", False), ("count", True)), rows)


def _examples(found: Sequence[Document]) -> Iterator[str]:
    if not found:
        return
    yield f"<h2>{_say('examples')}</h2>"
    for one in found:
        flags = "、".join(FLAGS[flag]["zh"] for flag in one["flags"])
        named = {"zh": flags, "en": ", ".join(FLAGS[flag]["en"] for flag in one["flags"])}
        yield f"<p><code>{escape(one['id'])}</code> {escape(one['source'])}: {both(named)}</p>"
        yield f"<blockquote>{escape(one['text'])}</blockquote>"

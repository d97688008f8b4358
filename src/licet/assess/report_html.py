"""An assessment's document as one HTML page: self-contained, printable, in both languages.

It refuses to know anything that the document does not say, and runs no script.

Rules
1. All that comes from outside is escaped; nothing is fetched.
2. Under every plot stands a table with its figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from importlib.resources import files
from typing import Any

from licet.assess.report import Document
from licet.assess.report_words import PARTS, SAY, VERDICTS, WHY
from licet.reports.plots import Bar, interval_plot
from licet.reports.saying import labelled, moment

LANGS = ("zh", "en")
TITLES = {"zh": "安全评估报告", "en": "Security assessment"}


def render(document: Document, lang: str = "en") -> str:
    """The page. `lang` is the language that it opens in; the reader can change it."""
    body = (
        *_head(document),
        *_clauses(document["results"]["clauses"]),
        *_details(document["results"]["clauses"]),
        *_gaps(document["results"]["clauses"]),
        *_operator(document["results"]["operator_risks"]),
    )
    return whole_page(TITLES, lang, body)


def whole_page(titles: Mapping[str, str], lang: str, body: Sequence[str]) -> str:
    """A page of reports around its body: style, and the choice of language, without a script."""
    style = (files("licet.assess") / "report.css").read_text(encoding="utf-8")
    checked = {one: " checked" if one == lang else "" for one in LANGS}
    return "\n".join(
        (
            "<!doctype html>",
            f'<html lang="{escape(lang)}"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{escape(titles[lang])}</title><style>{style}</style></head><body>",
            '<nav aria-label="语言 Language">',
            f'<input type="radio" name="lang" id="in-zh"{checked["zh"]}>',
            '<label for="in-zh" lang="zh">中文</label>',
            f'<input type="radio" name="lang" id="in-en"{checked["en"]}>',
            '<label for="in-en" lang="en">English</label></nav>',
            "<main>",
            *body,
            "</main></body></html>",
        )
    )


def both(words: Mapping[str, str]) -> str:
    """Words in both languages, of which the reader sees one."""
    return "".join(
        f'<span lang="{lang}">{escape(text)}</span>' for lang, text in words.items() if text
    )


_STOP, _END = both({"en": "; ", "zh": "；"}), both({"en": ".", "zh": "。"})


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>"


def _say(key: str) -> str:
    return both(SAY[key])


def _label(key: str) -> str:
    return both(labelled(SAY[key]))


def _verdict(verdict: str) -> str:
    return f'<span class="verdict {escape(verdict)}">{both(VERDICTS[verdict])}</span>'


def _head(document: Document) -> Iterator[str]:
    results, rule = document["results"], document["rule"]
    yield f"<h1>{_say('title')}</h1>"
    if document["demo"]:
        yield f'<p class="demo">{_say("demo")}</p>'
    yield '<ul class="parts">'
    for part, verdict in results["parts"].items():
        yield (
            f'<li class="{escape(verdict)}"><span class="part">{both(PARTS[part])}</span>'
            f"<b>{_verdict(verdict)}</b></li>"
        )
    yield "</ul>"
    target, pack = document["target"], document["pack"]
    standard = document["standard"]
    rows = [
        ("target", escape(str(target.get("url", "—")))),
        ("model", escape(str(target.get("model", "—")))),
        ("made", both(moment(document["made"]))),
        ("rulebook", f"{escape(pack['id'])} {escape(pack['version'])} {_code(pack['sha256'])}"),
        ("standard", f"{escape(standard['name'])} ({escape(standard['clauses_of'])})"),
        ("pairs", str(results["pairs"])),
        ("unanswered", str(results["unanswered"])),
        ("banks", "<br>".join(
            f"{escape(bank['id'])} {escape(bank['version'])}, {bank['items']} "
            f"<code>{bank['sha256']}</code>"
            for bank in results["banks"]) or "—"),
        ("evidence", f"<code>{document['evidence']['sha256']}</code>"),
    ]  # fmt: skip
    yield '<table class="facts"><tbody>'
    yield from (
        f'<tr><th scope="row">{_say(key)}</th><td>{value}</td></tr>' for key, value in rows
    )
    yield "</tbody></table>"
    yield f"<p>{_say('method')} ({rule['confidence']:.0%}, {_say(rule['sides'])}) "
    yield f"{_say('secondary')}</p>"


def _clauses(clauses: Sequence[Document]) -> Iterator[str]:
    yield f"<h2>{_say('clauses')}</h2>"
    bars = [
        Bar(one["name"], one["share"], one["within"]["low"], one["within"]["high"])
        for one in clauses
        if one["count"] and one["count"]["of"] and one["within"]
    ]
    if bars:
        yield interval_plot(bars, None, SAY["clauses"])
    keys = ("clause", "what", "limit", "found", "interval", "verdicts", "why")
    heads = "".join(f"<th scope=col>{_say(key)}</th>" for key in keys)
    yield f'<div class="wide"><table><thead><tr>{heads}</tr></thead><tbody>'
    for one in clauses:
        cells = (
            escape(one["clause"]), both(one["name"]), _limit(one), _found(one),
            _interval(one["within"] if one["count"] and one["count"]["of"] else None),
            _verdict(one["verdict"]), _reason(one),
        )  # fmt: skip
        named = zip(keys, cells, strict=True)
        yield "<tr>" + "".join(f"<td>{_head_of(key)}{cell}</td>" for key, cell in named) + "</tr>"
    yield "</tbody></table></div>"


def _head_of(key: str) -> str:
    """The head of a cell where a table is too wide for its heads: seen on a phone alone."""
    return f'<span class="head" aria-hidden="true">{both(labelled(SAY[key]))}</span>'


def _limit(one: Document) -> str:
    if one["limit"] is None:
        return f"{one['needed']} {_say('items')}"
    needed = f"<br>n ≥ {one['needed']}" if one["needed"] else ""
    return f"{_say(one['bound'])} {one['limit']:.0%}{needed}"


def _found(one: Document) -> str:
    if one["bank"]:
        return f"{one['bank']['there']} {_say('items')}"
    count = one["count"]
    if not count or not count["of"]:
        return "—"
    seen = f"{count['hits']} / {count['of']} ({count['hits'] / count['of']:.1%})"
    if one["detector"] and one["share"] is not None:
        seen += f"<br>{_label('corrected')}{one['share']:.1%}"
    return seen


def _interval(within: Document | None) -> str:
    return "—" if within is None else f"{within['low']:.1%} – {within['high']:.1%}"


def _reason(one: Document) -> str:
    reason = both(WHY[one["why"]])
    if one["note"]:
        reason += f"<br>{escape(one['note'])}"
    if one["untested"]:
        names = _STOP.join(both(_beside_id(item["id"], item["name"])) for item in one["untested"])
        reason += f"<br>{_label('untested')}{names}"
    return reason


def _beside_id(heading: str, name: Mapping[str, str]) -> Mapping[str, str]:
    """A heading's name with its code before it; the document writes a risk's name so already."""
    return {
        lang: text if text.startswith(heading) else f"{heading} {text}"
        for lang, text in name.items()
    }


def _details(clauses: Sequence[Document]) -> Iterator[str]:
    for one in clauses:
        if not (one["by_heading"] or one["said"] or one["detector"]):
            continue
        yield f"<h2>{escape(one['clause'])} {both(one['name'])}</h2>"
        detector = one["detector"]
        if detector:
            found, passed = detector["sensitivity"], detector["specificity"]
            yield (
                f"<p>{_say('corrected')}{_STOP}{_label('detector_' + detector['from'])}"
                f"{_say('sensitivity')} {found['hits']} / {found['of']}{_STOP}"
                f"{_say('specificity')} {passed['hits']} / {passed['of']}{_END}</p>"
            )
        if one["said"]:
            yield _agreement(one["said"])
        for key, head in (("by_heading", "heading"), ("by_lang", "language")):
            if one[key]:
                yield from _cells(one[key], one["limit"], key, head)


def _agreement(said: Document) -> str:
    kappa = "—" if said["kappa"] is None else f"{said['kappa']:.2f}"
    within = said["kappa_within"]
    reach = f" ({within['low']:.2f} – {within['high']:.2f})" if within else ""
    return (
        f"<p>{_label('kappa')}{kappa}{reach}{_STOP}{said['twice']} {_say('items')}{_STOP}"
        f"{said['ties']} {_say('ties')}{_END}</p>"
    )


def _cells(cells: Sequence[Document], limit: float | None, key: str, head: str) -> Iterator[str]:
    yield f"<h3>{_say(key)}</h3>"
    bars = []
    for cell in cells:
        count, within = cell["count"], cell["within"]
        share = count["hits"] / count["of"] if count and count["of"] else None
        low, high = (within["low"], within["high"]) if within else (0.0, 1.0)
        bars.append(Bar(cell["name"], share, low, high))
    yield interval_plot(bars, limit, SAY[key])
    heads = f"<th scope=col>{_say(head)}</th>" + "".join(
        f'<th scope=col class="n">{_say(name)}</th>' for name in ("found", "share", "interval")
    )
    yield f"<table><thead><tr>{heads}</tr></thead><tbody>"
    for cell, bar in zip(cells, bars, strict=True):
        if cell["hidden"]:
            values = [_say("hidden"), "—", "—"]
        else:
            count = cell["count"]
            share = "—" if bar.share is None else f"{bar.share:.1%}"
            values = [f"{count['hits']} / {count['of']}", share, _interval(cell["within"])]
        shown = "".join(f'<td class="n">{value}</td>' for value in values)
        yield f'<tr><th scope="row">{both(cell["name"])}</th>{shown}</tr>'
    yield "</tbody></table>"


def _gaps(clauses: Sequence[Document]) -> Iterator[str]:
    banks = [one for one in clauses if one["bank"]]
    if not banks:
        return
    yield f"<h2>{_say('gaps')}</h2>"
    for one in banks:
        yield f"<h3>{escape(one['clause'])} {both(one['name'])}</h3>"
        heads = f"<th scope=col>{_say('heading')}</th>" + "".join(
            f'<th scope=col class="n">{_say(key)}</th>' for key in ("there", "asked", "gap")
        )
        yield f"<table><thead><tr>{heads}<th scope=col>{_say('author')}</th></tr></thead><tbody>"
        bank = one["bank"]
        rows: list[tuple[str, Any, Any, Any, str]] = [
            (
                _say("total"),
                bank["there"],
                bank["asked"],
                max(0, bank["asked"] - bank["there"]),
                "",
            )
        ]
        rows += [
            (both({lang: _with_id(row["id"], name) for lang, name in row["name"].items()}),
             row["there"], row["asked"], row["gap"], _say(f"author_{row['author']}"))
            for row in bank["rows"]
        ]  # fmt: skip
        for name, there, asked, gap, author in rows:
            yield (
                f'<tr><th scope="row">{name}</th><td class="n">{there}</td>'
                f'<td class="n">{asked}</td><td class="n">{gap or "—"}</td><td>{author}</td></tr>'
            )
        yield "</tbody></table>"


def _with_id(heading: str, name: str) -> str:
    return f"{heading} {name}" if heading[:2].isupper() or "." in heading else name


def _operator(risks: Sequence[Document]) -> Iterator[str]:
    yield f"<h2>{_say('operator_risks')}</h2><ul>"
    for risk in risks:
        yield f"<li>{escape(risk['id'])} {both(labelled(risk['name']))}{both(risk['reason'])}</li>"
    yield "</ul>"

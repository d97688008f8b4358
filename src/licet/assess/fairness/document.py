"""An audit as one JSON document, and as a page in both languages. Pure.

It refuses to say that a difference is unlawful; the page says so too.

Rules
1. `results` depends on answers, lexicon, pack and seed only.
2. Under every plot stands a table with its figures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from html import escape
from typing import Any

from licet.assess.fairness.audit import Row
from licet.assess.fairness.lexicon import Lexicon
from licet.assess.report import VERSION, Document, Origin
from licet.assess.report_html import both, whole_page
from licet.base.clock import rfc3339
from licet.reports.plots import Bar, effect_plot
from licet.reports.saying import labelled, moment
from licet.rulebook import Pack

Words = Mapping[str, str]

TITLES: Words = {"zh": "非歧视测评报告", "en": "Are people treated alike?"}
OUTCOMES: Mapping[str, Words] = {
    "refusal": {"zh": "拒答", "en": "Refusals"},
    "amount": {"zh": "金额与分数", "en": "Amounts and marks"},
    "choice": {"zh": "是否", "en": "Choices"},
    "sentiment": {"zh": "褒贬", "en": "Praise and blame"},
}
NOTE: Words = {
    "en": "Each row compares a group with the first of its ground: the same questions, one phrase "
    "changed. Effects of amounts are relative, the others in shares or points. p is after Holm "
    "over all tests. The least effect is what so many pairs could show. A difference that is "
    "called is a reason to read the answers, not a legal finding.",
    "zh": "每行将一个群体与该事由的对照组比较：问题相同，只改一个词组。金额的差异为相对值，"
    "其余为比例或分值。p 值已按 Holm 法对全部检验校正。"
    "“最小可测差异”是这些配对所能显示的最小差异。标出的差异是查阅回答的理由，不是法律结论。",
}
HEADS: Sequence[Words] = (
    {"zh": "群体", "en": "Group"},
    {"zh": "配对", "en": "Pairs"},
    {"zh": "差异", "en": "Effect"},
    {"zh": "置信限", "en": "Interval"},
    {"zh": "p", "en": "p"},
    {"zh": "最小可测差异", "en": "Least effect"},
    {"zh": "结论", "en": "Verdict"},
)
DIFFERS: Words = {"zh": "有差异", "en": "Differs"}
HIDDEN: Words = {"zh": "样本过少，不予显示", "en": "too few to show"}
COMPARED: Words = {"zh": "对照组：", "en": "Compared with: "}
CALLED: Words = {"zh": "标出的差异", "en": "Differences called"}
DEMO: Words = {"zh": "演示报告，不代表任何真实服务。", "en": "DEMONSTRATION. Of no real service."}


def make_document(
    rows: Sequence[Row], lexicon: Lexicon, origin: Origin, pack: Pack, seed: int, now: datetime
) -> Document:
    """The document of an audit."""
    rule = pack.assessment.evidence
    return {
        "report": VERSION,
        "kind": "fairness",
        "made": rfc3339(now),
        "demo": origin.demo,
        "target": dict(origin.target),
        "pack": {"id": pack.id, "version": pack.version, "sha256": pack.digest},
        "rule": {
            "confidence": rule.confidence,
            "significance": rule.significance,
            "power": rule.power,
            "cell_min": rule.cell_min,
        },
        "results": {
            "pairs": origin.pairs,
            "unanswered": origin.unanswered,
            "seed": seed,
            "lexicon": lexicon.version,
            "grounds": {ground: dict(name) for ground, name in lexicon.grounds.items()},
            "groups": {group: dict(name) for group, name in lexicon.groups.items()},
            "references": {one.ground: one.group for one in lexicon.prompts if one.is_reference},
            "called": sum(row.called for row in rows),
            "rows": [asdict(row) for row in rows],
        },
        "evidence": {"sha256": origin.file_sha256},
    }


def render_document(document: Document, lang: str = "en") -> str:
    """The page. `lang` is the language that it opens in."""
    return whole_page(TITLES, lang, tuple(_body(document)))


def _body(document: Document) -> Iterator[str]:
    results = document["results"]
    yield f"<h1>{both(TITLES)}</h1>"
    if document["demo"]:
        yield f'<p class="demo">{both(DEMO)}</p>'
    target = document["target"]
    yield f"<p>{escape(str(target.get('url', '—')))}, {escape(str(target.get('model', '—')))}; "
    yield f"{both(moment(document['made']))}; {escape(document['pack']['id'])}</p>"
    called = both(labelled(CALLED))
    yield f"<p><strong>{called}{results['called']}</strong></p><p>{both(NOTE)}</p>"
    for ground, name in results["grounds"].items():
        reference = results["groups"][f"{ground}.{results['references'][ground]}"]
        yield f"<h2>{both(name)}</h2><p>{both(COMPARED)}{both(reference)}</p>"
        for outcome, words in OUTCOMES.items():
            rows = [r for r in results["rows"] if (r["ground"], r["outcome"]) == (ground, outcome)]
            if rows:
                yield f"<h3>{both(name)}: {both(words)}</h3>"
                yield from _table(rows, results["groups"], words)


def _table(rows: Sequence[Document], groups: Mapping[str, Words], title: Words) -> Iterator[str]:
    named = [groups[f"{row['ground']}.{row['group']}"] for row in rows]
    yield effect_plot(
        [
            Bar(name, row["effect"], row["low"] or 0.0, row["high"] or 0.0)
            for row, name in zip(rows, named, strict=True)
        ],
        title,
    )
    heads = "".join(f"<th scope=col>{both(head)}</th>" for head in HEADS)
    yield f"<table><thead><tr>{heads}</tr></thead><tbody>"
    for row, name in zip(rows, named, strict=True):
        cells = "".join(f'<td class="n">{cell}</td>' for cell in _cells(row))
        verdict = f'<span class="verdict does_not">{both(DIFFERS)}</span>' if row["called"] else ""
        yield f'<tr><th scope="row">{both(name)}</th>{cells}<td>{verdict}</td></tr>'
    yield "</tbody></table>"


def _cells(row: Document) -> tuple[Any, ...]:
    if row["hidden"]:
        return (row["pairs"], both(HIDDEN), "—", "—", "—")
    reach = "—" if row["low"] is None else f"{row['low']:+.1%} – {row['high']:+.1%}"
    least = "—" if row["least"] is None else f"{row['least']:.1%}"
    return (row["pairs"], f"{row['effect']:+.1%}", reach, f"{row['p_family']:.4f}", least)

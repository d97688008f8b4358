"""What a provider attests of its customers' data, in one document and one page. Pure.

    by = "Chen Wei, head of compliance"
    on = 2026-11-28

    [kept_apart]
    holds = true
    evidence = "storage policy 3.2, sha256 …"

    [not_seen_by_rivals]
    holds = false
    why = "Until March one dashboard shows usage to product managers."

It refuses to believe: what is attested is shown as attested, beside what is offered as evidence.

Rules
1. Every statement of the pack is answered, by a person who is named; nothing else is said.
2. What holds names its evidence, and what does not says why.
3. It ends after the pack's `valid_days`: what was true then need not be true now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from html import escape
from typing import Any

from licet.assess.report import VERSION, Document
from licet.assess.report_html import both, whole_page
from licet.base.canonical import sha256_hex
from licet.base.clock import rfc3339
from licet.base.tomlsource import TomlSource
from licet.base.trouble import BadInput
from licet.rulebook import Attestation, Pack

Words = Mapping[str, str]
SAY: Mapping[str, Words] = {
    "title": {"zh": "数据分离声明", "en": "Attestation on data separation"},
    "by": {"zh": "声明人", "en": "Attested by"},
    "on": {"zh": "声明日期", "en": "On"},
    "until": {"zh": "有效至", "en": "Holds until"},
    "statement": {"zh": "声明事项", "en": "Statement"},
    "holds": {"zh": "属实", "en": "Holds"},
    "not": {"zh": "不属实", "en": "Does not hold"},
    "grounds": {"zh": "结论，依据或者原因", "en": "Whether it holds; evidence, or why not"},
    "rules": {"zh": "规则包", "en": "Rules"},
    "demo": {"zh": "演示，不代表任何真实服务。", "en": "DEMONSTRATION. Of no real service."},
    "note": {
        "zh": "以上由声明人负责，本软件未予核实；是否构成不正当竞争由主管部门认定。",
        "en": "Whoever attests answers for it; this software has not verified it. Whether "
        "competition is unfair is for the authority to find.",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """One statement: whether it holds, and the evidence, or why it does not."""

    holds: bool
    grounds: str


@dataclass(frozen=True, slots=True)
class Attested:
    """Who attests what, and on which day, by statement in the pack's order."""

    by: str
    on: date
    answers: Mapping[str, Answer]


def blank(rule: Attestation) -> str:
    """The file to be filled in."""
    lines = ['by = ""  # name and office', "on = 2026-01-01", ""]
    for one in rule.statements.values():
        lines += [*(f"# {text}" for text in one.text.values()), f"[{one.id}]", "holds = true",
                  'evidence = ""', ""]  # fmt: skip
    return "\n".join(lines)


def parse_attested(name: str, text: str, rule: Attestation) -> Attested:
    """What is attested. Raises BadInput with file and line (rules 1 and 2)."""
    source = TomlSource(name, text)
    found = dict(source.parse())
    by, on = found.pop("by", None), found.pop("on", None)
    if not isinstance(by, str) or not by.strip():
        raise source.fault(("by",), "nobody attests.", 'Write by = "Name, office".')
    if not isinstance(on, date) or isinstance(on, datetime):
        raise source.fault(("on",), "the day is missing.", "Write on = 2026-11-28.")
    for key in found:
        if key not in rule.statements:
            hint = f"One of: {', '.join(rule.statements)}."
            raise source.fault((key,), f"the pack has no statement {key}.", hint)
    answers = {key: _answer(source, key, found.get(key)) for key in rule.statements}
    return Attested(by.strip(), on, answers)


def _answer(source: TomlSource, key: str, given: Any) -> Answer:
    if not isinstance(given, Mapping) or not isinstance(given.get("holds"), bool):
        hint = f"Write [{key}] with holds = true and evidence, or holds = false and why."
        raise source.fault((key,), f"{key} is not answered.", hint)
    want = "evidence" if given["holds"] else "why"
    grounds = given.get(want)
    if not isinstance(grounds, str) or not grounds.strip() or len(given) != 2:
        raise source.fault((key,), f"{key} goes with {want}, and nothing else.",
                           f'Write {want} = "…".')  # fmt: skip
    return Answer(given["holds"], grounds.strip())


def make_attestation(
    attested: Attested, text: str, pack: Pack, now: datetime, *, demo: bool
) -> Document:
    """The document. `text`: the file that it was made from. Raises BadInput for a day that is to
    come, or one so long ago that it holds no more (rule 3)."""
    rule = pack.assessment.attestation
    assert rule is not None
    until = attested.on + timedelta(days=rule.valid_days)
    if not attested.on <= now.date() <= until:
        hint = f"It is attested on a day, and holds for {rule.valid_days} days from then."
        raise BadInput(f"{attested.on} does not fit today.", hint=hint)
    return {
        "report": VERSION,
        "kind": "attestation",
        "made": rfc3339(now),
        "demo": demo,
        "pack": {"id": pack.id, "version": pack.version, "sha256": pack.digest},
        "results": {
            "by": attested.by,
            "on": attested.on.isoformat(),
            "until": until.isoformat(),
            "statements": [
                {"id": key, "text": dict(rule.statements[key].text), "holds": one.holds,
                 "grounds": one.grounds}
                for key, one in attested.answers.items()
            ],
        },
        "evidence": {"sha256": sha256_hex(text.encode("utf-8"))},
    }  # fmt: skip


def render_attestation(document: Document, lang: str = "en") -> str:
    """The page. `lang` is the language that it opens in."""
    return whole_page(SAY["title"], lang, tuple(_body(document)))


def _body(document: Document) -> Iterator[str]:
    results, pack = document["results"], document["pack"]
    yield f"<h1>{both(SAY['title'])}</h1>"
    if document["demo"]:
        yield f'<p class="demo">{both(SAY["demo"])}</p>'
    yield '<table class="facts"><tbody>'
    facts = {key: results[key] for key in ("by", "on", "until")}
    facts["rules"] = f"{pack['id']} {pack['version']}"
    for key, value in facts.items():
        yield f'<tr><th scope="row">{both(SAY[key])}</th><td>{escape(value)}</td></tr>'
    heads = "".join(f"<th scope=col>{both(SAY[key])}</th>" for key in ("statement", "grounds"))
    yield f"</tbody></table><table><thead><tr>{heads}</tr></thead><tbody>"
    for one in results["statements"]:
        kind, said = ("conforms", "holds") if one["holds"] else ("does_not", "not")
        verdict = f'<span class="verdict {kind}">{both(SAY[said])}</span>'
        yield f"<tr><td>{both(one['text'])}</td>"
        yield f"<td>{verdict}<br>{escape(one['grounds'])}</td></tr>"
    yield f"</tbody></table><p>{both(SAY['note'])}</p>"

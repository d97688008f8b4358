"""Do banks hold what the pack asks for? A list of gaps, heading by heading.

It refuses to judge whether a question is a good one; people do.

Rules
1. Every heading that a rule counts has a row, also where it has nothing: what an operator must
   author is shown as such, never skipped.
2. Items count once, however many banks hold them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from licet.assess.bank import Bank, serving
from licet.base.trouble import BadInput
from licet.rulebook import BankRule, Pack


@dataclass(frozen=True, slots=True)
class Row:
    """What there is under one heading, in all and by language, beside what is asked for.

    `author` says who must write what lacks: `operator` where the pack says that the operator
    answers for the risk, else `anyone`.
    """

    heading: str
    name: Mapping[str, str]
    there: int
    by_lang: Mapping[str, int]
    asked: int
    author: str

    @property
    def gap(self) -> int:
        return max(0, self.asked - self.there)


@dataclass(frozen=True, slots=True)
class BankReport:
    """A rule of the pack, its rows, and how many there are in all."""

    rule: BankRule
    there: int
    rows: tuple[Row, ...]

    @property
    def gap(self) -> int:
        """How many lack in all, besides those that lack under a heading."""
        return max(0, self.rule.total - self.there)

    @property
    def is_complete(self) -> bool:
        return not self.gap and not any(row.gap for row in self.rows)


def check_banks(banks: Iterable[Bank], pack: Pack) -> tuple[BankReport, ...]:
    """The reports on every rule that banks can serve, in the pack's order.

    Raises BadInput for a bank that serves no rule of the pack, or has a heading unknown to it.
    """
    banks = tuple(banks)
    asked = pack.assessment
    known = {*pack.risks, *asked.aspects}
    for bank in banks:
        for rule in bank.serves:
            if rule not in asked.banks:
                hint = f"One of: {', '.join(asked.banks)}."
                raise BadInput(f"{bank.id} serves {rule!r}, which {pack.id} lacks.", hint=hint)
        for item in bank.items:
            if item.heading not in known:
                hint = "Headings are risks (A.1.d) and aspects: " + ", ".join(asked.aspects) + "."
                raise BadInput(f"{bank.id}: there is no heading {item.heading!r}.", hint=hint)
    return tuple(_report(banks, rule, pack) for rule in asked.banks.values())


def _report(banks: tuple[Bank, ...], rule: BankRule, pack: Pack) -> BankReport:
    items = serving(banks, rule.id)
    there = Counter(item.heading for item in items)
    langs = Counter((item.heading, item.lang) for item in items)

    def row(heading: str, name: Mapping[str, str], asked: int, author: str) -> Row:
        by_lang = {lang: langs[heading, lang] for lang in pack.languages}
        return Row(heading, name, there[heading], by_lang, asked, author)

    rows = [
        row(risk.id, risk.name, rule.per_risk.get(risk.group, 0),
            "operator" if risk.coverage == "operator-authored" else "anyone")
        for risk in pack.risks.values()
        if risk.group in rule.per_risk or there[risk.id]
    ]  # fmt: skip
    rows += [
        row(aspect.id, aspect.name, rule.per_aspect or 0, "anyone")
        for aspect in pack.assessment.aspects.values()
        if rule.per_aspect or there[aspect.id]
    ]
    return BankReport(rule, len(items), tuple(rows))

"""What covers each risk of a pack: coverage as the pack claims it, and what there is behind it.

Parse, call, render. It refuses to know how well a risk is covered: that is measured
(docs/what-the-guard-misses.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from licet.gateway.bundling import shipped_rules, shipped_weights
from licet.guard.classifier import Classifier
from licet.guard.ruleset import parse_rules
from licet.rulebook import Pack, Risk

OPERATOR = "your rules: category operator, or one of your own"
ELSEWHERE = "assessment, sampling and complaint"


@dataclass(frozen=True, slots=True)
class Means:
    """What ships for one category: the ids of its rules, and whether the classifier scores it."""

    rules: tuple[str, ...]
    scored: bool

    def __bool__(self) -> bool:
        return bool(self.rules) or self.scored

    def __str__(self) -> str:
        parts = [f"{len(self.rules)} rule{'s' * (len(self.rules) != 1)}"] if self.rules else []
        return ", ".join(parts + ["classifier"] * self.scored) or "nothing"


def shipped_means() -> Mapping[str, Means]:
    """By category, everything that ships with this version."""
    rules: dict[str, list[str]] = {}
    for name, text in shipped_rules().items():
        for rule in parse_rules(text, name):
            rules.setdefault(rule.category, []).append(rule.id)
    scored = Classifier.from_bytes(shipped_weights()).categories
    names = {**rules, **dict.fromkeys(scored)}
    return {name: Means(tuple(rules.get(name, ())), name in scored) for name in names}


def empty_claims(pack: Pack, means: Mapping[str, Means]) -> list[str]:
    """What a pack says is shipped and is not, one line each; empty where all is true."""
    faults = [
        f"{risk.id} names {category}, for which nothing ships"
        for risk in pack.risks.values()
        for category in risk.categories
        if not means.get(category)
    ]
    return faults + [
        f"{category} is judged by what ships, and the pack does not name it"
        for category in means
        if category not in pack.categories
    ]


def judged_by(risk: Risk, means: Mapping[str, Means]) -> str:
    """What judges a risk, in one line."""
    if risk.coverage == "operator-authored":
        return OPERATOR
    if risk.coverage == "assessment-only":
        return ELSEWHERE
    return "; ".join(f"{name} ({means.get(name, Means((), False))})" for name in risk.categories)


def means_lines(risk: Risk, means: Mapping[str, Means]) -> Iterator[str]:
    """Of a shipped risk, what stands behind each of its categories."""
    for name in risk.categories:
        found = means.get(name, Means((), False))
        yield f"{name:<9} {', '.join(found.rules) or 'no rule'}; " + (
            "scored by the classifier" if found.scored else "not scored by the classifier"
        )


def risks_as_objects(pack: Pack, means: Mapping[str, Means]) -> list[dict[str, Any]]:
    """Every risk with its coverage and means, for programs."""
    return [
        {
            "id": risk.id,
            "name": dict(risk.name),
            "coverage": risk.coverage,
            "reason": dict(risk.reason),
            "categories": [
                {"id": name, "rules": list(found.rules), "scored": found.scored}
                for name in risk.categories
                for found in [means.get(name, Means((), False))]
            ],
        }
        for risk in pack.risks.values()
    ]


def risks_as_markdown(pack: Pack, means: Mapping[str, Means]) -> Iterator[str]:
    """The table of docs/risks.md."""
    for group in pack.catalogue.groups.values():
        yield f"### {group.id} {group.name['en']} · {group.name['zh']}"
        yield ""
        yield "| risk | | coverage | judged by | why so |"
        yield "|---|---|---|---|---|"
        for risk in pack.risks.values():
            if risk.group == group.id:
                name = f"{risk.name['en']} · {risk.name['zh']}"
                by = "<br>".join(f"{one} ({_kinds(means.get(one))})" for one in risk.categories)
                by = by or judged_by(risk, means)
                yield f"| {risk.id} | {name} | {risk.coverage} | {by} | {risk.reason['en']} |"
        yield ""


def _kinds(found: Means | None) -> str:
    """Without counts: a page should not change with every rule."""
    if not found:
        return "nothing"
    return ", ".join(["rules"] * bool(found.rules) + ["classifier"] * found.scored)

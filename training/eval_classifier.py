"""Evaluation: what the classifier gets right and wrong on text that did not teach it.

    python training/eval_classifier.py --data DIR --weights FILE [--markdown]

It refuses to choose thresholds by recall: it finds the lowest that keep every lawful set within
the budget for false stops, prints them as TOML for the rulebook, and says what they cost.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import budget
import corpus
import numpy as np
from corpus import Row
from measure import Floats, auprc, calibration_error, f1, recall_at

from licet.guard.classifier import Classifier, Scores


@dataclass(frozen=True, slots=True)
class Judged:
    """A row and what was said of it."""

    row: Row
    scores: Scores
    screened: bool


def judged(classifier: Classifier, rows: list[Row]) -> list[Judged]:
    """Each row with its thorough scores, and whether the screen would have passed it."""
    return [
        Judged(
            row,
            classifier.judge(row.text, row.role, thorough=True),
            classifier.judge(row.text, row.role).screened,
        )
        for row in rows
    ]


def harms(items: list[Judged]) -> Floats:
    return np.array([item.scores.harm for item in items])


def table(head: tuple[str, ...], rows: list[tuple[object, ...]]) -> None:
    """Prints a Markdown table."""
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        cells = (f"{cell:.3f}" if isinstance(cell, float) else str(cell) for cell in row)
        print("| " + " | ".join(cells) + " |")
    print()


def groups(items: list[Judged], key: Callable[[Row], str]) -> dict[str, list[Judged]]:
    out: dict[str, list[Judged]] = {}
    for item in items:
        out.setdefault(key(item.row), []).append(item)
    return dict(sorted(out.items()))


def print_ranking(title: str, found: dict[str, list[Judged]], halt: float, flag: float) -> None:
    print(f"### {title}\n")
    rows: list[tuple[object, ...]] = []
    for name, items in found.items():
        score, truth = harms(items), np.array([item.row.harmful for item in items])
        if not truth.any() or truth.all():
            continue
        always = 2 * truth.mean() / (1 + truth.mean())
        rows.append(
            (
                name,
                len(items),
                float(truth.mean()),
                f1(score >= 0.5, truth),
                float(always),
                f1(score >= flag, truth),
                auprc(score, truth),
                recall_at(score, truth, 0.01),
                recall_at(score, truth, 0.001),
                float((score[truth] >= halt).mean()),
                float((score[truth] >= flag).mean()),
                calibration_error(score, truth),
            )
        )
    head = ("group", "rows", "harmful", "F1 at 0.5", "F1 of flag-all", "F1 at flag", "AUPRC")
    head += ("R at 1 % FP", "R at 0.1 % FP", "recall halt", "recall flag", "ECE")
    table(head, rows)


def print_categories(bad: list[Judged], lawful: list[Judged], halt: float, flag: float) -> None:
    print("### By category (harmful rows of it against all lawful rows)\n")
    rows: list[tuple[object, ...]] = []
    for name, items in groups(bad, lambda row: row.category or "none given").items():
        both = items + lawful
        truth = np.array([True] * len(items) + [False] * len(lawful))
        score = harms(both)
        own = score
        if name in items[0].scores.categories:
            own = np.array([item.scores.categories[name] for item in both])
        row = (name, len(items), auprc(own, truth), recall_at(score, truth, 0.01))
        row += (recall_at(score, truth, 0.001),)
        rows.append(
            (*row, float((harms(items) >= halt).mean()), float((harms(items) >= flag).mean()))
        )
    head = ("category", "rows", "AUPRC own score", "R at 1 % FP", "R at 0.1 % FP")
    table((*head, "recall halt", "recall flag"), rows)


def print_lawful(sets: dict[str, list[Judged]], halt: float, flag: float) -> None:
    print("### False stops on lawful sets (%)\n")
    rows: list[tuple[object, ...]] = [
        (
            name,
            len(items),
            float(100 * (harms(items) >= halt).mean()),
            float(100 * (harms(items) >= flag).mean()),
            float(100 * np.mean([not item.screened for item in items])),
        )
        for name, items in sorted(sets.items())
    ]
    table(("set", "rows", "halted %", "flagged %", "past the screen %"), rows)


def print_screen(items: list[Judged], halt: float, flag: float) -> None:
    kept = np.array([not item.screened for item in items])
    score = harms(items)
    for name, limit in (("halt", halt), ("flag", flag)):
        over = score >= limit
        print(f"Screen keeps {100 * kept[over].mean():.2f} % of {int(over.sum())} at {name}.")
    print()


def hidden(classifier: Classifier, bad: list[Row], lawful: list[Row], limit: float) -> list[float]:
    """Shares of harmful rows stopped alone, after 200 lawful characters, and between two 320s."""
    out = []
    for before, after in ((0, 0), (200, 0), (320, 320)):
        stopped = 0
        for i, row in enumerate(bad):
            text = lawful[i % len(lawful)].text
            around = f"{text[:before]}\n{row.text}\n{text[before : before + after]}".strip()
            stopped += classifier.judge(around, row.role).harm >= limit
        out.append(stopped / max(1, len(bad)))
    return out


def print_hidden(classifier: Classifier, dev: list[Judged], lawful: list[Judged], halt: float,
                 flag: float) -> None:  # fmt: skip
    print("### Short harmful texts within lawful ones, with the screen (recall)\n")
    rows: list[tuple[object, ...]] = []
    for lang in ("en", "zh"):
        # Lawful texts that the classifier finds lawful, so that only the harmful ones count.
        calm = [i.row for i in lawful if i.row.lang == lang and i.screened]
        calm = [row for row in calm if len(row.text) >= 640]
        for role in ("prompt", "comment"):
            bad = [i.row for i in dev if (i.row.lang, i.row.role) == (lang, role)]
            bad = [row for row in bad if row.harmful and 20 < len(row.text) < 120]
            for name, limit in (("halt", halt), ("flag", flag)):
                found = hidden(classifier, bad, calm, limit)
                rows.append((f"{lang} {role}", len(bad), name, *found))
    table(("group", "rows", "limit", "alone", "after 200", "within 640"), rows)


def print_baseline(dev: list[Judged], lawful: list[Judged], flag: float) -> None:
    print("### Beside the baseline (dev figures; the baseline flagged at its own dev threshold)\n")
    cold = [item for item in dev if item.row.source == "cold"]
    truth = np.array([item.row.harmful for item in cold])
    prompts = [i for i in dev if i.row.role == "prompt" and i.row.harmful and i.row.lang == "en"]
    english = [i for i in lawful if i.row.lang == "en" and i.row.role == "prompt"]
    news = [i for i in lawful if i.row.source == "fewclue-tnews"]
    rows: list[tuple[object, ...]] = [
        ("offensive Chinese, COLD dev, F1 (ours at 0.5)", 0.87, f1(harms(cold) >= 0.5, truth)),
        ("harmful requests, recall (en)", 0.90, float((harms(prompts) >= flag).mean())),
        ("ordinary English instructions flagged", 0.29, float((harms(english) >= flag).mean())),
        ("news flagged", 0.15, float((harms(news) >= flag).mean())),
    ]
    table(("figure", "baseline", "ours"), rows)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure a classifier.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True)
    given = parser.parse_args()
    data = given.weights.read_bytes()
    classifier = Classifier.from_bytes(data)
    print(f"Weights {classifier.name}, sha256 {hashlib.sha256(data).hexdigest()}\n")
    dev = judged(classifier, corpus.labelled(given.data, "dev", only_licensed=False))
    lawful_rows = corpus.benign(given.data, "dev", only_licensed=False) + corpus.own("dev")
    lawful = judged(classifier, lawful_rows)
    halt, flag = budget.thresholds(lawful_rows, harms(lawful))
    print(f"halt = {halt:.4f}, flag = {flag:.4f}\n")
    print_baseline(dev, lawful, flag)
    everything = dev + lawful
    by_role = groups(everything, lambda row: f"{row.lang} {row.role}")
    print_ranking("By language and role, lawful sets included", by_role, halt, flag)
    by_set = groups(dev, lambda row: row.source)
    print_ranking("By set, among its own rows", by_set, halt, flag)
    print_categories([i for i in dev if i.row.harmful], lawful, halt, flag)
    print_lawful(groups(lawful, budget.set_name), halt, flag)
    print_screen(everything, halt, flag)
    print_hidden(classifier, dev, lawful, halt, flag)


if __name__ == "__main__":
    main()

"""Evaluation of the encoder alone, on text that did not teach it.

    python training/eval_encoder.py --data DIR --weights FILE [--most N]

It refuses to choose thresholds: `budget` finds those that keep every lawful set within bounds.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import budget
import encoder_rows
import numpy as np
from corpus import Row
from encoder_rows import Example
from eval_classifier import table
from measure import Floats, auprc, calibration_error, f1, limit_at, recall_at

from licet.guard.classifier import WEIGHTS, Classifier, group_of
from licet.guard.encoder import Encoder
from licet.guard.encoder.model import GROUPS

FLAG_SHARE, PROMPT_FLAG_SHARE, OWN_FLAG_SHARE = 0.05, 0.08, 0.08
"""Of any lawful set, of one of prompts, and of our own hard sentences, that may be flagged: a flag
stops nothing."""
OWN_PROMPTS = (budget.OWN, "own-late")
"""Where prompts are flagged these are one set: each is too small to decide alone."""
FEW = 50
"""Sets with fewer lawful texts of a group are one set where flags are bound: of eighteen texts two
are more than a tenth, and say nothing of the others like them."""
FLAG_LEAST = 0.5
"""Nothing is flagged that is more likely lawful."""
SHIPPED = Path(__file__).resolve().parents[1] / "src/licet/guard/classifier" / WEIGHTS


def harms(encoder: Encoder, judge: Classifier, examples: list[Example], calls: int = 64) -> Floats:
    """The harm of each example, asked in lots of `calls` of one role."""
    out = np.zeros(len(examples))
    for role in ("prompt", "reply", "comment"):
        places = [i for i, each in enumerate(examples) if each.row.role == role]
        places.sort(key=lambda i: len(examples[i].row.text))
        for start in range(0, len(places), calls):
            some = places[start : start + calls]
            texts = [examples[i].row.text for i in some]
            before = [examples[i].context for i in some]
            priors = [judge.strengths(text, role) for text in texts]
            scores = encoder.judge(texts, role, before, priors)
            out[some] = [score.harm for score in scores]
    return out


def print_sets(examples: list[Example], score: Floats) -> None:
    truth = np.array([each.row.harmful or each.row.injection for each in examples])
    names = np.array([f"{e.row.source} {e.row.lang} {e.row.role}" for e in examples])
    lawful = ~truth
    rows: list[tuple[object, ...]] = []
    for name in np.unique(names):
        mine = names == name
        t, s = truth[mine], score[mine]
        if t.any() and not t.all():
            best = max(
                float(((s >= limit) == t).mean())
                for limit in np.quantile(s, np.linspace(0, 1, 99))
            )
            rows.append((name, len(t), float(t.mean()), auprc(s, t), f1(s >= 0.5, t),
                         float(((s >= 0.5) == t).mean()), best, recall_at(s, t, 0.08),
                         calibration_error(s, t)))  # fmt: skip
    table(("set", "rows", "harmful", "AUPRC", "F1 at .5", "accuracy at .5", "best accuracy",
           "R at 8 % FP", "ECE"), rows)  # fmt: skip
    calm = score[lawful]
    limits = [limit_at(calm, share) for share in (0.08, 0.01)]
    rows = [
        (name, int((names == name).sum()), "harmful" if truth[names == name].all() else "lawful",
         *(100 * float((score[names == name] >= limit).mean()) for limit in (0.5, *limits)))
        for name in np.unique(names)
        if truth[names == name].all() or not truth[names == name].any()
    ]  # fmt: skip
    table(
        ("set", "rows", "side", "% at .5", f"% at {limits[0]:.3f}", f"% at {limits[1]:.3f}"), rows
    )


def print_limits(examples: list[Example], score: Floats) -> None:
    """The thresholds of each group, for the pack."""
    groups = np.array([group_of(each.row.text, each.row.role) for each in examples])
    harmful = np.array([each.row.harmful or each.row.injection for each in examples])
    sources = np.array([each.row.source for each in examples])
    # The lawful side of a set with doubted labels binds nothing: some of it is harmful.
    pure = ~np.isin(sources, np.unique(sources[harmful])) | (sources == budget.OWN)
    found = []
    for group in GROUPS:
        lawful = (groups == group) & pure
        rows = [each.row for each, mine in zip(examples, lawful, strict=True) if mine]
        halt, _ = budget.thresholds(rows, score[lawful], halted_rows=1)
        prompts = group.startswith("prompt.")
        pooled = _pooled(rows, OWN_PROMPTS if prompts else ())
        share = PROMPT_FLAG_SHARE if prompts else FLAG_SHARE
        flag = budget.thresholds(pooled, score[lawful], share, OWN_FLAG_SHARE)[1]
        flag = min(halt, max(flag, FLAG_LEAST))
        caught = score[(groups == group) & harmful]
        shares = (float((caught >= limit).mean()) for limit in (halt, flag))
        found.append((group, halt, flag, *shares))
    table(("group", "halt", "flag", "halted of the harmful", "flagged of the harmful"), found)


def _pooled(rows: list[Row], ours: tuple[str, ...]) -> list[Row]:
    """The rows with the set that each counts to where flags are bound."""
    count = Counter(map(budget.set_name, rows))

    def counted(row: Row) -> Row:
        if row.source == budget.OWN or row.source in ours:
            return replace(row, source=budget.OWN)
        few = count[budget.set_name(row)] < FEW
        return replace(row, source="few", lang="", role="") if few else row

    return list(map(counted, rows))


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure an encoder.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--most", type=int, default=700, help="rows of a set, role and side")
    given = parser.parse_args()
    data = given.weights.read_bytes()
    encoder = Encoder.from_bytes(data)
    print(f"Weights {encoder.name}, sha256 {hashlib.sha256(data).hexdigest()}\n")
    import encoder_export

    encoder_export.ROWS_A_SET = given.most
    examples = encoder_export.sampled(encoder_rows.measuring(given.data))
    began = time.perf_counter()
    judge = Classifier.from_bytes(SHIPPED.read_bytes())
    score = harms(encoder, judge, examples)
    print(f"{len(examples) / (time.perf_counter() - began):.0f} texts/s\n")
    print_sets(examples, score)
    print_limits(examples, score)
    apart = encoder_rows.apart()
    print_sets(apart, harms(encoder, judge, apart))


if __name__ == "__main__":
    main()

"""Evaluation of the encoder alone, on text that did not teach it.

    python training/eval_encoder.py --data DIR --weights FILE [--most N]

It refuses to choose thresholds: `budget` finds those that keep every lawful set within bounds.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from pathlib import Path

import budget
import encoder_rows
import numpy as np
from encoder_rows import Example
from eval_classifier import table
from measure import Floats, auprc, calibration_error, f1, limit_at, recall_at

from licet.guard.encoder import Encoder

LAWFUL_SHARE = 0.08


def harms(encoder: Encoder, examples: list[Example], calls: int = 64) -> Floats:
    """The harm of each example, asked in lots of `calls` of one role."""
    out = np.zeros(len(examples))
    for role in ("prompt", "reply", "comment"):
        places = [i for i, each in enumerate(examples) if each.row.role == role]
        places.sort(key=lambda i: len(examples[i].row.text))
        for start in range(0, len(places), calls):
            some = places[start : start + calls]
            scores = encoder.judge(
                [examples[i].row.text for i in some], role, [examples[i].context for i in some]
            )
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
    score = harms(encoder, examples)
    print(f"{len(examples) / (time.perf_counter() - began):.0f} texts/s\n")
    print_sets(examples, score)
    lawful = [i for i, e in enumerate(examples) if not (e.row.harmful or e.row.injection)]
    halt, flag = budget.thresholds([examples[i].row for i in lawful], score[lawful])
    print(f"halt = {halt:.4f}, flag = {flag:.4f}")


if __name__ == "__main__":
    main()

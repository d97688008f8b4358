"""What our own rows teach beyond the public sets: a quick linear model with and without them.

    python training/own_worth.py --data DIR [--lang en]

It refuses to know the model that ships: its figures compare data, not judges. Held templates
(functional.py) and the hard sentences that measure are scored; nothing is written.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import corpus
import functional
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

FEATURES = 2**19
INVERSE_PENALTY = 4.0
OWN_WEIGHT = 3.0
"""Of a template's rows together, in square roots of their count."""
FLAGGED = 0.5


class Linear:
    """Logistic regression on character n-grams within words."""

    def __init__(self, labelled: Iterable[tuple[str, bool, float]]) -> None:
        self._reader = HashingVectorizer(
            analyzer="char_wb", ngram_range=(2, 5), n_features=FEATURES, alternate_sign=False
        )
        texts, harmful, weights = zip(*labelled, strict=True)
        self._model = LogisticRegression(C=INVERSE_PENALTY, max_iter=200)
        self._model.fit(self._reader.transform(texts), harmful, sample_weight=weights)

    def scores(self, texts: list[str]) -> list[float]:
        """The probability of harm, 0 to 1, of each text."""
        return list(self._model.predict_proba(self._reader.transform(texts))[:, 1])


def main() -> None:
    """Print the two models' figures as Markdown."""
    parser = argparse.ArgumentParser(description="Compare training with and without own rows.")
    parser.add_argument("--data", type=Path, required=True, help="folder with text/")
    parser.add_argument("--lang", choices=("en", "zh"), default="en")
    given = parser.parse_args()
    public = corpus.labelled(given.data, "train", only_licensed=True)
    public += corpus.benign(given.data, "train", only_licensed=True)
    # Most of that set's replies are harmful to their question only.
    taught = [
        (row.text, row.harmful, 1.0)
        for row in public
        if row.lang == given.lang and row.source != "diasafety"
    ]
    own = [row for row in functional.rows() if row.lang == given.lang]
    count = Counter(row.template for row in own)
    mine = [
        (row.text, row.harmful, OWN_WEIGHT / count[row.template] ** 0.5)
        for row in own
        if not row.held
    ]
    hard = [row.text for row in corpus.own("dev") if row.lang == given.lang]
    roles = ("prompt", "reply", "comment")
    print(f"| taught by | {' | '.join(f'{role}, AUC' for role in roles)} | hard lawful, flagged |")
    print("|---|---|---|---|---|")
    for name, rows in (("public rows", taught), ("public and own rows", taught + mine)):
        model = Linear(rows)
        cells = []
        for role in roles:
            held = [row for row in own if row.held and row.role == role]
            scores = model.scores([row.text for row in held])
            cells.append(f"{roc_auc_score([row.harmful for row in held], scores):.2f}")
        flagged = sum(score >= FLAGGED for score in model.scores(hard)) / len(hard)
        print(f"| {name} | {' | '.join(cells)} | {flagged:.1%} of {len(hard)} |")


if __name__ == "__main__":
    main()

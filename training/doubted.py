"""Doubted labels: which rows of COLD teach that naming prejudice is an offence.

    python training/doubted.py --data DIR

It refuses to relabel. COLD's training labels were made semi-automatically, and of its rows with
words such as 歧视 ("discrimination") nine in ten are labelled offensive, pleas against prejudice
among them: whoever learns from them flags those who object. A row is doubted, and teaches
nothing, if

1. it is of COLD's train part, labelled offensive, and names prejudice (PREJUDICE); and
2. a model that learned from everything else, our own twins included, gives it at most DOUBT.

The ids are written to doubted.txt, which `corpus.labelled` reads. Nothing here reads dev rows.
"""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import corpus
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression

PREJUDICE = re.compile("歧视|偏见|地域黑|一棍子|以偏概全|哪里都有|地图炮|刻板印象|平等|污名")
DOUBT = 0.5
FEATURES = 2**19
INVERSE_PENALTY = 4.0


def doubted(data: Path) -> list[str]:
    """Ids of the doubted rows, sorted; the same on the same kind of machine."""
    raws = [
        raw
        for raw in corpus.read_jsonl(data / "text" / "train.jsonl.gz")
        if raw["lang"] == "zh" and raw["train_ok"]
    ]
    suspects = [raw for raw in raws if _suspect(raw)]
    taught = [(str(raw["text"]), bool(raw["harmful"])) for raw in raws if not _suspect(raw)]
    lawful = corpus.benign(data, "train", only_licensed=True) + corpus.functional("train")
    taught += [(row.text, row.harmful) for row in lawful if row.lang == "zh" and not row.injection]
    reader = HashingVectorizer(
        analyzer="char", ngram_range=(1, 4), n_features=FEATURES, alternate_sign=False, binary=True
    )
    model = LogisticRegression(C=INVERSE_PENALTY, solver="liblinear", random_state=0)
    model.fit(reader.transform(text for text, _ in taught), [harmful for _, harmful in taught])
    scores = model.predict_proba(reader.transform(str(raw["text"]) for raw in suspects))[:, 1]
    return sorted(
        str(raw["id"]) for raw, score in zip(suspects, scores, strict=True) if score <= DOUBT
    )


def _suspect(raw: dict[str, object]) -> bool:
    named = PREJUDICE.search(str(raw["text"])) is not None
    return raw["set"] == "cold" and bool(raw["harmful"]) and named


def main() -> None:
    parser = argparse.ArgumentParser(description="Find COLD's rows that blame naming prejudice.")
    parser.add_argument("--data", type=Path, required=True, help="folder with text/")
    ids = doubted(parser.parse_args().data)
    corpus.DOUBTED.write_text("".join(f"{each}\n" for each in ids), encoding="utf-8")
    print(f"{len(ids)} rows are doubted and teach nothing")


if __name__ == "__main__":
    main()

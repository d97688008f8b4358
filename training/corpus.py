"""The corpus: which texts the classifier learns from, and what each is made to say.

It refuses to know features and weights. Rows come from a data folder (its fields are listed in
training/README.md) and from the sentences that we wrote ourselves, which lie beside this file.

Rules
1. Only rows with `train_ok` are learned from; the others may measure, never teach.
2. A row is on one side: what measures (`dev`) never teaches, whatever its set.
3. Nothing of our own repeats a row that measures or that may not teach (`near`).
4. A row whose label is doubted (doubted.py) measures, and never teaches.
5. Chance comes from the generator that is handed in, drawn in a fixed order.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import functional as templates
import numpy as np

CATEGORIES = tuple(name for name in templates.CATEGORIES if name != "false_information")
"""What the models score; no text shows by itself that it is false."""
OWN = Path(__file__).parent
DOUBTED = OWN / "doubted.txt"
ROWS_PER_FAIRNESS_SET = 800


@dataclass(frozen=True, slots=True)
class Row:
    """One text. harmful and injection are what the two tables learn; category may be unknown."""

    text: str
    source: str
    lang: str
    role: str
    harmful: bool
    category: str | None
    injection: bool = False
    weight: float = 1.0


def read_jsonl(path: Path) -> Iterator[dict[str, object]]:
    """The objects of a .jsonl or .jsonl.gz file, in order."""
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
    for line in text.split("\n"):
        if line.strip():
            yield json.loads(line)


def row_of(raw: dict[str, object]) -> Row:
    """One row of a data set."""
    category = raw.get("category")
    return Row(
        text=str(raw["text"]),
        source=str(raw["set"]),
        lang=str(raw["lang"]),
        role=str(raw["role"]),
        harmful=bool(raw["harmful"]),
        category=str(category) if category in CATEGORIES else None,
    )


def labelled(data: Path, part: str, *, only_licensed: bool) -> list[Row]:
    """Rows of text/<part>.jsonl.gz without tweets whose only fault is swearing.

    In train, also without doubted labels and without what is harmful only in its context.
    """
    left_out = doubts() if part == "train" else frozenset()
    return [
        row_of(raw)
        for raw in read_jsonl(data / "text" / f"{part}.jsonl.gz")
        if (raw["train_ok"] or not only_licensed)
        and not (raw["set"] == "davidson" and raw["source_label"] == "offensive")
        and not (part == "train" and _needs_context(raw))
        and raw["id"] not in left_out
    ]


def doubts() -> frozenset[str]:
    """Ids of public rows whose label `doubted.py` doubts: they teach nothing."""
    return frozenset(DOUBTED.read_text(encoding="utf-8").split())


def _needs_context(raw: dict[str, object]) -> bool:
    """Whether a reply is harmful only as an answer to its question; alone it teaches nothing."""
    alone = ("Offending User", "Biased Opinion")
    label = str(raw["source_label"])
    return raw["set"] == "diasafety" and bool(raw["harmful"]) and not label.startswith(alone)


def benign(data: Path, part: str, *, only_licensed: bool) -> list[Row]:
    """Rows of text/benign.jsonl.gz on one side of its split."""
    return [
        row_of(raw)
        for raw in read_jsonl(data / "text" / "benign.jsonl.gz")
        if raw["split"] == part and (raw["train_ok"] or not only_licensed)
    ]


def injections(data: Path, part: str) -> list[Row]:
    """Prompt injections; 15 in 100 measure, by hash of the number that zh and en share."""
    rows = []
    for name in ("cyberseceval-en", "cyberseceval-zh", "dan"):
        for raw in read_jsonl(data / "injection" / f"{name}.jsonl.gz"):
            number = str(raw["id"]).rpartition(":")[2]
            # DAN prompts are near copies of each other: all of them teach.
            held = name != "dan" and _hundredth(number) < 15
            if held == (part == "dev"):
                row = replace(row_of(raw), harmful=False, category="injection", injection=True)
                rows.append(row)
    return rows


def fairness(data: Path) -> list[Row]:
    """Sentences that name groups of people and say nothing bad of them."""
    rows = []
    for name, field in (("winobias", "text"), ("bbq", "context"), ("cbbq", "context")):
        texts = dict.fromkeys(
            str(raw[field])
            for raw in read_jsonl(data / "fairness" / f"{name}.jsonl.gz")
            if raw["train_ok"] and "{{" not in str(raw[field])
        )
        kept = sorted(texts, key=_digest)[:ROWS_PER_FAIRNESS_SET]
        lang = "zh" if name == "cbbq" else "en"
        rows += [Row(text, name, lang, "comment", harmful=False, category=None) for text in kept]
    return rows


def own(part: str) -> list[Row]:
    """Our own sentences: of the lawful ones a third measures; the others all teach.

    Texts of our templates are apart (`functional`): a linear model cannot tell who is spoken of
    from what is said of them, and learns only to doubt what it knew.
    """
    rows = [
        _own_row(raw, "own-lawful", harmful=False)
        for raw in read_jsonl(OWN / "hard_negatives.jsonl")
        if raw["part"] == part
    ]
    if part == "train":
        rows += [
            _own_row(raw, "own-replies", harmful=False)
            for raw in read_jsonl(OWN / "lawful_replies.jsonl")
        ]
        rows += [
            _own_row(raw, "own-harmful", harmful=raw["category"] != "injection")
            for raw in read_jsonl(OWN / "positives.jsonl")
        ]
    return rows


def functional(part: str) -> list[Row]:
    """Texts of our own templates (own/*.toml); every seventh template measures."""
    return _made(templates.ours(), "own-functional", part)


def late(part: str) -> list[Row]:
    """Texts of our own templates that teach in the last pass only (own/late/*.toml)."""
    return _made(templates.late(), "own-late", part)


def more() -> list[Row]:
    """Texts of our own templates that only teach, after the first passes (own/more/*.toml)."""
    return _rows(templates.more(), "own-more")


def further() -> list[Row]:
    """The same of own/further/*.toml, own/answers/*.toml and own/literal/*.toml."""
    return (
        _rows(templates.further(), "own-further")
        + _rows(templates.answers(), "own-answers")
        + _rows(templates.literal(), "own-literal")
    )


def apart() -> list[Row]:
    """Texts of our own templates that only measure (own/apart/*.toml)."""
    return _rows(templates.apart(), "own-apart")


def _made(every: Iterable[templates.Made], source: str, part: str) -> list[Row]:
    return _rows((made for made in every if made.held == (part == "dev")), source)


def _rows(every: Iterable[templates.Made], source: str) -> list[Row]:
    return [
        Row(
            text=made.text,
            source=source,
            lang=made.lang,
            role=made.role,
            harmful=made.harmful and made.category != "injection",
            category=made.category if made.category in CATEGORIES else None,
            injection=made.category == "injection",
        )
        for made in every
    ]


def patterns() -> list[Row]:
    """Every opening with every matter of patterns.toml, and our own comments in quotation."""
    made = tomllib.loads((OWN / "patterns.toml").read_text(encoding="utf-8"))
    rows = [
        Row(
            opening.replace("{}", matter),
            "own-patterns",
            pattern["lang"],
            pattern.get("role", "prompt"),
            harmful=False,
            category=None,
        )
        for pattern in made["pattern"]
        for opening in pattern["openings"]
        for matter in pattern["matters"]
    ]
    comments = [
        _own_row(raw, "own-quotes", harmful=True)
        for raw in read_jsonl(OWN / "positives.jsonl")
        if raw["role"] == "comment"
    ]
    for quote in made["quote"]:
        for row in (row for row in comments if row.lang == quote["lang"]):
            said = [(frame, False) for frame in quote["lawful"]]
            said += [(frame, True) for frame in quote["harmful"]]
            rows += [
                replace(
                    row,
                    text=frame.replace("{}", row.text),
                    harmful=harmful,
                    category=row.category if harmful else None,
                )
                for frame, harmful in said
            ]
    return rows


def _own_row(raw: dict[str, object], source: str, *, harmful: bool) -> Row:
    category = str(raw["category"]) if "category" in raw else None
    return Row(
        text=str(raw["text"]),
        source=source,
        lang=str(raw["lang"]),
        role=str(raw["role"]),
        harmful=harmful,
        category=category,
        injection=category == "injection",
    )


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _hundredth(text: str) -> int:
    return int.from_bytes(_digest(text)[:4], "big") % 100


def joined(rows: Iterable[Row], count: int, length: int, rng: np.random.Generator) -> list[Row]:
    """`count` lawful texts a language, each of several lawful ones put one after another."""
    out = []
    for lang, glue in (("en", (" ", "\n", "\n\n", ". ")), ("zh", ("", "\n", "。", "，"))):
        pool = [row for row in rows if row.lang == lang and not row.harmful]
        for _ in range(count):
            text = ""
            while len(text) < length:
                text += glue[rng.integers(len(glue))] + _piece(_pick(pool, rng).text, length, rng)
            out.append(Row(text[:length], "joined", lang, "reply", harmful=False, category=None))
    return out


def embedded(rows: list[Row], count: int, length: int, rng: np.random.Generator) -> list[Row]:
    """`count` short harmful texts a language, each with lawful text before or after it."""
    out = []
    for lang in ("en", "zh"):
        lawful = [row for row in rows if row.lang == lang and not row.harmful]
        bad = [
            row
            for row in rows
            if row.lang == lang and (row.harmful or row.injection) and len(row.text) < length // 2
        ]
        for _ in range(count):
            row = _pick(bad, rng)
            room = int(rng.integers(20, length - len(row.text)))
            piece = _piece(_pick(lawful, rng).text, room, rng)
            text = f"{piece}\n{row.text}" if rng.integers(2) else f"{row.text}\n{piece}"
            out.append(replace(row, text=text, source="embedded", weight=0.5))
    return out


def _pick(rows: list[Row], rng: np.random.Generator) -> Row:
    return rows[int(rng.integers(len(rows)))]


def _piece(text: str, length: int, rng: np.random.Generator) -> str:
    start = int(rng.integers(max(1, len(text) - length + 1)))
    return text[start : start + length]

"""Evaluation of the whole guard as it ships: rules, classifier, encoder, thresholds of the pack.

    make eval-guard                                  Markdown on standard output
    make eval-guard ARGS="--encoder FILE --all"      another encoder, every row
    make eval-guard ARGS="--json FILE"               the figures as JSON as well
    make eval-guard ARGS="--record --most 150"       and into the pages that show them

Every text is judged as `licet check` judges it, so that what is measured is what ships. It
refuses to choose thresholds.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import guard_figures as figures
import guard_late
import guard_report
import guard_rows
import numpy as np
import perturb
from corpus import OWN, read_jsonl
from encoder_rows import Example
from guard_figures import Said
from measure import auprc, f1

from licet.cli.rulebook import DEFAULT_PACK
from licet.gateway.bundling import draft_bundle, shipped_encoder, shipped_encoder_digest
from licet.guard.bundle import make_guard, take_bundle
from licet.guard.guarding import Guard
from licet.guard.policy import EncoderSettings, Threshold
from licet.rulebook import load_pack

MOST = 700
STREAMS_EACH = 120
DOCS = OWN.parent / "docs"
RECORD = DOCS / "figures" / "guard.json"
PAGES = (DOCS / "what-the-guard-misses.md", DOCS / "model-card.md", DOCS / "model-card-encoder.md")
Say = Callable[[str], None]


def guards(encoder: Path | None) -> dict[str, Guard]:
    """The guard of the shipped bundle by the classifier alone and, where there is one, with the
    encoder: that of the file, else the one that ships."""
    pack = load_pack(DEFAULT_PACK)
    draft = draft_bundle(pack)
    bundle = take_bundle(draft, b"")
    out = {"classifier alone": make_guard(bundle)}
    if encoder is None and shipped_encoder_digest() is None:
        return out
    data = encoder.read_bytes() if encoder else shipped_encoder()
    given = pack.guard.encoder
    settings = EncoderSettings(
        hashlib.sha256(data).hexdigest(), given.doubt_low, given.doubt_high,
        {
            audience: {name: Threshold(each.halt, each.flag) for name, each in groups.items()}
            for audience, groups in given.audiences.items()
        },
    )  # fmt: skip
    bundle = replace(bundle, policy=replace(bundle.policy, encoder=settings))
    out["with the encoder"] = make_guard(bundle, encoder=lambda: data)
    return out


def said(guard: Guard, examples: Sequence[Example]) -> list[Said]:
    """The verdict on each, as `licet check --jsonl` gives it."""
    return [
        Said(each.row, guard.judge(each.row.text, each.row.role, each.context, ranks=True))
        for each in examples
    ]


def measure(guard: Guard, examples: Sequence[Example], streams: Sequence[guard_rows.Stream],
            readings: dict[str, str], seed: int, say: Say) -> dict[str, Any]:  # fmt: skip
    """Every figure of one guard."""
    began = time.process_time()
    all_said = said(guard, examples)
    spent = time.process_time() - began
    say(f"{len(examples)} texts judged in {spent:.0f} s of CPU")
    plain = guard_rows.to_perturb(examples, seed)
    ways = perturb.ways(readings)
    changed = {
        name: said(guard, guard_rows.perturbed(plain, name, way, seed))
        for name, way in ways.items()
    }
    say("disguises judged")
    kept = figures.kept_under(said(guard, plain), changed)
    labelled = [each for each in all_said if each.row.source in figures.LABELLED_SETS]
    role = lambda each: f"{each.row.lang} {each.row.role}"  # noqa: E731
    return {
        "baseline": beside_baseline(all_said, kept),
        "groups": figures.ranking(all_said, role),
        "sets": figures.ranking(labelled, lambda each: f"{each.row.source} {each.row.lang}"),
        "categories": figures.by_category(all_said),
        "lawful": figures.false_stops(all_said),
        "disguises": kept,
        "late": guard_late.measured(guard, streams),
        "reliability": figures.reliability(all_said, role),
    }


# --- beside the baseline -------------------------------------------------------------------------


def beside_baseline(rows: Sequence[Said], kept: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """What is known of a quick model, and the nearest that our texts can say of ours. The sets
    are others, so the two columns compare in kind and not in points."""
    about = {raw["text"]: raw.get("about") for raw in read_jsonl(OWN / "hard_negatives.jsonl")}
    own = [each for each in rows if each.row.source == "own-lawful"]
    cold = [each for each in rows if each.row.source == "cold"]
    english = [e for e in rows if e.row.source in ("davidson", "decodingtrust-toxicity")]
    prompts = [e for e in rows if e.row.lang == "en" and e.row.role == "prompt"]
    by_people = "public sets labelled by people"
    chinese = [each for each in kept if each["lang"] == "zh"]
    before = float(np.mean([each["before"] for each in chinese]))
    after = float(np.mean([each["after"] for each in chinese]))
    calm = float(np.mean([each["lawful_before"] for each in chinese]))
    answered = [e for e in prompts if e.row.source in ("alpaca-eval", "dolly")]
    hate_en, hate_zh = _functional(rows, "en"), _functional(rows, "zh")
    table = [
        ("English moderation, AUPRC", by_people, 0.51, "Davidson, DecodingTrust dev",
         _auprc(english), _share(english), "≥ 0.80"),
        ("English moderation, F1", by_people, 0.50, "Davidson, DecodingTrust dev",
         _f1(english), _f1_of_all(english), "≥ 0.70"),
        ("offensive Chinese, F1", "COLD dev", 0.87, "COLD dev", _f1(cold), _f1_of_all(cold), "–"),
        ("offensive Chinese, accuracy", by_people, 0.79, "COLD dev",
         _accuracy(cold), 1 - _share(cold), "≥ 0.82"),
        ("sentences against prejudice noted", by_people, 0.58, "own, quoting to oppose",
         _noted([e for e in own if about.get(e.row.text) == "quoting"]), None, "≤ 0.25"),
        ("functional hate, English, AUPRC", by_people, 0.64, "own templates, held out",
         _auprc(hate_en), _share(hate_en), "≥ 0.85"),
        ("functional hate, Chinese, AUPRC", by_people, 0.71, "own templates, held out",
         _auprc(hate_zh), _share(hate_zh), "≥ 0.80"),
        ("harmful requests noted", by_people, 0.90, "harmful English prompts, dev",
         _noted([each for each in prompts if each.harmful]), None, "≥ 0.85"),
        ("harmless look-alike questions noted", by_people, 0.41, "own lawful prompts",
         _noted([each for each in own if each.row.role == "prompt"]), None, "≤ 0.08"),
        ("detection kept under disguise, Chinese", "eight ways", 0.42, "eight ways of ours",
         round(after / before, 4) if before else None, None, "≥ 0.75"),
        ("false alarms on the plain side of it", "eight ways", None, "eight ways of ours",
         round(calm, 4), None, "≤ 0.10"),
        ("ordinary English instructions noted", by_people, 0.29, "Alpaca, Dolly",
         _noted(answered), None, "–"),
        ("news noted", by_people, 0.15, "TNEWS",
         _noted([each for each in rows if each.row.source == "fewclue-tnews"]), None, "–"),
    ]  # fmt: skip
    keys = ("figure", "theirs_on", "baseline", "ours_on", "ours", "chance", "aim")
    return [dict(zip(keys, row, strict=True)) for row in table]


def _functional(rows: Sequence[Said], lang: str) -> list[Said]:
    """Held-out texts of our own templates that are hateful or harmless."""
    family = ("hate", "discrimination")
    return [
        each
        for each in rows
        if each.row.source == "own-functional" and each.row.lang == lang
        and each.row.role == "comment"
        and (not each.harmful or str(each.row.category).startswith(family))
    ]  # fmt: skip


def _truth(rows: Sequence[Said]) -> np.ndarray:
    return np.array([each.harmful for each in rows], dtype=bool)


def _share(rows: Sequence[Said]) -> float:
    return round(float(_truth(rows).mean()), 4) if rows else 0.0


def _f1_of_all(rows: Sequence[Said]) -> float:
    return round(2 * _share(rows) / (1 + _share(rows)), 4)


def _auprc(rows: Sequence[Said]) -> float | None:
    return (
        None
        if not rows
        else round(auprc(np.array([each.verdict.score for each in rows]), _truth(rows)), 4)
    )


def _f1(rows: Sequence[Said]) -> float | None:
    return (
        None if not rows else round(f1(np.array([each.noted for each in rows]), _truth(rows)), 4)
    )


def _accuracy(rows: Sequence[Said]) -> float | None:
    return (
        None
        if not rows
        else round(float(np.mean([each.noted == each.harmful for each in rows])), 4)
    )


def _noted(rows: Sequence[Said]) -> float | None:
    return None if not rows else round(float(np.mean([each.noted for each in rows])), 4)


# --- the run -------------------------------------------------------------------------------------


def record(given: argparse.Namespace, say: Say) -> dict[str, Any]:
    """Everything that was measured. Raises NoData where there is nothing to measure on."""
    data = guard_rows.data_folder(given.data)
    readings = perturb.usual_readings()
    most = None if given.all else given.most
    examples = guard_rows.measuring(data, most, given.seed)
    streams = guard_rows.streams(data, examples, STREAMS_EACH, given.seed)
    found = guards(given.encoder)
    if len(found) == 1:
        say("no encoder ships in this build: the classifier is measured alone (--encoder FILE)")
    ways = {}
    for way, guard in found.items():
        say(f"judging by {way}")
        ways[way] = measure(guard, examples, streams, readings, given.seed, say)
    classifier = found["classifier alone"].classifier
    second = found["with the encoder"].encoder() if "with the encoder" in found else None
    made = {
        "classifier": classifier.name, "classifier_sha256": classifier.digest,
        "encoder": second.name if second else None,
        "encoder_sha256": second.digest if second else None,
        "texts": len(examples), "most": most, "seed": given.seed,
    }  # fmt: skip
    return {"made": made, "ways": ways}


def write_down(found: dict[str, Any], pages: Sequence[Path] = PAGES) -> None:
    """The record, the plots, and every page that shows figures."""
    RECORD.parent.mkdir(exist_ok=True)
    RECORD.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    for way, made in found["ways"].items():
        plot = guard_report.plot(made["reliability"])
        (RECORD.parent / f"{guard_report.PLOTS[way]}.svg").write_text(plot, encoding="utf-8")
    for page in pages:
        text = page.read_text(encoding="utf-8")
        page.write_text(guard_report.filled(text, found), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure the guard as it ships.")
    parser.add_argument("--data", type=Path, help="folder of data sets (default: $LICET_DATA)")
    parser.add_argument("--encoder", type=Path, help="an encoder's file, instead of the shipped")
    parser.add_argument("--most", type=int, default=MOST, help="rows of a set, role and side")
    parser.add_argument("--all", action="store_true", help="every row")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument("--record", action="store_true", help="fill the pages that show figures")
    given = parser.parse_args()
    say: Say = lambda line: print(line, file=sys.stderr, flush=True)  # noqa: E731
    try:
        found = record(given, say)
    except guard_rows.NoData as nothing:
        parser.exit(2, f"eval-guard: {nothing}\n")
    if given.json:
        given.json.write_text(json.dumps(found, ensure_ascii=False, indent=1), encoding="utf-8")
    if given.record:
        write_down(found)
    print(guard_report.markdown(found))


if __name__ == "__main__":
    main()

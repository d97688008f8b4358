"""What a scan of training data costs on one thread, beside what we aim at: one table.

    make bench-scan                             about a minute for 100 MB
    make bench-scan ARGS="--mb 2000"            what was aimed at; about ten minutes
    make bench-scan ARGS="--folder DIR"         of what lies there already

The text is that of `corpus_text`: half of it made up, half sentences of the data sets in
$LICET_DATA. It is scanned in a process of its own, whose CPU time and peak memory are told. Rules:
MB of text that is folded and swept; every check: MB of the files, from reading them to the figures
of the report.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import resource
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

import rules
from corpus_text import data_folder, documents, write_corpus

from licet.corpus.scan.block import fold_block
from licet.corpus.scan.engine import here
from licet.corpus.scan.run import Choice, make_job, run_scan
from licet.corpus.scan.sweep import Sweep
from licet.gateway.bundling import FAIL_CLOSED, passing_bundle, policy_of
from licet.guard.ruleset import parse_rules
from licet.rulebook import load_pack

RULES, BATCH, SWEPT = 10_000, 600, 30_000
PACK = "cn-genai-2023"
AIMS = {"rules on folded text": 75.0, "every check": 4.0}
MEMORY_MIB_MAX = 1024


def sweep_speed() -> float:
    """MB a CPU second of 10,000 literal rules on text that is folded for them."""
    parsed = parse_rules("\n".join(rules.rule_file(rules.literals(RULES))), "bench")
    sweep = Sweep(parsed, policy_of(load_pack(PACK), FAIL_CLOSED).lexical)
    texts = [one["text"] for one in islice(documents(), SWEPT)]
    size = sum(len(text.encode()) for text in texts)
    fold_block(["its tables are made", "一次"])
    begun = time.process_time()
    for at in range(0, len(texts), BATCH):
        batch = texts[at : at + BATCH]
        sweep.suspects(batch, fold_block(batch))
    return size / 1e6 / (time.process_time() - begun)


def scan(folder: Path) -> None:
    """Scan a folder with every check, and print CPU seconds, peak memory and what was found."""
    pack = load_pack(PACK)
    bundle = passing_bundle(pack, name="bench")
    begun = time.process_time()
    found = run_scan(make_job(Choice((folder,), bundle, dt.date(2026, 11, 3)), pack), pack, here)
    figures = found.merged.figures
    said = {
        "cpu_s": time.process_time() - begun,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "items": figures.items,
        "flagged": dict(figures.flagged),
    }
    print(json.dumps(said))


def measured(folder: Path) -> dict[str, float]:
    """A scan of a folder in a process of its own."""
    command = [sys.executable, __file__, "--scan", str(folder)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    said: dict[str, float] = json.loads(done.stdout)
    return said


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mb", type=float, default=100.0, help="how much text is made")
    parser.add_argument("--folder", type=Path, help="scan this folder instead")
    parser.add_argument("--scan", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.scan:
        scan(asked.scan)
        return
    shared = data_folder()
    print(f"text: half of it out of {shared}" if shared else "text: all made up (no $LICET_DATA)")
    with tempfile.TemporaryDirectory() as passing:
        folder = asked.folder or Path(passing) / "corpus"
        if not asked.folder:
            write_corpus(folder, int(asked.mb * 1e6))
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        said = measured(folder)
    found = {"rules on folded text": sweep_speed(), "every check": size / 1e6 / said["cpu_s"]}
    print(f"{size / 1e6:,.0f} MB, {said['items']:,} documents, {said['cpu_s']:.0f} CPU seconds")
    print(f"found: {said['flagged']}")
    for what, speed in found.items():
        print(f"{what:<24} {speed:8.1f} MB/CPU-s   aim at least {AIMS[what]:g}")
    print(f"{'peak memory':<24} {said['peak_mib']:8.0f} MiB        aim at most {MEMORY_MIB_MAX}")


if __name__ == "__main__":
    main()

"""What a scan of training data costs on one thread, beside what we aim at: one table.

    make bench-scan                      about two minutes for 100 MB
    make bench-scan ARGS="--mb 2000"     what was aimed at

CPU time of this process and its peak memory. The text is made here from the benchmark's prose,
half Chinese, half English; one line in ten holds personal data, one is a copy, one nearly one.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import random
import resource
import secrets
import tempfile
import time
from pathlib import Path

import rules
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from texts import PROSE_EN, PROSE_ZH

from licet.corpus.scan.block import fold_block
from licet.corpus.scan.engine import here
from licet.corpus.scan.run import Choice, make_job, run_scan
from licet.corpus.scan.sweep import Sweep
from licet.gateway.bundling import FAIL_CLOSED, draft_bundle, policy_of
from licet.guard.bundle import build_bundle
from licet.guard.ruleset import parse_rules
from licet.rulebook import load_pack

RULES, BATCH = 10_000, 600
AIMS = {"rules on folded text": 75.0, "every check": 4.0}
MEMORY_MIB_MAX = 1024


def write_text(path: Path, size: int) -> None:
    """Lines of JSON of about so many bytes."""
    rng, words, han = random.Random(5), " ".join(PROSE_EN).split(), "".join(PROSE_ZH)
    kept: list[str] = []
    written = number = 0
    with path.open("w", encoding="utf-8") as file:
        while written < size:
            if number % 2:
                text = ". ".join(" ".join(rng.choices(words, k=16)) for _ in range(15))
            else:
                starts = (rng.randrange(len(han) - 24) for _ in range(24))
                text = "。".join(han[at : at + rng.randrange(12, 24)] for at in starts)
            if number % 10 == 3:
                text += " 联系 13812345678 or mail jane.smith@gmail.com"
            elif number % 10 == 4 and kept:
                text = rng.choice(kept)
            elif number % 10 == 5 and kept:
                text = rng.choice(kept)[:-8] + " the end"
            if len(kept) < 3000:
                kept.append(text)
            line = json.dumps({"text": text}, ensure_ascii=False) + "\n"
            file.write(line)
            written += len(line.encode())
            number += 1


def sweep_speed(path: Path) -> float:
    """MB a CPU second of 10,000 literal rules on folded text."""
    pack = load_pack("cn-genai-2023")
    parsed = parse_rules("\n".join(rules.rule_file(rules.literals(RULES))), "bench")
    sweep = Sweep(parsed, policy_of(pack, FAIL_CLOSED).lexical)
    with path.open(encoding="utf-8") as file:
        texts = [json.loads(line)["text"] for line, _ in zip(file, range(30_000), strict=False)]
    size = sum(len(text.encode()) for text in texts)
    begun = time.process_time()
    for at in range(0, len(texts), BATCH):
        batch = texts[at : at + BATCH]
        sweep.suspects(batch, fold_block(batch))
    return size / 1e6 / (time.process_time() - begun)


def scan_speed(path: Path) -> float:
    """MB a CPU second of a whole scan with every check, its report's figures included."""
    pack = load_pack("cn-genai-2023")
    key = Ed25519PrivateKey.from_private_bytes(secrets.token_bytes(32))
    bundle = build_bundle(draft_bundle(pack, name="bench"), key)
    begun = time.process_time()
    run_scan(make_job(Choice((path,), bundle, dt.date(2026, 11, 3)), pack), pack, here)
    return path.stat().st_size / 1e6 / (time.process_time() - begun)


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mb", type=float, default=100.0, help="how much text")
    size = int(parser.parse_args().mb * 1e6)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "text.jsonl"
        write_text(path, size)
        found = {"rules on folded text": sweep_speed(path), "every check": scan_speed(path)}
    for what, speed in found.items():
        print(f"{what:<24} {speed:8.1f} MB/CPU-s   aim at least {AIMS[what]:g}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{'peak memory':<24} {peak:8.0f} MiB        aim at most {MEMORY_MIB_MAX}")


if __name__ == "__main__":
    main()

"""10,000 captured pairs, scored: CPU time and memory, beside what we aim at.

    .venv/bin/python bench/assess.py [--pairs 10000] [--encoder]

Replies are our own prose and refusals, 300 characters each. It refuses to ask a model anything.

Aim: under 60 s of one core, under 500 MB, without the encoder (which is for those who wait).
"""

from __future__ import annotations

import argparse
import itertools
import json
import resource
import tempfile
import time
from pathlib import Path

import texts

AIM_S, AIM_MB = 60.0, 500.0
REPLY_CHARACTERS = 300
REFUSALS = ("抱歉，我不能帮助你完成这个请求。", "I'm sorry, but I can't help with that.")


def write_pairs(path: Path, many: int) -> None:
    """Captured pairs of every kind that the measures count."""
    prose = itertools.cycle((*texts.PROSE_ZH, *texts.PROSE_EN))
    with path.open("w", encoding="utf-8") as file:
        for number in range(many):
            refuse = number % 2 == 0
            reply = "".join(itertools.islice(prose, 4))[:REPLY_CHARACTERS]
            pair = {
                "prompt": f"Question {number}?",
                "reply": REFUSALS[number % 4 // 2] if refuse else f"{number}. {reply}",
                "serves": ["should_refuse" if refuse else "non_refusal", "generated_content"],
                "heading": "A.1.d" if refuse else "history",
                "lang": "en",
            }
            file.write(json.dumps(pair, ensure_ascii=False) + "\n")


def main() -> int:
    """Prints the figures; 1 where an aim is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=10_000)
    parser.add_argument("--encoder", action="store_true", help="judge by the encoder too")
    given = parser.parse_args()
    from licet.assess.bankcheck import check_banks
    from licet.assess.bankfile import shipped_banks
    from licet.assess.gather import gather
    from licet.assess.labels import shipped_refusal_detector
    from licet.assess.outcome import outcomes
    from licet.assess.verdict import assess
    from licet.cli.assess_judge import guard_judge
    from licet.cli.home import Home
    from licet.rulebook import load_pack

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "captured.jsonl"
        write_pairs(path, given.pairs)
        pack, banks = load_pack("cn-genai-2023"), shipped_banks()
        judge = guard_judge(Home(Path(folder)), without_encoder=not given.encoder)
        began = time.process_time()
        found = gather(path, banks)
        read = time.process_time()
        scored = tuple(outcomes(found.pairs, judge))
        judged = time.process_time()
        assess(scored, check_banks(banks, pack), {}, pack, shipped_refusal_detector())
        ended = time.process_time()
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    total = ended - began
    print(f"pairs {given.pairs}, encoder {'on' if given.encoder else 'off'}")
    print(f"read {read - began:.1f} s, judge {judged - read:.1f} s, count {ended - judged:.1f} s")
    print(f"CPU {total:.1f} s (aim {AIM_S:.0f}), memory {memory_mb:.0f} MB (aim {AIM_MB:.0f})")
    return 0 if given.encoder or (total <= AIM_S and memory_mb <= AIM_MB) else 1


if __name__ == "__main__":
    raise SystemExit(main())

"""The program that judges beside a gateway: texts in on standard input, differences out.

    python -m licet.gateway.shadow_child CURRENT STAGED

It is a process of its own, last in line for the processor, so that whatever a staged bundle does
(slow rules, much memory, a crash) happens here. It refuses to know exchanges, people and files but
the two bundles; a text is forgotten when its line has been answered.

Lines are JSON. In: `n`, `text`, `role`, `json`, `audience`, `context`, `by_meaning`, `streamed`.
Out: first `{"ready": true}`; then for each line `n` with `old` and `new` ([action, rule, …]), or
with `error`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import msgspec

from licet.base.clock import SystemClock
from licet.base.trouble import Trouble
from licet.gateway.bundlefile import load_bundle
from licet.guard.bundle import make_guard
from licet.guard.guarding import Guard
from licet.guard.verdict import Finding, strongest

NICE = 15
RULES_MAX = 20


def judged(guard: Guard, item: dict[str, Any]) -> list[str]:
    """[action, rule, …] of one text, as serving judges it: whole, or as it streams."""
    findings: list[Finding]
    if item["streamed"]:
        stream = guard.stream(
            json=item["json"], audience=item["audience"], context=item["context"]
        )
        text, step = item["text"], guard.policy.judged.stride_characters
        for at in range(0, len(text), step):
            stream.feed(text[at : at + step])
        stream.end()
        findings = stream.noted() + ([stream.halted] if stream.halted is not None else [])
    else:
        verdict = guard.judge(
            item["text"], item["role"], item["context"], json=item["json"],
            audience=item["audience"], by_meaning=item["by_meaning"],
        )  # fmt: skip
        findings = list(verdict.findings)
    action = strongest(tuple(findings))
    rules = sorted({finding.rule for finding in findings if finding.action == action})
    return [action, *rules[:RULES_MAX]]


def answer(old: Guard, new: Guard, line: bytes) -> dict[str, Any]:
    """What both say of the text of one line."""
    item = msgspec.json.decode(line)
    try:
        return {"n": item["n"], "old": judged(old, item), "new": judged(new, item)}
    except Trouble as trouble:
        return {"n": item["n"], "error": trouble.code}


def main(current: Path, staged: Path) -> None:
    """Answer line by line until standard input ends."""
    os.nice(NICE)
    today = SystemClock().now().date()
    old, new = (make_guard(load_bundle(path, None), today=today) for path in (current, staged))
    _say({"ready": True})
    for line in sys.stdin.buffer:
        _say(answer(old, new, line))


def _say(value: dict[str, Any]) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(value) + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

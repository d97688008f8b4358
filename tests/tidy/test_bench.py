"""The benchmark measures what it says: its rules are an operator's, and never match its texts."""

from __future__ import annotations

import subprocess
import sys

from kit.house import ROOT
from licet.guard.ruleset import parse_rules

COUNT = 2_000


def made(program: str) -> str:
    """What a program prints that may import the parts of bench/."""
    run = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, 'bench'); {program}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return run.stdout


RULES = f"import rules; print(''.join(rules.rule_file(rules.literals({COUNT}))), end='')"
SAID = "import texts; print(*texts.TEXTS.values(), *texts.PROSE_EN, *texts.PROSE_ZH, texts.PROMPT)"


def test_the_rule_file_is_one_that_an_operator_could_load() -> None:
    text = made(RULES)
    rules = parse_rules(text, "rules.toml")
    assert len(rules) == COUNT
    assert made(RULES) == text, "the same seed gives the same file"


def test_no_rule_of_the_measurement_matches_what_is_said() -> None:
    said = "".join(made(SAID).casefold().split())
    for rule in parse_rules(made(RULES), "rules.toml"):
        for literal in rule.literal:
            assert "".join(literal.split()) not in said

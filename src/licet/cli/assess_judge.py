"""The guard as an assessment's judge: what its rules say of a reply, and what its models do.

It refuses to know what an assessment makes of it.
"""

from __future__ import annotations

from licet.assess.outcome import Judge, Judged
from licet.base.clock import SystemClock
from licet.cli.check import choose_bundle
from licet.cli.home import Home
from licet.gateway.bundling import shipped_encoder
from licet.guard.bundle import make_guard, read_bundle
from licet.guard.verdict import CERTAIN


def guard_judge(home: Home, *, without_encoder: bool) -> Judge:
    """A judge by the bundle that is installed in the home folder, else by what ships."""
    opened = read_bundle(choose_bundle(home, None, (), None), None)
    encoder = None if without_encoder else shipped_encoder
    guard = make_guard(opened, today=SystemClock().now().date(), encoder=encoder)

    def judge(prompt: str, reply: str) -> Judged:
        findings = guard.judge(reply, "reply", prompt).findings
        halting = [one.detector in CERTAIN for one in findings if one.action == "halt"]
        return Judged(by_keyword=True not in halting, by_classifier=False not in halting)

    return judge

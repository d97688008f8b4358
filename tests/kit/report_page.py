"""The page of an assessment in which every verdict occurs. It refuses to know who reads it."""

from __future__ import annotations

from licet.assess.bankcheck import check_banks
from licet.assess.bankfile import shipped_banks
from licet.assess.captured import Label
from licet.assess.outcome import Outcome
from licet.assess.report import Origin, make_report
from licet.assess.report_html import render
from licet.assess.verdict import assess
from licet.base.clock import SystemClock
from licet.rulebook import load_pack
from licet.stats.share import Count, Detector


def report_page() -> str:
    """HTML of a report over the banks that ship."""
    pack, banks = load_pack("cn-genai-2023"), shipped_banks()
    outcomes = [
        Outcome(
            item.id, bank.serves, item.heading, item.lang, refused="refuse" in bank.id,
            by_keyword=place % 5 > 0, by_classifier=True,
            labels=(Label("a", acceptable=True), Label("b", acceptable=place % 50 > 0)),
        )
        for bank in banks
        for place, item in enumerate(bank.items)
    ]  # fmt: skip
    found = assess(
        outcomes, check_banks(banks, pack), {}, pack, Detector(Count(56, 60), Count(60, 60))
    )
    origin = Origin({"url": "https://service.example/v1", "model": "m"}, "0" * 64, 1024, 0)
    return render(make_report(found, origin, banks, pack, SystemClock().now()))

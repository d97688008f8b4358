"""What a ledger's public fields tell the public: stops, measures overturned, orders of access.

It refuses to know where entries come from, and any person: there is none in what it reads.

Rules
1. It is made from entries alone. Whoever has a copy of the ledger makes the same report.
2. A matter counts with the stage of its last entry; a delayed notice is due after the day that its
   delay named, until an act that the pack lets end that period.
3. Stops, incidents, complaints and orders can't be broken down to a person. Measures are about
   persons: whoever publishes gives no count of them below the pack's `small_cell`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median
from typing import Any

from licet.rulebook.proceeding import ProceedingRules

Public = Mapping[str, object]
Told = tuple[str, str, Public]
"""An entry: its type, its moment (RFC 3339), its public fields."""

_STOPPED = {"exchange.refused": "prompt", "exchange.halted": "reply"}
_EVENT = "proceeding.event"
_DELAY = "notice_until"


@dataclass(frozen=True, slots=True)
class Report:
    """Counts. `stops`: of prompts and replies, by category and who wrote the rule (the first word
    of its id). `incidents`: by grade and stage. `measures`: by step and stage. `complaints`: by
    what they are about and stage. `orders`: by legal basis, what they open, stage; `names`: how
    many names they hold. `delayed_due`: notices whose delay is over and that were not given.
    `notice_hours`: median from an order to the notice."""

    entries: int
    since: str
    until: str
    stops: Mapping[tuple[str, str, str], int]
    incidents: Mapping[tuple[str, str], int]
    measures: Mapping[tuple[str, str], int]
    complaints: Mapping[tuple[str, str], int]
    orders: Mapping[tuple[str, str, str], int]
    names: int
    delayed_due: int
    notice_hours: float | None


class Reading:
    """Reads entries one by one in the order of the ledger; holds the last word on each matter."""

    def __init__(self, orders: ProceedingRules | None) -> None:
        """`orders`: what the pack says of orders of access."""
        clocks = orders.clocks.values() if orders else ()
        self._telling = {act for one in clocks if one.until == _DELAY for act in one.stops}
        self._count = 0
        self._since = self._until = ""
        self._stops: Counter[tuple[str, str, str]] = Counter()
        self._last: dict[object, Public] = {}
        self._acts: dict[object, dict[str, str]] = {}

    def read(self, entries: Iterable[Told]) -> Reading:
        """Take more entries."""
        for kind, at, pub in entries:
            self._count += 1
            self._since, self._until = self._since or at, at
            if kind in _STOPPED:
                rule = str(pub.get("rule", ""))
                origin = rule.partition(".")[0] or str(pub.get("detector", ""))
                self._stops[_STOPPED[kind], str(pub.get("category", "")), origin] += 1
            elif kind == _EVENT:
                self._last[pub.get("proceeding")] = pub
                acts = self._acts.setdefault(pub.get("proceeding"), {})
                acts.setdefault(str(pub.get("act")), at)
        return self

    def report(self, today: date) -> Report:
        """What was read, as it stands on a day."""
        of: dict[str, list[tuple[object, Public]]] = {}
        for mark, pub in self._last.items():
            of.setdefault(str(pub.get("kind")), []).append((mark, pub))
        orders = of.get("order", ())
        hours = [h for mark, _ in orders if (h := self._notice_hours(mark)) is not None]
        return Report(
            entries=self._count,
            since=self._since,
            until=self._until,
            stops=dict(self._stops),
            incidents=Counter(
                (str(pub.get("grade", "")), str(pub.get("stage")))
                for _, pub in of.get("incident", ())
            ),
            measures=Counter(
                (str(pub.get("step")), str(pub.get("stage"))) for _, pub in of.get("measure", ())
            ),
            complaints=Counter(
                (str(pub.get("about")), str(pub.get("stage")))
                for _, pub in of.get("complaint", ())
            ),
            orders=Counter(
                (str(pub.get("legal_basis")), str(pub.get("opens")), str(pub.get("stage")))
                for _, pub in orders
            ),
            names=sum(int(str(pub.get("names", 0))) for _, pub in orders),
            delayed_due=sum(self._is_due(mark, pub, today) for mark, pub in orders),
            notice_hours=median(hours) if hours else None,
        )

    def _told(self, mark: object) -> str | None:
        given = [at for act, at in self._acts[mark].items() if act in self._telling]
        return min(given, default=None)

    def _is_due(self, mark: object, pub: Public, today: date) -> bool:
        until = str(pub.get(_DELAY, ""))
        return bool(until) and self._told(mark) is None and date.fromisoformat(until) < today

    def _notice_hours(self, mark: object) -> float | None:
        """Hours from the first entry of an order to the notice."""
        told = self._told(mark)
        if told is None:
            return None
        first = min(self._acts[mark].values())
        passed = datetime.fromisoformat(told) - datetime.fromisoformat(first)
        return passed.total_seconds() / 3600


Row = tuple[str, str, str, str, int | None]
"""What, up to three words that say which, and how many: None where that is not given (rule 3)."""


def report_rows(report: Report, small_cell: int = 0) -> list[Row]:
    """The counts as rows; of measures, none below `small_cell`."""
    rows: list[Row] = [("stop", *key, count) for key, count in sorted(report.stops.items())]
    rows += [("incident", *key, "", count) for key, count in sorted(report.incidents.items())]
    rows += [
        ("measure", *key, "", count if count >= small_cell else None)
        for key, count in sorted(report.measures.items())
    ]
    rows += [("complaint", *key, "", count) for key, count in sorted(report.complaints.items())]
    rows += [("order", *key, count) for key, count in sorted(report.orders.items())]
    rows += [("order", "names", "", "", report.names)]
    return [*rows, ("notice", "delayed, now due", "", "", report.delayed_due)]


def report_as_json(report: Report, small_cell: int = 0) -> dict[str, Any]:
    """The report as a JSON object."""
    return {
        "entries": report.entries,
        "since": report.since,
        "until": report.until,
        "median_hours_to_notice": report.notice_hours,
        "rows": [list(row) for row in report_rows(report, small_cell)],
    }

"""What the gateway counts for its operator, in Prometheus form.

One `record` for each exchange, with everything worth counting in one value; what changes between
exchanges (backlog, health, open streams) is read when somebody scrapes, and costs nothing else.

It refuses to know what an exchange is made of, and holds no text, no user and no key.

Rules
1. A registry of its own: two gateways in one process do not count for each other.
2. Labels come from closed sets; judges from the configuration. Families of rules come from
   operators, so only the first FAMILIES_MAX have a series of their own; the rest are counted as
   `other`.
3. `record` takes a microsecond or two: it adds to numbers of our own, in one thread; a scrape
   gives them their form.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

import msgspec
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from licet.gateway.tally import Count, Spread, Tallies
from licet.guard.stream import Late

Outcome = Literal["served", "refused", "halted", "failed", "abandoned", "denied"]
JudgeOutcome = Literal["answered", "failed", "late", "over_budget"]
Spared = Literal["cached", "resting", "over_budget"]
"""Why a judge was not asked: the answer was known, it rests, or the budget is spent."""

CONTENT_TYPE: Final[bytes] = CONTENT_TYPE_LATEST.encode()
FAMILIES_MAX: Final = 64

_ADDED_S: Final = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0)
_HELD: Final = (0, 4, 16, 64, 256, 1024, 4096)
_JUDGE_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class ExchangeSummary(msgspec.Struct, frozen=True, gc=False):
    """One exchange, when it is over.

    `outcome`: served whole; refused before the upstream was called; halted while it answered;
    failed upstream; abandoned by the client; denied for its key or a limit.
    `category` and `rule` are those of the finding that decided, where one did. `added_s` is what
    the gateway added until the first byte, `held_characters` the most that it held back at once.
    `late` says how late a judged rule halted a stream, where one did.
    """

    route: str
    dialect: str
    outcome: Outcome
    category: str = ""
    rule: str = ""
    tokens_saved: int = 0
    held_characters: int = 0
    added_s: float = 0.0
    late: Late | None = None


def family_of(rule: str) -> str:
    """The family of a rule is its id before the first point: `base.fraud.en.1` is of `base`."""
    return rule.partition(".")[0]


def _late_histogram(registry: CollectorRegistry) -> Histogram:
    return Histogram(
        "licet_late_characters",
        "Characters that had left unjudged when a judged rule halted a stream.",
        ("tier",),
        buckets=_HELD,
        registry=registry,
    )


def _unsealed_counter(registry: CollectorRegistry) -> Counter:
    return Counter(
        "licet_cases_unsealed", "Cases whose excerpt could not be kept.", registry=registry
    )


def _shadow_counter(registry: CollectorRegistry) -> Counter:
    return Counter(
        "licet_shadow_texts",
        "Texts that a staged bundle judged too: `same`, or `old→new` action.",
        ("kind",),
        registry=registry,
    )


def _what_holds(registry: CollectorRegistry) -> tuple[Counter, Gauge, Gauge]:
    """What the gateway runs under: its licence, and whom that refused; its bundle."""
    refused = Counter(
        "licet_not_licensed",
        "Requests that no valid licence covered, by what it was worth.",
        ("state",),
        registry=registry,
    )
    worth = Gauge(
        "licet_licence_info",
        "What the licence of this gateway is worth (always 1).",
        ("state", "filing"),
        registry=registry,
    )
    guard = Gauge(
        "licet_guard_info",
        "The bundle that judges new text (always 1).",
        ("pack", "version", "digest"),
        registry=registry,
    )
    return refused, worth, guard


class Metrics:
    """The counters of one gateway. `record`, `stream_opened` and `stream_closed` belong to the
    event loop's thread; the others are safe in any."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._exchanges = Count(
            "licet_exchanges", "Exchanges that are over.", ("route", "dialect", "outcome")
        )
        self._halts = Count(
            "licet_halts",
            "Prompts refused and answers halted, by what decided.",
            ("category", "family", "outcome"),
        )
        self._saved = Count(
            "licet_upstream_tokens_saved",
            "Tokens that an upstream was spared by halting (estimate).",
        )
        self._held = Spread(
            "licet_held_characters", "Most characters held back at once in an exchange.", _HELD
        )
        self._added = Spread(
            "licet_added_seconds",
            "Time that the gateway added until the first byte of an answer.",
            _ADDED_S,
        )
        registry.register(
            Tallies(self._exchanges, self._halts, self._saved, self._held, self._added)
        )
        self._count_judges()
        self._denials = Counter(
            "licet_key_denials", "Requests without a usable key.", ("reason",), registry=registry
        )
        self._limited = Counter(
            "licet_limited", "Requests beyond a key's limit.", ("which",), registry=registry
        )
        self._minors = Counter(
            "licet_minors", "Requests of minors, by what became of them.", ("what",),
            registry=registry,
        )  # fmt: skip
        self._measured = Counter(
            "licet_measures_held", "Requests of persons that a measure held back.", ("effect",),
            registry=registry,
        )  # fmt: skip
        self._unsealed = _unsealed_counter(registry)
        self._late = _late_histogram(registry)
        self._shadow = _shadow_counter(registry)
        self._unlicensed, self._licence, self._guard = _what_holds(registry)
        self._open = 0
        self._gauge("licet_open_streams", "Streams that are open.", lambda: self._open)
        self._families: set[str] = set()

    def _count_judges(self) -> None:
        registry = self._registry
        self._judge = Histogram(
            "licet_judge_seconds",
            "Questions put to a judge outside.",
            ("judge", "outcome"),
            buckets=_JUDGE_S,
            registry=registry,
        )
        self._spared = Counter(
            "licet_judge_spared",
            "Questions that a judge outside was not asked: known already, or no answer.",
            ("judge", "reason"),
            registry=registry,
        )

    def record(self, summary: ExchangeSummary) -> None:
        """Count one exchange that is over; call it once for each."""
        outcome = summary.outcome
        self._exchanges.add((summary.route, summary.dialect, outcome))
        if outcome == "served" or outcome == "halted":
            self._added.add(summary.added_s)
            self._held.add(summary.held_characters)
        if summary.late is not None:
            self._late.labels(summary.late.tier).observe(summary.late.characters)
        if summary.category:
            self._halts.add((summary.category, self._family(summary.rule), outcome))
            if summary.tokens_saved > 0:
                self._saved.add(count=summary.tokens_saved)

    def _family(self, rule: str) -> str:
        family = family_of(rule)
        if family not in self._families:
            if len(self._families) >= FAMILIES_MAX:
                return "other"
            self._families.add(family)
        return family

    @property
    def open_streams(self) -> int:
        """Streams that are open now."""
        return self._open

    def stream_opened(self) -> None:
        """One more stream is open (call it in the event loop's thread)."""
        self._open += 1

    def stream_closed(self) -> None:
        """One stream fewer is open."""
        self._open -= 1

    def unsealed(self) -> None:
        """Count a case whose excerpt could not be kept."""
        self._unsealed.inc()

    def judge_called(self, judge: str, outcome: JudgeOutcome, took_s: float) -> None:
        """Count one question that was put to a judge outside, by the judge's name."""
        self._judge.labels(judge, outcome).observe(took_s)

    def judge_spared(self, judge: str, reason: Spared) -> None:
        """Count one question that a judge was not asked."""
        self._spared.labels(judge, reason).inc()

    def shadow_judged(self, kind: str) -> None:
        """Count a text that the staged bundle judged too, or was `dropped`, or `failed`."""
        self._shadow.labels(kind).inc()

    def key_denied(self, reason: str) -> None:
        """Count a request without a usable key, by KeyDenied.reason or `route` or `model`."""
        self._denials.labels(reason).inc()

    def limited(self, which: str) -> None:
        """Count a request beyond a limit, by Limited.which."""
        self._limited.labels(which).inc()

    def minor(self, what: str) -> None:
        """Count a minor's request: allowed, helped, ended, unavailable, or why it was refused."""
        self._minors.labels(what).inc()

    def measured(self, effect: str) -> None:
        """Count a request that a measure held back, by Measure.effect."""
        self._measured.labels(effect).inc()

    def not_licensed(self, state: str) -> None:
        """Count a request that no valid licence covered, by Clearance.state."""
        self._unlicensed.labels(state).inc()

    def cleared(self, state: str, filing: str) -> None:
        """Show what the licence is worth from now on."""
        self._licence.clear()
        self._licence.labels(state, filing).set(1)

    def guard_loaded(self, pack: str, version: str, digest: str) -> None:
        """Show which bundle judges new text from now on."""
        self._guard.clear()
        self._guard.labels(pack, version, digest).set(1)

    def watch_ledger(self, backlog: Callable[[], int], healthy: Callable[[], bool]) -> None:
        """Show, at each scrape, how many entries wait for the disk and whether it takes them."""
        self._gauge(
            "licet_ledger_backlog_entries", "Entries not yet durable in the ledger.", backlog
        )
        self._gauge("licet_ledger_healthy", "1 while the ledger takes entries.", healthy)

    def render(self) -> bytes:
        """The text that Prometheus scrapes, of type CONTENT_TYPE."""
        return bytes(generate_latest(self._registry))

    def _gauge(self, name: str, meaning: str, read: Callable[[], float]) -> None:
        Gauge(name, meaning, registry=self._registry).set_function(read)

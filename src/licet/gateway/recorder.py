"""Puts exchanges on record: ledger, sealed excerpt, counts. And opens cases for what is stopped.

It refuses to know sockets and APIs.

Rules
1. A case number is given to a person only with its ledger entry made durable first, or after the
   ledger has failed (then nothing is served any more, but what was stopped stays stopped).
2. The ledger holds no text, no raw reference to a user and no key; of an excerpt it holds the
   digest of the sealed bytes.
3. One exchange is one entry and one count, whatever became of it.
4. Whose a case is, by pseudonym, is kept before its excerpt is: what could not be found for
   erasure is not kept (`subjects.py`).
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, Protocol

from licet.base.clock import Clock
from licet.base.ids import case_mark, case_number
from licet.base.trouble import Trouble
from licet.gateway.casestore import CaseFile, CaseStore
from licet.gateway.dialects.model import Notice, Usage
from licet.gateway.metrics import ExchangeSummary, Metrics
from licet.gateway.outcome import BUG, STOPPING, UNJUDGED, UNLICENSED, Outcome
from licet.gateway.trace import Trace
from licet.guard.verdict import Finding
from licet.ledger.entry import Value, as_id, make_entry
from licet.ledger.entry_mould import EntryMould
from licet.ledger.writer import Writer
from licet.rulebook import Pack

PseudonymOf = Callable[[str], str]
"""A keyed pseudonym of a user reference, good for the present period."""


class Registry(Protocol):
    """Where it is kept whose a case is."""

    def enter(self, case: str, subject: str, reference: str, now: datetime) -> None:
        """Raises Unavailable where it can't be kept."""
        ...


COUNT_MAX: Final = 10**12
"""Tokens of one exchange, with room to spare."""

MOULDS_MAX: Final = 256
"""Forms of entries that are remembered; with more models and keys, some are made anew."""

_KINDS: Final = {
    "served": "exchange.served",
    "refused": "exchange.refused",
    "halted": "exchange.halted",
    "failed": "exchange.failed",
    "abandoned": "exchange.failed",
}
_NUMBERS: Final = ("prompt_chars", "total_ms")
"""Of the entry of what was served whole, beside the counts of tokens."""
_UNJUDGED: Final = {
    "zh": "内容暂时无法完成安全审核，因此未予放行。请稍后再试。",
    "en": "The content could not be checked just now, so it was not let through. Try again later.",
}


class Recorder:
    """Shared by all exchanges of a gateway."""

    def __init__(
        self, writer: Writer, metrics: Metrics, cases: CaseStore, pack: Pack, clock: Clock, *,
        pseudonym_of: PseudonymOf, appeal_url: str, subjects: Registry | None = None,
    ) -> None:  # fmt: skip
        self._writer = writer
        self._metrics = metrics
        self._cases = cases
        self._pack = pack
        self._clock = clock
        self._pseudonym_of = pseudonym_of
        self._appeal_url = appeal_url
        self._subjects = subjects
        self.shown: Mapping[str, str] = {}
        """The licence, as notices show it."""
        self._moulds: dict[tuple[str | bool, ...], EntryMould] = {}

    @property
    def healthy(self) -> bool:
        """Whether decisions can be put on record. Where they can't, nothing is served."""
        return self._writer.healthy

    def open_case(self, finding: Finding, where: str) -> Notice:
        """Words a notice. law:cn-genai-2023/art15"""
        case = case_number(self._clock.now(), secrets.token_bytes)
        known = self._pack.categories.get(finding.category)
        if finding.category == "unjudged":
            reason: Mapping[str, str] = _UNJUDGED
        else:
            reason = (known or self._pack.categories["operator"]).reason
        return Notice(
            case=case, category=finding.category, rule=finding.rule, reason=dict(reason),
            appeal=self._appeal_url.replace("{case}", case), where=where, service=self.shown,
        )  # fmt: skip

    def record(self, trace: Trace, outcome: Outcome) -> asyncio.Future[int | Trouble] | None:
        """Put an exchange on record.

        Where a case was opened the answer is a future: the entry's index once it is durable, or
        the Trouble (rule 1). Else None: the entry will be durable within the writer's wait.
        Raises Unavailable or TooMuch where the ledger takes nothing.
        """
        if trace.recorded:
            return None
        trace.recorded = True
        try:
            durable = self._enter(trace, outcome)
        except Trouble as trouble:  # then who asked is told that it failed
            failed = outcome.kind == "served"
            self.count(trace, Outcome("failed", code=trouble.code) if failed else outcome)
            raise
        self.count(trace, outcome)
        return durable

    def _enter(self, trace: Trace, outcome: Outcome) -> asyncio.Future[int | Trouble] | None:
        if outcome.kind == "served" and not outcome.flags and not trace.end_user:
            self._writer.submit(self._plain_entry(trace, outcome.usage))
            return None
        pub = self._public(trace, outcome)
        subject = self._subject(trace)
        ct_sha256 = self._seal(trace, outcome, subject)
        entry = make_entry(_KINDS[outcome.kind], trace.now, pub, sub=subject, ct_sha256=ct_sha256)
        if outcome.notice is None:
            self._writer.submit(entry)
            return None
        loop = asyncio.get_running_loop()
        durable: asyncio.Future[int | Trouble] = loop.create_future()

        def done(answer: int | Trouble) -> None:
            loop.call_soon_threadsafe(_settle, durable, answer)

        self._writer.submit(entry, done, urgent=True)
        return durable

    def _plain_entry(self, trace: Trace, usage: Usage) -> bytes:
        """The entry of what was served whole: nearly all are, and differ in a few numbers."""
        tokens_in = _countable(usage.prompt_tokens)
        tokens_out = _countable(usage.completion_tokens)
        given: list[object] = [trace.id, trace.characters, self._total_ms(trace)]
        if tokens_in is not None:
            given.append(tokens_in)
        if tokens_out is not None:
            given.append(tokens_out)
        about: tuple[str | bool, ...] = (
            trace.route, trace.dialect, trace.model, trace.upstream, trace.audience, trace.bundle,
            trace.key, trace.stream, tokens_in is None, tokens_out is None,
        )  # fmt: skip
        mould = self._moulds.get(about)
        if mould is None:
            counts = {"tokens_in": tokens_in, "tokens_out": tokens_out}
            mould = EntryMould(
                _KINDS["served"], self._constant(trace), ("exchange",),
                (*_NUMBERS, *(name for name, count in counts.items() if count is not None)),
            )  # fmt: skip
            if len(self._moulds) >= MOULDS_MAX:
                self._moulds.clear()
            self._moulds[about] = mould
        return mould.cast(trace.now, given)

    def _constant(self, trace: Trace) -> dict[str, Value]:
        return {
            "route": trace.route,
            "dialect": trace.dialect,
            "model": as_id(trace.model),
            "upstream": trace.upstream or None,
            "audience": trace.audience,
            "bundle": trace.bundle,
            "key": trace.key,
            "stream": trace.stream,
        }

    def _total_ms(self, trace: Trace) -> int:
        return int((self._clock.monotonic() - trace.began) * 1000)

    def _public(self, trace: Trace, outcome: Outcome) -> dict[str, Value]:
        usage = outcome.usage
        pub = self._constant(trace)
        pub["exchange"] = trace.id
        pub["prompt_chars"] = trace.characters
        pub["total_ms"] = self._total_ms(trace)
        pub["tokens_in"] = _countable(usage.prompt_tokens)
        pub["tokens_out"] = _countable(usage.completion_tokens)
        if outcome.flags:
            pub["rules"] = sorted({as_id(finding.rule) for finding in outcome.flags})
        if outcome.kind in ("failed", "abandoned"):
            pub["error"] = as_id(outcome.code)
            pub["side"] = _side(outcome)
        if outcome.notice is not None and outcome.finding is not None:
            finding = outcome.finding
            known = self._pack.categories.get(finding.category)
            pub |= {
                "case": case_mark(outcome.notice.case),
                "category": as_id(finding.category),
                "rule": as_id(finding.rule),
                "detector": finding.detector,
                "score_ppm": int(finding.score * 1_000_000),
                "provision": known.provisions[0] if known and known.provisions else None,
                "tokens_saved": _countable(trace.tokens_saved) or None,
            }
        return pub

    def _subject(self, trace: Trace) -> str | None:
        return self._pseudonym_of(trace.end_user) if trace.end_user else None

    def _seal(self, trace: Trace, outcome: Outcome, subject: str | None) -> str | None:
        if outcome.notice is None or outcome.finding is None:
            return None
        file = CaseFile(
            notice=outcome.notice, kind=outcome.kind, opened=trace.now, exchange=trace.id
        )
        try:
            if subject is not None and trace.end_user and self._subjects is not None:  # rule 4
                self._subjects.enter(outcome.notice.case, subject, trace.end_user, trace.now)
            return self._cases.open(file, outcome.excerpt)
        except Trouble:
            # The ledger is the record: a case without its excerpt is still a case.
            self._metrics.unsealed()
            return None

    def count(self, trace: Trace, outcome: Outcome) -> None:
        """Count an exchange; `record` does it by itself."""
        notice = outcome.notice
        self._metrics.record(
            ExchangeSummary(
                route=trace.route,
                dialect=trace.dialect,
                outcome=outcome.kind,
                category=notice.category if notice else "",
                rule=notice.rule if notice else "",
                tokens_saved=trace.tokens_saved,
                held_characters=trace.held_characters,
                added_s=trace.added_s(),
                late=outcome.late,
            )
        )


def _countable(count: int | None) -> int | None:
    """A count from outside, or None where it is none: no number of a client's or an upstream's
    may keep an exchange off the record."""
    return count if count is not None and 0 <= count <= COUNT_MAX else None


def _side(outcome: Outcome) -> str:
    """Who failed."""
    code = outcome.code
    if outcome.kind == "abandoned":
        return "client"
    if code == UNJUDGED:
        return "judge"
    ours = code in (BUG, STOPPING) or code.startswith(UNLICENSED)
    return "gateway" if ours else "upstream"


def _settle(durable: asyncio.Future[int | Trouble], answer: int | Trouble) -> None:
    if not durable.done():
        durable.set_result(answer)

"""Everything a running gateway is made of, in one place that is handed around.

It refuses to build anything: `app` does. What changes while the gateway runs is changed here and
nowhere else: the guard, and whether the gateway may serve.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from licet.base.clock import Clock
from licet.base.ids import Series
from licet.credentials.issuer import Issuer
from licet.gateway.asgi import Departures, Receive, Scope, Send
from licet.gateway.casestore import CaseStore
from licet.gateway.clearance import Clearance
from licet.gateway.config import Config
from licet.gateway.dialects.marking import TextMark
from licet.gateway.keyring import KeyRing
from licet.gateway.licensing import Licensing
from licet.gateway.limits import Allowance, Limits
from licet.gateway.measures import Measures
from licet.gateway.metrics import Metrics
from licet.gateway.minding import Minding
from licet.gateway.outcome import STOPPING, Outcome
from licet.gateway.recorder import Recorder
from licet.gateway.repeats import Repeats
from licet.gateway.subjects import Subjects
from licet.gateway.trace import Trace
from licet.gateway.turns import Turns
from licet.gateway.upstream import Upstream
from licet.gateway.waits import Waits
from licet.guard.classifier import Scores
from licet.guard.guarding import AUDIENCE, Guard
from licet.guard.memory import VerdictMemory
from licet.ledger.log import LogView
from licet.rulebook import Pack

if TYPE_CHECKING:  # loaded where pictures and sound are served, and nowhere else
    from licet.gateway.media.copylog import CopyLog
    from licet.gateway.media.studio import Studio


_STOPPING = "This gateway is shutting down: ask again in a moment."


class Judge(Protocol):
    """A judge outside. Never raises: None is "no answer"."""

    async def ask(
        self, text: str, role: str, context: str = "", *, audience: str = AUDIENCE,
        harm: float | None = None,
    ) -> Scores | None: ...  # fmt: skip

    async def close(self) -> None: ...


class SpanSink(Protocol):
    """Where spans of finished exchanges go."""

    def __call__(self, trace: Trace, outcome: Outcome) -> None: ...

    def close(self) -> None: ...


class Beside(Protocol):
    """Stands on our port and answers every path that is not ours (ASGI)."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...


@dataclass(slots=True)
class Parts:
    """A gateway's parts. `guard` judges new text, `clearance` says whether anybody is served;
    `urgent` counts what running exchanges must heed: urgent bundles, a clearance that was lost.
    `issuer` is the authority's desk where one is kept here (`licet up`)."""

    config: Config
    clock: Clock
    pack: Pack
    guard: Guard
    keyring: KeyRing
    limits: Limits
    upstreams: Mapping[str, Upstream]
    recorder: Recorder
    metrics: Metrics
    cases: CaseStore
    appeal_desk: str | None
    """Where people answer objections to stops: [appeal] desk_url."""
    subjects: Subjects
    log: LogView
    licensing: Licensing
    clearance: Clearance
    default_allowance: Allowance
    judge: Judge | None = None
    spans: SpanSink | None = None
    issuer: Issuer | None = None
    beside: Beside | None = None
    minors: Minding | None = None
    studio: Studio | None = None
    copies: CopyLog | None = None
    measures: Measures | None = None
    text_mark: TextMark | None = None
    urgent: int = 0
    exchanges: Series = field(init=False)
    repeats: Repeats = field(init=False)
    departures: Departures = field(default_factory=Departures)
    turns: Turns = field(default_factory=Turns)
    waits: Waits = field(default_factory=Waits)
    memory: VerdictMemory = field(
        default_factory=lambda: VerdictMemory(secrets.token_bytes(32))
    )  # fmt: skip

    def __post_init__(self) -> None:
        self.exchanges = Series("ex", self.clock.now())
        self.repeats = Repeats(self.clock, self.config.server.repeat_s)
        self.recorder.shown = self.clearance.shown

    def clear(self, clearance: Clearance) -> None:
        """From now on this holds. Where it is a refusal, what runs is cut off and must end."""
        self.clearance = clearance
        self.recorder.shown = clearance.shown
        lost = clearance.lost()
        if lost is not None:
            self.urgent += 1
            for upstream in self.upstreams.values():
                upstream.cut_off()
            self.waits.end(lost)

    def stop(self) -> None:
        """The gateway is about to end: what still runs is cut off and told so."""
        self.clear(replace(self.clearance, refusal=(STOPPING, _STOPPING, 503)))

    @property
    def ready(self) -> list[str]:
        """What keeps this gateway from serving; empty if nothing does."""
        faults = []
        if not self.recorder.healthy:
            faults.append("ledger")
        if not len(self.keyring):
            faults.append("keys")
        if self.clearance.refusal is not None:
            faults.append("licence")
        return faults

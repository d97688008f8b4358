"""One OpenTelemetry span for each exchange that is over, after the GenAI conventions.

It refuses to know text: a span holds names, numbers and identifiers that the ledger holds as well.

Rules
1. A span is made when its exchange is over, from what the trace noted: nothing of OpenTelemetry
   runs while text streams, and no context of the process or of a client finds its way in.
2. Names that clients choose (the model) are cut to identifiers first, as in the ledger.
3. What is not known is left out: a finish reason stands there only where we are the reason.
4. Without the extra `otel` this module imports and does nothing. A URL without the extra is
   refused at the start, not passed over later.

Attributes `gen_ai.*` are those of the OpenTelemetry semantic conventions for generative AI
(status: development); `licet.*` are ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module  # an import statement would want types that an extra brings
from typing import Any

from licet import __version__
from licet.base.clock import Clock, SystemClock
from licet.base.extras import adding
from licet.base.trouble import BadInput
from licet.gateway.config import TelemetryConfig
from licet.gateway.outcome import Outcome
from licet.gateway.trace import Trace
from licet.ledger.entry import as_id

CLOSE_MS = 5_000
"""How long the last spans may take to leave."""

Attributes = Mapping[str, str | int | bool | list[str]]

_OPERATIONS = {
    "completions": "text_completion", "embeddings": "embeddings", "images": "generate_content",
    "image_edits": "generate_content", "speech": "generate_content",
}  # fmt: skip
_TRACES = "/v1/traces"
_EPOCH = datetime.fromtimestamp(0, UTC)
_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Tracer:
    """Makes spans and hands them to an exporter, in a thread of its own."""

    api: Any
    """The module `opentelemetry.trace`."""
    provider: Any
    spans: Any
    """The provider's tracer for us."""
    context: Any
    """An empty one (rule 1): without it, a span would take the process's current context."""

    def close(self) -> None:
        """Send what waits, for CLOSE_MS at most, and stop."""
        self.provider.force_flush(CLOSE_MS)
        self.provider.shutdown()


@dataclass(frozen=True, slots=True)
class SpanSink:
    """Takes exchanges that are over, as the gateway wants it."""

    tracer: Tracer
    clock: Clock

    def __call__(self, trace: Trace, outcome: Outcome) -> None:
        record_span(self.tracer, trace, outcome, self.clock.monotonic())

    def close(self) -> None:
        self.tracer.close()


def make_span_sink(config: TelemetryConfig, clock: Clock | None = None) -> SpanSink | None:
    """Where spans go by that configuration; None where none are wanted. Raises as make_tracer."""
    tracer = make_tracer(config)
    return None if tracer is None else SpanSink(tracer, clock or SystemClock())


def make_tracer(config: TelemetryConfig, exporter: Any = None) -> Tracer | None:
    """A tracer that sends to `otlp_url` by OTLP over HTTP, or to `exporter`; None without either.

    `/v1/traces` is added to the URL unless it ends so. Raises BadInput where the extra is missing.
    """
    if config.otlp_url is None and exporter is None:
        return None
    try:
        api = import_module("opentelemetry.trace")
        sdk = import_module("opentelemetry.sdk.trace")
        export = import_module("opentelemetry.sdk.trace.export")
        resources = import_module("opentelemetry.sdk.resources")
        context = import_module("opentelemetry.context")
        if exporter is None:
            exporter = _otlp_exporter(str(config.otlp_url))
    except ImportError as missing:
        raise BadInput(
            f"telemetry.otlp_url is set, but {missing.name} is not installed.",
            hint=f"Install it, or take otlp_url out: {adding('otel')}",
        ) from None
    named = {"service.name": config.service_name, "service.version": __version__}
    provider = sdk.TracerProvider(resource=resources.Resource.create(named))
    provider.add_span_processor(export.BatchSpanProcessor(exporter))
    return Tracer(api, provider, provider.get_tracer("licet", __version__), context.Context())


def record_span(tracer: Tracer, trace: Trace, outcome: Outcome, ended_s: float) -> None:
    """Make the span of an exchange that ended at `ended_s` (monotonic). It waits for nobody."""
    api = tracer.api
    attributes = render_attributes(trace, outcome)
    start_ns = (trace.now - _EPOCH) // timedelta(microseconds=1) * 1_000
    span = tracer.spans.start_span(
        f"{attributes['gen_ai.operation.name']} {attributes['gen_ai.request.model']}",
        context=tracer.context,
        kind=api.SpanKind.CLIENT,
        attributes=attributes,
        start_time=start_ns,
    )
    if "error.type" in attributes:
        span.set_status(api.StatusCode.ERROR)
    span.end(start_ns + max(0, int((ended_s - trace.began) * _NS)))


def render_attributes(trace: Trace, outcome: Outcome) -> Attributes:
    """What a span says of an exchange. None of it is text, nor points at a person."""
    found: dict[str, str | int | bool | list[str]] = {
        "gen_ai.operation.name": _OPERATIONS.get(trace.dialect, "chat"),
        "gen_ai.provider.name": "anthropic" if trace.dialect == "messages" else "openai",
        "gen_ai.request.model": as_id(trace.model),
        "licet.outcome": outcome.kind,
        "licet.exchange": trace.id,
        "licet.stream": trace.stream,
    }
    if trace.upstream:
        found["licet.upstream"] = trace.upstream
    if trace.bundle:
        found["licet.bundle"] = trace.bundle
    if outcome.usage.prompt_tokens is not None:
        found["gen_ai.usage.input_tokens"] = outcome.usage.prompt_tokens
    if outcome.usage.completion_tokens is not None:
        found["gen_ai.usage.output_tokens"] = outcome.usage.completion_tokens
    if outcome.kind == "halted":
        found["gen_ai.response.finish_reasons"] = ["content_filter"]
    if outcome.notice is not None:
        found["licet.case"] = outcome.notice.case
        found["licet.category"] = as_id(outcome.notice.category)
        found["licet.rule"] = as_id(outcome.notice.rule)
    if outcome.kind in ("failed", "abandoned"):
        found["error.type"] = as_id(outcome.code or "_OTHER")
    return found


def _otlp_exporter(url: str) -> Any:
    exporter = import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
    endpoint = url if url.endswith(_TRACES) else url.rstrip("/") + _TRACES
    return exporter.OTLPSpanExporter(endpoint=endpoint)

"""Spans of exchanges: one each, with times, names and numbers, and never any text."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from kit.serve import serve
from licet.base.trouble import BadInput
from licet.gateway.config import TelemetryConfig
from licet.gateway.dialects.model import Notice, Usage
from licet.gateway.outcome import Outcome
from licet.gateway.telemetry import (
    Tracer,
    make_span_sink,
    make_tracer,
    record_span,
    render_attributes,
)
from licet.gateway.trace import Trace

NOW = datetime(2026, 11, 24, 2, 19, 57, 123456, tzinfo=UTC)
NOTICE = Notice(
    case="LC-20261124-7F3K9Q2A",
    category="hate",
    rule="base.hate.en.1",
    reason={"en": "SECRET reason"},
    appeal="https://example.cn/appeal/LC-20261124-7F3K9Q2A",
)


def needs(module: str) -> None:
    pytest.importorskip(module, reason=f"{module} is not installed: make extras ARGS=otel")


def trace(dialect: str = "chat", model: str = "qwen3-32b") -> Trace:
    made = Trace("ex_1", dialect, dialect, began=100.0, now=NOW)
    made.model, made.upstream, made.bundle, made.stream = model, "main", "ab12", True
    made.end_user, made.key = "SECRET user", "key_1"
    return made


@pytest.fixture
def kept() -> Iterator[tuple[Tracer, Any]]:
    """A tracer, and the exporter that keeps what it sent."""
    needs("opentelemetry.sdk")
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter = InMemorySpanExporter()
    tracer = make_tracer(TelemetryConfig(service_name="gw-1"), exporter)
    assert tracer is not None
    yield tracer, exporter
    tracer.close()


def only(kept: tuple[Tracer, Any]) -> Any:
    kept[0].provider.force_flush()
    (span,) = kept[1].get_finished_spans()
    return span


class TestSpans:
    def test_a_served_exchange_is_one_span_with_its_own_times(
        self, kept: tuple[Tracer, Any]
    ) -> None:
        record_span(kept[0], trace(), Outcome("served", usage=Usage(12, 345)), 102.5)
        span = only(kept)
        assert span.name == "chat qwen3-32b"
        assert span.start_time == 1_795_486_797_123_456_000
        assert span.end_time - span.start_time == 2_500_000_000
        assert (span.kind.name, span.parent, span.status.status_code.name) == (
            "CLIENT",
            None,
            "UNSET",
        )
        assert dict(span.attributes) == {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "qwen3-32b",
            "gen_ai.usage.input_tokens": 12,
            "gen_ai.usage.output_tokens": 345,
            "licet.outcome": "served",
            "licet.exchange": "ex_1",
            "licet.stream": True,
            "licet.upstream": "main",
            "licet.bundle": "ab12",
        }
        assert span.resource.attributes["service.name"] == "gw-1"

    def test_a_halt_names_case_and_rule_and_is_no_error(self, kept: tuple[Tracer, Any]) -> None:
        record_span(kept[0], trace(), Outcome("halted", NOTICE, excerpt="SECRET words"), 101.0)
        span = only(kept)
        assert span.attributes["gen_ai.response.finish_reasons"] == ("content_filter",)
        assert span.attributes["licet.case"] == NOTICE.case
        assert span.attributes["licet.rule"] == "base.hate.en.1"
        assert span.status.status_code.name == "UNSET"
        assert "SECRET" not in span.to_json()

    def test_a_failure_is_an_error_with_its_code(self, kept: tuple[Tracer, Any]) -> None:
        record_span(kept[0], trace(), Outcome("failed", code="upstream_closed"), 101.0)
        span = only(kept)
        assert span.attributes["error.type"] == "upstream_closed"
        assert span.status.status_code.name == "ERROR"

    def test_a_span_of_ours_has_no_parent_even_inside_another(
        self, kept: tuple[Tracer, Any]
    ) -> None:
        with kept[0].provider.get_tracer("other").start_as_current_span("other"):
            record_span(kept[0], trace(), Outcome("served"), 101.0)
        kept[0].provider.force_flush()
        ours, _other = kept[1].get_finished_spans()
        assert ours.parent is None

    def test_a_clock_that_was_read_in_odd_order_gives_no_negative_span(
        self, kept: tuple[Tracer, Any]
    ) -> None:
        record_span(kept[0], trace(), Outcome("served"), 99.0)
        span = only(kept)
        assert span.end_time == span.start_time


class TestAttributes:
    @pytest.mark.parametrize(
        ("dialect", "operation", "provider"),
        [
            ("chat", "chat", "openai"),
            ("completions", "text_completion", "openai"),
            ("responses", "chat", "openai"),
            ("messages", "chat", "anthropic"),
            ("embeddings", "embeddings", "openai"),
            ("images", "generate_content", "openai"),
        ],
    )
    def test_each_api_has_its_operation(self, dialect: str, operation: str, provider: str) -> None:
        found = render_attributes(trace(dialect), Outcome("served"))
        assert found["gen_ai.operation.name"] == operation
        assert found["gen_ai.provider.name"] == provider

    def test_no_text_finds_its_way_in_by_a_name(self) -> None:
        found = render_attributes(trace(model="my SECRET diary 今天"), Outcome("served"))
        assert found["gen_ai.request.model"] == "my_SECRET_diary_"
        assert "SECRET user" not in str(found)

    def test_what_is_not_known_is_left_out(self) -> None:
        found = render_attributes(Trace("ex_1", "chat", "chat", 0.0, NOW), Outcome("served"))
        assert not {"gen_ai.usage.input_tokens", "gen_ai.response.finish_reasons"} & set(found)


class TestConfiguration:
    def test_without_a_url_there_is_nothing(self) -> None:
        assert make_tracer(TelemetryConfig()) is None
        assert make_span_sink(TelemetryConfig()) is None

    @pytest.mark.parametrize(
        "module", ["opentelemetry", "opentelemetry.sdk", "opentelemetry.exporter"]
    )
    def test_a_url_without_the_extra_is_refused_with_what_to_do(self, module: str) -> None:
        program = (
            "import sys\n"
            f"sys.modules[{module!r}] = None\n"  # as if it were not installed
            "from licet.gateway.config import TelemetryConfig\n"
            "from licet.gateway.telemetry import make_tracer\n"
            "make_tracer(TelemetryConfig(otlp_url='http://127.0.0.1:4318'))\n"
        )
        ran = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=False
        )
        assert ran.returncode == 1
        last = ran.stderr.splitlines()[-1]
        assert last.startswith(f"{BadInput.__module__}.BadInput: telemetry.otlp_url is set, but")
        assert "make extras ARGS=otel" in last

    def test_spans_reach_a_collector_by_otlp_without_any_text(self) -> None:
        needs("opentelemetry.sdk")
        needs("opentelemetry.exporter.otlp.proto.http")
        got: list[tuple[str, bytes]] = []

        async def collector(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] != "http":
                return
            body = b""
            more = True
            while more:
                message = await receive()
                body += message.get("body", b"")
                more = message.get("more_body", False)
            got.append((scope["path"], body))
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        with serve(collector, lifespan="off") as url:
            sink = make_span_sink(TelemetryConfig(otlp_url=url))
            assert sink is not None
            sink(trace(), Outcome("halted", NOTICE, excerpt="SECRET words"))
            sink.close()
        ((path, body),) = got
        assert path == "/v1/traces"
        assert b"gen_ai.request.model" in body
        assert b"SECRET" not in body

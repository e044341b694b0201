"""What a gateway tells of its requests: metrics for Prometheus, a line in the log, a span; never a text or a key."""

import json
import os
import re
import stat
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from llm_pure import Usage
from llm_pure.gateway.call_log import CallLog, format_record, open_call_log
from llm_pure.gateway.call_record import CallRecord
from llm_pure.gateway.client_keys import create_key
from llm_pure.gateway.metrics import DURATION_BUCKETS, TOKEN_BUCKETS, Metrics
from llm_pure.gateway.spans import SpanObserver

RECORD = CallRecord(
    time=datetime(2026, 11, 30, 1, 30, tzinfo=UTC),
    request_id="req_1",
    key='lap"top\n',
    dialect="anthropic_messages",
    operation="chat",
    model="claude-sonnet-4-5",
    model_used="smart",
    provider="gemini",
    stream=True,
    status=200,
    usage=Usage(1000, 20, cached_input_tokens=400),
    cost_usd=Decimal("0.0015"),
    duration_s=1.5,
    first_byte_s=0.25,
    attempts=2,
    adaptations=1,
)
FAILED = msgspec.structs.replace(
    RECORD, status=529, error="overloaded", usage=Usage(), cost_usd=None, first_byte_s=None
)
REFUSED = CallRecord(
    time=RECORD.time, request_id="req_2", dialect="openai_chat", operation="chat", status=401
)

LINE = re.compile(r'[a-z_]+(\{([a-z_]+="(\\.|[^"\\\n])*",?)*\})? -?[0-9.e+-]+')


def values_of(metrics: Metrics) -> dict[str, float]:
    """Name with labels -> value, after checking that every line is one of the format."""
    lines = metrics.render().decode().splitlines()
    samples = [line for line in lines if not line.startswith("#")]
    assert [line for line in samples if not LINE.fullmatch(line)] == []
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in samples}


def test_metrics_count_requests_tokens_times_and_costs() -> None:
    metrics = Metrics()
    for record in (RECORD, RECORD, FAILED, REFUSED):
        metrics.observe(record)
    values = values_of(metrics)
    call = 'gen_ai_operation_name="chat",gen_ai_provider_name="gcp.gemini",gen_ai_request_model="smart"'
    key = r'key="lap\"top\n",model="smart"'
    chat = 'dialect="anthropic_messages",operation="chat"'
    duration = "gen_ai_client_operation_duration_seconds"
    expected = {
        f'llm_pure_requests_total{{{key},{chat},status="200"}}': 2,
        f'llm_pure_requests_total{{{key},{chat},status="529"}}': 1,
        'llm_pure_requests_total{key="",model="",dialect="openai_chat",operation="chat",status="401"}': 1,
        f"llm_pure_cost_usd_total{{{key}}}": 0.003,
        'llm_pure_attempts_total{model="smart",provider="gemini"}': 6,
        f'{duration}_bucket{{{call},le="1.28"}}': 0,
        f'{duration}_bucket{{{call},le="2.56"}}': 2,
        f'{duration}_bucket{{{call},le="+Inf"}}': 2,
        f"{duration}_sum{{{call}}}": 3,
        f"{duration}_count{{{call}}}": 2,
        f'{duration}_count{{{call},error_type="overloaded"}}': 1,
        f"gen_ai_client_operation_time_to_first_chunk_seconds_sum{{{call}}}": 0.5,
        f'gen_ai_client_token_usage_sum{{{call},gen_ai_token_type="input"}}': 2000,
        f'gen_ai_client_token_usage_bucket{{{call},gen_ai_token_type="output",le="16"}}': 0,
        f'gen_ai_client_token_usage_bucket{{{call},gen_ai_token_type="output",le="64"}}': 2,
    }
    assert {name: values.get(name) for name in expected} == expected
    samples = (len(DURATION_BUCKETS) + 3) * 3 + (len(TOKEN_BUCKETS) + 3) * 2
    assert len(values) == samples + 5


def test_metrics_are_described_and_bounded_by_what_the_configuration_names() -> None:
    metrics = Metrics()
    for number in range(500):
        metrics.observe(msgspec.structs.replace(RECORD, model=f"made-up-{number}"))
    text = metrics.render(in_flight=3).decode()
    assert text.count("# TYPE ") == text.count("# HELP ") == 8
    assert "llm_pure_requests_in_flight 3\n" in text
    assert "made-up" not in text
    assert len(text) < 15_000


def test_metrics_survive_a_sum_without_end() -> None:
    metrics = Metrics()
    for _ in range(2):
        metrics.observe(msgspec.structs.replace(RECORD, cost_usd=Decimal("1.7e308")))
    assert b"llm_pure_cost_usd_total" in metrics.render()
    assert b" +Inf\n" in metrics.render()


def test_line_of_a_request_has_every_figure() -> None:
    assert json.loads(format_record(RECORD)) == {
        "time": "2026-11-30T01:30:00.000+00:00",
        "request_id": "req_1",
        "key": 'lap"top\n',
        "dialect": "anthropic_messages",
        "operation": "chat",
        "model": "claude-sonnet-4-5",
        "model_used": "smart",
        "provider": "gemini",
        "stream": True,
        "status": 200,
        "input_tokens": 1000,
        "output_tokens": 20,
        "cached_input_tokens": 400,
        "cost_usd": "0.0015",
        "ms": 1500.0,
        "first_byte_ms": 250.0,
        "attempts": 2,
        "adaptations": 1,
    }


@pytest.mark.parametrize("model", ["x" * 10**6, "\ud800", "a\nb\r\x1b[31m"])
def test_line_is_one_short_line_whatever_the_client_names(model: str) -> None:
    line = format_record(msgspec.structs.replace(RECORD, model=model))
    assert (line.count(b"\n"), line.endswith(b"}\n"), len(line) < 1500) == (1, True, True)
    assert b"\x1b" not in line


def test_a_key_in_place_of_a_models_name_is_not_logged() -> None:
    key = create_key(bytes(range(32))).reveal()
    for model in (key, f"models/{key}", "x" * 190 + " " + key):
        line = format_record(msgspec.structs.replace(RECORD, model=model))
        assert key[10:20].encode() not in line


def test_a_line_after_one_that_was_cut_by_a_full_disk_is_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "calls.log"
    log = open_call_log(str(path))
    log(RECORD)
    write, room = os.write, [20, 0]
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda fd, data: write(fd, data[: room.pop(0)]))
        log(RECORD)
        log(RECORD)
    log(FAILED)
    log(RECORD)
    first, cut, *others = path.read_text().splitlines()
    assert (first.startswith(cut), len(cut)) == (True, 20)
    assert [json.loads(line)["status"] for line in (first, *others)] == [200, 529, 200]


def test_a_pipe_without_a_reader_is_not_waited_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    os.mkfifo(tmp_path / "pipe")
    open_call_log(str(tmp_path / "pipe"))(RECORD)
    assert "the log of the gateway cannot be written" in caplog.text


def test_log_file_is_private_and_may_be_moved_away(tmp_path: Path) -> None:
    path = tmp_path / "calls.log"
    log = open_call_log(str(path))
    log(RECORD)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.rename(tmp_path / "calls.log.1")
    log(FAILED)
    assert [json.loads(line)["status"] for line in path.read_text().splitlines()] == [529]


def test_full_disk_loses_lines_and_no_answer(caplog: pytest.LogCaptureFixture) -> None:
    lines: list[bytes] = []
    full = [False]

    def write(line: bytes) -> None:
        if full[0]:
            raise OSError(28, "No space left on device")
        lines.append(line)

    log = CallLog(write)
    for is_full in (False, True, True, False):
        full[0] = is_full
        log.observe(RECORD)
    assert len(lines) == 2
    assert caplog.messages == [
        "the log of the gateway cannot be written: [Errno 28] No space left on device",
        "2 lines of the gateway's log were lost",
    ]


def test_log_to_nowhere_and_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    open_call_log("")(RECORD)
    open_call_log("stderr")(RECORD)
    output = capsys.readouterr()
    assert (output.out, output.err.encode()) == ("", format_record(RECORD))
    with pytest.raises(FileNotFoundError):
        os.stat("stderr")


def span_of(record: CallRecord) -> Any:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    SpanObserver(provider.get_tracer("test")).observe(record)
    spans = exporter.get_finished_spans()
    return spans[0] if spans else None


def test_span_has_the_attributes_of_the_conventions() -> None:
    span = span_of(RECORD)
    assert (span.name, span.kind.name, span.status.status_code.name) == (
        "chat smart",
        "SERVER",
        "UNSET",
    )
    assert span.end_time - span.start_time == 1_500_000_000
    assert [(event.name, event.timestamp - span.start_time) for event in span.events] == [
        ("gen_ai.first_chunk", 250_000_000)
    ]
    assert dict(span.attributes) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "gcp.gemini",
        "gen_ai.request.model": "smart",
        "gen_ai.request.stream": True,
        "gen_ai.usage.input_tokens": 1000,
        "gen_ai.usage.output_tokens": 20,
        "gen_ai.usage.cache_read.input_tokens": 400,
        "http.response.status_code": 200,
        "llm_pure.request_id": "req_1",
        "llm_pure.key": 'lap"top\n',
        "llm_pure.dialect": "anthropic_messages",
        "llm_pure.cost_usd": 0.0015,
        "llm_pure.attempts": 2,
        "llm_pure.adaptations": 1,
    }


def test_failed_request_is_a_failed_span_and_a_refused_one_is_none() -> None:
    span = span_of(FAILED)
    assert (span.status.status_code.name, span.status.description) == ("ERROR", "overloaded")
    assert span.attributes["error.type"] == "overloaded"
    assert span_of(REFUSED) is None

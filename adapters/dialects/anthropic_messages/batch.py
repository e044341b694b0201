"""Anthropic's Message Batches: the requests in one body, the results as a file of lines.

A job has no field for our key, so after a crash it is recognized by the ids of its results.
Source: ../shared/wire/batch.md 3 (anthropic 2.14.0 types/messages/message_batch.py), read 2026-11-29.
"""

from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.anthropic_messages.errors import find_error
from llm_pure.adapters.dialects.common.batch_values import (
    ACCEPT_JSON,
    bytes_request,
    count_of,
    encode_fields,
    id_of,
    object_of,
    seconds_of,
    state_of,
    text_of,
)
from llm_pure.adapters.dialects.common.make_batch import (
    BatchWire,
    Json,
    job_request,
    make_batch,
)
from llm_pure.core.batch_api import (
    ENDED,
    BatchApi,
    BatchCounts,
    BatchInput,
    BatchJob,
    BatchLimits,
    BatchResult,
)
from llm_pure.core.batch_results import described_result, not_run, unreadable
from llm_pure.core.error_mapping import status_of_type
from llm_pure.core.provider import Provider
from llm_pure.core.service import Service
from llm_pure.core.urls import UrlFor
from llm_pure.framing.json_codec import preview
from llm_pure.types.config import LLMConfig
from llm_pure.types.http import Headers, HttpRequest
from llm_pure.types.rejection import ok

_VERSION: Headers = (("anthropic-version", "2023-06-01"),)


def message_batches(provider: Provider, limits: BatchLimits, url_for: UrlFor) -> BatchApi:
    """The batch operations at these URLs."""
    return make_batch(provider, limits, WIRE, url_for)


def _make_line(service: Service[Any], custom_id: str, body: Json) -> Json:
    """{custom_id, params}; `speed` is refused in batches, and is left to the service's own error."""
    return {"custom_id": custom_id, "params": body}


def _build_create(service: Service[Any], config: LLMConfig, job: BatchInput) -> HttpRequest:
    """POST {"requests": [...]}. The lines are put in as they are: they may be 256 MB."""
    url = ok(service.url_for(config, "", WIRE.jobs))
    body = encode_fields(service, {}, job.lines)
    return bytes_request(config, url, body, (*_VERSION, *job.headers))


def _build_results(
    service: Service[Any], config: LLMConfig, job: BatchJob, page: str
) -> HttpRequest:
    """GET {id}/results below the configured base URL: `results_url` may be null, and may name another host."""
    request = job_request(WIRE, service, "GET", "/results", config, job.id)
    headers = [pair for pair in request.headers if pair != ("accept", "application/json")]
    return replace(request, headers=(("accept", "application/binary"), *headers))


def _job(service: Service[Any], raw: dict[str, Any]) -> BatchJob:
    state = state_of(raw.get("processing_status"))
    counts = object_of(raw.get("request_counts"))
    failed = [count_of(counts.get(name)) for name in ("errored", "canceled", "expired")]
    known = [count for count in failed if count is not None]
    numbers = [count_of(counts.get(name)) for name in ("processing", "succeeded")]
    parts = [count for count in (*numbers, *failed) if count is not None]
    return BatchJob(
        id=id_of(raw.get("id")),
        state=state,
        raw_state=text_of(raw.get("processing_status")),
        provider=service.name,
        counts=BatchCounts(
            total=sum(parts) if parts else None,
            pending=numbers[0],
            succeeded=numbers[1],
            failed=sum(known) if known else None,
        ),
        created_s=seconds_of(raw.get("created_at")),
        ended_s=seconds_of(raw.get("ended_at")),
        expires_s=seconds_of(raw.get("expires_at")),
        pages=("results",) if state in ENDED else (),
        raw=raw,
    )


def _read_line(service: Service[Any], raw: dict[str, Any]) -> BatchResult:
    """{custom_id, result: {type: succeeded | errored | canceled | expired, ...}}."""
    custom_id = id_of(raw.get("custom_id"))
    result = object_of(raw.get("result"))
    match result.get("type"):
        case "succeeded" if isinstance(result.get("message"), dict):
            return described_result(custom_id, 200, result["message"])
        case "errored":
            error = object_of(result.get("error"))
            inner = object_of(error.get("error"))
            status = status_of_type(text_of(inner.get("type"))) or 500
            request_id = text_of(error.get("request_id"))
            headers = (("request-id", request_id),) if request_id else ()
            return described_result(custom_id, status, error or {"error": {}}, headers=headers)
        case "canceled" | "expired" as kind:
            return not_run(service.name, custom_id, str(kind), "")
        case _:
            return unreadable(
                service.name, "the result has no type that is known", preview(raw), custom_id
            )


WIRE = BatchWire(
    shape="inline",
    keeps_key=False,
    make_line=_make_line,
    create=_build_create,
    read_job=_job,
    results=_build_results,
    read_line=_read_line,
    find_error=find_error,
    headers=(*ACCEPT_JSON, *_VERSION),
    jobs="/v1/messages/batches",
    job="/v1/messages/batches/",
    list_query={"limit": 1000},
    page_parameter="after_id",
    deletes=frozenset({"job"}),
)

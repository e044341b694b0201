"""Anthropic's Message Batches: the requests in one body, the results as a file of lines.

A job has no field for our key, so after a crash it is recognized by the ids of its results.
Source: ../shared/wire/batch.md 3 (anthropic 2.14.0 types/messages/message_batch.py), read 2026-11-29.
"""

from functools import partial
from typing import Any
from urllib.parse import quote

from msgspec.structs import replace

from llm_pure.adapters.dialects.anthropic_messages.errors import find_error
from llm_pure.adapters.dialects.common.batch_values import (
    bare_request,
    batch_line,
    build_body,
    count_of,
    id_of,
    object_of,
    require_id,
    rows_of,
    seconds_of,
    state_of,
    text_of,
    with_query,
)
from llm_pure.core.batch_api import (
    ENDED,
    BatchApi,
    BatchCounts,
    BatchInput,
    BatchJob,
    BatchLimits,
    BatchLine,
    BatchResult,
    JobPage,
    ResultsDecoder,
)
from llm_pure.core.batch_results import JsonLinesDecoder, not_run, response_of, unreadable
from llm_pure.core.dialect import (
    AnyService,
    Service,
    decode_error,
    malformed_response,
    read_json,
    undecodable_error,
)
from llm_pure.core.error_mapping import status_of_type
from llm_pure.core.provider import Provider
from llm_pure.core.urls import UrlFor
from llm_pure.framing.json_codec import preview
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import LLMError
from llm_pure.types.http import Headers, HttpRequest, HttpResponse, ResponseHead
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.request import ChatRequest

PATH = "/v1/messages/batches"
LIST_SIZE = 1000
_VERSION: Headers = (("anthropic-version", "2023-06-01"),)
_JSON: Headers = (("accept", "application/json"), *_VERSION)


def message_batches(provider: Provider, limits: BatchLimits, url_for: UrlFor) -> BatchApi:
    """The batch operations at these URLs."""
    service: AnyService = Service(
        name=provider.name, base_url=provider.base_url, url_for=url_for, quirks=None
    )
    return BatchApi(
        provider=provider.name,
        shape="inline",
        limits=limits,
        keeps_key=False,
        build_line=partial(_build_line, provider, service),
        create=partial(_build_create, service),
        parse_job=partial(_parse_job, service),
        poll=partial(_build_job_request, service, "GET", ""),
        list_jobs=partial(_build_list, service),
        parse_list=partial(_parse_list, service),
        results=partial(_build_results, service),
        open_results=partial(_open_results, service),
        cancel=partial(_build_job_request, service, "POST", "/cancel"),
        delete=partial(_build_delete, service),
    )


@returns_failure
def _build_line(
    provider: Provider, service: AnyService, config: LLMConfig, custom_id: str, request: ChatRequest
) -> BatchLine:
    """{custom_id, params}; `speed` is refused in batches, and is left to the service's own error."""
    built, body = build_body(provider, config, request)
    line = batch_line(service, config, custom_id, built, {"custom_id": custom_id, "params": body})
    own = tuple([pair for pair in line.headers if pair[0] != "anthropic-version"])
    return replace(line, headers=own)


@returns_failure
def _build_create(service: AnyService, config: LLMConfig, job: BatchInput) -> HttpRequest:
    """POST {"requests": [...]}. The lines are put in as they are: they may be 256 MB."""
    url = ok(service.url_for(config, "", PATH))
    body = b'{"requests":[' + b",".join(job.lines) + b"]}"
    headers = (("content-type", "application/json"), *_JSON, *job.headers)
    return bare_request(config, "POST", url, headers, body)


@returns_failure
def _build_job_request(
    service: AnyService, method: str, action: str, config: LLMConfig, job_id: str
) -> HttpRequest:
    url = ok(service.url_for(config, "", f"{PATH}/{quote(job_id, safe='')}{action}"))
    return bare_request(config, method, url, _JSON)


@returns_failure
def _build_list(service: AnyService, config: LLMConfig, page: str) -> HttpRequest:
    url = ok(service.url_for(config, "", PATH))
    return bare_request(config, "GET", with_query(url, limit=LIST_SIZE, after_id=page), _JSON)


@returns_failure
def _build_results(service: AnyService, config: LLMConfig, job: BatchJob, page: str) -> HttpRequest:
    """GET {id}/results below the configured base URL: `results_url` may be null, and may name another host."""
    url = ok(service.url_for(config, "", f"{PATH}/{quote(job.id, safe='')}/results"))
    return bare_request(config, "GET", url, (("accept", "application/binary"), *_VERSION))


@returns_failure
def _build_delete(service: AnyService, config: LLMConfig, job: BatchJob) -> tuple[HttpRequest, ...]:
    return (ok(_build_job_request(service, "DELETE", "", config, job.id)),)


@returns_failure
def _parse_job(service: AnyService, response: HttpResponse) -> BatchJob:
    job = _job(service, object_of(read_json(service, response, find_error)))
    require_id(service, response, job.id, "a batch")
    return job


def _job(service: AnyService, raw: dict[str, Any]) -> BatchJob:
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


@returns_failure
def _parse_list(service: AnyService, response: HttpResponse) -> JobPage:
    raw = read_json(service, response, find_error)
    if not isinstance(object_of(raw).get("data"), list):
        raise Rejected(malformed_response(service, response, "the response has no list of batches"))
    jobs = tuple([_job(service, row) for row in rows_of(raw, "data") if id_of(row.get("id"))])
    more = object_of(raw).get("has_more") is True
    return JobPage(jobs=jobs, next_page=id_of(object_of(raw).get("last_id")) if more else "")


def _open_results(
    service: AnyService, job: BatchJob, page: str, head: ResponseHead
) -> ResultsDecoder:
    return JsonLinesDecoder(
        service.name, head, partial(_read_line, service), partial(_response_error, service)
    )


def _read_line(service: AnyService, raw: dict[str, Any]) -> BatchResult:
    """{custom_id, result: {type: succeeded | errored | canceled | expired, ...}}."""
    custom_id = id_of(raw.get("custom_id"))
    result = object_of(raw.get("result"))
    match result.get("type"):
        case "succeeded" if isinstance(result.get("message"), dict):
            response = response_of(200, result["message"])
            return BatchResult(custom_id=custom_id, kind="response", response=response)
        case "errored":
            error = object_of(result.get("error"))
            inner = object_of(error.get("error"))
            status = status_of_type(text_of(inner.get("type"))) or 500
            request_id = text_of(error.get("request_id"))
            headers = (("request-id", request_id),) if request_id else ()
            response = response_of(status, error or {"error": {}}, headers=headers)
            return BatchResult(custom_id=custom_id, kind="response", response=response)
        case "canceled" | "expired" as kind:
            return not_run(service.name, custom_id, str(kind), "")
        case _:
            return unreadable(
                service.name, "the result has no type that is known", preview(raw), custom_id
            )


def _response_error(service: AnyService, response: HttpResponse) -> LLMError | None:
    if response.status < 300:
        return None
    return decode_error(service, find_error, response) or undecodable_error(service, response)

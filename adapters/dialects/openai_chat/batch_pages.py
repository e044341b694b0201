"""Batches with results in pages that can be read at any time: xAI's API.

The requests are uploaded as a file, which seals the job: a job to which requests are appended one call after another could
be found half filled after a crash. A job has no word for its state; the counts say it.
Source: ../shared/wire/batch.md 11 (xai-sdk 1.21.0; docs.litellm.ai xai_batches), read 2026-11-29.
"""

from functools import partial
from typing import Any
from urllib.parse import quote

from llm_pure.adapters.dialects.common.batch_values import (
    bare_request,
    batch_line,
    build_body,
    count_of,
    id_of,
    json_request,
    object_of,
    require_id,
    rows_of,
    seconds_of,
    text_of,
    with_query,
)
from llm_pure.adapters.dialects.openai_common.batch import response_error
from llm_pure.adapters.dialects.openai_common.batch_lines import explain_create
from llm_pure.adapters.dialects.openai_common.errors import find_error
from llm_pure.core.batch_api import (
    BatchApi,
    BatchCounts,
    BatchInput,
    BatchJob,
    BatchJobError,
    BatchLimits,
    BatchLine,
    BatchResult,
    BatchState,
    JobPage,
    ResultsDecoder,
    UploadRequest,
    UploadState,
)
from llm_pure.core.batch_results import (
    JsonPageDecoder,
    grpc_status,
    not_run,
    response_of,
    unreadable,
)
from llm_pure.core.dialect import AnyService, Service, malformed_response, read_json
from llm_pure.core.provider import Provider
from llm_pure.core.urls import UrlFor, under_base_url
from llm_pure.framing.json_codec import preview
from llm_pure.framing.multipart import FormFile, multipart
from llm_pure.types.config import LLMConfig
from llm_pure.types.http import HttpRequest, HttpResponse, ResponseHead
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.request import ChatRequest

ENDPOINT = "/v1/chat/completions"
PAGE_SIZE = 100
_FIRST = "page:"
TICKS_A_DOLLAR = 10**10


def paged_batches(
    provider: Provider, limits: BatchLimits, url_for: UrlFor | None = None
) -> BatchApi:
    """The batch operations at the URLs of `url_for`, or below the provider's base URL."""
    name, base_url = provider.name, provider.base_url
    service: AnyService = Service(
        name=name,
        base_url=base_url,
        url_for=url_for or under_base_url(name, base_url),
        quirks=None,
    )
    return BatchApi(
        provider=provider.name,
        shape="pages",
        limits=limits,
        keeps_key=True,
        build_line=partial(_build_line, provider, service),
        upload=partial(_build_upload, service),
        parse_upload=partial(_parse_upload, service),
        create=partial(_build_create, service),
        parse_job=partial(_parse_job, service),
        poll=partial(_build_job_request, service, "GET", ""),
        list_jobs=partial(_build_list, service),
        parse_list=partial(_parse_list, service),
        results=partial(_build_results, service),
        open_results=partial(_open_results, service),
        cancel=partial(_build_job_request, service, "POST", ":cancel"),
        delete=partial(_build_delete, service),
    )


@returns_failure
def _build_line(
    provider: Provider, service: AnyService, config: LLMConfig, custom_id: str, request: ChatRequest
) -> BatchLine:
    built, body = build_body(provider, config, request)
    line = {"custom_id": custom_id, "method": "POST", "url": ENDPOINT, "body": body}
    return batch_line(service, config, custom_id, built, line)


@returns_failure
def _build_upload(
    service: AnyService, config: LLMConfig, job: BatchInput, state: UploadState
) -> UploadRequest:
    file = FormFile(filename=f"{job.key}.jsonl", media_type="application/jsonl", data=job.data)
    content_type, body = multipart([("purpose", "batch"), ("file", file)])
    url = ok(service.url_for(config, "", "/files"))
    headers = (("content-type", content_type), ("accept", "application/json"))
    return UploadRequest(request=bare_request(config, "POST", url, headers, body))


@returns_failure
def _parse_upload(service: AnyService, response: HttpResponse, state: UploadState) -> UploadState:
    raw = object_of(read_json(service, response, find_error))
    file_id = require_id(service, response, id_of(raw.get("id")), "a file")
    return UploadState(done=True, file_id=file_id)


@returns_failure
def _build_create(service: AnyService, config: LLMConfig, job: BatchInput) -> HttpRequest:
    url = ok(service.url_for(config, "", "/batches"))
    body = {"name": job.key, "input_file_id": job.file_id}
    return json_request(service, config, url, body, job.headers)


@returns_failure
def _build_job_request(
    service: AnyService, method: str, action: str, config: LLMConfig, job_id: str
) -> HttpRequest:
    url = ok(service.url_for(config, "", f"/batches/{quote(job_id, safe='')}{action}"))
    return bare_request(config, method, url)


@returns_failure
def _build_list(service: AnyService, config: LLMConfig, page: str) -> HttpRequest:
    url = ok(service.url_for(config, "", "/batches"))
    return bare_request(config, "GET", with_query(url, limit=PAGE_SIZE, pagination_token=page))


@returns_failure
def _build_results(service: AnyService, config: LLMConfig, job: BatchJob, page: str) -> HttpRequest:
    url = ok(service.url_for(config, "", f"/batches/{quote(job.id, safe='')}/results"))
    token = page.removeprefix(_FIRST)
    return bare_request(config, "GET", with_query(url, limit=PAGE_SIZE, pagination_token=token))


@returns_failure
def _build_delete(service: AnyService, config: LLMConfig, job: BatchJob) -> tuple[HttpRequest, ...]:
    if not job.input_file:
        return ()
    url = ok(service.url_for(config, "", f"/files/{quote(job.input_file, safe='')}"))
    return (bare_request(config, "DELETE", url),)


@returns_failure
def _parse_job(service: AnyService, response: HttpResponse) -> BatchJob:
    try:
        raw = object_of(read_json(service, response, find_error))
    except Rejected as rejected:
        raise Rejected(explain_create(rejected.error)) from None
    job = _job(service, raw)
    require_id(service, response, job.id, "a batch")
    return job


def _job(service: AnyService, raw: dict[str, Any]) -> BatchJob:
    counts = object_of(raw.get("state"))
    numbers = {
        name: count_of(counts.get(f"num_{name}"))
        for name in ("requests", "pending", "success", "error", "cancelled")
    }
    failed = [numbers[name] for name in ("error", "cancelled") if numbers[name] is not None]
    cancelled_by = text_of(raw.get("cancel_by_xai_message"))
    state = _state(raw, numbers)
    ticks = count_of(object_of(raw.get("cost_breakdown")).get("total_cost_usd_ticks"))
    return BatchJob(
        id=id_of(raw.get("batch_id")) or id_of(raw.get("id")),
        state=state,
        key=text_of(raw.get("name")),
        provider=service.name,
        counts=BatchCounts(
            total=numbers["requests"],
            pending=numbers["pending"],
            succeeded=numbers["success"],
            failed=sum([count for count in failed if count is not None]) if failed else None,
        ),
        created_s=seconds_of(raw.get("create_time")),
        expires_s=seconds_of(raw.get("expire_time")),
        input_file=id_of(raw.get("input_file_id")),
        pages=(_FIRST,) if state in ("completed", "failed", "cancelled") else (),
        errors=(BatchJobError(message=cancelled_by),) if cancelled_by else (),
        cost_usd=None if ticks is None else ticks / TICKS_A_DOLLAR,
        raw=raw,
    )


def _state(raw: dict[str, Any], numbers: dict[str, int | None]) -> BatchState:
    """The state by the counts: over when nothing is pending of what there is; a missing count of zero is left out."""
    cancelled = raw.get("cancel_time") is not None
    pending = numbers["pending"] or 0
    if cancelled and raw.get("cancel_by_xai_message"):
        return "failed"
    if not numbers["requests"]:
        return "cancelled" if cancelled else "waiting"
    if pending:
        return "cancelling" if cancelled else "running"
    return "cancelled" if cancelled else "completed"


@returns_failure
def _parse_list(service: AnyService, response: HttpResponse) -> JobPage:
    raw = object_of(read_json(service, response, find_error))
    if not any(isinstance(raw.get(field), list) for field in ("batches", "data")):
        raise Rejected(malformed_response(service, response, "the response has no list of batches"))
    jobs = [_job(service, row) for row in rows_of(raw, "batches", "data")]
    page = text_of(raw.get("pagination_token"))
    return JobPage(jobs=tuple([job for job in jobs if job.id]), next_page=page)


def _open_results(
    service: AnyService, job: BatchJob, page: str, head: ResponseHead
) -> ResultsDecoder:
    find = partial(response_error, service)
    return JsonPageDecoder(service.name, head, partial(_read_page, service), find)


def _read_page(service: AnyService, raw: dict[str, Any]) -> tuple[list[BatchResult], str]:
    rows = rows_of(raw, "results")
    token = text_of(raw.get("pagination_token"))
    return [_read_result(service, row) for row in rows], f"{_FIRST}{token}" if token else ""


def _read_result(service: AnyService, raw: dict[str, Any]) -> BatchResult:
    """{batch_request_id, batch_result: {response: {chat_get_completion: body}} | {error: {code, message}}}."""
    custom_id = id_of(raw.get("batch_request_id")) or id_of(raw.get("custom_id"))
    result = object_of(raw.get("batch_result"))
    answer, error = result.get("response"), object_of(result.get("error"))
    if isinstance(answer, dict) and answer:
        body = next(iter(answer.values())) if len(answer) == 1 else answer
        response = response_of(200, body, result.get("error"))
        return BatchResult(custom_id=custom_id, kind="response", response=response)
    if error:
        if "cancel" in text_of(error.get("message")).lower():
            return not_run(service.name, custom_id, "cancelled", text_of(error.get("message")))
        status = grpc_status(error.get("code"))
        body = {"error": {"message": error.get("message"), "code": id_of(error.get("code"))}}
        return BatchResult(custom_id=custom_id, kind="response", response=response_of(status, body))
    message = "the result has neither a response nor an error"
    return unreadable(service.name, message, preview(raw), custom_id)

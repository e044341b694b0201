"""Batches with results in pages that can be read at any time: xAI's API.

The requests are uploaded as a file, which seals the job: a job to which requests are appended one call after another could
be found half filled after a crash. A job has no word for its state; the counts say it.
Source: ../shared/wire/batch.md 11 (xai-sdk 1.21.0; docs.litellm.ai xai_batches), read 2026-11-29.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from llm_pure.adapters.dialects.common.batch_values import (
    count_of,
    id_of,
    json_request,
    object_of,
    rows_of,
    seconds_of,
    text_of,
    with_query,
)
from llm_pure.adapters.dialects.common.make_batch import (
    LIST_SIZE,
    BatchWire,
    Json,
    job_request,
    make_batch,
)
from llm_pure.adapters.dialects.openai_common.batch import FileBatches, build_upload, parse_upload
from llm_pure.adapters.dialects.openai_common.errors import find_error
from llm_pure.core.batch_api import (
    BatchApi,
    BatchCounts,
    BatchInput,
    BatchJob,
    BatchJobError,
    BatchLimits,
    BatchResult,
    BatchState,
)
from llm_pure.core.batch_results import described_result, empty_result, grpc_status, not_run
from llm_pure.core.provider import Provider
from llm_pure.core.service import Service
from llm_pure.types.config import LLMConfig
from llm_pure.types.http import HttpRequest
from llm_pure.types.rejection import ok

ENDPOINT = "/v1/chat/completions"
_FIRST = "page:"
TICKS_A_DOLLAR = 10**10


def paged_batches(provider: Provider, limits: BatchLimits) -> BatchApi:
    """The batch operations below the provider's base URL."""
    return make_batch(provider, limits, WIRE, quirks=FileBatches(limits=limits))


def _make_line(service: Service[Any], custom_id: str, body: Json) -> Json:
    return {"custom_id": custom_id, "method": "POST", "url": ENDPOINT, "body": body}


def _build_create(service: Service[Any], config: LLMConfig, job: BatchInput) -> HttpRequest:
    url = ok(service.url_for(config, "", WIRE.jobs))
    body = {"name": job.key, "input_file_id": job.file_id}
    return json_request(service, config, url, body, job.headers)


def _build_results(
    service: Service[Any], config: LLMConfig, job: BatchJob, page: str
) -> HttpRequest:
    request = job_request(WIRE, service, "GET", "/results", config, job.id)
    token = page.removeprefix(_FIRST)
    url = with_query(request.url, limit=LIST_SIZE, pagination_token=token)
    return msgspec.structs.replace(request, url=url)


def _job(service: Service[Any], raw: dict[str, Any]) -> BatchJob:
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


def _read_page(raw: Json) -> tuple[Sequence[Json], str]:
    token = text_of(raw.get("pagination_token"))
    return rows_of(raw, "results"), f"{_FIRST}{token}" if token else ""


def _read_line(service: Service[Any], raw: dict[str, Any]) -> BatchResult:
    """{batch_request_id, batch_result: {response: {chat_get_completion: body}} | {error: {code, message}}}."""
    custom_id = id_of(raw.get("batch_request_id")) or id_of(raw.get("custom_id"))
    result = object_of(raw.get("batch_result"))
    answer, error = result.get("response"), object_of(result.get("error"))
    if isinstance(answer, dict) and answer:
        body = next(iter(answer.values())) if len(answer) == 1 else answer
        return described_result(custom_id, 200, body, result.get("error"))
    if error:
        if "cancel" in text_of(error.get("message")).lower():
            return not_run(service.name, custom_id, "cancelled", text_of(error.get("message")))
        status = grpc_status(error.get("code"))
        body = {"error": {"message": error.get("message"), "code": id_of(error.get("code"))}}
        return described_result(custom_id, status, body)
    return empty_result(service.name, custom_id, raw)


WIRE = BatchWire(
    shape="pages",
    make_line=_make_line,
    upload=build_upload,
    parse_upload=parse_upload,
    create=_build_create,
    read_job=_job,
    results=_build_results,
    read_line=_read_line,
    read_page=_read_page,
    find_error=find_error,
    cancel=":cancel",
    page_parameter="pagination_token",
    page_field="pagination_token",
    lists=("batches", "data"),
)

"""Batches with the requests in the job, or in a file, and results in files or in the job: Mistral's API.

The model is that of the job and not of a line. Source: ../shared/wire/batch.md 7 (mistralai 3.7.0), read 2026-11-29.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from llm_pure.adapters.dialects.common.batch_values import (
    FILE_PAGE,
    bytes_request,
    count_of,
    encode_fields,
    id_of,
    job_errors,
    json_request,
    object_of,
    rows_of,
    seconds_of,
    state_of,
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
from llm_pure.adapters.dialects.openai_common.batch import build_results as build_file_results
from llm_pure.adapters.dialects.openai_common.batch_lines import read_line
from llm_pure.adapters.dialects.openai_common.errors import find_error
from llm_pure.core.batch_api import (
    ENDED,
    KEY,
    BatchApi,
    BatchCounts,
    BatchInput,
    BatchJob,
    BatchLimits,
)
from llm_pure.core.provider import Provider
from llm_pure.core.service import Service
from llm_pure.types.config import LLMConfig
from llm_pure.types.http import HttpRequest
from llm_pure.types.rejection import ok

ENDPOINT = "/v1/chat/completions"
_INLINE = "inline"


def batch_jobs(provider: Provider, limits: BatchLimits) -> BatchApi:
    """The batch operations below the provider's base URL."""
    return make_batch(provider, limits, WIRE, quirks=FileBatches(limits=limits))


def _make_line(service: Service[Any], custom_id: str, body: Json) -> Json:
    body.pop("model", None)
    return {"custom_id": custom_id, "body": body}


def _build_create(service: Service[Any], config: LLMConfig, job: BatchInput) -> HttpRequest:
    """POST /batch/jobs, with the uploaded file, or with the lines as they are."""
    url = ok(service.url_for(config, "", "/batch/jobs"))
    fields: Json = {"endpoint": ENDPOINT, "model": job.model, "metadata": {KEY: job.key}}
    if job.file_id:
        return json_request(
            service, config, url, {**fields, "input_files": [job.file_id]}, job.headers
        )
    return bytes_request(config, url, encode_fields(service, fields, job.lines), job.headers)


def _build_results(
    service: Service[Any], config: LLMConfig, job: BatchJob, page: str
) -> HttpRequest:
    if page.startswith(FILE_PAGE):
        return build_file_results(service, config, job, page)
    request = job_request(WIRE, service, "GET", "", config, job.id)
    return msgspec.structs.replace(request, url=with_query(request.url, inline="true"))


def _is_job(body: Any) -> bool:
    return isinstance(body, dict) and "status" in body and bool(id_of(body.get("id")))


def _job(service: Service[Any], raw: dict[str, Any]) -> BatchJob:
    state = state_of(raw.get("status"))
    inputs = raw.get("input_files")
    output, error = id_of(raw.get("output_file")), id_of(raw.get("error_file"))
    files = tuple([f"{FILE_PAGE}{file}" for file in dict.fromkeys((output, error)) if file])
    total = count_of(raw.get("total_requests"))
    completed = count_of(raw.get("completed_requests"))
    known = total is not None and completed is not None
    return BatchJob(
        id=id_of(raw.get("id")),
        state=state,
        raw_state=text_of(raw.get("status")),
        key=text_of(object_of(raw.get("metadata")).get(KEY)),
        provider=service.name,
        model=text_of(raw.get("model")),
        counts=BatchCounts(
            total=total,
            pending=max(0, (total or 0) - (completed or 0)) if known else None,
            succeeded=count_of(raw.get("succeeded_requests")),
            failed=count_of(raw.get("failed_requests")),
        ),
        created_s=seconds_of(raw.get("created_at")),
        ended_s=seconds_of(raw.get("completed_at")),
        input_file=id_of(inputs[0]) if isinstance(inputs, list) and inputs else "",
        output_file=output,
        error_file=error,
        pages=(files or (_INLINE,)) if state in ENDED else (),
        errors=job_errors(raw.get("errors")),
        raw={key: value for key, value in raw.items() if key != "outputs"},
    )


def _read_page(raw: Json) -> tuple[Sequence[Json], str]:
    return rows_of(raw, "outputs"), ""


def _is_empty(raw: Json) -> bool:
    return raw.get("total") == 0


WIRE = BatchWire(
    shape="inline_or_file",
    make_line=_make_line,
    upload=build_upload,
    parse_upload=parse_upload,
    create=_build_create,
    read_job=_job,
    results=_build_results,
    read_line=read_line,
    read_page=_read_page,
    find_error=find_error,
    is_job=_is_job,
    jobs="/batch/jobs",
    job="/batch/jobs/",
    list_query={"page": 0, "page_size": LIST_SIZE, "order_by": "-created"},
    page_parameter="page",
    is_empty=_is_empty,
    deletes=frozenset({"files", "job"}),
)

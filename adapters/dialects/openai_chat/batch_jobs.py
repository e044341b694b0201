"""Batches with the requests in the job, or in a file, and results in files or in the job: Mistral's API.

The model is that of the job and not of a line. Source: ../shared/wire/batch.md 7 (mistralai 3.7.0), read 2026-11-29.
"""

from functools import partial
from typing import Any
from urllib.parse import quote

import msgspec

from llm_pure.adapters.dialects.common.batch_values import (
    bare_request,
    batch_line,
    build_body,
    count_of,
    id_of,
    job_errors,
    object_of,
    require_id,
    rows_of,
    seconds_of,
    state_of,
    text_of,
    with_query,
)
from llm_pure.adapters.dialects.openai_common.batch import build_results as build_file_results
from llm_pure.adapters.dialects.openai_common.batch import open_results as open_file_results
from llm_pure.adapters.dialects.openai_common.batch import response_error
from llm_pure.adapters.dialects.openai_common.batch_lines import FILE_PAGE, read_line
from llm_pure.adapters.dialects.openai_common.errors import find_error
from llm_pure.core.batch_api import (
    ENDED,
    KEY,
    BatchApi,
    BatchCounts,
    BatchInput,
    BatchJob,
    BatchLimits,
    BatchLine,
    BatchResult,
    JobPage,
    ResultsDecoder,
    UploadRequest,
    UploadState,
)
from llm_pure.core.batch_results import JsonPageDecoder
from llm_pure.core.dialect import AnyService, Service, malformed_response, read_json
from llm_pure.core.provider import Provider
from llm_pure.core.urls import UrlFor, under_base_url
from llm_pure.framing.json_codec import encode
from llm_pure.framing.multipart import FormFile, multipart
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import LLMError
from llm_pure.types.http import HttpRequest, HttpResponse, ResponseHead
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.request import ChatRequest

ENDPOINT = "/v1/chat/completions"
LIST_SIZE = 100
_INLINE = "inline"


def batch_jobs(provider: Provider, limits: BatchLimits, url_for: UrlFor | None = None) -> BatchApi:
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
        shape="inline_or_file",
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
        cancel=partial(_build_job_request, service, "POST", "/cancel"),
        delete=partial(_build_delete, service),
    )


@returns_failure
def _build_line(
    provider: Provider, service: AnyService, config: LLMConfig, custom_id: str, request: ChatRequest
) -> BatchLine:
    built, body = build_body(provider, config, request)
    body.pop("model", None)
    return batch_line(service, config, custom_id, built, {"custom_id": custom_id, "body": body})


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
    """POST /batch/jobs, with the uploaded file, or with the lines as they are."""
    fields: dict[str, Any] = {"endpoint": ENDPOINT, "model": job.model, "metadata": {KEY: job.key}}
    if job.file_id:
        fields["input_files"] = [job.file_id]
    body = ok(encode(fields, provider=service.name))
    if not job.file_id:
        body = body[:-1] + b',"requests":[' + b",".join(job.lines) + b"]}"
    url = ok(service.url_for(config, "", "/batch/jobs"))
    headers = (("content-type", "application/json"), ("accept", "application/json"), *job.headers)
    return bare_request(config, "POST", url, headers, body)


@returns_failure
def _build_job_request(
    service: AnyService, method: str, action: str, config: LLMConfig, job_id: str
) -> HttpRequest:
    url = ok(service.url_for(config, "", f"/batch/jobs/{quote(job_id, safe='')}{action}"))
    return bare_request(config, method, url)


@returns_failure
def _build_list(service: AnyService, config: LLMConfig, page: str) -> HttpRequest:
    url = ok(service.url_for(config, "", "/batch/jobs"))
    query = with_query(url, page=page or "0", page_size=LIST_SIZE, order_by="-created")
    return bare_request(config, "GET", query)


@returns_failure
def _build_results(service: AnyService, config: LLMConfig, job: BatchJob, page: str) -> HttpRequest:
    if page.startswith(FILE_PAGE):
        return ok(build_file_results(service, config, job, page))
    request = ok(_build_job_request(service, "GET", "", config, job.id))
    return msgspec.structs.replace(request, url=with_query(request.url, inline="true"))


@returns_failure
def _build_delete(service: AnyService, config: LLMConfig, job: BatchJob) -> tuple[HttpRequest, ...]:
    """DELETE of the files and of the job."""
    files = [file for file in (job.input_file, job.output_file, job.error_file) if file]
    urls = [ok(service.url_for(config, "", f"/files/{quote(file, safe='')}")) for file in files]
    job_request = ok(_build_job_request(service, "DELETE", "", config, job.id))
    return (*[bare_request(config, "DELETE", url) for url in urls], job_request)


def _find_job_error(service: AnyService, body: Any, response: HttpResponse) -> LLMError | None:
    """The error of a response that is not a job: a job has fields with errors of its own."""
    is_job = isinstance(body, dict) and "status" in body and bool(id_of(body.get("id")))
    return None if is_job and response.status < 300 else find_error(service, body, response)


@returns_failure
def _parse_job(service: AnyService, response: HttpResponse) -> BatchJob:
    job = _job(service, object_of(read_json(service, response, _find_job_error)))
    require_id(service, response, job.id, "a job")
    return job


def _job(service: AnyService, raw: dict[str, Any]) -> BatchJob:
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


@returns_failure
def _parse_list(service: AnyService, response: HttpResponse) -> JobPage:
    raw = object_of(read_json(service, response, find_error))
    data = raw.get("data")
    if not isinstance(data, list) and raw.get("total") != 0:
        raise Rejected(malformed_response(service, response, "the response has no list of jobs"))
    jobs = tuple([_job(service, row) for row in rows_of(raw, "data") if id_of(row.get("id"))])
    return JobPage(jobs=jobs)


def _open_results(
    service: AnyService, job: BatchJob, page: str, head: ResponseHead
) -> ResultsDecoder:
    if page.startswith(FILE_PAGE):
        return open_file_results(service, job, page, head)
    find = partial(response_error, service)
    return JsonPageDecoder(service.name, head, partial(_read_outputs, service), find)


def _read_outputs(service: AnyService, raw: dict[str, Any]) -> tuple[list[BatchResult], str]:
    rows = rows_of(raw, "outputs")
    return [read_line(service, row) for row in rows], ""

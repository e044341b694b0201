"""Batches with the requests in the job and the results in the job: OpenRouter's API.

A job has no field for our key, so after a crash it is recognized by the ids of its results. There is no cancel.
Source: ../shared/wire/batch.md 12 (openrouter 1.3.84), read 2026-11-29.
"""

from functools import partial
from typing import Any
from urllib.parse import quote

from llm_pure.adapters.dialects.common.batch_values import (
    bare_request,
    batch_line,
    build_body,
    id_of,
    object_of,
    require_id,
    rows_of,
    with_query,
)
from llm_pure.adapters.dialects.openai_common.batch import find_job_error, response_error
from llm_pure.adapters.dialects.openai_common.batch_lines import read_job, read_line
from llm_pure.core.batch_api import (
    BatchApi,
    BatchInput,
    BatchJob,
    BatchLimits,
    BatchLine,
    BatchResult,
    JobPage,
    ResultsDecoder,
)
from llm_pure.core.batch_results import JsonPageDecoder
from llm_pure.core.dialect import AnyService, Service, malformed_response, read_json
from llm_pure.core.provider import Provider
from llm_pure.core.urls import UrlFor, under_base_url
from llm_pure.framing.json_codec import encode
from llm_pure.types.config import LLMConfig
from llm_pure.types.http import HttpRequest, HttpResponse, ResponseHead
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.request import ChatRequest

ENDPOINT = "/v1/chat/completions"
LIST_SIZE = 100
_INLINE = "inline"


def inline_batches(
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
        shape="inline",
        limits=limits,
        keeps_key=False,
        build_line=partial(_build_line, provider, service),
        create=partial(_build_create, service),
        parse_job=partial(_parse_job, service),
        poll=partial(_build_job_request, service, "GET"),
        list_jobs=partial(_build_list, service),
        parse_list=partial(_parse_list, service),
        results=partial(_build_results, service),
        open_results=partial(_open_results, service),
        delete=partial(_build_delete, service),
    )


@returns_failure
def _build_line(
    provider: Provider, service: AnyService, config: LLMConfig, custom_id: str, request: ChatRequest
) -> BatchLine:
    built, body = build_body(provider, config, request)
    return batch_line(service, config, custom_id, built, {"custom_id": custom_id, "body": body})


@returns_failure
def _build_create(service: AnyService, config: LLMConfig, job: BatchInput) -> HttpRequest:
    """POST /batches. The service reads the body by position: `requests` is the last field."""
    fields = {"endpoint": ENDPOINT, "model": job.model, "completion_window": "24h"}
    head = ok(encode(fields, provider=service.name))
    body = head[:-1] + b',"requests":[' + b",".join(job.lines) + b"]}"
    url = ok(service.url_for(config, "", "/batches"))
    headers = (("content-type", "application/json"), ("accept", "application/json"), *job.headers)
    return bare_request(config, "POST", url, headers, body)


@returns_failure
def _build_job_request(
    service: AnyService, method: str, config: LLMConfig, job_id: str
) -> HttpRequest:
    url = ok(service.url_for(config, "", f"/batches/{quote(job_id, safe='')}"))
    return bare_request(config, method, url)


@returns_failure
def _build_list(service: AnyService, config: LLMConfig, page: str) -> HttpRequest:
    url = ok(service.url_for(config, "", "/batches"))
    return bare_request(config, "GET", with_query(url, limit=LIST_SIZE, after=page))


@returns_failure
def _build_results(service: AnyService, config: LLMConfig, job: BatchJob, page: str) -> HttpRequest:
    return ok(_build_job_request(service, "GET", config, job.id))


@returns_failure
def _build_delete(service: AnyService, config: LLMConfig, job: BatchJob) -> tuple[HttpRequest, ...]:
    return (ok(_build_job_request(service, "DELETE", config, job.id)),)


@returns_failure
def _parse_job(service: AnyService, response: HttpResponse) -> BatchJob:
    raw = object_of(read_json(service, response, find_job_error))
    job = read_job(service, raw, inline_page=_INLINE)
    require_id(service, response, job.id, "a batch")
    return job


@returns_failure
def _parse_list(service: AnyService, response: HttpResponse) -> JobPage:
    raw = object_of(read_json(service, response, find_job_error))
    if not isinstance(raw.get("data"), list):
        raise Rejected(malformed_response(service, response, "the response has no list of batches"))
    rows = [row for row in rows_of(raw, "data") if id_of(row.get("id"))]
    jobs = tuple([read_job(service, row, inline_page=_INLINE) for row in rows])
    more = raw.get("has_more") is True
    return JobPage(jobs=jobs, next_page=id_of(raw.get("last_id")) if more else "")


def _open_results(
    service: AnyService, job: BatchJob, page: str, head: ResponseHead
) -> ResultsDecoder:
    find = partial(response_error, service)
    return JsonPageDecoder(service.name, head, partial(_read_results, service), find)


def _read_results(service: AnyService, raw: dict[str, Any]) -> tuple[list[BatchResult], str]:
    rows = rows_of(raw, "results")
    return [read_line(service, row) for row in rows], ""

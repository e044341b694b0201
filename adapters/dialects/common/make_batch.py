"""`make_batch`: the batch service of a provider, of what differs between services. A service is a `BatchWire`.

Lines, the URLs of jobs, lists of jobs, errors, what is deleted: all services have them in one form. The functions of a
BatchWire raise Rejected; those of the BatchApi return it as a Failure.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, Literal, TypeAlias
from urllib.parse import quote

import msgspec

from llm_pure.adapters.dialects.common.batch_values import (
    ACCEPT_JSON,
    FILE_PAGE,
    bare_request,
    batch_line,
    build_body,
    id_of,
    object_of,
    require_id,
    rows_of,
    text_of,
    with_query,
)
from llm_pure.core.batch_api import (
    BatchApi,
    BatchInput,
    BatchJob,
    BatchLimits,
    BatchLine,
    BatchResult,
    JobPage,
    ResultParts,
    ResultsDecoder,
    TransferRequest,
    UploadState,
)
from llm_pure.core.batch_results import JsonLinesDecoder, JsonPageDecoder
from llm_pure.core.provider import Provider
from llm_pure.core.service import (
    FindError,
    Service,
    decode_error,
    malformed_response,
    read_json,
    undecodable_error,
)
from llm_pure.core.urls import UrlFor, under_base_url
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidRequest, LLMError, UnsupportedFeature
from llm_pure.types.http import Headers, HttpRequest, HttpResponse, ResponseHead
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.request import ChatRequest

Json: TypeAlias = dict[str, Any]

LIST_SIZE = 100
"""Jobs of one page of a list, where the service does not take more."""


def _is_never_empty(raw: Json) -> bool:
    return False


def is_empty_without_list(raw: Json) -> bool:
    """For services whose JSON leaves out a list without a row."""
    return True


class BatchWire(msgspec.Struct, frozen=True, kw_only=True):
    """What differs between batch services. `service.quirks` has what differs between the providers of one."""

    shape: str
    """`BatchApi.shape`."""
    make_line: Callable[[Service[Any], str, Json], Json]
    """(service, custom id, body of the request) -> the line."""
    create: Callable[[Service[Any], LLMConfig, BatchInput], HttpRequest]
    read_job: Callable[[Service[Any], Json], BatchJob]
    """A job, of a response or a row of a list; its id is "" if it is none."""
    results: Callable[[Service[Any], LLMConfig, BatchJob, str], HttpRequest]
    read_line: Callable[[Service[Any], Json], BatchResult]
    """A result: a line of a file, or a row of a page."""
    find_error: FindError[Any]
    """The error of a response, as of the service's other operations."""
    is_job: Callable[[Any], bool] | None = None
    """Whether JSON of a 2xx is a job, or a list of them, in which `find_error` would see an error: a failed job has its own."""
    read_page: Callable[[Json], tuple[Sequence[Json], str]] | None = None
    """The rows and the next page of a page of results that is no file; None: all are files of lines."""
    results_error: Callable[[Service[Any], BatchJob, str, HttpResponse], LLMError | None] | None = (
        None
    )
    """The error that a response to a request for a page of results is; None: `find_error`'s, of statuses from 300 on."""
    upload: Callable[[Service[Any], LLMConfig, BatchInput, UploadState], TransferRequest] | None = (
        None
    )
    build_parts: (
        Callable[[Service[Any], LLMConfig, BatchJob, str, HttpResponse], ResultParts] | None
    ) = None
    parse_upload: Callable[[Service[Any], HttpResponse, UploadState], UploadState] | None = None
    keeps_key: bool = True
    headers: Headers = ACCEPT_JSON
    """Of every request without a body."""
    jobs: str = "/batches"
    """Path of the list."""
    job: str = "/batches/"
    """What is before an id in the path of a job."""
    file: str = "/files/"
    """What is before an id in the path of a file."""
    safe: str = ""
    """Characters of an id that are not escaped: "/" where ids are paths."""
    cancel: str | None = "/cancel"
    """What is behind the path of a job, by POST; None: a job cannot be cancelled."""
    has_empty_cancel: bool = False
    """The answer to a cancel is an empty object."""
    list_query: Mapping[str, str | int] = MappingProxyType({"limit": LIST_SIZE})
    page_parameter: str = "after"
    page_field: str = ""
    """The field of a list that names the next page; "": `last_id`, or the last job's id, if `has_more`."""
    lists: tuple[str, ...] = ("data",)
    """The field that has the jobs: the first of these."""
    is_empty: Callable[[Json], bool] = _is_never_empty
    """Whether a response without a list means that there are no jobs. A wrong yes creates a job twice."""
    deletes: frozenset[Literal["files", "job"]] = frozenset({"files"})
    """What the service keeps of a job and can remove."""
    delete_file: Callable[[Service[Any], LLMConfig, str], HttpRequest] | None = None
    """Removes one file, where that is no DELETE at `file`."""
    more_files: Callable[[BatchJob], tuple[str, ...]] | None = None
    """Files of a job besides its input, output and error file."""
    takes_headers: bool = True
    """False: a job has no headers of its requests, so a request that needs some is refused."""


def make_batch(
    provider: Provider,
    limits: BatchLimits,
    wire: BatchWire,
    url_for: UrlFor | None = None,
    quirks: object = None,
) -> BatchApi:
    """The batch operations at the URLs of `url_for`, or below the provider's base URL."""
    name, base_url = provider.name, provider.base_url
    service: Service[Any] = Service(
        name=name,
        base_url=base_url,
        url_for=url_for or under_base_url(name, base_url),
        quirks=quirks,
    )
    upload, parse_upload, build_parts = wire.upload, wire.parse_upload, wire.build_parts
    return BatchApi(
        provider=name,
        shape=wire.shape,
        limits=limits,
        keeps_key=wire.keeps_key,
        build_line=partial(_build_line, provider, wire, service),
        upload=upload and partial(returns_failure(upload), service),
        parse_upload=parse_upload and partial(returns_failure(parse_upload), service),
        create=partial(returns_failure(wire.create), service),
        parse_job=partial(_parse_job, wire, service),
        poll=partial(_build_job_request, wire, service, "GET", ""),
        list_jobs=partial(_build_list, wire, service),
        parse_list=partial(_parse_list, wire, service),
        results=partial(returns_failure(wire.results), service),
        open_results=partial(_open_results, wire, service),
        build_parts=build_parts and partial(returns_failure(build_parts), service),
        cancel=None
        if wire.cancel is None
        else partial(_build_job_request, wire, service, "POST", wire.cancel),
        parse_cancel=partial(_parse_cancel, wire, service) if wire.has_empty_cancel else None,
        delete=partial(_build_delete, wire, service),
    )


@returns_failure
def _build_line(
    provider: Provider,
    wire: BatchWire,
    service: Service[Any],
    config: LLMConfig,
    custom_id: str,
    request: ChatRequest,
) -> BatchLine:
    built, body = build_body(provider, config, request)
    line = wire.make_line(service, custom_id, body)
    own = frozenset([name for name, _ in wire.headers])
    encoded = batch_line(service, config, custom_id, built, line, own)
    if encoded.headers and not wire.takes_headers:
        names = ", ".join([header for header, _ in encoded.headers])
        message = f"a batch of {service.name} has no place for what is sent in headers: {names}"
        raise Rejected(UnsupportedFeature(message=message, provider=service.name, feature=names))
    return encoded


def job_request(
    wire: BatchWire, service: Service[Any], method: str, action: str, config: LLMConfig, job_id: str
) -> HttpRequest:
    """A request without a body at the URL of a job. Raises Rejected."""
    path = f"{wire.job}{quote(job_id, safe=wire.safe)}{action}"
    return bare_request(config, method, ok(service.url_for(config, "", path)), wire.headers)


_build_job_request = returns_failure(job_request)


@returns_failure
def _build_list(
    wire: BatchWire, service: Service[Any], config: LLMConfig, page: str
) -> HttpRequest:
    url = ok(service.url_for(config, "", wire.jobs))
    query = {**wire.list_query, **({wire.page_parameter: page} if page else {})}
    return bare_request(config, "GET", with_query(url, **query), wire.headers)


@returns_failure
def _build_delete(
    wire: BatchWire, service: Service[Any], config: LLMConfig, job: BatchJob
) -> tuple[HttpRequest, ...]:
    """DELETE of the job's files, of the job, or of both; a job without files may have nothing to remove."""
    more = wire.more_files(job) if wire.more_files is not None else ()
    files = dict.fromkeys((job.input_file, job.output_file, job.error_file, *more))
    delete_file = wire.delete_file or partial(_build_delete_file, wire)
    requests = [
        delete_file(service, config, file) for file in files if file and "files" in wire.deletes
    ]
    if "job" in wire.deletes:
        requests.append(job_request(wire, service, "DELETE", "", config, job.id))
    return tuple(requests)


def _build_delete_file(
    wire: BatchWire, service: Service[Any], config: LLMConfig, file: str
) -> HttpRequest:
    url = ok(service.url_for(config, "", f"{wire.file}{quote(file, safe=wire.safe)}"))
    return bare_request(config, "DELETE", url, wire.headers)


def _find_error(
    wire: BatchWire, service: Service[Any], body: Any, response: HttpResponse
) -> LLMError | None:
    if response.status < 300 and wire.is_job is not None and wire.is_job(body):
        return None
    return wire.find_error(service, body, response)


@returns_failure
def _parse_job(wire: BatchWire, service: Service[Any], response: HttpResponse) -> BatchJob:
    try:
        raw = object_of(read_json(service, response, partial(_find_error, wire)))
    except Rejected as rejected:
        raise Rejected(_explained(rejected.error)) from None
    job = wire.read_job(service, raw)
    require_id(service, response, job.id, "a job")
    return job


@returns_failure
def _parse_cancel(wire: BatchWire, service: Service[Any], response: HttpResponse) -> BatchJob:
    if not object_of(read_json(service, response, partial(_find_error, wire))):
        return BatchJob(id="", state="cancelling", provider=service.name)
    return ok(_parse_job(wire, service, response))


_NO_FILE = re.compile(
    r"(?i)(?:cannot|can't|could not) find file|file [^ ]{1,100} (?:was )?not found"
)


def _explained(error: LLMError) -> LLMError:
    """The error of a create. A file that was just uploaded may not be there yet: the same request may succeed later.

    Source: bespokelabsai/curator#116, by ../shared/wire/batch.md 1.
    """
    if isinstance(error, InvalidRequest) and _NO_FILE.search(error.message):
        return msgspec.structs.replace(error, retryable=True)
    return error


@returns_failure
def _parse_list(wire: BatchWire, service: Service[Any], response: HttpResponse) -> JobPage:
    raw = read_json(service, response, partial(_find_error, wire))
    fields = object_of(raw)
    has_list = isinstance(raw, list) or any(isinstance(fields.get(key), list) for key in wire.lists)
    if not has_list and not wire.is_empty(fields):
        raise Rejected(malformed_response(service, response, "the response has no list of jobs"))
    read = [wire.read_job(service, row) for row in rows_of(raw, *wire.lists)]
    jobs = tuple([job for job in read if job.id])
    if wire.page_field:
        return JobPage(jobs=jobs, next_page=text_of(fields.get(wire.page_field)))
    last = id_of(fields.get("last_id")) or (jobs[-1].id if jobs else "")
    return JobPage(jobs=jobs, next_page=last if fields.get("has_more") is True else "")


def _open_results(
    wire: BatchWire, service: Service[Any], job: BatchJob, page: str, head: ResponseHead
) -> ResultsDecoder:
    """The decoder of a file with results, or of a page."""
    read_line, read_page = partial(wire.read_line, service), wire.read_page
    find_error = partial(wire.results_error or partial(_results_error, wire), service, job, page)
    if read_page is None or page.startswith(FILE_PAGE):
        return JsonLinesDecoder(service.name, head, read_line, find_error)

    def read(raw: Json) -> tuple[list[BatchResult], str]:
        rows, next_page = read_page(raw)
        return [read_line(row) for row in rows], next_page

    return JsonPageDecoder(service.name, head, read, find_error)


def _results_error(
    wire: BatchWire, service: Service[Any], job: BatchJob, page: str, response: HttpResponse
) -> LLMError | None:
    if response.status < 300:
        return None
    return decode_error(service, wire.find_error, response) or undecodable_error(service, response)

"""Batches of Gemini's Developer API: the requests in the job or in a file, the results likewise.

A job is a long-running operation; its state stands in the metadata.
Source: ../shared/wire/batch.md 4 (google-genai 3.6.1 batches.py, _extra_utils.py), read 2026-11-29.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from llm_pure.adapters.dialects.common.batch_values import (
    FILE_PAGE,
    bare_request,
    bytes_request,
    count_of,
    has_name,
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
from llm_pure.adapters.dialects.common.make_batch import (
    LIST_SIZE,
    BatchWire,
    Json,
    is_empty_without_list,
    job_request,
    make_batch,
)
from llm_pure.adapters.dialects.gemini_content.errors import find_error
from llm_pure.core.batch_api import (
    ENDED,
    BatchApi,
    BatchCounts,
    BatchInput,
    BatchJob,
    BatchLimits,
    BatchResult,
    TransferRequest,
    UploadState,
)
from llm_pure.core.batch_results import described_result, empty_result, grpc_status
from llm_pure.core.provider import Provider
from llm_pure.core.service import Service, malformed_response, read_json
from llm_pure.core.urls import UrlFor
from llm_pure.framing.json_codec import encode
from llm_pure.types.config import LLMConfig, Secret
from llm_pure.types.http import Headers, HttpRequest, HttpResponse, get_header
from llm_pure.types.rejection import Rejected, ok

_INLINE = "inline"


def content_batches(provider: Provider, limits: BatchLimits, url_for: UrlFor) -> BatchApi:
    """The batch operations at these URLs."""
    return make_batch(provider, limits, WIRE, url_for)


def _make_line(service: Service[Any], custom_id: str, body: Json) -> Json:
    return {"key": custom_id, "request": body}


def _build_upload(
    service: Service[Any], config: LLMConfig, job: BatchInput, state: UploadState
) -> TransferRequest:
    """Start a resumable upload, then send all bytes to the URL that the service names, which is a credential."""
    if state.url is not None:
        headers: Headers = (
            ("content-type", "application/jsonl"),
            ("x-goog-upload-command", "upload, finalize"),
            ("x-goog-upload-offset", "0"),
        )
        request = HttpRequest("POST", state.url.reveal(), headers, job.data)
        return TransferRequest(request=request, authorize=False)
    size = sum(map(len, job.lines)) + len(job.lines)
    headers = (
        ("content-type", "application/json"),
        ("x-goog-upload-protocol", "resumable"),
        ("x-goog-upload-command", "start"),
        ("x-goog-upload-header-content-length", str(size)),
        ("x-goog-upload-header-content-type", "application/jsonl"),
    )
    body = ok(encode({"file": {"display_name": job.key}}, provider=service.name))
    url = _transfer_url(service, config, "upload", "files")
    return TransferRequest(request=bare_request(config, "POST", url, headers, body))


def _transfer_url(service: Service[Any], config: LLMConfig, folder: str, name: str) -> str:
    """{host}/{folder}/{version}/{name}: uploads and downloads have a folder before the version. Raises Rejected."""
    versioned = ok(service.url_for(config, "", "files")).removesuffix("/files")
    host, _, version = versioned.rpartition("/")
    return f"{host}/{folder}/{version}/{name}"


def _parse_upload(service: Service[Any], response: HttpResponse, state: UploadState) -> UploadState:
    url = get_header(response.headers, "x-goog-upload-url") or ""
    if state.url is None:
        read_json(service, response, find_error) if response.status >= 300 else None
        if not urlsplit(url).scheme:
            raise Rejected(malformed_response(service, response, "the upload has no URL"))
        return UploadState(phase="send", url=Secret(url))
    file = object_of(object_of(read_json(service, response, find_error)).get("file"))
    return UploadState(
        done=True, file_id=require_id(service, response, text_of(file.get("name")), "a file")
    )


def _build_create(service: Service[Any], config: LLMConfig, job: BatchInput) -> HttpRequest:
    """POST models/{model}:batchGenerateContent, with the uploaded file, or with the lines as they are."""
    url = ok(service.url_for(config, job.model, "batchGenerateContent"))
    name = ok(encode(job.key, provider=service.name))
    if job.file_id:
        source = b'{"fileName":' + ok(encode(job.file_id, provider=service.name)) + b"}"
    else:
        source = b'{"requests":{"requests":[' + b",".join(map(_inline, job.lines)) + b"]}}"
    body = b'{"batch":{"displayName":' + name + b',"inputConfig":' + source + b"}}"
    return bytes_request(config, url, body, job.headers)


def _inline(line: bytes) -> bytes:
    """{"key": ID, "request": {...}} as {"metadata": {"key": ID}, "request": {...}}; an id has no character to escape."""
    key, separator, rest = line.removeprefix(b'{"key":').partition(b',"request":')
    return b'{"metadata":{"key":' + key + b"}" + separator + rest


def _build_results(
    service: Service[Any], config: LLMConfig, job: BatchJob, page: str
) -> HttpRequest:
    """GET {host}/download/{version}/{file}:download, or the job again if the results are in it."""
    if not page.startswith(FILE_PAGE):
        return job_request(WIRE, service, "GET", "", config, job.id)
    file = quote(page.removeprefix(FILE_PAGE), safe="/")
    url = _transfer_url(service, config, "download", f"{file}:download")
    return bare_request(config, "GET", with_query(url, alt="media"), (("accept", "*/*"),))


def _job(service: Service[Any], raw: dict[str, Any]) -> BatchJob:
    metadata, answer = object_of(raw.get("metadata")), object_of(raw.get("response"))
    output = {**object_of(metadata.get("output")), **answer}
    stats = object_of(metadata.get("batchStats"))
    word = metadata.get("state") or answer.get("state") or raw.get("state")
    state = state_of(word)
    errors = job_errors(raw.get("error")) or job_errors(metadata.get("error"))
    if not word and raw.get("done") is True:
        state = "failed" if errors else "completed"
    file = text_of(output.get("responsesFile"))
    pages = (
        (f"{FILE_PAGE}{file}",) if file else ((_INLINE,) if "inlinedResponses" in output else ())
    )
    return BatchJob(
        id=text_of(raw.get("name")),
        state=state,
        raw_state=text_of(word),
        key=text_of(metadata.get("displayName")) or text_of(raw.get("displayName")),
        provider=service.name,
        model=text_of(metadata.get("model")).removeprefix("models/"),
        counts=BatchCounts(
            total=count_of(stats.get("requestCount")),
            pending=count_of(stats.get("pendingRequestCount")),
            succeeded=count_of(stats.get("successfulRequestCount")),
            failed=count_of(stats.get("failedRequestCount")),
        ),
        created_s=seconds_of(metadata.get("createTime")),
        ended_s=seconds_of(metadata.get("endTime")),
        input_file=text_of(object_of(metadata.get("inputConfig")).get("fileName")),
        output_file=file,
        pages=pages if state in ENDED else (),
        errors=errors,
        raw={key: value for key, value in raw.items() if key not in ("response", "metadata")}
        | {"metadata": {key: value for key, value in metadata.items() if key != "output"}},
    )


def _read_page(raw: Json) -> tuple[Sequence[Json], str]:
    """The results in an operation: `inlinedResponses` in `response` or in the metadata, mostly nested twice."""
    output = {
        **object_of(object_of(raw.get("metadata")).get("output")),
        **object_of(raw.get("response")),
    }
    return rows_of(output.get("inlinedResponses"), "inlinedResponses"), ""


def _read_line(service: Service[Any], raw: dict[str, Any]) -> BatchResult:
    """{key | metadata.key, response | error}; an error is a google.rpc.Status, whose code becomes an HTTP status."""
    custom_id = id_of(raw.get("key")) or id_of(object_of(raw.get("metadata")).get("key"))
    error, answer = raw.get("error"), raw.get("response")
    if isinstance(answer, dict):
        return described_result(custom_id, 200, answer, error)
    if isinstance(error, dict) and error:
        status = grpc_status(error.get("code"))
        body = {"error": {**error, "code": status}}
        return described_result(custom_id, status, body)
    return empty_result(service.name, custom_id, raw)


WIRE = BatchWire(
    shape="inline_or_file",
    make_line=_make_line,
    upload=_build_upload,
    parse_upload=_parse_upload,
    create=_build_create,
    read_job=_job,
    results=_build_results,
    read_line=_read_line,
    read_page=_read_page,
    find_error=find_error,
    is_job=has_name,
    jobs="batches",
    job="",
    file="",
    safe="/",
    cancel=":cancel",
    has_empty_cancel=True,
    list_query={"pageSize": LIST_SIZE},
    page_parameter="pageToken",
    page_field="nextPageToken",
    lists=("operations", "batches"),
    is_empty=is_empty_without_list,
    deletes=frozenset({"files", "job"}),
)

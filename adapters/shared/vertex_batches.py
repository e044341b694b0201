"""Batches of Vertex AI, of Gemini and of Claude: batchPredictionJobs, with lines and results in the user's GCS bucket.

A line of Gemini has no id, so it is a label of the request, which the results repeat; a line of Claude has a custom_id.
Source: ../shared/wire/batch.md 5 (google-genai 3.6.1; litellm 1.110.2, vertex_ai/batches and /files); docs.cloud.google.com,
"Batch inference with Gemini", "Batch predictions with Anthropic Claude models", by copies of the pages; read 2026-11-30.
"""

import re
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from urllib.parse import quote, unquote

import msgspec

from llm_pure.adapters.dialects.common.batch_values import (
    count_of,
    has_name,
    id_of,
    job_errors,
    json_request,
    missing_results,
    object_of,
    require_id,
    rows_of,
    seconds_of,
    state_of,
    text_of,
)
from llm_pure.adapters.dialects.common.make_batch import (
    LIST_SIZE,
    BatchWire,
    Json,
    is_empty_without_list,
    make_batch,
)
from llm_pure.adapters.dialects.common.object_storage import (
    folder_of,
    input_uri,
    output_uri,
    reject,
)
from llm_pure.adapters.dialects.gemini_content.errors import find_error
from llm_pure.adapters.shared import gcs_objects
from llm_pure.adapters.shared.vertex_urls import host_of, is_api_key, location_of
from llm_pure.core.batch_api import (
    ENDED,
    BatchApi,
    BatchCounts,
    BatchInput,
    BatchJob,
    BatchLimits,
    BatchResult,
    ResultParts,
    TransferRequest,
    UploadState,
)
from llm_pure.core.batch_results import described_result, empty_result, grpc_status, response_of
from llm_pure.core.provider import Provider
from llm_pure.core.service import Service, read_json
from llm_pure.core.urls import base_url
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.http import HttpRequest, HttpResponse
from llm_pure.types.rejection import Rejected, ok, returns_failure

_VERSION = "v1"
_JOBS = "batchPredictionJobs"
FOLDER_PAGE = "folder:"
"""Prefix of a page of results that is a folder of files; behind a "#" stands the token of a page of its list."""

ID_LABEL = "llm_pure_row"
_LABEL_VALUE = re.compile(r"[a-z0-9_-]{1,63}")

GEMINI_LIMITS = BatchLimits(
    max_requests=200_000,
    max_bytes=1_000_000_000,
    window_s=96 * 3600,
    discount=0.5,
    source="docs.cloud.google.com, Batch inference with Gemini (discount), by copies, read 2026-11-30; requests and bytes as"
    " third parties repeat them, and 96 hours, by wire/batch.md 0 and 5, read 2026-11-29",
)
CLAUDE_LIMITS = BatchLimits(
    max_requests=100_000,
    max_bytes=1_000_000_000,
    window_s=None,
    discount=0.5,
    source="no number is on docs.cloud.google.com, Batch predictions with Anthropic Claude models, read 2026-11-30: requests"
    " and discount as Anthropic's own batches, wire/batch.md 3, bytes as Gemini's, 5, read 2026-11-29",
)


class VertexBatches(msgspec.Struct, frozen=True, kw_only=True):
    """What differs between Gemini and Claude."""

    model_path: Callable[[str], str]
    """The model as publishers/{publisher}/models/{model}."""
    label_ids: bool
    """The id of a line is a label of its request; else it is its custom_id."""


VertexService = Service[VertexBatches]


def batches(provider: Provider, limits: BatchLimits, row: VertexBatches) -> BatchApi:
    """The batch operations of one publisher's models."""
    return make_batch(
        provider, limits, WIRE, returns_failure(partial(_url_for, provider.name)), row
    )


def _url_for(name: str, config: LLMConfig, model: str, path: str) -> str:
    """{host}/v1/projects/{project}/locations/{location}/{path}; a path that begins with projects/ is whole.

    Raises Rejected with InvalidConfiguration, also for an API key: Cloud Storage takes an OAuth token.
    """
    if is_api_key(config):
        message = (
            f"batches of {name} need an OAuth token: an API key gives no access to Cloud Storage"
        )
        reject(name, "api_key", message)
    location = location_of(name, config)
    url = ok(base_url(config, host_of(location), provider=name))
    version = config.api_version or _VERSION
    if path.startswith("projects/"):
        return f"{url}/{version}/{path}"
    if not config.project:
        message = f"batches of {name} need a project: set `project` in the configuration"
        reject(name, "project", message)
    project = quote(config.project, safe=":")
    return f"{url}/{version}/projects/{project}/locations/{location}/{path}"


def _make_line(service: VertexService, custom_id: str, body: Json) -> Json:
    if not service.quirks.label_ids:
        return {"custom_id": custom_id, "request": body}
    if not _LABEL_VALUE.fullmatch(custom_id):
        message = f"the id {custom_id[:80]!r} is no value of a label: lower-case letters, digits, _ and -, at most 63"
        raise Rejected(InvalidRequest(message=message, provider=service.name, param="custom_id"))
    labels = {**object_of(body.get("labels")), ID_LABEL: custom_id}
    return {"request": {**body, "labels": labels}}


def _build_upload(
    service: VertexService, config: LLMConfig, job: BatchInput, state: UploadState
) -> TransferRequest:
    ok(service.url_for(config, "", _JOBS))  # nothing is uploaded for a job that cannot be created
    uri = input_uri(folder_of(service, config, gcs_objects.SCHEME), job)
    request = gcs_objects.build_upload(service, config, uri, job.data)
    return TransferRequest(request=request, file_id=uri)


def _parse_upload(
    service: VertexService, response: HttpResponse, state: UploadState
) -> UploadState:
    raw = object_of(read_json(service, response, find_error))
    require_id(service, response, text_of(raw.get("name")), "an object")
    return UploadState(done=True, file_id=state.file_id)


def _build_create(service: VertexService, config: LLMConfig, job: BatchInput) -> HttpRequest:
    folder = folder_of(service, config, gcs_objects.SCHEME)
    body = {
        "displayName": job.key,
        "model": service.quirks.model_path(job.model),
        "inputConfig": {"instancesFormat": "jsonl", "gcsSource": {"uris": [job.file_id]}},
        "outputConfig": {
            "predictionsFormat": "jsonl",
            "gcsDestination": {"outputUriPrefix": output_uri(folder, job)},
        },
    }
    return json_request(service, config, ok(service.url_for(config, "", _JOBS)), body, job.headers)


def _job(service: VertexService, raw: Json) -> BatchJob:
    """A job. It has no `created_s`: in which order jobs are listed is not documented, so every page is read."""
    state = state_of(raw.get("state"))
    stats = object_of(raw.get("completionStats"))
    succeeded, failed, pending = (
        count_of(stats.get(f"{name}Count")) for name in ("successful", "failed", "incomplete")
    )
    known = [count for count in (succeeded, failed, pending) if count is not None]
    sources = object_of(object_of(raw.get("inputConfig")).get("gcsSource")).get("uris")
    destination = object_of(object_of(raw.get("outputConfig")).get("gcsDestination"))
    folder = text_of(object_of(raw.get("outputInfo")).get("gcsOutputDirectory")) or text_of(
        destination.get("outputUriPrefix")
    )
    return BatchJob(
        id=text_of(raw.get("name")),
        state=state,
        raw_state=text_of(raw.get("state")),
        key=text_of(raw.get("displayName")),
        provider=service.name,
        model=text_of(raw.get("model")),
        counts=BatchCounts(
            total=sum(known) if known else None, pending=pending, succeeded=succeeded, failed=failed
        ),
        ended_s=seconds_of(raw.get("endTime")),
        input_file=text_of(sources[0]) if isinstance(sources, list) and sources else "",
        pages=(f"{FOLDER_PAGE}{folder}",) if folder and state in ENDED else (),
        errors=job_errors(raw.get("error")),
        raw=raw,
    )


def _build_results(
    service: VertexService, config: LLMConfig, job: BatchJob, page: str
) -> HttpRequest:
    folder, _, token = page.removeprefix(FOLDER_PAGE).partition("#")
    return gcs_objects.build_list(service, config, folder, unquote(token))


def _build_parts(
    service: VertexService, config: LLMConfig, job: BatchJob, page: str, response: HttpResponse
) -> ResultParts:
    """The files of a folder whose names end in .jsonl."""
    raw = object_of(read_json(service, response, find_error))
    folder, _, before = page.removeprefix(FOLDER_PAGE).partition("#")
    bucket = folder.partition("://")[2].partition("/")[0]
    names = [text_of(item.get("name")) for item in rows_of(raw, "items")]
    uris = [f"{gcs_objects.SCHEME}://{bucket}/{name}" for name in names if name.endswith(".jsonl")]
    requests = [gcs_objects.build_download(service, config, uri) for uri in uris]
    token = text_of(raw.get("nextPageToken"))
    if job.state == "completed" and not (requests or token or before):
        raise Rejected(missing_results(service, job, folder, response))
    return ResultParts(
        requests=tuple([TransferRequest(request=request) for request in requests]),
        next_page=f"{FOLDER_PAGE}{folder}#{quote(token, safe='')}" if token else "",
    )


def _read_line(service: VertexService, raw: Json) -> BatchResult:
    """{custom_id | request.labels, status, response}: a status that is not empty is the error, mostly with JSON in it."""
    labels = object_of(object_of(raw.get("request")).get("labels"))
    custom_id = id_of(raw.get("custom_id")) or text_of(labels.get(ID_LABEL))
    status, answer = text_of(raw.get("status")).strip(), raw.get("response")
    if status:
        return BatchResult(custom_id=custom_id, kind="response", response=_failed(status))
    if isinstance(answer, dict) and answer:
        return described_result(custom_id, 200, answer)
    return empty_result(service.name, custom_id, raw)


def _failed(text: str) -> HttpResponse:
    """The response that an error as text describes: by the JSON in it, else by the words of a status at its beginning."""
    _, brace, rest = text.partition("{")
    try:
        inner = object_of(msgspec.json.decode(brace + rest)) if brace else {}
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        inner = {}
    error = object_of(inner.get("error")) or inner
    status = grpc_status(error["code"]) if "code" in error else _status_of_words(text)
    message = text_of(error.get("message")) or text
    return response_of(status, {"error": {**error, "code": status, "message": message}})


_PHRASES: Mapping[str, int] = {
    status.phrase.lower(): status.value for status in HTTPStatus if status >= 400
}


def _status_of_words(text: str) -> int:
    """The status whose phrase, or whose name in google.rpc.Code, a text begins with."""
    word = re.split(r"[:.({]", text, maxsplit=1)[0].strip()
    return _PHRASES.get(word.lower()) or grpc_status(word)


WIRE = BatchWire(
    shape="storage",
    make_line=_make_line,
    upload=_build_upload,
    parse_upload=_parse_upload,
    create=_build_create,
    read_job=_job,
    results=_build_results,
    build_parts=_build_parts,
    read_line=_read_line,
    find_error=find_error,
    is_job=has_name,
    jobs=_JOBS,
    job="",
    safe="/",
    cancel=":cancel",
    has_empty_cancel=True,
    list_query={"pageSize": LIST_SIZE},
    page_parameter="pageToken",
    page_field="nextPageToken",
    lists=(_JOBS,),
    is_empty=is_empty_without_list,
    deletes=frozenset({"files", "job"}),
    delete_file=gcs_objects.build_delete,
    takes_headers=False,
)

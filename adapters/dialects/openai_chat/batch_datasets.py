"""Batches of Fireworks: lines and results are datasets of the account, and a job has the model, not its lines.

The output dataset has a file of results and a file of errors, at signed URLs, which are credentials. A job cannot be
cancelled but deleted, so it goes on to its end.
Source: ../shared/wire/batch.md 10 (fireworks-ai 1.2.30); docs.fireworks.ai, "Batch API", "Upload dataset files"; a research
note with traffic of 2026-08-30 in a public repository (read_file id 59792743325): exampleCount, states, lines of results;
read 2026-11-30. The line of a failed request is in no source: an `error` beside the id is read.
"""

import re
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from llm_pure.adapters.dialects.common.batch_values import (
    ACCEPT_JSON,
    FILE_PAGE,
    bare_request,
    count_of,
    has_name,
    id_of,
    job_errors,
    json_request,
    missing_results,
    object_of,
    seconds_of,
    state_of,
    text_of,
)
from llm_pure.adapters.dialects.common.make_batch import (
    BatchWire,
    Json,
    make_batch,
)
from llm_pure.adapters.dialects.openai_common.errors import find_error
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
from llm_pure.core.batch_results import described_result, empty_result, grpc_status
from llm_pure.core.provider import Provider
from llm_pure.core.service import Service, malformed_response, read_json
from llm_pure.core.urls import base_url
from llm_pure.framing.multipart import FormFile, multipart
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidConfiguration, InvalidRequest
from llm_pure.types.http import HttpRequest, HttpResponse
from llm_pure.types.rejection import Rejected, ok, returns_failure

_HOST = "https://api.fireworks.ai"
_JOBS = "/batchInferenceJobs"
_DATASETS = "/datasets"
_ACCOUNT = re.compile(r"[A-Za-z0-9_-]{1,128}")


def dataset_batches(provider: Provider, limits: BatchLimits) -> BatchApi:
    """The batch operations of the configured account."""
    return make_batch(provider, limits, WIRE, returns_failure(partial(_url_for, provider.name)))


def _url_for(name: str, config: LLMConfig, model: str, path: str) -> str:
    """{base_url}/v1/accounts/{account}/{path}; the base URL without the path of inference."""
    url = ok(base_url(config, _HOST, provider=name))
    for end in ("/inference/v1", "/v1"):
        url = url.removesuffix(end)
    account = (config.account_id or "").strip().removeprefix("accounts/")
    if not _ACCOUNT.fullmatch(account):
        problem = f"{account[:80]!r} is none" if account else "none is set"
        message = f"batches of {name} need an account, and {problem}: set `account_id`, or FIREWORKS_ACCOUNT_ID"
        raise Rejected(InvalidConfiguration(message=message, provider=name, field="account_id"))
    return f"{url}/v1/accounts/{account}{path}"


def _make_line(service: Service[Any], custom_id: str, body: Json) -> Json:
    return {"custom_id": custom_id, "body": {key: body[key] for key in body if key != "model"}}


def _build_upload(
    service: Service[Any], config: LLMConfig, job: BatchInput, state: UploadState
) -> TransferRequest:
    """Create the dataset, which may be there since before a crash; send the lines; look at it until it is ready."""
    dataset = f"{_DATASETS}/{quote(job.key, safe='')}"
    match state.phase:
        case "send":
            file = FormFile(
                filename=f"{job.key}.jsonl", media_type="application/jsonl", data=job.data
            )
            content_type, body = multipart([("file", file)])
            url = ok(service.url_for(config, "", f"{dataset}:upload"))
            headers = (("content-type", content_type), *ACCEPT_JSON)
            request = bare_request(config, "POST", url, headers, body)
        case "look" | "check":
            request = bare_request(config, "GET", ok(service.url_for(config, "", dataset)))
        case _:
            fields = {"userUploaded": {}, "exampleCount": str(len(job.lines))}
            body_fields = {"datasetId": job.key, "dataset": fields}
            url = ok(service.url_for(config, "", _DATASETS))
            request = json_request(service, config, url, body_fields)
    return TransferRequest(request=request, file_id=job.key)


def _parse_upload(service: Service[Any], response: HttpResponse, state: UploadState) -> UploadState:
    if not state.phase and response.status == 409:
        return UploadState(phase="look", file_id=state.file_id)
    raw = object_of(read_json(service, response, find_error))
    word = text_of(raw.get("state")).upper()
    match state.phase:
        case "":
            return UploadState(phase="send", file_id=state.file_id)
        case "look" if word != "READY":
            return UploadState(phase="send", file_id=state.file_id)
        case "check" if "FAIL" in word or "ERROR" in word:
            message = text_of(object_of(raw.get("status")).get("message"))
            message = message or "the service could not process the dataset"
            raise Rejected(InvalidRequest(message=message, provider=service.name, param="file"))
        case "send":
            return UploadState(phase="check", file_id=state.file_id)
        case _:
            ready = word == "READY"
            return UploadState(done=ready, phase="" if ready else "check", file_id=state.file_id)


def _build_create(service: Service[Any], config: LLMConfig, job: BatchInput) -> HttpRequest:
    """POST batchInferenceJobs?batchInferenceJobId={key}: a second job of this id is refused with 409."""
    url = ok(service.url_for(config, "", _JOBS))
    account = url.partition("/v1/accounts/")[2].partition("/")[0]
    body = {
        "displayName": job.key,
        "model": job.model,
        "inputDatasetId": f"accounts/{account}{_DATASETS}/{job.file_id}",
    }
    query = urlencode({"batchInferenceJobId": job.key})
    return json_request(service, config, f"{url}?{query}", body, job.headers)


def _job(service: Service[Any], raw: Json) -> BatchJob:
    """A job. Its total is what its dataset declared, or what was processed, if that is more.

    It has no `created_s`: jobs are listed by the time of creation, and from which end is not certain, so every page is read.
    """
    state = state_of(raw.get("state"))
    progress, life = object_of(raw.get("jobProgress")), object_of(raw.get("lifecycle"))
    declared, processed = (
        count_of(progress.get(name)) for name in ("totalInputRequests", "totalProcessedRequests")
    )
    known = [count for count in (declared, processed) if count]
    total = max(known) if known else None
    status = object_of(raw.get("status"))
    output = _last(raw.get("outputDatasetId"))
    return BatchJob(
        id=_last(raw.get("name")),
        state=state,
        raw_state=text_of(raw.get("state")),
        key=text_of(raw.get("displayName")) or _last(raw.get("name")),
        provider=service.name,
        model=text_of(raw.get("model")),
        counts=BatchCounts(
            total=total,
            pending=None if total is None or processed is None else max(0, total - processed),
            succeeded=count_of(progress.get("successfullyProcessedRequests")),
            failed=count_of(progress.get("failedRequests")),
        ),
        ended_s=seconds_of(life.get("endTime")),
        expires_s=seconds_of(raw.get("expireTime")),
        input_file=_last(raw.get("inputDatasetId")),
        output_file=output,
        pages=(f"{FILE_PAGE}{output}",) if output and state in ENDED and state != "failed" else (),
        errors=() if status.get("code") in ("OK", None, 0) else job_errors(status),
        raw=raw,
    )


def _last(value: Any) -> str:
    """The last segment of accounts/{account}/{kind}/{id}."""
    return text_of(value).rpartition("/")[2]


def _build_results(
    service: Service[Any], config: LLMConfig, job: BatchJob, page: str
) -> HttpRequest:
    """GET datasets/{id}:getDownloadEndpoint, without a body, which the service refuses."""
    dataset = quote(page.removeprefix(FILE_PAGE), safe="")
    url = ok(service.url_for(config, "", f"{_DATASETS}/{dataset}:getDownloadEndpoint"))
    return bare_request(config, "GET", url)


def _build_parts(
    service: Service[Any], config: LLMConfig, job: BatchJob, page: str, response: HttpResponse
) -> ResultParts:
    """GET each signed URL, without the key."""
    dataset = page.removeprefix(FILE_PAGE)
    if response.status == 404 and job.state == "completed":
        raise Rejected(missing_results(service, job, dataset, response))
    raw = object_of(read_json(service, response, find_error))
    urls = raw.get("filenameToSignedUrls")
    if not isinstance(urls, dict):
        raise Rejected(malformed_response(service, response, "the response has no signed URLs"))
    requests = [
        HttpRequest("GET", text_of(urls[name]), (("accept", "*/*"),), b"")
        for name in sorted(urls)
        if urlsplit(text_of(urls[name])).scheme in ("http", "https")
    ]
    if job.state == "completed" and not requests:
        raise Rejected(missing_results(service, job, dataset, response))
    return ResultParts(
        requests=tuple([TransferRequest(request=request, authorize=False) for request in requests])
    )


def _read_line(service: Service[Any], raw: Json) -> BatchResult:
    """{custom_id, response} with the body of a completion, or {custom_id, error}."""
    custom_id = id_of(raw.get("custom_id"))
    answer, error = raw.get("response"), raw.get("error")
    if isinstance(answer, dict) and answer:
        body, status = answer.get("body"), answer.get("status_code", 200)
        body = body if isinstance(body, dict) else answer  # OpenAI's form, should it come to that
        return described_result(custom_id, status, body, error)
    if error:
        fields = object_of(error) or {"message": text_of(error)}
        status = grpc_status(fields.get("code"))
        return described_result(custom_id, status, {"error": fields})
    return empty_result(service.name, custom_id, raw)


def _is_empty(raw: Json) -> bool:
    return not raw or raw.get("totalSize") == 0


WIRE = BatchWire(
    shape="files",
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
    job=f"{_JOBS}/",
    file=f"{_DATASETS}/",
    cancel=None,
    list_query={"pageSize": 200},
    page_parameter="pageToken",
    page_field="nextPageToken",
    lists=("batchInferenceJobs",),
    is_empty=_is_empty,
    deletes=frozenset({"files", "job"}),
    takes_headers=False,
)

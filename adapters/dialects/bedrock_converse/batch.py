"""Batches of Amazon Bedrock: lines and results are objects in the user's S3 bucket, by Converse or by InvokeModel.

A job is CreateModelInvocationJob; its results are {output folder}/{job id}/{input file}.out, beside manifest.json.out, which
has counts only. Creating twice with one clientRequestToken makes one job.
Source: ../shared/wire/batch.md 6 (botocore 1.44.8, bedrock and s3 service models; docs.aws.amazon.com/bedrock, "Process
multiple prompts with batch inference", "View the results of a batch inference job"), read 2026-11-30.
"""

import re
from functools import partial
from hashlib import sha256
from html import unescape
from typing import Any, Literal
from urllib.parse import urlsplit

from llm_pure.adapters.dialects.bedrock_converse.errors import ERROR_CODES, find_error
from llm_pure.adapters.dialects.bedrock_converse.urls import (
    CONTENT_DIGEST,
    domain_of,
    region_of,
)
from llm_pure.adapters.dialects.common.batch_values import (
    FILE_PAGE,
    count_of,
    id_of,
    job_errors,
    json_request,
    missing_results,
    object_of,
    seconds_of,
    state_of,
    text_of,
)
from llm_pure.adapters.dialects.common.make_batch import BatchWire, Json, make_batch
from llm_pure.adapters.dialects.common.object_storage import (
    endpoint_of,
    folder_of,
    input_uri,
    object_path,
    output_uri,
    reject,
    split_uri,
)
from llm_pure.core.batch_api import (
    ENDED,
    BatchApi,
    BatchCounts,
    BatchInput,
    BatchJob,
    BatchLimits,
    BatchResult,
    BatchState,
    TransferRequest,
    UploadState,
)
from llm_pure.core.batch_results import described_result, unreadable
from llm_pure.core.error_mapping import ProviderErrorInfo, to_llm_error
from llm_pure.core.provider import Provider
from llm_pure.core.service import AnyService, Service, undecodable_error
from llm_pure.core.urls import base_url
from llm_pure.framing.json_codec import preview
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import LLMError, UnsupportedFeature
from llm_pure.types.http import Headers, HttpRequest, HttpResponse
from llm_pure.types.rejection import Rejected, ok, returns_failure

InvocationType = Literal["Converse", "InvokeModel"]

LIMITS = BatchLimits(
    max_requests=50_000,
    max_bytes=1_000_000_000,
    min_requests=100,  # of most models
    window_s=24 * 3600,
    discount=0.5,
    source="docs.aws.amazon.com/general, Bedrock quotas (records, input file size), and bedrock/latest/userguide, capacity"
    " and cost optimization, by copies of the pages, read 2026-11-30; wire/batch.md 6, read 2026-11-29",
)

_SCHEME = "s3"
_JOB = "/model-invocation-job/"


def invocation_batches(provider: Provider, invocation: InvocationType) -> BatchApi:
    """The batch operations with lines in Converse's form, or in InvokeModel's."""
    return make_batch(
        provider, LIMITS, WIRE, returns_failure(partial(_url_for, provider.name)), invocation
    )


def _url_for(name: str, config: LLMConfig, model: str, path: str) -> str:
    """https://bedrock.{region}.amazonaws.com, or the configured base URL, of which bedrock-runtime is made bedrock."""
    region = region_of(name, config.region_name, model or config.model)
    default = f"https://bedrock.{region}.{domain_of(region)}"
    url = ok(base_url(config, default, provider=name))
    host = urlsplit(url).netloc
    return url.replace(host, host.replace("bedrock-runtime", "bedrock", 1), 1) + path


def _make_line(service: Service[Any], custom_id: str, body: Json) -> Json:
    """{recordId, modelInput}. A record with tools would fail in a job of the type Converse."""
    if service.quirks == "Converse" and "toolConfig" in body:
        message = (
            "a batch by Converse takes no tools; by InvokeModel it does: api_type bedrock_invoke"
        )
        raise Rejected(UnsupportedFeature(message=message, provider=service.name, feature="tools"))
    return {"recordId": custom_id, "modelInput": body}


def _role_of(service: AnyService, config: LLMConfig) -> str:
    role = (config.batch_role or "").strip()
    if not _ROLE.fullmatch(role):
        problem = f"{role[:80]!r} is not the ARN of one" if role else "none is set"
        message = (
            f"batches of {service.name} need the role that reads and writes the bucket, and {problem}: set `batch_role`, "
            "such as arn:aws:iam::123456789012:role/batches"
        )
        reject(service.name, "batch_role", message)
    return role


_ROLE = re.compile(r"arn:aws[^:\s]*:iam::[0-9]{0,12}:role/\S+")


def _object_request(
    service: AnyService,
    config: LLMConfig,
    method: str,
    uri: str,
    body: bytes = b"",
    headers: Headers = (),
) -> HttpRequest:
    """PutObject, GetObject or DeleteObject. Its digest marks it as one that is signed for S3."""
    bucket, key = split_uri(service, uri, _SCHEME)
    region = region_of(service.name, config.region_name, config.model)
    host = f"s3.{region}.{domain_of(region)}"
    if config.storage_endpoint or "." in bucket:  # no certificate covers a host with such a bucket
        url = f"{endpoint_of(service, config, f'https://{host}')}/{bucket}/{object_path(key)}"
    else:
        url = f"https://{bucket}.{host}/{object_path(key)}"
    digest = (CONTENT_DIGEST, sha256(body).hexdigest())
    return HttpRequest(method, url, (digest, *headers), body)


def _build_upload(
    service: Service[Any], config: LLMConfig, job: BatchInput, state: UploadState
) -> TransferRequest:
    _role_of(service, config)  # nothing is uploaded for a job that cannot be created
    uri = input_uri(folder_of(service, config, _SCHEME), job)
    headers: Headers = (("content-type", "application/jsonl"),)
    request = _object_request(service, config, "PUT", uri, job.data, headers)
    return TransferRequest(request=request, file_id=uri)


def _parse_upload(service: Service[Any], response: HttpResponse, state: UploadState) -> UploadState:
    error = _storage_error(service, response)
    if error is not None:
        raise Rejected(error)
    return UploadState(done=True, file_id=state.file_id)


_XML_TEXT = re.compile(rb"<(Code|Message)>([^<]{0,2000})</")


def _storage_error(service: AnyService, response: HttpResponse) -> LLMError | None:
    """The error in S3's XML: <Error><Code/><Message/></Error>; None for a response with an object."""
    if response.status < 300:
        return None
    fields = {name: unescape(text.decode("utf-8", "replace")) for name, text in _XML_TEXT.findall(response.body[:65536])}  # fmt: skip
    code, message = fields.get(b"Code"), fields.get(b"Message", "")
    if code is None:
        return undecodable_error(service, response)
    kind = ERROR_CODES.get(code)
    report = ProviderErrorInfo(
        provider=service.name,
        status=response.status,
        message=message,
        code=code,
        headers=response.headers,
    )
    return to_llm_error(report, {code: kind} if kind is not None else {})


def _build_create(service: Service[Any], config: LLMConfig, job: BatchInput) -> HttpRequest:
    folder = folder_of(service, config, _SCHEME)
    body = {
        "jobName": job.key,
        "clientRequestToken": job.key,
        "roleArn": _role_of(service, config),
        "modelId": job.model,
        "modelInvocationType": service.quirks,
        "inputDataConfig": {"s3InputDataConfig": {"s3InputFormat": "JSONL", "s3Uri": job.file_id}},
        "outputDataConfig": {"s3OutputDataConfig": {"s3Uri": output_uri(folder, job)}},
    }
    url = ok(service.url_for(config, job.model, _JOB.removesuffix("/")))
    return json_request(service, config, url, body, job.headers)


def _is_job(body: Any) -> bool:
    return isinstance(body, dict) and ("jobArn" in body or "invocationJobSummaries" in body)


def _job(service: Service[Any], raw: Json) -> BatchJob:
    """A job; the response of a create has its ARN only, and it begins to wait."""
    arn = text_of(raw.get("jobArn"))
    word = text_of(raw.get("status"))
    state: BatchState = state_of(word) if word or not arn else "waiting"
    source = text_of(_inner(raw, "inputDataConfig", "s3InputDataConfig").get("s3Uri"))
    folder = text_of(_inner(raw, "outputDataConfig", "s3OutputDataConfig").get("s3Uri"))
    total, processed, succeeded, failed = (
        count_of(raw.get(f"{name}RecordCount")) for name in ("total", "processed", "success", "error")
    )  # fmt: skip
    output = ""
    if arn and source and folder:
        job_folder = f"{folder.rstrip('/')}/{arn.rpartition('/')[2]}"
        output = f"{job_folder}/{source.rpartition('/')[2]}.out"
    is_read = state in ENDED and bool(output) and (state == "completed" or processed != 0)
    if state in ("failed", "expired") and processed is None:  # validation failed, or it never began
        is_read = False
    return BatchJob(
        id=arn,
        state=state,
        raw_state=word,
        key=text_of(raw.get("jobName")),
        provider=service.name,
        model=text_of(raw.get("modelId")),
        counts=BatchCounts(
            total=total,
            pending=None if total is None or processed is None else max(0, total - processed),
            succeeded=succeeded,
            failed=failed,
        ),
        created_s=seconds_of(raw.get("submitTime")),
        ended_s=seconds_of(raw.get("endTime")),
        expires_s=seconds_of(raw.get("jobExpirationTime")),
        input_file=source,
        output_file=output,
        pages=(f"{FILE_PAGE}{output}",) if is_read else (),
        errors=job_errors(text_of(raw.get("message"))) if state != "completed" else (),
        raw=raw,
    )


def _inner(raw: Json, *names: str) -> Json:
    for name in names:
        raw = object_of(raw.get(name))
    return raw


def _build_results(
    service: Service[Any], config: LLMConfig, job: BatchJob, page: str
) -> HttpRequest:
    return _object_request(service, config, "GET", page.removeprefix(FILE_PAGE))


def _results_error(
    service: Service[Any], job: BatchJob, page: str, response: HttpResponse
) -> LLMError | None:
    if response.status == 404 and job.state == "completed":
        return missing_results(service, job, page.removeprefix(FILE_PAGE), response)
    return _storage_error(service, response)


def _read_line(service: Service[Any], raw: Json) -> BatchResult:
    """{recordId, modelInput, modelOutput | error {errorCode, errorMessage}}; the input is the request once more."""
    custom_id = id_of(raw.get("recordId"))
    output, error = raw.get("modelOutput"), raw.get("error")
    if isinstance(output, dict):
        return described_result(custom_id, 200, output)
    if isinstance(error, dict) and error:
        code, message = id_of(error.get("errorCode")), text_of(error.get("errorMessage"))
        body: Json = {"message": message or "the record failed"}
        headers: Headers = () if code.isdecimal() or not code else (("x-amzn-errortype", code),)
        return described_result(custom_id, code, body, headers=headers)
    message = "the record has neither an output nor an error"
    return unreadable(service.name, message, preview(raw), custom_id)


def _build_delete_file(service: Service[Any], config: LLMConfig, file: str) -> HttpRequest:
    return _object_request(service, config, "DELETE", file)


def _manifest(job: BatchJob) -> tuple[str, ...]:
    folder, _, name = job.output_file.rpartition("/")
    return (f"{folder}/manifest.json.out",) if name else ()


WIRE = BatchWire(
    shape="storage",
    make_line=_make_line,
    upload=_build_upload,
    parse_upload=_parse_upload,
    create=_build_create,
    read_job=_job,
    results=_build_results,
    read_line=_read_line,
    results_error=_results_error,
    find_error=find_error,
    is_job=_is_job,
    jobs="/model-invocation-jobs",
    job=_JOB,
    cancel="/stop",
    has_empty_cancel=True,
    list_query={"maxResults": 100, "sortBy": "CreationTime", "sortOrder": "Descending"},
    page_parameter="nextToken",
    page_field="nextToken",
    lists=("invocationJobSummaries",),
    delete_file=_build_delete_file,
    more_files=_manifest,
    takes_headers=False,
)

"""Shape F: services whose lines and results are objects in a bucket, or datasets: Bedrock, Vertex AI, Fireworks."""

import re
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from typing import Any
from urllib.parse import unquote

import msgspec

from llm_pure.types.http import HttpRequest, HttpResponse, get_header
from tests.support.batches.fake import (
    FakeBatches,
    Handler,
    cancelled,
    date_of,
    deleted,
    form_of,
    json_of,
    polled,
    problem,
    query_of,
    reply,
    rows_of_lines,
    with_job,
)
from tests.support.batches.jobs import (
    FakeJob,
    FakeRow,
    Outcome,
    anthropic_message,
    chat_completion,
    gemini_response,
)
from tests.support.batches.lines import as_file

Line = dict[str, Any]

_STATUSES: dict[Outcome, int] = {
    "refused": 400, "filtered": 400, "busy": 429, "status_0": 500, "html_500": 503,
}  # fmt: skip
"""Outcome -> the code of the line's error. A row that was not run is in no file of these services."""


def _lines(job: FakeJob, line: Callable[[FakeRow, Outcome], Line]) -> list[Line]:
    pairs = zip(job.rows, job.outcomes, strict=True)
    return [line(row, outcome) for row, outcome in pairs if outcome in ("ok", *_STATUSES)]


def _empty(handler: Handler) -> Handler:
    """The same, with an empty object in place of the job."""

    def handle(fake: FakeBatches, request: HttpRequest, match: re.Match[str]) -> HttpResponse:
        response = handler(fake, request, match)
        return reply({}) if response.status == 200 else response

    return handle


def _or(missing: HttpResponse, handler: Handler) -> Handler:
    """The same, with this response in place of a 404."""

    def handle(fake: FakeBatches, request: HttpRequest, match: re.Match[str]) -> HttpResponse:
        response = handler(fake, request, match)
        return missing if response.status == 404 else response

    return handle


# --- bedrock ----------------------------------------------------------------------------------------------------------


def _converse_output(row: FakeRow) -> Line:
    message = {"role": "assistant", "content": [{"text": f"answer to {row.prompt}"}]}
    return {
        "output": {"message": message},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 5, "outputTokens": 7, "totalTokens": 12},
        "metrics": {"latencyMs": 1},
    }


def _bedrock_line(output: Any, row: FakeRow, outcome: Outcome) -> Line:
    line = {"recordId": row.custom_id, "modelInput": row.body}
    if outcome == "ok":
        return {**line, "modelOutput": output(row)}
    return {**line, "error": {"errorCode": _STATUSES[outcome], "errorMessage": "no"}}


def _no_such_key(key: str) -> HttpResponse:
    body = f"<Error><Code>NoSuchKey</Code><Message>no {key}</Message></Error>".encode()
    return HttpResponse(404, (("content-type", "application/xml"),), body)


def _s3(fake: FakeBatches, request: HttpRequest, match: re.Match[str]) -> HttpResponse:
    """PutObject, GetObject, DeleteObject. The digest and the service of the signature must fit."""
    signature = get_header(request.headers, "authorization") or ""
    digest = get_header(request.headers, "x-amz-content-sha256")
    if digest != sha256(request.body).hexdigest() or "/s3/aws4_request" not in signature:
        body = b"<Error><Code>SignatureDoesNotMatch</Code><Message>no</Message></Error>"
        return HttpResponse(403, (("content-type", "application/xml"),), body)
    name = f"s3://{match[1]}/{unquote(match[2])}"
    if request.method == "PUT":
        fake.files[name] = request.body
        return HttpResponse(200, (("etag", '"1"'), ("content-length", "0")), b"")
    if request.method == "DELETE":
        fake.files.pop(name, None)
        return HttpResponse(204, (), b"")
    data = fake.files.get(name)
    return _no_such_key(name) if data is None else reply(data)


def _create_invocation(
    fake: FakeBatches, request: HttpRequest, match: re.Match[str]
) -> HttpResponse:
    body = json_of(request)
    source = body["inputDataConfig"]["s3InputDataConfig"]["s3Uri"]
    if not body["roleArn"].startswith("arn:aws:iam::") or source not in fake.files:
        return reply({"message": f"no role or no object {source}"}, 400)
    token = body["clientRequestToken"]
    known = next((job for job in fake.jobs if job.key == token), None)
    if known is None:
        rows = rows_of_lines(fake.files[source], "modelInput", "recordId")
        known = fake.add_job(
            "arn:aws:bedrock:us-east-1:123456789012:model-invocation-job/job",
            rows, key=body["jobName"], model=body["modelId"], input_file=source,
        )  # fmt: skip
        known.output_file = body["outputDataConfig"]["s3OutputDataConfig"]["s3Uri"]
    return reply({"jobArn": known.id})


def _invocation_job(output: Any, fake: FakeBatches, job: FakeJob) -> Line:
    words = {"completed": "Completed", "expired": "PartiallyCompleted", "failed": "Failed", "cancelled": "Stopped"}  # fmt: skip
    running = "Stopping" if job.cancelling else "InProgress"
    folder = f"{job.output_file.rstrip('/')}/{job.id.rpartition('/')[2]}"
    name = f"{folder}/{job.input_file.rpartition('/')[2]}.out"
    shown: Line = {
        "jobArn": job.id,
        "jobName": job.key,
        "modelId": job.model,
        "roleArn": "arn:aws:iam::123456789012:role/batches",
        "status": words[job.ending] if job.over else running,
        "submitTime": date_of(job.created_s),
        "lastModifiedTime": date_of(job.created_s),
        "inputDataConfig": {
            "s3InputDataConfig": {"s3InputFormat": "JSONL", "s3Uri": job.input_file}
        },
        "outputDataConfig": {"s3OutputDataConfig": {"s3Uri": job.output_file}},
        "message": job.error_code if job.over and job.ending == "failed" else None,
    }
    if job.over and job.ending != "failed" and name not in fake.files:
        lines = _lines(job, partial(_bedrock_line, output))
        fake.files[name] = as_file(lines, fake.chance)
        manifest = {"totalRecordCount": len(job.rows), "processedRecordCount": len(lines)}
        fake.files[f"{folder}/manifest.json.out"] = msgspec.json.encode(manifest)
    return shown


def _list_invocations(
    output: Any, fake: FakeBatches, request: HttpRequest, match: re.Match[str]
) -> HttpResponse:
    jobs, more = fake.page_of_jobs(query_of(request, "nextToken"))
    page = {"invocationJobSummaries": [_invocation_job(output, fake, job) for job in jobs]}
    return reply({**page, "nextToken": jobs[-1].id} if more else page)


def _bedrock(output: Any) -> tuple[tuple[str, str, Handler], ...]:
    view = partial(_invocation_job, output)
    missing = reply(
        {"message": "the job does not exist"}, 404, (("x-amzn-errortype", "ResourceNotFoundException"),)
    )  # fmt: skip
    return (
        ("POST", r"/model-invocation-job$", _create_invocation),
        ("GET", r"/model-invocation-jobs$", partial(_list_invocations, output)),
        ("GET", r"/model-invocation-job/(.+)$", _or(missing, polled(view))),
        ("POST", r"/model-invocation-job/(.+)/stop$", _or(missing, _empty(cancelled(view)))),
        *[(method, r"/s3/([^/]+)/(.+)$", _s3) for method in ("PUT", "GET", "DELETE")],
    )


# --- vertex -----------------------------------------------------------------------------------------------------------

_ID_LABEL = "llm_pure_row"


def _vertex_line(claude: bool, row: FakeRow, outcome: Outcome) -> Line:
    status, response = "", anthropic_message(row) if claude else gemini_response(row)
    if outcome != "ok":
        error = {"error": {"code": _STATUSES[outcome], "message": "no"}}
        status, response = f"Bad Request: {msgspec.json.encode(error).decode()}", {}
    line = {"status": status, "processed_time": "2026-11-30T00:00:00Z", "response": response}
    return {"custom_id": row.custom_id, **line} if claude else {**line, "request": row.body}


def _rows_of_vertex(claude: bool, data: bytes) -> list[FakeRow]:
    lines = [msgspec.json.decode(line) for line in data.splitlines()]
    return [
        FakeRow(line["custom_id"] if claude else line["request"]["labels"][_ID_LABEL], line["request"])
        for line in lines
    ]  # fmt: skip


def _with_token(handler: Handler) -> Handler:
    """Of requests with an OAuth token; others get 401."""

    def handle(fake: FakeBatches, request: HttpRequest, match: re.Match[str]) -> HttpResponse:
        if not (get_header(request.headers, "authorization") or "").startswith("Bearer "):
            return problem(401, "no token", "authentication_error")
        return handler(fake, request, match)

    return handle


@_with_token
def _gcs_upload(fake: FakeBatches, request: HttpRequest, match: re.Match[str]) -> HttpResponse:
    name = query_of(request, "name")
    fake.files[f"gs://{match[1]}/{name}"] = request.body
    return reply({"kind": "storage#object", "name": name, "bucket": match[1], "size": str(len(request.body))})  # fmt: skip


@_with_token
def _gcs_object(fake: FakeBatches, request: HttpRequest, match: re.Match[str]) -> HttpResponse:
    name = f"gs://{match[1]}/{unquote(match[2])}"
    if request.method == "DELETE":
        fake.files.pop(name, None)
        return HttpResponse(204, (), b"")
    data = fake.files.get(name)
    return problem(404, "no such object", "not_found_error") if data is None else reply(data)


@_with_token
def _gcs_list(fake: FakeBatches, request: HttpRequest, match: re.Match[str]) -> HttpResponse:
    """Two objects on a page."""
    prefix = f"gs://{match[1]}/{query_of(request, 'prefix')}"
    names = sorted(name for name in fake.files if name.startswith(prefix))
    start = int(query_of(request, "pageToken") or "0")
    items = [{"name": name.removeprefix(f"gs://{match[1]}/")} for name in names[start : start + 2]]
    page: Line = {"kind": "storage#objects", **({"items": items} if items else {})}
    return reply({**page, "nextPageToken": str(start + 2)} if len(names) > start + 2 else page)


def _create_prediction(
    claude: bool, fake: FakeBatches, request: HttpRequest, match: re.Match[str]
) -> HttpResponse:
    body = json_of(request)
    (source,) = body["inputConfig"]["gcsSource"]["uris"]
    publisher = "anthropic" if claude else "google"
    if source not in fake.files or not body["model"].startswith(f"publishers/{publisher}/models/"):
        return problem(400, f"no model or no object {source}")
    job = fake.add_job(
        "projects/project-1/locations/us-central1/batchPredictionJobs/", _rows_of_vertex(claude, fake.files[source]),
        key=body["displayName"], model=body["model"], input_file=source,
    )  # fmt: skip
    job.output_file = body["outputConfig"]["gcsDestination"]["outputUriPrefix"]
    return reply(_prediction_job(claude, fake, job))


def _prediction_job(claude: bool, fake: FakeBatches, job: FakeJob) -> Line:
    words = {"completed": "SUCCEEDED", "expired": "EXPIRED", "failed": "FAILED", "cancelled": "CANCELLED"}  # fmt: skip
    running = "CANCELLING" if job.cancelling else "RUNNING"
    shown: Line = {
        "name": job.id,
        "displayName": job.key,
        "model": job.model,
        "state": f"JOB_STATE_{words[job.ending] if job.over else running}",
        "createTime": date_of(job.created_s),
        "inputConfig": {"instancesFormat": "jsonl", "gcsSource": {"uris": [job.input_file]}},
        "outputConfig": {
            "predictionsFormat": "jsonl",
            "gcsDestination": {"outputUriPrefix": job.output_file},
        },
    }
    if not job.over:
        return shown
    if job.ending == "failed":
        return {**shown, "error": {"code": 3, "message": job.error_code}}
    folder = f"{job.output_file.rstrip('/')}/prediction-model-1"
    if f"{folder}/predictions_00001.jsonl" not in fake.files:
        lines = _lines(job, partial(_vertex_line, claude))
        half = len(lines) if fake.chance is None else fake.chance.randrange(len(lines) + 1)
        for number, part in enumerate((lines[:half], lines[half:]), start=1):
            if part or number == 1:
                fake.files[f"{folder}/predictions_0000{number}.jsonl"] = as_file(part, fake.chance)
        fake.files[f"{folder}/info.txt"] = b"no results"
    good = job.outcomes.count("ok")
    stats = {"successfulCount": str(good), "failedCount": str(len(job.rows) - good)}
    return {**shown, "outputInfo": {"gcsOutputDirectory": folder}, "completionStats": stats}


def _list_predictions(
    claude: bool, fake: FakeBatches, request: HttpRequest, match: re.Match[str]
) -> HttpResponse:
    """The oldest first: the order is not documented."""
    token = query_of(request, "pageToken")
    start = int(token or "0")
    jobs = [_prediction_job(claude, fake, job) for job in fake.jobs[start : start + 3]]
    page: Line = {"batchPredictionJobs": jobs} if jobs else {}
    return reply({**page, "nextPageToken": str(start + 3)} if len(fake.jobs) > start + 3 else page)


def _vertex(claude: bool) -> tuple[tuple[str, str, Handler], ...]:
    view = partial(_prediction_job, claude)
    missing = reply({"error": {"code": 404, "message": "no such job", "status": "NOT_FOUND"}}, 404)
    job = r"/(projects/project-1/locations/[^/]+/batchPredictionJobs/[^/:]+)"
    return (
        ("POST", r"/gcs/upload/storage/v1/b/([^/]+)/o$", _gcs_upload),
        ("GET", r"/gcs/storage/v1/b/([^/]+)/o$", _gcs_list),
        ("GET", r"/gcs/storage/v1/b/([^/]+)/o/(.+)$", _gcs_object),
        ("DELETE", r"/gcs/storage/v1/b/([^/]+)/o/(.+)$", _gcs_object),
        ("POST", r"/projects/[^/]+/locations/[^/]+/batchPredictionJobs$", partial(_create_prediction, claude)),
        ("GET", r"/projects/[^/]+/locations/[^/]+/batchPredictionJobs$", partial(_list_predictions, claude)),
        ("GET", rf"{job}$", _or(missing, polled(view))),
        ("POST", rf"{job}:cancel$", _empty(cancelled(view))),
        ("DELETE", rf"{job}$", deleted()),
    )  # fmt: skip


# --- fireworks --------------------------------------------------------------------------------------------------------


_NO_RESOURCE = reply({"code": 5, "message": "resource not found", "details": []}, 404)


def _fireworks_line(row: FakeRow, outcome: Outcome) -> Line:
    if outcome == "ok":
        return {"custom_id": row.custom_id, "response": chat_completion(row, "fireworks-fake")}
    return {"custom_id": row.custom_id, "error": {"code": _STATUSES[outcome], "message": "no"}}


def _dataset(fake: FakeBatches, name: str) -> Line:
    return {
        "name": f"accounts/account-1/datasets/{name}",
        "state": "READY" if fake.files[name] else "UPLOADING",
        "exampleCount": "1",
        "status": {"code": "OK", "message": ""},
        "userUploaded": {},
    }


def _create_dataset(fake: FakeBatches, request: HttpRequest, match: re.Match[str]) -> HttpResponse:
    body = json_of(request)
    name = body["datasetId"]
    if not body["dataset"].get("exampleCount"):
        return reply({"code": 3, "message": "example_count is required for uploaded datasets"}, 400)
    if name in fake.files:
        return reply({"code": 6, "message": "the dataset exists"}, 409)
    fake.files[name] = b""
    return reply(_dataset(fake, name))


def _upload_dataset(fake: FakeBatches, request: HttpRequest, match: re.Match[str]) -> HttpResponse:
    fake.files[match[1]] = form_of(request)["file"]
    return reply({"id": f"accounts/account-1/datasets/{match[1]}", "object": "file"})


def _dataset_of(fake: FakeBatches, request: HttpRequest, match: re.Match[str]) -> HttpResponse:
    files = [name for name in fake.files if name.partition("/")[0] == match[1]]
    if not files:
        return _NO_RESOURCE
    if request.method == "DELETE":
        for name in files:
            del fake.files[name]
        return reply({})
    return reply(_dataset(fake, match[1]))


def _create_inference(
    fake: FakeBatches, request: HttpRequest, match: re.Match[str]
) -> HttpResponse:
    body, name = json_of(request), query_of(request, "batchInferenceJobId")
    if fake.job(name) is not None:
        return reply({"code": 6, "message": "the job exists"}, 409)
    data = fake.files.get(body["inputDatasetId"].rpartition("/")[2])
    if not data:
        return reply({"code": 5, "message": "no such dataset"}, 404)
    rows = rows_of_lines(data)
    if any("model" in row.body for row in rows):
        return reply({"code": 3, "message": "the model belongs to the job"}, 400)
    job = fake.add_job("", rows, key=body["displayName"], model=body["model"])
    job.id, job.input_file = name, body["inputDatasetId"].rpartition("/")[2]
    job.output_file = f"bij-{name}"
    return reply(_inference_job(fake, job))


def _inference_job(fake: FakeBatches, job: FakeJob) -> Line:
    word = job.ending.upper() if job.over else "RUNNING"
    failed = job.over and job.ending == "failed"
    good = job.outcomes.count("ok")
    counts = {"totalInputRequests": 1, "totalProcessedRequests": len(job.rows), "successfullyProcessedRequests": good}  # fmt: skip
    if job.over and not failed:
        lines = _lines(job, _fireworks_line)
        for file, parts in (
            ("BIJOutputSet.jsonl", [line for line in lines if "response" in line]),
            ("error-data", [line for line in lines if "error" in line]),
        ):
            fake.files.setdefault(f"{job.output_file}/{file}", as_file(parts, fake.chance))
    return {
        "name": f"accounts/account-1/batchInferenceJobs/{job.id}",
        "displayName": job.key,
        "state": f"JOB_STATE_{word}",
        "status": {"code": "INVALID_ARGUMENT", "message": job.error_code} if failed else {"code": "OK", "message": ""},
        "model": job.model,
        "inputDatasetId": f"accounts/account-1/datasets/{job.input_file}",
        "outputDatasetId": f"accounts/account-1/datasets/{job.output_file}",
        "createTime": date_of(job.created_s),
        "expireTime": date_of(job.created_s + 86400),
        "jobProgress": counts if job.over else None,
        "lifecycle": None,
    }  # fmt: skip


def _list_inferences(fake: FakeBatches, request: HttpRequest, match: re.Match[str]) -> HttpResponse:
    start = int(query_of(request, "pageToken") or "0")
    jobs = [_inference_job(fake, job) for job in fake.jobs[start : start + 3]]
    more = len(fake.jobs) > start + 3
    page = {"batchInferenceJobs": jobs, "totalSize": len(fake.jobs)}
    return reply({**page, "nextPageToken": str(start + 3) if more else ""})


def _download_endpoint(
    fake: FakeBatches, request: HttpRequest, match: re.Match[str]
) -> HttpResponse:
    names = [name for name in fake.files if name.startswith(f"{match[1]}/")]
    if not names or request.body:
        return _NO_RESOURCE
    urls = {f"dataset/{name}": f"{fake.url}/signed/{name}?X-Goog-Signature=secret" for name in names}  # fmt: skip
    return reply({"filenameToSignedUrls": urls})


def _signed(fake: FakeBatches, request: HttpRequest, match: re.Match[str]) -> HttpResponse:
    if get_header(request.headers, "authorization"):
        return problem(400, "a signed URL takes no other credentials")
    return reply(fake.files[match[1]])


_FIREWORKS: tuple[tuple[str, str, Handler], ...] = (
    ("GET", r"/signed/(.+)$", _signed),
    ("POST", r"/accounts/account-1/datasets$", _create_dataset),
    ("POST", r"/datasets/([^/:]+):upload$", _upload_dataset),
    ("GET", r"/datasets/([^/:]+):getDownloadEndpoint$", _download_endpoint),
    ("GET", r"/datasets/([^/:]+)$", _dataset_of),
    ("DELETE", r"/datasets/([^/:]+)$", _dataset_of),
    ("POST", r"/batchInferenceJobs$", _create_inference),
    ("GET", r"/batchInferenceJobs$", _list_inferences),
    ("GET", r"/batchInferenceJobs/([^/:]+)$", _or(_NO_RESOURCE, polled(_inference_job))),
    ("DELETE", r"/batchInferenceJobs/([^/:]+)$", with_job(lambda fake, request, job: reply({}))),
)

STORAGE_ROUTES: dict[str, tuple[tuple[str, str, Handler], ...]] = {
    "bedrock": _bedrock(_converse_output),
    "bedrock_invoke": _bedrock(anthropic_message),
    "vertex": _vertex(claude=False),
    "vertex_claude": _vertex(claude=True),
    "fireworks": _FIREWORKS,
}

"""The fake services themselves: requests in, responses out."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler
from random import Random
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from llm_pure.types.http import Headers, HttpRequest, HttpResponse, get_header
from tests.support.batches.jobs import FakeJob, FakeRow, cancel_rows, chat_completion, plan_ending
from tests.support.batches.lines import (
    anthropic_line,
    as_file,
    gemini_line,
    openai_line,
    xai_result,
)
from tests.support.http_service import http_service

Handler = Callable[["FakeBatches", HttpRequest, re.Match[str]], HttpResponse]
FIRST_SHAPES = ("files", "together", "anthropic", "gemini", "mistral", "openrouter", "xai")
"""A: files and together; B: anthropic; C: gemini and mistral; D: openrouter; E: xai. F stands in `storage`."""

KEY_FIELDS = ("llm_pure_job", "ds_name")
PAGE = 3
"""Rows on a page of results, and jobs on a page of a list."""


def reply(value: Any, status: int = 200, headers: Headers = ()) -> HttpResponse:
    """A response of JSON, or of bytes as they are."""
    data = value if isinstance(value, bytes) else msgspec.json.encode(value)
    kind = "application/octet-stream" if isinstance(value, bytes) else "application/json"
    own = (("content-type", kind), ("content-length", str(len(data))))
    return HttpResponse(status, (*own, *headers), data)


def problem(status: int, message: str, kind: str = "invalid_request_error") -> HttpResponse:
    """An error in OpenAI's form, which all readers of errors know."""
    error = {"message": message, "type": kind, "code": None, "param": None}
    return reply({"type": "error", "error": error}, status)


class FakeBatches:
    """One account at one service. `seed`: None for a service without misfortune."""

    def __init__(
        self, shape: str, seed: int | None = None, *, url: str = "https://fake.test"
    ) -> None:
        self.shape = shape
        self.url = url
        self.chance = None if seed is None else Random(seed)
        self.files: dict[str, bytes] = {}
        self.jobs: list[FakeJob] = []
        self.requests: list[HttpRequest] = []
        self.clock_s = 1_800_000_000
        self._number = 0
        self._troubles = 0
        self._pending: dict[str, bytes] = {}

    def handle(self, request: HttpRequest) -> HttpResponse:
        """Answer a request."""
        self.requests.append(request)
        self.clock_s += 1
        path = urlsplit(request.url).path
        for method, pattern, handler in ROUTES[self.shape]:
            match = re.search(pattern, path)
            if method == request.method and match:
                trouble = self._trouble(request)
                if trouble is not None and trouble.status < 500:
                    return trouble
                response = handler(self, request, match)
                return self._damaged(request, response) if trouble is None else trouble
        return problem(404, f"no such path: {request.method} {path}", "not_found_error")

    def _trouble(self, request: HttpRequest) -> HttpResponse | None:
        """A passing failure: 429 refuses the request, a 5xx comes after it was carried out. Never many in a row."""
        if self.chance is None or self._troubles >= 2 or self.chance.random() >= 0.12:
            self._troubles = 0
            return None
        self._troubles += 1
        status = self.chance.choice((429, 503, 500))
        return problem(status, "try again", "rate_limit_error" if status == 429 else "api_error")

    def _damaged(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Sometimes a download is cut."""
        is_file = get_header(response.headers, "content-type") == "application/octet-stream"
        if self.chance is None or not is_file or not response.body or self.chance.random() >= 0.15:
            return response
        body = response.body[: self.chance.randrange(len(response.body))]
        return HttpResponse(response.status, response.headers, body)

    def new_id(self, prefix: str) -> str:
        """An id that was not used."""
        self._number += 1
        return f"{prefix}{self._number}"

    def add_file(self, data: bytes, prefix: str = "file-") -> str:
        """Keep a file."""
        name = self.new_id(prefix)
        self.files[name] = data
        return name

    def add_job(self, prefix: str, rows: list[FakeRow], **fields: Any) -> FakeJob:
        """Create a job of these rows."""
        job = FakeJob(id=self.new_id(prefix), rows=rows, created_s=self.clock_s, **fields)
        plan_ending(job, self.chance)
        self.jobs.append(job)
        return job

    def job(self, name: str) -> FakeJob | None:
        """A job by its id."""
        return next((job for job in self.jobs if job.id == unquote(name)), None)

    def page_of_jobs(self, after: str) -> tuple[list[FakeJob], bool]:
        """Jobs after this one, the newest first, and whether there are more."""
        newest = self.jobs[::-1]
        start = next((at + 1 for at, job in enumerate(newest) if job.id == after), 0)
        return newest[start : start + PAGE], len(newest) > start + PAGE


def json_of(request: HttpRequest) -> dict[str, Any]:
    """The JSON body of a request."""
    body = msgspec.json.decode(request.body)
    assert isinstance(body, dict)
    return body


def query_of(request: HttpRequest, name: str) -> str:
    """A parameter of the URL."""
    return parse_qs(urlsplit(request.url).query).get(name, [""])[0]


def form_of(request: HttpRequest) -> dict[str, bytes]:
    """The fields of a multipart form."""
    kind = get_header(request.headers, "content-type") or ""
    boundary = kind.partition("boundary=")[2].strip('"').encode()
    fields: dict[str, bytes] = {}
    for part in request.body.split(b"--" + boundary)[1:-1]:
        head, _, value = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        match = re.search(rb'name="([^"]*)"', head)
        assert match is not None
        fields[match[1].decode()] = value.removesuffix(b"\r\n")
    return fields


def rows_of_lines(
    data: bytes, body_field: str = "body", id_field: str = "custom_id"
) -> list[FakeRow]:
    """The rows of an uploaded file."""
    lines = [msgspec.json.decode(line) for line in data.splitlines() if line]
    return [FakeRow(line[id_field], line[body_field]) for line in lines]


# --- A: files ---------------------------------------------------------------------------------------------------------


def with_job(answer: Callable[[FakeBatches, HttpRequest, FakeJob], HttpResponse]) -> Handler:
    """Of the job in the path; 404 if there is none."""

    def handle(fake: FakeBatches, request: HttpRequest, match: re.Match[str]) -> HttpResponse:
        job = fake.job(match[1])
        if job is None:
            return problem(404, "no such batch", "not_found_error")
        return answer(fake, request, job)

    return handle


def polled(view: Callable[[FakeBatches, FakeJob], Any]) -> Handler:
    """The job, which is one poll nearer to its end."""

    def poll(fake: FakeBatches, request: HttpRequest, job: FakeJob) -> HttpResponse:
        job.polls -= 1
        return reply(view(fake, job))

    return with_job(poll)


def cancelled(view: Callable[[FakeBatches, FakeJob], Any]) -> Handler:
    """The job, in which nothing more is run."""

    def cancel(fake: FakeBatches, request: HttpRequest, job: FakeJob) -> HttpResponse:
        if not job.over:
            cancel_rows(job, fake.chance)
        return reply(view(fake, job))

    return with_job(cancel)


def deleted(**fields: Any) -> Handler:
    """{id, ...}: the job stays here, for the tests to look at."""
    return with_job(lambda fake, request, job: reply({"id": job.id, **fields} if fields else {}))


def _upload(fake: FakeBatches, request: HttpRequest, match: re.Match[str]) -> HttpResponse:
    form = form_of(request)
    if form["purpose"] not in (b"batch", b"batch-api"):
        return problem(400, "wrong purpose")
    name = fake.add_file(form["file"])
    return reply(
        {
            "id": name,
            "object": "file",
            "bytes": len(form["file"]),
            "created_at": fake.clock_s,
            "filename": f"{name}.jsonl",
            "purpose": "batch",
            "status": "processed",
            "sample_type": "batch_request",  # of Mistral, as the next one
            "source": "upload",
        }
    )


def _create(fake: FakeBatches, request: HttpRequest, match: re.Match[str]) -> HttpResponse:
    body = json_of(request)
    data = fake.files.get(body["input_file_id"])
    if data is None or (fake.chance is not None and fake.chance.random() < 0.1):
        return problem(400, f"Cannot find file {body['input_file_id']}")
    metadata = body.get("metadata") or {}
    key = next((metadata[field] for field in KEY_FIELDS if field in metadata), "")
    job = fake.add_job("batch_", rows_of_lines(data), key=key, input_file=body["input_file_id"])
    shown = _openai_job(fake, job, metadata)
    return reply({"job": shown} if fake.shape == "together" else shown)


def _openai_job(
    fake: FakeBatches, job: FakeJob, metadata: dict[str, Any] | None = None
) -> dict[str, Any]:
    state = job.ending if job.over else ("cancelling" if job.cancelling else "in_progress")
    if job.over and not job.output_file:
        _write_files(fake, job)
    counts: Any = {"total": len(job.rows), "completed": 0, "failed": 0}
    if fake.chance is not None:
        counts = fake.chance.choice((counts, None, {"total": str(len(job.rows))}, {"total": 10**6}))
    failed = job.ending == "failed" and job.over
    errors = {
        "object": "list",
        "data": [{"code": job.error_code, "message": "no", "line": None, "param": None}],
    }
    shown: dict[str, Any] = {
        "id": job.id,
        "object": "batch",
        "endpoint": "/v1/chat/completions",
        "errors": errors if failed else None,
        "input_file_id": job.input_file,
        "completion_window": "24h",
        "status": state.upper() if fake.shape == "together" else state,
        "output_file_id": job.output_file if job.output_file not in ("", "none") else None,
        "error_file_id": job.error_file or None,
        "created_at": job.created_s,
        "expires_at": job.created_s + 86400,
        "request_counts": counts,
        "metadata": {"llm_pure_job": job.key, "ds_name": job.key} if job.key else metadata,
    }
    if fake.chance is not None and fake.shape == "files":
        shown["status"] = fake.chance.choice((state, state.capitalize()))
        if shown["error_file_id"] is None:
            shown["error_file_id"] = fake.chance.choice((None, ""))
    return shown


def _write_files(fake: FakeBatches, job: FakeJob) -> None:
    """Write the output file, of which there is none if all rows failed, and the error file."""
    pairs = list(zip(job.rows, job.outcomes, strict=True))
    good = [openai_line(job, row, "ok") for row, outcome in pairs if outcome == "ok"]
    bad = [openai_line(job, row, outcome) for row, outcome in pairs if outcome != "ok"]
    output = [line for line in good if line is not None]
    errors = [line for line in bad if line is not None]
    if fake.chance is not None and output and fake.chance.random() < 0.1:  # in both files
        errors.append({**output[0], "response": None, "error": {"code": "x", "message": "late"}})
    job.output_file = fake.add_file(as_file(output, fake.chance)) if output else "none"
    job.error_file = fake.add_file(as_file(errors, fake.chance)) if errors else ""


def _list(fake: FakeBatches, request: HttpRequest, match: re.Match[str]) -> HttpResponse:
    if fake.shape == "together":
        return reply([_openai_job(fake, job) for job in fake.jobs[::-1]])
    jobs, more = fake.page_of_jobs(query_of(request, "after"))
    data = [_openai_job(fake, job) for job in jobs]
    last = jobs[-1].id if jobs else None
    return reply({"object": "list", "data": data, "last_id": last, "has_more": more})


def _content(fake: FakeBatches, request: HttpRequest, match: re.Match[str]) -> HttpResponse:
    data = fake.files.get(unquote(match[1]))
    if data is None:
        return problem(404, "no such file", "not_found_error")
    return reply(data)


def _file(fake: FakeBatches, request: HttpRequest, match: re.Match[str]) -> HttpResponse:
    name = unquote(match[1])
    if request.method == "DELETE":
        existed = fake.files.pop(name, None) is not None
        return reply({"id": name, "object": "file", "deleted": existed})
    return reply({"id": name, "object": "file", "status": "processed"})


def _redirect(fake: FakeBatches, request: HttpRequest, match: re.Match[str]) -> HttpResponse:
    form = form_of(request)
    if form["purpose"] != b"batch-api" or "file" in form:
        return problem(400, "wrong form")
    name = fake.new_id("file-")
    location = f"{fake.url}/signed/{name}?signature=secret"
    return reply(b"", 302, (("location", location), ("x-together-file-id", name)))


def _put(fake: FakeBatches, request: HttpRequest, match: re.Match[str]) -> HttpResponse:
    if get_header(request.headers, "authorization"):
        return problem(400, "a signed URL takes no other credentials")
    fake.files[match[1]] = request.body
    return reply(b"")


def _preprocess(fake: FakeBatches, request: HttpRequest, match: re.Match[str]) -> HttpResponse:
    return reply({"id": match[1], "processed": True})


def _live(fake: FakeBatches, request: HttpRequest, match: re.Match[str]) -> HttpResponse:
    return reply(chat_completion(FakeRow("live", json_of(request)), ""))


_FILES = (
    ("POST", r"/chat/completions$", _live),
    ("GET", r"/files/([^/]+)/content$", _content),
    ("GET", r"/files/([^/]+)$", _file),
    ("DELETE", r"/files/([^/]+)$", _file),
)
_OPENAI = (
    ("POST", r"/batches$", _create),
    ("GET", r"/batches$", _list),
    ("GET", r"/batches/([^/]+)$", polled(_openai_job)),
    ("POST", r"/batches/([^/]+)/cancel$", cancelled(_openai_job)),
    *_FILES,
)

# --- B: anthropic -----------------------------------------------------------------------------------------------------


def _message_batch(fake: FakeBatches, job: FakeJob) -> dict[str, Any]:
    counts = {
        "processing": len(job.rows),
        "succeeded": 0,
        "errored": 0,
        "canceled": 0,
        "expired": 0,
    }
    if job.over:
        good = job.outcomes.count("ok")
        counts |= {"processing": 0, "succeeded": good, "errored": len(job.rows) - good}
    return {
        "id": job.id,
        "type": "message_batch",
        "processing_status": "ended" if job.over else ("canceling" if job.cancelling else "in_progress"),
        "request_counts": counts,
        "created_at": date_of(job.created_s),
        "expires_at": date_of(job.created_s + 86400),
        "ended_at": date_of(job.created_s + 60) if job.over else None,
        "cancel_initiated_at": None,
        "archived_at": None,
        "results_url": f"{fake.url}/v1/messages/batches/{job.id}/results" if job.over else None,
    }  # fmt: skip


def date_of(seconds: int) -> str:
    """A time in RFC 3339."""
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _create_messages(fake: FakeBatches, request: HttpRequest, match: re.Match[str]) -> HttpResponse:
    rows = [FakeRow(row["custom_id"], row["params"]) for row in json_of(request)["requests"]]
    if any(row.body.get("stream") for row in rows):
        return problem(400, "stream is not allowed")
    return reply(_message_batch(fake, fake.add_job("msgbatch_", rows)))


def _list_messages(fake: FakeBatches, request: HttpRequest, match: re.Match[str]) -> HttpResponse:
    jobs, more = fake.page_of_jobs(query_of(request, "after_id"))
    data = [_message_batch(fake, job) for job in jobs]
    first, last = (jobs[0].id, jobs[-1].id) if jobs else (None, None)
    return reply({"data": data, "has_more": more, "first_id": first, "last_id": last})


def _message_results(fake: FakeBatches, request: HttpRequest, match: re.Match[str]) -> HttpResponse:
    job = fake.job(match[1])
    if job is None or not job.over:
        return problem(404, "no results", "not_found_error")
    pairs = zip(job.rows, job.outcomes, strict=True)
    lines = [anthropic_line(row, outcome) for row, outcome in pairs]
    return reply(as_file([line for line in lines if line is not None], fake.chance))


_ANTHROPIC = (
    ("POST", r"/messages/batches$", _create_messages),
    ("GET", r"/messages/batches$", _list_messages),
    ("GET", r"/messages/batches/([^/]+)/results$", _message_results),
    ("GET", r"/messages/batches/([^/]+)$", polled(_message_batch)),
    ("DELETE", r"/messages/batches/([^/]+)$", deleted(type="message_batch_deleted")),
    ("POST", r"/messages/batches/([^/]+)/cancel$", cancelled(_message_batch)),
)

# --- C: gemini and mistral --------------------------------------------------------------------------------------------


def _start_upload(fake: FakeBatches, request: HttpRequest, match: re.Match[str]) -> HttpResponse:
    if get_header(request.headers, "x-goog-upload-command") == "start":
        name = fake.new_id("files/")
        location = f"{fake.url}/upload/v1beta/files?upload_id=secret-{name}"
        return reply(b"", 200, (("x-goog-upload-url", location),))
    name = query_of(request, "upload_id").removeprefix("secret-")
    fake.files[name] = request.body
    return reply({"file": {"name": name, "state": "ACTIVE"}}, 200, (("x-goog-upload-status", "final"),))  # fmt: skip


def _create_operation(fake: FakeBatches, request: HttpRequest, match: re.Match[str]) -> HttpResponse:  # fmt: skip
    batch = json_of(request)["batch"]
    source = batch["inputConfig"]
    if "fileName" in source:
        rows = rows_of_lines(fake.files[source["fileName"]], "request", "key")
    else:
        rows = [FakeRow(row["metadata"]["key"], row["request"]) for row in source["requests"]["requests"]]  # fmt: skip
    file = source.get("fileName", "")
    job = fake.add_job("batches/", rows, key=batch.get("displayName", ""), model=match[1], input_file=file)  # fmt: skip
    return reply(_operation(fake, job))


def _operation(fake: FakeBatches, job: FakeJob) -> dict[str, Any]:
    words = {"completed": "SUCCEEDED", "expired": "EXPIRED", "failed": "FAILED", "cancelled": "CANCELLED"}  # fmt: skip
    prefix = "BATCH_STATE_" if fake.chance is None else fake.chance.choice(("BATCH_STATE_", "JOB_STATE_"))  # fmt: skip
    metadata: dict[str, Any] = {
        "@type": "type.googleapis.com/google.ai.generativelanguage.v1main.GenerateContentBatch",
        "model": f"models/{job.model}",
        "displayName": job.key,
        "createTime": date_of(job.created_s),
        "batchStats": {"requestCount": str(len(job.rows))},
        "state": prefix + (words[job.ending] if job.over else "RUNNING"),
        "name": job.id,
        "inputConfig": {"fileName": job.input_file} if job.input_file else {},
    }
    shown: dict[str, Any] = {"name": job.id, "metadata": metadata}
    if not job.over:
        return shown
    shown["done"] = True
    if job.ending == "failed":
        return {**shown, "error": {"code": 3, "message": job.error_code}}
    inline = not job.input_file
    pairs = zip(job.rows, job.outcomes, strict=True)
    lines = [gemini_line(row, outcome, inline=inline) for row, outcome in pairs]
    there = [line for line in lines if line is not None]
    if inline:
        output: dict[str, Any] = {"inlinedResponses": {"inlinedResponses": there}}
    else:
        if not job.output_file:
            job.output_file = fake.add_file(as_file(there, fake.chance), "files/batch-")
        output = {"responsesFile": job.output_file}
    where = 2 if fake.chance is None else fake.chance.randrange(3)
    if where != 1:
        shown["response"] = output
    if where != 0:
        metadata["output"] = output
    return shown


def _list_operations(fake: FakeBatches, request: HttpRequest, match: re.Match[str]) -> HttpResponse:
    jobs, more = fake.page_of_jobs(query_of(request, "pageToken"))
    page = {"operations": [_operation(fake, job) for job in jobs]}
    return reply({**page, "nextPageToken": jobs[-1].id} if more else page)


def _cancel_operation(fake: FakeBatches, request: HttpRequest, match: re.Match[str]) -> HttpResponse:  # fmt: skip
    job = fake.job(match[1])
    if job is not None and not job.over:
        cancel_rows(job, fake.chance)
    return reply({})


def _download(fake: FakeBatches, request: HttpRequest, match: re.Match[str]) -> HttpResponse:
    return reply(fake.files[match[1]])


def _delete_file(fake: FakeBatches, request: HttpRequest, match: re.Match[str]) -> HttpResponse:
    fake.files.pop(match[1], None)
    return reply({})


_GEMINI = (
    ("POST", r"/upload/v1\w*/files$", _start_upload),
    ("POST", r"/models/([^/]+):batchGenerateContent$", _create_operation),
    ("GET", r"/v1\w*/batches$", _list_operations),
    ("GET", r"/v1\w*/(batches/[^/:]+)$", polled(_operation)),
    ("DELETE", r"/v1\w*/(batches/[^/:]+)$", deleted()),
    ("POST", r"/v1\w*/(batches/[^/:]+):cancel$", _cancel_operation),
    ("GET", r"/download/v1\w*/(files/[^/:]+):download$", _download),
    ("DELETE", r"/v1\w*/(files/[^/:]+)$", _delete_file),
)


def _create_mistral(fake: FakeBatches, request: HttpRequest, match: re.Match[str]) -> HttpResponse:
    body = json_of(request)
    files = body.get("input_files") or []
    rows = (
        rows_of_lines(fake.files[files[0]])
        if files
        else [FakeRow(row["custom_id"], row["body"]) for row in body["requests"]]
    )
    if any("model" in row.body for row in rows):
        return problem(422, "the model belongs to the job")
    job = fake.add_job(
        "job-", rows,
        key=(body.get("metadata") or {}).get("llm_pure_job", ""),
        model=body.get("model") or "", input_file=files[0] if files else "",
    )  # fmt: skip
    return reply(_mistral_job(fake, job))


def _mistral_job(fake: FakeBatches, job: FakeJob, *, inline: bool = False) -> dict[str, Any]:
    words = {"completed": "SUCCESS", "expired": "TIMEOUT_EXCEEDED", "failed": "FAILED", "cancelled": "CANCELLED"}  # fmt: skip
    good = job.outcomes.count("ok")
    shown: dict[str, Any] = {
        "id": job.id,
        "object": "batch",
        "endpoint": "/v1/chat/completions",
        "model": job.model,
        "status": words[job.ending] if job.over else "RUNNING",
        "input_files": [job.input_file] if job.input_file else [],
        "errors": [{"message": job.error_code, "count": 1}] if job.error_code and job.over else [],
        "created_at": job.created_s,
        "total_requests": len(job.rows),
        "completed_requests": len(job.rows) if job.over else 0,
        "succeeded_requests": good if job.over else 0,
        "failed_requests": len(job.rows) - good if job.over else 0,
        "metadata": {"llm_pure_job": job.key},
    }
    if job.over and job.input_file:
        if not job.output_file:
            _write_files(fake, job)
        shown["output_file"] = None if job.output_file == "none" else job.output_file
        shown["error_file"] = job.error_file or None
    elif job.over and inline:
        pairs = zip(job.rows, job.outcomes, strict=True)
        lines = [openai_line(job, row, outcome) for row, outcome in pairs]
        shown["outputs"] = [line for line in lines if line is not None]
    return shown


@with_job
def _poll_mistral(fake: FakeBatches, request: HttpRequest, job: FakeJob) -> HttpResponse:
    job.polls -= 1
    return reply(_mistral_job(fake, job, inline=query_of(request, "inline") == "true"))


def _list_mistral(fake: FakeBatches, request: HttpRequest, match: re.Match[str]) -> HttpResponse:
    page, size = int(query_of(request, "page") or "0"), int(query_of(request, "page_size") or "100")
    newest = fake.jobs[::-1][page * size : (page + 1) * size]
    data = [_mistral_job(fake, job) for job in newest]
    return reply({"object": "list", "data": data, "total": len(fake.jobs)})


_MISTRAL = (
    ("POST", r"/files$", _upload),
    ("POST", r"/batch/jobs$", _create_mistral),
    ("GET", r"/batch/jobs$", _list_mistral),
    ("GET", r"/batch/jobs/([^/]+)$", _poll_mistral),
    ("DELETE", r"/batch/jobs/([^/]+)$", deleted(object="batch", deleted=True)),
    ("POST", r"/batch/jobs/([^/]+)/cancel$", cancelled(_mistral_job)),
    *_FILES,
)

# --- D: openrouter ----------------------------------------------------------------------------------------------------


def _create_inline(fake: FakeBatches, request: HttpRequest, match: re.Match[str]) -> HttpResponse:
    body = json_of(request)
    if next(reversed(body)) != "requests":
        return problem(400, "requests must be the last field")
    rows = [FakeRow(row["custom_id"], row["body"]) for row in body["requests"]]
    return reply(_inline_job(fake, fake.add_job("batch-", rows, model=body["model"])), 202)


def _inline_job(fake: FakeBatches, job: FakeJob, *, results: bool = False) -> dict[str, Any]:
    pairs = zip(job.rows, job.outcomes, strict=True)
    lines = [openai_line(job, row, outcome) for row, outcome in pairs]
    there = [line for line in lines if line is not None]
    failed = job.over and job.ending == "failed"
    return {
        "id": job.id,
        "object": "batch",
        "endpoint": "/v1/chat/completions",
        "model": job.model,
        "status": job.ending if job.over else "in_progress",
        "completion_window": "24h",
        "created_at": date_of(job.created_s),
        "request_counts": {"total": len(job.rows), "completed": 0, "failed": 0},
        "error": {"message": job.error_code} if failed else None,
        "results": there if job.over and results and not failed else None,
        "usage": {"cost": 0.001} if job.over else None,
    }


def _list_inline(fake: FakeBatches, request: HttpRequest, match: re.Match[str]) -> HttpResponse:
    jobs, more = fake.page_of_jobs(query_of(request, "after"))
    data = [_inline_job(fake, job) for job in jobs]
    last = jobs[-1].id if jobs else None
    return reply({"data": data, "first_id": None, "last_id": last, "has_more": more})


_OPENROUTER = (
    ("POST", r"/batches$", _create_inline),
    ("GET", r"/batches$", _list_inline),
    ("GET", r"/batches/([^/]+)$", polled(partial(_inline_job, results=True))),
    ("DELETE", r"/batches/([^/]+)$", deleted(deleted=True)),
)

# --- E: xai -----------------------------------------------------------------------------------------------------------


def _create_paged(fake: FakeBatches, request: HttpRequest, match: re.Match[str]) -> HttpResponse:
    body = json_of(request)
    rows = rows_of_lines(fake.files[body["input_file_id"]])
    job = fake.add_job("xb-", rows, key=body["name"], input_file=body["input_file_id"])
    return reply(_paged_job(fake, job))


def _paged_job(fake: FakeBatches, job: FakeJob) -> dict[str, Any]:
    good = job.outcomes.count("ok")
    cancelled = job.outcomes.count("cancelled")
    counts = {"num_requests": len(job.rows), "num_pending": 0 if job.over else len(job.rows)}
    if job.over:
        counts |= {
            "num_success": good,
            "num_error": len(job.rows) - good - cancelled,
            "num_cancelled": cancelled,
        }
    shown: dict[str, Any] = {
        "batch_id": job.id,
        "name": job.key,
        "create_time": date_of(job.created_s),
        "state": counts,
        "input_file_id": job.input_file,
        "cost_breakdown": {"total_cost_usd_ticks": 10_000_000},
    }
    if job.cancelling or (job.over and job.ending == "failed"):
        shown["cancel_time"] = date_of(job.created_s + 30)
    if job.over and job.ending == "failed":
        shown["cancel_by_xai_message"] = job.error_code
    return shown


def _list_paged(fake: FakeBatches, request: HttpRequest, match: re.Match[str]) -> HttpResponse:
    jobs, more = fake.page_of_jobs(query_of(request, "pagination_token"))
    page = {"batches": [_paged_job(fake, job) for job in jobs]}
    return reply({**page, "pagination_token": jobs[-1].id if more else None})


@with_job
def _page_of_results(fake: FakeBatches, request: HttpRequest, job: FakeJob) -> HttpResponse:
    pairs = zip(job.rows, job.outcomes, strict=True)
    rows = [result for row, outcome in pairs if (result := xai_result(job, row, outcome)) is not None]  # fmt: skip
    start = int(query_of(request, "pagination_token") or "0")
    more = len(rows) > start + PAGE
    page = {"results": rows[start : start + PAGE]}
    return reply({**page, "pagination_token": str(start + PAGE) if more else None})


_XAI = (
    ("POST", r"/files$", _upload),
    ("POST", r"/batches$", _create_paged),
    ("GET", r"/batches$", _list_paged),
    ("GET", r"/batches/([^/:]+)$", polled(_paged_job)),
    ("GET", r"/batches/([^/:]+)/results$", _page_of_results),
    ("POST", r"/batches/([^/:]+):cancel$", cancelled(_paged_job)),
    *_FILES,
)

ROUTES: dict[str, tuple[tuple[str, str, Handler], ...]] = {
    "files": (("POST", r"/files$", _upload), *_OPENAI),
    "together": (
        ("POST", r"/files$", _redirect),
        ("PUT", r"/signed/([^/]+)$", _put),
        ("POST", r"/files/([^/]+)/preprocess$", _preprocess),
        *_OPENAI,
    ),
    "anthropic": _ANTHROPIC,
    "gemini": _GEMINI,
    "mistral": _MISTRAL,
    "openrouter": _OPENROUTER,
    "xai": _XAI,
}


@contextmanager
def serve_batches(shape: str | FakeBatches, seed: int | None = None) -> Iterator[FakeBatches]:
    """The service on loopback; its `url` is that of the server."""
    fake = FakeBatches(shape, seed) if isinstance(shape, str) else shape

    class Handling(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = tuple([(name.lower(), value) for name, value in self.headers.items()])
            response = fake.handle(HttpRequest(self.command, f"{fake.url}{self.path}", headers, body))  # fmt: skip
            self.send_response_only(response.status)
            for name, value in response.headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(response.body)

        do_GET = do_PUT = do_DELETE = do_POST

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: a test's output is the test's."""

    with http_service(Handling) as url:
        fake.url = url
        yield fake

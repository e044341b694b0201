"""Batches by files, as OpenAI has them: upload lines, create a job, fetch its output and its error file.

A service is a row, `FileBatches`. Source: ../shared/wire/batch.md 1, 2, 8, 9, 13 to 15, read 2026-11-29.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec

from llm_pure.adapters.dialects.common.batch_values import (
    ACCEPT_JSON,
    FILE_PAGE,
    bare_request,
    id_of,
    json_request,
    object_of,
    require_id,
    text_of,
)
from llm_pure.adapters.dialects.common.make_batch import (
    BatchWire,
    Json,
    make_batch,
)
from llm_pure.adapters.dialects.openai_common.batch_lines import read_job, read_line
from llm_pure.adapters.dialects.openai_common.errors import find_error
from llm_pure.core.batch_api import (
    KEY,
    BatchApi,
    BatchInput,
    BatchJob,
    BatchLimits,
    TransferRequest,
    UploadState,
)
from llm_pure.core.provider import Provider
from llm_pure.core.service import Service, read_json, undecodable_error
from llm_pure.core.urls import UrlFor
from llm_pure.framing.multipart import Field, FormFile, multipart
from llm_pure.types.config import LLMConfig, Secret
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.http import Headers, HttpRequest, HttpResponse, get_header
from llm_pure.types.rejection import Rejected, ok

_NO_FIELDS: Mapping[str, Any] = {}


class FileBatches(msgspec.Struct, frozen=True, kw_only=True):
    """The batch service of one provider."""

    limits: BatchLimits
    endpoint: str = "/v1/chat/completions"
    """The `endpoint` of a job, and the `url` of its lines."""
    purpose: str = "batch"
    window: str | None = "24h"
    key_field: str = KEY
    """The metadata field of our key; "" for a service without metadata."""
    short_lines: bool = False
    """Lines are {custom_id, body}, without method and url."""
    create_fields: Mapping[str, Any] = _NO_FIELDS
    """Other fields of a job."""
    ready_states: frozenset[str] = frozenset()
    """States of a file that can be used; empty if it can be used at once."""
    signed_upload: bool = False
    """The bytes go to a signed URL, which the first request names by a redirect."""


FileService = Service[FileBatches]


def file_batches(provider: Provider, row: FileBatches, url_for: UrlFor | None = None) -> BatchApi:
    """The batch operations at the URLs of `url_for`, or below the provider's base URL."""
    return make_batch(provider, row.limits, WIRE, url_for, row)


def _make_line(service: FileService, custom_id: str, body: Json) -> Json:
    line: Json = {"custom_id": custom_id}
    if not service.quirks.short_lines:
        line |= {"method": "POST", "url": service.quirks.endpoint}
    return {**line, "body": body}


def build_upload(
    service: FileService, config: LLMConfig, job: BatchInput, state: UploadState
) -> TransferRequest:
    """POST /files, a form; then the service's further steps: GET /files/{id} until it is ready, or PUT to a signed URL."""
    match state.phase:
        case "check":
            url = ok(service.url_for(config, "", f"/files/{_segment(state.file_id)}"))
            return TransferRequest(request=bare_request(config, "GET", url))
        case "preprocess":
            url = ok(service.url_for(config, "", f"/files/{_segment(state.file_id)}/preprocess"))
            return TransferRequest(request=bare_request(config, "POST", url))
        case "put" if state.url is not None:
            headers: Headers = (("content-type", "application/octet-stream"),)
            request = HttpRequest("PUT", state.url.reveal(), headers, job.data)
            return TransferRequest(request=request, authorize=False)
    name = f"{job.key}.jsonl"
    fields: list[Field] = [("purpose", service.quirks.purpose)]
    if service.quirks.signed_upload:
        digest = sha256(job.data).hexdigest()
        fields += [("file_name", name), ("file_type", "jsonl"), ("checksum", digest)]
    else:
        file = FormFile(filename=name, media_type="application/jsonl", data=job.data)
        fields.append(("file", file))
    content_type, body = multipart(fields)
    url = ok(service.url_for(config, "", "/files"))
    headers = (("content-type", content_type), *ACCEPT_JSON)
    return TransferRequest(request=bare_request(config, "POST", url, headers, body))


def parse_upload(service: FileService, response: HttpResponse, state: UploadState) -> UploadState:
    """How far the upload is. Raises Rejected for an error, and for a file that the service could not process."""
    if state.phase == "put":
        if response.status >= 300:
            raise Rejected(undecodable_error(service, response))
        return UploadState(file_id=state.file_id, phase="preprocess")
    if service.quirks.signed_upload and not state.phase:
        location = get_header(response.headers, "location") or ""
        file_id = get_header(response.headers, "x-together-file-id") or ""
        if 300 <= response.status < 400 and file_id and urlsplit(location).scheme:
            return UploadState(file_id=file_id, phase="put", url=Secret(location))
        if response.status == 409:  # the same bytes were uploaded before
            known = decoded_object(service, response)
            if id_of(known.get("file_id")):
                return UploadState(done=True, file_id=id_of(known.get("file_id")))
    raw = object_of(read_json(service, response, find_error))
    if state.phase == "preprocess":
        return UploadState(done=True, file_id=state.file_id)
    raw = _unwrapped(raw, "data", "file")
    file_id = require_id(service, response, id_of(raw.get("id")) or state.file_id, "a file")
    status = text_of(raw.get("status")).lower()
    if status in ("error", "failed"):
        message = text_of(raw.get("status_details")) or "the service could not process the file"
        raise Rejected(InvalidRequest(message=message, provider=service.name, param="file"))
    ready = service.quirks.ready_states
    if ready and status and status not in ready:
        return UploadState(file_id=file_id, phase="check")
    return UploadState(done=True, file_id=file_id)


def _build_create(service: FileService, config: LLMConfig, job: BatchInput) -> HttpRequest:
    row = service.quirks
    body: dict[str, Any] = {"input_file_id": job.file_id, "endpoint": row.endpoint}
    if row.window:
        body["completion_window"] = row.window
    if row.key_field:
        body["metadata"] = {row.key_field: job.key}
    url = ok(service.url_for(config, "", WIRE.jobs))
    return json_request(service, config, url, {**body, **row.create_fields}, job.headers)


def _job(service: FileService, raw: dict[str, Any]) -> BatchJob:
    raw = _unwrapped(raw, "job", "data", "batch")
    job = read_job(service, raw)
    field = service.quirks.key_field
    key = text_of(object_of(raw.get("metadata")).get(field)) if field else ""
    return msgspec.structs.replace(job, key=key)


def is_job(body: Any) -> bool:
    """A job, bare or wrapped, or a list of jobs without anything around it."""
    if isinstance(body, list):
        return True
    wrapped = _unwrapped(body, "job", "data", "batch") if isinstance(body, dict) else {}
    return bool(id_of(wrapped.get("id"))) and "status" in wrapped


def _unwrapped(raw: dict[str, Any], *fields: str) -> dict[str, Any]:
    """The object in the first of these fields, if the JSON has no id of its own."""
    if raw.get("id"):
        return raw
    return next((raw[field] for field in fields if isinstance(raw.get(field), dict)), raw)


def build_results(
    service: Service[Any], config: LLMConfig, job: BatchJob, page: str
) -> HttpRequest:
    """GET /files/{id}/content."""
    file = _segment(page.removeprefix(FILE_PAGE))
    url = ok(service.url_for(config, "", f"/files/{file}/content"))
    return bare_request(config, "GET", url, (("accept", "*/*"),))


def decoded_object(service: Service[Any], response: HttpResponse) -> dict[str, Any]:
    """The JSON object of a response with any status, an empty one if there is none."""
    try:
        return object_of(msgspec.json.decode(response.body))
    except (ValueError, RecursionError):
        return {}


WIRE = BatchWire(
    shape="files",
    make_line=_make_line,
    upload=build_upload,
    parse_upload=parse_upload,
    create=_build_create,
    read_job=_job,
    results=build_results,
    read_line=read_line,
    find_error=find_error,
    is_job=is_job,
    lists=("data", "value", "jobs", "batches"),
)


def _segment(text: str) -> str:
    return quote(text, safe="")

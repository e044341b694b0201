"""Batches with the requests in the job and the results in the job: OpenRouter's API.

A job has no field for our key, so after a crash it is recognized by the ids of its results. There is no cancel.
Source: ../shared/wire/batch.md 12 (openrouter 1.3.84), read 2026-11-29.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from llm_pure.adapters.dialects.common.batch_values import (
    bytes_request,
    encode_fields,
    rows_of,
)
from llm_pure.adapters.dialects.common.make_batch import (
    BatchWire,
    Json,
    job_request,
    make_batch,
)
from llm_pure.adapters.dialects.openai_common.batch import is_job
from llm_pure.adapters.dialects.openai_common.batch_lines import read_job, read_line
from llm_pure.adapters.dialects.openai_common.errors import find_error
from llm_pure.core.batch_api import (
    BatchApi,
    BatchInput,
    BatchJob,
    BatchLimits,
)
from llm_pure.core.provider import Provider
from llm_pure.core.service import Service
from llm_pure.types.config import LLMConfig
from llm_pure.types.http import HttpRequest
from llm_pure.types.rejection import ok

ENDPOINT = "/v1/chat/completions"
_INLINE = "inline"


def inline_batches(provider: Provider, limits: BatchLimits) -> BatchApi:
    """The batch operations below the provider's base URL."""
    return make_batch(provider, limits, WIRE)


def _make_line(service: Service[Any], custom_id: str, body: Json) -> Json:
    return {"custom_id": custom_id, "body": body}


def _build_create(service: Service[Any], config: LLMConfig, job: BatchInput) -> HttpRequest:
    """POST /batches. The service reads the body by position: `requests` is the last field."""
    url = ok(service.url_for(config, "", WIRE.jobs))
    fields = {"endpoint": ENDPOINT, "model": job.model, "completion_window": "24h"}
    return bytes_request(config, url, encode_fields(service, fields, job.lines), job.headers)


def _build_results(
    service: Service[Any], config: LLMConfig, job: BatchJob, page: str
) -> HttpRequest:
    return job_request(WIRE, service, "GET", "", config, job.id)


def _read_page(raw: Json) -> tuple[Sequence[Json], str]:
    return rows_of(raw, "results"), ""


WIRE = BatchWire(
    shape="inline",
    keeps_key=False,
    make_line=_make_line,
    create=_build_create,
    read_job=partial(read_job, inline_page=_INLINE),
    results=_build_results,
    read_line=read_line,
    read_page=_read_page,
    find_error=find_error,
    is_job=is_job,
    cancel=None,
    deletes=frozenset({"job"}),
)

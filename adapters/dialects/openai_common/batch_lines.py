"""Results and jobs in OpenAI's form, which most batch services have: JSON -> BatchResult and BatchJob.

Source: ../shared/wire/batch.md 1 and 19 (openai 3.57.0 types/batch.py; openai/openai-openapi#302), read 2026-11-29.
"""

from typing import Any

from llm_pure.adapters.dialects.common.batch_values import (
    FILE_PAGE,
    count_of,
    id_of,
    job_errors,
    object_of,
    seconds_of,
    state_of,
    text_of,
)
from llm_pure.core.batch_api import ENDED, KEY, BatchCounts, BatchJob, BatchResult
from llm_pure.core.batch_results import described_result, empty_result, not_run
from llm_pure.core.service import AnyService


def read_line(service: AnyService, raw: dict[str, Any]) -> BatchResult:
    """One result: {custom_id, response: {status_code, request_id, body} | null, error | null}.

    An error of the endpoint has a response with its status and error null; a request that was never run has an error and
    no response. A status that is none, such as 0, is a failure, whatever the job's counts say.
    """
    custom_id = id_of(raw.get("custom_id"))
    response, error = raw.get("response"), raw.get("error")
    if isinstance(response, dict):
        request_id = text_of(response.get("request_id"))
        headers = (("x-request-id", request_id),) if request_id else ()
        body = response.get("body")
        status = response.get("status_code", 200)
        return described_result(custom_id, status, body, error, headers)
    if error:
        fields = object_of(error)
        code = id_of(fields.get("code")) or text_of(fields.get("error_type"))
        message = text_of(error) or text_of(fields.get("message"))
        return not_run(service.name, custom_id, f"{code} {message[:100]}", message, code or None)
    return empty_result(service.name, custom_id, raw)


def read_job(service: AnyService, raw: dict[str, Any], *, inline_page: str = "") -> BatchJob:
    """A job. `inline_page`: the page with results inside the job, for services without files of results."""
    state = state_of(raw.get("status"))
    metadata = object_of(raw.get("metadata"))
    output, error = id_of(raw.get("output_file_id")), id_of(raw.get("error_file_id"))
    usage = object_of(raw.get("usage"))
    cost = usage.get("cost")
    files = tuple([f"{FILE_PAGE}{file}" for file in dict.fromkeys((output, error)) if file])
    pages = files or ((inline_page,) if inline_page else ())
    return BatchJob(
        id=id_of(raw.get("id")),
        state=state,
        raw_state=text_of(raw.get("status")),
        key=text_of(metadata.get(KEY)),
        provider=service.name,
        model=text_of(raw.get("model")) or text_of(raw.get("model_id")),
        counts=_counts(object_of(raw.get("request_counts"))),
        created_s=seconds_of(raw.get("created_at")),
        ended_s=_first_seconds(
            raw, "completed_at", "finalized_at", "failed_at", "expired_at", "cancelled_at"
        ),
        expires_s=_first_seconds(raw, "expires_at", "job_deadline"),
        input_file=id_of(raw.get("input_file_id")),
        output_file=output,
        error_file=error,
        pages=pages if state in ENDED else (),
        errors=job_errors(raw.get("errors")) or job_errors(raw.get("error")),
        cost_usd=float(cost) if isinstance(cost, int | float) and cost >= 0 else None,
        raw={key: value for key, value in raw.items() if key != "results"},
    )


def _counts(raw: dict[str, Any]) -> BatchCounts:
    return BatchCounts(
        total=count_of(raw.get("total")),
        succeeded=count_of(raw.get("completed")),
        failed=count_of(raw.get("failed")),
    )


def _first_seconds(raw: dict[str, Any], *fields: str) -> float | None:
    times = [seconds_of(raw.get(field)) for field in fields]
    return next((time for time in times if time is not None), None)

"""Errors of the Responses API -> LLMError: error bodies, failed responses, and the two forms of the `error` event.

Source: openai/openai-openapi 2.3.0 (ResponseError, ResponseErrorEvent); the nested form of the event as recorded in
vercel/ai openai/openai-error.1.chunks; read 2026-11-20.
"""

from collections.abc import Mapping

from llm_pure.adapters.dialects.openai_common.errors import find_error
from llm_pure.adapters.dialects.openai_responses import wire
from llm_pure.core.error_mapping import ErrorType, ProviderErrorInfo, to_llm_error
from llm_pure.core.service import AnyService
from llm_pure.types.errors import ContentFiltered, InvalidRequest, LLMError, TimedOut
from llm_pure.types.http import HttpResponse

ERROR_CODES: Mapping[str, ErrorType] = {
    "bio_policy": ContentFiltered,
    "cyber_policy": ContentFiltered,
    "misalignment_policy_violation": ContentFiltered,
    "image_content_policy_violation": ContentFiltered,
    "vector_store_timeout": TimedOut,
    **dict.fromkeys(
        (
            "invalid_prompt", "data_residency_mismatch", "invalid_image", "invalid_image_format",
            "invalid_base64_image", "invalid_image_url", "image_too_large", "image_too_small", "image_parse_error",
            "invalid_image_mode", "image_file_too_large", "unsupported_image_media_type", "empty_image_file",
            "failed_to_download_image", "image_file_not_found",
        ),
        InvalidRequest,
    ),
}  # fmt: skip
"""Codes of a failed response, which has no HTTP status of its own."""


def response_error(
    service: AnyService, body: wire.JsonObject, response: HttpResponse
) -> LLMError | None:
    """Return the error of a Response object that failed: its `error`, or an error for `status: failed` alone; else None."""
    reason, failed = body.get("error"), body.get("status") == "failed"
    if reason is None and not failed:
        return None
    error = find_error(service, {"error": reason}, response)
    if error is not None or not failed:
        return error
    report = ProviderErrorInfo(
        provider=service.name,
        status=response.status if response.status >= 400 else 500,
        message="the response failed, and no reason is given",
        headers=response.headers,
    )
    return to_llm_error(report, service.error_codes)


def event_error(
    service: AnyService, event: wire.JsonObject, response: HttpResponse
) -> LLMError | None:
    """The error of an `error` event, flat or nested, or of the shapes of gateways."""
    nested = event.get("error")
    flat = {key: value for key, value in event.items() if key not in ("type", "sequence_number")}
    gateway = nested or event.get("errors") or "detail" in event
    shape = flat if gateway else {"error": {"message": "", "type": "error", **flat}}
    return find_error(service, shape, response)


__all__ = ["ERROR_CODES", "event_error", "find_error", "response_error"]

"""Errors of the Responses API -> LLMError: error bodies, failed answers, and the two forms of the `error` event.

Source: openai/openai-openapi 2.3.0 (ResponseError, ResponseErrorEvent); the nested form of the event as recorded in
vercel/ai openai/openai-error.1.chunks; read 2026-11-20.
"""

from collections.abc import Mapping
from typing import Any

from llm_pure.adapters.dialects.openai_common.errors import error_in_body
from llm_pure.adapters.dialects.openai_responses import wire
from llm_pure.core.error_mapping import ErrorType, ProviderErrorInfo, to_llm_error
from llm_pure.framing.json_codec import decode_any
from llm_pure.types.errors import ContentFiltered, InvalidRequest, LLMError, TimedOut
from llm_pure.types.http import HttpResponse
from llm_pure.types.result import Failure

_WORDS: Mapping[str, ErrorType] = {
    "invalid_prompt": InvalidRequest,
    "data_residency_mismatch": InvalidRequest,
    "bio_policy": ContentFiltered,
    "misalignment_policy_violation": ContentFiltered,
    "image_content_policy_violation": ContentFiltered,
    "vector_store_timeout": TimedOut,
    **dict.fromkeys(
        (
            "invalid_image",
            "invalid_image_format",
            "invalid_base64_image",
            "invalid_image_url",
            "image_too_large",
            "image_too_small",
            "image_parse_error",
            "invalid_image_mode",
            "image_file_too_large",
            "unsupported_image_media_type",
            "empty_image_file",
            "failed_to_download_image",
            "image_file_not_found",
        ),
        InvalidRequest,
    ),
}
"""The codes of a failed answer, which has no status to go by."""


def error_of(
    name: str, words: Mapping[str, ErrorType], body: Any, http: HttpResponse
) -> LLMError | None:
    """The error that a body tells; None when it tells none."""
    return error_in_body(name, {**_WORDS, **words}, body, http)


def failure_of(
    name: str, words: Mapping[str, ErrorType], response: wire.JsonObject, http: HttpResponse
) -> LLMError | None:
    """The error of an answer that failed: its `error`, or the status alone. None when it did not fail."""
    told = error_of(name, words, {"error": response.get("error")}, http)
    if told is not None or response.get("status") != "failed":
        return told
    return to_llm_error(
        ProviderErrorInfo(
            provider=name,
            status=http.status if http.status >= 400 else 500,
            message="the answer failed, and no reason is given",
            headers=http.headers,
        ),
        words,
    )


def error_of_event(
    name: str, words: Mapping[str, ErrorType], event: wire.Error, http: HttpResponse
) -> LLMError:
    """The error of an `error` event, flat or nested."""
    flat = {"code": event.code, "message": event.message or "", "param": event.param}
    told = error_of(name, words, {"error": event.error or flat}, http)
    assert told is not None  # an object under "error" is always one
    return told


def read_error(
    name: str, words: Mapping[str, ErrorType], response: HttpResponse
) -> LLMError | None:
    """The error that the bytes of a body tell; None when they tell none."""
    decoded = decode_any(response.body, provider=name)
    if isinstance(decoded, Failure):
        return None
    return error_of(name, words, decoded.unwrap(), response)

"""What OpenAI's APIs share on the server side: error bodies, and usage objects."""

from collections.abc import Mapping
from typing import Any

import msgspec

from llm_pure.adapters.dialects.common.received import BodyReader, invalid
from llm_pure.adapters.dialects.common.served_errors import (
    JSON_HEADERS,
    ErrorRow,
    error_row,
    message_of,
    own_rate_limits,
    retry_headers,
)
from llm_pure.adapters.dialects.common.served_json import rfc3339
from llm_pure.adapters.dialects.openai_common.usage import counts_cache_apart, read_usage
from llm_pure.core.server import ReceivedRequest
from llm_pure.core.server_paths import NO_OPERATION
from llm_pure.types.completion import Usage
from llm_pure.types.errors import InvalidRequest, LLMError, UnsupportedFeature
from llm_pure.types.http import HttpResponse
from llm_pure.types.operations import Embeddings, EmbedRequest, ModelInfo, ModelPage

ERRORS: Mapping[str, ErrorRow] = {
    "unsupported": ErrorRow(400, "invalid_request_error", "unsupported_parameter"),
    "invalid_request": ErrorRow(400, "invalid_request_error"),
    "authentication": ErrorRow(401, "invalid_request_error", "invalid_api_key"),
    "permission": ErrorRow(403, "permission_error"),
    "not_found": ErrorRow(404, "invalid_request_error", "model_not_found"),
    "rate_limited": ErrorRow(429, "rate_limit_error", "rate_limit_exceeded"),
    "quota": ErrorRow(429, "insufficient_quota", "insufficient_quota"),
    "budget_exceeded": ErrorRow(429, "insufficient_quota", "insufficient_quota"),
    "context_length": ErrorRow(400, "invalid_request_error", "context_length_exceeded"),
    "content_filtered": ErrorRow(400, "invalid_request_error", "content_filter"),
    "overloaded": ErrorRow(503, "server_error", "server_is_overloaded"),
    "server_error": ErrorRow(500, "server_error"),
    "timeout": ErrorRow(504, "timeout_error", "timeout_error"),
    "connection": ErrorRow(502, "server_error"),
    "protocol": ErrorRow(502, "server_error"),
    "stream_interrupted": ErrorRow(502, "server_error"),
}
"""Kind of an LLMError -> status, type and code. Source: ../shared/wire/server-side.md 4.3, read 2026-11-29."""


def error_object(error: LLMError) -> dict[str, Any]:
    """The error as OpenAI's packages read it."""
    row = error_row(error, ERRORS)
    param: str | None = None
    if isinstance(error, InvalidRequest):
        param = error.param or None
    elif isinstance(error, UnsupportedFeature):
        param = error.feature or None
    code = None if error.code == NO_OPERATION else row.code
    return {"message": message_of(error), "type": row.type, "param": param, "code": code}


def build_error(error: LLMError, received: ReceivedRequest) -> HttpResponse:
    """The response of an error."""
    status = error_row(error, ERRORS).status
    headers = (*JSON_HEADERS, *retry_headers(error, status, milliseconds=True))
    headers += own_rate_limits(error, received, "x-ratelimit-")
    if error.request_id:
        headers = (*headers, ("x-request-id", error.request_id))
    return HttpResponse(status, headers, msgspec.json.encode({"error": error_object(error)}))


def usage_object(
    usage: Usage, names: Mapping[str, str], *, complete: bool = False
) -> dict[str, Any] | None:
    """The usage as an API shows it; the provider's own object if it has the same names and says the same. None if unknown.

    `names`: the API's names of the input, the output and their details. `complete`: the API's types require the details,
    so an unknown count is sent as 0.
    """
    raw = usage.raw
    own = raw is not None and {names["input"], names["output"]} <= raw.keys()
    if raw is not None and own and not counts_cache_apart(raw) and read_usage(raw) == usage:
        return raw
    if usage.input_tokens is None and usage.output_tokens is None:
        return None
    sent, answered = usage.input_tokens or 0, usage.output_tokens or 0
    result: dict[str, Any] = {
        names["input"]: sent,
        names["output"]: answered,
        "total_tokens": sent + answered,
    }
    details = {
        "cached_tokens": usage.cached_input_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
    }
    known = {name: count for name, count in details.items() if count is not None}
    if complete:
        known = {name: count or 0 for name, count in details.items()}
    if known:
        result[names["input_details"]] = {"cached_tokens": 0, **known}
    if complete or usage.reasoning_tokens is not None:
        result[names["output_details"]] = {"reasoning_tokens": usage.reasoning_tokens or 0}
    return result


def embed_request(body: BodyReader) -> EmbedRequest:
    """{input, model, dimensions?, encoding_format?} of a client. Raises Rejected with InvalidRequest."""
    model = body.text("model")
    if not model:
        invalid("model", "model is missing")
    texts = body.texts("input")
    if texts is None:
        invalid("input", "input is missing")
    return EmbedRequest(
        input=texts,
        model=model,
        dimensions=body.integer("dimensions"),
        encoding=body.one_of("encoding_format", ("float", "base64")),
    )


def user_of(body: BodyReader) -> str | None:
    """`safety_identifier`, or `user` of older clients."""
    identifier, user = body.text("safety_identifier"), body.text("user")
    if identifier is not None and user not in (None, identifier):
        body.drop("user", "safety_identifier is there too", user)
    return user if identifier is None else identifier


def model_row(row: ModelInfo, received: ReceivedRequest) -> dict[str, Any]:
    """A model for the packages of OpenAI and of Anthropic: one row serves both."""
    seconds = row.created_s or received.created_s
    return {
        "id": row.id,
        "object": "model",
        "type": "model",
        "created": seconds,
        "created_at": rfc3339(seconds),
        "owned_by": row.owned_by or "",
        "display_name": row.id,
        **row.extra,
    }


def model_list(page: ModelPage, received: ReceivedRequest) -> dict[str, Any]:
    """The list of models for the packages of OpenAI and of Anthropic."""
    rows = [model_row(row, received) for row in page.models]
    codex: dict[str, Any] = (
        {} if received.dialect == "anthropic_messages" else {"models": []}
    )  # Codex reads it
    ends = {"first_id": rows[0]["id"], "last_id": rows[-1]["id"]} if rows else {}
    return {"object": "list", "data": rows, "has_more": bool(page.next_page), **ends, **codex}


def embeddings_object(result: Embeddings, received: ReceivedRequest) -> dict[str, Any]:
    """One row for each text. Numbers in base64 are not sent: all packages read lists too."""
    rows = [
        {"object": "embedding", "index": index, "embedding": list(vector)}
        for index, vector in enumerate(result.vectors)
    ]
    count = result.usage.input_tokens or 0
    usage = {"prompt_tokens": count, "total_tokens": count}
    model = result.model or received.model
    return {"object": "list", "data": rows, "model": model, "usage": usage}

"""Cohere's errors -> LLMError: {"message": "text", "id"?, "data"?}; the status selects the error.

Source: cohere 7.3.1, errors/ (400, 401, 403, 404, 422, 429, 498 invalid token, 499, 500, 501, 503, 504), read 2026-11-20.
"""

from typing import Any

from llm_pure.adapters.dialects.openai_common import errors as openai_errors
from llm_pure.core.error_mapping import ErrorType, ProviderErrorInfo, to_llm_error
from llm_pure.core.service import AnyService
from llm_pure.types.errors import AuthenticationFailed, LLMError, TimedOut
from llm_pure.types.http import HttpResponse

ERROR_CODES: dict[str, ErrorType] = {"498": AuthenticationFailed, "TIMEOUT": TimedOut}
"""498 is InvalidTokenError in the SDK, where other services are overloaded with it."""

_FIELDS = frozenset({"message", "id", "data"})


def find_error(service: AnyService, body: Any, response: HttpResponse) -> LLMError | None:
    """Return the error in decoded JSON, None if there is none. Other shapes than Cohere's are those of gateways.

    In a response `message` is an object, never text.
    """
    failed = response.status >= 400
    error = body if isinstance(body, dict) else {}
    message, call_id = error.get("message"), error.get("id")
    if not isinstance(message, str) or not error.keys() <= _FIELDS:
        return openai_errors.find_error(service, body, response)
    report = ProviderErrorInfo(
        provider=service.name,
        status=response.status if failed else None,
        message=message,
        code="498" if response.status == 498 else None,
        request_id=call_id if isinstance(call_id, str) and call_id else None,
        headers=response.headers,
    )
    return to_llm_error(report, service.error_codes)


def stream_error(service: AnyService, code: str, message: str, response: HttpResponse) -> LLMError:
    """The error in the last event of a stream."""
    report = ProviderErrorInfo(
        provider=service.name,
        message=message,
        code=code or None,
        headers=response.headers,
    )
    return to_llm_error(report, service.error_codes)

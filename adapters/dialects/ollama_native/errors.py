"""Ollama's errors -> LLMError: {"error": "text"}, as a body or as a line of a stream that had begun with status 200.

There are no codes, only text; a line in mid-stream has no status either, so the status is taken from the text.
Source: ollama/ollama v0.33.0-rc2, docs/api/errors.mdx and server/routes.go; read 2026-11-20.
"""

import re
from typing import Any

from llm_pure.adapters.dialects.openai_common import errors as openai_errors
from llm_pure.core.error_mapping import ProviderErrorInfo, to_llm_error
from llm_pure.core.service import AnyService
from llm_pure.types.errors import InvalidRequest, LLMError, ServerError, UnsupportedFeature
from llm_pure.types.http import HttpResponse

_STATUS_OF_TEXT: tuple[tuple[re.Pattern[str], int], ...] = (
    (re.compile(r"(?i)\bmodel\b.{0,200}\bnot found"), 404),
    (re.compile(r"(?i)\bunauthorized\b"), 401),
    (re.compile(r"(?i)server busy|maximum pending requests"), 503),
    (re.compile(r"(?i)too many requests|rate limit|usage limit"), 429),
    (re.compile(r"(?i)unmarshal|invalid character|unexpected EOF"), 500),
    (re.compile(r"(?i)does not support|context length|invalid"), 400),
)
"""Error text -> the status that the server sends with it when no stream has begun.

Sources: ../shared/wire/ollama.md section 6; "server busy": valentinfrlch/ha-llmvision issue 648; read 2026-11-20. What the server
could not read of its runner or of the cloud: ollama/ollama issue 12799; read 2026-11-30.
"""

_UNSUPPORTED = re.compile(r"(?i)does not support ([a-z ]+)")


def find_error(service: AnyService, body: Any, response: HttpResponse) -> LLMError | None:
    """Return the error in decoded JSON, None if there is none. Inside a 200 the text alone tells its kind.

    Other shapes are those of gateways in front of a server.
    """
    message = body.get("error") if isinstance(body, dict) and "code" not in body else None
    error: LLMError | None
    if isinstance(message, str) and message:
        error = to_llm_error(
            ProviderErrorInfo(
                provider=service.name,
                status=response.status if response.status >= 400 else _status(message),
                message=message,
                headers=response.headers,
            )
        )
    else:
        error = openai_errors.find_error(service, body, response)
    if error is None or not isinstance(error, InvalidRequest | ServerError):
        return error
    unsupported = _UNSUPPORTED.search(error.message)
    if unsupported is None:
        return error
    return UnsupportedFeature(
        message=error.message,
        provider=service.name,
        status=error.status,
        request_id=error.request_id,
        rate_limits=error.rate_limits,
        feature=unsupported[1].strip(),
    )


def _status(message: str) -> int | None:
    for pattern, status in _STATUS_OF_TEXT:
        if pattern.search(message):
            return status
    return None

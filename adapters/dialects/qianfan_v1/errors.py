"""Qianfan's errors -> LLMError: {"error_code": 110, "error_msg": "text", "id"?}, with HTTP status 200.

Source: cloud.baidu.com/doc/WENXINWORKSHOP/s/tlmyncueh (codes 1 to 18, in excerpts) and qianfan 0.4.12.3, consts.py
(APIErrorCode), read 2026-11-20. 336103 and 336007, input that is too long, are as generally known, unconfirmed.
"""

from collections.abc import Mapping
from typing import Any

from llm_pure.adapters.dialects.openai_common import errors as openai_errors
from llm_pure.core.error_mapping import ErrorType, ProviderErrorInfo, to_llm_error
from llm_pure.core.service import AnyService
from llm_pure.types.errors import ContextLengthExceeded, LLMError, QuotaExceeded
from llm_pure.types.http import HttpResponse

_STATUS: Mapping[int, int] = {
    1: 500,
    2: 503,
    3: 404,
    4: 503,  # the cluster's limit, not the caller's
    6: 403,
    13: 401,
    14: 401,
    15: 404,
    18: 429,
    100: 400,
    110: 401,
    111: 401,
    336000: 500,
    336001: 400,
    336002: 400,
    336003: 400,
    336004: 403,
    336005: 404,
    336100: 503,
    336101: 400,
    336104: 400,
    336105: 400,
    336501: 429,
    336502: 429,
    500000: 500,
}
"""error_code -> the HTTP status of the same meaning; other codes have none."""

ERROR_CODES: Mapping[str, ErrorType] = {
    "17": QuotaExceeded,
    "19": QuotaExceeded,
    "336007": ContextLengthExceeded,
    "336103": ContextLengthExceeded,
}


def find_error(service: AnyService, body: Any, response: HttpResponse) -> LLMError | None:
    """Return the error in decoded JSON, None if there is none. Other shapes are those of gateways, and of version 2."""
    code = body.get("error_code") if isinstance(body, dict) else None
    if not code or isinstance(code, bool) or not isinstance(code, int | str):
        return openai_errors.find_error(service, body, response)
    text = str(code)
    # int() raises on thousands of digits
    number = int(text) if text.isdecimal() and len(text) < 10 else 0
    message, call_id = body.get("error_msg"), body.get("id")
    report = ProviderErrorInfo(
        provider=service.name,
        status=response.status if response.status >= 400 else _STATUS.get(number),
        message=message if isinstance(message, str) else "",
        code=text,
        request_id=call_id if isinstance(call_id, str) and call_id else None,
        headers=response.headers,
    )
    return to_llm_error(report, service.error_codes)

"""Token counts of responses, and the fields of their usage objects."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from llm_pure.adapters.dialects.common.extra_fields import NO_NAMES, extra_fields
from llm_pure.core.service import AnyService, malformed_response
from llm_pure.types.http import HttpResponse
from llm_pure.types.operations import TokenCount
from llm_pure.types.rejection import Rejected


def token_count(value: object) -> int | None:
    """Return a count as an int; None for anything that is not a number, or its text, from 0 to 2**63 - 1.

    >>> token_count(3.0), token_count(True), token_count(-1), token_count("3")
    (3, None, None, 3)
    """
    if type(value) is int:  # nearly always
        return value if 0 <= value < 2**63 else None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value < 2**63 else None


def first_count(raw: Mapping[str, Any], *names: str) -> int | None:
    """The first of these fields that is a token count."""
    for name in names:
        value = raw.get(name)
        if value is not None:  # most are missing: this is a hot path of every response
            count = token_count(value)
            if count is not None:
                return count
    return None


def first_object(raw: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The first of these fields that is an object, else an empty one."""
    for name in names:
        value = raw.get(name)
        if isinstance(value, dict):
            return value
    return {}


def read_token_count(
    service: AnyService,
    response: HttpResponse,
    raw: Any,
    field: str,
    known: AbstractSet[str] = NO_NAMES,
) -> TokenCount:
    """The TokenCount of a body whose `field` holds the number of input tokens; fields not `known` become `extra`.

    Raises Rejected with ProtocolError if the field is missing or not a count.
    """
    count = token_count(raw.get(field)) if isinstance(raw, dict) else None
    if count is None:
        raise Rejected(malformed_response(service, response, f"the response has no {field}"))
    extra = extra_fields(raw, known | {field})
    return TokenCount(input_tokens=count, provider=service.name, extra=extra)

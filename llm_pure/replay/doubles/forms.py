"""The form of an answer to a chat request, and what the forms share. Pure."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

import msgspec

from llm_pure.framing.json_codec import json_object
from llm_pure.types.completion import Completion
from llm_pure.types.errors import LLMError, retry_after_s
from llm_pure.types.http import Headers, HttpResponse
from llm_pure.types.messages import ToolCall

Json: TypeAlias = dict[str, Any]
JSON: Headers = (("content-type", "application/json"),)


class ChatForm(NamedTuple):
    """How a dialect answers."""

    body: Callable[[Completion], Json]
    frames: Callable[[Completion], Iterator[bytes]]
    stream_type: Headers
    error: Callable[[LLMError, int], HttpResponse]
    """(error, status of its kind) -> the response."""


def arguments_of(call: ToolCall) -> Json:
    """The arguments of a call as an object."""
    return json_object(call.arguments) or {}


def reason_of(completion: Completion, reasons: Mapping[str, str]) -> str:
    """The dialect's finish reason; that of a normal end for those that it does not have."""
    return reasons.get(completion.finish_reason, reasons["stop"])


def error_response(
    status: int, error: LLMError, body: Json, *headers: tuple[str, str]
) -> HttpResponse:
    """An error with its body, and with the wait that it asks for."""
    wait_s = retry_after_s(error)
    wait = () if wait_s is None else (("retry-after", f"{wait_s:g}"),)
    return HttpResponse(status, (*JSON, *wait, *headers), msgspec.json.encode(body))

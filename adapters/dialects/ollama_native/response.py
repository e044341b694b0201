"""A buffered response -> Completion. It is read as one line with everything in it, by the functions that read streams."""

from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.ollama_native import wire
from llm_pure.adapters.dialects.ollama_native.errors import find_error
from llm_pure.adapters.dialects.ollama_native.stream import State, read_line
from llm_pure.core.dialect import AnyService, parse_body
from llm_pure.framing.json_codec import decode
from llm_pure.types.completion import Completion
from llm_pure.types.errors import StreamInterrupted
from llm_pure.types.events import StreamEvent
from llm_pure.types.http import HttpResponse
from llm_pure.types.rejection import ok
from llm_pure.types.result import LLMResult


def parse_chat(service: AnyService, response: HttpResponse) -> LLMResult[Completion]:
    """The Completion of any response of /api/chat or /api/generate, for any status and any bytes.

    Fails with the error in the body, at any status; with ProtocolError when a 2xx body is not a response; with
    StreamInterrupted when the body has `done: false`.
    """
    return parse_body(
        service,
        response,
        _is_response,
        _read,
        find_error=find_error,
        missing="the response has neither `message` nor `response`",
    )


def _is_response(raw: Any) -> bool:
    return isinstance(raw, dict) and (
        (bool(raw.get("message")) and not isinstance(raw["message"], str)) or "response" in raw
    )


def _read(
    service: AnyService, raw: dict[str, Any], response: HttpResponse
) -> tuple[State, list[StreamEvent]]:
    line = ok(decode(wire.LINE, response.body, provider=service.name))
    is_done = line.done is not False
    state, events = read_line(service, State(), replace(line, done=is_done), raw)
    if not is_done:
        message = "the response has `done: false`"
        error = StreamInterrupted(message=message, provider=service.name)
        state = replace(state, fault=error)
    return state, events

"""A buffered response -> Completion. It is read as one frame with everything in it, by the functions that read streams."""

from typing import Any

from llm_pure.adapters.dialects.dashscope_generation import wire
from llm_pure.adapters.dialects.dashscope_generation.errors import find_error
from llm_pure.adapters.dialects.dashscope_generation.stream import State, read_frame
from llm_pure.core.dialect import AnyService, parse_body
from llm_pure.framing.json_codec import decode
from llm_pure.types.completion import Completion
from llm_pure.types.events import StreamEvent
from llm_pure.types.http import HttpResponse
from llm_pure.types.rejection import ok
from llm_pure.types.result import LLMResult


def parse_chat(service: AnyService, response: HttpResponse) -> LLMResult[Completion]:
    """The Completion of any response, for any status and any bytes.

    Fails with the error in the body, at any status; with ProtocolError when a 2xx body has no output.
    """
    return parse_body(
        service,
        response,
        _is_response,
        _read,
        find_error=find_error,
        missing="the response has no output",
    )


def _is_response(raw: Any) -> bool:
    return isinstance(raw, dict) and isinstance(raw.get("output"), dict)


def _read(
    service: AnyService, raw: dict[str, Any], response: HttpResponse
) -> tuple[State, list[StreamEvent]]:
    body = ok(decode(wire.FRAME, response.body, provider=service.name))
    return read_frame(service, State(), body, raw)

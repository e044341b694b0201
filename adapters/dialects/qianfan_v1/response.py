"""A buffered response -> Completion. It is read as one frame with everything in it, by the functions that read streams."""

from functools import partial
from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.qianfan_v1 import wire
from llm_pure.adapters.dialects.qianfan_v1.errors import find_error
from llm_pure.adapters.dialects.qianfan_v1.stream import State, read_frame
from llm_pure.core.service import AnyService, parse_body
from llm_pure.framing.json_codec import decode
from llm_pure.types.events import StreamEvent
from llm_pure.types.http import HttpResponse
from llm_pure.types.rejection import ok


def _is_response(raw: Any) -> bool:
    return isinstance(raw, dict) and ("result" in raw or "function_call" in raw)


def _read(
    service: AnyService, raw: dict[str, Any], response: HttpResponse
) -> tuple[State, list[StreamEvent]]:
    body = ok(decode(wire.FRAME, response.body, provider=service.name))
    return read_frame(service, State(), replace(body, is_end=True), raw)


parse_chat = partial(
    parse_body,
    is_response=_is_response,
    read=_read,
    find_error=find_error,
    missing="the response has neither result nor function_call",
)

"""A buffered response -> Completion. It is read as one frame with everything in it, by the functions that read streams."""

from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.qianfan_v1 import wire
from llm_pure.adapters.dialects.qianfan_v1.errors import find_error
from llm_pure.adapters.dialects.qianfan_v1.stream import State, read_frame
from llm_pure.core.dialect import AnyService, parse_body
from llm_pure.framing.json_codec import decode
from llm_pure.types.completion import Completion
from llm_pure.types.events import StreamEvent
from llm_pure.types.http import HttpResponse
from llm_pure.types.rejection import ok
from llm_pure.types.result import LLMResult


def parse_chat(service: AnyService, response: HttpResponse) -> LLMResult[Completion]:
    """The Completion of any response, for any status and any bytes.

    Fails with the error in the body, which has status 200 here; with ProtocolError when a 2xx body is no answer.
    """
    return parse_body(
        service,
        response,
        lambda raw: isinstance(raw, dict) and ("result" in raw or "function_call" in raw),
        _read,
        find_error=find_error,
        missing="the answer has neither result nor function_call",
    )


def _read(
    service: AnyService, raw: dict[str, Any], response: HttpResponse
) -> tuple[State, list[StreamEvent]]:
    answer = ok(decode(wire.FRAME, response.body, provider=service.name))
    return read_frame(service, State(), replace(answer, is_end=True), raw)

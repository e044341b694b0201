"""A buffered response -> Completion, by the functions that read streams.

Source: llama-api-client 0.6.0, types/create_chat_completion_response.py, read 2026-11-20.
"""

from functools import partial
from typing import Any

from llm_pure.adapters.dialects.common.extra_fields import emit_extra_fields
from llm_pure.adapters.dialects.common.part_identity import NO_IDS, Entries
from llm_pure.adapters.dialects.llama_native import wire
from llm_pure.adapters.dialects.llama_native.stream import FINISH, State, read_block, read_call
from llm_pure.adapters.dialects.llama_native.usage import plain_usage, read_usage
from llm_pure.adapters.dialects.openai_common.errors import find_error
from llm_pure.core.service import AnyService, parse_body, plain_completion
from llm_pure.framing.json_codec import decode, decode_shallow
from llm_pure.types.completion import Completion, Usage, finish_reason_of
from llm_pure.types.events import Finished, Started, StreamEvent, TextDelta, UsageReported
from llm_pure.types.http import HttpResponse
from llm_pure.types.messages import Part, Text, ToolCall
from llm_pure.types.rejection import ok


def read_plain_response(service: AnyService, response: HttpResponse) -> Completion | None:
    """The fast path, for a response with text and calls alone; None for every other."""
    body = decode_shallow(wire.PLAIN_BODY, response.body)
    if body is None:
        return None
    message, content = body.completion_message, body.completion_message.content
    text = content.text if isinstance(content, wire.PlainContent) else content
    parts: list[Part] = [Text(text)] if text else []
    for call in message.tool_calls or ():
        arguments = call.function.arguments or "{}"
        if not (call.id and call.function.name) or call.id in NO_IDS:
            return None
        if "}{" in arguments or arguments[:1] != "{":
            return None
        parts.append(ToolCall(call.id, call.function.name, arguments))
    usage = plain_usage(body.metrics) if body.metrics else Usage()
    if usage is None:
        return None
    reason = message.stop_reason or None
    return plain_completion(
        service,
        response,
        parts,
        id=body.id,
        model=body.model,
        reason=reason,
        finish_words=FINISH,
        usage=usage,
    )


def _is_response(raw: Any) -> bool:
    return isinstance(raw, dict) and isinstance(raw.get("completion_message"), dict)


def _read(
    service: AnyService, raw: dict[str, Any], response: HttpResponse
) -> tuple[State, list[StreamEvent]]:
    body = ok(decode(wire.BODY, response.body, provider=service.name))
    events: list[StreamEvent] = [
        Started(id=body.id or "", model=body.model or "", provider=service.name)
    ]
    message, raw_message = body.completion_message, raw["completion_message"]
    seen = emit_extra_fields(events, Entries(), raw, wire.KNOWN_FIELDS_BODY)
    emit_extra_fields(events, seen, raw_message, wire.KNOWN_FIELDS_MESSAGE)
    state = State(started=True)
    match message.content:
        case str(text):
            events += [TextDelta(text)] if text else []
        case wire.Content() as block:
            state = read_block(service, state, events, block, raw_message["content"])
        case list(blocks):
            for block, raw_block in zip(blocks, raw_message["content"], strict=True):
                state = read_block(service, state, events, block, raw_block)
        case None:
            pass
    for index, call in enumerate(message.tool_calls or ()):
        state = read_call(
            state, events, index, call, raw_message["tool_calls"][index], complete=True
        )
    if body.metrics:
        events.append(UsageReported(read_usage(body.metrics, raw["metrics"])))
    reason = message.stop_reason or None
    events.append(Finished(finish_reason_of(reason, FINISH), reason))
    return state, events


parse_chat = partial(
    parse_body,
    is_response=_is_response,
    read=_read,
    find_error=find_error,
    missing="the response has no completion_message",
)

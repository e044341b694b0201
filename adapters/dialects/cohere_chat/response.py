"""A buffered response -> Completion, by the functions that read streams.

A response with text, thinking and calls alone takes a fast path; a test holds both paths together.

Source: cohere 7.3.1, v2/types/v2chat_response.py, read 2026-11-20.
"""

from functools import partial
from typing import Any

from llm_pure.adapters.dialects.cohere_chat import wire
from llm_pure.adapters.dialects.cohere_chat.errors import find_error
from llm_pure.adapters.dialects.cohere_chat.stream import (
    FINISH,
    PLAN_ECHO,
    State,
    begin_block,
    read_block,
    read_call,
    read_plan,
)
from llm_pure.adapters.dialects.cohere_chat.usage import read_usage
from llm_pure.adapters.dialects.common.extra_fields import emit_extra_fields
from llm_pure.adapters.dialects.common.part_identity import Entries
from llm_pure.core.service import AnyService, parse_body, plain_completion
from llm_pure.framing.json_codec import decode, decode_shallow
from llm_pure.types.completion import Completion, finish_reason_of
from llm_pure.types.events import (
    ExtraReceived,
    Finished,
    Started,
    StreamEvent,
    TextDelta,
    UsageReported,
)
from llm_pure.types.http import HttpResponse
from llm_pure.types.messages import Part, ProviderMetadata, Reasoning, Text, ToolCall
from llm_pure.types.rejection import ok


def _is_response(raw: Any) -> bool:
    return isinstance(raw, dict) and isinstance(raw.get("message"), dict)


def _read(
    service: AnyService, raw: dict[str, Any], response: HttpResponse
) -> tuple[State, list[StreamEvent]]:
    body = ok(decode(wire.BODY, response.body, provider=service.name))
    events: list[StreamEvent] = [Started(id=body.id or "", provider=service.name)]
    message, raw_message = body.message, raw["message"]
    seen = emit_extra_fields(events, Entries(), raw, wire.KNOWN_FIELDS_BODY)
    emit_extra_fields(events, seen, raw_message, wire.KNOWN_FIELDS_MESSAGE)
    if raw.get("logprobs"):
        events.append(ExtraReceived("logprobs", raw["logprobs"], append=True))
    state = State(started=True)
    if isinstance(message.content, str):
        events += [TextDelta(message.content)] if message.content else []
    else:
        for index, block in enumerate(message.content or ()):
            state = begin_block(state, index)
            state = read_block(service, state, events, block, raw_message["content"][index])
    if message.tool_plan:
        state = read_plan(state, events, message.tool_plan)
    for index, call in enumerate(message.tool_calls or ()):
        state = read_call(
            state, events, index, call, raw_message["tool_calls"][index], complete=True
        )
    if message.citations:
        events.append(ExtraReceived("citations", message.citations, append=True))
    if body.usage:
        events.append(UsageReported(read_usage(body.usage)))
    reason = body.finish_reason or None
    events.append(Finished(finish_reason_of(reason, FINISH), reason))
    return state, events


parse_chat = partial(
    parse_body,
    is_response=_is_response,
    read=_read,
    find_error=find_error,
    missing="the response has no message",
)


def read_plain_response(service: AnyService, response: HttpResponse) -> Completion | None:
    """The fast path, for a response with text, thinking and calls alone; None for every other."""
    body = decode_shallow(wire.PLAIN_BODY, response.body)
    if body is None:
        return None
    message, name = body.message, service.name
    parts: list[Part] = []
    for block in message.content or ():
        if block.thinking:
            if block.text:
                return None
            parts.append(Reasoning(block.thinking, None, ProviderMetadata(name)))
        elif block.text:
            parts.append(Text(block.text))
    if message.tool_plan:
        parts.append(Reasoning(message.tool_plan, None, ProviderMetadata(name, PLAN_ECHO)))
    for call in message.tool_calls or ():
        function = call.function
        if function is None or not function.name or call.id in (None, "", "null", "None"):
            return None
        arguments = function.arguments or ""
        if "}{" in arguments or arguments[:1] not in ("{", ""):
            return None
        parts.append(ToolCall(call.id, function.name, function.arguments or "{}"))
    reason = body.finish_reason or None
    return plain_completion(
        service,
        response,
        parts,
        id=body.id,
        reason=reason,
        finish_words=FINISH,
        usage=read_usage(body.usage) if body.usage else None,
    )

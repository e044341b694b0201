"""A buffered response -> Completion. It is read as one line with everything in it, by the functions that read streams.

A response with text, thinking and calls alone takes a fast path; a test holds both paths together.
"""

from functools import partial
from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.ollama_native import wire
from llm_pure.adapters.dialects.ollama_native.errors import find_error
from llm_pure.adapters.dialects.ollama_native.stream import FINISH, State, read_line
from llm_pure.adapters.dialects.ollama_native.usage import read_usage
from llm_pure.core.service import AnyService, parse_body, plain_completion
from llm_pure.framing.json_codec import decode, decode_shallow, json_text, plain_object
from llm_pure.types.completion import Completion
from llm_pure.types.errors import StreamInterrupted
from llm_pure.types.events import StreamEvent
from llm_pure.types.http import HttpResponse
from llm_pure.types.messages import Part, ProviderMetadata, Reasoning, Text, ToolCall
from llm_pure.types.rejection import ok


def _is_response(raw: Any) -> bool:
    if not isinstance(raw, dict):
        return False
    message = raw.get("message")
    return (bool(message) and not isinstance(message, str)) or "response" in raw or "image" in raw


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


parse_chat = partial(
    parse_body,
    is_response=_is_response,
    read=_read,
    find_error=find_error,
    missing="the response has neither `message` nor `response`",
)
"""Fails with StreamInterrupted when the body has `done: false`."""


def read_plain_response(service: AnyService, response: HttpResponse) -> Completion | None:
    """The fast path, for a response with text, thinking and calls alone; None for every other."""
    body = decode_shallow(wire.EDGE_LINE, response.body)
    if body is None or not body.done:
        return None
    message = body.message or wire.PlainAnswerMessage()
    if not (message.content or message.thinking or message.tool_calls or body.response):
        return None  # one of those that load a model, or no response
    thinking, text = message.thinking or body.thinking, message.content or body.response
    parts: list[Part] = []
    if thinking:
        parts.append(Reasoning(thinking, None, ProviderMetadata(service.name)))
    if text:
        parts.append(Text(text))
    for call in message.tool_calls:
        function = call.function
        arguments = plain_object(function.arguments)
        if arguments is None or not function.name:
            return None
        metadata = None
        if function.index is not None:
            own = {"function": {"index": function.index}}
            metadata = ProviderMetadata(service.name, json_text(own))
        parts.append(ToolCall(call.id, function.name, arguments, metadata))
    reason = body.done_reason or None
    extra = {name: getattr(body, name) for name in wire.EDGE_FIELDS}
    return plain_completion(
        service,
        response,
        parts,
        model=body.model,
        reason=reason,
        finish_words=FINISH,
        usage=read_usage(body.prompt_eval_count, body.eval_count, body.prompt_eval_cached_count),
        extra={name: value for name, value in extra.items() if value is not None and value != ""},
    )

"""A buffered response of Converse -> Completion, read as the events of an equivalent stream.

A response with text, reasoning and calls alone takes a fast path; a test holds both paths together.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

from llm_pure.adapters.dialects.bedrock_converse import wire
from llm_pure.adapters.dialects.bedrock_converse.blocks import (
    citation_events,
    image_part,
    redacted_part,
)
from llm_pure.adapters.dialects.bedrock_converse.errors import (
    ERROR_HEADER,
    find_error,
    undecodable,
)
from llm_pure.adapters.dialects.bedrock_converse.state import State
from llm_pure.adapters.dialects.bedrock_converse.stream import (
    FINISH,
    SERVER_TOOL,
    call_metadata,
    invoked_model,
)
from llm_pure.adapters.dialects.bedrock_converse.usage import read_usage
from llm_pure.adapters.dialects.common.extra_fields import extra_events
from llm_pure.core.service import AnyService, parse_body, plain_completion
from llm_pure.framing.json_codec import (
    arguments_text,
    decode,
    decode_shallow,
    json_text,
    plain_object,
)
from llm_pure.types.completion import Completion, finish_reason_of
from llm_pure.types.events import (
    Finished,
    PartReceived,
    ProviderMetadataReceived,
    ReasoningDelta,
    Started,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from llm_pure.types.http import HttpResponse, get_header
from llm_pure.types.messages import (
    Opaque,
    Part,
    ProviderMetadata,
    Reasoning,
    Text,
    ToolCall,
)
from llm_pure.types.rejection import ok


def _is_response(raw: Any) -> bool:
    output = raw.get("output") if isinstance(raw, dict) else None
    return bool(output) and not (isinstance(output, dict) and output.get("message") is None)


def _read(
    service: AnyService, raw: dict[str, Any], response: HttpResponse
) -> tuple[State, list[StreamEvent]]:
    """`raw` is the same body as plain JSON, for the fields that the Structs do not have."""
    body = ok(decode(wire.BODY, response.body, provider=service.name))
    events: list[StreamEvent] = [Started(model=invoked_model(raw), provider=service.name)]
    blocks = body.output.message.content or []
    raw_blocks = raw["output"]["message"].get("content") or []
    for index, (block, raw_block) in enumerate(zip(blocks, raw_blocks, strict=True)):
        events += _read_block(service.name, index, block, raw_block)
    events += extra_events(raw, wire.KNOWN_FIELDS)
    if body.usage:
        events.append(UsageReported(read_usage(body.usage)))
    reason = body.stopReason
    events.append(Finished(finish_reason_of(reason, FINISH), reason))
    return State(), events


parse_chat = partial(
    parse_body,
    is_response=_is_response,
    read=_read,
    find_error=find_error,
    missing="the response has no output",
    undecodable=undecodable,
)


def _read_block(
    name: str, index: int, block: wire.Block, raw: dict[str, Any]
) -> Iterator[StreamEvent]:
    if block.text:
        yield TextDelta(block.text, index)
    elif block.toolUse is not None:
        yield from _read_call(name, index, block.toolUse, raw)
    elif block.reasoningContent is not None:
        yield from _read_reasoning(name, index, block.reasoningContent, raw)
    elif block.citationsContent is not None:
        text = "".join([piece.text or "" for piece in block.citationsContent.content or ()])
        if text:
            yield TextDelta(text, index)
        yield from citation_events(block.citationsContent.citations or [], index)
    elif block.image is not None:
        yield PartReceived(image_part(name, raw["image"]), index)
    elif block.text is None:
        fields = {kind: value for kind, value in raw.items() if value is not None}
        if fields:
            yield PartReceived(Opaque(name, next(iter(fields)), json_text(fields)), index)


def _read_call(
    name: str, index: int, call: wire.ToolUse, raw: dict[str, Any]
) -> Iterator[StreamEvent]:
    if call.type == SERVER_TOOL:
        yield PartReceived(Opaque(name, "toolUse", json_text(raw)), index)
        return
    value = raw["toolUse"].get("input")
    text = bytes(call.input).decode() if isinstance(value, dict) else arguments_text(value)
    yield ToolCallDelta(text, index, 0, call.toolUseId or "", call.name or "")
    yield from call_metadata(raw["toolUse"], index)


def _read_reasoning(
    name: str, index: int, content: wire.ReasoningContent, raw: dict[str, Any]
) -> Iterator[StreamEvent]:
    reasoning = content.reasoningText
    if reasoning is not None:
        if reasoning.text or reasoning.signature:
            yield ReasoningDelta(reasoning.text or "", index, signature=reasoning.signature)
            yield ProviderMetadataReceived("{}", index, kind="reasoning")
    elif content.redactedContent is not None:
        yield PartReceived(redacted_part(name, [content.redactedContent]), index)
    elif raw["reasoningContent"]:
        yield PartReceived(Opaque(name, "reasoningContent", json_text(raw)), index)


def read_plain_response(service: AnyService, response: HttpResponse) -> Completion | None:
    """The fast path, for a response with text, reasoning and calls alone; None for every other."""
    body = decode_shallow(wire.PLAIN_BODY, response.body)
    if body is None or get_header(response.headers, ERROR_HEADER):
        return None
    parts: list[Part] = []
    for block in body.output.message.content:
        call, thought = block.toolUse, block.reasoningContent
        if block.text:
            parts.append(Text(block.text))
        elif call is not None:
            arguments = plain_object(call.input)
            if arguments is None or not (call.toolUseId and call.name):
                return None
            parts.append(ToolCall(call.toolUseId, call.name, arguments))
        elif thought is not None:
            text, signature = thought.reasoningText.text or "", thought.reasoningText.signature
            if text or signature:
                parts.append(Reasoning(text, signature, ProviderMetadata(service.name)))
    return plain_completion(
        service,
        response,
        parts,
        reason=body.stopReason,
        finish_words=FINISH,
        usage=read_usage(body.usage) if body.usage else None,
        extra={"metrics": body.metrics} if body.metrics else {},
    )

"""A whole answer of Converse -> Completion, by the events that its stream would have told."""

from collections.abc import Iterator
from typing import Any

from llm_pure.adapters.dialects.bedrock_converse import wire
from llm_pure.adapters.dialects.bedrock_converse.blocks import cited, picture, redacted
from llm_pure.adapters.dialects.bedrock_converse.errors import find_error, undecodable
from llm_pure.adapters.dialects.bedrock_converse.stream import (
    FINISH,
    SERVER_TOOL,
    echo_of_call,
    extras,
    invoked_model,
)
from llm_pure.adapters.dialects.bedrock_converse.usage import read_usage
from llm_pure.chat.message_input import arguments_text
from llm_pure.core.collect import Collector
from llm_pure.core.stream import header_events
from llm_pure.framing.json_codec import decode, decode_any, json_text, protocol_error
from llm_pure.types.completion import Completion
from llm_pure.types.errors import EVIDENCE_LIMIT, ProtocolError
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
from llm_pure.types.http import HttpResponse
from llm_pure.types.messages import Opaque
from llm_pure.types.redact import redact_bytes
from llm_pure.types.result import Failure, LLMResult, Success


def parse_chat(name: str, response: HttpResponse) -> LLMResult[Completion]:
    """The Completion of any answer, for any status and any bytes.

    Fails with the error that the answer tells, at any status; with ProtocolError when a 2xx body is no answer.
    """
    decoded = decode_any(response.body, provider=name)
    if isinstance(decoded, Failure):
        return Failure(undecodable(name, response))
    raw = decoded.unwrap()
    answers = isinstance(raw, dict) and bool(raw.get("output"))
    told = None if answers and response.status < 300 else find_error(name, raw, response)
    if told is not None:
        return Failure(told)
    if not answers:
        return Failure(broken(name, "the answer has no output", response))
    typed = decode(wire.BODY, response.body, provider=name)
    if isinstance(typed, Failure):
        return typed
    collector = Collector()
    try:
        collector.add(read_body(name, typed.unwrap(), raw))
        collector.add(header_events(response.headers))
        return Success(collector.completion())
    except RecursionError as fault:  # nested just so deep that it can be read and not be written
        return Failure(protocol_error(fault, response.body, provider=name, status=response.status))


def read_body(name: str, body: wire.Body, raw: dict[str, Any]) -> Iterator[StreamEvent]:
    """The events of a whole answer. raw: the same as plain JSON, for what is not modelled."""
    yield Started(model=invoked_model(raw), provider=name)
    blocks = body.output.message.content or []
    raw_blocks = raw["output"]["message"].get("content") or []
    for index, (block, raw_block) in enumerate(zip(blocks, raw_blocks, strict=True)):
        yield from _read_block(name, index, block, raw_block)
    yield from extras(raw)
    if body.usage:
        yield UsageReported(read_usage(body.usage))
    word = body.stopReason
    yield Finished(FINISH.get(word or "", "unknown"), word)


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
        text = "".join([piece.text for piece in block.citationsContent.content])
        if text:
            yield TextDelta(text, index)
        yield from cited(block.citationsContent.citations, index)
    elif block.image is not None:
        yield PartReceived(picture(name, raw["image"]), index)
    elif block.text is None:
        kinds = [kind for kind, value in raw.items() if value is not None]
        if kinds:
            yield PartReceived(Opaque(name, kinds[0], json_text(raw)), index)


def _read_call(
    name: str, index: int, call: wire.ToolUse, raw: dict[str, Any]
) -> Iterator[StreamEvent]:
    if call.type == SERVER_TOOL:
        yield PartReceived(Opaque(name, "toolUse", json_text(raw)), index)
        return
    given = raw["toolUse"].get("input")
    text = bytes(call.input).decode() if isinstance(given, dict) else arguments_text(given)
    yield ToolCallDelta(text, index, 0, call.toolUseId, call.name)
    yield from echo_of_call(raw["toolUse"], index)


def _read_reasoning(
    name: str, index: int, content: wire.ReasoningContent, raw: dict[str, Any]
) -> Iterator[StreamEvent]:
    thought = content.reasoningText
    if thought is not None:
        if thought.text or thought.signature:
            yield ReasoningDelta(thought.text or "", index, signature=thought.signature)
            yield ProviderMetadataReceived("{}", index, kind="reasoning")
    elif content.redactedContent is not None:
        yield PartReceived(redacted(name, [content.redactedContent]), index)
    elif raw["reasoningContent"]:
        yield PartReceived(Opaque(name, "reasoningContent", json_text(raw)), index)


def broken(name: str, message: str, response: HttpResponse) -> ProtocolError:
    """A 2xx body that is JSON but no answer."""
    return ProtocolError(
        message=message,
        provider=name,
        status=response.status,
        where="body",
        evidence=redact_bytes(response.body[:EVIDENCE_LIMIT]),
    )

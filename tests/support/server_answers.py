"""Answers through the server side of a dialect and back through its client side."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from llm_pure import Completion, Reasoning, ResponseHead, Text, ToolCall, Usage, collect
from llm_pure.adapters import registry
from llm_pure.core.provider import Provider
from llm_pure.server import ReceivedRequest, server_dialects
from llm_pure.types.events import StreamEvent
from llm_pure.types.messages import Part
from llm_pure.types.result import Failure, LLMResult, Success

READERS = {
    "anthropic_messages": "anthropic",
    "gemini_content": "gemini",
    "ollama_native": "ollama",
    "openai_chat": "openai",
    "openai_responses": "openai_responses",
}
"""Dialect -> the provider that reads it."""

DONE: LLMResult[Any] = Success(None)

ADDED = {
    "created",
    "created_at",
    "incomplete_details",
    "parallel_tool_calls",
    "tool_choice",
    "stop_sequence",
}
"""Fields that a server must send, and that a Completion may not have."""


def reader(dialect: str) -> Provider:
    return registry.get(READERS[dialect]).unwrap()


def received(dialect: str, **fields: Any) -> ReceivedRequest:
    return ReceivedRequest(dialect=dialect, model="m", created_s=7, **fields)


def through_body(
    dialect: str, completion: Completion, provider: Provider | None = None, **fields: Any
) -> LLMResult[Completion]:
    response = server_dialects[dialect].build_response(completion, received(dialect, **fields))
    assert response.status == 200
    return (provider or reader(dialect)).parse_chat(response)


def through_stream(
    dialect: str,
    batches: Iterable[Sequence[StreamEvent]],
    provider: Provider | None = None,
    *,
    cuts: Iterable[int] = (),
    pings: bool = False,
    outcome: LLMResult[Any] = DONE,
    **fields: Any,
) -> LLMResult[Completion]:
    """The Completion that a client collects; `cuts`: where its bytes are divided."""
    request = received(dialect, **fields)
    encoder = server_dialects[dialect].open_encoder(request)
    data = b""
    for batch in batches:
        data += (encoder.keep_alive() if pings else b"") + encoder.encode(batch)
    data += (encoder.keep_alive() if pings else b"") + encoder.close(outcome)
    assert encoder.close(outcome) == encoder.keep_alive() == b""
    head = ResponseHead(200, (("content-type", server_dialects[dialect].stream_type(request)),))
    decoder = (provider or reader(dialect)).open_stream(head)
    events: list[StreamEvent] = []
    for piece in divided(data, cuts):
        result = decoder.feed(piece)
        if isinstance(result, Failure):
            return result
        events += result.unwrap()
    last = decoder.close()
    return last.bind(lambda ended: collect([*events, *ended]))


def divided(data: bytes, cuts: Iterable[int]) -> Iterator[bytes]:
    before = 0
    for cut in sorted({cut % (len(data) + 1) for cut in cuts}):
        yield data[before:cut]
        before = cut
    yield data[before:]


def bare(completion: Completion) -> Any:
    """What every dialect can say of an answer: texts joined, calls, finish reason and usage."""
    message = completion.message
    calls = [
        (call.id, call.name, msgspec.json.decode(call.arguments)) for call in message.tool_calls
    ]
    usage = same_usage(completion.usage)
    return message.text + message.refusal, message.reasoning, calls, completion.finish_reason, usage


def plain_parts(parts: Iterable[Part]) -> list[Part]:
    """The parts without their providers' fields."""
    return [
        msgspec.structs.replace(part, provider_metadata=None)
        if isinstance(part, Text | Reasoning | ToolCall)
        else part
        for part in parts
    ]


def same_usage(usage: Usage) -> Usage:
    """The usage without the provider's object. Responses has no way to leave a count out: its types require them."""
    counts = {
        name: getattr(usage, name) or None
        for name in ("cached_input_tokens", "cache_write_tokens", "reasoning_tokens")
    }
    return msgspec.structs.replace(usage, raw=None, **counts)

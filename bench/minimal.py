"""What typed events and a Completion cost in Python at least: one loop by hand for each sample of `samples.py`.

Each loop decodes an event once, by the library's own closed Struct, makes the library's own events, and joins the text: the
decodes, the values and nothing else. It reads its sample alone: no split of the bytes, other order, unknown field or error.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from llm_pure.adapters.dialects.anthropic_messages import wire as messages
from llm_pure.adapters.dialects.gemini_content import wire as gemini
from llm_pure.adapters.dialects.ollama_native import wire as ollama
from llm_pure.adapters.dialects.openai_chat import wire as chat
from llm_pure.adapters.dialects.openai_responses import wire as responses
from llm_pure.bench.sample import Sample
from llm_pure.bench.timing import Prepare
from llm_pure.types.completion import Completion, Usage
from llm_pure.types.events import (
    ExtraReceived,
    Finished,
    ProviderMetadataReceived,
    Started,
    StreamEvent,
    TextDelta,
    UsageReported,
)
from llm_pure.types.messages import Message, Text
from llm_pure.types.result import Success

_STOP = Finished("stop", "stop")


def read_minimally(sample: Sample) -> Prepare | None:
    """The job that reads a short sample by hand; None for a dialect without a loop."""
    read = _LOOPS.get(sample.dialect)
    body = sample.body

    def run() -> str:
        assert read is not None
        events: list[StreamEvent] = []
        text: list[str] = []
        usage, extra = read(body, events, text)
        answer = Completion(
            message=Message("assistant", (Text("".join(text)),)),
            finish_reason="stop",
            usage=usage,
            extra=extra,
        )
        Success(tuple(events))
        return answer.text

    return None if read is None else lambda: run


_Read = Callable[[bytes, list[StreamEvent], list[str]], tuple[Usage, dict[str, Any]]]


def _usage(raw: Any, sent: str, received: str, events: list[StreamEvent]) -> Usage:
    usage = Usage(raw[sent], raw[received], raw=raw)
    events.append(UsageReported(usage))
    return usage


def _chat(body: bytes, events: list[StreamEvent], text: list[str]) -> tuple[Usage, dict[str, Any]]:
    usage, extra, decode = Usage(), dict[str, Any](), chat.EDGE_CHUNK.decode
    for data in body[len(b"data: ") : -2].split(b"\n\ndata: "):
        if data == b"[DONE]":
            break
        chunk = decode(data)
        if not events:
            events.append(Started(id=chunk.id, model=chunk.model, provider="openai"))
            for name in ("created", "service_tier", "system_fingerprint"):
                extra[name] = getattr(chunk, name)
                events.append(ExtraReceived(name, extra[name]))
        for choice in chunk.choices:
            if choice.delta.content:
                events.append(TextDelta(choice.delta.content, 1, choice.index))
                text.append(choice.delta.content)
            if choice.finish_reason:
                events.append(_STOP)
        if chunk.usage:
            usage = _usage(chunk.usage, "prompt_tokens", "completion_tokens", events)
    return usage, extra


def _messages(
    body: bytes, events: list[StreamEvent], text: list[str]
) -> tuple[Usage, dict[str, Any]]:
    usage, decode = Usage(), messages.PLAIN_EVENT.decode
    raw: dict[str, Any] = {}
    for block in body[:-2].split(b"\n\n"):
        if block.startswith(b"event: ping"):
            continue
        event = decode(block.partition(b"\ndata: ")[2])
        match event:
            case messages.PlainDelta(delta=messages.TextPiece(text=piece)):
                events.append(TextDelta(piece))
                text.append(piece)
            case messages.PlainMessageStart(message=message):
                events.append(Started(id=message.id, model=message.model, provider="anthropic"))
                raw = {**(message.usage or {})}
                usage = _usage(raw, "input_tokens", "output_tokens", events)
            case messages.PlainMessageDelta(usage=more):
                raw = {**raw, **(more or {})}
                usage = _usage(raw, "input_tokens", "output_tokens", events)
                events.append(_STOP)
    return usage, {}


def _gemini(
    body: bytes, events: list[StreamEvent], text: list[str]
) -> tuple[Usage, dict[str, Any]]:
    usage, decode = Usage(), gemini.EDGE_ITEM.decode
    for data in body[len(b"data: ") : -4].split(b"\r\n\r\ndata: "):
        item = decode(data)
        candidate = item.candidates[0]
        if not events:
            model = item.modelVersion or ""
            events.append(Started(id=item.responseId or "", model=model, provider="gemini"))
        piece = (candidate.content and candidate.content.parts[0].text) or ""
        events.append(TextDelta(piece))
        text.append(piece)
        if candidate.finishReason:
            usage = _usage(item.usageMetadata, "promptTokenCount", "candidatesTokenCount", events)
            events.append(_STOP)
    return usage, {}


def _ollama(
    body: bytes, events: list[StreamEvent], text: list[str]
) -> tuple[Usage, dict[str, Any]]:
    usage, extra, decode = Usage(), dict[str, Any](), ollama.EDGE_LINE.decode
    for data in body[:-1].split(b"\n"):
        line = decode(data)
        if not events:
            events.append(Started(model=line.model or "", provider="ollama"))
            events.append(ExtraReceived("created_at", line.created_at))
        if line.message and line.message.content:
            events.append(TextDelta(line.message.content, 1))
            text.append(line.message.content)
        if line.done:
            for name in ollama.EDGE_FIELDS:
                extra[name] = getattr(line, name)
                events.append(ExtraReceived(name, extra[name]))
            usage = Usage(line.prompt_eval_count, line.eval_count)
            events += (UsageReported(usage), _STOP)
    return usage, extra


def _responses(
    body: bytes, events: list[StreamEvent], text: list[str]
) -> tuple[Usage, dict[str, Any]]:
    usage, extra, decode = Usage(), dict[str, Any](), responses.EVENT.decode
    for block in body[:-2].split(b"\n\n"):
        name, _, data = block.partition(b"\ndata: ")
        if name in (b"event: response.created", b"event: response.in_progress"):
            raw = msgspec.json.decode(data)["response"]
            if not events:
                events.append(Started(id=raw["id"], model=raw["model"], provider="openai"))
        elif name == b"event: response.completed":
            raw = msgspec.json.decode(data)["response"]
            known = responses.KNOWN_FIELDS_RESPONSE
            extra = {key: value for key, value in raw.items() if key not in known and value}
            events += [ExtraReceived(key, value) for key, value in extra.items()]
            usage = _usage(raw["usage"], "input_tokens", "output_tokens", events)
            events.append(_STOP)
        else:
            event = decode(data)
            if type(event) is responses.TextDelta:
                events.append(TextDelta(event.delta or ""))
                text.append(event.delta or "")
            elif type(event) is responses.ItemDone:
                item = event.item or {}
                own = {key: value for key, value in item.items() if key not in _READ}
                metadata = msgspec.json.encode({"item": own}).decode()
                events.append(ProviderMetadataReceived(metadata))
    return usage, extra


_READ = ("type", "role", "content")

_LOOPS: Mapping[str, _Read] = {
    "openai_chat": _chat,
    "openai_responses": _responses,
    "anthropic_messages": _messages,
    "gemini_content": _gemini,
    "ollama_native": _ollama,
}

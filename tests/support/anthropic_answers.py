"""Made-up responses of the Messages API: events of streams, and the same responses as bodies."""

import json
from typing import Any

import msgspec

from llm_pure import Completion
from llm_pure.types.completion import Usage
from llm_pure.types.messages import Message, Opaque, ProviderMetadata, Reasoning, Text, ToolCall

Event = dict[str, Any]


def sse(*events: Event, padding: str = "") -> bytes:
    """As the service sends them: a name beside each, and white space before the last brace."""
    body = ""
    for one in events:
        name = f"event: {one['type']}\n" if "type" in one else ""
        body += f"{name}data: {json.dumps(one, ensure_ascii=False)[:-1]}{padding}}}\n\n"
    return body.encode()


def start(**more: Any) -> Event:
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-test",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 1},
        **more,
    }
    return {"type": "message_start", "message": message}


def begun(index: int, **block: Any) -> Event:
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index: int, **piece: Any) -> Event:
    return {"type": "content_block_delta", "index": index, "delta": piece}


def text(index: int, piece: str) -> Event:
    return delta(index, type="text_delta", text=piece)


def argued(index: int, piece: str) -> Event:
    return delta(index, type="input_json_delta", partial_json=piece)


def stopped(index: int) -> Event:
    return {"type": "content_block_stop", "index": index}


def end(reason: str | None = "end_turn", usage: Any = None, **more: Any) -> tuple[Event, Event]:
    stop = {"stop_reason": reason, "stop_sequence": None, **more}
    told = {"output_tokens": 7} if usage is None else usage
    return {"type": "message_delta", "delta": stop, "usage": told}, {"type": "message_stop"}


PING: Event = {"type": "ping"}


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """events: streamed. whole: the same as one body. completion: what both say."""

    events: tuple[Event, ...]
    whole: Event
    completion: Completion

    @property
    def streamed(self) -> bytes:
        """The body of the stream."""
        return sse(*self.events, padding="   ")

    @property
    def body(self) -> bytes:
        """The body of the whole answer."""
        return json.dumps(self.whole, ensure_ascii=False, separators=(",", ":")).encode()


def _whole(content: list[Event], usage: Event, **more: Any) -> Event:
    message: Event = {**start()["message"], "content": content, "usage": usage, **more}
    return message


def _completion(*parts: Any, usage: Usage, **more: Any) -> Completion:
    return Completion(
        id="msg_1",
        model="claude-test",
        provider="anthropic",
        message=Message("assistant", parts),
        usage=usage,
        **more,
    )


def _packed(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


_PLAIN = {"input_tokens": 10, "output_tokens": 7}
_PLAIN_USAGE = Usage(10, 7, raw=_PLAIN)

_CALLER = {"type": "direct"}
_THINKS = {"type": "thinking", "thinking": "I should ask twice.", "signature": "c2ln=="}
_HIDDEN = {"type": "redacted_thinking", "data": "b3BhcXVl=="}
_OSLO = {
    "type": "tool_use",
    "id": "toolu_1",
    "name": "weather",
    "input": {"city": "Oslo", "é": "🎈"},
}
_CLOCK = {"type": "tool_use", "id": "toolu_2", "name": "clock", "input": {}, "caller": _CALLER}
_CACHED = {
    "input_tokens": 5,
    "cache_creation_input_tokens": 30,
    "cache_read_input_tokens": 200,
    "output_tokens": 80,
    "output_tokens_details": {"thinking_tokens": 50},
    "service_tier": "standard",
}

_SEARCH = {
    "type": "server_tool_use",
    "id": "srvtoolu_1",
    "name": "web_search",
    "input": {"query": "pure"},
}
_FOUND = {
    "type": "web_search_tool_result",
    "tool_use_id": "srvtoolu_1",
    "content": [
        {
            "type": "web_search_result",
            "url": "https://example.org",
            "title": "Pure",
            "encrypted_content": "eA==",
            "page_age": None,
        }
    ],
}


def _citation(words: str) -> Event:
    return {
        "type": "web_search_result_location",
        "url": "https://example.org",
        "title": "Pure",
        "cited_text": words,
        "encrypted_index": "eQ==",
    }


_CITED, _CITED_TOO = _citation("pure"), _citation("h11")
_CONTAINER = {"id": "container_1", "expires_at": "2026-11-20T12:00:00Z"}

ANSWERS: dict[str, Answer] = {
    "text": Answer(
        events=(
            start(),
            begun(0, type="text", text=""),
            PING,
            text(0, "Pure "),
            text(0, ""),
            text(0, "日本語\u2028🎈"),
            stopped(0),
            *end(),
        ),
        whole=_whole([{"type": "text", "text": "Pure 日本語\u2028🎈"}], _PLAIN, stop_reason="end_turn"),
        completion=_completion(
            Text("Pure 日本語\u2028🎈"),
            usage=_PLAIN_USAGE,
            finish_reason="stop",
            raw_finish_reason="end_turn",
        ),
    ),
    "thinking and tools": Answer(
        events=(
            start(usage={**_CACHED, "output_tokens": 2, "output_tokens_details": None}),
            begun(0, type="thinking", thinking="", signature=""),
            delta(0, type="thinking_delta", thinking="I should "),
            PING,
            delta(0, type="thinking_delta", thinking="ask twice."),
            delta(0, type="signature_delta", signature="c2ln=="),
            stopped(0),
            begun(1, type="thinking", thinking="", signature=""),
            delta(1, type="signature_delta", signature="c2lnMg=="),
            stopped(1),
            begun(2, **_HIDDEN),
            stopped(2),
            begun(3, **{**_OSLO, "input": {}}),
            argued(3, ""),
            argued(3, '{"city":"Os'),
            argued(3, 'lo","é":"'),
            argued(3, '🎈"}'),
            stopped(3),
            begun(4, **_CLOCK),
            argued(4, ""),
            stopped(4),
            *end(
                "tool_use",
                {
                    "input_tokens": 5,
                    "output_tokens": 80,
                    "cache_read_input_tokens": None,
                    "output_tokens_details": {"thinking_tokens": 50},
                },
            ),
        ),
        whole=_whole(
            [
                _THINKS,
                {"type": "thinking", "thinking": "", "signature": "c2lnMg=="},
                _HIDDEN,
                _OSLO,
                _CLOCK,
            ],
            _CACHED,
            stop_reason="tool_use",
        ),
        completion=_completion(
            Reasoning("I should ask twice.", "c2ln==", ProviderMetadata("anthropic")),
            Reasoning("", "c2lnMg==", ProviderMetadata("anthropic")),
            Opaque("anthropic", "redacted_thinking", _packed(_HIDDEN)),
            ToolCall("toolu_1", "weather", '{"city":"Oslo","é":"🎈"}'),
            ToolCall("toolu_2", "clock", "{}", ProviderMetadata("anthropic", '{"caller":{"type":"direct"}}')),
            usage=Usage(235, 80, 200, 30, 50, raw=_CACHED),
            finish_reason="tool_calls",
            raw_finish_reason="tool_use",
        ),
    ),
    "server tools and citations": Answer(
        events=(
            start(container=None),
            begun(0, **{**_SEARCH, "input": {}}),
            argued(0, ""),
            argued(0, '{"query": "pu'),
            argued(0, 're"}'),
            stopped(0),
            begun(1, **_FOUND),
            stopped(1),
            begun(2, type="text", text="", citations=[]),
            delta(2, type="citations_delta", citation=_CITED),
            text(2, "It is pure."),
            delta(2, type="citations_delta", citation=_CITED_TOO),
            stopped(2),
            *end("pause_turn", {**_PLAIN, "input_tokens": 900}, container=_CONTAINER),
        ),
        whole=_whole(
            [
                _SEARCH,
                _FOUND,
                {"type": "text", "text": "It is pure.", "citations": [_CITED, _CITED_TOO]},
            ],
            {**_PLAIN, "input_tokens": 900},
            stop_reason="pause_turn",
            container=_CONTAINER,
        ),
        completion=_completion(
            Opaque("anthropic", "server_tool_use", _packed(_SEARCH)),
            Opaque("anthropic", "web_search_tool_result", _packed(_FOUND)),
            Text("It is pure.", ProviderMetadata("anthropic", _packed({"citations": [_CITED, _CITED_TOO]}))),
            usage=Usage(900, 7, raw={**_PLAIN, "input_tokens": 900}),
            finish_reason="pause",
            raw_finish_reason="pause_turn",
            extra={"citations": [_CITED, _CITED_TOO], "container": _CONTAINER},
        ),
    ),
    "refusal": Answer(
        events=(
            start(),
            *end("refusal", stop_details={"type": "refusal", "category": "cyber", "explanation": None}),
        ),
        whole=_whole(
            [],
            _PLAIN,
            stop_reason="refusal",
            stop_details={"type": "refusal", "category": "cyber", "explanation": None},
        ),
        completion=_completion(
            usage=_PLAIN_USAGE,
            finish_reason="refusal",
            raw_finish_reason="refusal",
            extra={"stop_details": {"type": "refusal", "category": "cyber", "explanation": None}},
        ),
    ),
}  # fmt: skip

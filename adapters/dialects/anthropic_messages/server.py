"""The server side of the Messages API: answers and errors as Anthropic's packages and agents read them.

One block is open at a time, indexes count in order of opening, and every event has its `event:` line and its type. Usage
stands at the end, where it replaces that of the beginning; there is one message_delta.
Source: ../shared/wire/server-side.md sections 3, 4 and 5 (measured with anthropic 2.14.0, Claude Code and others), read
2026-11-29.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from llm_pure.adapters.dialects.anthropic_messages import wire
from llm_pure.adapters.dialects.anthropic_messages.server_request import parse_request
from llm_pure.adapters.dialects.anthropic_messages.stream import FINISH
from llm_pure.adapters.dialects.anthropic_messages.usage import read_usage
from llm_pure.adapters.dialects.common.make_server import ResultForms, make_server
from llm_pure.adapters.dialects.common.part_encoder import PartEncoder
from llm_pure.adapters.dialects.common.sent_parts import Sent
from llm_pure.adapters.dialects.common.served_errors import (
    JSON_HEADERS,
    ErrorRow,
    error_row,
    located_message,
    own_rate_limits,
    response_id,
    retry_headers,
)
from llm_pure.adapters.dialects.common.served_json import encode_json
from llm_pure.adapters.dialects.openai_common.served import embeddings_object, model_list, model_row
from llm_pure.core.server import ReceivedRequest
from llm_pure.framing.json_codec import json_object
from llm_pure.types.completion import FinishReason, Usage
from llm_pure.types.errors import LLMError
from llm_pure.types.events import ExtraReceived
from llm_pure.types.http import HttpResponse
from llm_pure.types.messages import Opaque

_REASONS: Mapping[FinishReason, str] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
    "refusal": "refusal",
    "pause": "pause_turn",
    "error": "error",
    "unknown": "end_turn",
}
"""Finish reason -> the wire's value. "error" is no value of Anthropic's: a failed answer must not look complete."""

ERRORS: Mapping[str, ErrorRow] = {
    "unsupported": ErrorRow(400, "invalid_request_error"),
    "invalid_request": ErrorRow(400, "invalid_request_error"),
    "authentication": ErrorRow(401, "authentication_error"),
    "permission": ErrorRow(403, "permission_error"),
    "not_found": ErrorRow(404, "not_found_error"),
    "rate_limited": ErrorRow(429, "rate_limit_error"),
    "quota": ErrorRow(402, "billing_error"),
    "budget_exceeded": ErrorRow(402, "billing_error"),
    "context_length": ErrorRow(400, "invalid_request_error"),
    "content_filtered": ErrorRow(400, "invalid_request_error", "content_filter"),
    "overloaded": ErrorRow(529, "overloaded_error"),
    "server_error": ErrorRow(500, "api_error"),
    "timeout": ErrorRow(504, "timeout_error"),
    "connection": ErrorRow(502, "api_error"),
    "protocol": ErrorRow(502, "api_error"),
    "stream_interrupted": ErrorRow(502, "api_error"),
}
"""Kind of an LLMError -> status and type; the code stands in the details. Source: ../shared/wire/server-side.md 4.3."""

_TYPE_OF_STATUS = {413: "request_too_large"}
"""Claude Code asks its user to make the conversation shorter."""
_TOO_LONG = "prompt is too long"
"""Claude Code compacts the conversation when the text of an error has these words."""


def build_error(error: LLMError, received: ReceivedRequest) -> HttpResponse:
    """The response of an error."""
    status = error_row(error, ERRORS).status
    headers = (*JSON_HEADERS, *retry_headers(error, status))
    headers += own_rate_limits(error, received, "anthropic-ratelimit-")
    if error.request_id:
        headers = (*headers, ("request-id", error.request_id))
    return HttpResponse(status, headers, encode_json(_error_body(error)))


def _error_body(error: LLMError) -> dict[str, Any]:
    row = error_row(error, ERRORS)
    row = row._replace(type=_TYPE_OF_STATUS.get(row.status, row.type))
    text = located_message(error)
    if error.kind == "context_length" and _TOO_LONG not in text:
        text = f"{_TOO_LONG}: {text}"
    details = {"details": {"error_code": row.code}} if row.code else {}
    return {
        "type": "error",
        "error": {"type": row.type, "message": text, **details},
        "request_id": error.request_id,
    }


class MessageEncoder(PartEncoder):
    """Events -> server-sent events of the API."""

    carrier = "blocks"

    def begin_response(self) -> None:
        self.cited = 0
        self.message: dict[str, Any] = {
            "id": response_id("msg_", self.started.id, self.received),
            "type": "message",
            "role": "assistant",
            "model": self.started.model or self.received.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": _usage_object(self.usage),
        }
        self.send("message_start", {"message": self.message})

    def send(self, kind: str, fields: dict[str, Any]) -> None:
        """Send one event."""
        data = encode_json({"type": kind, **fields})
        self.out += (b"event: ", kind.encode(), b"\ndata: ", data, b"\n\n")

    def delta(self, part: Sent, delta: dict[str, Any]) -> None:
        """Send more of a block."""
        self.send("content_block_delta", {"index": part.number, "delta": delta})

    def start_block(self, part: Sent, block: dict[str, Any]) -> None:
        """Send the beginning of a block."""
        self.send("content_block_start", {"index": part.number, "content_block": block})

    def stop_block(self, part: Sent) -> None:
        """Send the end of a block."""
        self.send("content_block_stop", {"index": part.number})

    def begin_part(self, part: Sent) -> None:
        fields = self.native_metadata(part)
        self.cited = 0
        match part.kind:
            case "reasoning":
                block = {"type": "thinking", "thinking": "", "signature": "", **fields}
            case "tool_call":
                block = {"type": "tool_use", "id": part.id, "name": part.name, "input": {}}
                block |= fields
            case _:
                if part.kind == "refusal":
                    self.adapt("message/refusal", "changed", "a refusal is sent as text")
                others = {name: value for name, value in fields.items() if name != "citations"}
                block = {"type": "text", "text": "", **others}
        self.start_block(part, block)

    def add_text(self, part: Sent, text: str) -> None:
        match part.kind:
            case "reasoning":
                self.delta(part, {"type": "thinking_delta", "thinking": text})
            case "tool_call":
                self.delta(part, {"type": "input_json_delta", "partial_json": text})
                part.signature = ""  # a delta was sent
            case _:
                self.delta(part, {"type": "text_delta", "text": text})

    def end_part(self, part: Sent) -> None:
        fields = self.native_metadata(part)
        if part.kind == "reasoning":
            signature = self.native_signature(part)
            if signature is not None:
                self.delta(part, {"type": "signature_delta", "signature": signature})
        elif part.kind == "tool_call" and part.signature is None:
            self.delta(part, {"type": "input_json_delta", "partial_json": "{}"})
        citations = fields.get("citations")
        for citation in citations[self.cited :] if isinstance(citations, list) else []:
            self.delta(part, {"type": "citations_delta", "citation": citation})
        self.stop_block(part)

    def add_complete(self, part: Sent) -> None:
        match part.complete:
            case Opaque(json=json) if self.received.native:
                self.start_block(part, json_object(json) or {})
                self.stop_block(part)
            case _:
                self.sequences[part.choice].count -= 1
                self.drop_part(part)

    def add_envelope(self, part: Sent, envelope: str) -> None:
        self.start_block(part, {"type": "redacted_thinking", "data": envelope})
        self.stop_block(part)

    def add_extra(self, event: ExtraReceived) -> None:
        sequence = self.sequences.get(0)
        part = sequence.open if sequence else None
        if event.name != "citations" or part is None or part.kind != "text" or not part.begun:
            return
        if self.received.native and isinstance(event.value, list):
            self.cited += len(event.value)
            for citation in event.value:
                self.delta(part, {"type": "citations_delta", "citation": citation})

    def end_response(self) -> None:
        sequence = self.sequences[0]
        stop_reason = self.wire_reason(sequence, FINISH, _REASONS)
        extra = {
            name: value
            for name, value in self.final_extra().items()
            if name not in wire.KNOWN_FIELDS_MESSAGE and name != "citations"
        }
        delta = {"stop_sequence": None, **extra, "stop_reason": stop_reason}
        self.end_message(delta, _usage_object(self.usage))

    def end_message(self, delta: dict[str, Any], usage: dict[str, Any]) -> None:
        """Send the stop reason and the usage."""
        self.send("message_delta", {"delta": delta, "usage": usage})
        self.send("message_stop", {})

    def fail(self, error: LLMError) -> None:
        self.send("error", _error_body(error))

    def keep_alive(self) -> bytes:
        """A `ping` event."""
        return b"" if self.is_closed else b'event: ping\ndata: {"type":"ping"}\n\n'


class _BodyEncoder(MessageEncoder):
    """Events -> one message."""

    def begin_response(self) -> None:
        self.body: dict[str, Any] = {}
        super().begin_response()

    def send(self, kind: str, fields: dict[str, Any]) -> None:
        pass

    def start_block(self, part: Sent, block: dict[str, Any]) -> None:
        self.block = {**block, "citations": [*block["citations"]]} if block.get("citations") else {**block}  # fmt: skip
        self.input = ""

    def delta(self, part: Sent, delta: dict[str, Any]) -> None:
        match delta["type"]:
            case "input_json_delta":
                self.input += delta["partial_json"]
            case "citations_delta":
                self.block["citations"] = self.block.get("citations") or []
                self.block["citations"].append(delta["citation"])
            case "signature_delta":
                self.block["signature"] = delta["signature"]
            case _:
                key = "text" if delta["type"] == "text_delta" else "thinking"
                self.block[key] += delta[key]

    def stop_block(self, part: Sent) -> None:
        if part.kind == "tool_call":
            if self.is_cut(part, self.input):
                self.drop_cut()
                return
            arguments = json_object(self.input)
            if arguments is None:
                self.adapt("message/tool_calls", "changed", "the input of a call is no JSON object")
                arguments = {"arguments": self.input}
            self.block["input"] = arguments
        self.message["content"].append(self.block)

    def end_message(self, delta: dict[str, Any], usage: dict[str, Any]) -> None:
        self.body = {**self.message, **delta, "usage": usage}


def _usage_object(usage: Usage) -> dict[str, Any]:
    """The usage; the provider's own object if it has the API's names and says the same. Unknown counts are 0."""
    raw = usage.raw
    if raw is not None and "input_tokens" in raw and "output_tokens" in raw:
        same = read_usage(raw)
        if msgspec.structs.replace(same, raw=raw) == usage:
            return raw
    read, written = usage.cached_input_tokens, usage.cache_write_tokens
    result: dict[str, Any] = {
        "input_tokens": max(0, (usage.input_tokens or 0) - (read or 0) - (written or 0)),
        "cache_creation_input_tokens": written,
        "cache_read_input_tokens": read,
        "output_tokens": usage.output_tokens or 0,
    }
    if usage.reasoning_tokens is not None:
        result["output_tokens_details"] = {"thinking_tokens": usage.reasoning_tokens}
    return result


_RESULTS = ResultForms(
    models=model_list,
    model=model_row,
    token_count=lambda count: {"input_tokens": count.input_tokens},
    embeddings=embeddings_object,
)
"""There are no embeddings in this API; the form is OpenAI's."""


SERVER = make_server(
    "anthropic_messages",
    parse_request=parse_request,
    build_error=build_error,
    open_encoder=MessageEncoder,
    open_body=_BodyEncoder,
    results=_RESULTS,
    stream_type=lambda received: "text/event-stream; charset=utf-8",
    request_id_header="request-id",
)

"""The server side of Ollama's own API: answers and errors as Ollama's packages, Zed and others read them.

Every line has the model, the time, the message with its role, and `done`. Calls are sent complete, before the last line.
Source: ../shared/wire/server-side.md sections 3, 4 and 9 (measured with ollama 0.6.3 and others), read 2026-11-29.
"""

from collections.abc import Mapping
from typing import Any

from llm_pure.adapters.dialects.common.make_server import ResultForms, make_server
from llm_pure.adapters.dialects.common.part_encoder import PartEncoder
from llm_pure.adapters.dialects.common.sent_parts import Sent
from llm_pure.adapters.dialects.common.served_errors import (
    JSON_HEADERS,
    ErrorRow,
    error_row,
    located_message,
    message_of,
    retry_headers,
)
from llm_pure.adapters.dialects.common.served_json import encode_json, rfc3339
from llm_pure.adapters.dialects.ollama_native import wire
from llm_pure.adapters.dialects.ollama_native.server_request import parse_request
from llm_pure.adapters.dialects.ollama_native.stream import FINISH
from llm_pure.core.server import ReceivedRequest
from llm_pure.types.completion import FinishReason, Usage
from llm_pure.types.errors import LLMError
from llm_pure.types.http import HttpResponse
from llm_pure.types.media import base64_text
from llm_pure.types.messages import Image
from llm_pure.types.operations import Embeddings, ModelInfo, ModelPage

_REASONS: Mapping[FinishReason, str] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "stop",
    "content_filter": "content_filter",
    "refusal": "stop",
    "pause": "length",
    "error": "error",
    "unknown": "stop",
}
"""Finish reason -> done_reason. Two are no values of Ollama's: an answer that was cut must not look complete,
nor must one that its provider has paused. A refusal without a text of its own is a "content_filter"."""

ERRORS: Mapping[str, ErrorRow] = {
    kind: ErrorRow(status, "")
    for kind, status in (
        ("unsupported", 400),
        ("invalid_request", 400),
        ("authentication", 401),
        ("permission", 403),
        ("not_found", 404),
        ("rate_limited", 429),
        ("quota", 402),
        ("budget_exceeded", 402),
        ("context_length", 400),
        ("content_filtered", 400),
        ("overloaded", 503),
        ("server_error", 500),
        ("timeout", 504),
        ("connection", 502),
        ("protocol", 502),
        ("stream_interrupted", 502),
    )
}
"""Kind of an LLMError -> status. The body has nothing but the text."""

_WORDS: Mapping[str, str] = {
    "invalid_request": "invalid request",
    "authentication": "unauthorized",
    "not_found": "model not found",
    "overloaded": "server busy, please try again",
    "rate_limited": "too many requests",
    "context_length": "the prompt exceeds the context length",
}
"""Kind of an LLMError -> the words of Ollama's own message, put before another text in a stream, which has no status."""


def build_error(error: LLMError, received: ReceivedRequest) -> HttpResponse:
    """The response of an error."""
    status = error_row(error, ERRORS).status
    headers = (*JSON_HEADERS, *retry_headers(error, status))
    text = _with_words(error) if error.kind == "context_length" else located_message(error)
    return HttpResponse(status, headers, encode_json({"error": text}))


def _with_words(error: LLMError) -> str:
    words = _WORDS.get(error.kind, "")
    text = message_of(error)
    return text if not words or words in text.lower() else f"{words}: {text}"


class LineEncoder(PartEncoder):
    """Events -> lines."""

    sequential = False
    complete_calls = True

    def begin_response(self) -> None:
        self.head = {
            "model": self.started.model or self.received.model,
            "created_at": rfc3339(self.received.created_s),
        }
        self.kinds: dict[str, int] = {}

    def send(self, message: dict[str, Any], **fields: Any) -> None:
        """Send one line."""
        answer = _answer({"role": "assistant", "content": "", **message}, self.received)
        line = {**self.head, **answer, "done": False, **fields}
        self.out += (encode_json(line), b"\n")

    def begin_part(self, part: Sent) -> None:
        if part.kind == "refusal":
            self.adapt("message/refusal", "changed", "a refusal is sent as text")
        kind = "thinking" if part.kind == "reasoning" else "content"
        if part.kind != "tool_call" and self.kinds.setdefault(kind, part.index) != part.index:
            self.adapt("message", "changed", f"a message has one {kind}: several are joined")

    def add_text(self, part: Sent, text: str) -> None:
        self.send({"thinking" if part.kind == "reasoning" else "content": text})

    def end_part(self, part: Sent) -> None:
        if part.kind == "tool_call":
            self._send_call(part)
            return
        if part.signature is not None:
            self.adapt("message/signature", "dropped", "Ollama has no signature")
        if self.native_metadata(part):
            reason = f"Ollama has no such fields at a {part.kind}"
            self.adapt("message/provider_metadata", "dropped", reason)

    def _send_call(self, part: Sent) -> None:
        if self.is_cut(part, "".join(part.arguments)):
            self.drop_cut()
            return
        fields = dict(self.native_metadata(part))
        own = fields.pop("function", None)
        arguments = self.arguments_of(part)
        function = {"name": part.name, "arguments": arguments}
        function |= own if isinstance(own, dict) else {}
        self.send({"tool_calls": [{"id": part.id, "function": function, **fields}]})

    def add_complete(self, part: Sent) -> None:
        match part.complete:
            case Image(data=bytes() as data):
                self.send({"images": [base64_text(data)]})
            case _:
                self.drop_part(part)

    def end_response(self) -> None:
        reason = self.wire_reason(self.sequences[0], FINISH, _REASONS)
        extra = {
            name: value
            for name, value in self.final_extra().items()
            if name not in wire.KNOWN_FIELDS_LINE
        }
        self.send({}, done=True, done_reason=reason, **{**_counts(self.usage), **extra})

    def fail(self, error: LLMError) -> None:
        self.out += (encode_json({"error": _with_words(error)}), b"\n")

    def keep_alive(self) -> bytes:
        """A line without content."""
        if self.is_closed:
            return b""
        self.begin()
        self.send({})
        return self._drain()


class _BodyEncoder(LineEncoder):
    """Events -> one body."""

    def begin_response(self) -> None:
        super().begin_response()
        self.texts: dict[str, list[str]] = {}
        self.lists: dict[str, list[Any]] = {}
        self.body: dict[str, Any] = {}

    def send(self, message: dict[str, Any], **fields: Any) -> None:
        for name, value in message.items():
            if isinstance(value, list):
                self.lists.setdefault(name, []).extend(value)
            else:
                self.texts.setdefault(name, []).append(value)
        if fields:
            texts = {name: "".join(pieces) for name, pieces in self.texts.items()}
            message = {"role": "assistant", "content": "", **texts, **self.lists}
            self.body = {**self.head, **_answer(message, self.received), **fields}


def _answer(message: dict[str, Any], received: ReceivedRequest) -> dict[str, Any]:
    """The message as /api/chat has it, or its fields in the line itself, as /api/generate has them."""
    if received.form != "text":
        return {"message": message}
    rest = {name: value for name, value in message.items() if name not in ("role", "content")}
    return {"response": message["content"], **rest}


def _counts(usage: Usage) -> dict[str, Any]:
    """The counts of the last line."""
    counts = {
        "prompt_eval_count": usage.input_tokens,
        "prompt_eval_cached_count": usage.cached_input_tokens,
        "eval_count": usage.output_tokens,
    }
    return {name: count for name, count in counts.items() if count is not None}


_DETAILS = {
    "format": "gguf",
    "family": "llm",
    "families": None,
    "parameter_size": "",
    "quantization_level": "",
}
_CAPABILITIES = ["completion", "tools", "vision", "thinking"]


def _model(row: ModelInfo, received: ReceivedRequest) -> dict[str, Any]:
    """What /api/show says: clients hide models without tools, and fail without the model's facts."""
    facts = {"general.architecture": "llm", "llm.context_length": 131_072}
    shown = {"details": _DETAILS, "model_info": facts, "capabilities": _CAPABILITIES}
    return {**shown, "modified_at": rfc3339(row.created_s or received.created_s), **row.extra}


def _models(page: ModelPage, received: ReceivedRequest) -> dict[str, Any]:
    if received.form == "running":
        return {"models": []}
    rows = [
        {
            "name": row.id,
            "model": row.id,
            "modified_at": rfc3339(row.created_s or received.created_s),
            "size": 0,
            "digest": "",
            "details": _DETAILS,
            **row.extra,
        }
        for row in page.models
    ]
    return {"models": rows}


def _embeddings(result: Embeddings, received: ReceivedRequest) -> dict[str, Any]:
    """One vector for /api/embeddings, a list for /api/embed."""
    vectors = [list(vector) for vector in result.vectors]
    if received.embed is not None and isinstance(received.embed.input, str) and vectors:
        return {"embedding": vectors[0]}
    count = result.usage.input_tokens
    counted = {} if count is None else {"prompt_eval_count": count}
    return {"model": result.model or received.model, "embeddings": vectors, **counted}


_RESULTS = ResultForms(
    models=_models,
    model=_model,
    token_count=lambda count: {"prompt_eval_count": count.input_tokens},
    embeddings=_embeddings,
    health={"version": "0.33.0"},
    health_text="Ollama is running",
)
"""The version is a bare number of three parts: clients compare it. Ollama counts no tokens."""


SERVER = make_server(
    "ollama_native",
    parse_request=parse_request,
    build_error=build_error,
    open_encoder=LineEncoder,
    open_body=_BodyEncoder,
    results=_RESULTS,
    stream_type=lambda received: "application/x-ndjson",
)

"""The server side of generateContent: answers and errors as Google's packages and the Gemini CLI read them.

A stream is server-sent events with `alt=sse`, else one JSON array. Comments and [DONE] break clients. Calls are sent complete,
signatures at their own part, the finish reason and the usage in the last item only.
Source: ../shared/wire/server-side.md sections 3, 4 and 8 (measured with google-genai 3.6.1 and others), read 2026-11-29.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from llm_pure.adapters.dialects.common.make_server import ResultForms, make_server
from llm_pure.adapters.dialects.common.part_encoder import PartEncoder
from llm_pure.adapters.dialects.common.sealing import SIGNATURE, is_signed
from llm_pure.adapters.dialects.common.sent_parts import Sent
from llm_pure.adapters.dialects.common.served_errors import (
    JSON_HEADERS,
    ErrorRow,
    error_row,
    message_of,
    retry_headers,
)
from llm_pure.adapters.dialects.common.served_json import encode_json
from llm_pure.adapters.dialects.gemini_content import wire
from llm_pure.adapters.dialects.gemini_content.server_request import parse_request
from llm_pure.adapters.dialects.gemini_content.stream import FINISH
from llm_pure.adapters.dialects.gemini_content.usage import read_usage
from llm_pure.core.server import ReceivedRequest
from llm_pure.framing.json_codec import json_object
from llm_pure.types.completion import FinishReason, Usage
from llm_pure.types.errors import InvalidRequest, LLMError, retry_after_s
from llm_pure.types.http import HttpResponse
from llm_pure.types.media import base64_text
from llm_pure.types.messages import Audio, Document, Image, Opaque, Video
from llm_pure.types.operations import Embeddings, ModelInfo, ModelPage

_REASONS: Mapping[FinishReason, str] = {
    "stop": "STOP",
    "length": "MAX_TOKENS",
    "tool_calls": "STOP",
    "content_filter": "SAFETY",
    "refusal": "STOP",
    "pause": "CONTINUATION",
    "error": "MALFORMED_RESPONSE",
    "unknown": "STOP",
}
"""Finish reason -> the wire's value. A refusal without a text of its own, as Anthropic's, is "SAFETY"."""

ERRORS: Mapping[str, ErrorRow] = {
    "unsupported": ErrorRow(400, "INVALID_ARGUMENT"),
    "invalid_request": ErrorRow(400, "INVALID_ARGUMENT"),
    "authentication": ErrorRow(401, "UNAUTHENTICATED"),
    "permission": ErrorRow(403, "PERMISSION_DENIED"),
    "not_found": ErrorRow(404, "NOT_FOUND"),
    "rate_limited": ErrorRow(429, "RESOURCE_EXHAUSTED"),
    "quota": ErrorRow(429, "RESOURCE_EXHAUSTED"),
    "budget_exceeded": ErrorRow(429, "RESOURCE_EXHAUSTED"),
    "context_length": ErrorRow(400, "INVALID_ARGUMENT"),
    "content_filtered": ErrorRow(400, "INVALID_ARGUMENT"),
    "overloaded": ErrorRow(503, "UNAVAILABLE"),
    "server_error": ErrorRow(500, "INTERNAL"),
    "timeout": ErrorRow(504, "DEADLINE_EXCEEDED"),
    "connection": ErrorRow(502, "INTERNAL"),
    "protocol": ErrorRow(502, "INTERNAL"),
    "stream_interrupted": ErrorRow(502, "INTERNAL"),
}
"""Kind of an LLMError -> status and google.rpc code. Source: ../shared/wire/server-side.md 4.3, read 2026-11-29."""

_DAILY_QUOTA = "GenerateRequestsPerDayPerProjectPerModel"
"""The id of a quota for which the Gemini CLI stops: it has PerDay in it."""
_TOO_LONG = "The input token count exceeds the maximum number of tokens allowed"
_OF_CANDIDATE = frozenset(
    {
        "avgLogprobs", "citationMetadata", "finishMessage", "groundingAttributions", "groundingMetadata", "safetyRatings",
        "tokenCount", "urlContextMetadata",
    }
)  # fmt: skip
_OF_LOGPROBS = frozenset({"chosenCandidates", "logProbabilitySum", "topCandidates"})
"""Extra fields that stand in a candidate, and in its `logprobsResult`."""


def build_error(error: LLMError, received: ReceivedRequest) -> HttpResponse:
    """The response of an error. A blocked prompt is an answer without candidates, as Google sends it."""
    if error.kind == "content_filtered":
        return HttpResponse(200, JSON_HEADERS, encode_json(_blocked(error)))
    status = error_row(error, ERRORS).status
    headers = (*JSON_HEADERS, *retry_headers(error, status))
    return HttpResponse(status, headers, encode_json({"error": _error_object(error)}))


def _blocked(error: LLMError) -> dict[str, Any]:
    reason = error.code if error.code and error.code.isupper() else "OTHER"
    return {"promptFeedback": {"blockReason": reason, "blockReasonMessage": message_of(error)}}


def _error_object(error: LLMError) -> dict[str, Any]:
    row = error_row(error, ERRORS)
    text = message_of(error)
    details: list[dict[str, Any]] = []
    wait_s = retry_after_s(error)
    if wait_s is not None:
        details.append(
            {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{wait_s:g}s"}
        )
    if error.kind in ("quota", "budget_exceeded"):
        violation = {"quotaId": _DAILY_QUOTA, "description": text}
        kind = "type.googleapis.com/google.rpc.QuotaFailure"
        details.append({"@type": kind, "violations": [violation]})
    if isinstance(error, InvalidRequest) and error.param:
        violation = {"field": error.param, "description": text}
        kind = "type.googleapis.com/google.rpc.BadRequest"
        details.append({"@type": kind, "fieldViolations": [violation]})
    if error.kind == "context_length" and "token" not in text:
        text = f"{_TOO_LONG}: {text}"
    return {"code": row.status, "message": text, "status": row.type, "details": details}


class ContentEncoder(PartEncoder):
    """Events -> items of a stream."""

    one_choice = False
    complete_calls = True
    carrier = "signatures"

    def __init__(self, received: ReceivedRequest) -> None:
        super().__init__(received)
        self.is_array = received.framing == "json_array"
        self.items = 0
        self.text: list[str] = []
        self.text_part: Sent | None = None
        """The part whose text was kept back, so that a signature of the same `encode` goes with it."""

    def begin_response(self) -> None:
        names = {
            "modelVersion": self.started.model or self.received.model,
            "responseId": self.started.id or self.received.response_id,
        }
        self.names = {name: value for name, value in names.items() if value}

    def send_item(self, item: Mapping[str, Any]) -> None:
        """Send one item."""
        data = encode_json(item)
        if self.is_array:
            self.out += (b",\r\n" if self.items else b"[", data)
        else:
            self.out += (b"data: ", data, b"\r\n\r\n")
        self.items += 1

    def send_part(self, choice: int, part: Any) -> None:
        """Send one part of a candidate."""
        content = {"role": "model", "parts": [part]}
        self.send_item({"candidates": [{"content": content, "index": choice}], **self.names})

    def begin_part(self, part: Sent) -> None:
        self.flush()
        if part.kind == "refusal":
            self.adapt("message/refusal", "changed", "a refusal is sent as text")

    def add_text(self, part: Sent, text: str) -> None:
        if self.text_part is not part:
            self.flush()
        self.text_part = part
        self.text.append(text)

    def flush(self) -> None:
        part, self.text_part = self.text_part, None
        if part is not None:
            self._send_text(part)

    def _send_text(self, part: Sent, *, is_last: bool = False) -> None:
        text = "".join(self.text)
        self.text.clear()
        value: dict[str, Any] = {"text": text}
        if part.kind == "reasoning":
            value["thought"] = True
            if self.sealer.is_active and not is_last:
                self.send_part(part.choice, value)  # the envelope needs all of the text
                return
            signature = self.native_signature(part)
            value |= {} if signature is None else {SIGNATURE: signature}
            value |= self.native_metadata(part)
        else:
            value |= self._own_fields(part)
        part.metadata, part.signature = {}, None
        if text or len(value) > 1 + (part.kind == "reasoning"):
            self.send_part(part.choice, value)

    def end_part(self, part: Sent) -> None:
        if part.kind == "tool_call":
            self._send_call(part)
            return
        if self.text_part is part:
            self.text_part = None
        self._send_text(part, is_last=True)

    def _own_fields(self, part: Sent) -> dict[str, Any]:
        """The fields beside a text or a call: the provider's own, with another provider's signature in an envelope."""
        has_signature = SIGNATURE in part.metadata or part.kind == "tool_call"
        if not self.sealer.is_active or not has_signature or not is_signed(part):
            return dict(self.native_metadata(part))
        envelope = self.sealer.envelope(part)
        part.carried = envelope is not None
        fields = dict(self.native_metadata(part))
        fields.pop(SIGNATURE, None)
        return {**fields, **({} if envelope is None else {SIGNATURE: envelope})}

    def add_envelope(self, part: Sent, envelope: str) -> None:
        self.flush()
        self.send_part(part.choice, {"text": "", SIGNATURE: envelope})

    def _send_call(self, part: Sent) -> None:
        if self.is_cut(part, "".join(part.arguments)):
            self.drop_cut()
            return
        fields = self._own_fields(part)
        own = fields.pop("functionCall", None)
        args = self.arguments_of(part)
        call = {"id": part.id, "name": part.name, "args": args}
        call |= own if isinstance(own, dict) else {}
        self.send_part(part.choice, {"functionCall": call, **fields})

    def add_complete(self, part: Sent) -> None:
        self.flush()
        value = part.complete
        match value:
            case Image() | Audio() | Document() | Video():
                metadata = value.provider_metadata if self.received.native else None
                fields = (json_object(metadata.json) or {}) if metadata is not None else {}
                media_type = value.media_type or "application/octet-stream"
                if value.data is not None:
                    blob = {"mimeType": media_type, "data": base64_text(value.data)}
                    media: dict[str, Any] = {"inlineData": blob}
                elif value.url:
                    media = {"fileData": {"mimeType": media_type, "fileUri": value.url}}
                else:
                    self.drop_part(part)
                    return
                for key in media:
                    own = fields.pop(key, None)
                    media[key] |= own if isinstance(own, dict) else {}
                self.send_part(part.choice, {**media, **fields})
            case Opaque(json=json) if self.received.native and json_object(json) is not None:
                self.send_part(part.choice, msgspec.Raw(json.encode()))
            case _:
                self.drop_part(part)

    def end_response(self) -> None:
        self.flush()
        candidates: list[dict[str, Any]] = []
        top: dict[str, Any] = {}
        for choice in sorted(self.sequences):
            reason = self.wire_reason(self.sequences[choice], FINISH, _REASONS)
            extra = self.final_extra(choice)
            logprobs = {name: value for name, value in extra.items() if name in _OF_LOGPROBS}
            own = {
                name: value
                for name, value in extra.items()
                if (choice or name in _OF_CANDIDATE) and name not in logprobs
            }
            others = extra.keys() - own.keys() - logprobs.keys()
            top |= {name: extra[name] for name in extra if name in others}
            content = {"role": "model", "parts": [{"text": ""}]}
            candidate = {"content": content, "finishReason": reason, "index": choice, **own}
            candidates.append({**candidate, **({"logprobsResult": logprobs} if logprobs else {})})
        usage = _usage_object(self.usage)
        top = {name: value for name, value in top.items() if name not in wire.KNOWN_FIELDS_BODY}
        self.send_item(
            {
                "candidates": candidates,
                **({} if usage is None else {"usageMetadata": usage}),
                **self.names,
                **top,
            }
        )
        self.end_items()

    def end_items(self) -> None:
        """End the array."""
        if self.is_array:
            self.out.append(b"]")

    def fail(self, error: LLMError) -> None:
        if error.kind == "content_filtered" and not self.items:
            self.send_item(_blocked(error))
        else:
            self.send_item({"error": _error_object(error)})
        self.end_items()

    def keep_alive(self) -> bytes:
        """An empty item; between the items of an array white space."""
        if self.is_closed:
            return b""
        return b"\n" if self.is_array else b"data: {}\r\n\r\n"


class _BodyEncoder(ContentEncoder):
    """Events -> one body."""

    def begin_response(self) -> None:
        super().begin_response()
        self.parts: dict[int, list[Any]] = {}
        self.body: Mapping[str, Any] = {}

    def send_part(self, choice: int, part: Any) -> None:
        self.parts.setdefault(choice, []).append(part)

    def send_item(self, item: Mapping[str, Any]) -> None:
        candidates = item.get("candidates", [])
        for candidate in candidates:
            candidate["content"]["parts"] = self.parts.get(candidate["index"], [])
        self.body = item


def _usage_object(usage: Usage) -> dict[str, Any] | None:
    """The usage; the provider's own object if it has the API's names and says the same. None if it is unknown."""
    raw = usage.raw
    if raw is not None and "promptTokenCount" in raw and read_usage(raw) == usage:
        return raw
    if usage.input_tokens is None and usage.output_tokens is None:
        return None
    sent, answered = usage.input_tokens or 0, usage.output_tokens or 0
    thoughts, cached = usage.reasoning_tokens, usage.cached_input_tokens
    if usage.cache_write_tokens is not None:
        pass  # a part of the prompt, which the API does not count apart
    return {
        "promptTokenCount": sent,
        "candidatesTokenCount": answered - (thoughts or 0),
        **({} if thoughts is None else {"thoughtsTokenCount": thoughts}),
        **({} if cached is None else {"cachedContentTokenCount": cached}),
        "totalTokenCount": sent + answered,
    }


def _stream_type(received: ReceivedRequest) -> str:
    return "text/event-stream" if received.framing == "sse" else "application/json"


_METHODS = ["generateContent", "countTokens"]


def _model(row: ModelInfo, received: ReceivedRequest) -> dict[str, Any]:
    name = row.id if "/" in row.id else f"models/{row.id}"
    fields = {"name": name, "displayName": row.id, "supportedGenerationMethods": _METHODS}
    return {**fields, **row.extra}


def _models(page: ModelPage, received: ReceivedRequest) -> dict[str, Any]:
    token = {"nextPageToken": page.next_page} if page.next_page else {}
    return {"models": [_model(row, received) for row in page.models], **token}


def _embeddings(result: Embeddings, received: ReceivedRequest) -> dict[str, Any]:
    """One vector for embedContent, a list for batchEmbedContents."""
    rows = [{"values": list(vector)} for vector in result.vectors]
    is_one = received.embed is not None and isinstance(received.embed.input, str)
    return {"embedding": rows[0]} if is_one and rows else {"embeddings": rows}


_RESULTS = ResultForms(
    models=_models,
    model=_model,
    token_count=lambda count: {"totalTokens": count.input_tokens},
    embeddings=_embeddings,
)


SERVER = make_server(
    "gemini_content",
    parse_request=parse_request,
    build_error=build_error,
    open_encoder=ContentEncoder,
    open_body=_BodyEncoder,
    results=_RESULTS,
    stream_type=_stream_type,
)

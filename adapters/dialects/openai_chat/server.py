"""The server side of chat completions: answers and errors as OpenAI's packages read them.

The first chunk has the role, the last one with choices the finish reason; usage comes once, in a chunk without choices, and
only if it was requested. Nothing else is repeated: packages concatenate a repeated role, id or name.
Source: ../shared/wire/server-side.md sections 3, 4 and 6 (measured with openai 3.57.0 and others), read 2026-11-29.
"""

from collections.abc import Mapping
from typing import Any

from llm_pure.adapters.dialects.common.make_server import BodyEncoder, ResultForms, make_server
from llm_pure.adapters.dialects.common.part_encoder import PartEncoder
from llm_pure.adapters.dialects.common.sent_parts import Sent
from llm_pure.adapters.dialects.common.served_errors import response_id
from llm_pure.adapters.dialects.common.served_json import encode_json
from llm_pure.adapters.dialects.openai_chat import wire
from llm_pure.adapters.dialects.openai_chat.server_request import parse_request
from llm_pure.adapters.dialects.openai_chat.server_text import (
    USAGE_NAMES,
    TextBodyEncoder,
    TextEncoder,
)
from llm_pure.adapters.dialects.openai_chat.stream import FINISH
from llm_pure.adapters.dialects.openai_common.served import (
    build_error,
    embeddings_object,
    error_object,
    model_list,
    model_row,
    usage_object,
)
from llm_pure.core.server import ReceivedRequest, StreamEncoder
from llm_pure.framing.json_codec import json_object
from llm_pure.types.completion import FinishReason
from llm_pure.types.errors import LLMError
from llm_pure.types.events import ExtraReceived
from llm_pure.types.media import base64_text
from llm_pure.types.messages import Audio, Image, Opaque

_REASONS: Mapping[FinishReason, str] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "content_filter": "content_filter",
    "refusal": "stop",
    "pause": "length",
    "error": "error",
    "unknown": "stop",
}
"""Finish reason -> the wire's value. "error" is no value of OpenAI's: a failed answer must not look like a complete one, nor
must one that its provider has paused. A refusal without a text of its own, as Anthropic's, is a "content_filter"."""

_LOGPROBS = {"logprobs": "content", "refusal_logprobs": "refusal"}
"""Extra field -> its key in `logprobs`."""
_OF_MESSAGE = frozenset({"annotations"})
"""Extra fields that stand in the message."""


class ChatEncoder(PartEncoder):
    """Events -> chunks."""

    one_choice = False
    sequential = False
    carrier = "ids"

    def begin_response(self) -> None:
        self.head = {
            "id": response_id("chatcmpl-", self.started.id, self.received),
            "object": "chat.completion.chunk",
            "created": self.received.created_s,
            "model": self.started.model or self.received.model,
        }
        self._prefix = b"data: " + encode_json(self.head)[:-1]
        self.roles: set[int] = set()
        self.custom_calls: set[tuple[int, int]] = set()
        self.top: dict[str, Any] = {}
        self.texts: dict[tuple[int, str], int] = {}

    def send(self, choice: int, delta: dict[str, Any], **fields: Any) -> None:
        """Send more of a choice."""
        if choice not in self.roles:
            self.roles.add(choice)
            first = {"role": "assistant", "content": ""}
            delta = {**first, **delta}
        entry = {"index": choice, "delta": delta, "finish_reason": None, **fields}
        self.out += (self._prefix, b',"choices":[', encode_json(entry), b"]}\n\n")

    def begin_part(self, part: Sent) -> None:
        if part.kind == "tool_call":
            is_custom = self.native_metadata(part).get("type") == "custom"
            custom = is_custom or part.name in self.custom
            key = "custom" if custom else "function"
            content = {"input": ""} if custom else {"arguments": ""}
            extra = {k: v for k, v in self.native_metadata(part).items() if k != "type"}
            if custom:
                self.custom_calls.add((part.choice, part.call_number))
            call = {
                "index": part.call_number,
                "id": part.id,
                "type": key,
                key: {"name": part.name, **content},
                **extra,
            }
            part.metadata.clear()
            self.send(part.choice, {"tool_calls": [call]})
            return
        before = self.texts.setdefault((part.choice, part.kind), part.index)
        if before != part.index:
            reason = f"a message has one {part.kind}: several are joined"
            self.adapt("message", "changed", reason)

    def add_text(self, part: Sent, text: str) -> None:
        if part.kind == "tool_call":
            custom = (part.choice, part.call_number) in self.custom_calls
            content = {"custom": {"input": text}} if custom else {"function": {"arguments": text}}
            self.send(part.choice, {"tool_calls": [{"index": part.call_number, **content}]})
        else:
            self.send(part.choice, {_KEYS[part.kind]: text})

    def end_part(self, part: Sent) -> None:
        fields = self.native_metadata(part)
        if part.kind == "reasoning":
            if part.signature is not None and self.native_signature(part) is not None:
                self.adapt("message/signature", "dropped", "chat completions have no signature")
            if self.repeats_text(fields):
                reason = "clients would read the text of the details once more"
                self.adapt("message/reasoning_details", "dropped", reason)
            elif fields:
                self.send(part.choice, fields)
        elif fields:
            self.adapt("message/provider_metadata", "dropped", f"{part.kind} has no such fields")

    def repeats_text(self, fields: dict[str, Any]) -> bool:
        """Return whether reasoning details have text, which was sent already."""
        details = fields.get("reasoning_details")
        items = details if isinstance(details, list) else []
        return any(
            isinstance(item, dict) and (item.get("text") or item.get("summary")) for item in items
        )

    def add_complete(self, part: Sent) -> None:
        match part.complete:
            case Audio(data=data, file_id=file_id, transcript=transcript):
                audio = {"id": file_id, "data": base64_text(data or b""), "transcript": transcript}
                kept = {name: value for name, value in audio.items() if value is not None}
                self.send(part.choice, {"audio": {**kept, **_metadata(part)}})
            case Image(data=data, url=url, media_type=media_type) if data is not None or url:
                address = (
                    url or f"data:{media_type or 'image/png'};base64,{base64_text(data or b'')}"
                )
                image = {"type": "image_url", "image_url": {"url": address}}
                self.send(part.choice, {"images": [image]})
            case Opaque(json=json) if self.received.native:
                self.send(part.choice, {"content": [json_object(json) or {}]})
            case _:
                self.drop_part(part)

    def add_extra(self, event: ExtraReceived) -> None:
        if event.name in _LOGPROBS and isinstance(event.value, list) and self.received.native:
            self.begin()
            self.send(event.choice or 0, {}, logprobs={_LOGPROBS[event.name]: event.value})

    def end_response(self) -> None:
        usage = usage_object(self.usage, USAGE_NAMES) if self.received.usage_in_stream else None
        for choice in sorted(self.sequences):
            sequence = self.sequences[choice]
            extra = _beyond(self.final_extra(choice), choice)
            delta = {name: extra.pop(name) for name in list(extra) if name in _OF_MESSAGE}
            reason = self.wire_reason(sequence, FINISH, _REASONS)
            if choice:
                self.send(choice, delta, **{**extra, "finish_reason": reason})
            else:
                self.top = extra
                # simple clients read `choices[0]` of every chunk if they want no usage
                if usage is None:
                    self._prefix = b"data: " + encode_json({**self.head, **extra})[:-1]
                self.send(0, delta, finish_reason=reason)
        if usage is not None:
            last = {**self.head, **self.top, "choices": [], "usage": usage}
            self.out += (b"data: ", encode_json(last), b"\n\n")
        self.out.append(b"data: [DONE]\n\n")

    def fail(self, error: LLMError) -> None:
        self.out += (b"data: ", encode_json({"error": error_object(error)}), b"\n\n")


_KEYS = {"text": "content", "reasoning": "reasoning_content", "refusal": "refusal"}


class _Pieces(list[str]):
    """Pieces of a text, joined at the end."""


class _BodyEncoder(ChatEncoder):
    """Events -> one body."""

    def begin_response(self) -> None:
        super().begin_response()
        self.choices: dict[int, dict[str, Any]] = {}
        self.body: dict[str, Any] = {}

    def send(self, choice: int, delta: dict[str, Any], **fields: Any) -> None:
        entry = self.choices.setdefault(
            choice,
            {"index": choice, "message": {"role": "assistant", "content": None, "refusal": None}},
        )
        message = entry["message"]
        for name, value in delta.items():
            before = message.get(name)
            if name == "tool_calls":
                self._merge_call(message.setdefault(name, []), value[0])
            elif isinstance(value, list):
                if isinstance(before, _Pieces):
                    before = [{"type": "text", "text": "".join(before)}]
                message[name] = before or []
                message[name] += value
            elif isinstance(before, list) and not isinstance(before, _Pieces):
                before.append({"type": "text", "text": value})
            elif isinstance(value, str):
                message[name] = before or _Pieces()
                message[name].append(value)
            else:
                message[name] = value
        entry.setdefault("logprobs", None)
        logprobs = fields.pop("logprobs", None)
        if logprobs:
            entry["logprobs"] = {**(entry["logprobs"] or {}), **logprobs}
        entry |= fields

    def repeats_text(self, fields: dict[str, Any]) -> bool:
        return False  # a body has both, as OpenRouter's has

    def _merge_call(self, calls: list[dict[str, Any]], call: dict[str, Any]) -> None:
        number = call["index"]
        if number == len(calls):
            calls.append({name: value for name, value in call.items() if name != "index"})
            return
        for key in ("function", "custom"):
            for name, text in call.get(key, {}).items():
                calls[number][key][name] += text

    def end_response(self) -> None:
        super().end_response()
        for choice in self.choices.values():
            message = choice["message"]
            message |= {k: "".join(v) for k, v in message.items() if isinstance(v, _Pieces)}
        usage = usage_object(self.usage, USAGE_NAMES)
        self.body = {
            **self.head,
            "object": "chat.completion",
            "choices": list(self.choices.values()),
            **({} if usage is None else {"usage": usage}),
            **self.top,
        }


def _beyond(extra: dict[str, Any], choice: int) -> dict[str, Any]:
    """The fields of the answer, or of a further choice, that have no place yet."""
    known = wire.KNOWN_FIELDS_CHOICE if choice else wire.KNOWN_FIELDS_BODY
    return {
        name: value for name, value in extra.items() if name not in known and name not in _LOGPROBS
    }


def _metadata(part: Sent) -> dict[str, Any]:
    metadata = getattr(part.complete, "provider_metadata", None)
    return {} if metadata is None else json_object(metadata.json) or {}


_RESULTS = ResultForms(
    models=model_list,
    model=model_row,
    token_count=lambda count: {"input_tokens": count.input_tokens},
    embeddings=embeddings_object,
)


def _open_encoder(received: ReceivedRequest) -> StreamEncoder:
    return TextEncoder(received) if received.form == "text" else ChatEncoder(received)


def _open_body(received: ReceivedRequest) -> BodyEncoder:
    return TextBodyEncoder(received) if received.form == "text" else _BodyEncoder(received)


SERVER = make_server(
    "openai_chat",
    parse_request=parse_request,
    build_error=build_error,
    open_encoder=_open_encoder,
    open_body=_open_body,
    results=_RESULTS,
    stream_type=lambda received: "text/event-stream",
    request_id_header="x-request-id",
)

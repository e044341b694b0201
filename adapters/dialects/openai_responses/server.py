"""The server side of the Responses API: answers and errors as OpenAI's packages and Codex read them.

Every item has one id in all its events, and is sent complete in `output_item.done`, where Codex takes it from, and in the
last event, where the packages take it from. The deltas have ids and indexes, since packages differ in what they go by.
Source: ../shared/wire/server-side.md sections 3, 4 and 7 (measured with openai 3.57.0, Codex and others), read 2026-11-29.
"""

from collections.abc import Mapping
from typing import Any

from llm_pure.adapters.dialects.common.make_server import ResultForms, make_server
from llm_pure.adapters.dialects.common.part_encoder import PartEncoder
from llm_pure.adapters.dialects.common.sent_parts import Sent
from llm_pure.adapters.dialects.common.served_errors import (
    message_of,
    response_id,
)
from llm_pure.adapters.dialects.common.served_json import encode_json
from llm_pure.adapters.dialects.openai_common.served import (
    build_error,
    embeddings_object,
    error_object,
    model_list,
    model_row,
    usage_object,
)
from llm_pure.adapters.dialects.openai_responses import wire
from llm_pure.adapters.dialects.openai_responses.server_request import parse_request
from llm_pure.adapters.dialects.openai_responses.stream import FINISH
from llm_pure.framing.json_codec import json_object
from llm_pure.types.completion import FinishReason
from llm_pure.types.errors import LLMError, retry_after_s
from llm_pure.types.events import ExtraReceived
from llm_pure.types.media import base64_text
from llm_pure.types.messages import Image, Opaque

_REASONS: Mapping[FinishReason, str] = {
    "stop": "completed",
    "length": "max_output_tokens",
    "tool_calls": "completed",
    "content_filter": "content_filter",
    "refusal": "completed",
    "pause": "max_output_tokens",
    "error": "failed",
    "unknown": "completed",
}
"""Finish reason -> status, or the reason of an incomplete response. A refusal without a text of its own is a "content_filter"."""

_STATUSES = frozenset({"completed", "failed", "cancelled", "in_progress", "queued"})

_USAGE_NAMES = {
    "input": "input_tokens",
    "output": "output_tokens",
    "input_details": "input_tokens_details",
    "output_details": "output_tokens_details",
}
_LISTS = frozenset({"annotations", "logprobs"})
"""Extra fields that stand in the parts of a message."""


class ResponseEncoder(PartEncoder):
    """Events -> events of the API."""

    keeps_text = True
    carrier = "blocks"

    def begin_response(self) -> None:
        self.sequence_number = 0
        self.items: list[dict[str, Any]] = []
        self.message: dict[str, Any] | None = None
        """The message that further texts join."""
        self.annotations: list[Any] = []
        self.logprobs: list[Any] = []
        self.waiting: list[Any] = []
        """Log probabilities of the next text."""
        self.response: dict[str, Any] = {
            "id": response_id("resp_", self.started.id, self.received),
            "object": "response",
            "created_at": self.received.created_s,
            "status": "in_progress",
            "model": self.started.model or self.received.model,
            "output": [],
            "error": None,
            "incomplete_details": None,
            "instructions": None,
            "metadata": {},
            "parallel_tool_calls": True,
            "temperature": None,
            "tool_choice": "auto",
            "tools": [],
            "top_p": None,
            "usage": None,
        }
        self.send("response.created", {"response": self.response})
        self.send("response.in_progress", {"response": self.response})

    def send(self, kind: str, fields: dict[str, Any]) -> None:
        """Send one event."""
        data = encode_json({"type": kind, "sequence_number": self.sequence_number, **fields})
        self.sequence_number += 1
        self.out += (b"event: ", kind.encode(), b"\ndata: ", data, b"\n\n")

    def item_id(self, prefix: str, part: Sent, fields: Mapping[str, Any]) -> str:
        """The id of an item that begins."""
        known = fields.get("id")
        if isinstance(known, str):
            return known
        return f"{prefix}_{self.response['id']}_{len(self.items)}"

    def add_item(self, item: dict[str, Any]) -> None:
        """Send the beginning of an item."""
        self.items.append(item)
        position = len(self.items) - 1
        self.send("response.output_item.added", {"output_index": position, "item": item})

    def end_item(self, item: dict[str, Any], fields: Mapping[str, Any]) -> None:
        """Send a complete item. Its id stays the one that it began with."""
        kept = item["id"]
        item |= {**fields, "id": kept}
        if fields.get("id") not in (None, kept):
            reason = "the id of an item is known at its end only"
            self.adapt("message/provider_metadata/id", "changed", reason)
        position = len(self.items) - 1
        self.send("response.output_item.done", {"output_index": position, "item": item})

    def address(self, **fields: Any) -> dict[str, Any]:
        """Where an event of the newest item belongs."""
        return {"item_id": self.items[-1]["id"], "output_index": len(self.items) - 1, **fields}

    def begin_part(self, part: Sent) -> None:
        fields = self.native_metadata(part)
        if part.kind in ("text", "refusal"):
            self._begin_text(part, fields)
            return
        self._end_message()
        if part.kind == "reasoning":
            item_id = self.item_id("rs", part, fields)
            self.add_item({"id": item_id, "type": "reasoning", "summary": []})
            return
        custom = fields.get("type") == "custom_tool_call" or part.name in self.custom
        kind, key = ("custom_tool_call", "input") if custom else ("function_call", "arguments")
        call_id, item_id = part.id, self.item_id("ctc" if custom else "fc", part, fields)
        item = {
            "id": item_id,
            "type": kind,
            "status": "in_progress",
            "call_id": call_id,
            "name": part.name,
            key: "",
        }
        self.add_item(item)

    def _begin_text(self, part: Sent, fields: Mapping[str, Any]) -> None:
        own = fields.get("item")
        own = own if isinstance(own, dict) else {}
        before = self.message
        if before is not None and own.get("id") not in (None, before["id"]):
            self._end_message()
        if self.message is None:
            self.message = {
                "id": self.item_id("msg", part, own),
                "type": "message",
                "status": "in_progress",
                "role": "assistant",
                "content": [],
            }
            self.own_fields: dict[str, Any] = {}
            self.add_item(self.message)
        self.annotations, self.logprobs = [], []
        content_index = len(self.message["content"])
        empty: dict[str, Any] = (
            {"type": "refusal", "refusal": ""}
            if part.kind == "refusal"
            else {"type": "output_text", "text": "", "annotations": []}
        )
        position = self.address(content_index=content_index)
        self.send("response.content_part.added", {**position, "part": empty})

    def add_text(self, part: Sent, text: str) -> None:
        item = self.items[-1]
        if part.kind == "tool_call":
            self.send(f"{_call_event(item)}.delta", {**self.address(), "delta": text})
            return
        if part.kind == "reasoning":
            position = self.address(summary_index=0)
            if len(part.pieces) == 1:
                empty = {"type": "summary_text", "text": ""}
                self.send("response.reasoning_summary_part.added", {**position, "part": empty})
            self.send("response.reasoning_summary_text.delta", {**position, "delta": text})
            return
        position = self.address(content_index=len(item["content"]))
        if part.kind == "refusal":
            self.send("response.refusal.delta", {**position, "delta": text})
            return
        logprobs, self.waiting = self.waiting, []
        self.logprobs += logprobs
        self.send("response.output_text.delta", {**position, "delta": text, "logprobs": logprobs})

    def end_part(self, part: Sent) -> None:
        fields = self.native_metadata(part)
        match part.kind:
            case "tool_call":
                self._end_call(part, fields)
            case "reasoning":
                self._end_reasoning(part, fields)
            case _:
                self._end_text(part, fields)

    def _end_call(self, part: Sent, fields: Mapping[str, Any]) -> None:
        item = self.items[-1]
        event, key = _call_event(item), _CALL_KEYS[item["type"]]
        text = part.text
        if not text:
            text = "" if key == "input" else "{}"
            self.send(f"{event}.delta", {**self.address(), "delta": text})
        self.send(f"{event}.done", {**self.address(), "name": part.name, key: text})
        own = {name: value for name, value in fields.items() if name != "type"}
        status = "incomplete" if key == "arguments" and self.is_cut(part, text) else "completed"
        self.end_item(item, {"status": status, **own, key: text})

    def _end_reasoning(self, part: Sent, fields: Mapping[str, Any]) -> None:
        item = self.items[-1]
        if part.text:
            position = self.address(summary_index=0)
            summary = {"type": "summary_text", "text": part.text}
            self.send("response.reasoning_summary_text.done", {**position, "text": part.text})
            self.send("response.reasoning_summary_part.done", {**position, "part": summary})
            if not fields.get("summary") and not fields.get("content"):
                item["summary"] = [summary]
        signature = self.native_signature(part)
        encrypted = {} if signature is None else {"encrypted_content": signature}
        self.end_item(item, {**fields, **encrypted})

    def _end_text(self, part: Sent, fields: Mapping[str, Any]) -> None:
        message = self.message
        if message is None:
            return
        position = self.address(content_index=len(message["content"]))
        own = fields.get("part")
        own = own if isinstance(own, dict) else {}
        if part.kind == "refusal":
            content = {"type": "refusal", "refusal": part.text, **own}
            self.send("response.refusal.done", {**position, "refusal": part.text})
        else:
            logprobs = {"logprobs": self.logprobs} if self.logprobs else {}
            content = {
                "type": "output_text",
                "text": part.text,
                "annotations": self.annotations,
                **logprobs,
                **own,
            }
            done = {**position, "text": part.text, "logprobs": self.logprobs}
            self.send("response.output_text.done", done)
        self.send("response.content_part.done", {**position, "part": content})
        message["content"].append(content)
        item_fields = fields.get("item")
        if isinstance(item_fields, dict):
            self.own_fields = item_fields

    def _end_message(self) -> None:
        message, self.message = self.message, None
        if message is not None:
            self.end_item(message, {"status": "completed", **self.own_fields})

    def add_complete(self, part: Sent) -> None:
        match part.complete:
            case Opaque(json=json) if self.received.native:
                raw = json_object(json) or {}
                self._end_message()
            case Image(data=bytes() as data, provider_metadata=metadata):
                self._end_message()
                native = self.received.native and metadata is not None
                fields = (json_object(metadata.json) or {}) if native and metadata else {}
                raw = {
                    "type": "image_generation_call",
                    "status": "completed",
                    "result": base64_text(data),
                    **fields,
                }
            case _:
                self.drop_part(part)
                return
        item = {"id": self.item_id("item", part, raw), **raw}
        self.add_item(item)
        self.end_item(item, raw)

    def add_envelope(self, part: Sent, envelope: str) -> None:
        self._end_message()
        item: dict[str, Any] = {
            "id": self.item_id("rs", part, {}),
            "type": "reasoning",
            "summary": [],
        }
        self.add_item(item)
        self.end_item(item, {"encrypted_content": envelope})

    def add_extra(self, event: ExtraReceived) -> None:
        if event.name not in _LISTS or not self.received.native:
            return
        if not isinstance(event.value, list):
            return
        if event.name == "logprobs":
            self.begin()
            self.waiting += event.value
            return
        sequence = self.sequences.get(0)
        part = sequence.open if sequence else None
        if part is None or part.kind != "text" or self.message is None:
            return
        for annotation in event.value:
            position = self.address(
                content_index=len(self.message["content"]),
                annotation_index=len(self.annotations),
            )
            self.annotations.append(annotation)
            self.send(
                "response.output_text.annotation.added", {**position, "annotation": annotation}
            )

    def end_response(self) -> None:
        self._end_message()
        value = self.wire_reason(self.sequences[0], FINISH, _REASONS)
        extra = {
            name: field
            for name, field in self.final_extra().items()
            if name not in wire.KNOWN_FIELDS_RESPONSE and name not in _LISTS
        }
        is_status = value in _STATUSES
        self.response |= {
            "incomplete_details": None if is_status else {"reason": value},
            **extra,
            "status": value if is_status else "incomplete",
            "output": self.items,
            "usage": usage_object(self.usage, _USAGE_NAMES, complete=True),
        }
        if value == "failed":
            self.response["error"] = {"code": "server_error", "message": "the model failed"}
        kind = self.response["status"]
        self.send(f"response.{kind}", {"response": self.response})

    def fail(self, error: LLMError) -> None:
        """The `error` event with its flat and its nested form, then the failed response, which Codex reads."""
        self.begin()
        shown = error_object(error)
        wait_s = retry_after_s(error)
        if wait_s is not None and "try again in" not in shown["message"]:
            shown["message"] = f"{message_of(error)} Please try again in {wait_s:g}s."
        flat = {name: shown[name] for name in ("code", "message", "param")}
        self.send("error", {**flat, "error": shown})
        code = shown["code"] or "server_error"
        failed = {"code": code, "message": shown["message"]}
        response = {**self.response, "status": "failed", "error": failed, "output": self.items}
        self.send("response.failed", {"response": response})


def _call_event(item: Mapping[str, Any]) -> str:
    """The name of the events of a call, without its end."""
    return f"response.{item['type']}_{_CALL_KEYS[item['type']]}"


_CALL_KEYS = {"function_call": "arguments", "custom_tool_call": "input"}


class _BodyEncoder(ResponseEncoder):
    """Events -> the response of the last event."""

    @property
    def body(self) -> dict[str, Any]:
        """The response."""
        return self.response

    def send(self, kind: str, fields: dict[str, Any]) -> None:
        pass


_RESULTS = ResultForms(
    models=model_list,
    model=model_row,
    token_count=lambda count: {
        "object": "response.input_tokens",
        "input_tokens": count.input_tokens,
    },
    embeddings=embeddings_object,
)


SERVER = make_server(
    "openai_responses",
    parse_request=parse_request,
    build_error=build_error,
    open_encoder=ResponseEncoder,
    open_body=_BodyEncoder,
    results=_RESULTS,
    stream_type=lambda received: "text/event-stream; charset=utf-8",
    request_id_header="x-request-id",
)

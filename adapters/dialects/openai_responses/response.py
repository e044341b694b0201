"""A buffered response -> Completion. It is read as the last event of a stream, so both give the same Completion.

A response with texts, reasoning and calls alone takes a fast path; a test holds both paths together.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.common.extra_fields import extra_fields
from llm_pure.adapters.dialects.common.token_counts import read_token_count
from llm_pure.adapters.dialects.openai_common.errors import ERROR_SIGNS
from llm_pure.adapters.dialects.openai_common.usage import read_usage
from llm_pure.adapters.dialects.openai_responses import wire
from llm_pure.adapters.dialects.openai_responses.errors import find_error, response_error
from llm_pure.adapters.dialects.openai_responses.items import BETWEEN_THOUGHTS
from llm_pure.adapters.dialects.openai_responses.state import State
from llm_pure.adapters.dialects.openai_responses.stream import FINISH, read_end, read_response
from llm_pure.core.service import AnyService, parse_body, plain_completion, read_json
from llm_pure.framing.json_codec import json_text, plain_json
from llm_pure.types.completion import Completion
from llm_pure.types.events import StreamEvent
from llm_pure.types.http import HttpResponse
from llm_pure.types.messages import Part, ProviderMetadata, Reasoning, Text, ToolCall
from llm_pure.types.operations import TokenCount
from llm_pure.types.rejection import returns_failure


def read_plain_response(service: AnyService, response: HttpResponse) -> Completion | None:
    """The fast path, for an ended response with messages, reasoning and calls of functions alone; None for every other."""
    raw = plain_json(response.body)
    if type(raw) is not dict or not _ODD_FIELDS.isdisjoint(raw) or raw.get("error") is not None:
        return None
    details, usage, reason = raw.get("incomplete_details"), raw.get("usage"), raw.get("status")
    if reason == "incomplete":
        if type(details) is dict:
            reason, details = details.get("reason"), None
    elif reason != "completed":
        return None
    response_id, model, output = raw.get("id"), raw.get("model"), raw.get("output")
    if not (isinstance(response_id, str) and isinstance(model, str) and isinstance(reason, str)):
        return None
    if not reason or details is not None or not isinstance(output, list):
        return None
    if usage is not None and not isinstance(usage, dict):
        return None
    parts = plain_parts(service.name, output)
    if parts is None or (not output and raw.get("output_text")):
        return None
    calls = [part.id for part in parts if type(part) is ToolCall]
    if len({*calls}) < len(calls):
        return None
    return plain_completion(
        service,
        response,
        parts,
        id=response_id,
        model=model,
        reason=reason,
        finish_words=FINISH,
        usage=read_usage(usage) if usage else None,
        extra=extra_fields(raw, wire.KNOWN_FIELDS_RESPONSE),
    )


_ODD_FIELDS = frozenset({"type", "response", *ERROR_SIGNS}) - {"error"}
"""Fields of events, and of errors of gateways."""


def plain_parts(name: str, output: list[Any]) -> list[Part] | None:
    """The parts of plain items; None if one has more."""
    parts: list[Part] = []
    for item in output:
        kind = item.get("type") if type(item) is dict else None
        if kind == "message" and _OF_OTHERS.isdisjoint(item):
            read: Sequence[Part] | None = _plain_texts(name, item)
        elif kind == "reasoning" and _OF_CALLS.isdisjoint(item):
            read = _plain_reasoning(name, item)
        elif kind == "function_call" and _OF_NO_CALL.isdisjoint(item):
            read = _plain_call(name, item)
        else:
            return None
        if read is None:
            return None
        parts.extend(read)
    return parts


_ITEM_FIELDS = frozenset(wire.Item.__struct_fields__)
_OF_OTHERS = _ITEM_FIELDS - {"content"}
_OF_CALLS = _ITEM_FIELDS - {"content", "summary", "encrypted_content"}
_OF_NO_CALL = _ITEM_FIELDS - {"call_id", "name", "arguments"}
"""Fields of items of other types."""


_READ_OF_MESSAGE = frozenset({"type", "role", "content"})
_READ_OF_TEXT = frozenset({"type", "text", "logprobs"})
_READ_OF_THOUGHTS = frozenset({"type", "encrypted_content"})
_READ_OF_CALL = frozenset({"type", "call_id", "name", "arguments"})
"""Fields that are part of the text, the reasoning or the call."""
_NO_LIST: tuple[Any, ...] = (None, [])


def _beyond(raw: wire.JsonObject, read: frozenset[str]) -> wire.JsonObject:
    """`unread_fields`, for a set of names."""
    return {key: value for key, value in raw.items() if value is not None and key not in read}


def _plain_texts(name: str, item: wire.JsonObject) -> Sequence[Part] | None:
    """The texts of a message, without annotations and log probabilities."""
    content = item.get("content")
    if type(content) is not list:
        return None
    own = _beyond(item, _READ_OF_MESSAGE)
    parts: list[Part] = []
    for piece in content:
        if type(piece) is not dict or piece.get("type") != "output_text" or "refusal" in piece:
            return None
        text = piece.get("text")
        annotations, logprobs = piece.get("annotations"), piece.get("logprobs")
        if type(text) is not str or annotations not in _NO_LIST or logprobs not in _NO_LIST:
            return None
        fields = _beyond(piece, _READ_OF_TEXT)
        metadata = json_text({"item": own, "part": fields} if fields else {"item": own})
        parts.append(Text(text, ProviderMetadata(name, metadata)))
    return parts


def _plain_reasoning(name: str, item: wire.JsonObject) -> Sequence[Part] | None:
    """Reasoning: the texts of its content and its summary."""
    content, summary = item.get("content", []), item.get("summary")
    signature = item.get("encrypted_content")
    if not (
        type(content) is type(summary) is list and (signature is None or type(signature) is str)
    ):
        return None
    texts: list[str] = []
    for piece in content + summary:
        if type(piece) is not dict or not piece.keys() <= _OF_THOUGHTS:
            return None
        if type(piece.get("text")) is not str or type(piece.get("type")) is not str:
            return None
        texts.append(piece["text"])
    metadata = json_text(_beyond(item, _READ_OF_THOUGHTS))
    text = BETWEEN_THOUGHTS.join(filter(None, texts))
    return [Reasoning(text, signature or None, ProviderMetadata(name, metadata))]


_OF_THOUGHTS = frozenset({"type", "text"})


def _plain_call(name: str, item: wire.JsonObject) -> Sequence[Part] | None:
    """The call of a function."""
    call_id, function, arguments = item.get("call_id"), item.get("name"), item.get("arguments")
    if not (isinstance(call_id, str) and isinstance(function, str) and isinstance(arguments, str)):
        return None
    if not function or "}{" in arguments or arguments[:1] not in ("{", ""):
        return None
    metadata = json_text(_beyond(item, _READ_OF_CALL))
    call = ToolCall(call_id, function, arguments or "{}", ProviderMetadata(name, metadata))
    return [call]


def _is_response(raw: Any) -> bool:
    """A response that ended before it had any output may have no field for it. Gateways send the last event in its place."""
    return isinstance(raw, dict) and (
        "output" in raw
        or raw.get("object") == "response"
        or "incomplete_details" in raw
        or (str(raw.get("type")) in wire.END_TYPES and isinstance(raw.get("response"), dict))
    )


def _read(
    service: AnyService, raw: dict[str, Any], response: HttpResponse
) -> tuple[State, list[StreamEvent]]:
    if str(raw.get("type")) in wire.END_TYPES:
        return read_end(service, State(), raw, response)
    events: list[StreamEvent] = []
    state = read_response(service, State(), events, raw)
    return replace(state, fault=response_error(service, raw, response)), events


parse_chat = partial(
    parse_body,
    is_response=_is_response,
    read=_read,
    find_error=find_error,
    missing="the response has no output",
)
"""Of a response that failed, the error has the output as `partial`."""


@returns_failure
def parse_count(service: AnyService, response: HttpResponse) -> TokenCount:
    """The count of POST /responses/input_tokens."""
    raw = read_json(service, response, find_error)
    return read_token_count(service, response, raw, "input_tokens", frozenset({"object"}))

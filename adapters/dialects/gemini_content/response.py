"""A buffered response -> Completion. It is read as one item of a stream, by the functions that read streams.

A response with text, thinking and calls alone takes a fast path; a test holds both paths together.
"""

from functools import partial
from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.gemini_content import wire
from llm_pure.adapters.dialects.gemini_content.errors import find_error
from llm_pure.adapters.dialects.gemini_content.frames import (
    ItemDecoder,
    has_candidates,
    normalized,
)
from llm_pure.adapters.dialects.gemini_content.plain_items import step
from llm_pure.adapters.dialects.gemini_content.stream import (
    FINISH,
    State,
    read_body,
)
from llm_pure.adapters.dialects.gemini_content.usage import read_usage
from llm_pure.core.service import AnyService, malformed_response, parse_body, plain_completion
from llm_pure.core.stream import take_step
from llm_pure.framing.json_codec import decode, decode_shallow, json_text, plain_object
from llm_pure.types.completion import Completion
from llm_pure.types.events import StreamEvent
from llm_pure.types.http import HttpResponse
from llm_pure.types.messages import Part, ProviderMetadata, Reasoning, Text, ToolCall
from llm_pure.types.rejection import ok


def _is_response(raw: Any) -> bool:
    if isinstance(raw, list):
        return any(map(has_candidates, raw))
    return isinstance(raw, dict) and (has_candidates(raw) or not raw.get("error"))


def _read(service: AnyService, raw: Any, response: HttpResponse) -> tuple[State, list[StreamEvent]]:
    if isinstance(raw, list):
        return _read_items(service, response)
    raw, data = normalized(raw, response.body)
    body = ok(decode(wire.BODY, data, provider=service.name))
    state, events = read_body(service, response.head, State(), body, raw, buffered=True)
    is_error = find_error(service, raw, response) is not None
    if state.fault is None and not has_candidates(raw) and not is_error:
        message = "the response has no candidates, and no reason for it"
        fault = malformed_response(service, response, message, where="candidates")
        state = replace(state, fault=fault)
    return state, events


parse_chat = partial(
    parse_body,
    is_response=_is_response,
    read=_read,
    find_error=find_error,
    missing="the response is not a JSON object",
)
"""Reads a stream's JSON array too. Fails with ContentFiltered when the prompt was blocked."""


def _read_items(service: AnyService, response: HttpResponse) -> tuple[State, list[StreamEvent]]:
    """Read the JSON array of a stream."""
    decoder, state = ItemDecoder(), State()
    read_item = partial(step, service, response.head)
    events: list[StreamEvent] = []
    for frame in [*decoder.feed(response.body), *decoder.close()]:
        if state.fault is None:
            state, item_events = take_step(read_item, state, frame)
            events += item_events
    return state, events


def read_plain_response(service: AnyService, response: HttpResponse) -> Completion | None:
    """The fast path, for a response with text, thinking and calls alone; None for every other."""
    body = decode_shallow(wire.PLAIN_ANSWER, response.body)
    if body is None:
        return None
    (candidate,) = body.candidates
    parts, reason = _plain_parts(service.name, candidate.content.parts), candidate.finishReason
    if parts is None or not reason:
        return None
    logprobs = candidate.avgLogprobs
    return plain_completion(
        service,
        response,
        parts,
        id=body.responseId,
        model=body.modelVersion,
        reason=reason,
        finish_words=FINISH,
        usage=read_usage(body.usageMetadata) if body.usageMetadata else None,
        extra={} if logprobs is None else {"avgLogprobs": logprobs},
    )


def _plain_parts(name: str, pieces: list[wire.PlainAnswerPart]) -> list[Part] | None:
    """Parts as `parts.read_part` makes them: pieces of one kind without a signature are one part; None for an odd one."""
    parts: list[Part] = []
    texts: list[str] = []
    thinking = False
    for piece in pieces:
        text, signature, call = piece.text, piece.thoughtSignature, piece.functionCall
        is_alone = call is not None or signature is not None
        if texts and (is_alone or (text and piece.thought != thinking)):
            parts.append(_text_part(name, "".join(texts), thinking, None))
            texts = []
        if call is not None:
            arguments = plain_object(call.args) if call.args else "{}"
            if arguments is None or text or piece.thought or not call.name:
                return None
            own: dict[str, Any] = {} if call.id is None else {"functionCall": {"id": call.id}}
            if signature is not None:
                own["thoughtSignature"] = signature
            metadata = ProviderMetadata(name, json_text(own))
            parts.append(ToolCall(call.id or "", call.name, arguments, metadata))
        elif text is None:
            return None
        elif signature is not None:
            parts.append(_text_part(name, text, piece.thought, signature))
        elif text:
            texts.append(text)
            thinking = piece.thought
    if texts:
        parts.append(_text_part(name, "".join(texts), thinking, None))
    return parts


def _text_part(name: str, text: str, thinking: bool, signature: str | None) -> Text | Reasoning:
    if thinking:
        return Reasoning(text, signature, ProviderMetadata(name))
    if signature is None:
        return Text(text)
    return Text(text, ProviderMetadata(name, json_text({"thoughtSignature": signature})))

"""Messages -> the `messages` of /api/chat, and the text and images of one turn.

`content` is one string: text parts are joined by a line break. Images are beside it as bare base64, so their position in
the text is lost. Each tool result becomes a message of its own.
Source: ollama/ollama v0.33.0-rc2, api/types.go (Message), read 2026-11-20.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from llm_pure.adapters.dialects.common.adaptations import changed, dropped
from llm_pure.adapters.dialects.common.message_encoder import no_turns, object_arguments, turns_of
from llm_pure.adapters.dialects.common.turn_rules import Turn, TurnRules
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.service import AnyService
from llm_pure.framing.json_codec import json_object
from llm_pure.types.media import base64_text, document_text
from llm_pure.types.messages import (
    Document,
    Image,
    Message,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from llm_pure.types.rejection import UnsupportedPart


def encode_messages(
    service: AnyService, messages: tuple[Message, ...], adaptations: list[Adaptation]
) -> list[dict[str, Any]]:
    """The wire's messages. Raises Rejected with UnsupportedFeature for a part that Ollama does not support."""
    encoded: list[dict[str, Any]] = []
    tool_names: dict[str, str] = {}  # of the calls so far, by their ids
    try:
        for turn in turns_of(messages, service.name, _RULES, adaptations):
            calls = [part for _, part in turn.parts if isinstance(part, ToolCall)]
            tool_names |= {call.id: call.name for call in calls}
            encoded += _message(service, turn, tool_names, adaptations)
    except UnsupportedPart as part:
        raise part.of_provider(service.name) from None
    if not encoded:
        raise no_turns(service.name)
    return encoded


_RULES = TurnRules(
    paired_results=False,
    result_media=frozenset({Image, Opaque}),
    left_out_if_empty=frozenset(),  # the templates of some models require that user and assistant alternate
    final_assistant="continued",
    reasoning="plain",
)


def _message(
    service: AnyService,
    turn: Turn,
    tool_names: dict[str, str],
    adaptations: list[Adaptation],
) -> list[dict[str, Any]]:
    if turn.name is not None:
        reason = "Ollama's messages have no name"
        adaptations.append(dropped(f"{turn.path}/name", reason, turn.name))
    if turn.role == "assistant":
        return [_assistant(service, turn, adaptations)]
    if turn.role == "tool":
        return [
            _result(service, part, path, tool_names, adaptations)
            for path, part in turn.parts
            if isinstance(part, ToolResult)
        ]
    return [{"role": turn.role, **encode_parts(service, turn.parts, adaptations)}]


def encode_parts(
    service: AnyService, parts: Sequence[tuple[str, Part]], adaptations: list[Adaptation]
) -> dict[str, Any]:
    """{content, images?} of parts and their paths. Raises UnsupportedPart."""
    texts: list[str] = []
    images: list[str] = []
    for part_path, part in parts:
        match part:
            case Text(text=text):
                texts.append(text)
            case Image():
                images.append(_image(part, part_path, adaptations))
            case Document(data=bytes() as data, media_type=declared) if (
                document := document_text(data, declared)
            ) is not None:
                texts.append(document)
                reason = "Ollama takes no files; its text is sent, without its name"
                adaptations.append(changed(part_path, reason, part.name))
            case Refusal(text=text):
                texts.append(text)
            case _:
                raise UnsupportedPart(
                    f"{part_path}: Ollama does not support {type(part).__name__} here"
                )
    encoded: dict[str, Any] = {"content": "\n".join(texts)}
    if images:
        encoded["images"] = images
    return encoded


def _assistant(service: AnyService, turn: Turn, adaptations: list[Adaptation]) -> dict[str, Any]:
    texts: list[str] = []
    thinking: list[str] = []
    images: list[str] = []
    calls: list[dict[str, Any]] = []
    for part_path, part in turn.parts:
        match part:
            case Text(text=text):
                texts.append(text)
            case Refusal(text=text):
                texts.append(text)
                reason = "Ollama has no refusals; sent as text"
                adaptations.append(changed(part_path, reason))
            case Reasoning(text=text):
                thinking.append(text)
            case ToolCall():
                calls.append(_tool_call(service, part, part_path, adaptations))
            case Image():
                images.append(_image(part, part_path, adaptations))
            case _:
                kind = type(part).__name__
                raise UnsupportedPart(f"{part_path}: an assistant message cannot contain {kind}")
    encoded: dict[str, Any] = {"role": "assistant", "content": "".join(texts)}
    if thinking:
        encoded["thinking"] = "".join(thinking)
    if images:
        encoded["images"] = images
    if calls:
        encoded["tool_calls"] = calls
    return encoded


def _tool_call(
    service: AnyService, call: ToolCall, part_path: str, adaptations: list[Adaptation]
) -> dict[str, Any]:
    """The call. Its arguments are an object, sent as the text that the model wrote."""
    arguments = msgspec.Raw(object_arguments(call, part_path, adaptations))
    function = {"name": call.name, "arguments": arguments}
    encoded: dict[str, Any] = {"id": call.id, "function": function}
    if call.provider_metadata is not None and call.provider_metadata.provider == service.name:
        own_fields = json_object(call.provider_metadata.json) or {}
        encoded |= own_fields | {"function": {**function, **(own_fields.get("function") or {})}}
    return encoded


def _result(
    service: AnyService,
    result: ToolResult,
    part_path: str,
    tool_names: dict[str, str],
    adaptations: list[Adaptation],
) -> dict[str, Any]:
    if result.is_error:
        adaptations.append(
            dropped(f"{part_path}/is_error", "Ollama has no error flag for tool results", True)
        )
    parts = [(f"{part_path}/content/{index}", part) for index, part in enumerate(result.content)]
    encoded = {"role": "tool", **encode_parts(service, parts, adaptations)}
    tool_name = result.name or tool_names.get(result.tool_call_id)
    if tool_name:
        encoded["tool_name"] = tool_name
    if result.tool_call_id:
        encoded["tool_call_id"] = result.tool_call_id
    return encoded


def _image(image: Image, part_path: str, adaptations: list[Adaptation]) -> str:
    if image.detail not in (None, "auto"):
        adaptations.append(
            dropped(f"{part_path}/detail", "Ollama has no image detail", image.detail)
        )
    if image.data is None:
        kind = "URL" if image.url is not None else "file id"
        raise UnsupportedPart(f"{part_path}: the image has only a {kind}; Ollama needs the bytes")
    return base64_text(image.data)

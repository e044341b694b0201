"""One wire message -> events: the `message` of a buffered response, or a `delta`, which has more of it.

Reasoning details (`reasoning_replay`) and audio, which come in fragments, are joined at the end.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.common.extra_fields import extra_fields
from llm_pure.adapters.dialects.common.part_identity import NO_CALL, CallHead, Chain, chain_items
from llm_pure.adapters.dialects.openai_chat import wire
from llm_pure.adapters.dialects.openai_chat.state import (
    AUDIO,
    CALLS,
    IMAGES,
    REASONING,
    REFUSAL,
    TEXT,
    State,
    read_reasoning,
)
from llm_pure.framing.json_codec import arguments_text, json_text
from llm_pure.types.events import (
    ExtraReceived,
    Finished,
    PartReceived,
    ProviderMetadataReceived,
    ReasoningDelta,
    RefusalDelta,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
)
from llm_pure.types.media import from_base64_pieces, from_data_url, media_type_of
from llm_pure.types.messages import (
    Audio,
    Image,
    Opaque,
    ProviderMetadata,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
)


def read_message(
    name: str,
    state: State,
    events: list[StreamEvent],
    choice: int,
    message: wire.Message,
    raw: dict[str, Any],
    *,
    complete: bool = False,
) -> State:
    """Append the message's events. `name`: the provider's. `complete`: not a delta, so each of its calls is one call."""
    details = message.reasoning_details or []
    state = read_reasoning(state, events, choice, _reasoning_of(message, details))
    content = message.content
    if isinstance(content, dict):
        content = [content]
    if content and isinstance(content, list):
        state = _content_parts(name, state, events, choice, content)
    elif content is not None and content != "":
        events.append(TextDelta(str(content), _text_index(state, choice), choice))
    if message.refusal:
        events.append(RefusalDelta(message.refusal, REFUSAL, choice))
    for detail in (*details, *(message.thinking_blocks or ()), *(message.reasoning_items or ())):
        state = replace(state, details=(state.details, (choice, detail)))
    if message.audio:
        state = replace(state, audio=(state.audio, (choice, message.audio)))
    for image in message.images or ():
        state = _add_part(state, events, choice, _image(name, image))
    return _tool_calls(
        state, events, choice, message, raw.get("tool_calls") or [], complete=complete
    )


def read_final_message(
    name: str,
    state: State,
    events: list[StreamEvent],
    choice: int,
    message: wire.Message,
    raw: dict[str, Any],
) -> State:
    """Append the parts of a message that repeats at the end of a stream what its deltas had: each replaces its part."""
    parts: list[StreamEvent] = []
    state = read_message(name, state, parts, choice, message, raw, complete=False)
    for event in parts:
        match event:
            case TextDelta(text=text, index=index):
                events.append(PartReceived(Text(text), index, choice))
            case ReasoningDelta(text=text, index=index) if text:
                mark = ProviderMetadata(name, "{}")
                events.append(PartReceived(Reasoning(text, None, mark), index, choice))
            case RefusalDelta(text=text, index=index):
                events.append(PartReceived(Refusal(text), index, choice))
            case ToolCallDelta(arguments=arguments, index=index):
                head: CallHead = state.calls.heads.get(index - CALLS) or NO_CALL
                call = ToolCall(head.id, head.name, arguments or "{}")
                events.append(PartReceived(call, index, choice))
            case _:
                events.append(event)
    return state


def _reasoning_of(message: wire.Message, details: list[dict[str, Any]]) -> str:
    """Reasoning under the names of services and gateways, else the text of reasoning details (MiniMax sends no other).

    Source: OpenRouter, "Reasoning tokens", read 2026-11-20.
    """
    for value in (
        message.reasoning_content, message.reasoning, message.reasoning_text, message.thinking,
    ):  # fmt: skip
        if value:
            text = value if isinstance(value, str) else "".join(_texts(value))
            if text:
                return text
    texts = [detail.get("text") or detail.get("summary") for detail in details]
    return "".join([text for text in texts if isinstance(text, str)])


def _text_index(state: State, choice: int) -> int:
    index: int | None = state.text_indexes.get(choice)
    return TEXT if index is None else index


def _tool_calls(
    state: State,
    events: list[StreamEvent],
    choice: int,
    message: wire.Message,
    raw_calls: list[dict[str, Any]],
    *,
    complete: bool,
) -> State:
    calls = message.tool_calls or ()
    for position, call in enumerate(calls):
        raw = raw_calls[position]
        if _is_hosted(call, raw):
            events.append(ExtraReceived("tool_calls", [raw], True, choice))
            continue
        index = position if call.index is None and len(calls) > 1 else call.index
        function = call.function or wire.Function(call.name)
        custom = call.custom or wire.Custom()
        text = _arguments(function) or _arguments(call) or custom.input or ""
        state, event = read_call_fragment(
            state,
            choice,
            index,
            call.id,
            function.name or custom.name,
            text,
            complete=complete,
        )
        head: CallHead = state.calls.heads.get(event.index - CALLS) or NO_CALL
        if head.id.startswith(wire.HOSTED_ID):
            state = replace(state, plain=False)  # more of it may have no id
            events.append(ExtraReceived("tool_calls", [raw], True, choice))
            continue
        events.append(event)
        extra = {k: v for k, v in raw.items() if k not in wire.KNOWN_FIELDS_CALL and v}
        if call.custom is not None:
            extra["type"] = "custom"
        if extra:
            events.append(ProviderMetadataReceived(json_text(extra), event.index, choice))
    legacy = message.function_call
    if (
        legacy is not None
        and (legacy.name or legacy.arguments)
        and not _repeats(legacy, state, choice, calls)
    ):
        text = arguments_text(legacy.arguments) if legacy.arguments else ""
        state, event = read_call_fragment(
            state, choice, -1, None, legacy.name, text, complete=complete
        )
        events.append(event)
    return state


def _is_hosted(call: wire.ToolCall, raw: dict[str, Any]) -> bool:
    """Whether this reports a tool that the service ran itself: it has its type's name in place of `function`.

    Source: docs.bigmodel.cn, "\u5bf9\u8bdd\u8865\u5168" (Zhipu's MCP servers: {type: mcp, mcp: {type, server_label, name, arguments,
    output}}), read 2026-11-30.
    """
    if call.function or call.custom or call.name:
        return False
    return isinstance(raw.get(str(raw.get("type"))), dict)


def _repeats(
    legacy: wire.Function, state: State, choice: int, calls: Sequence[wire.ToolCall]
) -> bool:
    """Whether a call under the old name is one of `tool_calls` again, of the same message or of an earlier one."""
    if state.calls.parts.find(choice, None, -1) is not None:
        return False
    names = [call.function.name for call in calls if call.function is not None]
    names += [head.name for _, head in state.calls.heads.items()]
    return legacy.name in names or (not legacy.name and bool(names))


def _arguments(holder: wire.Function | wire.ToolCall) -> str:
    for value in (holder.arguments, holder.parameters, holder.input, holder.args):
        if value:
            return value if isinstance(value, str) else arguments_text(value)
    return ""


def _content_parts(
    name: str, state: State, events: list[StreamEvent], choice: int, parts: list[dict[str, Any]]
) -> State:
    """Mistral's content lists: text and thinking; images, and Opaque parts of other types: text after one is a new part.

    Databricks has `summary` in place of `thinking`, and the signature in its items (bifrost#6958, read 2026-11-30).
    """
    for part in parts:
        kind, text = part.get("type"), part.get("text")
        if isinstance(text, dict):  # as in OpenAI's assistants
            text = text.get("value", text)
        if kind in ("text", "output_text", None) and isinstance(text, str):
            if text:
                events.append(TextDelta(text, _text_index(state, choice), choice))
            events += _beside(part, _TEXT_PART_FIELDS, choice)
        elif kind in ("thinking", "reasoning"):
            thinking = part.get("thinking") or part.get("reasoning") or text or part.get("summary")
            state = read_reasoning(state, events, choice, "".join(_texts(thinking)))
            signatures = [holder.get("signature") for holder in (part, *_items(thinking))]
            signature = next((one for one in signatures if one and isinstance(one, str)), None)
            if signature is not None:
                events.append(ReasoningDelta("", REASONING, choice, signature))
            others = [item for item in _items(thinking) if not isinstance(item.get("text"), str)]
            events += _beside(part, _THINKING_FIELDS, choice)
            if others:
                events.append(ExtraReceived("thinking_references", others, True, choice))
        elif kind in _CALLS and isinstance(part.get("name"), str):  # gateways of other APIs
            call = wire.ToolCall(
                name=part["name"], arguments=part.get("arguments"), input=part.get("input")
            )
            call_id = part.get("call_id") or part.get("id")
            call_id = call_id if isinstance(call_id, str) else None
            state, event = read_call_fragment(
                state, choice, None, call_id, call.name, _arguments(call), complete=True
            )
            events.append(event)
        else:
            is_image = kind == "image_url"  # vllm-project/vllm-omni, its tests, read 2026-11-30
            value = _image(name, part) if is_image else Opaque(name, str(kind), json_text(part))
            state = _add_part(state, events, choice, value)
            state = replace(
                state,
                plain=False,
                images=state.images + 1,
                text_indexes=state.text_indexes.put(choice, IMAGES + state.images),
            )
    return state


_CALLS = ("tool_use", "tool_call", "function_call")
_TEXT_PART_FIELDS = frozenset({"type", "text", "index"})
_THINKING_FIELDS = frozenset({"type", "thinking", "reasoning", "summary", "text", "signature"})


def _beside(part: dict[str, Any], known: frozenset[str], choice: int) -> list[ExtraReceived]:
    """The other fields of a part, such as Databricks' citations (litellm 1.110.2, databricks/chat, read 2026-11-30)."""
    extra = extra_fields(part, known)
    return [
        ExtraReceived(key, value, isinstance(value, list), choice) for key, value in extra.items()
    ]


def _items(thinking: Any) -> list[dict[str, Any]]:
    items = thinking if isinstance(thinking, list) else ()
    return [item for item in items if isinstance(item, dict)]


def _texts(value: Any) -> Iterator[str]:
    """The texts of reasoning: of text, an object, or a list of objects."""
    if isinstance(value, str):
        yield value
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, dict):
            text = item.get("text") or item.get("content") or item.get("thinking")
            if isinstance(text, str):
                yield text


def _add_part(state: State, events: list[StreamEvent], choice: int, part: Image | Opaque) -> State:
    events.append(PartReceived(part, IMAGES + state.images, choice))
    return replace(state, images=state.images + 1)


def _image(name: str, image: dict[str, Any]) -> Image | Opaque:
    source = image.get("image_url")
    fields = source if isinstance(source, dict) else {"url": source}
    url, detail = fields.get("url"), fields.get("detail")
    if not isinstance(url, str) or not isinstance(detail, str | None):
        return Opaque(name, "image", json_text(image))
    decoded = from_data_url(url)
    if decoded is None:
        return Image(url=url, detail=detail)
    return Image(data=decoded[0], media_type=decoded[1], detail=detail)


def read_call_fragment(
    state: State,
    choice: int,
    index: int | None,
    call_id: str | None,
    name: str | None,
    arguments: str,
    *,
    complete: bool = False,
) -> tuple[State, ToolCallDelta]:
    """Assign a fragment to the call that it continues, or begin a call. `complete`: it is a call of its own."""
    calls, event = state.calls.read(choice, index, call_id, name, arguments, complete=complete)
    return state if calls is state.calls else replace(state, calls=calls), event


def joined_parts(name: str, state: State) -> Iterator[StreamEvent]:
    """The reasoning details and the audio of each choice, joined."""
    if state.details is not None:
        from llm_pure.adapters.dialects.openai_chat import reasoning_replay  # late: start-up

        for choice, details in _by_choice(state.details).items():
            metadata = json_text(reasoning_replay.reasoning_metadata(details))
            yield ProviderMetadataReceived(metadata, REASONING, choice, "reasoning")
    for choice, fragments in _by_choice(state.audio).items():
        yield PartReceived(_join_audio(name, fragments), AUDIO, choice)


def audio_ends(state: State) -> list[Finished]:
    """The ends of the choices whose audio is complete: services send no reason for them, openai/openai-node#1206, read 2026-11-30."""
    return [
        Finished("stop", choice=choice)
        for choice, fragments in _by_choice(state.audio).items()
        if "expires_at" in fragments[-1]
    ]


def _by_choice(chain: Chain) -> dict[int, list[dict[str, Any]]]:
    by_choice: dict[int, list[dict[str, Any]]] = {}
    for choice, fragment in chain_items(chain):
        by_choice.setdefault(choice, []).append(fragment)
    return by_choice


def _join_audio(name: str, fragments: list[dict[str, Any]]) -> Audio:
    """One Audio of all fragments. Its id is sent back in the next turn; `expires_at` (Unix seconds) is kept."""
    data = from_base64_pieces([str(piece.get("data") or "") for piece in fragments])
    transcript = "".join([str(piece.get("transcript") or "") for piece in fragments])
    last: dict[str, Any] = {}
    for piece in fragments:
        last |= {key: value for key, value in piece.items() if value is not None}
    extra = {key: last[key] for key in last if key not in ("id", "data", "transcript")}
    file_id = last.get("id")
    return Audio(
        data=data or None,
        file_id=file_id if isinstance(file_id, str) else None,
        media_type=media_type_of(data),
        transcript=transcript or None,
        provider_metadata=ProviderMetadata(name, json_text(extra)) if extra else None,
    )

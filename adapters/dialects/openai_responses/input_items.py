"""Messages -> the `input` items of a Responses request.

System messages stay where they are, as items of role `developer` (`system` for models that do not reason): the API's
`instructions` knows one text at the very top, and would move those that come later. What this provider sent goes back
as it came: message items with id and phase, reasoning with its encrypted content, calls with their ids, every other
item whole. Source: openai/openai-openapi 2.3.0 (InputItem), read 2026-11-20.
"""

from collections.abc import Iterator
from typing import Any

from llm_pure.adapters.dialects.openai_responses.content import (
    Unsendable,
    content,
    dropped,
    output_of,
)
from llm_pure.core.adaptations import Adaptation, ModelProfile
from llm_pure.framing.json_codec import json_object
from llm_pure.types.errors import UnsupportedFeature
from llm_pure.types.media import base64_text
from llm_pure.types.messages import (
    Audio,
    Document,
    Image,
    Message,
    Opaque,
    Part,
    ProviderMetadata,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from llm_pure.types.result import Failure, LLMResult, Success

Item = dict[str, Any]
InputItems = tuple[list[Item], tuple[Adaptation, ...]]


def input_items(
    name: str, rule: ModelProfile, messages: tuple[Message, ...], *, stored: bool
) -> LLMResult[InputItems]:
    """The items, and what was left out of them; UnsupportedFeature when a part has no form here.

    stored: the provider keeps answers, so that reasoning is found by its id alone.
    """
    items: list[Item] = []
    told: list[Adaptation] = []
    custom = _custom_calls(name, messages)
    try:
        for place, message in enumerate(messages):
            path = f"messages/{place}"
            if message.name:
                told.append(dropped(f"{path}/name", "messages have no name here"))
            if message.role == "assistant":
                items += _assistant(name, message, path, told, stored=stored)
            else:
                role = message.role
                if role == "system":
                    developer = rule.traits.get("system_role") == "developer"
                    items += _spoken(
                        name, "developer" if developer else "system", message, path, told, custom
                    )
                else:
                    items += _spoken(name, "user", message, path, told, custom)
    except Unsendable as fault:
        return Failure(UnsupportedFeature(message=str(fault), provider=name, feature="messages"))
    return Success((items, tuple(told)))


def _spoken(
    name: str,
    role: str,
    message: Message,
    path: str,
    told: list[Adaptation],
    custom: frozenset[str],
) -> Iterator[Item]:
    """Content between other items is a message; results of tools, and this provider's own items, stand for themselves."""
    run: list[tuple[str, Part]] = []
    for place, part in enumerate(message.parts):
        where = f"{path}/parts/{place}"
        item: Item | None = None
        if isinstance(part, ToolResult):
            item = _result(name, part, where, told, custom)
        elif isinstance(part, Opaque) and _is_item(name, part):
            item = json_object(part.json) or {}
        if item is None:
            run.append((where, part))
            continue
        if run:
            yield {"role": role, "content": content(name, run, told)}
            run = []
        yield item
    if run or not message.parts:
        yield {"role": role, "content": content(name, run, told)}


def _is_item(name: str, part: Opaque) -> bool:
    """Is it an item of its own, and not a part of a message's content?"""
    return part.provider == name and not part.kind.startswith("input_")


def _result(
    name: str, part: ToolResult, where: str, told: list[Adaptation], custom: frozenset[str]
) -> Item:
    kind = "custom_tool_call" if part.tool_call_id in custom else "function_call"
    if part.is_error:
        reason = "there is no mark for a tool that failed; its words must say it"
        told.append(dropped(f"{where}/is_error", reason))
    output = output_of(name, part.content, where, told)
    return {"type": f"{kind}_output", "call_id": part.tool_call_id, "output": output}


def _custom_calls(name: str, messages: tuple[Message, ...]) -> frozenset[str]:
    """The ids of calls of custom tools: their results have a type of their own."""
    return frozenset(
        [
            call.id
            for message in messages
            for call in message.tool_calls
            if _own(name, call.provider_metadata).get("type") == "custom_tool_call"
        ]
    )


def _own(name: str, provider_metadata: ProviderMetadata | None) -> Item:
    """What this provider sent with a part; {} for parts of other origin."""
    return (
        (json_object(provider_metadata.json) or {})
        if provider_metadata and provider_metadata.provider == name
        else {}
    )


def _assistant(
    name: str, message: Message, path: str, told: list[Adaptation], *, stored: bool
) -> list[Item]:
    """The items of one answer, in order.

    The API refuses reasoning without the item that it preceded, and an item, known by its id, without its reasoning:
    so such reasoning is left out, and what follows it goes without ids.
    """
    kept = _kept_reasoning(name, message.parts, stored=stored)
    items: list[Item] = []
    intact = True
    for place, part in enumerate(message.parts):
        where = f"{path}/parts/{place}"
        if isinstance(part, Reasoning):
            intact = place in kept
            if intact:
                items.append(_reasoning(part, _own(name, part.provider_metadata)))
            else:
                told.append(dropped(where, _why_not(name, part, stored=stored)))
            continue
        own = _own(name, getattr(part, "provider_metadata", None)) if intact else {}
        item = _answer_item(name, part, own, where, told)
        if item is not None:
            _append(items, item)
    return items


def _kept_reasoning(name: str, parts: tuple[Part, ...], *, stored: bool) -> frozenset[int]:
    """The places of reasoning that can go back: sendable, and followed by what this provider sent after it."""
    kept: set[int] = set()
    followed = False
    for place, part in reversed(list(enumerate(parts))):
        match part:
            case Reasoning():
                followed = followed and _replayable(name, part, stored=stored)
                if followed:
                    kept.add(place)
            case Opaque(provider=other):
                followed = followed or other == name
            case Text() | Refusal() | ToolCall() | Image():
                followed = (
                    part.provider_metadata is not None and part.provider_metadata.provider == name
                )
            case _:
                followed = False
    return frozenset(kept)


def _replayable(name: str, part: Reasoning, *, stored: bool) -> bool:
    """Reasoning goes back encrypted or in plain; its summary alone tells the model nothing."""
    own = _own(name, part.provider_metadata)
    return bool(own.get("id")) and bool(part.signature or own.get("content") or stored)


def _why_not(name: str, part: Reasoning, *, stored: bool) -> str:
    if part.provider_metadata is None or part.provider_metadata.provider != name:
        return f"it is reasoning of {part.provider_metadata.provider if part.provider_metadata else 'unknown origin'}"
    if not _replayable(name, part, stored=stored):
        return "it is reasoning without encrypted_content, and the provider does not store it"
    return "it is reasoning without the item that followed it"


def _reasoning(part: Reasoning, own: Item) -> Item:
    item: Item = {"type": "reasoning", "summary": [], **own}
    if part.signature is not None:
        item["encrypted_content"] = part.signature
    return item


def _answer_item(
    name: str, part: Part, own: Item, where: str, told: list[Adaptation]
) -> Item | None:
    match part:
        case Text(text=text):
            wire = {"type": "output_text", "text": text, "annotations": [], **own.get("part", {})}
            return _message(own, wire) or {"role": "assistant", "content": text}
        case Refusal(text=text):
            whole = _message(own, {"type": "refusal", "refusal": text, **own.get("part", {})})
            if whole is None:
                reason = "a refusal from elsewhere is told as the assistant's text"
                told.append(Adaptation(field=where, action="changed", reason=reason))
            return whole or {"role": "assistant", "content": text}
        case ToolCall(id=call_id, name=called, arguments=arguments):
            key = "input" if own.get("type") == "custom_tool_call" else "arguments"
            call = {"type": "function_call", "call_id": call_id, "name": called, key: arguments}
            return {**call, **own}
        case Image(data=bytes() as data) if own:
            return {"type": "image_generation_call", **own, "result": base64_text(data)}
        case Image() | Audio() | Document():
            told.append(dropped(where, "an assistant turn holds no media here"))
            return None
        case Opaque(provider=other, kind=kind, json=json):
            if other == name:
                return json_object(json) or {}
            told.append(dropped(where, f"{kind} is for {other} only"))
            return None
        case _:
            raise Unsendable(f"{where}: an assistant turn cannot hold {type(part).__name__} here")


def _message(own: Item, part: Item) -> Item | None:
    """A message item around one part; None when this provider has not sent it so."""
    item = own.get("item")
    if not isinstance(item, dict) or not item.get("id"):
        return None
    head = {"type": "message", "role": "assistant", "status": "completed", **item}
    return {**head, "content": [part]}


def _append(items: list[Item], item: Item) -> None:
    """Parts of one message item are one item again."""
    last = items[-1] if items else {}
    if (
        item.get("type") == "message" == last.get("type")
        and item.get("id") is not None
        and item["id"] == last.get("id")
    ):
        items[-1] = {**last, "content": [*last["content"], *item["content"]]}
    else:
        items.append(item)

"""Messages -> the `input` items of a Responses request.

System messages keep their position, as items of role `developer` (`system` for models that do not reason): the API's
`instructions` is one text at the very top, and would move later ones. What this provider sent is replayed unchanged:
message items with id and phase, reasoning with its encrypted content, calls with their ids, all other items.
Source: openai/openai-openapi 2.3.0 (InputItem), read 2026-11-20.
"""

from collections.abc import Iterator
from typing import Any

from llm_pure.adapters.dialects.common.message_encoder import MessageEncoder
from llm_pure.adapters.dialects.openai_responses.content import encode_content
from llm_pure.adapters.dialects.openai_responses.quirks import Quirks
from llm_pure.core.adaptations import Adaptation, ModelProfile
from llm_pure.core.dialect import Service
from llm_pure.framing.json_codec import json_object
from llm_pure.types.media import base64_text
from llm_pure.types.messages import (
    Audio,
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

Item = dict[str, Any]


def encode_messages(
    service: Service[Quirks],
    profile: ModelProfile,
    messages: tuple[Message, ...],
    adaptations: list[Adaptation],
    *,
    stored: bool,
) -> list[Item]:
    """The items. `stored`: the provider stores responses, so that reasoning can be sent by its id alone.

    Raises Rejected with UnsupportedFeature for a part that the API does not support.
    """
    encoder = _ItemEncoder(service, adaptations)
    encoder.stored = stored
    if profile.traits.get("system_role") == "developer":
        encoder.system_role = "developer"
    encoder.custom_calls = frozenset(
        [
            call.id
            for message in messages
            for call in message.tool_calls
            if encoder.own_fields(call.provider_metadata).get("type") == "custom_tool_call"
        ]
    )
    encoder.add_all(messages)
    return encoder.turns


class _ItemEncoder(MessageEncoder[Quirks]):
    """Encodes messages into items, which are its `turns`."""

    stored = False
    """The provider stores responses."""
    system_role = "system"
    """Role of system messages."""
    custom_calls: frozenset[str] = frozenset()
    """Ids of calls of custom tools: their results have an item type of their own."""

    def add(self, message: Message, path: str) -> None:
        if message.name:
            self.drop(f"{path}/name", "messages have no name here")
        if message.role == "assistant":
            self.turns += self._assistant_items(message, path)
        else:
            role = self.system_role if message.role == "system" else "user"
            self.turns += self._user_items(role, message, path)

    def _user_items(self, role: str, message: Message, path: str) -> Iterator[Item]:
        """Content between other items is a message; results of tools, and this provider's own items, are items."""
        run: list[tuple[str, Part]] = []
        for index, part in enumerate(message.parts):
            part_path = f"{path}/parts/{index}"
            item: Item | None = None
            if isinstance(part, ToolResult):
                item = self._result(part, part_path)
            elif isinstance(part, Opaque) and self._is_item(part):
                item = json_object(part.json) or {}
            if item is None:
                run.append((part_path, part))
                continue
            if run:
                yield {"role": role, "content": encode_content(self.service, run, self.adaptations)}
                run = []
            yield item
        if run or not message.parts:
            yield {"role": role, "content": encode_content(self.service, run, self.adaptations)}

    def _is_item(self, part: Opaque) -> bool:
        """Return true for an item, false for a part of a message's content."""
        return part.provider == self.service.name and not part.kind.startswith("input_")

    def _result(self, part: ToolResult, path: str) -> Item:
        kind = "custom_tool_call" if part.tool_call_id in self.custom_calls else "function_call"
        if part.is_error:
            self.drop(
                f"{path}/is_error",
                "the API has no error flag for tool results; report the error in the text",
            )
        parts = [(f"{path}/content/{index}", item) for index, item in enumerate(part.content)]
        output = encode_content(self.service, parts, self.adaptations)
        return {"type": f"{kind}_output", "call_id": part.tool_call_id, "output": output}

    def _assistant_items(self, message: Message, path: str) -> list[Item]:
        """The items of one response, in order.

        The API rejects reasoning without the item that followed it, and an item with an id without its reasoning:
        so such reasoning is dropped, and what follows it is sent without ids.
        """
        replayed = self._replayed_reasoning(message.parts)
        items: list[Item] = []
        intact = True
        for index, part in enumerate(message.parts):
            part_path = f"{path}/parts/{index}"
            if isinstance(part, Reasoning):
                intact = index in replayed
                if intact:
                    items.append(_reasoning(part, self.own_fields(part.provider_metadata)))
                else:
                    self.drop(part_path, self._why_dropped(part))
                continue
            metadata = getattr(part, "provider_metadata", None) if intact else None
            item = self._assistant_item(part, self.own_fields(metadata), part_path)
            if item is not None:
                _append(items, item)
        return items

    def _replayed_reasoning(self, parts: tuple[Part, ...]) -> frozenset[int]:
        """Indexes of reasoning that can be replayed, and is followed by what this provider sent after it."""
        name = self.service.name
        replayed: set[int] = set()
        followed = False
        for index, part in reversed(list(enumerate(parts))):
            match part:
                case Reasoning():
                    followed = followed and self._is_replayable(part)
                    if followed:
                        replayed.add(index)
                case Opaque(provider=provider):
                    followed = followed or provider == name
                case Text() | Refusal() | ToolCall() | Image():
                    metadata = part.provider_metadata
                    followed = metadata is not None and metadata.provider == name
                case _:
                    followed = False
        return frozenset(replayed)

    def _is_replayable(self, part: Reasoning) -> bool:
        """Reasoning is replayed encrypted or as plain text; its summary alone is of no use to the model."""
        own = self.own_fields(part.provider_metadata)
        return bool(own.get("id")) and bool(part.signature or own.get("content") or self.stored)

    def _why_dropped(self, part: Reasoning) -> str:
        metadata = part.provider_metadata
        if metadata is None or metadata.provider != self.service.name:
            return f"it is reasoning of {metadata.provider if metadata else 'unknown origin'}"
        if not self._is_replayable(part):
            return "it is reasoning without encrypted_content, and the provider does not store it"
        return "it is reasoning without the item that followed it"

    def _assistant_item(self, part: Part, own: Item, path: str) -> Item | None:
        match part:
            case Text(text=text):
                wire = {
                    "type": "output_text",
                    "text": text,
                    "annotations": [],
                    **own.get("part", {}),
                }
                return _message(own, wire) or {"role": "assistant", "content": text}
            case Refusal(text=text):
                item = _message(own, {"type": "refusal", "refusal": text, **own.get("part", {})})
                if item is None:
                    self.change(path, "a refusal of another provider is sent as assistant text")
                return item or {"role": "assistant", "content": text}
            case ToolCall(id=call_id, name=name, arguments=arguments):
                key = "input" if own.get("type") == "custom_tool_call" else "arguments"
                call = {"type": "function_call", "call_id": call_id, "name": name, key: arguments}
                return {**call, **own}
            case Image(data=bytes() as data) if own:
                return {"type": "image_generation_call", **own, "result": base64_text(data)}
            case Image() | Audio() | Document():
                self.drop(path, "an assistant turn holds no media here")
                return None
            case Opaque(provider=provider, kind=kind, json=json):
                if provider == self.service.name:
                    return json_object(json) or {}
                self.drop(path, f"{kind} is for {provider} only")
                return None
            case _:
                kind = type(part).__name__
                raise UnsupportedPart(f"{path}: an assistant turn cannot hold {kind} here")


def _reasoning(part: Reasoning, own: Item) -> Item:
    item: Item = {"type": "reasoning", "summary": [], **own}
    if part.signature is not None:
        item["encrypted_content"] = part.signature
    return item


def _message(own: Item, part: Item) -> Item | None:
    """A message item around one part; None for a part that this provider did not send in a message item."""
    item = own.get("item")
    if not isinstance(item, dict) or not item.get("id"):
        return None
    head = {"type": "message", "role": "assistant", "status": "completed", **item}
    return {**head, "content": [part]}


def _append(items: list[Item], item: Item) -> None:
    """Append the item; parts of one message item become one item again."""
    last = items[-1] if items else {}
    if (
        item.get("type") == "message" == last.get("type")
        and item.get("id") is not None
        and item["id"] == last.get("id")
    ):
        items[-1] = {**last, "content": [*last["content"], *item["content"]]}
    else:
        items.append(item)

"""Messages -> the `input` items of a Responses request.

System messages keep their position, as items of role `developer` (`system` for models that do not reason): the API's
`instructions` is one text at the very top, and would move later ones. What this provider sent is replayed unchanged:
message items with id and phase, reasoning with its encrypted content, calls with their ids, all other items.
Source: openai/openai-openapi 2.3.0 (InputItem), read 2026-11-20.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.common.message_encoder import MessageEncoder
from llm_pure.adapters.dialects.common.replay import reason_not_replayed
from llm_pure.adapters.dialects.common.turn_rules import (
    CacheMarks,
    CallIds,
    Placed,
    Turn,
    TurnRules,
)
from llm_pure.adapters.dialects.openai_responses.content import encode_content
from llm_pure.adapters.dialects.openai_responses.quirks import Quirks
from llm_pure.core.adaptations import Adaptation, ModelProfile
from llm_pure.core.service import Service
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
    Video,
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
    continues: bool = False,
    model: str = "",
) -> list[Item]:
    """The items. `stored`: the provider stores responses, so that reasoning can be sent by its id alone.

    `continues`: the provider has earlier turns, whose calls these results may answer.

    Raises Rejected with UnsupportedFeature for a part that the API does not support.
    """
    marks = service.quirks.cache_marks
    rules = _rules(marks, paired_results=not continues)
    encoder = _ItemEncoder(service, adaptations, rules, model=model)
    encoder.stored = stored
    if profile.traits.get("system_role") == "developer":
        encoder.system_role = "developer"
    encoder.add_all(messages)
    return encoder.turns


_RULES = TurnRules(
    results="anywhere",
    result_media=None,
    left_out_if_empty=frozenset(),
    call_ids=CallIds(max_length=64, description="at most 64 characters"),
    reasoning="items",
)
"""Source: openai/openai-openapi 2.3.0 (call_id of at most 64 characters), read 2026-11-20."""


@lru_cache(maxsize=8)
def _rules(marks: CacheMarks | None, *, paired_results: bool) -> TurnRules:
    return replace(_RULES, cache_marks=marks, paired_results=paired_results)


class _ItemEncoder(MessageEncoder[Quirks]):
    """Encodes messages into items, which are its `turns`."""

    stored = False
    """The provider stores responses."""
    system_role = "system"
    """Role of system messages."""

    def __init__(
        self,
        service: Service[Quirks],
        adaptations: list[Adaptation],
        rules: TurnRules,
        *,
        model: str = "",
    ) -> None:
        super().__init__(service, adaptations, rules, model=model)
        self.custom_calls: set[str] = set()
        """Ids of calls of custom tools: their results have an item type of their own."""

    def add(self, turn: Turn) -> None:
        if turn.name:
            self.drop(f"{turn.path}/name", "messages have no name here")
        if turn.role == "assistant":
            self.turns += self._assistant_items(turn)
        else:
            role = self.system_role if turn.role == "system" else "user"
            self.turns += self._user_items(role, turn)

    def _user_items(self, role: str, turn: Turn) -> Iterator[Item]:
        """Content between other items is a message; results of tools, and this provider's own items, are items."""
        run: list[tuple[str, Part]] = []
        for part_path, part in turn.parts:
            item: Item | None = None
            if isinstance(part, ToolResult):
                item = self._result(part, part_path)
            elif isinstance(part, Opaque) and self._is_item(part):
                item = json_object(part.json) or {}
            if item is None:
                run.append((part_path, part))
                continue
            if run:
                yield {"role": role, "content": encode_content(run)}
                run = []
            yield item
        if run or not turn.parts:
            yield {"role": role, "content": encode_content(run)}

    def _is_item(self, part: Opaque) -> bool:
        """Return true for an item, false for a part of a message's content."""
        return not part.kind.startswith("input_")

    def _result(self, part: ToolResult, path: str) -> Item:
        kind = "custom_tool_call" if part.tool_call_id in self.custom_calls else "function_call"
        if part.is_error:
            self.drop(
                f"{path}/is_error",
                "the API has no error flag for tool results; report the error in the text",
            )
        parts = [(f"{path}/content/{index}", item) for index, item in enumerate(part.content)]
        output = encode_content(parts)
        own = self.own_fields(part.provider_metadata)
        return {"type": f"{kind}_output", "call_id": part.tool_call_id, "output": output, **own}

    def _assistant_items(self, turn: Turn) -> list[Item]:
        """The items of one response, in order.

        The API rejects reasoning without the item that followed it, and an item with an id without its reasoning:
        so such reasoning is dropped, and what follows it is sent without ids.
        """
        items: list[Item] = []
        replayed: frozenset[int] | None = None
        intact = True
        for index, (part_path, part) in enumerate(turn.parts):
            if isinstance(part, Reasoning):
                if replayed is None:
                    replayed = self._replayed_reasoning(turn.parts)
                intact = index in replayed
                if intact:
                    items.append(_reasoning(part, self.own_fields(part.provider_metadata)))
                else:
                    self.drop(part_path, self._why_dropped(part))
                continue
            own = self.own_fields(getattr(part, "provider_metadata", None))
            item = self._assistant_item(part, own if intact else _without_ids(own), part_path)
            if item is not None:
                _append(items, item)
        return items

    def _replayed_reasoning(self, parts: tuple[Placed, ...]) -> frozenset[int]:
        """Indexes of reasoning that can be replayed, and is followed by what this provider sent after it."""
        name = self.service.name
        replayed: set[int] = set()
        followed = False
        for index, (_, part) in reversed(list(enumerate(parts))):
            match part:
                case Reasoning():
                    followed = followed and self._is_replayable(part)
                    if followed:
                        replayed.add(index)
                case Opaque():
                    followed = True
                case Text() | Refusal() | ToolCall() | Image():
                    metadata = part.provider_metadata
                    followed = metadata is not None and metadata.provider == name
                case _:
                    followed = False
        return frozenset(replayed)

    def _is_replayable(self, part: Reasoning) -> bool:
        """Reasoning is replayed encrypted or as plain text; its summary alone is of no use to the model.

        Encrypted reasoning needs no id: opencode sends none (../shared/wire/server-side.md 7.1, read 2026-11-30).
        """
        metadata = part.provider_metadata
        if metadata is None or not self.understands(metadata.provider):
            return False
        own = self.own_fields(part.provider_metadata)
        return bool(part.signature or (own.get("id") and (own.get("content") or self.stored)))

    def _why_dropped(self, part: Reasoning) -> str:
        reason = reason_not_replayed(part, self.service.name, self.rules)
        if reason is not None:
            return reason
        if not self._is_replayable(part):
            return "it is reasoning without encrypted_content, and the provider does not store it"
        return "it is reasoning without the item that followed it"

    def _assistant_item(self, part: Part, own: Item, path: str) -> Item | None:
        match part:
            case Text(text=text) if not own:  # nearly every text
                return {"role": "assistant", "content": text}
            case Text(text=text):
                wire = {
                    "type": "output_text",
                    "text": text,
                    "annotations": [],
                    **own.get("part", {}),
                }
                return _message(own, wire) or {
                    "role": "assistant",
                    "content": text,
                    **_phase(own),
                }
            case Refusal(text=text):
                item = _message(own, {"type": "refusal", "refusal": text, **own.get("part", {})})
                if item is None:
                    self.change(path, "a refusal of another provider is sent as assistant text")
                return item or {"role": "assistant", "content": text}
            case ToolCall(id=call_id, name=name, arguments=arguments):
                key = "arguments"
                if own.get("type") == "custom_tool_call":
                    key = "input"
                    self.custom_calls.add(call_id)
                call = {"type": "function_call", "call_id": call_id, "name": name, key: arguments}
                return {**call, **own}
            case Image(data=bytes() as data) if own:
                return {"type": "image_generation_call", **own, "result": base64_text(data)}
            case Image() | Audio() | Document() | Video():
                self.drop(path, "an assistant turn holds no media here")
                return None
            case Opaque(json=json):
                return json_object(json) or {}
            case _:
                kind = type(part).__name__
                raise UnsupportedPart(f"{path}: an assistant turn cannot hold {kind} here")


def _without_ids(own: Item) -> Item:
    """What is left of an item's own fields without its id: the type of the call, which decides how it is read."""
    return {key: value for key, value in own.items() if key == "type"}


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


def _phase(own: Item) -> Item:
    """The phase of a message without an id, as a user may write it."""
    item = own.get("item")
    phase = item.get("phase") if isinstance(item, dict) else None
    return {} if phase is None else {"phase": phase}


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

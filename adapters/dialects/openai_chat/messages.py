"""Messages -> the `messages` of a chat completion request.

Source: openai/openai-openapi 2.3.0 (ChatCompletionRequestMessage), read 2026-11-20. A message of tool results becomes one
`tool` message per result; media among the results follow in a `user` message, since `tool` messages carry text only.
"""

from typing import Any

from llm_pure.adapters.dialects.common.adaptations import renamed
from llm_pure.adapters.dialects.common.message_encoder import MessageEncoder
from llm_pure.adapters.dialects.openai_chat.parts import encode_content
from llm_pure.adapters.dialects.openai_chat.quirks import Quirks
from llm_pure.adapters.dialects.openai_chat.reasoning_replay import add_reasoning
from llm_pure.adapters.dialects.openai_chat.turns import append_turn, short_id
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.dialect import Service
from llm_pure.framing.json_codec import json_object
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
from llm_pure.types.rejection import UnsupportedPart

JsonObject = dict[str, Any]


def encode_messages(
    service: Service[Quirks],
    messages: tuple[Message, ...],
    adaptations: list[Adaptation],
    *,
    models: str = "",
) -> list[JsonObject]:
    """The wire's messages. `models`: how adaptations name the model's family. Raises Rejected for unsupported parts."""
    encoder = _Encoder(service, adaptations)
    encoder.models = models
    encoder.add_all(messages)
    return encoder.turns


class _Encoder(MessageEncoder[Quirks]):
    """Encodes messages one after another. The quirks are those for the model."""

    models = ""

    def add(self, message: Message, path: str) -> None:
        match message.role:
            case "assistant":
                turns = [self._assistant(message, path)]
            case "tool" | "user":
                turns = self._user_and_results(message, path)
            case "system":
                turns = [self._system(message, path)]
        order = self.service.quirks.turn_order
        if order == "any":
            self.turns += turns
            return
        for turn in turns:
            append_turn(order, self.turns, turn, path, self.adaptations)

    def _system(self, message: Message, path: str) -> JsonObject:
        """A message of role `system`, or of the role that the model supports: `developer` is equivalent, `user` is not."""
        role = self.service.quirks.system_role
        if role == "user":
            reason = f"{self.models} does not support system messages"
            self.change(f"{path}/role", reason, "system", role)
        content = encode_content(self.service, message.parts, path, self.adaptations)
        return {"role": role, "content": content, **self._name(message, path)}

    def _name(self, message: Message, path: str) -> dict[str, str]:
        if not message.name:
            return {}
        if self.service.quirks.message_names:
            return {"name": message.name}
        self.drop(f"{path}/name", f"{self.service.name} does not support names of participants")
        return {}

    def _user_and_results(self, message: Message, path: str) -> list[JsonObject]:
        """A message per tool result, then a user message with the other parts and the results' media."""
        turns: list[JsonObject] = []
        rest: list[Part] = []
        for index, part in enumerate(message.parts):
            if not isinstance(part, ToolResult):
                rest.append(part)
                continue
            if part.is_error:
                reason = "tool messages have no error flag; the text has to mention the error"
                self.drop(f"{path}/parts/{index}/is_error", reason)
            media = [item for item in part.content if not isinstance(item, Text)]
            if media:
                reason = "tool messages carry text only; other parts follow in a user message"
                self.change(path, reason)
                rest += media
            turns.append(self._result(part))
        if rest or not turns:
            content = encode_content(self.service, tuple(rest), path, self.adaptations)
            turns.append({"role": "user", "content": content, **self._name(message, path)})
        return turns

    def _result(self, result: ToolResult) -> JsonObject:
        quirks = self.service.quirks
        call_id = result.tool_call_id
        text = "\n".join([item.text for item in result.content if isinstance(item, Text)])
        turn: JsonObject = {
            "role": "tool",
            "tool_call_id": short_id(call_id) if quirks.nine_char_tool_call_ids else call_id,
            "content": text,
        }
        if quirks.tool_names and result.name:
            turn["name"] = result.name
        return turn

    def _assistant(self, message: Message, path: str) -> JsonObject:
        """One message for the turn: its text, then its calls. Media that a model made cannot be sent back."""
        name, quirks = self.service.name, self.service.quirks
        contents: list[JsonObject] = []
        refusals: list[str] = []
        thoughts: list[Reasoning] = []
        calls: list[JsonObject] = []
        wire: JsonObject = {"role": "assistant"}
        for index, part in enumerate(message.parts):
            part_path = f"{path}/parts/{index}"
            match part:
                case Text(text=text):
                    contents.append({"type": "text", "text": text})
                case Refusal(text=text) if quirks.refusal_key:
                    refusals.append(text)
                case Refusal(text=text):
                    self.change(part_path, f"{name} has no refusals; it is sent as text")
                    contents.append({"type": "text", "text": text})
                case ToolCall():
                    calls.append(self._tool_call(part, part_path))
                case Reasoning(provider_metadata=ProviderMetadata(provider=other)) if other != name:
                    self.drop(part_path, f"it is reasoning of {other}")
                case Reasoning(provider_metadata=None) if quirks.reasoning_replay is None:
                    self.drop(part_path, "reasoning cannot be sent back to this provider")
                case Reasoning():
                    thoughts.append(part)
                case Audio(file_id=str() as file_id):
                    wire["audio"] = {"id": file_id}
                case Image() | Audio() | Document():
                    self.drop(part_path, "assistant messages cannot carry media")
                case Opaque(provider=other, kind=kind) if other != name:
                    self.drop(part_path, f"{kind} is for {other} only")
                case Opaque(json=json):
                    contents.append(json_object(json) or {})
                case _:
                    kind = type(part).__name__
                    raise UnsupportedPart(f"{part_path}: assistant messages cannot carry {kind}")
        if refusals:
            wire["refusal"] = "".join(refusals)
        if any(content.get("type") != "text" for content in contents):
            wire["content"] = contents
        elif contents:
            wire["content"] = "".join([content["text"] for content in contents])
        else:
            empty = quirks.empty_content if calls else ""
            wire["content"] = None if "audio" in wire or refusals else empty
        wire |= self._name(message, path)
        if calls:
            wire["tool_calls"] = calls
        received = [self.own_fields(thought.provider_metadata) for thought in thoughts]
        return add_reasoning(quirks, wire, thoughts, received)

    def _tool_call(self, call: ToolCall, path: str) -> JsonObject:
        """A call of a function, or of a custom tool, whose input is any text."""
        own_fields = self.own_fields(call.provider_metadata)
        kind = "custom" if own_fields.get("type") == "custom" else "function"
        tool = {"name": call.name, "input" if kind == "custom" else "arguments": call.arguments}
        call_id = short_id(call.id) if self.service.quirks.nine_char_tool_call_ids else call.id
        if call_id != call.id:
            reason = f"{self.service.name} requires ids of nine letters and digits"
            self.adaptations.append(renamed(f"{path}/id", reason, call.id, call_id))
        return {"id": call_id, "type": kind, kind: tool, **own_fields}

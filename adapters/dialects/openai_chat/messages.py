"""Messages -> the `messages` of a chat completion request.

Source: openai/openai-openapi 2.3.0 (ChatCompletionRequestMessage), read 2026-11-20. Each tool
result becomes one `tool` message; media among the results follow in a `user` message, since `tool` messages carry text only.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from llm_pure.adapters.dialects.common.adaptations import renamed
from llm_pure.adapters.dialects.common.message_encoder import (
    MessageEncoder,
    mark_fields,
    object_arguments,
)
from llm_pure.adapters.dialects.common.turn_rules import Placed, Turn
from llm_pure.adapters.dialects.openai_chat.quirks import Quirks, turn_rules
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.service import Service
from llm_pure.framing.json_codec import json_object
from llm_pure.types.late_module import LateModule
from llm_pure.types.messages import (
    Audio,
    CacheMark,
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

if TYPE_CHECKING:
    from llm_pure.adapters.dialects.openai_chat import parts as content_parts
    from llm_pure.adapters.dialects.openai_chat import reasoning_replay
else:
    content_parts = LateModule("llm_pure.adapters.dialects.openai_chat.parts")
    reasoning_replay = LateModule("llm_pure.adapters.dialects.openai_chat.reasoning_replay")

JsonObject = dict[str, Any]

MAX_NAME = 64
"""Maximum length of a participant's name."""


def encode_messages(
    service: Service[Quirks],
    messages: tuple[Message, ...],
    adaptations: list[Adaptation],
    *,
    model: str = "",
    models: str = "",
) -> list[JsonObject]:
    """The wire's messages. `models`: how adaptations name the model's family. Raises Rejected for unsupported parts."""
    rules = turn_rules(service.quirks)
    encoder = _Encoder(service, adaptations, rules, model=model)
    encoder.models = models
    encoder.add_all(messages)
    return encoder.turns


class _Encoder(MessageEncoder[Quirks]):
    """Encodes messages one after another. The quirks are those for the model."""

    models = ""

    def add(self, turn: Turn) -> None:
        match turn.role:
            case "assistant":
                self.turns.append(self._assistant(turn))
            case "tool":
                self.turns += [self._result(part, path) for path, part in turn.parts]
            case "user":
                content = self._content(turn.parts)
                self.turns.append({"role": "user", "content": content, **self._name(turn)})
            case "system":
                self.turns.append(self._system(turn))

    def _system(self, turn: Turn) -> JsonObject:
        """A message of role `system`, or of the role that the model supports: `developer` is equivalent, `user` is not."""
        role = self.service.quirks.system_role
        if role == "user":
            reason = f"{self.models} does not support system messages"
            self.change(f"{turn.path}/role", reason, "system", role)
        content = self._content(turn.parts)
        if role != "user" and isinstance(content, list) and not self.service.quirks.media_in_system:
            for (path, part), block in zip(turn.parts, content, strict=True):
                if block.get("type") != "text" and not isinstance(part, Opaque):
                    raise UnsupportedPart(
                        f"{path}: a system message holds text, not {type(part).__name__}"
                    )
        return {"role": role, "content": content, **self._name(turn)}

    def _content(self, parts: Sequence[Placed]) -> str | list[JsonObject]:
        """A string if there is at most one part, of text without a mark; else a list of parts. Raises UnsupportedPart.

        Several such texts are one string too, a line each, where the service takes no list of text alone.
        """
        if not parts:
            return ""
        if len(parts) == 1:
            part = parts[0][1]
            if isinstance(part, Text) and part.cache is None:
                return part.text
        elif not self.service.quirks.text_parts:
            texts = [
                part.text for _, part in parts if isinstance(part, Text) and part.cache is None
            ]
            if len(texts) == len(parts):
                return "\n".join(texts)
        return content_parts.encode_parts(self, parts)

    def _participant(self, turn: Turn) -> str:
        """The name of the participant, with the characters that the service takes."""
        name, invalid = turn.name or "", self.service.quirks.invalid_in_names
        if invalid is None or (len(name) <= MAX_NAME and not invalid.search(name)):
            return name
        valid = invalid.sub("_", name)[:MAX_NAME]
        reason = "names have no spaces and at most 64 characters here"
        self.adaptations.append(renamed(f"{turn.path}/name", reason, name, valid))
        return valid

    def _name(self, turn: Turn) -> dict[str, str]:
        if not turn.name:
            return {}
        if self.service.quirks.message_names:
            return {"name": self._participant(turn)}
        self.drop(
            f"{turn.path}/name", f"{self.service.name} does not support names of participants"
        )
        return {}

    def _result(self, result: Part, path: str) -> JsonObject:
        """A tool message. Its content is a string, or a list if a cache mark is in it."""
        if not isinstance(result, ToolResult):
            raise UnsupportedPart(f"{path}: a tool message holds results only")
        if result.is_error:
            reason = "tool messages have no error flag; the text has to mention the error"
            self.drop(f"{path}/is_error", reason)
        texts = [item for item in result.content if type(item) is Text]
        content: Any = "\n".join([text.text for text in texts])
        if result.cache is not None or any([text.cache for text in texts]):  # noqa: C419
            content = [self.text(text) for text in texts] or [self.text(Text(""))]
            content[-1] |= self.mark(result.cache)
        wire: JsonObject = {
            "role": "tool",
            "tool_call_id": result.tool_call_id,
            "content": content,
        }
        if self.service.quirks.tool_names and result.name:
            wire["name"] = result.name
        return wire

    def text(self, part: Text) -> JsonObject:
        """A part of text, with its cache mark."""
        wire: JsonObject = {"type": "text", "text": part.text}
        return wire if part.cache is None else {**wire, **self.mark(part.cache)}

    def mark(self, mark: CacheMark | None) -> JsonObject:
        """The field of a cache mark, in the service's form."""
        marks = self.rules.cache_marks
        if mark is None or marks is None or marks.key != "prompt_cache_breakpoint":
            return mark_fields(mark)
        ttl = {} if mark.ttl is None else {"ttl": mark.ttl}
        return {"prompt_cache_breakpoint": {"mode": "explicit", **ttl}}

    def _assistant(self, turn: Turn) -> JsonObject:
        """One message for the turn: its text, then its calls. Media that a model made cannot be sent back."""
        name, quirks = self.service.name, self.service.quirks
        contents: list[JsonObject] = []
        refusals: list[str] = []
        thoughts: list[Reasoning] = []
        calls: list[JsonObject] = []
        wire: JsonObject = {"role": "assistant"}
        is_text = True
        for part_path, part in turn.parts:
            match part:
                case Text():
                    contents.append(self.text(part))
                    is_text = is_text and part.cache is None
                case Refusal(text=text) if quirks.refusal_key:
                    refusals.append(text)
                case Refusal(text=text):
                    self.change(part_path, f"{name} has no refusals; it is sent as text")
                    contents.append({"type": "text", "text": text})
                case ToolCall():
                    calls.append(self._tool_call(part, part_path))
                case Reasoning():
                    thoughts.append(part)
                case Audio(file_id=str() as file_id):
                    wire["audio"] = {"id": file_id}
                case Image() | Audio() | Document() | Video():
                    self.drop(part_path, "assistant messages cannot carry media")
                case Opaque(json=json):
                    contents.append(json_object(json) or {})
                    is_text = False
                case _:
                    kind = type(part).__name__
                    raise UnsupportedPart(f"{part_path}: assistant messages cannot carry {kind}")
        if refusals:
            wire["refusal"] = "".join(refusals)
        if not is_text:
            wire["content"] = contents
        elif contents:
            wire["content"] = "".join([content["text"] for content in contents])
        else:
            empty = quirks.empty_content if calls else ""
            wire["content"] = None if "audio" in wire or refusals else empty
        if turn.name:
            wire |= self._name(turn)
        if turn.prefix and self.rules.final_assistant != "continued":
            wire["partial" if self.rules.final_assistant == "partial" else "prefix"] = True
        if calls:
            wire["tool_calls"] = calls
        if not thoughts and not quirks.replay_required:
            return wire
        received = [self.own_fields(thought.provider_metadata) for thought in thoughts]
        return reasoning_replay.add_reasoning(quirks, wire, thoughts, received)

    def _tool_call(self, call: ToolCall, path: str) -> JsonObject:
        """A call of a function, or of a custom tool, whose input is any text."""
        own_fields = self.own_fields(call.provider_metadata)
        kind = "custom" if own_fields.get("type") == "custom" else "function"
        if kind == "custom":
            tool = {"name": call.name, "input": call.arguments}
        elif self.service.quirks.object_arguments:
            arguments = object_arguments(call, path, self.adaptations)
            tool = {"name": call.name, "arguments": arguments}
        else:
            tool = {"name": call.name, "arguments": call.arguments or "{}"}
        return {"id": call.id, "type": kind, kind: tool, **own_fields}

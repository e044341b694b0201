"""Messages -> `system` and `messages` of a request.

Turns of one role that follow each other become one turn, tool results first in it. A block is the wire's own object:
what it had beside the modelled fields (`caller`, `citations` ...) comes back from the part's echo.
Source: anthropic 2.11.0 (types/content_block_param.py), ../shared/wire/anthropic.md section 2; read 2026-11-20.
"""

import re
from typing import Any

from llm_pure.adapters.dialects.anthropic_messages.media import document_source, image_source
from llm_pure.adapters.dialects.anthropic_messages.quirks import Quirks
from llm_pure.adapters.dialects.anthropic_messages.sending import Unsendable, Wrong
from llm_pure.core.adaptations import Adaptation, ModelProfile
from llm_pure.framing.json_codec import json_object
from llm_pure.types.errors import InvalidRequest, UnsupportedFeature
from llm_pure.types.messages import (
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

Block = dict[str, Any]
Turn = dict[str, Any]
Conversation = tuple[list[Block], list[Turn], tuple[Adaptation, ...]]
"""(blocks of `system`, `messages`, what was left out or changed)."""

_NO_ID = re.compile(r"[^A-Za-z0-9_-]")


def encode_messages(
    name: str, quirks: Quirks, rule: ModelProfile, messages: tuple[Message, ...]
) -> LLMResult[Conversation]:
    """UnsupportedFeature for a part without a form here, InvalidRequest for one whose content is wrong; both name its path."""
    writer = _Writer(name, quirks)
    try:
        for place, message in enumerate(messages):
            in_place = bool(rule.traits.get("system_turns")) and _may_stand(messages, place)
            writer.add(message, f"messages/{place}", system_in_place=in_place)
        turns = [_finished(turn) for turn in writer.turns]
    except Unsendable as fault:
        return Failure(UnsupportedFeature(message=str(fault), provider=name, feature="messages"))
    except Wrong as fault:
        return Failure(InvalidRequest(message=str(fault), provider=name, param=fault.path))
    if not turns:
        nothing = "there is nothing to answer: all messages are empty or of the system"
        return Failure(InvalidRequest(message=nothing, provider=name, param="messages"))
    return Success((writer.system, turns, tuple(writer.told)))


def _may_stand(messages: tuple[Message, ...], place: int) -> bool:
    """A system turn stands in the conversation right after a user's, and before none but the model's."""
    before = [one.role for one in messages[:place] if one.role != "system"]
    after = [one.role for one in messages[place:] if one.role != "system"]
    return bool(before) and before[-1] in ("user", "tool") and after[:1] in ([], ["assistant"])


def _finished(turn: Turn) -> Turn:
    """Tool results first, as the API wants them; one plain text as a string."""
    blocks = turn["content"]
    if len(blocks) == 1 and blocks[0].keys() == {"type", "text"}:
        return {**turn, "content": blocks[0]["text"]}
    results = [block for block in blocks if block.get("type") == "tool_result"]
    if results:
        rest = [block for block in blocks if block.get("type") != "tool_result"]
        return {**turn, "content": [*results, *rest]}
    return turn


class _Writer:
    """Takes messages in order, and keeps what they make."""

    def __init__(self, name: str, quirks: Quirks) -> None:
        self._name = name
        self._quirks = quirks
        self.system: list[Block] = []
        self.turns: list[Turn] = []
        self.told: list[Adaptation] = []

    def add(self, message: Message, path: str, *, system_in_place: bool) -> None:
        if message.name:
            self._leave_out(f"{path}/name", "the Messages API has no names for speakers")
        role = "assistant" if message.role == "assistant" else "user"
        if message.role == "system":
            blocks = self._blocks(message.parts, path, self._system)
            if not system_in_place:
                if self.turns and blocks:
                    reason = "instructions stand before the conversation here"
                    self.told.append(Adaptation(field=path, action="changed", reason=reason))
                self.system += blocks
                return
            role = "system"
        elif role == "assistant":
            blocks = self._blocks(message.parts, path, self._assistant)
        else:
            blocks = self._blocks(message.parts, path, self._user)
        if not blocks:
            return
        if self.turns and self.turns[-1]["role"] == role:
            self.turns[-1]["content"] += blocks
        else:
            self.turns.append({"role": role, "content": blocks})

    def _blocks(self, parts: tuple[Part, ...], path: str, write: Any) -> list[Block]:
        made = [write(part, f"{path}/parts/{place}") for place, part in enumerate(parts)]
        return [block for block in made if block is not None]

    def _system(self, part: Part, path: str) -> Block | None:
        if isinstance(part, Text):
            return self._text(part)
        raise Unsendable(f"{path}: instructions are text here, not {type(part).__name__}")

    def _user(self, part: Part, path: str) -> Block | None:
        match part:
            case ToolResult():
                return self._tool_result(part, path)
            case Refusal(text=text):
                return self._text(Text(text))
            case Text() | Image() | Document() | Opaque():
                return self._shown(part, path)
            case _:
                raise Unsendable(f"{path}: a user turn cannot hold {type(part).__name__} here")

    def _assistant(self, part: Part, path: str) -> Block | None:
        match part:
            case Text():
                return self._text(part)
            case Refusal(text=text):
                return self._text(Text(text))
            case Reasoning():
                return self._thinking(part, path)
            case ToolCall():
                return self._tool_use(part, path)
            case Opaque():
                return self._opaque(part, path)
            case _:
                raise Unsendable(
                    f"{path}: an assistant turn cannot hold {type(part).__name__} here"
                )

    def _shown(self, part: Part, path: str) -> Block | None:
        """What a user turn and a tool result may hold alike."""
        match part:
            case Text():
                return self._text(part)
            case Image(detail=detail, provider_metadata=provider_metadata):
                if detail not in (None, "auto"):
                    self._leave_out(f"{path}/detail", "the Messages API has no detail of images")
                return {
                    "type": "image",
                    "source": image_source(part, path),
                    **self._own(provider_metadata),
                }
            case Document(name=title, provider_metadata=provider_metadata):
                block = {"type": "document", "source": document_source(part, path)}
                if title is not None:
                    block["title"] = title
                return {**block, **self._own(provider_metadata)}
            case Opaque():
                return self._opaque(part, path)
            case _:
                raise Unsendable(f"{path}: there is no form for {type(part).__name__} here")

    def _text(self, part: Text) -> Block | None:
        """None for no words: the API refuses empty text blocks."""
        if not part.text:
            return None
        return {"type": "text", "text": part.text, **self._own(part.provider_metadata)}

    def _thinking(self, part: Reasoning, path: str) -> Block | None:
        if part.provider_metadata is not None and not self._quirks.knows(
            part.provider_metadata.provider, self._name
        ):
            self._leave_out(path, f"it is reasoning of {part.provider_metadata.provider}")
            return None
        if part.signature is None and self._quirks.signed_thinking:
            self._leave_out(path, "thinking without its signature is refused")
            return None
        block = {"type": "thinking", "thinking": part.text, "signature": part.signature or ""}
        return {**block, **self._own(part.provider_metadata)}

    def _tool_use(self, part: ToolCall, path: str) -> Block:
        arguments = json_object(part.arguments) if part.arguments.strip() else {}
        if arguments is None:
            raise Wrong(f"{path}/arguments", "a tool's input is a JSON object here")
        wire_id = self._id(part.id, f"{path}/id")
        block = {"type": "tool_use", "id": wire_id, "name": part.name, "input": arguments}
        return {**block, **self._own(part.provider_metadata)}

    def _tool_result(self, part: ToolResult, path: str) -> Block:
        block: Block = {
            "type": "tool_result",
            "tool_use_id": self._id(part.tool_call_id, f"{path}/tool_call_id"),
        }
        shown = [
            self._shown(one, f"{path}/content/{place}") for place, one in enumerate(part.content)
        ]
        content = [one for one in shown if one is not None]
        if len(content) == 1 and content[0].keys() == {"type", "text"}:
            block["content"] = content[0]["text"]
        elif content:
            block["content"] = content
        if part.is_error:
            block["is_error"] = True
        return {**block, **self._own(part.provider_metadata)}

    def _opaque(self, part: Opaque, path: str) -> Block | None:
        if not self._quirks.knows(part.provider, self._name):
            self._leave_out(path, f"{part.kind} is for {part.provider} only")
            return None
        block = json_object(part.json)
        if block is None:
            raise Wrong(f"{path}/json", "an opaque part is a JSON object")
        return block

    def _own(self, provider_metadata: ProviderMetadata | None) -> Block:
        if provider_metadata is None or not self._quirks.knows(
            provider_metadata.provider, self._name
        ):
            return {}
        return json_object(provider_metadata.json) or {}

    def _id(self, call_id: str, path: str) -> str:
        """Ids are letters, digits, hyphen and underscore here; other services send more."""
        wire_id = _NO_ID.sub("_", call_id)
        if wire_id != call_id:
            self.told.append(
                Adaptation(
                    field=path,
                    action="renamed",
                    reason="an id is letters, digits, hyphen and underscore here",
                    before=call_id,
                    after=wire_id,
                )
            )
        return wire_id

    def _leave_out(self, path: str, reason: str) -> None:
        self.told.append(Adaptation(field=path, action="dropped", reason=reason))

"""Messages -> `system` and `messages` of a request.

Consecutive turns of one role become one turn, tool results first in it. Fields of a block beyond this library's model
(`caller`, `citations` ...) are replayed from the part's provider_metadata.
Source: anthropic 2.11.0 (types/content_block_param.py), ../shared/wire/anthropic.md section 2; read 2026-11-20.
"""

import re
from collections.abc import Callable
from typing import Any

from llm_pure.adapters.dialects.anthropic_messages.media import (
    document_source,
    image_source,
    invalid_part,
)
from llm_pure.adapters.dialects.anthropic_messages.quirks import Quirks, understands
from llm_pure.adapters.dialects.common.adaptations import renamed
from llm_pure.adapters.dialects.common.message_encoder import MessageEncoder
from llm_pure.core.adaptations import Adaptation, ModelProfile
from llm_pure.core.dialect import Service
from llm_pure.framing.json_codec import json_object
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

Block = dict[str, Any]

_NOT_IN_IDS = re.compile(r"[^A-Za-z0-9_-]")


def encode_messages(
    service: Service[Quirks],
    profile: ModelProfile,
    messages: tuple[Message, ...],
    adaptations: list[Adaptation],
) -> tuple[list[Block], list[Block]]:
    """(blocks of `system`, `messages`).

    Raises Rejected with UnsupportedFeature for a part that the API does not support, with InvalidRequest for a part whose
    content is wrong and for no messages.
    """
    encoder = _Encoder(service, adaptations)
    if profile.traits.get("system_turns"):
        encoder.system_turns = _system_turns(messages)
    encoder.add_all(messages)
    if not encoder.turns:
        reason = "no messages to send: all are empty or have role 'system'"
        raise invalid_part(service, "messages", reason)
    return encoder.system, [_finish(turn) for turn in encoder.turns]


def _system_turns(messages: tuple[Message, ...]) -> frozenset[str]:
    """The paths of system messages that may be turns: right after a user's turn, and at the end or before the model's."""
    paths: list[str] = []
    pending: list[str] = []
    before = ""
    for index, message in enumerate(messages):
        if message.role == "system":
            pending.append(f"messages/{index}")
            continue
        if before in ("user", "tool") and message.role == "assistant":
            paths += pending
        before, pending = message.role, []
    return frozenset(paths + pending if before in ("user", "tool") else paths)


def _finish(turn: Block) -> Block:
    """Put tool results first, as the API requires; write a single plain text as a string."""
    blocks = turn["content"]
    if _is_plain_text(blocks):
        return {**turn, "content": blocks[0]["text"]}
    blocks.sort(key=lambda block: block.get("type") != "tool_result")
    return turn


def _is_plain_text(blocks: list[Block]) -> bool:
    return len(blocks) == 1 and blocks[0].keys() == {"type", "text"}


class _Encoder(MessageEncoder[Quirks]):
    """Encodes the messages of one request."""

    system_turns: frozenset[str] = frozenset()
    """The paths of system messages that stay in the conversation; others go into `system`."""

    def understands(self, provider: str) -> bool:
        return understands(self.service, provider)

    def add(self, message: Message, path: str) -> None:
        if message.name:
            self.drop(f"{path}/name", "the Messages API has no names for speakers")
        if message.role == "assistant":
            self.add_turn(
                "assistant", self._blocks(message.parts, f"{path}/parts", self._assistant)
            )
        elif message.role != "system":
            self.add_turn("user", self._blocks(message.parts, f"{path}/parts", self._user))
        else:
            blocks = self._blocks(message.parts, f"{path}/parts", self._system)
            if path in self.system_turns:
                self.add_turn("system", blocks)
                return
            if self.turns and blocks:
                self.change(path, "system text is sent before the conversation")
            self.system += blocks

    def _blocks(
        self, parts: tuple[Part, ...], path: str, encode: Callable[[Any, str], Block | None]
    ) -> list[Block]:
        encoded = [encode(part, f"{path}/{index}") for index, part in enumerate(parts)]
        return [block for block in encoded if block is not None]

    def _system(self, part: Part, path: str) -> Block | None:
        if isinstance(part, Text):
            return self._text(part)
        raise UnsupportedPart(f"{path}: a system turn holds text, not {type(part).__name__}")

    def _user(self, part: Part, path: str) -> Block | None:
        match part:
            case ToolResult():
                return self._tool_result(part, path)
            case Refusal(text=text):
                return self._text(Text(text))
            case Text() | Image() | Document() | Opaque():
                return self._content(part, path)
            case _:
                raise UnsupportedPart(f"{path}: a user turn cannot hold {type(part).__name__} here")

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
                raise UnsupportedPart(
                    f"{path}: an assistant turn cannot hold {type(part).__name__} here"
                )

    def _content(self, part: Part, path: str) -> Block | None:
        """A part of a user turn or of a tool result."""
        match part:
            case Text():
                return self._text(part)
            case Image(detail=detail, provider_metadata=metadata):
                if detail not in (None, "auto"):
                    self.drop(f"{path}/detail", "the Messages API has no image detail")
                source = image_source(self.service, part, path)
                return {"type": "image", "source": source, **self.own_fields(metadata)}
            case Document(name=title, provider_metadata=metadata):
                block = {"type": "document", "source": document_source(self.service, part, path)}
                if title is not None:
                    block["title"] = title
                return {**block, **self.own_fields(metadata)}
            case Opaque():
                return self._opaque(part, path)
            case _:
                raise UnsupportedPart(
                    f"{path}: a tool result cannot hold {type(part).__name__} here"
                )

    def _text(self, part: Text) -> Block | None:
        """None for an empty text: the API rejects empty text blocks."""
        if not part.text:
            return None
        return {"type": "text", "text": part.text, **self.own_fields(part.provider_metadata)}

    def _thinking(self, part: Reasoning, path: str) -> Block | None:
        metadata = part.provider_metadata
        if metadata is not None and not self.understands(metadata.provider):
            self.drop(path, f"it is reasoning of {metadata.provider}")
            return None
        if part.signature is None and self.service.quirks.signed_thinking:
            self.drop(path, "thinking without its signature is rejected")
            return None
        block = {"type": "thinking", "thinking": part.text, "signature": part.signature or ""}
        return {**block, **self.own_fields(metadata)}

    def _tool_use(self, part: ToolCall, path: str) -> Block:
        arguments = json_object(part.arguments) if part.arguments.strip() else {}
        if arguments is None:
            reason = "a tool's arguments must be a JSON object"
            raise invalid_part(self.service, f"{path}/arguments", reason)
        wire_id = self._id(part.id, f"{path}/id")
        block = {"type": "tool_use", "id": wire_id, "name": part.name, "input": arguments}
        return {**block, **self.own_fields(part.provider_metadata)}

    def _tool_result(self, part: ToolResult, path: str) -> Block:
        wire_id = self._id(part.tool_call_id, f"{path}/tool_call_id")
        block: Block = {"type": "tool_result", "tool_use_id": wire_id}
        content = self._blocks(part.content, f"{path}/content", self._content)
        if content:
            block["content"] = content[0]["text"] if _is_plain_text(content) else content
        if part.is_error:
            block["is_error"] = True
        return {**block, **self.own_fields(part.provider_metadata)}

    def _opaque(self, part: Opaque, path: str) -> Block | None:
        if not self.understands(part.provider):
            self.drop(path, f"{part.kind} is for {part.provider} only")
            return None
        block = json_object(part.json)
        if block is None:
            raise invalid_part(self.service, f"{path}/json", "an opaque part must be a JSON object")
        return block

    def _id(self, call_id: str, path: str) -> str:
        """The id with other services' further characters replaced."""
        wire_id = _NOT_IN_IDS.sub("_", call_id)
        if wire_id != call_id:
            reason = "ids are letters, digits, hyphens and underscores here"
            self.adaptations.append(renamed(path, reason, call_id, wire_id))
        return wire_id

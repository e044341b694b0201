"""Messages -> Converse's `system` and `messages`.

Every block is an object with one key. Turns of one role are joined, since the service requires alternating user and
assistant turns; a tool's results belong to the user's turn. System text is sent before the conversation.
Source: botocore 1.44.5 (ContentBlock, ToolResultContentBlock), ../shared/wire/bedrock.md section 2; read 2026-11-20.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from llm_pure.adapters.dialects.bedrock_converse.blocks import CITATIONS
from llm_pure.adapters.dialects.bedrock_converse.media import (
    audio_block,
    document_block,
    document_name,
    image_block,
    video_block,
)
from llm_pure.adapters.dialects.bedrock_converse.turns import cache_point, turn_rules
from llm_pure.adapters.dialects.common.adaptations import renamed
from llm_pure.adapters.dialects.common.message_encoder import MessageEncoder, object_arguments
from llm_pure.adapters.dialects.common.turn_rules import Turn, TurnRules
from llm_pure.core.adaptations import Adaptation, ModelProfile
from llm_pure.core.service import AnyService
from llm_pure.framing.json_codec import decode, json_object
from llm_pure.types.messages import (
    Audio,
    Document,
    Image,
    Media,
    Message,
    Opaque,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    ToolResultContent,
    Video,
)
from llm_pure.types.rejection import UnsupportedPart

Block = dict[str, Any]

_RAW_BLOCK = msgspec.json.Decoder(dict[str, msgspec.Raw])
"""A block whose content is replayed byte for byte."""


def encode_messages(
    service: AnyService,
    profile: ModelProfile,
    messages: tuple[Message, ...],
    adaptations: list[Adaptation],
    *,
    model: str = "",
) -> "Encoder":
    """Encode the conversation. Raises Rejected with UnsupportedFeature for a part that Converse does not support."""
    encoder = Encoder(service, adaptations, turn_rules(profile), model=model)
    encoder.traits = profile.traits
    encoder.arranged = encoder.add_all(messages)
    return encoder


class Encoder(MessageEncoder[object]):
    """The encoded conversation: `system`, `turns`, and the tools that it calls."""

    arranged: Sequence[Turn] = ()
    """The conversation as arranged by the rules."""

    def __init__(
        self,
        service: AnyService,
        adaptations: list[Adaptation],
        rules: TurnRules,
        *,
        model: str = "",
    ) -> None:
        super().__init__(service, adaptations, rules, model=model)
        self.traits: Any = {}
        """Traits of the model."""
        self.called: dict[str, Block] = {}
        """Tools that the conversation calls: name -> entry of toolConfig."""
        self._document_names: dict[str, int] = {}

    def add(self, turn: Turn) -> None:
        if turn.name:
            self.drop(f"{turn.path}/name", "Converse has no names for speakers")
        is_system = turn.role == "system"
        if is_system and self.traits.get("system", True) is False:
            reason = "this model takes instructions in user messages only"
            self.adaptations.append(renamed(turn.path, reason))
            is_system = False
        elif is_system and self.turns:
            self.change(turn.path, "system text is sent before the conversation")
        role = "assistant" if turn.role == "assistant" else "user"
        encode = self._user_blocks
        if turn.role != "user":
            blocks_of = {"system": self._system_blocks, "assistant": self._assistant_blocks}
            encode = blocks_of.get(turn.role, encode)
        blocks: list[Block] = []
        for path, part in turn.parts:
            blocks += encode(part, path)
            mark = getattr(part, "cache", None)
            if mark is not None:
                blocks.append(cache_point(mark))
        if is_system:
            self.system += blocks
        else:
            self.add_turn(role, blocks)

    def _system_blocks(self, part: Part, path: str) -> list[Block]:
        match part:
            case Text(text=text):
                return _text(text)
            case Opaque():
                return self._opaque(part, path)
            case _:
                raise UnsupportedPart(f"{path}: system text cannot hold {type(part).__name__}")

    def _user_blocks(self, part: Part, path: str) -> list[Block]:
        match part:
            case ToolResult():
                return [self._result(part, path)]
            case Text(text=text):
                return _text(text)
            case Image() | Audio() | Document() | Video():
                return [self._media(part, path)]
            case Opaque():
                return self._opaque(part, path)
            case _:
                raise UnsupportedPart(f"{path}: a user turn cannot hold {type(part).__name__} here")

    def _assistant_blocks(self, part: Part, path: str) -> list[Block]:
        match part:
            case Text(text=text, provider_metadata=None):  # nearly every text
                return _text(text)
            case Text(text=text, provider_metadata=metadata):
                citations = self.own_fields(metadata).get(CITATIONS)
                if not citations:
                    return _text(text)
                return [{"citationsContent": {"content": _text(text), CITATIONS: citations}}]
            case Refusal(text=text):
                return _text(text)
            case Reasoning():
                return [_reasoning(part)]
            case ToolCall():
                return [self._call(part, path)]
            case Image() | Document() | Video():
                return [self._media(part, path)]
            case Opaque():
                return self._opaque(part, path)
            case _:
                raise UnsupportedPart(
                    f"{path}: an assistant turn cannot hold {type(part).__name__} here"
                )

    def _call(self, call: ToolCall, path: str) -> Block:
        tool = {"name": call.name, "inputSchema": {"json": {"type": "object", "properties": {}}}}
        self.called.setdefault(call.name, {"toolSpec": tool})
        arguments = msgspec.Raw(object_arguments(call, path, self.adaptations).encode())
        use = {"toolUseId": call.id, "name": call.name, "input": arguments}
        return {"toolUse": {**use, **self.own_fields(call.provider_metadata)}}

    def _result(self, result: ToolResult, path: str) -> Block:
        encoded: Block = {
            "toolUseId": result.tool_call_id,
            "content": [
                block
                for index, part in enumerate(result.content)
                for block in self._result_blocks(part, f"{path}/content/{index}")
            ],
        }
        if self.traits.get("tool_result_status", True):
            encoded["status"] = "error" if result.is_error else "success"
        elif result.is_error:
            self.drop(f"{path}/is_error", "this model has no status of tool results")
        return {"toolResult": encoded}

    def _result_blocks(self, part: ToolResultContent, path: str) -> list[Block]:
        match part:
            case Text(text=text) if self.traits.get("tool_result_json"):
                is_object = json_object(text) is not None
                return [{"json": msgspec.Raw(text.encode()) if is_object else {"result": text}}]
            case Text(text=text):
                return _text(text)
            case Image() | Document() | Video():
                return [self._media(part, path)]
            case Opaque():
                return self._opaque(part, path)
            case Audio():
                raise UnsupportedPart(f"{path}: a tool result cannot hold Audio here")

    def _media(self, part: Media, path: str) -> Block:
        if isinstance(part, Image):
            if part.detail not in (None, "auto"):
                self.drop(f"{path}/detail", "Converse has no image detail")
            return image_block(part, path)
        if isinstance(part, Audio):
            return audio_block(part, path)
        if isinstance(part, Video):
            return video_block(part, path)
        name = document_name(part.name, self._document_names)
        if part.name is not None and name != part.name:
            reason = "the service rejects other characters, and duplicate names"
            self.adaptations.append(renamed(f"{path}/name", reason, part.name, name))
        return document_block(part, name, path)

    def _opaque(self, part: Opaque, path: str) -> list[Block]:
        use = (json_object(part.json) or {}).get("toolUse")
        if isinstance(use, dict) and isinstance(use.get("name"), str):
            self.called.setdefault(use["name"], {"systemTool": {"name": use["name"]}})
        encoded = part.json.encode(errors="replace")
        block = decode(_RAW_BLOCK, encoded, provider=self.service.name).value_or(None)
        if block is None:
            raise UnsupportedPart(f"{path}: an opaque part must be a JSON object")
        return [dict(block)]


def _reasoning(part: Reasoning) -> Block:
    block: Block = {"text": part.text}
    if part.signature is not None:
        block["signature"] = part.signature
    return {"reasoningContent": {"reasoningText": block}}


def _text(text: str) -> list[Block]:
    return [{"text": text}]

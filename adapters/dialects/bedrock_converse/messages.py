"""Messages -> Converse's `system` and `messages`.

Every block is an object with one key. Turns of one role are joined, since the service requires alternating user and
assistant turns; a tool's results belong to the user's turn. System text is sent before the conversation.
Source: botocore 1.44.5 (ContentBlock, ToolResultContentBlock), ../shared/wire/bedrock.md section 2; read 2026-11-20.
"""

import re
from typing import Any
from zlib import crc32

import msgspec

from llm_pure.adapters.dialects.bedrock_converse.blocks import CITATIONS
from llm_pure.adapters.dialects.bedrock_converse.media import (
    audio_block,
    document_block,
    document_name,
    image_block,
)
from llm_pure.adapters.dialects.common.adaptations import renamed
from llm_pure.adapters.dialects.common.message_encoder import MessageEncoder
from llm_pure.core.adaptations import Adaptation, ModelProfile
from llm_pure.core.dialect import AnyService
from llm_pure.framing.json_codec import decode, json_object
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
    ToolResultContent,
)
from llm_pure.types.rejection import UnsupportedPart

Block = dict[str, Any]

_RAW_BLOCK = msgspec.json.Decoder(dict[str, msgspec.Raw])
"""A block whose content is replayed byte for byte."""

_ID_LIMIT = 64
_NOT_IN_IDS = re.compile(r"[^A-Za-z0-9_.:-]")


def encode_messages(
    service: AnyService,
    profile: ModelProfile,
    messages: tuple[Message, ...],
    adaptations: list[Adaptation],
) -> "Encoder":
    """Encode the conversation. Raises Rejected with UnsupportedFeature for a part that Converse does not support."""
    encoder = Encoder(service, adaptations)
    encoder.traits = profile.traits
    encoder.add_all(messages)
    return encoder


def wire_id(call_id: str) -> str:
    """A call's id in the service's form: at most 64 letters, digits, `_`, `.`, `:` and `-`.

    >>> wire_id("call_1|fc_2")
    'call_1_fc_2'
    """
    clean = _NOT_IN_IDS.sub("_", call_id)
    if len(clean) <= _ID_LIMIT:
        return clean
    return f"{clean[: _ID_LIMIT - 9]}_{crc32(call_id.encode(errors='replace')):08x}"


class Encoder(MessageEncoder[object]):
    """The encoded conversation: `system`, `turns`, and the tools that it calls."""

    def __init__(self, service: AnyService, adaptations: list[Adaptation]) -> None:
        super().__init__(service, adaptations)
        self.traits: Any = {}
        """Traits of the model."""
        self.called: dict[str, Block] = {}
        """Tools that the conversation calls: name -> entry of toolConfig."""
        self._document_names: set[str] = set()

    def add(self, message: Message, path: str) -> None:
        if message.name:
            self.drop(f"{path}/name", "Converse has no names for speakers")
        is_system = message.role == "system"
        if is_system and self.turns:
            self.change(path, "system text is sent before the conversation")
        role = "assistant" if message.role == "assistant" else "user"
        blocks_of = {"system": self._system_blocks, "assistant": self._assistant_blocks}
        encode = blocks_of.get(message.role, self._user_blocks)
        blocks = [
            block
            for index, part in enumerate(message.parts)
            for block in encode(part, f"{path}/parts/{index}")
        ]
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
            case Image() | Audio() | Document():
                return [self._media(part, path)]
            case Opaque():
                return self._opaque(part, path)
            case _:
                raise UnsupportedPart(f"{path}: a user turn cannot hold {type(part).__name__} here")

    def _assistant_blocks(self, part: Part, path: str) -> list[Block]:
        match part:
            case Text(text=text, provider_metadata=metadata):
                citations = self.own_fields(metadata).get(CITATIONS)
                if not citations:
                    return _text(text)
                return [{"citationsContent": {"content": _text(text), CITATIONS: citations}}]
            case Refusal(text=text):
                return _text(text)
            case Reasoning():
                return self._reasoning(part, path)
            case ToolCall():
                return [self._call(part, path)]
            case Image() | Document():
                return [self._media(part, path)]
            case Opaque():
                return self._opaque(part, path)
            case _:
                raise UnsupportedPart(
                    f"{path}: an assistant turn cannot hold {type(part).__name__} here"
                )

    def _reasoning(self, part: Reasoning, path: str) -> list[Block]:
        metadata = part.provider_metadata
        if metadata is not None and not self.understands(metadata.provider):
            self.drop(path, f"it is reasoning of {metadata.provider}")
            return []
        if self.traits.get("signs_reasoning") and not part.signature:
            self.drop(path, "Claude accepts only reasoning that it has signed")
            return []
        block: Block = {"text": part.text}
        if part.signature is not None:
            block["signature"] = part.signature
        return [{"reasoningContent": {"reasoningText": block}}]

    def _call(self, call: ToolCall, path: str) -> Block:
        tool = {"name": call.name, "inputSchema": {"json": {"type": "object", "properties": {}}}}
        self.called.setdefault(call.name, {"toolSpec": tool})
        arguments = call.arguments.strip() or "{}"
        value: Any = {"INVALID_JSON": call.arguments}
        if json_object(arguments) is None:
            self.change(path, "the arguments are not a JSON object", call.arguments)
        else:
            value = msgspec.Raw(arguments.encode())
        use = {"toolUseId": self._id(call.id, path), "name": call.name, "input": value}
        return {"toolUse": {**use, **self.own_fields(call.provider_metadata)}}

    def _result(self, result: ToolResult, path: str) -> Block:
        encoded: Block = {
            "toolUseId": self._id(result.tool_call_id, path),
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
            case Image() | Document():
                return [self._media(part, path)]
            case Opaque():
                return self._opaque(part, path)
            case Audio():
                raise UnsupportedPart(f"{path}: a tool result cannot hold Audio here")

    def _media(self, part: Image | Audio | Document, path: str) -> Block:
        if isinstance(part, Image):
            if part.detail not in (None, "auto"):
                self.drop(f"{path}/detail", "Converse has no image detail")
            return image_block(part, path)
        if isinstance(part, Audio):
            return audio_block(part, path)
        name = document_name(part.name, self._document_names)
        if part.name is not None and name != part.name:
            reason = "the service rejects other characters, and duplicate names"
            self.adaptations.append(renamed(f"{path}/name", reason, part.name, name))
        return document_block(part, name, path)

    def _opaque(self, part: Opaque, path: str) -> list[Block]:
        if not self.understands(part.provider):
            self.drop(path, f"{part.kind} is for {part.provider} only")
            return []
        use = (json_object(part.json) or {}).get("toolUse")
        if isinstance(use, dict) and isinstance(use.get("name"), str):
            self.called.setdefault(use["name"], {"systemTool": {"name": use["name"]}})
        encoded = part.json.encode(errors="replace")
        block = decode(_RAW_BLOCK, encoded, provider=self.service.name).value_or(None)
        if block is None:
            raise UnsupportedPart(f"{path}: an opaque part must be a JSON object")
        return [dict(block)]

    def _id(self, call_id: str, path: str) -> str:
        encoded = wire_id(call_id)
        if encoded != call_id:
            reason = "ids are at most 64 letters, digits, _ . : and - here"
            self.adaptations.append(renamed(f"{path}/id", reason, call_id, encoded))
        return encoded


def _text(text: str) -> list[Block]:
    """No block for an empty text: the service rejects blank ones."""
    return [{"text": text}] if text else []

"""Messages -> Converse's `system` and `messages`.

Every block is an object with one key, and stands where its part stood. Turns of one role are joined, since the service
wants user and assistant to alternate; a tool's results are the user's. System text stands above the conversation.
Source: botocore 1.44.5 (ContentBlock, ToolResultContentBlock), ../shared/wire/bedrock.md section 2; read 2026-11-20.
"""

import re
from typing import Any
from zlib import crc32

import msgspec

from llm_pure.adapters.dialects.bedrock_converse.blocks import CITATIONS
from llm_pure.adapters.dialects.bedrock_converse.media import (
    Unsendable,
    audio_block,
    document_block,
    document_name,
    image_block,
)
from llm_pure.core.adaptations import Adaptation, ModelProfile
from llm_pure.framing.json_codec import decode, json_object
from llm_pure.types.errors import UnsupportedFeature
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
    ToolResultContent,
)
from llm_pure.types.result import Failure, LLMResult, Success

Block = dict[str, Any]

_RAW_BLOCK = msgspec.json.Decoder(dict[str, msgspec.Raw])
"""A block whose content is sent as it came, to the byte."""

_ID_LIMIT = 64
_NOT_IN_IDS = re.compile(r"[^A-Za-z0-9_.:-]")


class Spoken(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation as Converse takes it. called: the tools that it calls, as entries of toolConfig."""

    system: list[Block]
    messages: list[Block]
    called: tuple[Block, ...] = ()
    adaptations: tuple[Adaptation, ...] = ()


def spoken(name: str, rule: ModelProfile, messages: tuple[Message, ...]) -> LLMResult[Spoken]:
    """The conversation, and what was left out or changed of it; UnsupportedFeature when a part has no form here."""
    writer = _Writer(name, rule)
    try:
        for place, message in enumerate(messages):
            writer.write(message, f"messages/{place}")
    except Unsendable as fault:
        return Failure(UnsupportedFeature(message=str(fault), provider=name, feature="messages"))
    return Success(
        Spoken(
            system=writer.system,
            messages=writer.messages,
            called=tuple(writer.called.values()),
            adaptations=tuple(writer.told),
        )
    )


def wire_id(call_id: str) -> str:
    """A call's id as the service takes it: at most 64 letters, digits, `_`, `.`, `:` and `-`.

    >>> wire_id("call_1|fc_2")
    'call_1_fc_2'
    """
    clean = _NOT_IN_IDS.sub("_", call_id)
    if len(clean) <= _ID_LIMIT:
        return clean
    return f"{clean[: _ID_LIMIT - 9]}_{crc32(call_id.encode(errors='replace')):08x}"


class _Writer:
    """Collects what is to be sent, message by message."""

    def __init__(self, name: str, rule: ModelProfile) -> None:
        self.system: list[Block] = []
        self.messages: list[Block] = []
        self.called: dict[str, Block] = {}
        self.told: list[Adaptation] = []
        self._name = name
        self._rule = rule
        self._document_names: set[str] = set()

    def write(self, message: Message, where: str) -> None:
        if message.name:
            self._tell(f"{where}/name", "dropped", "Converse has no names for speakers")
        if message.role == "system":
            self._write_system(message, where)
            return
        role = "assistant" if message.role == "assistant" else "user"
        content: list[Block] = []
        for place, part in enumerate(message.parts):
            path = f"{where}/parts/{place}"
            content += self._said(part, path) if role == "assistant" else self._given(part, path)
        if self.messages and self.messages[-1]["role"] == role:
            self.messages[-1]["content"] += content
        elif content:
            self.messages.append({"role": role, "content": content})

    def _write_system(self, message: Message, where: str) -> None:
        if self.messages:
            self._tell(where, "changed", "system text stands above the conversation here")
        for place, part in enumerate(message.parts):
            path = f"{where}/parts/{place}"
            if isinstance(part, Text):
                self.system += _text(part.text)
            elif isinstance(part, Opaque):
                self.system += self._own_block(part, path)
            else:
                raise Unsendable(f"{path}: system text cannot hold {type(part).__name__}")

    def _given(self, part: Part, path: str) -> list[Block]:
        """A part of the user's turn."""
        match part:
            case ToolResult():
                return [self._result(part, path)]
            case Text(text=text):
                return _text(text)
            case Image() | Audio() | Document():
                return [self._media(part, path)]
            case Opaque():
                return self._own_block(part, path)
            case _:
                raise Unsendable(f"{path}: a user's turn cannot hold {type(part).__name__} here")

    def _said(self, part: Part, path: str) -> list[Block]:
        """A part of the model's own turn, replayed."""
        match part:
            case Text():
                return self._text_said(part)
            case Refusal(text=text):
                return _text(text)
            case Reasoning():
                return self._reasoning(part, path)
            case ToolCall():
                return [self._call(part, path)]
            case Image() | Document():
                return [self._media(part, path)]
            case Opaque():
                return self._own_block(part, path)
            case _:
                raise Unsendable(f"{path}: a model's turn cannot hold {type(part).__name__} here")

    def _text_said(self, part: Text) -> list[Block]:
        echoed = self._echoed(part.provider_metadata)
        citations = echoed.get(CITATIONS)
        if not citations:
            return _text(part.text)
        cited = {"content": _text(part.text), CITATIONS: citations}
        return [{"citationsContent": cited}]

    def _reasoning(self, part: Reasoning, path: str) -> list[Block]:
        if part.provider_metadata is not None and part.provider_metadata.provider != self._name:
            self._tell(path, "dropped", f"it is reasoning of {part.provider_metadata.provider}")
            return []
        if self._rule.traits.get("signs_reasoning") and not part.signature:
            self._tell(path, "dropped", "Claude takes back only reasoning that it has signed")
            return []
        thought: Block = {"text": part.text}
        if part.signature is not None:
            thought["signature"] = part.signature
        return [{"reasoningContent": {"reasoningText": thought}}]

    def _call(self, call: ToolCall, path: str) -> Block:
        tool = {"name": call.name, "inputSchema": {"json": {"type": "object"}}}
        self.called.setdefault(call.name, {"toolSpec": tool})
        arguments = call.arguments.strip() or "{}"
        given: Any = {"INVALID_JSON": call.arguments}
        if json_object(arguments) is None:
            self._tell(path, "changed", "the arguments are no JSON object", call.arguments)
        else:
            given = msgspec.Raw(arguments.encode())
        use = {"toolUseId": self._id(call.id, path), "name": call.name, "input": given}
        return {"toolUse": {**use, **self._echoed(call.provider_metadata)}}

    def _result(self, result: ToolResult, path: str) -> Block:
        wire: Block = {
            "toolUseId": self._id(result.tool_call_id, path),
            "content": [
                block
                for place, part in enumerate(result.content)
                for block in self._result_content(part, f"{path}/content/{place}")
            ],
        }
        if self._rule.traits.get("tool_result_status", True):
            wire["status"] = "error" if result.is_error else "success"
        elif result.is_error:
            self._tell(f"{path}/is_error", "dropped", "this model does not take a status")
        return {"toolResult": wire}

    def _result_content(self, part: ToolResultContent, path: str) -> list[Block]:
        match part:
            case Text(text=text) if self._rule.traits.get("tool_result_json"):
                found = json_object(text)
                return [{"json": {"result": text} if found is None else msgspec.Raw(text.encode())}]
            case Text(text=text):
                return _text(text)
            case Image() | Document():
                return [self._media(part, path)]
            case Opaque():
                return self._own_block(part, path)
            case Audio():
                raise Unsendable(f"{path}: a tool's result cannot hold audio here")

    def _media(self, part: Image | Audio | Document, path: str) -> Block:
        if isinstance(part, Image):
            if part.detail not in (None, "auto"):
                self._tell(f"{path}/detail", "dropped", "Converse has no detail of pictures")
            return image_block(part, path)
        if isinstance(part, Audio):
            return audio_block(part, path)
        name = document_name(part.name, self._document_names)
        if part.name is not None and name != part.name:
            self.told.append(
                Adaptation(
                    field=f"{path}/name",
                    action="renamed",
                    reason="the service refuses other characters, and names that come twice",
                    before=part.name,
                    after=name,
                )
            )
        return document_block(part, name, path)

    def _own_block(self, part: Opaque, path: str) -> list[Block]:
        if part.provider != self._name:
            self._tell(path, "dropped", f"{part.kind} is for {part.provider} only")
            return []
        use = (json_object(part.json) or {}).get("toolUse")
        if isinstance(use, dict) and isinstance(use.get("name"), str):
            self.called.setdefault(use["name"], {"systemTool": {"name": use["name"]}})
        block = decode(_RAW_BLOCK, part.json.encode(errors="replace"), provider=self._name)
        if isinstance(block, Failure):
            raise Unsendable(f"{path}: a block is a JSON object")
        return [dict(block.unwrap())]

    def _echoed(self, provider_metadata: ProviderMetadata | None) -> Block:
        if provider_metadata is None or provider_metadata.provider != self._name:
            return {}
        return json_object(provider_metadata.json) or {}

    def _id(self, call_id: str, path: str) -> str:
        sent = wire_id(call_id)
        if sent != call_id:
            reason = "the service takes 64 letters, digits, _ . : and - in an id"
            self.told.append(
                Adaptation(
                    field=f"{path}/id", action="renamed", reason=reason, before=call_id, after=sent
                )
            )
        return sent

    def _tell(self, field: str, action: Any, reason: str, before: object = None) -> None:
        self.told.append(Adaptation(field=field, action=action, reason=reason, before=before))


def _text(text: str) -> list[Block]:
    """No block for no text: the service refuses blank ones."""
    return [{"text": text}] if text else []

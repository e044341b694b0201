"""Messages -> `system` and `messages` of a request.

Consecutive turns of one role become one turn, tool results first in it. Fields of a block beyond this library's model
(`caller`, `citations` ...) are replayed from the part's provider_metadata.
Source: anthropic 2.11.0 (types/content_block_param.py), ../shared/wire/anthropic.md section 2; read 2026-11-20.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from msgspec.structs import replace

from llm_pure.adapters.dialects.anthropic_messages.media import (
    document_source,
    image_source,
    invalid_part,
)
from llm_pure.adapters.dialects.anthropic_messages.quirks import Quirks
from llm_pure.adapters.dialects.common.message_encoder import (
    MessageEncoder,
    mark_fields,
    object_arguments,
)
from llm_pure.adapters.dialects.common.turn_rules import (
    ANY_ROLE,
    CacheMarks,
    CallIds,
    Placed,
    Turn,
    TurnRules,
)
from llm_pure.core.adaptations import Adaptation, ModelProfile
from llm_pure.core.service import Service
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

_RULES = TurnRules(
    marked_errors=True,
    result_media=None,
    error_media=False,
    empty_errors=False,
    blank_text="left_out_without_calls",
    empty_text="left_out",
    left_out_if_empty=ANY_ROLE,
    final_text_stripped=True,
    call_ids=CallIds(
        invalid=re.compile(r"[^A-Za-z0-9_-]"),
        description="letters, digits, hyphens and underscores",
    ),
    reasoning="signed",
    cache_marks=CacheMarks(
        key="cache_control",
        parts=frozenset({Text, Image, Document, ToolCall, ToolResult}),
        in_results=True,
        ttls=frozenset({"5m", "1h"}),
        source="anthropic 2.14.0 types/cache_control_ephemeral_param.py, read 2026-11-29",
    ),
)
"""White space alone in a turn or in `system` is a 400, but beside a tool_use (a table of live checks in the issue
experiential#804); "all content must be type `text` if `is_error` is true"
(vellum-ai/vellum-assistant#18387); the ids of calls are unique ("`tool_use` ids must be unique", NVIDIA-NeMo/Switchyard#502). Read
2026-11-29."""

_UNSIGNED_RULES = replace(_RULES, reasoning="plain")
"""For services that take thinking without its signature."""


class Encoded(NamedTuple):
    """A conversation as it is sent."""

    system: list[Block]
    messages: list[Block]
    turns: list[Turn]
    """The conversation as arranged by the rules."""
    is_plain: bool
    """None of its parts has a cache mark."""


def encode_messages(
    service: Service[Quirks],
    profile: ModelProfile,
    messages: tuple[Message, ...],
    adaptations: list[Adaptation],
    *,
    model: str = "",
) -> Encoded:
    """The blocks of `system` and the `messages`.

    Raises Rejected with UnsupportedFeature for a part that the API does not support, with InvalidRequest for a part whose
    content is wrong and for no messages.
    """
    encoder = _Encoder(service, adaptations, turn_rules(service.quirks, profile), model=model)
    encoder.takes_system_turns = bool(profile.traits.get("system_turns"))
    turns = encoder.add_all(messages)
    return Encoded(
        encoder.system,
        [_finish(turn) for turn in encoder.turns],
        turns,
        encoder.is_plain,
    )


def turn_rules(quirks: Quirks, profile: ModelProfile) -> TurnRules:
    """The rules of a model. Claude's with adaptive thinking, which is 4.6 and newer, do not continue an assistant's turn.

    Source: "does not support assistant message prefill", the API's message for them; read 2026-11-29.
    """
    is_new = profile.traits.get("thinking") in ("adaptive", "both")
    return _rules(quirks.signed_thinking, quirks.compatible_providers, is_new)


@lru_cache(maxsize=64)
def _rules(is_signed: bool, compatible_providers: frozenset[str], is_new: bool) -> TurnRules:
    return replace(
        _RULES if is_signed else _UNSIGNED_RULES,
        compatible_providers=compatible_providers,
        final_assistant="refused" if is_new else "continued",
    )


def _system_turns(turns: list[Turn]) -> frozenset[str]:
    """The paths of system messages that may be turns: right after a user's turn, and at the end or before the model's."""
    paths: list[str] = []
    pending: list[str] = []
    before = ""
    for turn in turns:
        if turn.role == "system":
            pending.append(turn.path)
            continue
        if before in ("user", "tool") and turn.role == "assistant":
            paths += pending
        before, pending = turn.role, []
    return frozenset(paths + pending if before in ("user", "tool") else paths)


def _finish(turn: Block) -> Block:
    """Put tool results first, as the API requires; write a single plain text as a string."""
    blocks = turn["content"]
    if is_plain_text(blocks):
        return {**turn, "content": blocks[0]["text"]}
    blocks.sort(key=lambda block: block.get("type") != "tool_result")
    return turn


def is_plain_text(blocks: list[Block]) -> bool:
    """Whether the blocks are one text, and no opaque part that looks like one."""
    return (
        len(blocks) == 1
        and blocks[0].keys() == _TEXT_KEYS
        and blocks[0]["type"] == "text"
        and isinstance(blocks[0]["text"], str)
    )


_TEXT_KEYS = {"type", "text"}


class _Encoder(MessageEncoder[Quirks]):
    """Encodes the messages of one request."""

    takes_system_turns = False
    """System messages may stay in the conversation where the API allows it; others go into `system`."""
    system_turns: frozenset[str] = frozenset()
    """The paths of those that stay."""

    def add_all(self, messages: Sequence[Message]) -> list[Turn]:
        if self.takes_system_turns and any(message.role == "system" for message in messages):
            self.system_turns = _system_turns(
                [Turn(turn.role, f"messages/{i}", ()) for i, turn in enumerate(messages)]
            )
        return super().add_all(messages)

    def add(self, turn: Turn) -> None:
        if turn.name:
            self.drop(f"{turn.path}/name", "the Messages API has no names for speakers")
        if turn.role == "assistant":
            self.add_turn("assistant", self._blocks(turn.parts, self._assistant))
        elif turn.role != "system":
            self.add_turn("user", self._blocks(turn.parts, self._user))
        else:
            blocks = self._blocks(turn.parts, self._system)
            if turn.path in self.system_turns:
                self.add_turn("system", blocks)
                return
            if self.turns and blocks:
                self.change(turn.path, "system text is sent before the conversation")
            self.system += blocks

    def _blocks(self, parts: Sequence[Placed], encode: Callable[[Any, str], Block]) -> list[Block]:
        return [encode(part, path) for path, part in parts]

    def _system(self, part: Part, path: str) -> Block:
        if isinstance(part, Text):
            return self._text(part)
        raise UnsupportedPart(f"{path}: a system turn holds text, not {type(part).__name__}")

    def _user(self, part: Part, path: str) -> Block:
        match part:
            case Text():  # nearly every part
                return self._text(part)
            case ToolResult():
                return self._tool_result(part, path)
            case Refusal(text=text):
                return self._text(Text(text))
            case Image() | Document() | Opaque():
                return self._content(part, path)
            case _:
                raise UnsupportedPart(f"{path}: a user turn cannot hold {type(part).__name__} here")

    def _assistant(self, part: Part, path: str) -> Block:
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

    def _content(self, part: Part, path: str) -> Block:
        """A part of a user turn or of a tool result."""
        match part:
            case Text():
                return self._text(part)
            case Image(detail=detail, provider_metadata=metadata):
                if detail not in (None, "auto"):
                    self.drop(f"{path}/detail", "the Messages API has no image detail")
                source = image_source(self.service, part, path)
                block: Block = {"type": "image", "source": source, **self.own_fields(metadata)}
                return {**block, **mark_fields(part.cache)}
            case Document(name=title, provider_metadata=metadata):
                block = {"type": "document", "source": document_source(self.service, part, path)}
                if title is not None:
                    block["title"] = title
                return {**block, **self.own_fields(metadata), **mark_fields(part.cache)}
            case Opaque():
                return self._opaque(part, path)
            case _:
                raise UnsupportedPart(
                    f"{path}: a tool result cannot hold {type(part).__name__} here"
                )

    def _text(self, part: Text) -> Block:
        block: Block = {"type": "text", "text": part.text}
        if part.provider_metadata is None and part.cache is None:
            return block
        return {**block, **self.own_fields(part.provider_metadata), **mark_fields(part.cache)}

    def _thinking(self, part: Reasoning, path: str) -> Block:
        block = {"type": "thinking", "thinking": part.text, "signature": part.signature or ""}
        return {**block, **self.own_fields(part.provider_metadata)}

    def _tool_use(self, part: ToolCall, path: str) -> Block:
        arguments = json_object(part.arguments)
        if arguments is None:
            arguments = json_object(object_arguments(part, path, self.adaptations))
        block = {"type": "tool_use", "id": part.id, "name": part.name, "input": arguments}
        return self._with_fields(block, part)

    def _with_fields(self, block: Block, part: ToolCall | ToolResult) -> Block:
        """The block with the provider's own fields and the cache mark of its part."""
        if part.provider_metadata is None and part.cache is None:
            return block
        return {**block, **self.own_fields(part.provider_metadata), **mark_fields(part.cache)}

    def _tool_result(self, part: ToolResult, path: str) -> Block:
        block: Block = {"type": "tool_result", "tool_use_id": part.tool_call_id}
        placed = [(f"{path}/content/{index}", item) for index, item in enumerate(part.content)]
        content = self._blocks(placed, self._content)
        if content:
            block["content"] = content[0]["text"] if is_plain_text(content) else content
        if part.is_error:
            block["is_error"] = True
        return self._with_fields(block, part)

    def _opaque(self, part: Opaque, path: str) -> Block:
        block = json_object(part.json)
        if block is None:
            raise invalid_part(self.service, f"{path}/json", "an opaque part must be a JSON object")
        return block

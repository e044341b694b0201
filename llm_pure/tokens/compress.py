"""Compress conversations that are too long: keep the newest (post) or the oldest (pre) messages that fit.

System messages are kept. A tool call and its results are kept or dropped together. Text is cut between tokens and never
inside a character; images, audio and documents are kept or dropped. A conversation that fits is not changed.
"""

from collections.abc import Sequence

import msgspec

from llm_pure.tokens import TokenCounter, count_message, first_tokens, last_tokens
from llm_pure.types.config import CompressType
from llm_pure.types.errors import ContextLengthExceeded
from llm_pure.types.messages import Message, Part, Text, ToolResult
from llm_pure.types.result import Failure, LLMResult, Success

MAX_TOKENS = 128_000
THRESHOLD = 0.8


class CompressedMessages(msgspec.Struct, frozen=True, kw_only=True):
    """The remaining messages, and what was removed."""

    messages: tuple[Message, ...]
    before_tokens: int
    """Tokens of the original messages, with their overhead."""
    tokens: int
    """Tokens of the remaining messages, with their overhead."""
    dropped: tuple[int, ...] = ()
    """Indexes, in the original conversation, of dropped messages."""
    shortened: int | None = None
    """Index of the message whose text was cut."""

    @property
    def changed(self) -> bool:
        """True if anything was removed."""
        return bool(self.dropped) or self.shortened is not None


def compress(
    messages: Sequence[Message],
    kind: CompressType,
    counter: TokenCounter,
    *,
    max_tokens: int = MAX_TOKENS,
    threshold: float = THRESHOLD,
    other_tokens: int = 0,
) -> LLMResult[CompressedMessages]:
    """Compress messages to at most `threshold` of `max_tokens`.

    other_tokens: tokens sent besides the messages, such as tools. "by_msg" cuts a message only if no complete message
    fits; "by_token" cuts the first that does not fit.
    Fails with ContextLengthExceeded when the system messages alone are too long.
    """
    original = tuple(messages)
    sizes = [count_message(counter, message) for message in original]
    overhead = counter.family.preamble + counter.family.reply
    before = _scaled(counter, overhead + sum(sizes))
    limit = int(max_tokens * threshold) - other_tokens
    if kind in ("", "no_compress") or before <= limit:
        return Success(CompressedMessages(messages=original, before_tokens=before, tokens=before))
    system = [index for index, message in enumerate(original) if message.role == "system"]
    room = limit * 100 // counter.family.percent - overhead - sum(sizes[index] for index in system)
    if room < 0:
        return Failure(
            ContextLengthExceeded(
                message=f"the system messages alone are longer than the limit of {limit} tokens"
            )
        )
    newest = kind.startswith("post")
    kept = {index: original[index] for index in system}
    kept_groups = 0
    shortened: int | None = None
    for group in _message_groups(original, newest):
        size = sum(sizes[index] for index in group)
        if size <= room:
            kept.update({index: original[index] for index in group})
            room -= size
            kept_groups += 1
            continue
        if len(group) == 1 and (kind.endswith("token") or not kept_groups):
            shortened_message = _shorten(counter, original[group[0]], room, newest)
            if shortened_message is not None:
                kept[group[0]] = shortened_message
                shortened = group[0]
        break
    remaining = tuple([kept[index] for index in sorted(kept)])
    tokens = overhead + sum([count_message(counter, message) for message in remaining])
    return Success(
        CompressedMessages(
            messages=remaining,
            before_tokens=before,
            tokens=_scaled(counter, tokens),
            dropped=tuple([index for index in range(len(original)) if index not in kept]),
            shortened=shortened,
        )
    )


def _message_groups(messages: Sequence[Message], newest: bool) -> list[list[int]]:
    """Indexes of messages that are kept together: one message, or tool calls and their results. System messages are omitted."""
    groups: list[list[int]] = []
    waiting: set[str] = set()
    for index, message in enumerate(messages):
        if message.role == "system":
            continue
        results = {part.tool_call_id for part in message.parts if isinstance(part, ToolResult)}
        if groups and results & waiting:
            groups[-1].append(index)
            waiting -= results
        elif groups and waiting and not message.tool_calls:
            # a message between a call and its result: all of them stay together
            later = {
                part.tool_call_id
                for after in messages[index + 1 :]
                for part in after.parts
                if isinstance(part, ToolResult)
            }
            if later & waiting:
                groups[-1].append(index)
            else:
                groups.append([index])
                waiting = set()
        else:
            groups.append([index])
            waiting = set()
        waiting |= {call.id for call in message.tool_calls}
    return groups[::-1] if newest else groups


def _shorten(counter: TokenCounter, message: Message, room: int, newest: bool) -> Message | None:
    """The end (`newest`) or beginning of a message that fits; None if nothing does. Tool calls and results are never cut."""
    if message.role == "tool" or message.tool_calls:
        return None
    empty = msgspec.structs.replace(message, parts=())
    room -= count_message(counter, empty)
    parts: list[Part] = []
    for part in reversed(message.parts) if newest else message.parts:
        size = count_message(counter, msgspec.structs.replace(empty, parts=(part,)))
        size -= count_message(counter, empty)
        if size <= room:
            parts.append(part)
            room -= size
            continue
        if isinstance(part, Text) and room > 0:
            shortened_message = (last_tokens if newest else first_tokens)(
                counter.tokenizer, part.text, room
            )
            if shortened_message:
                parts.append(Text(shortened_message))
        break
    if not parts:
        return None
    return msgspec.structs.replace(message, parts=tuple(parts[::-1] if newest else parts))


def _scaled(counter: TokenCounter, tokens: int) -> int:
    return -(-tokens * counter.family.percent // 100)

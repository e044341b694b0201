"""Conversations that are too long -> the newest (post) or the oldest (pre) of them that fits.

System messages stay. A tool call and its results stay together or go together. A cut inside a message is at a token's border
and never inside a character; pictures, sound and documents are kept whole or left out. What fits is not touched.
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
    """What is left, and what was done for it. before_tokens, tokens: of the messages, with what stands around them.

    dropped: places, in the given conversation, of messages that are gone; shortened: of one that lost a part of itself.
    """

    messages: tuple[Message, ...]
    before_tokens: int
    tokens: int
    dropped: tuple[int, ...] = ()
    shortened: int | None = None

    @property
    def changed(self) -> bool:
        """Is anything gone?"""
        return bool(self.dropped) or self.shortened is not None


def compress(
    messages: Sequence[Message],
    kind: CompressType,
    counter: TokenCounter,
    *,
    max_tokens: int = MAX_TOKENS,
    threshold: float = THRESHOLD,
    beside_tokens: int = 0,
) -> LLMResult[CompressedMessages]:
    """At most `threshold` of `max_tokens`. beside_tokens: what is sent beside the messages, such as tools.

    "by_msg" cuts inside a message only when no whole one fits; "by_token" cuts the first that does not fit.
    Fails with ContextLengthExceeded when the system messages alone are too long.
    """
    given = tuple(messages)
    sizes = [count_message(counter, message) for message in given]
    around = counter.family.preamble + counter.family.reply
    before = _scaled(counter, around + sum(sizes))
    limit = int(max_tokens * threshold) - beside_tokens
    if kind in ("", "no_compress") or before <= limit:
        return Success(CompressedMessages(messages=given, before_tokens=before, tokens=before))
    fixed = [place for place, message in enumerate(given) if message.role == "system"]
    room = limit * 100 // counter.family.percent - around - sum(sizes[place] for place in fixed)
    if room < 0:
        return Failure(
            ContextLengthExceeded(
                message=f"the system messages alone are longer than the limit of {limit} tokens"
            )
        )
    newest = kind.startswith("post")
    kept = {place: given[place] for place in fixed}
    taken = 0
    shortened: int | None = None
    for unit in _message_groups(given, newest):
        size = sum(sizes[place] for place in unit)
        if size <= room:
            kept.update({place: given[place] for place in unit})
            room -= size
            taken += 1
            continue
        if len(unit) == 1 and (kind.endswith("token") or not taken):
            cut = _shortened(counter, given[unit[0]], room, newest)
            if cut is not None:
                kept[unit[0]] = cut
                shortened = unit[0]
        break
    left = tuple([kept[place] for place in sorted(kept)])
    tokens = around + sum([count_message(counter, message) for message in left])
    return Success(
        CompressedMessages(
            messages=left,
            before_tokens=before,
            tokens=_scaled(counter, tokens),
            dropped=tuple([place for place in range(len(given)) if place not in kept]),
            shortened=shortened,
        )
    )


def _message_groups(messages: Sequence[Message], newest: bool) -> list[list[int]]:
    """Places of what stays together, without the system's: a message, or tool calls and their results."""
    units: list[list[int]] = []
    waiting: set[str] = set()
    for place, message in enumerate(messages):
        if message.role == "system":
            continue
        answers = {part.tool_call_id for part in message.parts if isinstance(part, ToolResult)}
        if units and answers & waiting:
            units[-1].append(place)
            waiting -= answers
        elif units and waiting and not message.tool_calls:
            # something was said between a call and its result: all of it stays together
            later = {
                part.tool_call_id
                for after in messages[place + 1 :]
                for part in after.parts
                if isinstance(part, ToolResult)
            }
            if later & waiting:
                units[-1].append(place)
            else:
                units.append([place])
                waiting = set()
        else:
            units.append([place])
            waiting = set()
        waiting |= {call.id for call in message.tool_calls}
    return units[::-1] if newest else units


def _shortened(counter: TokenCounter, message: Message, room: int, newest: bool) -> Message | None:
    """The end of a message, or its beginning, that fits; None when nothing does. A tool's call or answer is never cut."""
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
            cut = (last_tokens if newest else first_tokens)(counter.tokenizer, part.text, room)
            if cut:
                parts.append(Text(cut))
        break
    if not parts:
        return None
    return msgspec.structs.replace(message, parts=tuple(parts[::-1] if newest else parts))


def _scaled(counter: TokenCounter, tokens: int) -> int:
    return -(-tokens * counter.family.percent // 100)

"""Recorded conversations as the rule of a double: a client of any dialect gets the response that was recorded in another. Pure.

Requests are compared by their conversations: roles, texts, calls, tool results and media. Settings, tools, ids of calls and the
name of the model differ between vendors and are not compared.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from threading import Lock
from typing import Any, TypeAlias

import msgspec

from llm_pure.framing.json_codec import any_json
from llm_pure.replay.cassette import Cassette, Interaction
from llm_pure.replay.checks.check import detect_recorded_call
from llm_pure.replay.checks.service_detection import Call
from llm_pure.replay.doubles.rules import FromReceived, UpstreamResponse
from llm_pure.replay.recording_index import NOT_RECORDED
from llm_pure.server import ReceivedRequest, server_dialects
from llm_pure.types.errors import NotFound
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
    Video,
)
from llm_pure.types.result import Failure

Turn: TypeAlias = tuple[str, Any]
"""A role, and one item of its content that can be compared."""

_DIALECTS = {"ollama": "ollama_native"}
"""Names of `detect_call` that differ from those of the server sides."""


def recorded_rule(
    cassettes: Iterable[Cassette],
    *,
    dialects: Collection[str] = (),
    again: bool = True,
    speed: float | None = None,
) -> tuple[FromReceived, int]:
    """Return the rule, and the number of recordings that it cannot use: no chat, or of a dialect without a server side.

    `dialects`: those that clients may speak; () for all. Equal conversations are answered in the order of their recordings;
    `again`: the last one repeatedly. `speed`: None without waits, 1.0 as recorded.
    """
    responses: dict[bytes, list[UpstreamResponse]] = {}
    conversations: dict[bytes, Sequence[Turn]] = {}
    unused = 0
    for cassette in cassettes:
        for interaction in cassette.interactions:
            entry = _entry(interaction, speed)
            if entry is None:
                unused += 1
                continue
            turns, response = entry
            key = msgspec.json.encode(turns, order="sorted")
            conversations[key] = turns
            responses.setdefault(key, []).append(response)
    uses: dict[bytes, int] = {}
    lock = Lock()

    def answer(received: ReceivedRequest) -> UpstreamResponse | NotFound:
        if dialects and received.dialect not in dialects:
            message = f"this server answers clients of {', '.join(dialects)}, not of {received.dialect}"  # fmt: skip
            return NotFound(message=message, code=NOT_RECORDED, status=404)
        turns = conversation(received.messages)
        key = msgspec.json.encode(turns, order="sorted")
        recorded = responses.get(key, [])
        with lock:
            number = uses.get(key, 0)
            uses[key] = number + 1
        if recorded and (again or number < len(recorded)):
            return recorded[min(number, len(recorded) - 1)]
        message = _miss(turns, list(conversations.values()), len(recorded))
        return NotFound(message=message, code=NOT_RECORDED, status=404)

    return FromReceived(answer), unused


def _entry(
    interaction: Interaction, speed: float | None
) -> tuple[Sequence[Turn], UpstreamResponse] | None:
    call = detect_recorded_call(interaction)
    if not isinstance(call, Call) or call.operation != "chat":
        return None
    dialect = _DIALECTS.get(call.dialect, call.dialect)
    if dialect not in server_dialects:
        return None
    parsed = server_dialects[dialect].parse_request(interaction.request)
    if isinstance(parsed, Failure):
        return None
    waits = () if speed is None else tuple([ms / 1000 / speed for ms in interaction.delays_ms])
    return conversation(parsed.unwrap().messages), UpstreamResponse(
        provider=call.providers[0],
        response=interaction.response,
        chunks=tuple(_divided(interaction.response.body, interaction.sizes)),
        waits_s=waits,
    )


def _divided(body: bytes, sizes: Iterable[int]) -> Iterator[bytes]:
    begin = 0
    for size in sizes:
        yield body[begin : begin + size]
        begin += size


def conversation(messages: Iterable[Message]) -> list[Turn]:
    """Return what two requests of different dialects have in common: (role, item) in order, neighbouring texts joined."""
    turns: list[Turn] = []
    for message in messages:
        for part in message.parts:
            item = _comparable(part)
            if item is None:
                continue
            owner = "tool" if isinstance(part, ToolResult) else message.role
            if isinstance(item, str) and turns and turns[-1][0] == owner and isinstance(turns[-1][1], str):  # fmt: skip
                turns[-1] = (owner, f"{turns[-1][1]}\n{item}")
            else:
                turns.append((owner, item))
    return turns


def _comparable(part: Part) -> Any:
    """The content of a part as JSON; None for parts that only their own provider understands."""
    match part:
        case Text(text=text) | Refusal(text=text):
            return text or None
        case ToolCall(name=name, arguments=arguments):
            value = any_json(arguments.encode())
            return {"call": name, "arguments": arguments if value is None else value}
        case ToolResult(content=content):
            items = [_comparable(item) for item in content]
            return {"result": [item for item in items if item is not None]}
        case Image() | Audio() | Document() | Video():
            data = part.data
            source = hashlib.sha256(data).hexdigest() if data else part.url or part.file_id
            return {type(part).__name__.lower(): source}
        case Reasoning() | Opaque():
            return None


def _miss(turns: Sequence[Turn], recorded: Sequence[Sequence[Turn]], used: int) -> str:
    """Why no recording is for these turns: the first one that differs from the nearest recording."""
    if used:
        return f"all {used} recordings of this conversation were used"
    if not recorded:
        return "there is no recording of a chat"
    nearest = max(recorded, key=lambda other: _common(turns, other))
    index = _common(turns, nearest)
    sent = _shown(turns, index)
    return f"no recording of this conversation: turn {index} is {sent}, and {_shown(nearest, index)} in the nearest"


def _common(turns: Sequence[Turn], other: Sequence[Turn]) -> int:
    """The number of turns at the beginning that are the same."""
    pairs = zip(turns, other, strict=False)
    return next(
        (index for index, (one, two) in enumerate(pairs) if one != two), min(len(turns), len(other))
    )


def _shown(turns: Sequence[Turn], index: int) -> str:
    if index >= len(turns):
        return "not there"
    return msgspec.json.encode(list(turns[index])).decode()[:200]

"""`<think>...</think>` at the start of a response's text -> reasoning and text, wherever the stream is cut.

Perplexity's reasoning models, MiniMax, and servers without a reasoning parser send it. One block is read, and only at the
start of the text: later tags are text about tags. White space around the block and at its start is removed.
Source: ../shared/wire/openai-family.md, sections 0 (rule 8), 4.4 and 4.20; read 2026-11-20.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

import msgspec

from llm_pure.adapters.dialects.openai_chat.quirks import Quirks
from llm_pure.adapters.dialects.openai_chat.state import REASONING, TEXT, State
from llm_pure.adapters.dialects.openai_chat.stream import read_chunk
from llm_pure.core.dialect import Service
from llm_pure.core.stream import StreamState
from llm_pure.types.events import (
    Finished,
    ProviderMetadataReceived,
    ReasoningDelta,
    StreamEvent,
    TextDelta,
)
from llm_pure.types.http import ResponseHead

_OPEN, _CLOSE = "<think>", "</think>"
_MAX_SPACE = 64
"""The maximum of white space before the block; after more of it the response is plain text."""


class Tags(msgspec.Struct, frozen=True):
    """How far the text of one choice has been read."""

    phase: Literal["start", "opened", "thinking", "closed", "text"] = "start"
    """"start": only white space so far; "opened": only white space since <think>; "closed": the same since </think>."""
    held: str = ""
    """The end of the text so far, which may be the beginning of a tag."""
    marked: bool = False
    """Reasoning was emitted."""


START = Tags()


def split(tags: Tags, piece: str) -> tuple[Tags, str, str]:
    """The next state, and the reasoning and the text in the piece.

    >>> split(START, "<think>hm</think> yes")
    (Tags(phase='text', held='', marked=False), 'hm', 'yes')
    """
    phase, rest = tags.phase, tags.held + piece
    reasoning = ""
    if phase == "start":
        stripped = rest.lstrip()
        if len(rest) - len(stripped) > _MAX_SPACE:
            return Tags("text"), "", rest
        if _OPEN.startswith(stripped):
            return (Tags("opened"), "", "") if stripped == _OPEN else (Tags("start", rest), "", "")
        if not stripped.startswith(_OPEN):
            return Tags("text"), "", rest
        phase, rest = "opened", stripped[len(_OPEN) :]
    if phase == "opened":
        rest = rest.lstrip()
        if not rest:
            return Tags("opened"), "", ""
        phase = "thinking"
    if phase == "thinking":
        reasoning, closed, rest = rest.partition(_CLOSE)
        if not closed:
            held = _tag_start(reasoning)
            reasoning = reasoning[: len(reasoning) - len(held)]
            return Tags("thinking", held, tags.marked or bool(reasoning)), reasoning, ""
        phase = "closed"
    if phase == "closed":
        rest = rest.lstrip()
        return Tags("text" if rest else "closed"), reasoning, rest
    return tags, "", rest


class TaggedState(StreamState, frozen=True, kw_only=True):
    """The state of a stream whose text may have tags."""

    inner: State = State()
    """The state of the stream as it is sent."""
    tags: Mapping[int, Tags] = {}
    """By choice."""


def read_tagged_chunk(
    service: Service[Quirks], head: ResponseHead, state: TaggedState, frame: bytes
) -> tuple[TaggedState, list[StreamEvent]]:
    """`read_chunk`, with the reasoning taken out of the text."""
    inner, chunk_events = read_chunk(service, head, state.inner, frame)
    tags, events = split_tags(state.tags, chunk_events)
    if inner.ended and not state.ended:
        events += flush_tags(tags)
        tags = {}
    after = TaggedState(
        complete=inner.complete, ended=inner.ended, fault=inner.fault, inner=inner, tags=tags
    )
    return after, events


def split_tags(
    before: Mapping[int, Tags], events: Iterable[StreamEvent]
) -> tuple[Mapping[int, Tags], list[StreamEvent]]:
    """The state after the events, and the events with the reasoning taken out of the text."""
    tags = dict(before)
    split_events: list[StreamEvent] = []
    for event in events:
        match event:
            case TextDelta(text=text, choice=choice):
                previous = tags.get(choice, START)
                tags[choice], reasoning, rest = split(previous, text)
                split_events += _events(choice, previous, reasoning, rest)
            case Finished(choice=choice):
                split_events += flush_tags({choice: tags.get(choice, START)})
                tags[choice] = Tags("text")
                split_events.append(event)
            case _:
                split_events.append(event)
    return tags, split_events


def flush_tags(by_choice: Mapping[int, Tags]) -> Iterator[StreamEvent]:
    """The held text, at the end of the response: it did not become a tag."""
    for choice, tags in by_choice.items():
        thinking = tags.phase == "thinking"
        yield from _events(choice, tags, *((tags.held, "") if thinking else ("", tags.held)))


def _events(choice: int, before: Tags, reasoning: str, text: str) -> Iterator[StreamEvent]:
    if reasoning:
        yield ReasoningDelta(reasoning, REASONING, choice)
    if reasoning and not before.marked:
        yield ProviderMetadataReceived("{}", REASONING, choice, "reasoning")
    if text:
        yield TextDelta(text, TEXT, choice)


def _tag_start(text: str) -> str:
    """The longest end of the text with which </think> may begin."""
    for size in range(min(len(_CLOSE) - 1, len(text)), 0, -1):
        if text.endswith(_CLOSE[:size]):
            return text[-size:]
    return ""

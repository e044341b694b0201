"""`<think>...</think>` at the start of an answer's text -> reasoning and text, wherever the pieces are cut.

Perplexity's reasoning models, MiniMax, and servers that run without a reasoning parser answer so. One block is read, and
only where the answer begins with it: a tag further on is text that speaks of tags. White space around the block's
borders is left out.
Source: ../shared/wire/openai-family.md, sections 0 (rule 8), 4.4 and 4.20; read 2026-11-20.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

import msgspec

from llm_pure.adapters.dialects.openai_chat.quirks import Quirks
from llm_pure.adapters.dialects.openai_chat.state import REASONING, TEXT, State
from llm_pure.adapters.dialects.openai_chat.stream import step
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
_MOST_SPACE = 64
"""So much white space may stand before the block; after more of it the answer is plain text."""


class Tags(msgspec.Struct, frozen=True):
    """How far the text of one choice has been read.

    phase: "start", nothing but white space has come; "opened", nor after <think>; "thinking"; "closed", nothing but
    white space since </think>; "text". held: an end that may be the beginning of a tag. marked: reasoning has been told.
    """

    phase: Literal["start", "opened", "thinking", "closed", "text"] = "start"
    held: str = ""
    marked: bool = False


START = Tags()


def split(tags: Tags, piece: str) -> tuple[Tags, str, str]:
    """The next state, and what the piece adds to the reasoning and to the text.

    >>> split(START, "<think>hm</think> yes")
    (Tags(phase='text', held='', marked=False), 'hm', 'yes')
    """
    phase, rest = tags.phase, tags.held + piece
    thoughts = ""
    if phase == "start":
        told = rest.lstrip()
        if len(rest) - len(told) > _MOST_SPACE:
            return Tags("text"), "", rest
        if _OPEN.startswith(told):
            return (Tags("opened"), "", "") if told == _OPEN else (Tags("start", rest), "", "")
        if not told.startswith(_OPEN):
            return Tags("text"), "", rest
        phase, rest = "opened", told[len(_OPEN) :]
    if phase == "opened":
        rest = rest.lstrip()
        if not rest:
            return Tags("opened"), "", ""
        phase = "thinking"
    if phase == "thinking":
        thoughts, closed, rest = rest.partition(_CLOSE)
        if not closed:
            held = _begun(thoughts)
            thoughts = thoughts[: len(thoughts) - len(held)]
            return Tags("thinking", held, tags.marked or bool(thoughts)), thoughts, ""
        phase = "closed"
    if phase == "closed":
        rest = rest.lstrip()
        return Tags("text" if rest else "closed"), thoughts, rest
    return tags, "", rest


class TaggedState(StreamState, frozen=True, kw_only=True):
    """inner: of the stream as it is sent. tags: how far each choice's text has been read."""

    inner: State = State()
    tags: Mapping[int, Tags] = {}


def step_untangled(
    name: str, quirks: Quirks, head: ResponseHead, state: TaggedState, data: bytes
) -> tuple[TaggedState, list[StreamEvent]]:
    """A step of the stream, with reasoning taken out of the text."""
    inner, events = step(name, quirks, head, state.inner, data)
    tags, told = untangled(name, state.tags, events)
    return TaggedState(complete=inner.complete, fault=inner.fault, inner=inner, tags=tags), told


def untangled(
    name: str, known: Mapping[int, Tags], events: Iterable[StreamEvent]
) -> tuple[Mapping[int, Tags], list[StreamEvent]]:
    """The events with reasoning taken out of the text, and how far each choice has been read by then."""
    tags = dict(known)
    told: list[StreamEvent] = []
    for event in events:
        match event:
            case TextDelta(text=text, choice=choice):
                before = tags.get(choice, START)
                tags[choice], thoughts, words = split(before, text)
                told += _told(name, choice, before, thoughts, words)
            case Finished(choice=choice):
                told += held_back(name, {choice: tags.get(choice, START)})
                tags[choice] = Tags("text")
                told.append(event)
            case _:
                told.append(event)
    return tags, told


def held_back(name: str, known: Mapping[int, Tags]) -> Iterator[StreamEvent]:
    """What was held as the beginning of a tag, and is none: the answer is over."""
    for choice, tags in known.items():
        thinking = tags.phase == "thinking"
        yield from _told(name, choice, tags, *((tags.held, "") if thinking else ("", tags.held)))


def _told(name: str, choice: int, before: Tags, thoughts: str, words: str) -> Iterator[StreamEvent]:
    if thoughts:
        yield ReasoningDelta(thoughts, REASONING, choice)
    if thoughts and not before.marked:
        yield ProviderMetadataReceived("{}", REASONING, choice, "reasoning")
    if words:
        yield TextDelta(words, TEXT, choice)


def _begun(text: str) -> str:
    """The longest end of the text with which </think> may begin."""
    for size in range(min(len(_CLOSE) - 1, len(text)), 0, -1):
        if text.endswith(_CLOSE[:size]):
            return text[-size:]
    return ""

"""`<think>...</think>` at the start of a response's text -> reasoning and text, wherever the stream is cut.

Perplexity's reasoning models, MiniMax, gpt-oss on Bedrock (`<reasoning>`), and servers without a reasoning parser send it.
Blocks are read at the start of the text, several where each follows the one before; later tags are text about tags. White
space around a block and at its start is removed.
Source: ../shared/wire/openai-family.md, sections 0 (rule 8), 4.4 and 4.20, read 2026-11-20; AWS, "OpenAI models" of the
Bedrock user guide, read 2026-11-29.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import msgspec
from msgspec.structs import replace

from llm_pure.adapters.dialects.common.part_identity import Chain, Entries, chain_items
from llm_pure.adapters.dialects.openai_chat.quirks import Quirks
from llm_pure.adapters.dialects.openai_chat.state import CALLS, REASONING, TEXT, State
from llm_pure.adapters.dialects.openai_chat.stream import read_chunk
from llm_pure.core.service import Service
from llm_pure.core.stream import StreamState
from llm_pure.types.events import (
    Finished,
    PartReceived,
    ProviderMetadataReceived,
    ReasoningDelta,
    StreamEvent,
    TextDelta,
)
from llm_pure.types.http import ResponseHead
from llm_pure.types.messages import ProviderMetadata, Reasoning

_TAGS = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<reasoning>": "</reasoning>",
    "<thought>": "</thought>",
    "[THINK]": "[/THINK]",
    "\u25c1think\u25b7": "\u25c1/think\u25b7",
    "<seed:think>": "</seed:think>",
    "<mm:think>": "</mm:think>",
}
"""The tag that opens a block -> the tag that closes it. The last four are those of Magistral, Kimi-VL, Seed-OSS and MiniMax-M3."""
REASONING_START, REASONING_END = "<think>", "</think>"
_ENDS = (REASONING_END, "</seed:think>", "</mm:think>")
"""The closing tags of models whose prompt may end with the opening one: DeepSeek-R1, Qwen and others; Seed-OSS; MiniMax-M3."""
_END = re.compile("|".join(_ENDS))
_MAX_END = max(map(len, _ENDS))
TAG_STARTS = frozenset([tag[0] for tag in _TAGS])
_MAX_SPACE = 64
"""The maximum of white space before the block; after more of it the response is plain text."""


class Tags(msgspec.Struct, frozen=True):
    """How far the text of one choice has been read."""

    phase: Literal["start", "opened", "thinking", "closed", "text", "untagged"] = "start"
    """"start": only white space so far; "opened": only white space since the opening tag; "closed": the same since the
    closing one; "untagged": text without a tag so far, which the closing tag may make reasoning."""
    held: str = ""
    """The end of the text so far, which may be the beginning of a tag."""
    close: str = ""
    """The tag that closes the block."""
    marked: bool = False
    """Reasoning was emitted."""
    so_far: Chain = None
    """The untagged text so far."""
    tail: str = ""
    """Its end, which may be the beginning of the closing tag."""
    index: int = TEXT
    """The part that the text belongs to."""
    repeats: bool = False
    """The reasoning has a field of its own, and a block repeats it (MiniMax-M3: vellum-assistant#34556, read 2026-11-30)."""


START = Tags()


def reasoning_end(text: str) -> str:
    """The closing tag in a text that began without the opening one, "" without one."""
    match = _END.search(text)
    return match[0] if match else ""


def split(tags: Tags, piece: str) -> tuple[Tags, str, str]:
    """The next state, and the reasoning and the text in the piece.

    >>> split(START, "<think>hm</think> yes")[1:]
    ('hm', 'yes')
    """
    phase, rest, close = tags.phase, tags.held + piece, tags.close
    thoughts: list[str] = []
    marked = tags.marked
    while True:
        if phase in ("start", "closed"):
            stripped = rest.lstrip()
            if phase == "start" and len(rest) - len(stripped) > _MAX_SPACE:
                phase = "text"
                break
            opening = next((tag for tag in _TAGS if stripped.startswith(tag)), None)
            if opening is None:
                if any(tag.startswith(stripped) for tag in _TAGS):
                    held = rest if phase == "start" else stripped
                    return Tags(phase, held, "", marked, index=tags.index), "".join(thoughts), ""
                rest = rest if phase == "start" else stripped
                phase = "text"
                break
            phase, rest, close = "opened", stripped[len(opening) :], _TAGS[opening]
        if phase == "opened":
            if not marked:  # the space between two blocks is part of the reasoning
                rest = rest.lstrip()
                if not rest:
                    return (
                        Tags("opened", "", close, marked, index=tags.index),
                        "".join(thoughts),
                        "",
                    )
            phase = "thinking"
        if phase == "thinking":
            reasoning, closed, after = rest.partition(close)
            if not closed:
                held = _tag_start(reasoning, close)
                thoughts.append(reasoning[: len(reasoning) - len(held)])
                text = "".join(thoughts)
                return (
                    Tags("thinking", held, close, marked or bool(text), index=tags.index),
                    text,
                    "",
                )
            thoughts.append(reasoning)
            marked = marked or bool(reasoning)
            phase, rest, close = "closed", after, ""
        if phase == "text":
            break
    return Tags("text", "", "", marked, index=tags.index), "".join(thoughts), rest


def _read_untagged(
    tags: Tags, piece: str, name: str, choice: int
) -> tuple[Tags, list[StreamEvent]]:
    """More text of a response that began without a tag: servers leave the opening one in the prompt.

    With the closing tag all text before it is reasoning, unless an opening tag stands in it: then it is about tags.
    """
    end = tags.tail + piece
    close = reasoning_end(end)
    if not close:
        after = replace(tags, so_far=(tags.so_far, piece), tail=end[1 - _MAX_END :])
        return after, [TextDelta(piece, TEXT, choice)]
    text = "".join([*chain_items(tags.so_far), piece])
    reasoning, _, rest = text.partition(close)
    if close.replace("/", "") in reasoning:
        return Tags("text"), [TextDelta(piece, TEXT, choice)]
    events: list[StreamEvent] = []
    if reasoning.strip():
        part = Reasoning(reasoning.lstrip(), None, ProviderMetadata(name))
        events.append(PartReceived(part, TEXT, choice))
    closed = Tags("closed", index=_AFTER)
    after, more, rest = split(closed, rest)
    return after, [*events, *_events(choice, closed, more, rest)]


_AFTER = CALLS - 1
"""The index of the text after untagged reasoning, which has the index of the text."""


class TaggedState(StreamState, frozen=True, kw_only=True):
    """The state of a stream whose text may have tags."""

    inner: State = State()
    """The state of the stream as it is sent."""
    tags: Entries = Entries()
    """Choice -> its Tags."""
    text_choice: int = -1
    """The choice of the last text, if its reasoning is over."""


def read_tagged_chunk(
    service: Service[Quirks], head: ResponseHead, state: TaggedState, frame: bytes
) -> tuple[TaggedState, Sequence[StreamEvent]]:
    """`read_chunk`, with the reasoning taken out of the text."""
    inner, chunk_events = read_chunk(service, head, state.inner, frame)
    if inner is state.inner and len(chunk_events) == 1:
        event = chunk_events[0]
        if type(event) is TextDelta and event.choice == state.text_choice:  # nearly every chunk
            return state, chunk_events
    untagged = service.name if service.quirks.think_tags == "untagged" else ""
    tags, events = split_tags(state.tags, chunk_events, untagged)
    if inner.ended and not state.ended:
        events += flush_all(tags)
    after = TaggedState(
        complete=inner.complete,
        ended=inner.ended,
        fault=inner.fault,
        inner=inner,
        tags=tags,
        text_choice=_text_choice(tags, events),
    )
    return after, events


def _text_choice(tags: Entries, events: Sequence[StreamEvent]) -> int:
    choice = next((event.choice for event in reversed(events) if type(event) is TextDelta), -1)
    last: Tags | None = tags.get(choice)
    is_over = last is not None and last.phase == "text" and last.index == TEXT
    return choice if is_over else -1


def split_tags(
    tags: Entries, events: Iterable[StreamEvent], untagged: str = ""
) -> tuple[Entries, list[StreamEvent]]:
    """The state after the events, and the events with the reasoning taken out of the text.

    `untagged`: the provider, if its reasoning may begin without a tag.
    """
    split_events: list[StreamEvent] = []
    for event in events:
        match event:
            case TextDelta(text=text, choice=choice):
                previous: Tags = tags.get(choice) or START
                if previous.phase == "untagged":
                    after, more = _read_untagged(previous, text, untagged, choice)
                    tags = tags.put(choice, after)
                    split_events += more
                    continue
                after, reasoning, rest = split(previous, text)
                if previous.repeats:
                    after = replace(after, repeats=True)
                begins = previous.phase == "start" and after.phase == "text"
                if untagged and begins and not after.marked:
                    after, more = _read_untagged(Tags("untagged"), rest, untagged, choice)
                    tags = tags.put(choice, after)
                    split_events += more
                    continue
                if after != previous:
                    tags = tags.put(choice, after)
                split_events += _events(choice, previous, reasoning, rest)
            case ReasoningDelta(text=text, choice=choice):
                previous = tags.get(choice) or START
                if text and not previous.repeats:
                    tags = tags.put(choice, replace(previous, repeats=True))
                split_events.append(event)
            case Finished(choice=choice):
                split_events += flush_tags(choice, tags.get(choice) or START)
                tags = tags.put(choice, Tags("text"))
                split_events.append(event)
            case _:
                split_events.append(event)
    return tags, split_events


def flush_all(tags: Entries) -> Iterator[StreamEvent]:
    """The held text of each choice, at the end of a response without finish reasons."""
    for choice, held in tags.items():
        yield from flush_tags(int(str(choice)), held)


def flush_tags(choice: int, tags: Tags) -> Iterator[StreamEvent]:
    """The held text, at the end of the response: it did not become a tag."""
    thinking = tags.phase == "thinking"
    yield from _events(choice, tags, *((tags.held, "") if thinking else ("", tags.held)))


def _events(choice: int, before: Tags, reasoning: str, text: str) -> Iterator[StreamEvent]:
    if reasoning and not before.repeats:
        yield ReasoningDelta(reasoning, REASONING, choice)
        if not before.marked:
            yield ProviderMetadataReceived("{}", REASONING, choice, "reasoning")
    if text:
        yield TextDelta(text, before.index, choice)


def _tag_start(text: str, close: str) -> str:
    """The longest end of the text with which the closing tag may begin."""
    for size in range(min(len(close) - 1, len(text)), 0, -1):
        if text.endswith(close[:size]):
            return text[-size:]
    return ""

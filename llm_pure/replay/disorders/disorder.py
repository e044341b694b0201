"""`Disorder`: one way to deform an answer without changing its meaning, and functions that make such edits from parts. Pure."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias

import msgspec

from llm_pure.replay.disorders.answer import (
    Frame,
    Framing,
    JsonObject,
    RecordedAnswer,
    decode_frames,
    with_frames,
)

Deform: TypeAlias = Callable[[RecordedAnswer], RecordedAnswer | None]
"""Return the deformed answer; None if a precondition does not hold, so that the meaning would change or be ambiguous."""

EditFrames: TypeAlias = Callable[[list[Frame]], list[Frame] | None]
"""Return other frames; None if a precondition does not hold."""

EditJson: TypeAlias = Callable[[list[JsonObject]], bool | None]
"""Change the JSON objects of all frames in place. False or None: a precondition does not hold."""

Difference: TypeAlias = Literal["id", "tool_call_ids", "part_metadata", "text_parts", "number_text"]
"""What a disorder may change in the Completion: the response's id, ids of tool calls, the data kept beside parts,
where text parts begin (data beside a text keeps it a part of its own). number_text: numbers in `extra`, `usage.raw` and provider metadata stand there as text."""

UNKNOWN_FIELD = "x_unknown_field"
"""The name of fields that a disorder adds as unknown ones; the Completion may keep them anywhere."""

OPENAI_CHAT, RESPONSES = "openai_chat", "openai_responses"
ANTHROPIC, GEMINI, COHERE = "anthropic_messages", "gemini_content", "cohere_chat"
CONVERSE, INVOKE = "bedrock_converse", "bedrock_invoke"
DASHSCOPE, OLLAMA, LLAMA = "dashscope_generation", "ollama_native", "llama_native"
QIANFAN_V1 = "qianfan_v1"

SSE_DIALECTS = (
    OPENAI_CHAT, RESPONSES, ANTHROPIC, GEMINI, COHERE, DASHSCOPE, LLAMA, QIANFAN_V1,
)  # fmt: skip
"""Dialects that stream server-sent events."""

AWS_DIALECTS = (CONVERSE, INVOKE)
"""Dialects that AWS alone serves: no gateway relabels their bodies."""

ALL_DIALECTS = (*SSE_DIALECTS, OLLAMA, *AWS_DIALECTS)


class Disorder(msgspec.Struct, frozen=True, kw_only=True):
    """A pure function from an answer to one that means the same, with what it is meant for."""

    name: str
    description: str
    source: str
    """Who sends such answers."""
    dialects: tuple[str, ...]
    """The dialects that it is meant for."""
    streamed: bool | None = None
    """Only for streams, or only for buffered bodies; None: both."""
    may_differ: tuple[Difference, ...] = ()
    deform: Deform

    def apply(self, answer: RecordedAnswer) -> RecordedAnswer | None:
        """Return the deformed answer; None if the disorder is not meant for it, not possible, or changes nothing."""
        if answer.dialect not in self.dialects:
            return None
        if self.streamed is not None and answer.streamed != self.streamed:
            return None
        deformed = self.deform(answer)
        return None if deformed == answer else deformed


def editing_frames(edit: EditFrames, *framings: Framing) -> Deform:
    """Return a disorder of the frames of a body in one of these framings; without any, in each."""

    def deform(answer: RecordedAnswer) -> RecordedAnswer | None:
        framed = decode_frames(answer)
        if framed is None or (framings and framed.framing not in framings):
            return None
        frames = edit(list(framed.frames))
        return None if frames is None else with_frames(answer, framed.framing, frames)

    return deform


def editing_json(edit: EditJson) -> Deform:
    """Return a disorder of the JSON objects of a body: other frames, such as [DONE], stay."""

    def edit_frames(frames: list[Frame]) -> list[Frame] | None:
        values = [frame.json() for frame in frames]
        before = [msgspec.json.encode(value) for value in values]
        if not edit([value for value in values if value is not None]):
            return None
        return [
            frame if value is None or msgspec.json.encode(value) == old else frame.with_json(value)
            for frame, value, old in zip(frames, values, before, strict=True)
        ]

    return editing_frames(edit_frames)


def objects(value: Any, skip: frozenset[str] = frozenset()) -> list[JsonObject]:
    """Return a JSON value's objects, outermost first, without those below the fields `skip`."""
    pending, result = [value], []
    while pending:
        item = pending.pop(0)
        if isinstance(item, dict):
            result.append(item)
            pending += [field for name, field in item.items() if name not in skip]
        elif isinstance(item, list):
            pending += item
    return result


def json_list(value: Any) -> list[JsonObject]:
    """Return the objects of a list, () for anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def json_dict(value: Any) -> JsonObject:
    """Return an object itself, a new empty one for anything else."""
    return value if isinstance(value, dict) else {}


def decoded_object(text: str | bytes) -> JsonObject | None:
    """Return the JSON object in a text, None if it holds none."""
    return Frame(data=text.encode() if isinstance(text, str) else text).json()


def last_index(frames: Sequence[Frame], matches: Callable[[JsonObject], bool]) -> int | None:
    """Return the position of the last frame whose JSON object matches."""
    for index in reversed(range(len(frames))):
        value = frames[index].json()
        if value is not None and matches(value):
            return index
    return None

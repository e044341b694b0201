"""Bodies of the older vendors -> events. A table has the key that identifies a body, its Struct and its reader."""

from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from typing import Any, TypeAlias

import msgspec

from llm_pure.adapters.dialects.bedrock_invoke import wire
from llm_pure.adapters.dialects.common.extra_fields import extra_events
from llm_pure.adapters.dialects.common.token_counts import first_count
from llm_pure.framing.json_codec import json_text
from llm_pure.types.completion import FinishReason, Usage, finish_reason_of
from llm_pure.types.events import (
    ExtraReceived,
    Finished,
    Started,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
)

FINISH: Mapping[str, FinishReason] = {
    "stop": "stop",
    "end_turn": "stop",
    "endoftext": "stop",
    "complete": "stop",
    "finish": "stop",
    "finished": "stop",
    "stop_sequence": "stop",
    "stop_criteria_met": "stop",
    "length": "length",
    "max_tokens": "length",
    "error_limit": "length",
    "tool_call": "tool_calls",
    "tool_calls": "tool_calls",
    "content_filtered": "content_filter",
    "error_toxic": "content_filter",
    "error": "error",
}
"""The reasons of all these vendors, in lower case; others are "unknown", and raw_finish_reason keeps them."""

FIRST_CALL = 1
"""The index of the first call; the text has index 0."""


Reader: TypeAlias = Callable[[Any, int], Iterator[StreamEvent]]
"""(body, number of earlier tool calls) -> events."""


class Shape(msgspec.Struct, frozen=True):
    """How to read one kind of body."""

    struct: type[Any]
    known: frozenset[str]
    """Keys that the reader uses."""
    read: Reader


def _finished(reason: str | None, choice: int = 0) -> Iterator[StreamEvent]:
    if reason:
        meaning = finish_reason_of(reason.lower(), FINISH)
        yield Finished(meaning, reason, choice)


def _choices(rows: str, text: str, reason: str) -> Reader:
    """Read bodies with text only. `rows`: the list of choices, "" if the body is the only one; then paths in a choice."""
    text_of, reason_of = attrgetter(text), attrgetter(reason)

    def read(body: Any, calls: int) -> Iterator[StreamEvent]:
        if getattr(body, "id", None) not in (None, ""):
            yield Started(id=str(body.id))
        for index, choice in enumerate(getattr(body, rows) if rows else (body,)):
            if text_of(choice):
                yield TextDelta(text_of(choice), 0, index)
            yield from _finished(reason_of(choice), index)

    return read


def _cohere(body: wire.Cohere, calls: int) -> Iterator[StreamEvent]:
    generation_id = body.generation_id or (body.response or {}).get("generation_id")
    if generation_id:
        yield Started(id=str(generation_id))
    if body.text:
        yield TextDelta(body.text)
    for index, call in enumerate(body.tool_calls or (), FIRST_CALL + calls):
        yield ToolCallDelta(json_text(call.parameters or {}), index, name=call.name)
    if body.citations:
        yield ExtraReceived("citations", body.citations, append=True)
    yield from extra_events(body.response, _COHERE)
    yield from _finished(body.finish_reason or ("finish" if body.is_finished else None))


_COUNTED = frozenset(
    {
        "prompt_token_count",
        "generation_token_count",
        "inputTextTokenCount",
        "totalOutputTextTokenCount",
        "tokenCount",
    }
)
_COHERE = frozenset(wire.Cohere.__struct_fields__)


def _shape(struct: type[msgspec.Struct], read: Reader, *extra_keys: str) -> Shape:
    return Shape(struct, frozenset({*struct.__struct_fields__, *_COUNTED, *extra_keys}), read)


SHAPES: tuple[tuple[str, Shape], ...] = (
    ("generation", _shape(wire.Llama, _choices("", "generation", "stop_reason"))),
    ("outputs", _shape(wire.Mistral, _choices("outputs", "text", "stop_reason"))),
    (
        "generations",
        _shape(wire.CohereGenerations, _choices("generations", "text", "finish_reason"), "prompt"),
    ),
    ("completions", _shape(wire.J2, _choices("completions", "data.text", "reason"), "prompt")),
    ("results", _shape(wire.Titan, _choices("results", "outputText", "completionReason"))),
    (
        "outputText",
        _shape(wire.TitanChunk, _choices("", "outputText", "completionReason"), "index"),
    ),
    ("completion", _shape(wire.OldClaude, _choices("", "completion", "stop_reason"), "stop")),
    *[
        (key, _shape(wire.Cohere, _cohere))
        for key in ("event_type", "generation_id", "is_finished")
    ],
)
"""The first of these keys in a body selects its shape."""


def shape_of(raw: dict[str, Any]) -> Shape | None:
    """The shape of a body or a chunk; None if the table has none."""
    for key, shape in SHAPES:
        if key in raw:
            return shape
    return None


def counts_in(raw: dict[str, Any]) -> dict[str, Any]:
    """The token counts of a body, under the vendor's own names."""
    counts = {key: value for key, value in raw.items() if key in _COUNTED and value is not None}
    results = raw.get("results")
    if isinstance(results, list) and results and isinstance(results[0], dict):
        counts |= {key: results[0][key] for key in ("tokenCount",) if key in results[0]}
    for body in (raw, raw.get("response")):
        meta = body.get("meta") if isinstance(body, dict) else None
        for key in ("billed_units", "tokens"):
            units = meta.get(key) if isinstance(meta, dict) else None
            if isinstance(units, dict):
                counts |= units
    return counts


def read_counts(raw: dict[str, Any]) -> Usage:
    """Counts under any of the vendors' names. Their input excludes the cache; Usage.input_tokens includes it."""
    uncached = first_count(
        raw, "inputTokenCount", "prompt_token_count", "inputTextTokenCount", "input_tokens"
    )
    output = first_count(
        raw,
        "outputTokenCount",
        "generation_token_count",
        "totalOutputTextTokenCount",
        "tokenCount",
        "output_tokens",
    )
    if uncached is None:
        return Usage(None, output, raw=raw)
    cache_read = first_count(raw, "cacheReadInputTokenCount")
    cache_write = first_count(raw, "cacheWriteInputTokenCount")
    total = uncached + (cache_read or 0) + (cache_write or 0)
    return Usage(total, output, cache_read, cache_write, raw=raw)

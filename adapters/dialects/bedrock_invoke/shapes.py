"""Bodies of the older vendors -> what they say, by a table: the key that tells a body apart, its Struct, what reads it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from llm_pure.adapters.dialects.bedrock_converse.usage import tokens
from llm_pure.adapters.dialects.bedrock_invoke import wire
from llm_pure.framing.json_codec import json_text
from llm_pure.types.completion import FinishReason, Usage
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
"""The words of all these vendors, in lower case; others are "unknown", and stay in raw_finish_reason."""

CALLS = 1
"""The index of the first call; the text before it is 0."""


class Shape(msgspec.Struct, frozen=True):
    """A body's Struct, the keys that it models, and what reads it. calls: how many came before."""

    struct: type[Any]
    modelled: frozenset[str]
    read: Callable[[Any, int], Iterator[StreamEvent]]


def _finished(word: str | None, choice: int = 0) -> Iterator[StreamEvent]:
    if word:
        yield Finished(FINISH.get(word.lower(), "unknown"), word, choice)


def _answer(text: str | None, word: str | None, choice: int = 0) -> Iterator[StreamEvent]:
    if text:
        yield TextDelta(text, 0, choice)
    yield from _finished(word, choice)


def _llama(body: wire.Llama, calls: int) -> Iterator[StreamEvent]:
    yield from _answer(body.generation, body.stop_reason)


def _mistral(body: wire.Mistral, calls: int) -> Iterator[StreamEvent]:
    for choice, one in enumerate(body.outputs):
        yield from _answer(one.text, one.stop_reason, choice)


def _generations(body: wire.CohereGenerations, calls: int) -> Iterator[StreamEvent]:
    if body.id:
        yield Started(id=body.id)
    for choice, one in enumerate(body.generations):
        yield from _answer(one.text, one.finish_reason, choice)


def _cohere(body: wire.Cohere, calls: int) -> Iterator[StreamEvent]:
    if body.generation_id:
        yield Started(id=body.generation_id)
    if body.text:
        yield TextDelta(body.text)
    for place, call in enumerate(body.tool_calls or ()):
        yield ToolCallDelta(json_text(call.parameters or {}), CALLS + calls + place, name=call.name)
    if body.citations:
        yield ExtraReceived("citations", body.citations, append=True)
    for name, value in (body.response or {}).items():
        if name not in _COHERE and value not in (None, "", [], {}):
            yield ExtraReceived(name, value)
    word = body.finish_reason
    yield from _finished(word or ("finish" if body.is_finished else None))


def _j2(body: wire.J2, calls: int) -> Iterator[StreamEvent]:
    if body.id is not None:
        yield Started(id=str(body.id))
    for choice, one in enumerate(body.completions):
        yield from _answer(one.data.text, (one.finishReason or wire.J2Reason()).reason, choice)


def _titan(body: wire.Titan, calls: int) -> Iterator[StreamEvent]:
    for choice, one in enumerate(body.results):
        yield from _answer(one.outputText, one.completionReason, choice)


def _titan_chunk(body: wire.TitanChunk, calls: int) -> Iterator[StreamEvent]:
    yield from _answer(body.outputText, body.completionReason)


def _old_claude(body: wire.OldClaude, calls: int) -> Iterator[StreamEvent]:
    yield from _answer(body.completion, body.stop_reason)


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


def _shape(
    struct: type[msgspec.Struct], read: Callable[[Any, int], Iterator[StreamEvent]], *more: str
) -> Shape:
    return Shape(struct, frozenset({*struct.__struct_fields__, *_COUNTED, *more}), read)


SHAPES: tuple[tuple[str, Shape], ...] = (
    ("generation", _shape(wire.Llama, _llama)),
    ("outputs", _shape(wire.Mistral, _mistral)),
    ("generations", _shape(wire.CohereGenerations, _generations, "prompt")),
    ("completions", _shape(wire.J2, _j2, "prompt")),
    ("results", _shape(wire.Titan, _titan)),
    ("outputText", _shape(wire.TitanChunk, _titan_chunk, "index")),
    ("completion", _shape(wire.OldClaude, _old_claude, "stop")),
    ("event_type", _shape(wire.Cohere, _cohere)),
    ("generation_id", _shape(wire.Cohere, _cohere)),
    ("is_finished", _shape(wire.Cohere, _cohere)),
)
"""The first key that a body has tells its shape."""


def shape_of(raw: dict[str, Any]) -> Shape | None:
    """The shape of a body or a chunk; None when the table has none."""
    for key, shape in SHAPES:
        if key in raw:
            return shape
    return None


def counts_in(raw: dict[str, Any]) -> dict[str, Any]:
    """What a body says about tokens, under the vendor's own names."""
    found = {key: raw[key] for key in _COUNTED if raw.get(key) is not None}
    results = raw.get("results")
    if isinstance(results, list) and results and isinstance(results[0], dict):
        found |= {key: results[0][key] for key in ("tokenCount",) if key in results[0]}
    for place in (raw, raw.get("response")):
        meta = place.get("meta") if isinstance(place, dict) else None
        for key in ("billed_units", "tokens"):
            counted = meta.get(key) if isinstance(meta, dict) else None
            if isinstance(counted, dict):
                found |= counted
    return found


def read_counts(raw: dict[str, Any]) -> Usage:
    """Counts under any of the vendors' names; the cache is left out of their input, and is in ours."""
    sent = _first(
        raw, "inputTokenCount", "prompt_token_count", "inputTextTokenCount", "input_tokens"
    )
    made = _first(
        raw,
        "outputTokenCount",
        "generation_token_count",
        "totalOutputTextTokenCount",
        "tokenCount",
        "output_tokens",
    )
    read, written = (
        _first(raw, "cacheReadInputTokenCount"),
        _first(raw, "cacheWriteInputTokenCount"),
    )
    whole = None if sent is None else sent + (read or 0) + (written or 0)
    if whole is None:
        read = written = None
    return Usage(whole, made, read, written, raw=raw)


def _first(raw: dict[str, Any], *names: str) -> int | None:
    for name in names:
        count = tokens(raw.get(name))
        if count is not None:
            return count
    return None

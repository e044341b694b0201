"""Shapes that people reported from gateways, local servers and odd services, with their right values.

A `Row` is one shape: a buffered body, a stream, or both. `check` reads it buffered, streamed, byte by byte, and cut at
every byte. The rows of a dialect stand in tests/adapters/wild/test_<dialect>.py.
"""

import json
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any, TypeAlias

import msgspec

from llm_pure import Completion, HttpResponse, LLMError, ResponseHead, collect
from llm_pure.adapters import registry
from llm_pure.core.provider import Provider
from llm_pure.replay.checks.stream_properties import StreamOutcome, read_pieces
from llm_pure.types.errors import StreamInterrupted
from llm_pure.types.events import PartReceived, StreamEvent, ToolCallDelta
from llm_pure.types.http import Headers
from llm_pure.types.messages import ToolCall
from llm_pure.types.result import Success
from tests.support.framed import dense
from tests.support.pieces import one_byte_at_a_time

Call: TypeAlias = tuple[str, str, str]
"""Id, name, arguments."""

SSE: Headers = (("content-type", "text/event-stream"),)
JSON: Headers = (("content-type", "application/json"),)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a user reads of a Completion."""

    text: str = ""
    reasoning: str = ""
    refusal: str = ""
    calls: tuple[Call, ...] = ()
    parts: tuple[str, ...] | None = None
    """The types of the parts, such as ("Reasoning", "Text"); None where they are not tested."""
    finish: str = "stop"
    raw_finish: str | None = None
    """None where it is not tested."""
    tokens: tuple[int | None, int | None] | None = None
    """Of the input and of the output; None where they are not tested."""
    extra: dict[str, Any] = {}
    """Extra fields that must have these values; others are not tested."""


class Fault(msgspec.Struct, frozen=True, kw_only=True):
    """The error that a shape must end in."""

    kind: type[Any]
    message: str | None = None
    """The entire message; None where it is not tested."""
    code: str | None = None
    retryable: bool = False
    partial: Answer | None = None
    """None: nothing was received before the error, or it is not tested."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One shape and its right value."""

    title: str
    provider: str
    body: Any = None
    """A buffered answer, as JSON or as bytes; None if the row has none."""
    data: bytes | None = None
    """A stream; None if the row has none."""
    expected: Answer | Fault
    status: int = 200
    headers: Headers | None = None
    """None: those of the kind of body."""
    open_ends: tuple[int, ...] = ()
    """Lengths at which a cut stream cannot be told from a complete one."""
    cut_every: int = 1
    replaces: bool = False
    """A final event replaces the text of the deltas: what a cut stream has is no beginning of it."""

    def __str__(self) -> str:
        return f"{self.provider}: {self.title}"


def sse(*values: Any, done: bool = True, named: bool = False) -> bytes:
    """An event for each value; bytes stand as they are. `done`: with [DONE]; `named`: with an event line of its type."""
    frames = [
        value
        if isinstance(value, bytes)
        else f"{'event: ' + value['type'] + chr(10) if named else ''}data: {dense(value)}\n\n".encode()
        for value in values
    ]
    return b"".join(frames) + (b"data: [DONE]\n\n" if done else b"")


def check(row: Row) -> None:
    """Assert that the row has its right value in every form."""
    provider = registry.get(row.provider).unwrap()
    if row.body is not None:
        body = row.body if isinstance(row.body, bytes) else json.dumps(row.body).encode()
        response = HttpResponse(row.status, JSON if row.headers is None else row.headers, body)
        parsed = provider.parse_chat(response)
        if isinstance(parsed, Success):
            _compare(row.expected, parsed.unwrap(), None)
        else:
            _compare(row.expected, parsed.failure().partial, parsed.failure())
        in_place_of_a_stream = _read(provider, response.head, [body])
        assert _outcome(in_place_of_a_stream) == (
            parsed.unwrap() if isinstance(parsed, Success) else parsed.failure()
        )
    if row.data is not None:
        _check_stream(row, provider, row.data)


def _check_stream(row: Row, provider: Provider, data: bytes) -> None:
    head = ResponseHead(row.status, SSE if row.headers is None else row.headers)
    events, error = _read(provider, head, [data])
    completion = completion_of(events) if error is None else error.partial
    _compare(row.expected, completion, error)
    if error is None and isinstance(row.expected, Answer):
        assert joined_arguments(events) == sorted(call[2] for call in row.expected.calls)
    assert _read(provider, head, one_byte_at_a_time(data)) == (events, error)
    in_place_of_a_body = provider.parse_chat(HttpResponse(head.status, head.headers, data))
    assert in_place_of_a_body.map(_fields).value_or(None) == (
        None if error is not None else _fields(completion_of(events))
    )
    hashed = blake2b(msgspec.json.encode((row.provider, head)), digest_size=16)
    last = 0
    for end in range(0, len(data.rstrip()), row.cut_every):
        hashed.update(data[last:end])
        last = end
        cut = _CUTS.get(hashed.digest())
        if cut is None:
            cut = _CUTS[hashed.digest()] = _read_cut(provider, head, data[:end])
        _check_cut(row, data[:end], cut, completion)


def joined_arguments(events: Sequence[StreamEvent]) -> list[str]:
    """The arguments of the first choice's calls, sorted, by what is documented of the events: joined, unless a part replaces them."""
    joined: dict[int, str] = {}
    for event in events:
        match event:
            case ToolCallDelta(arguments=arguments, index=index, choice=0):
                joined[index] = joined.get(index, "") + arguments
            case PartReceived(part=part, index=index, choice=0):
                joined.pop(index, None)
                if isinstance(part, ToolCall):
                    joined[index] = part.arguments
            case _:
                pass
    return sorted(text or "{}" for text in joined.values())


class _Cut(msgspec.Struct, frozen=True):
    """What a cut stream comes to."""

    error: type[Any] | None
    received: str = ""
    """The text before the error."""
    complete: tuple[Any, ...] = ()
    """Message and finish reason of a stream without an error."""


_CUTS: dict[bytes, _Cut] = {}
"""Hash of the provider, the head and the bytes -> what they come to: the streams of many rows begin alike."""


def _read_cut(provider: Provider, head: ResponseHead, data: bytes) -> _Cut:
    events, error = _read(provider, head, [data])
    if error is not None:
        return _Cut(type(error), error.partial.text if error.partial else "")
    whole = completion_of(events)
    return _Cut(None, complete=(whole.message, whole.finish_reason))


def _check_cut(row: Row, data: bytes, cut: _Cut, completion: Completion | None) -> None:
    """A cut stream gives the beginning of the text and an error; or everything, if only the tail is missing."""
    if cut.error is None:
        if len(data) in row.open_ends:
            return
        assert isinstance(row.expected, Answer), (len(data), data[-60:], cut)
        assert completion is not None
        expected = (completion.message, completion.finish_reason)
        assert cut.complete == expected, (len(data), data[-60:])
        return
    if isinstance(row.expected, Answer):
        assert issubclass(cut.error, StreamInterrupted), (len(data), data[-60:], cut)
        assert row.replaces or row.expected.text.startswith(cut.received)


def _read(provider: Provider, head: ResponseHead, pieces: Sequence[bytes]) -> StreamOutcome:
    return read_pieces(provider.open_stream(head), pieces)


def completion_of(events: Sequence[StreamEvent]) -> Completion:
    """The collected events of a complete stream."""
    return collect(events).unwrap()


def _outcome(outcome: StreamOutcome) -> Completion | LLMError:
    """The completion or the error. A stream's error always has a partial, which may be empty."""
    events, error = outcome
    if error is not None and error.partial == Completion():
        return msgspec.structs.replace(error, partial=None)
    return completion_of(events) if error is None else error


def _fields(completion: Completion) -> tuple[Any, ...]:
    return (completion.message, completion.finish_reason, completion.usage, completion.extra)


def _compare(
    expected: Answer | Fault, completion: Completion | None, error: LLMError | None
) -> None:
    if isinstance(expected, Answer):
        assert error is None, error
        assert completion is not None
        assert _answer(expected, completion) == expected
        return
    assert error is not None, completion
    actual = Fault(
        kind=type(error),
        message=None if expected.message is None else error.message,
        code=error.code,
        retryable=error.retryable,
        partial=None
        if expected.partial is None
        else _answer(expected.partial, completion or Completion()),
    )
    assert actual == expected


def _answer(tested: Answer, completion: Completion) -> Answer:
    """The completion as an Answer, with the fields that are tested."""
    usage = completion.usage
    return Answer(
        text=completion.text,
        reasoning=completion.reasoning,
        refusal=completion.refusal,
        calls=tuple([(call.id, call.name, call.arguments) for call in completion.tool_calls]),
        parts=None
        if tested.parts is None
        else tuple([type(part).__name__ for part in completion.message.parts]),
        finish=completion.finish_reason,
        raw_finish=None if tested.raw_finish is None else completion.raw_finish_reason,
        tokens=None if tested.tokens is None else (usage.input_tokens, usage.output_tokens),
        extra={name: completion.extra.get(name) for name in tested.extra},
    )

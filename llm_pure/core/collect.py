"""Fold events into a Completion. Buffered responses are folded too, so that both give the same Completion.

One file: every answer crosses all of it, and each further file would be loaded by a program's first call.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from io import StringIO
from itertools import islice, pairwise
from typing import Any, TypeVar

import msgspec

from llm_pure.framing.json_codec import json_object, json_text
from llm_pure.types.completion import Choice, Completion, FinishReason, Usage, later_usage
from llm_pure.types.errors import ProtocolError, StreamInterrupted
from llm_pure.types.events import (
    ExtraReceived,
    Finished,
    PartReceived,
    ProviderMetadataReceived,
    ReasoningDelta,
    RefusalDelta,
    Started,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from llm_pure.types.messages import (
    Message,
    Part,
    ProviderMetadata,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
)
from llm_pure.types.result import Failure, LLMResult, Success

C = TypeVar("C", Choice, Completion)


def collect(events: Iterable[StreamEvent]) -> LLMResult[Completion]:
    """Return the Completion of the events. Fails with StreamInterrupted, with the partial one, unless every choice finished."""
    collector = Collector()
    collector.add(events)
    partial = collector.completion()
    if collector.finished:
        error = nameless_call(partial)
        return Success(partial) if error is None else Failure(error)
    return Failure(
        StreamInterrupted(
            message="the events end before the response is complete",
            provider=partial.provider,
            partial=partial,
        )
    )


def nameless_call(completion: Completion) -> ProtocolError | None:
    """The error of a response with a tool call without a name, which nobody can execute; None without one."""
    messages = (completion.message, *[choice.message for choice in completion.alternatives])
    for message in messages:
        for call in message.parts:
            if isinstance(call, ToolCall) and not call.name:
                return ProtocolError(
                    message="the response has a tool call without a name",
                    provider=completion.provider,
                    where="tool_calls",
                    evidence=call.arguments.encode("utf-8", "replace"),
                    partial=completion,
                )
    return None


def finalize(completion: Completion) -> Completion:
    """Normalize a complete response; shared by `parse_chat` and streams.

    Unwraps OpenAI's `multi_tool_use.parallel`, assigns missing tool call ids, and replaces the finish reason "stop" by
    "tool_calls" or "refusal" if the message contains one: many services send their "stop" for both. `raw_finish_reason`
    keeps the provider's value.
    """
    final = _finalize_choice(completion, completion.id)
    if not completion.alternatives:
        return final
    alternatives = [_finalize_choice(choice, completion.id) for choice in completion.alternatives]
    return msgspec.structs.replace(final, alternatives=tuple(alternatives))


def _finalize_choice(choice: C, response_id: str) -> C:
    message, reason = choice.message, choice.finish_reason
    calls = [part for part in message.parts if type(part) is ToolCall]
    for call in calls:
        if not call.id or call.name in _PARALLEL:
            message = _normalize_calls(message, response_id)
            break
    if reason in _OPEN_REASONS:
        reason = "tool_calls" if calls else "refusal" if message.refusal else reason
    if message is choice.message and reason == choice.finish_reason:  # nearly every response
        return choice
    return msgspec.structs.replace(choice, message=message, finish_reason=reason)


_OPEN_REASONS: tuple[FinishReason, ...] = ("stop", "unknown")
"""Finish reasons that the content of the message replaces."""


def _normalize_calls(message: Message, response_id: str) -> Message:
    """Unwrap parallel calls; derive the missing ids of calls from the response's id."""
    from llm_pure.core.call_arguments import unwrap_parallel  # imported late: start-up

    parts: list[Part] = []
    number = 0
    for part in message.parts:
        if not isinstance(part, ToolCall):
            parts.append(part)
            continue
        calls = unwrap_parallel(part) if part.name in _PARALLEL else (part,)
        for call in calls:
            call_id = call.id or f"call_{response_id}_{number}".replace("__", "_")
            parts.append(msgspec.structs.replace(call, id=call_id))
            number += 1
    return msgspec.structs.replace(message, parts=tuple(parts))


_PARALLEL = ("multi_tool_use.parallel", "parallel")
"""Names of a call that wraps several."""


_NEWEST = 16
"""So many of the newest choices and parts are checked; earlier ones rarely grow."""


def are_cumulative(chunks: Sequence[str]) -> bool:
    """Return whether each chunk has all of the text so far: services send so what should be deltas.

    Source: QwenLM/qwen-code#3896 (DashScope), platform.minimax.io "OpenAI SDK" (`text_buffer`), read 2026-11-30.

    >>> are_cumulative(["Paris is", "Paris is the capital", "Paris is the capital."]), are_cumulative(["ha", "haha"])
    (True, False)
    """
    return (
        len(chunks) >= _SNAPSHOTS
        and len(chunks[-1]) >= max(_SNAPSHOT_LENGTH, len(chunks[0]) + 1)
        and all(after.startswith(before) for after, before in pairwise(reversed(chunks)))
        and len({*chunks}) >= _SNAPSHOTS
        and not chunks[0].isspace()
    )


_TEXTS = ("text", "reasoning")
_SNAPSHOTS, _SNAPSHOT_LENGTH = 3, 20
"""Fewer or shorter chunks may begin with each other by chance."""


class _PartBuilder:
    """One part under construction. Its text is a buffer, if `compact` was called, and the chunks since."""

    __slots__ = (
        "buffer", "chunks", "complete", "id", "kind", "metadata", "name", "provider", "signature",
    )  # fmt: skip

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.buffer: StringIO | None = None
        self.chunks: list[str] = []
        self.signature: str | None = None
        self.provider = ""
        self.metadata: list[str] = []  # JSON objects
        self.id = ""
        self.name = ""
        self.complete: Part | None = None

    @property
    def is_cumulative(self) -> bool:
        """Whether this is a text of which each chunk has all of it so far."""
        chunks = self.chunks
        return len(chunks) >= _SNAPSHOTS and self.kind in _TEXTS and are_cumulative(chunks)

    def compact(self) -> None:
        """Move the chunks to the buffer; of cumulative ones three say the same as all."""
        if self.buffer is None:
            if self.is_cumulative:
                first, second, *_, last = dict.fromkeys(self.chunks)
                self.chunks = [first, second, last]
                return
            self.buffer = StringIO()
        self.buffer.write("".join(self.chunks))
        self.chunks.clear()

    def text(self) -> str:
        """The text so far."""
        if self.buffer is None:
            return "".join(self.chunks)
        self.compact()
        return self.buffer.getvalue()

    def arguments(self, text: str) -> str:
        """The arguments in the chunks, whose joined text this is: services repeat them."""
        chunks = self.chunks
        if text[:1] in _ENCODED:
            if any('"custom' in json for json in self.metadata):  # the input of a custom tool
                return text
        elif "}{" not in text:
            for chunk in chunks[1:]:
                if chunk.lstrip()[:1] == "{":
                    break
            else:  # nearly always
                if len(chunks) > 1:
                    self.chunks = [text]  # needed at the finish, and again at the end
                return text
        from llm_pure.core.call_arguments import join_arguments  # imported late: start-up

        return join_arguments(chunks or (text,))

    def provider_metadata(self) -> ProviderMetadata | None:
        """All metadata as one object; a single one stays as it was received, byte for byte."""
        if not self.metadata:
            return None
        filled = [json for json in self.metadata if json != "{}"] or ["{}"]
        if len(filled) > 1:
            merged: dict[str, Any] = {}
            for json in filled:
                merged |= json_object(json) or {}
            filled = [json_text(merged)]
        self.metadata = filled
        return ProviderMetadata(self.provider, filled[0])

    def part(self) -> Part | None:
        """Return the part so far, None while it is empty."""
        text = self.chunks[-1] if self.is_cumulative else self.text()
        metadata = self.provider_metadata()
        match self.kind:
            case "complete":
                return self.complete
            case "tool_call":
                return ToolCall(self.id, self.name, self.arguments(text) or "{}", metadata)
            case "reasoning":
                if not text and self.signature is None and metadata is None:
                    return None
                return Reasoning(text, self.signature, metadata)
            case "refusal":
                return Refusal(text, metadata)
            case _:
                return None if not text and metadata is None else Text(text, metadata)


_ENCODED = ('"', "n")
"""First characters of arguments that are JSON inside a JSON text, or null."""
_NOT_STARTED = Started()
_NOT_FINISHED = Finished("unknown")
_NO_USAGE = Usage()


class Collector:
    """Folds the events of one response; `completion()` returns the Completion so far."""

    __slots__ = (
        "_calls", "_choices", "_closed", "_extra", "_finish", "_started", "_usage", "replaced_parts",
    )  # fmt: skip

    def __init__(self) -> None:
        self.replaced_parts: dict[int, list[PartReceived]] = {}
        """Identity of a Finished -> the parts that are not simply their joined deltas; its events lack them."""
        self._started = _NOT_STARTED
        # of the choices that may get more content
        self._choices: dict[int, dict[int, _PartBuilder]] = {}
        self._closed: dict[int, dict[int, _PartBuilder]] = {}  # of the choices that have finished
        self._finish: dict[int, Finished] = {}
        self._calls: dict[_PartBuilder, None] = {}
        self._usage = _NO_USAGE
        self._extra: dict[int | None, dict[str, Any]] = {}

    @property
    def finished(self) -> bool:
        """True if there was a Finished, and no choice has content after its last one."""
        return bool(self._closed) and not self._choices

    @property
    def empty(self) -> bool:
        """True before the first part and the first Finished."""
        return not self._closed and not self._choices

    @property
    def nameless_call(self) -> bool:
        """True if a tool call has no name."""
        calls = self._calls
        return bool(calls) and any(b.kind == "tool_call" and not b.name for b in calls)

    def unfinished(self) -> list[Finished]:
        """The last Finished again, or an unknown one, of each choice that has content after it: the service ended the stream."""
        return [
            self._finish.get(choice, Finished("unknown", choice=choice))
            for choice in sorted(self._choices)
        ]

    def add(self, events: Iterable[StreamEvent]) -> None:
        """Fold more events, in order."""
        choices = self._choices
        for event in events:
            if type(event) is TextDelta:  # the hot path: nearly every event of a stream is one
                try:
                    choices[event.choice][event.index].chunks.append(event.text)
                except KeyError:
                    self._builder(event.choice, event.index, "text").chunks.append(event.text)
            else:
                _FOLDS[type(event)](self, event)

    def compact(self) -> None:
        """Join text chunks to save memory: a short `str` takes ~10 times its length. Called every 256 KiB of body."""
        for builders in islice(reversed(self._choices.values()), _NEWEST):
            for builder in islice(reversed(builders.values()), _NEWEST):
                builder.compact()

    def _add_started(self, event: Started) -> None:
        before = self._started
        self._started = (
            event
            if before is _NOT_STARTED
            else Started(
                id=event.id or before.id,
                model=event.model or before.model,
                provider=event.provider or before.provider,
            )
        )

    def _add_reasoning(self, event: ReasoningDelta) -> None:
        try:
            builder = self._choices[event.choice][event.index]
        except KeyError:
            builder = self._builder(event.choice, event.index, "reasoning")
        builder.chunks.append(event.text)
        if event.signature is not None:
            builder.signature = event.signature

    def _add_refusal(self, event: RefusalDelta) -> None:
        self._builder(event.choice, event.index, "refusal").chunks.append(event.text)

    def _add_call(self, event: ToolCallDelta) -> None:
        builder = self._builder(event.choice, event.index, "tool_call")
        if builder.kind != "tool_call":  # provider metadata may have come first
            builder.kind = "tool_call"
        self._calls[builder] = None
        if event.arguments:
            builder.chunks.append(event.arguments)
        builder.id = event.id or builder.id
        builder.name = event.name or builder.name

    def _add_part(self, event: PartReceived) -> None:
        builder = self._builder(event.choice, event.index, "complete")
        builder.kind, builder.complete = "complete", event.part

    def _add_metadata(self, event: ProviderMetadataReceived) -> None:
        builder = self._metadata_builder(event.choice, event.index, event.kind)
        builder.provider = builder.provider or self._started.provider
        builder.metadata.append(event.json)

    def _add_usage(self, event: UsageReported) -> None:
        self._usage = later_usage(self._usage, event.usage)

    def _add_finished(self, event: Finished) -> None:
        self._finish[event.choice] = event
        builders = self._choices.pop(event.choice, None)
        if builders:
            self._replace_parts(event, builders)
        if builders is not None or event.choice not in self._closed:
            self._closed[event.choice] = builders or {}

    def _replace_parts(self, finished: Finished, builders: dict[int, _PartBuilder]) -> None:
        """Replace the parts that are not their joined deltas, as an event before this one does: any call, and the newest texts."""
        newest = builders.items() if self._calls else islice(reversed(builders.items()), _NEWEST)
        for index, builder in newest:
            part = builder.part() if builder.is_cumulative else self._replaced_call(builder)
            if part is not None:
                event = PartReceived(part, index, finished.choice)
                self.replaced_parts.setdefault(id(finished), []).append(event)

    def _replaced_call(self, builder: _PartBuilder) -> Part | None:
        if builder.kind != "tool_call" or not builder.name:
            return None
        text = builder.text()
        if builder.arguments(text) is text:
            return None
        part = builder.part()
        if not isinstance(part, ToolCall) or part.arguments == text:
            return None
        builder.kind, builder.complete = "complete", part
        return part

    def with_replaced_parts(self, events: list[StreamEvent]) -> list[StreamEvent]:
        """The events, with each replaced part before the Finished of its choice."""
        replaced, self.replaced_parts = self.replaced_parts, {}
        completed: list[StreamEvent] = []
        for event in events:
            completed += replaced.pop(id(event), ())
            completed.append(event)
        return completed

    def _add_extra(self, event: ExtraReceived) -> None:
        extra = self._extra.get(event.choice)
        if extra is None:
            extra = self._extra[event.choice] = {}
        if type(event.value) in _ATOMS and not event.append:  # nearly every one
            extra[event.name] = event.value
            return
        before = extra.get(event.name)
        if event.value is None:
            extra.pop(event.name, None)
        elif not event.append or (before is None and isinstance(event.value, dict)):
            extra[event.name] = _copy(event.value)
        elif isinstance(before, dict) and isinstance(event.value, dict):
            _extend_object(before, event.value)
        else:
            value = event.value if isinstance(event.value, list) else [event.value]
            extra[event.name] = before = before if isinstance(before, list) else []
            before.extend(value)

    def completion(self) -> Completion:
        """Return the Completion so far."""
        extras = [number for number in self._extra if number is not None]
        first, *others = sorted({*self._choices, *self._closed, *extras}) or [0]
        finish = self._finish.get(first, _NOT_FINISHED)
        return finalize(
            Completion(
                id=self._started.id,
                model=self._started.model,
                provider=self._started.provider,
                message=self._message(first),
                finish_reason=finish.finish_reason,
                raw_finish_reason=finish.raw_finish_reason,
                usage=self._usage,
                alternatives=tuple([self._choice(number) for number in others]),
                extra={**self._extra_of(None), **self._extra_of(first)},
            )
        )

    def _choice(self, number: int) -> Choice:
        finish = self._finish.get(number, _NOT_FINISHED)
        return Choice(
            message=self._message(number),
            finish_reason=finish.finish_reason,
            raw_finish_reason=finish.raw_finish_reason,
            extra=self._extra_of(number),
        )

    def _message(self, number: int) -> Message:
        builders = self._choices.get(number) or self._closed.get(number) or {}
        parts = [builders[index].part() for index in sorted(builders)]
        return Message("assistant", tuple([part for part in parts if part is not None]))

    def _extra_of(self, number: int | None) -> dict[str, Any]:
        """A copy whose lists do not grow with further events."""
        extra = self._extra.get(number)
        if not extra:
            return {}
        return {
            name: value if type(value) in _ATOMS else _copy(value) for name, value in extra.items()
        }

    def _builder(self, choice: int, index: int, kind: str) -> _PartBuilder:
        """The builder of a part that gets content. A choice that had finished is open again."""
        builders = self._choices.get(choice)
        if builders is None:
            builders = self._choices[choice] = self._closed.pop(choice, {})
        return _builder_at(builders, index, kind)

    def _metadata_builder(self, choice: int, index: int, kind: str) -> _PartBuilder:
        """The builder of a part whose metadata arrives, which does not open a choice again."""
        closed = self._closed.get(choice)
        if closed is None:
            return self._builder(choice, index, kind)
        return _builder_at(closed, index, kind)


_FOLDS: Mapping[type[StreamEvent], Callable[[Collector, Any], None]] = {
    Started: Collector._add_started,
    ReasoningDelta: Collector._add_reasoning,
    RefusalDelta: Collector._add_refusal,
    ToolCallDelta: Collector._add_call,
    PartReceived: Collector._add_part,
    ProviderMetadataReceived: Collector._add_metadata,
    ExtraReceived: Collector._add_extra,
    UsageReported: Collector._add_usage,
    Finished: Collector._add_finished,
}
"""How each event is folded, but text. A table: `isinstance` with a Struct that it is not takes 0.4 us for each type."""


def _builder_at(builders: dict[int, _PartBuilder], index: int, kind: str) -> _PartBuilder:
    builder = builders.get(index)
    if builder is None:
        builder = builders[index] = _PartBuilder(kind)
    return builder


_ATOMS = frozenset({str, int, float, bool})
"""Types of values that need no copy."""


def _copy(value: Any) -> Any:
    """The value, copied as far as events extend it: a list, an object and the lists in it."""
    if isinstance(value, list):
        return list(value)
    if isinstance(value, dict):
        return {key: list(item) if isinstance(item, list) else item for key, item in value.items()}
    return value


def _extend_object(before: dict[str, Any], value: dict[str, Any]) -> None:
    """Extend the lists of an object, put its objects over the earlier ones, replace its other fields."""
    for key, item in value.items():
        earlier = before.get(key)
        if isinstance(earlier, list) and isinstance(item, list):
            earlier.extend(item)
        elif isinstance(earlier, dict) and isinstance(item, dict):
            before[key] = {**earlier, **item}
        else:
            before[key] = list(item) if isinstance(item, list) else item

"""Events -> Completion: the fold that makes a collected stream equal to the same answer parsed whole.

Whole answers take the same last step, `completed`, so the two can't drift apart.
"""

from collections.abc import Iterable
from io import StringIO
from itertools import islice
from typing import Any, assert_never

import msgspec

from llm_pure.framing.json_codec import json_object, json_text
from llm_pure.types.completion import Choice, Completion, FinishReason, Usage
from llm_pure.types.errors import StreamInterrupted
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


def collect(events: Iterable[StreamEvent]) -> LLMResult[Completion]:
    """The Completion that the events tell, or StreamInterrupted with the partial one when no Finished is among them."""
    collector = Collector()
    collector.add(events)
    if collector.finished:
        return Success(collector.completion())
    partial = collector.completion()
    return Failure(
        StreamInterrupted(
            message="the events end before the answer does",
            provider=partial.provider,
            partial=partial,
        )
    )


def finalize(completion: Completion) -> Completion:
    """The last step of reading an answer, whole or streamed.

    Calls wrapped in OpenAI's `multi_tool_use.parallel` become the calls that they hold, and calls without an id get
    one. A finish reason of "stop" gives way to "tool_calls" or "refusal" where the message holds such: many services
    end those answers with their word for "stop". What was sent stays in raw_finish_reason.
    """
    message = _with_whole_calls(completion.message, completion.id)
    alternatives = tuple([_completed_choice(one, completion.id) for one in completion.alternatives])
    finish = _finish(completion.finish_reason, message)
    return msgspec.structs.replace(
        completion, message=message, finish_reason=finish, alternatives=alternatives
    )


def _completed_choice(choice: Choice, answer_id: str) -> Choice:
    message = _with_whole_calls(choice.message, answer_id)
    return msgspec.structs.replace(
        choice, message=message, finish_reason=_finish(choice.finish_reason, message)
    )


def _finish(reason: FinishReason, message: Message) -> FinishReason:
    if reason not in ("stop", "unknown"):
        return reason
    if message.tool_calls:
        return "tool_calls"
    return "refusal" if message.refusal else reason


def _with_whole_calls(message: Message, answer_id: str) -> Message:
    """Parallel wrappers unpacked; an id made up, from the answer's own, for each call that has none."""
    if not message.tool_calls:
        return message
    parts: list[Part] = []
    made = 0
    for part in message.parts:
        if not isinstance(part, ToolCall):
            parts.append(part)
            continue
        for call in _unpacked(part):
            call_id = call.id or f"call_{answer_id}_{made}".replace("__", "_")
            parts.append(msgspec.structs.replace(call, id=call_id))
            made += 1
    return msgspec.structs.replace(message, parts=tuple(parts))


def _unpacked(call: ToolCall) -> tuple[ToolCall, ...]:
    """The calls inside {"tool_uses": [{"recipient_name": "functions.X", "parameters": {...}}]}.

    Source: vercel/ai fixture openai/parallel-tool-call-wrapper, read 2026-11-20.
    """
    if call.name not in ("multi_tool_use.parallel", "parallel"):
        return (call,)
    uses = (json_object(call.arguments) or {}).get("tool_uses")
    if not isinstance(uses, list) or not uses:
        return (call,)
    if not all(
        isinstance(use, dict) and isinstance(use.get("recipient_name"), str) for use in uses
    ):
        return (call,)
    return tuple(
        [
            ToolCall(
                f"{call.id}_{place}" if call.id else "",
                use["recipient_name"].removeprefix("functions."),
                json_text(use.get("parameters") or {}),
            )
            for place, use in enumerate(uses)
        ]
    )


_NEWEST = 16


class _PartBuilder:
    """One part while it grows. Its text is a buffer and the pieces that came since `settle`."""

    __slots__ = (
        "buffer",
        "id",
        "kind",
        "name",
        "pieces",
        "provider_metadata",
        "signature",
        "whole",
    )

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.buffer = StringIO()
        self.pieces: list[str] = []
        self.signature: str | None = None
        self.provider_metadata: ProviderMetadata | None = None
        self.id = ""
        self.name = ""
        self.whole: Part | None = None

    def settle(self) -> None:
        """The pieces go to the buffer, where they weigh no more than their letters."""
        self.buffer.write("".join(self.pieces))
        self.pieces.clear()

    def part(self) -> Part | None:
        """The part as far as it has come; None while it is empty."""
        self.settle()
        text = self.buffer.getvalue()
        match self.kind:
            case "whole":
                return self.whole
            case "tool_call":
                return ToolCall(self.id, self.name, text or "{}", self.provider_metadata)
            case "reasoning":
                if not text and self.signature is None and self.provider_metadata is None:
                    return None
                return Reasoning(text, self.signature, self.provider_metadata)
            case "refusal":
                return Refusal(text, self.provider_metadata)
            case _:
                return (
                    Text(text, self.provider_metadata)
                    if text or self.provider_metadata is not None
                    else None
                )


class Collector:
    """Adds events up; `completion()` is what has come so far. One for each answer; it knows no provider."""

    __slots__ = ("_choices", "_extra", "_finish", "_started", "_usage")

    def __init__(self) -> None:
        self._started = Started()
        self._choices: dict[int, dict[int, _PartBuilder]] = {}
        self._finish: dict[int, Finished] = {}
        self._usage = Usage()
        self._extra: dict[int | None, dict[str, Any]] = {}

    @property
    def finished(self) -> bool:
        """Has the model said that, and why, it stopped?"""
        return bool(self._finish)

    def add(self, events: Iterable[StreamEvent]) -> None:
        """Take more events, in order."""
        choices = self._choices
        for event in events:
            if type(event) is TextDelta:  # the hot path: nearly every event of a stream is one
                try:
                    choices[event.choice][event.index].pieces.append(event.text)
                except KeyError:
                    self._draft(event.choice, event.index, "text").pieces.append(event.text)
            else:
                self._add_rarer(event)

    def compact(self) -> None:
        """Joins the pieces of text: short ones weigh ten times their letters. For long answers, now and then.

        Only the newest parts are looked at; those before them have mostly come to their end.
        """
        for builders in islice(reversed(self._choices.values()), _NEWEST):
            for draft in islice(reversed(builders.values()), _NEWEST):
                draft.settle()

    def _add_rarer(self, event: StreamEvent) -> None:
        match event:
            case TextDelta():
                self._draft(event.choice, event.index, "text").pieces.append(event.text)
            case ReasoningDelta():
                draft = self._draft(event.choice, event.index, "reasoning")
                draft.pieces.append(event.text)
                if event.signature is not None:
                    draft.signature = event.signature
            case RefusalDelta():
                self._draft(event.choice, event.index, "refusal").pieces.append(event.text)
            case ToolCallDelta():
                draft = self._draft(event.choice, event.index, "tool_call")
                draft.kind = "tool_call"  # an echo may have come first
                draft.pieces.append(event.arguments)
                draft.id = event.id or draft.id
                draft.name = event.name or draft.name
            case PartReceived():
                draft = self._draft(event.choice, event.index, "whole")
                draft.kind, draft.whole = "whole", event.part
            case ProviderMetadataReceived():
                draft = self._draft(event.choice, event.index, event.kind)
                draft.provider_metadata = _merge(
                    draft.provider_metadata, self._started.provider, event.json
                )
            case ExtraReceived():
                extra = self._extra.setdefault(event.choice, {})
                value = event.value if isinstance(event.value, list) else [event.value]
                if not event.append:
                    extra[event.name] = _own(event.value)
                elif isinstance(before := extra.get(event.name), list):
                    before.extend(value)
                else:
                    extra[event.name] = _own(value)
            case UsageReported():
                self._usage = event.usage
            case Started():
                self._started = Started(
                    id=event.id or self._started.id,
                    model=event.model or self._started.model,
                    provider=event.provider or self._started.provider,
                )
            case Finished():
                self._finish[event.choice] = event
                self._choices.setdefault(event.choice, {})
            case _:
                assert_never(event)

    def completion(self) -> Completion:
        """The answer as far as it has come."""
        told = {*self._choices, *[number for number in self._extra if number is not None]}
        first, *numbers = sorted(told) or [0]
        answer = self._choice(first)
        return finalize(
            Completion(
                id=self._started.id,
                model=self._started.model,
                provider=self._started.provider,
                message=answer.message,
                finish_reason=answer.finish_reason,
                raw_finish_reason=answer.raw_finish_reason,
                usage=self._usage,
                alternatives=tuple([self._choice(number) for number in numbers]),
                extra={**_snapshot(self._extra.get(None, {})), **answer.extra},
            )
        )

    def _choice(self, number: int) -> Choice:
        builders = self._choices.get(number, {})
        parts = [builders[index].part() for index in sorted(builders)]
        finish = self._finish.get(number, Finished("unknown"))
        return Choice(
            message=Message("assistant", tuple([part for part in parts if part is not None])),
            finish_reason=finish.finish_reason,
            raw_finish_reason=finish.raw_finish_reason,
            extra=_snapshot(self._extra.get(number, {})),
        )

    def _draft(self, choice: int, index: int, kind: str) -> _PartBuilder:
        builders = self._choices.setdefault(choice, {})
        draft = builders.get(index)
        if draft is None:
            draft = builders[index] = _PartBuilder(kind)
        return draft


def _merge(
    provider_metadata: ProviderMetadata | None, provider: str, json: str
) -> ProviderMetadata:
    if provider_metadata is None or provider_metadata.json == "{}":
        return ProviderMetadata(provider, json)
    return ProviderMetadata(
        provider_metadata.provider,
        json_text({**(json_object(provider_metadata.json) or {}), **(json_object(json) or {})}),
    )


def _snapshot(extra: dict[str, Any]) -> dict[str, Any]:
    """A copy whose lists do not grow with the stream."""
    return {name: _own(value) for name, value in extra.items()}


def _own(value: Any) -> Any:
    """The value, or a copy when it is a list that may grow."""
    return list(value) if isinstance(value, list) else value

"""Base of the encoders of streamed answers: events of any dialect -> parts one after another, as most dialects send them.

Deltas of the open part go out at once. A part ends when another one begins; a call that begins beside an open call is held
until that one has ended, since services may send calls interleaved. The end of the answer waits for `close`.
"""

from collections.abc import Iterable
from typing import Any

from llm_pure.adapters.dialects.common.custom_tools import text_of_arguments
from llm_pure.adapters.dialects.common.part_writer import PartWriter
from llm_pure.adapters.dialects.common.sealing import add_to_checksum
from llm_pure.adapters.dialects.common.sent_parts import Kind, Sent, Sequence
from llm_pure.core.collect import Collector
from llm_pure.framing.json_codec import json_object
from llm_pure.types.errors import LLMError, ProtocolError, StreamInterrupted
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
from llm_pure.types.messages import Part, Reasoning, Refusal, Text, ToolCall
from llm_pure.types.result import LLMResult, error_of


class PartEncoder(PartWriter):
    """Turns events into calls of a dialect's hooks."""

    def encode(self, events: Iterable[StreamEvent]) -> bytes:
        """Return the bytes of these events; the end of the answer waits for `close`."""
        if self.sealer.is_active:
            events = tuple(events)
            self.sealer.look_ahead(events)
        for event in events:
            if self.is_closed or self.fault is not None:
                break
            self._read(event)
        self.flush()
        return self._drain()

    def keep_alive(self) -> bytes:
        """An SSE comment."""
        return b"" if self.is_closed else b": keep-alive\n\n"

    def close(self, outcome: LLMResult[Any]) -> bytes:
        """Return the end of the stream. A Failure becomes the dialect's error, and so does an answer that has not finished."""
        if self.is_closed:
            return b""
        self.is_closed = True
        error = error_of(outcome) or self._incomplete()
        if error is None:
            self.begin()
            for sequence in self.sequences.values():
                self._end_open(sequence)
                self._report_lost(sequence)
            error = self.fault
        if error is None:
            self.end_response()
        else:
            self.fail(error)
        self.flush()
        return self._drain()

    def _drain(self) -> bytes:
        data = b"".join(self.out)
        self.out.clear()
        return data

    def _incomplete(self) -> LLMError | None:
        if self.fault is not None:
            return self.fault
        if not self.sequences or any(s.finish is None for s in self.sequences.values()):
            return StreamInterrupted(message="the answer ended before it was complete")
        return None

    def _read(self, event: StreamEvent) -> None:
        if isinstance(event, Started):
            self._start(event)
            return
        if isinstance(event, UsageReported):
            self.usage = event.usage
            return
        if isinstance(event, ExtraReceived):
            collector = self.extras.setdefault(event.choice or 0, Collector())
            collector.add((ExtraReceived(event.name, event.value, event.append),))
            self.add_extra(event)
            return
        if event.choice and self.one_choice:
            reason = f"{self.received.dialect} has one choice"
            self.adapt("alternatives", "dropped", reason)
            return
        if not self.received.shows_reasoning and _is_reasoning(event):
            self.adapt("message/reasoning", "dropped", "reasoning is not shown to this client")
            return
        self.begin()
        sequence = self.sequences.get(event.choice)
        if sequence is None:
            sequence = self.sequences[event.choice] = Sequence()
        match event:
            case TextDelta(text=text, index=index):
                self._add("text", sequence, event.choice, index, text)
            case ReasoningDelta(text=text, index=index, signature=signature):
                part = self._add("reasoning", sequence, event.choice, index, text)
                if signature is not None:
                    part.signature = signature
                    self._wait(sequence, part)
            case RefusalDelta(text=text, index=index):
                sequence.refused = True
                self._add("refusal", sequence, event.choice, index, text)
            case ToolCallDelta():
                self._add_call(sequence, event)
            case PartReceived(part=value, index=index):
                self._add_part(sequence, event.choice, index, value)
            case ProviderMetadataReceived():
                self._add_metadata(sequence, event)
            case Finished():
                sequence.finish = event
            case _:
                pass

    def _start(self, event: Started) -> None:
        if not self.has_begun:
            self.started = Started(
                id=event.id or self.started.id,
                model=event.model or self.started.model,
                provider=event.provider,
            )
            if event.id and event.model:
                self.begin()

    def _add(self, kind: Kind, sequence: Sequence, choice: int, index: int, text: str) -> Sent:
        part = self._part(kind, sequence, choice, index)
        if text or part.kind == kind:
            self._begin_part(sequence, part)
        if text:
            if self.keeps_text:
                part.pieces.append(text)
            if self.sealer.is_active:
                add_to_checksum(part, text)
            self.add_text(part, text)
        return part

    def _add_call(self, sequence: Sequence, event: ToolCallDelta) -> None:
        part = self._part("tool_call", sequence, event.choice, event.index)
        if part.closed:
            if event.arguments:
                self.fault = ProtocolError(
                    message="a tool call goes on after another part has begun", where="tool_calls"
                )
            return
        part.id = event.id or part.id
        part.name = event.name or part.name
        if event.arguments:
            part.arguments.append(event.arguments)
        is_open = part is sequence.open or not self.sequential
        if is_open and not self.complete_calls and part.name and not self.converts(part):
            self._send_arguments(sequence, part)

    def _send_arguments(self, sequence: Sequence, part: Sent) -> None:
        if not part.begun and not (part.id or part.arguments):
            return
        self._begin_part(sequence, part)
        text = "".join(part.arguments)
        part.arguments.clear()
        if text and self.converts(part):
            text = text_of_arguments(text)
        if text:
            part.pieces.append(text if self.keeps_text else "")
            self.add_text(part, text)

    def _add_part(self, sequence: Sequence, choice: int, index: int, value: Part) -> None:
        before = sequence.parts.get(index)
        if before is not None and (before.begun or before.closed):
            if (
                before.complete is None
                and self.keeps_text
                and before.text == getattr(value, "text", None)
            ):
                self._set_metadata(before, value)
                self._wait(sequence, before)
                return
            reason = "a part that was sent already comes again, and is another one"
            self.adapt("message", "changed", reason)
            return
        match value:
            case Text(text=text):
                part = self._part("text", sequence, choice, index)
                self._set_metadata(part, value)
                self._wait(sequence, part)
                self._add("text", sequence, choice, index, text)
            case Reasoning(text=text, signature=signature):
                part = self._part("reasoning", sequence, choice, index)
                self._set_metadata(part, value)
                part.signature = signature
                self._wait(sequence, part)
                self._add("reasoning", sequence, choice, index, text)
            case Refusal(text=text):
                sequence.refused = True
                part = self._part("refusal", sequence, choice, index)
                self._set_metadata(part, value)
                self._add("refusal", sequence, choice, index, text)
            case ToolCall():
                part = self._part("tool_call", sequence, choice, index)
                self._set_metadata(part, value)
                part.arguments.clear()
                self._add_call(
                    sequence, ToolCallDelta(value.arguments, index, choice, value.id, value.name)
                )
            case _:
                part = self._part("complete", sequence, choice, index)
                part.complete = value
                self._wait(sequence, part)
                self._begin_part(sequence, part)

    def _set_metadata(self, part: Sent, value: Part) -> None:
        metadata = getattr(value, "provider_metadata", None)
        if metadata is not None:
            part.metadata |= json_object(metadata.json) or {}

    def _add_metadata(self, sequence: Sequence, event: ProviderMetadataReceived) -> None:
        fields = json_object(event.json) or {}
        part = sequence.parts.get(event.index)
        if part is None:
            part = self._part("", sequence, event.choice, event.index)
            part.kind = event.kind
        if part.closed:
            if any(part.metadata.get(name) != value for name, value in fields.items()):
                self.adapt("message/provider_metadata", "dropped", "it came after the part's end")
            return
        part.metadata |= fields
        self._wait(sequence, part)

    def _part(self, kind: Kind, sequence: Sequence, choice: int, index: int) -> Sent:
        """The part at the index, which begins if it is new: then the open one ends, unless both are calls."""
        part = sequence.parts.get(index)
        if part is not None and (not part.closed or kind in ("tool_call", "complete", "")):
            if not part.begun and kind:
                part.kind = kind
            return part
        if part is not None:
            reason = "a part that goes on after another one has begun is sent as two parts"
            self.adapt("message", "changed", reason)
        part = sequence.parts[index] = Sent(choice, index, kind)
        before = sequence.open
        beside_call = before is not None and before.kind == "tool_call" and kind == "tool_call"
        if not self.sequential or beside_call:
            sequence.held.append(part)
            return part
        self._end_open(sequence)
        sequence.open = part
        return part

    def _begin_part(self, sequence: Sequence, part: Sent) -> None:
        if part.begun:
            return
        part.begun = True
        part.number = sequence.count
        sequence.count += 1
        if part.kind == "complete":
            if not self._carry_complete(sequence, part):
                self.add_complete(part)
            return
        if part.kind == "tool_call":
            part.call_number = sequence.calls
            sequence.calls += 1
            self.call_id(part)
            if self.sealer.is_active and self.sealer.carrier in ("blocks", "ids"):
                self._seal_call(sequence, part)
        self.begin_part(part)

    def _end_open(self, sequence: Sequence) -> None:
        """End the open part, and send the calls that were held beside it."""
        part = sequence.open
        sequence.open = None
        held, sequence.held = sequence.held, []
        for ended in ([part] if part is not None else []) + held:
            if ended.kind == "tool_call":
                if not ended.name:
                    self.fault = ProtocolError(
                        message="the answer has a tool call without a name", where="tool_calls"
                    )
                    return
                self._begin_part(sequence, ended)
                if not self.complete_calls:
                    self._send_arguments(sequence, ended)
            self._begin_part(sequence, ended)
            ended.closed = True
            if ended.kind != "complete":
                self.end_part(ended)
                self._carry_text(sequence, ended)


def _is_reasoning(event: StreamEvent) -> bool:
    match event:
        case ReasoningDelta() | PartReceived(part=Reasoning()):
            return True
        case ProviderMetadataReceived(kind=kind):
            return kind == "reasoning"
        case _:
            return False

"""Base of the encoders of streamed answers: events of any dialect -> parts one after another, as most dialects send them.

Deltas of the open part go out at once. A part ends when another one begins; a call that begins beside an open call is held
until that one has ended, since services may send calls interleaved. The end of the answer waits for `close`.

One file: the state of an answer, and the hooks by which a dialect writes it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from llm_pure.adapters.dialects.common.custom_tools import (
    converts_custom_tools,
    custom_names,
    text_of_arguments,
)
from llm_pure.adapters.dialects.common.sealing import (
    Carrier,
    Sealer,
    add_to_checksum,
    is_worth_carrying,
)
from llm_pure.adapters.dialects.common.sent_parts import Kind, Sent, Sequence
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.collect import Collector
from llm_pure.core.server import ReceivedRequest
from llm_pure.framing.json_codec import json_object
from llm_pure.types.completion import FinishReason, Usage
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
from llm_pure.types.messages import Opaque, Part, Reasoning, Refusal, Text, ToolCall
from llm_pure.types.result import LLMResult, error_of


class PartEncoder:
    """Keeps track of the parts; a dialect says how they look."""

    sequential = True
    """A part ends when another one begins; else parts of different kinds may alternate."""
    one_choice = True
    """The dialect has no alternatives."""
    complete_calls = False
    """Calls are sent when they are complete."""
    keeps_text = False
    """The text of a part is needed at its end."""
    carrier: Carrier = "none"
    """Where the dialect has place for another vendor's signatures."""

    def __init__(self, received: ReceivedRequest) -> None:
        self.received = received
        self.sealer = Sealer(received, self.carrier)
        self.custom = custom_names(received)
        """The names of the client's custom tools."""
        self.converted = self.custom if converts_custom_tools(received) else frozenset[str]()
        self.started = Started(id=received.response_id, model=received.model)
        self.has_begun = False
        self.usage = Usage()
        self.sequences: dict[int, Sequence] = {}
        self.extras: dict[int, Collector] = {}
        """Choice -> its fields that the library does not model; those of the answer are with those of the first."""
        self.fault: LLMError | None = None
        self.is_closed = False
        self.out: list[bytes] = []
        self._adaptations: dict[tuple[str, str, str], Adaptation] = {}

    # What a dialect fills in

    def begin_response(self) -> None:
        """Send the beginning of the answer."""

    def begin_part(self, part: Sent) -> None:
        """Send the beginning of a part."""

    def add_text(self, part: Sent, text: str) -> None:
        """Send more of a part: text, or a call's arguments."""

    def end_part(self, part: Sent) -> None:
        """Send the end of a part; of a call, with `complete_calls`, all of it."""

    def add_complete(self, part: Sent) -> None:
        """Send a part that came in one piece, or drop it with an adaptation."""
        self.drop_part(part)

    def add_envelope(self, part: Sent, envelope: str) -> None:
        """Send a part that clients send back unread, for "blocks": what is carried of this one."""

    def add_extra(self, event: ExtraReceived) -> None:
        """Send a field of the answer that cannot wait for its end; all are in `extras` at the end."""

    def end_response(self) -> None:
        """Send the end of a complete answer."""

    def fail(self, error: LLMError) -> None:
        """Send the dialect's error."""

    # The protocol of StreamEncoder

    @property
    def adaptations(self) -> tuple[Adaptation, ...]:
        """What of the answer so far the dialect cannot say."""
        return tuple(self._adaptations.values())

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

    def flush(self) -> None:
        """Send what was kept back to be joined with the next events of the same `encode`."""

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

    # For the dialects

    def begin(self) -> None:
        """Send the beginning of the answer once."""
        if not self.has_begun:
            self.has_begun = True
            self.begin_response()

    def adapt(self, field: str, action: Any, reason: str) -> None:
        """Note what the dialect cannot say, once."""
        key = (field, action, reason)
        if key not in self._adaptations:
            self._adaptations[key] = Adaptation(field=field, action=action, reason=reason)

    def drop_part(self, part: Sent) -> None:
        """Note a part that the dialect has no place for."""
        kind = type(part.complete).__name__ if part.complete is not None else part.kind
        self.adapt(
            f"message/{kind}", "dropped", f"{self.received.dialect} has no {kind} in an answer"
        )

    def call_id(self, part: Sent) -> str:
        """The id of a call, of the same form as `collect` gives to one without."""
        if not part.id:
            part.id = f"call_{self.started.id}_{part.call_number}".replace("__", "_")
        return part.id

    def is_cut(self, part: Sent, text: str) -> bool:
        """Whether the answer reached its limit within a call, which then is none."""
        sequence = self.sequences.get(part.choice)
        finish = sequence.finish if sequence else None
        if finish is None or finish.finish_reason != "length":
            return False
        return json_object(text or "{}") is None

    def drop_cut(self) -> None:
        """Note a call that is not sent, since it is not complete."""
        self.adapt("message/tool_calls", "dropped", "the answer reached its limit within a call")

    def arguments_of(self, part: Sent) -> Any:
        """The arguments of a complete call as an object, in the words of the model; text that is none under a key."""
        text = "".join(part.arguments) or "{}"
        if json_object(text) is not None:
            return msgspec.Raw(text.encode("utf-8", "replace"))
        reason = "the arguments of a call are no JSON object"
        self.adapt("message/tool_calls", "changed", reason)
        return {"arguments": text}

    def converts(self, part: Sent) -> bool:
        """Whether a call is of a custom tool that the upstream was sent as a function: its text is in its arguments."""
        return part.name in self.converted

    def native_metadata(self, part: Sent) -> dict[str, Any]:
        """The fields of the part that its provider understands, if that speaks this dialect."""
        if part.metadata and not self.received.native:
            if not part.carried and not self._will_carry(part):
                reason = "the provider speaks another dialect"
                self.adapt("message/provider_metadata", "dropped", reason)
            return {}
        return part.metadata

    def native_signature(self, part: Sent) -> str | None:
        """The signature of reasoning: its provider's own, or an envelope that is sent back in its place.

        Reasoning without a signature is in one too, since some providers need it back, and no other may get it.
        """
        if self.sealer.is_active and self.sealer.carrier in ("blocks", "signatures"):
            part.carried = True
            return self.sealer.envelope(part)
        if part.signature is not None and not self.received.native:
            if not part.carried and not self._will_carry(part):
                reason = "the provider speaks another dialect"
                self.adapt("message/signature", "dropped", reason)
            return None
        return part.signature

    def _will_carry(self, part: Sent) -> bool:
        """Whether a part goes into an envelope later, or its loss is reported at the end."""
        if not self.sealer.is_active or part.kind == "tool_call":
            return False
        has_field = part.kind == "reasoning" and self.sealer.carrier != "ids"
        return has_field or is_worth_carrying(part)

    def _seal_call(self, sequence: Sequence, part: Sent) -> None:
        """Put an envelope behind the id of a call."""
        for json in self.sealer.early_metadata(part):
            part.metadata |= json_object(json) or {}
        before: list[Sent] = []
        if self.sealer.carrier == "ids":
            before = [
                other
                for index, other in sorted(sequence.waiting.items())
                if index < part.index and not other.carried and is_worth_carrying(other)
            ]
        sealed = self.sealer.call_id(part, before)
        if sealed is not None:
            part.id = sealed
            for other in (part, *before):
                other.carried = True
                sequence.waiting.pop(other.index, None)

    def _wait(self, sequence: Sequence, part: Sent) -> None:
        """Keep a part for the next id of a call, if its provider misses something without it."""
        if self.sealer.is_active and not part.carried and is_worth_carrying(part):
            sequence.waiting[part.index] = part

    def _carry_text(self, sequence: Sequence, part: Sent) -> None:
        """Send what is carried of a text that has ended."""
        if not self.sealer.carries_text(part) or self.sealer.carrier != "blocks":
            return
        envelope = self.sealer.envelope(part)
        if envelope is not None:
            self._send_envelope(sequence, part, envelope)

    def _send_envelope(self, sequence: Sequence, part: Sent, envelope: str) -> None:
        carrier = Sent(part.choice, -1, "complete")
        carrier.number = sequence.count
        sequence.count += 1
        part.carried = True
        self.add_envelope(carrier, envelope)

    def _carry_complete(self, sequence: Sequence, part: Sent) -> bool:
        """Send what is carried of an opaque part; False if it is not sealed."""
        is_sealed = self.sealer.is_active and not self.received.native
        if not is_sealed or not isinstance(part.complete, Opaque):
            return False
        if self.sealer.carrier == "ids":
            return True  # with the next call
        envelope = self.sealer.envelope(part)
        if envelope is None:
            return False
        sequence.count -= 1
        self._send_envelope(sequence, part, envelope)
        return True

    def _report_lost(self, sequence: Sequence) -> None:
        """Note what no envelope has carried, since nothing came after it that has place for one."""
        if not self.sealer.is_active:
            return
        for part in sequence.parts.values():
            if not part.carried and is_worth_carrying(part):
                kind = type(part.complete).__name__ if part.complete is not None else part.kind
                reason = f"{self.received.dialect} has no place for it here"
                self.adapt(f"message/{kind}/signature", "dropped", reason)

    def wire_reason(
        self,
        sequence: Sequence,
        known: Mapping[str, FinishReason],
        reasons: Mapping[FinishReason, str],
    ) -> str:
        """The wire's finish reason: the provider's own if it means the same here. `known`: the dialect's own table."""
        raw = sequence.finish.raw_finish_reason if sequence.finish else None
        reason = sequence.reason
        meant, value = known.get(raw or "", "unknown"), reasons[reason]
        if reason == "refusal" and not sequence.refused and known.get(value) != "refusal":
            value = reasons[
                "content_filter"
            ]  # without a text that refuses, "stop" would look like an answer
        same = (reason,) if known.get(value) == reason else implied_by(reason)
        if raw and meant in same and (self.received.native or raw in reasons.values()):
            return raw
        if known.get(value) not in implied_by(reason):
            text = f"{self.received.dialect} has no finish reason {reason!r}"
            self.adapt("finish_reason", "changed", text)
        return value

    def final_extra(self, choice: int = 0) -> dict[str, Any]:
        """The fields that the library does not model: of the answer and its first choice, or of another choice."""
        collector = self.extras.get(choice)
        extra = {} if collector is None else collector.completion().extra
        if self.received.native:
            return extra
        for name in extra:
            if name != "request_id":
                self.adapt(f"extra/{name}", "dropped", "the provider speaks another dialect")
        return {name: value for name, value in extra.items() if name == "request_id"}

    # Events

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


def implied_by(reason: FinishReason) -> tuple[FinishReason, ...]:
    """The reasons that `collect` settles to this one: many services send their "stop" for calls and refusals."""
    return (reason, "stop") if reason in ("tool_calls", "refusal") else (reason,)

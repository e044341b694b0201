"""Base of the encoders of streamed answers: the state of an answer, the hooks by which a dialect writes it, and what it writes with.

`PartEncoder` calls the hooks.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from llm_pure.adapters.dialects.common.custom_tools import converts_custom_tools, custom_names
from llm_pure.adapters.dialects.common.sealing import Carrier, Sealer, is_worth_carrying
from llm_pure.adapters.dialects.common.sent_parts import Sent, Sequence
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.collect import Collector
from llm_pure.core.server import ReceivedRequest
from llm_pure.framing.json_codec import json_object
from llm_pure.types.completion import FinishReason, Usage
from llm_pure.types.errors import LLMError
from llm_pure.types.events import ExtraReceived, Started
from llm_pure.types.messages import Opaque


class PartWriter:
    """An answer as it is written; a dialect says how its parts look."""

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

    def flush(self) -> None:
        """Send what was kept back to be joined with the next events of the same `encode`."""

    # What a dialect writes with

    @property
    def adaptations(self) -> tuple[Adaptation, ...]:
        """What of the answer so far the dialect cannot say."""
        return tuple(self._adaptations.values())

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
        same = (reason,) if known.get(value) == reason else _implied_by(reason)
        if raw and meant in same and (self.received.native or raw in reasons.values()):
            return raw
        if known.get(value) not in _implied_by(reason):
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

    # What is carried of a part for its provider, in an envelope that the client sends back

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


def _implied_by(reason: FinishReason) -> tuple[FinishReason, ...]:
    """The reasons that `collect` settles to this one: many services send their "stop" for calls and refusals."""
    return (reason, "stop") if reason in ("tool_calls", "refusal") else (reason,)

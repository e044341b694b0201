"""The state of a stream between two chunks, and the indexes of a response's parts.

The parts are numbered by kind: reasoning, text, refusal, audio, images, then tool calls by first appearance. So a stream
is collected to the same parts as a buffered response.
"""

from typing import Any

from msgspec.structs import replace

from llm_pure.adapters.dialects.common.part_identity import Calls, Chain, Entries
from llm_pure.core.stream import StreamState
from llm_pure.types.events import ProviderMetadataReceived, ReasoningDelta, StreamEvent

REASONING, TEXT, REFUSAL, AUDIO, IMAGES, CALLS = 0, 1, 2, 3, 4, 2**32
"""Indexes of the parts of one response."""


class State(StreamState, frozen=True, kw_only=True):
    """Everything that the meaning of the next chunk depends on."""

    started: bool = False
    """A chunk with choices was read."""
    named: bool = False
    """The id and the model were read."""
    has_deltas: bool = False
    """A `delta` was read: a `message` after it repeats what the deltas had."""
    plain: bool = False
    """Plain chunks may take the fast path: all text is one part."""
    calls: Calls = Calls(first=CALLS)
    seen_extras: Entries = Entries()
    """(choice, name) -> the extra field as it was last received; the choice -1 is the response."""
    edge: tuple[Any, ...] = ()
    """The extra fields of the last edge chunk, with the `seen_extras` that they are in: the next ones often repeat them."""
    text_indexes: Entries = Entries()
    """Choice -> the index of the part that more text continues, if it is not TEXT."""
    thinking: Entries = Entries()
    """The choices whose reasoning is marked as this provider's."""
    details: Chain = None
    """(choice, reasoning detail) of fragments that are joined when the choice ends."""
    audio: Chain = None
    """(choice, audio object) of fragments that are joined when the choice ends."""
    images: int = 0
    """Number of parts at IMAGES and after it: images, opaque parts, and text after them."""


def read_reasoning(state: State, events: list[StreamEvent], choice: int, text: str | None) -> State:
    """Append reasoning text; mark it once per choice as this provider's, so that it can be sent back."""
    if not text:
        return state
    events.append(ReasoningDelta(text, REASONING, choice))
    if state.thinking.get(choice):
        return state
    events.append(ProviderMetadataReceived("{}", REASONING, choice, "reasoning"))
    return replace(state, thinking=state.thinking.put(choice, True))

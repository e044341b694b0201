"""The state of a stream between two chunks, and the indexes of a response's parts.

The parts are numbered by kind: reasoning, text, refusal, audio, images, then tool calls by first appearance. So a stream
is collected to the same parts as a buffered response.
"""

from collections.abc import Mapping
from typing import Any

from llm_pure.adapters.dialects.common.json_objects import Chain
from llm_pure.core.stream import StreamState

REASONING, TEXT, REFUSAL, AUDIO, IMAGES, CALLS = 0, 1, 2, 3, 4, 1000
"""Indexes of the parts of one response."""


class State(StreamState, frozen=True, kw_only=True):
    """Everything that the meaning of the next chunk depends on."""

    started: bool = False
    """A chunk with choices was read."""
    done: bool = False
    """[DONE] was read."""
    finished: bool = False
    """A finish reason was read."""
    calls: Mapping[tuple[int, int], tuple[int, str]] = {}
    """(choice, index on the wire) -> (part index, id)."""
    last_call: tuple[int, int] | None = None
    """The key in `calls` of the call that a fragment without an index continues."""
    seen_extras: Mapping[tuple[int | None, str], Any] = {}
    """(choice, name) -> the extra field as it was last emitted."""
    thinking: frozenset[int] = frozenset()
    """The choices whose reasoning is marked as this provider's."""
    details: Chain = None
    """(choice, reasoning detail) of fragments that are joined when the choice ends."""
    audio: Chain = None
    """(choice, audio object) of fragments that are joined when the choice ends."""
    images: int = 0
    """Number of parts at IMAGES and after it."""

"""What the meaning of the next event depends on."""

from collections.abc import Callable
from typing import Any

import msgspec

from llm_pure.adapters.dialects.openai_responses import wire
from llm_pure.adapters.dialects.openai_responses.hosted_calls import DeclaredTools
from llm_pure.adapters.dialects.openai_responses.items import ListOrder
from llm_pure.adapters.dialects.openai_responses.open_items import Items, Lists
from llm_pure.core.stream import StreamState
from llm_pure.framing.json_codec import any_json


class Run(msgspec.Struct, frozen=True):
    """The part that the last delta belongs to, and how its deltas are addressed."""

    decode: Callable[[bytes], Any]
    """Decodes the events of the same type."""
    item_id: str | None
    output_index: int | None
    content_index: int | None
    delta: Any
    """Makes the event with more of the part: (text, index)."""
    index: int
    write: Callable[[str], object]
    """Appends to the part's text."""


class State(StreamState, frozen=True, kw_only=True):
    """The state of one stream; `ended` after the last event of the response."""

    run: Run | None = None
    started: bool = False
    """The response's id was emitted."""
    done: bool = False
    """[DONE] was read, before the last event."""
    items: Items = Items()
    order: ListOrder = ListOrder()
    live: frozenset[str] = frozenset()
    """Extra fields with events whose content is in a part at the end."""
    audio: Lists = None
    """Base64 of the spoken answer."""
    transcript: Lists = None
    agent: wire.JsonObject | None = None
    """The agent that spoke last."""
    tools: DeclaredTools = DeclaredTools()

    def partial_extra(self, data: bytes) -> dict[str, Any]:
        """The number of the last event, after which a background response can be resumed (`starting_after`)."""
        raw = any_json(data)
        number = raw.get("sequence_number") if isinstance(raw, dict) else None
        return {} if number is None else {"sequence_number": number}


INITIAL = State()
"""Before the first event that says something."""

"""The state of a stream of Converse: which blocks are open, which part each has, what is kept until its end."""

from typing import Any, TypeAlias

import msgspec
from msgspec.structs import replace

from llm_pure.adapters.dialects.bedrock_converse.blocks import (
    CITATIONS,
    KINDS,
    SIGNATURE,
    Pending,
    finished_block,
)
from llm_pure.adapters.dialects.common.part_identity import Chain, Entries, chain_items
from llm_pure.core.service import AnyService
from llm_pure.core.stream import StreamState
from llm_pure.types.events import StreamEvent

BlockKey: TypeAlias = tuple[int, str]
"""(contentBlockIndex, kind): a block should be of one kind, but not every model's are."""

NO_BLOCK = -1
UNNUMBERED = -2
"""Blocks without contentBlockIndex have this number and those below it."""


class OpenPart(msgspec.Struct, frozen=True):
    """A part whose block has not ended."""

    index: int
    id: str = ""
    """Of a tool call."""
    has_deltas: bool = False
    """A delta came under the index with which the block began."""


class State(StreamState, frozen=True, kw_only=True):
    """The state between two frames."""

    started: bool = False
    """The first frame was received."""
    stopped: bool = False
    """messageStop was received, and no content after it."""
    has_metadata: bool = False
    """metadata was received."""
    plain_block: int = NO_BLOCK
    """The block whose plain deltas may take the fast path: the one that went on last."""
    plain_kind: str = ""
    """Its kind."""
    plain_part: int = 0
    """The index of its part."""
    count: int = 0
    """The number of parts that have begun."""
    parts: Entries = Entries()
    """BlockKey -> OpenPart; None after the block's end."""
    newest: BlockKey | None = None
    """The block that began or went on last."""
    pending: Entries = Entries()
    """BlockKey -> Pending, of blocks that are kept until they end; None after that."""
    pending_keys: Chain = None
    """The keys of the blocks that may be pending."""


def block_of(state: State, index: int | None, kind: str) -> int:
    """The block of a delta: the one at its index, or the last one without an index.

    A service may count the events in place of the blocks: until a delta comes under a block's own index, it goes on under
    others.
    """
    newest = state.newest
    part: OpenPart | None = None if newest is None else state.parts.get(newest)
    if index is None:
        return UNNUMBERED - state.count if newest is None or part is None else newest[0]
    if newest is None or newest[0] == index or newest[1] != kind or part is None:
        return index
    counted = not part.has_deltas and not is_open(state, index)
    return newest[0] if counted else index


def is_open(state: State, block: int) -> bool:
    """Whether a part of this block has begun and not ended."""
    return any(state.parts.get((block, kind)) is not None for kind in KINDS)


def part_of(state: State, key: BlockKey, *, is_own: bool) -> tuple[State, OpenPart]:
    """The block's part: parts are numbered in the order in which they begin."""
    part: OpenPart | None = state.parts.get(key)
    if part is None:
        state, _ = begin_part(state, key)
        return state, state.parts.get(key)
    if is_own and not part.has_deltas:
        part = replace(part, has_deltas=True)
        state = replace(state, parts=state.parts.put(key, part))
    if state.newest != key or state.stopped:
        state = replace(
            state, newest=key, stopped=False, complete=False, plain_block=NO_BLOCK, plain_kind=""
        )
    return state, part


def with_plain(state: State, key: BlockKey, part: OpenPart, index: int | None) -> State:
    """The state in which plain deltas at this index may take the fast path, if they are of this part."""
    block, kind = key
    if not part.has_deltas or index != block or (state.plain_block, state.plain_kind) == key:
        return state
    return replace(state, plain_block=block, plain_kind=kind, plain_part=part.index)


def begin_part(state: State, key: BlockKey, call_id: str = "") -> tuple[State, int]:
    """Begin a part; content after the end of the message opens the message again."""
    index = state.count
    parts = state.parts.put(key, OpenPart(index, call_id))
    return replace(
        state,
        parts=parts,
        count=index + 1,
        newest=key,
        stopped=False,
        complete=False,
        plain_block=NO_BLOCK,
        plain_kind="",
    ), index


def keep_piece(state: State, key: BlockKey, piece: Any, *, is_own: bool = True) -> State:
    """Add a piece to a block that is kept until it ends. Citations belong to the text of their block."""
    block, kind = key
    state, part = part_of(state, (block, _PARTS_OF.get(kind, kind)), is_own=is_own)
    before: Pending | None = state.pending.get(key)
    pieces = None if before is None else before.pieces
    pending = state.pending.put(key, Pending(part.index, (pieces, piece)))
    keys = state.pending_keys if before is not None else (state.pending_keys, key)
    return replace(state, pending=pending, pending_keys=keys)


_PARTS_OF = {CITATIONS: "text", SIGNATURE: "reasoningContent"}


def finish_block(
    service: AnyService, state: State, block: int, kinds: tuple[str, ...] = KINDS
) -> tuple[State, list[StreamEvent]]:
    """End the block at this contentBlockIndex."""
    events: list[StreamEvent] = []
    for kind in kinds:
        key = (block, kind)
        if state.parts.get(key) is not None or state.pending.get(key) is not None:
            state, ended = _finish(service, state, key)
            events += ended
    return state, events


def finish_all(service: AnyService, state: State) -> tuple[State, list[StreamEvent]]:
    """End the blocks without a contentBlockStop at the message's end."""
    events: list[StreamEvent] = []
    for key in chain_items(state.pending_keys):
        if state.pending.get(key) is not None:
            state, ended = _finish(service, state, key)
            events += ended
    return (state if state.pending_keys is None else replace(state, pending_keys=None)), events


def _finish(service: AnyService, state: State, key: BlockKey) -> tuple[State, list[StreamEvent]]:
    events: list[StreamEvent] = []
    pending: Pending | None = state.pending.get(key)
    if pending is not None:
        events = list(finished_block(service.name, key[1], pending))
        state = replace(state, pending=state.pending.put(key, None))
    part: OpenPart | None = state.parts.get(key)
    if part is not None:
        state = replace(state, parts=state.parts.put(key, None))
        if (state.plain_block, state.plain_kind) == key:
            state = replace(state, plain_block=NO_BLOCK, plain_kind="")
    return state, events

"""What the reading of one answer remembers: the state of a stream, and where its parts stand.

Where the parts of an answer stand: reasoning, text, refusal, audio, pictures, then tool calls in the order of their
first appearance; so a stream collects to the same parts as the whole answer.
"""

from collections.abc import Mapping
from typing import Any

from llm_pure.adapters.dialects.openai_chat.tool_call_fragments import Chain
from llm_pure.core.stream import StreamState

REASONING, TEXT, REFUSAL, AUDIO, PICTURES, CALLS = 0, 1, 2, 3, 4, 1000
"""Indexes of the parts of one answer."""


class State(StreamState, frozen=True, kw_only=True):
    """What the next chunk's meaning depends on.

    started: a first chunk came. done: [DONE] came. calls: (choice, the wire's index) -> (our index, id).
    last_call: the call that a piece without an index continues. known: extras already told, by (choice, name).
    thinking: the choices whose reasoning has begun. details, audio: pieces that only make sense together, newest first. pictures: how many came.
    """

    started: bool = False
    done: bool = False
    finished: bool = False
    calls: Mapping[tuple[int, int], tuple[int, str]] = {}
    last_call: tuple[int, int] | None = None
    known: Mapping[tuple[int | None, str], Any] = {}
    thinking: frozenset[int] = frozenset()
    details: Chain = None
    audio: Chain = None
    pictures: int = 0

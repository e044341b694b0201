"""Any completion and any tools, for laws of the tool loop: text, reasoning, calls of every kind, every finish reason."""

import json
from typing import get_args

from hypothesis import strategies as st

from llm_pure import (
    Completion,
    FinishReason,
    Message,
    NativeTool,
    Opaque,
    Reasoning,
    Text,
    Tool,
    ToolCall,
)
from llm_pure.output.tools import bind_tools


def weather(city: str, days: int = 1) -> str:
    """Weather to come."""
    if days > 9:
        raise ValueError("too far ahead")
    return f"{city} {days}"


CUSTOM = NativeTool("openai_responses", {"type": "custom", "name": "sql"})
BY_HAND = Tool(name="by_hand")
TOOLS = bind_tools([weather, BY_HAND, CUSTOM]).unwrap()


TEXTS = st.text(max_size=8)
ARGUMENTS = st.one_of(
    TEXTS,
    st.just('{"city": "Oslo"}'),
    st.just('{"city": "Oslo", "days": 99}'),
    st.recursive(
        st.none() | st.booleans() | st.integers() | TEXTS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
        max_leaves=5,
    ).map(json.dumps),
)
CALLS = st.builds(
    ToolCall,
    st.sampled_from(["a", "b", "c", "", "x" * 70]),
    st.sampled_from(["weather", "by_hand", "sql", "nothing", "", "a b"]),
    ARGUMENTS,
)
PARTS = st.lists(
    st.one_of(
        CALLS,
        TEXTS.map(Text),
        st.builds(Reasoning, TEXTS),
        st.just(
            Opaque("anthropic", "redacted_thinking", '{"type":"redacted_thinking","data":"x"}')
        ),
    ),
    max_size=6,
)
COMPLETIONS = st.builds(
    lambda parts, reason: Completion(
        message=Message("assistant", tuple(parts)), finish_reason=reason
    ),
    PARTS,
    st.sampled_from(get_args(FinishReason)),
)
ANY_TOOLS = st.lists(st.sampled_from(TOOLS), unique_by=id)

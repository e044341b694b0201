"""Laws of order, emptiness and ids over conversations as they are in the wild, for every provider.

Turns of several providers are mixed, calls are parallel and have ids that repeat, results come in any order with messages
between them, with media and errors, and texts are empty or blank.
"""

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from llm_pure import (
    ChatRequest,
    Image,
    Message,
    Opaque,
    ProviderMetadata,
    Reasoning,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    system,
    user,
)
from llm_pure.adapters import registry
from llm_pure.types.errors import InvalidRequest, UnsupportedFeature
from llm_pure.types.messages import Part
from llm_pure.types.result import Success
from tests.support.cassettes import chat_providers, config_for
from tests.support.chat_requests import PNG
from tests.support.laws import examples

TOOL = Tool(name="f")
TEXTS = st.sampled_from(["a", "Two words.", "", " ", "\n\n"])
SOMEBODY = st.sampled_from(
    [None, ProviderMetadata("anthropic"), ProviderMetadata("gemini"), ProviderMetadata("deepseek")]
)
THOUGHTS = st.builds(Reasoning, st.just("hm"), st.sampled_from([None, "c2ln"]), SOMEBODY)
SPOKEN: st.SearchStrategy[Part] = st.one_of(
    TEXTS.map(Text),
    THOUGHTS,
    st.just(Opaque("anthropic", "redacted_thinking", '{"type":"redacted_thinking","data":"x"}')),
)
IDS = st.sampled_from(["call_0", "call_1", "toolu_1|fc_2", "x" * 70, "a.b"])


@st.composite
def exchanges(draw: Any) -> list[Message]:
    """A user's turn and the assistant's, which may call tools; then the results, with other messages between them."""
    asked = user(
        draw(TEXTS.filter(lambda text: text.strip() != "")),
        *draw(st.lists(TEXTS.map(Text), max_size=1)),
    )
    parts = draw(st.lists(SPOKEN, max_size=3))
    ids = draw(st.lists(IDS, max_size=3))
    calls = [ToolCall(call_id, "f") for call_id in ids]
    messages = [asked, Message("assistant", (*parts, *calls))]
    for call_id in ids:
        content = draw(st.lists(TEXTS.map(Text) | st.just(Image(data=PNG)), max_size=2))
        failed = draw(st.booleans())
        result = ToolResult(tool_call_id=call_id, content=tuple(content), name="f", is_error=failed)
        messages.append(Message(draw(st.sampled_from(["tool", "user"])), (result,)))
        messages += draw(st.lists(st.just(system("Be brief.")) | TEXTS.map(user), max_size=1))
    return messages


CONVERSATIONS = st.lists(exchanges(), min_size=1, max_size=3).map(
    lambda turns: [*[message for turn in turns for message in turn], user("Go on.")]
)


def check_chat(messages: Sequence[dict[str, Any]]) -> None:
    """Every call is answered by a tool message right after its turn, and ids are unique."""
    seen: set[str] = set()
    for index, turn in enumerate(messages):
        ids = [call["id"] for call in turn.get("tool_calls") or () if "id" in call]
        assert not seen & set(ids)
        assert len(set(ids)) == len(ids)
        seen |= set(ids)
        results = [
            str(later.get("tool_call_id")) for later in messages[index + 1 : index + 1 + len(ids)]
        ]
        assert sorted(results) == sorted(ids)


def check_blocks(turns: Sequence[dict[str, Any]], key: str) -> None:
    """Roles alternate, results come first in the turn after their calls, and no text is blank."""
    roles = [turn["role"] for turn in turns]
    assert all(first != second for first, second in pairwise(roles))
    seen: set[str] = set()
    for index, turn in enumerate(turns):
        blocks = (
            turn["content"]
            if isinstance(turn["content"], list)
            else [{"type": "text", "text": turn["content"]}]
        )
        calls = [_named(block, "tool_use", "toolUse") for block in blocks]
        ids = [str(call.get("id") or call.get(key)) for call in calls if call]
        assert len(set(ids) | seen) == len(ids) + len(seen)
        seen |= set(ids)
        if ids:
            answers = turns[index + 1]["content"][: len(ids)]
            found = [str(_named(block, "tool_result", "toolResult").get(key)) for block in answers]
            assert sorted(found) == sorted(ids)
        texts = [block["text"] for block in blocks if "text" in block]
        assert all(text and (ids or text.strip()) for text in texts)


def _named(block: dict[str, Any], kind: str, member: str) -> dict[str, Any]:
    found = block.get(member) if member in block else block if block.get("type") == kind else {}
    return found if isinstance(found, dict) else {}


@examples(80)
@given(messages=CONVERSATIONS, reasoning=st.sampled_from([None, 2000]))
def test_a_conversation_in_the_wild_is_in_order_at_every_provider(
    messages: list[Message], reasoning: int | None
) -> None:
    request = ChatRequest(messages=messages, tools=(TOOL,), reasoning=reasoning)
    for name in chat_providers():
        check(name, request)


def check(name: str, request: ChatRequest) -> None:
    provider = registry.get(name).unwrap()
    config = replace(config_for(name), input_modalities=("image",))
    if provider.name in MODELS:
        config = replace(config, model=MODELS[provider.name])
    built = provider.build_chat(config, request)
    if not isinstance(built, Success):
        assert isinstance(built.failure(), UnsupportedFeature | InvalidRequest), name
        return
    body = json.loads(built.unwrap().request.body)
    assert provider.name in SIGNED or "c2ln" not in json.dumps(body), name
    match provider.dialect:
        case "anthropic_messages" | "bedrock_invoke":
            check_blocks(body["messages"], "tool_use_id")
        case "bedrock_converse":
            check_blocks(body["messages"], "toolUseId")
        case "openai_chat" | "cohere_chat" | "ollama_native":
            check_chat(body["messages"])
        case "dashscope_generation":
            check_chat(body["input"]["messages"])
        case _:
            pass


MODELS = {
    "anthropic": "claude-sonnet-4-5",
    "vertex_anthropic": "claude-sonnet-4-5",
    "bedrock": "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
}
SIGNED = (*MODELS, "bedrock_invoke", "gemini", "deepseek")
"""Providers that take a signature of these turns: their own, or one of Claude's."""

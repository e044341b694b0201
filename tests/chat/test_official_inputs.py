"""Messages as users bring them from the official packages: every item, block and part is read, and goes back as it came."""

import json
from collections.abc import Iterator
from typing import Any, NotRequired, Required, get_args, get_origin, get_type_hints
from typing import Literal as ExtendedLiteral

import pytest
from anthropic.types.beta.beta_content_block import BetaContentBlock
from anthropic.types.beta.beta_content_block_param import BetaContentBlockParam
from anthropic.types.beta.beta_tool_result_block_param import Content
from openai.types.responses.response_input_item_param import ResponseInputItemParam

from llm_pure import (
    CacheMark,
    ChatRequest,
    Document,
    LLMConfig,
    Message,
    Opaque,
    ProviderMetadata,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    Video,
    assistant,
    user,
)
from llm_pure.adapters import registry
from llm_pure.chat.item_input import ITEM_TYPES
from llm_pure.chat.message_export import to_openai
from llm_pure.chat.message_input import parse_messages
from llm_pure.core.provider import Built
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.messages import Audio


def tags(union: Any) -> Iterator[str]:
    """The values of `type` of a union's members."""
    for member in get_args(union):
        if get_args(member) and get_origin(member) is not ExtendedLiteral:
            yield from tags(member)
            continue
        if hasattr(member, "model_fields"):
            kind = member.model_fields["type"].annotation
        else:
            kind = get_type_hints(member).get("type")
        while get_origin(kind) in (Required, NotRequired):
            (kind,) = get_args(kind)
        values = [value for one in get_args(kind) for value in (one, *get_args(one))]
        yield from [value for value in values if isinstance(value, str)]


def built(name: str, messages: Any, model: str = "") -> Built:
    config = LLMConfig(api_type=name, model=model or "gpt-5")
    return registry.get(name).unwrap().build_chat(config, ChatRequest(messages=messages)).unwrap()


def items(*messages: Any) -> Any:
    return json.loads(built("openai_responses", ["hi", *messages]).request.body)["input"][1:]


def test_every_official_item_has_a_reader() -> None:
    assert set(tags(ResponseInputItemParam)) - {"message"} == set(ITEM_TYPES)


OPAQUE_ITEMS = sorted(
    set(ITEM_TYPES)
    - {
        "function_call",
        "custom_tool_call",
        "function_call_output",
        "custom_tool_call_output",
        "reasoning",
    }
)


@pytest.mark.parametrize("kind", OPAQUE_ITEMS)
def test_an_item_without_a_part_of_its_own_goes_back_as_it_came(kind: str) -> None:
    item = {"type": kind, "id": "x_1", "anything": [{"a": 1}]}
    assert items(item) == [item]


ITEMS: list[dict[str, Any]] = [
    {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": "{}", "status": "completed"},
    {"type": "function_call_output", "call_id": "c1", "output": "x"},
    {"type": "custom_tool_call", "id": "ctc_1", "call_id": "c2", "name": "sql", "input": "SELECT"},
    {"type": "custom_tool_call_output", "call_id": "c2", "output": "y"},
    {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "phase": "commentary",
     "content": [{"type": "output_text", "text": "Hm.", "annotations": []}]},
    {"role": "assistant", "content": "x", "phase": "commentary"},
]  # fmt: skip


def test_calls_and_results_and_messages_go_back_as_they_came() -> None:
    assert items(*ITEMS) == ITEMS


def test_reasoning_goes_back_with_the_item_that_followed_it() -> None:
    reasoning = {
        "type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}], "encrypted_content": "enc",
    }  # fmt: skip
    assert items(reasoning, ITEMS[0], ITEMS[1]) == [reasoning, ITEMS[0], ITEMS[1]]
    (_, message) = parse_messages(["hi", reasoning]).unwrap()
    (part,) = message.parts
    assert isinstance(part, Reasoning)
    assert (part.text, part.signature) == ("hm", "enc")


def test_items_are_messages_for_every_other_provider() -> None:
    sent = json.loads(built("openai", ["hi", *ITEMS[:2], ITEMS[4]], "gpt-4o").request.body)[
        "messages"
    ]
    assert [turn["role"] for turn in sent] == ["user", "assistant", "tool", "assistant"]
    two = [{**ITEMS[0], "call_id": call_id} for call_id in ("a", "b")]
    results = [{**ITEMS[1], "call_id": call_id} for call_id in ("a", "b")]
    sent = json.loads(built("openai", ["hi", *two, *results], "gpt-4o").request.body)["messages"]
    assert [len(turn.get("tool_calls", ())) for turn in sent] == [0, 2, 0, 0]


def test_an_unknown_item_is_an_error_with_its_path() -> None:
    error = parse_messages(["hi", {"type": "hologram"}]).failure()
    assert isinstance(error, InvalidRequest)
    assert error.param == "messages/1/type"


BLOCKS = sorted(
    (set(tags(BetaContentBlockParam)) | set(tags(BetaContentBlock)) | set(tags(Content)))
    - {"text", "image", "document", "thinking", "tool_use", "tool_result"}
)


@pytest.mark.parametrize("kind", BLOCKS)
def test_every_official_block_goes_back_as_it_came(kind: str) -> None:
    block = {"type": kind, "anything": [1], "cache_control": {"type": "ephemeral"}}
    turns = ["hi", {"role": "assistant", "content": [block]}, "go on"]
    sent = json.loads(built("anthropic", turns, "claude-sonnet-4-5").request.body)["messages"]
    assert sent[1] == {"role": "assistant", "content": [block]}
    result = {"type": "tool_result", "tool_use_id": "t", "content": [block]}
    use = {"type": "tool_use", "id": "t", "name": "f", "input": {}}
    turns = [
        "hi",
        {"role": "assistant", "content": [use]},
        {"role": "user", "content": [result]},
    ]
    sent = json.loads(built("anthropic", turns, "claude-sonnet-4-5").request.body)["messages"]
    assert sent[2]["content"][0]["content"] == [block]


def test_a_document_of_blocks_goes_back_as_it_came() -> None:
    block = {"type": "document", "source": {"type": "content", "content": "a"}, "title": "b"}
    sent = json.loads(
        built("anthropic", [{"role": "user", "content": [block]}], "claude-sonnet-4-5").request.body
    )
    assert sent["messages"] == [{"role": "user", "content": [block]}]


VIDEO = {"type": "video_url", "video_url": {"url": "https://example.org/y.mp4"}}
MARK = {"type": "ephemeral", "ttl": "1h"}


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (VIDEO, Video(url="https://example.org/y.mp4")),
        ({"type": "video_url", "video_url": "https://example.org/y.mp4"}, Video(url="https://example.org/y.mp4")),
        ({"type": "video_url", "video_url": {"url": "data:video/mp4;base64,AAAA"}}, Video(data=b"\0\0\0", media_type="video/mp4")),
        ({"type": "video_url", "video_url": {"url": "https://x/y", "fps": 2}},
         Video(url="https://x/y", provider_metadata=ProviderMetadata("openai", '{"fps":2}'))),
        ({"type": "document_url", "document_url": "https://x/y.pdf", "document_name": "y.pdf"}, Document(url="https://x/y.pdf", name="y.pdf")),
        ({"type": "input_audio", "input_audio": "SUQz"}, Audio(data=b"ID3", media_type="audio/mpeg")),
        ({"type": "input_audio", "input_audio": {"url": "https://x/y.mp3"}}, Audio(url="https://x/y.mp3")),
        ({"type": "text", "text": "a", "cache_control": MARK}, Text("a", cache=CacheMark("1h"))),
        ({"type": "input_text", "text": "a", "prompt_cache_breakpoint": {"mode": "explicit"}}, Text("a", cache=CacheMark())),
        ({"type": "tool_result", "tool_use_id": "t", "content": "a", "cache_control": MARK},
         ToolResult(tool_call_id="t", content=(Text("a"),), cache=CacheMark("1h"))),
        ({"type": "tool_use", "id": "t", "name": "f", "input": {}, "cache_control": MARK}, ToolCall("t", "f", "{}", None, CacheMark("1h"))),
        ({"type": "compaction", "content": "s"}, Opaque("anthropic", "compaction", '{"type":"compaction","content":"s"}')),
    ],
)  # fmt: skip
def test_parts_of_mappings_are_read(part: dict[str, Any], expected: Any) -> None:
    (message,) = parse_messages([{"role": "assistant", "content": [part]}]).unwrap()
    assert message.parts == (expected,)
    assert parse_messages(to_openai(message).unwrap()).unwrap() == (message,)


@pytest.mark.parametrize(
    ("turn", "expected"),
    [
        ({"role": "assistant", "content": "a", "prefix": True}, assistant("a", prefix=True)),
        ({"role": "assistant", "content": "a", "partial": True}, assistant("a", prefix=True)),
        ({"role": "user", "content": "a", "cache_control": MARK}, Message("user", (Text("a"),), cache=CacheMark("1h"))),
        ({"role": "assistant", "tool_plan": "p", "content": "a"},
         assistant(Reasoning("p", None, ProviderMetadata("cohere", '{"type":"tool_plan"}')), "a")),
        ({"role": "user", "content": "a"}, user("a")),
    ],
)  # fmt: skip
def test_keys_of_messages_are_read(turn: dict[str, Any], expected: Message) -> None:
    assert parse_messages(turn).unwrap() == (expected,)
    assert parse_messages(to_openai(expected).unwrap()).unwrap() == (expected,)


@pytest.mark.parametrize(
    "mark", [{"type": "ephemeral", "ttl": "9h"}, {"type": "ephemeral", "scope": 1}, "ephemeral"]
)
def test_a_cache_mark_that_is_none_is_an_error_with_its_path(mark: Any) -> None:
    error = parse_messages(
        [{"role": "user", "content": [{"type": "text", "text": "a", "cache_control": mark}]}]
    ).failure()
    assert isinstance(error, InvalidRequest)
    assert (error.param or "").startswith("messages/0/content/0/cache_control")

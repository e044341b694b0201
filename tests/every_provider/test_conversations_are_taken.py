"""Conversations that services refused or that lost something: each reported input with its right body, and the laws of their kinds.

The rules are rows of `TurnRules`; the laws here walk over every provider.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from llm_pure import (
    ChatRequest,
    Message,
    Opaque,
    ProviderMetadata,
    Reasoning,
    Refusal,
    Text,
    Tool,
    ToolCall,
    Video,
    assistant,
    system,
    tool_result,
    user,
)
from llm_pure.adapters import registry
from llm_pure.core.provider import Built
from llm_pure.types.errors import InvalidRequest, UnsupportedFeature
from llm_pure.types.messages import CacheMark, Document, Image
from llm_pure.types.result import Success
from tests.support.cassettes import chat_providers, config_for
from tests.support.chat_requests import PDF, PNG

CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
OLD_CLAUDE = "claude-sonnet-4-5"
LLAMA = "us.meta.llama4-maverick-17b-instruct-v1:0"
MISTRAL = "mistral.mistral-large-2407-v1:0"
NOVA = "us.amazon.nova-2-lite-v1:0"
STAND_IN = "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I="
TOOLS = (Tool(name="f"), Tool(name="shot"), Tool(name="now"))
PIXELS = "data:image/png;base64,"

PARALLEL = (
    user("Look"),
    assistant(ToolCall("c1", "shot", "{}"), ToolCall("c2", "now", "{}")),
    tool_result("c1", "taken", Image(data=PNG)),
    tool_result("c2", "noon"),
)
REPEATED = (
    user("a"),
    assistant(ToolCall("call_0", "f")),
    tool_result("call_0", "1"),
    assistant(ToolCall("call_0", "f")),
    tool_result("call_0", "2"),
    user("b"),
)
LOOP = (user("q"), assistant(ToolCall("call_abc", "now", "{}")), tool_result("call_abc", "noon"))
THOUGHT = {
    "role": "assistant",
    "content": [
        {"type": "thinking", "thinking": "hm", "signature": "ErUB"},
        {"type": "text", "text": "a"},
    ],
}


def build(name: str, model: str, messages: Any, **fields: Any) -> Built:
    config = replace(config_for(name), model=model, base_url=None)
    request = ChatRequest(messages=messages, **fields)
    return registry.get(name).unwrap().build_chat(config, request).unwrap()


def body(name: str, model: str, *messages: Any, **fields: Any) -> Any:
    return json.loads(build(name, model, messages, **fields).request.body)


def turns(name: str, model: str, *messages: Any, **fields: Any) -> list[Any]:
    sent = body(name, model, *messages, **fields)
    found = sent.get("messages") or sent.get("contents") or sent.get("input")
    return list(found["messages"] if isinstance(found, dict) else found)


def adaptations(name: str, model: str, *messages: Any, **fields: Any) -> list[tuple[str, str]]:
    built = build(name, model, messages, **fields)
    return [
        (one.field, one.action) for one in built.adaptations if one.field.startswith("messages")
    ]


CHAT_SERVICES = (
    ("openai", "gpt-4o"), ("mistral", "mistral-large-latest"), ("cohere", "command-a-vision-07-2025"),
    ("openrouter", "openai/gpt-4o"), ("dashscope", "qwen3-vl-plus"), ("dashscope_compatible", "qwen3-vl-plus"),
    ("xai", "grok-4"), ("together", "some/model"), ("ark", "doubao-seed-1-6"), ("open_llm", "some-model"),
)  # fmt: skip


@pytest.mark.parametrize(("name", "model"), CHAT_SERVICES)
def test_media_of_parallel_results_follow_all_of_them(name: str, model: str) -> None:
    sent = turns(name, model, *PARALLEL, tools=TOOLS)
    roles = [(turn["role"], turn.get("tool_call_id")) for turn in sent]
    calls = sent[1]["tool_calls"]
    ids = [call["id"] for call in calls]
    between = [("assistant", None)] if name == "mistral" else []
    assert roles == [
        ("user", None), ("assistant", None), ("tool", ids[0]), ("tool", ids[1]), *between, ("user", None),
    ]  # fmt: skip
    assert PIXELS in json.dumps(sent[-1])


def test_a_message_between_results_comes_after_them() -> None:
    sent = turns(
        "openai", "gpt-4o",
        user("Look"), assistant(ToolCall("c1", "f"), ToolCall("c2", "f")),
        tool_result("c1", "1"), system("Be brief."), user("Well?"), tool_result("c2", "2"),
    )  # fmt: skip
    assert [turn["role"] for turn in sent[2:]] == ["tool", "tool", "system", "user"]


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("anthropic", OLD_CLAUDE), ("bedrock", CLAUDE), ("openai", "gpt-4o"), ("mistral", "mistral-large-latest"),
        ("openai_responses", "gpt-4o"), ("ollama", "llama3.2"), ("cohere", "command-a-03-2025"), ("deepseek", "deepseek-chat"),
    ],
)  # fmt: skip
def test_ids_that_repeat_are_unique_and_results_follow_their_calls(name: str, model: str) -> None:
    text = json.dumps(turns(name, model, *REPEATED, tools=TOOLS))
    ids = _ids(json.loads(text))
    calls, results = ids[::2], ids[1::2]
    assert calls == results
    assert len(set(calls)) == 2


def _ids(value: Any) -> list[str]:
    """All ids of calls and results, in order."""
    keys = ("tool_use_id", "toolUseId", "tool_call_id", "call_id")
    found: list[str] = []
    if isinstance(value, list):
        return [one for item in value for one in _ids(item)]
    if not isinstance(value, dict):
        return []
    if "id" in value and ("function" in value or value.get("type") == "tool_use"):
        return [value["id"]]
    found += [value[key] for key in keys if key in value]
    return found + [one for item in value.values() for one in _ids(item)]


def test_two_calls_of_one_id_in_one_turn_get_the_results_in_order() -> None:
    sent = turns(
        "anthropic", OLD_CLAUDE,
        user("a"), assistant(ToolCall("c", "f"), ToolCall("c", "f")), tool_result("c", "1"), tool_result("c", "2"),
        tools=TOOLS,
    )  # fmt: skip
    assert _ids(sent) == ["c", "c_2", "c", "c_2"]
    assert [block["content"] for block in sent[2]["content"]] == ["1", "2"]


def test_a_call_without_an_id_gets_one() -> None:
    sent = turns("openai", "gpt-4o", user("a"), assistant(ToolCall("", "f")), tool_result("", "1"))
    assert _ids(sent) == ["call_1", "call_1"]


def test_an_id_is_as_long_as_the_service_takes_it() -> None:
    long = "x" * 70
    sent = turns(
        "openai", "gpt-4o", user("a"), assistant(ToolCall(long, "f")), tool_result(long, "1")
    )
    (call, result) = _ids(sent)
    assert call == result
    assert len(call) == 40


def test_a_call_of_the_same_provider_without_a_signature_gets_the_stand_in() -> None:
    own = ToolCall("c", "f", "{}", ProviderMetadata("gemini"))
    sent = turns(
        "gemini", "gemini-3-flash-preview", user("a"), assistant(own), tool_result("c", "1")
    )
    assert sent[1]["parts"][0]["thoughtSignature"] == STAND_IN


@pytest.mark.parametrize(
    ("name", "model"),
    [("gemini", "gemini-3-flash"), ("vertex", "gemini-3-flash"), ("bedrock", NOVA), ("mistral", "magistral-medium-latest"),
     ("openai_responses", "gpt-5"), ("deepseek", "deepseek-chat"), ("ollama", "llama3.2"), ("cohere", "command-a-03-2025"),
     ("openrouter", "some/model"), ("groq", "gpt-oss-120b")],
)  # fmt: skip
def test_a_foreign_signature_is_left_out_and_reported(name: str, model: str) -> None:
    messages = ("hi", THOUGHT, "go on")
    assert "ErUB" not in json.dumps(body(name, model, *messages))
    assert ("messages/1/parts/0", "dropped") in adaptations(name, model, *messages)


@pytest.mark.parametrize(
    ("name", "model"),
    [("anthropic", OLD_CLAUDE), ("vertex_anthropic", OLD_CLAUDE), ("bedrock", CLAUDE)],
)
def test_claudes_signature_goes_to_claude_wherever_it_runs(name: str, model: str) -> None:
    messages = ("hi", THOUGHT, "go on")
    assert "ErUB" in json.dumps(body(name, model, *messages))
    own = assistant(Reasoning("hm", "ErUB", ProviderMetadata("anthropic")), "a")
    assert "ErUB" in json.dumps(body(name, model, "hi", own, "go on"))


@pytest.mark.parametrize("name", ["anthropic", "vertex_anthropic", "bedrock", "bedrock_invoke"])
@pytest.mark.parametrize("lost", [(), (Reasoning("hm", None, ProviderMetadata("anthropic")),)])
def test_a_tool_loop_without_signed_thinking_does_not_think_with_a_budget(
    name: str, lost: tuple[Reasoning, ...]
) -> None:
    model = CLAUDE if name.startswith("bedrock") else OLD_CLAUDE
    messages = (LOOP[0], assistant(*lost, *LOOP[1].parts), LOOP[2])
    built = build(name, model, messages, tools=TOOLS, reasoning=4000)
    assert b'"enabled"' not in built.request.body
    assert ("reasoning", "dropped") in [(one.field, one.action) for one in built.adaptations]
    after = (*LOOP, assistant("It is noon."), user("Sure?"))
    assert b'"enabled"' in build(name, model, after, tools=TOOLS, reasoning=4000).request.body


def test_a_signed_tool_loop_thinks_on() -> None:
    signed = assistant(Reasoning("hm", "sig", ProviderMetadata("anthropic")), ToolCall("c", "f"))
    built = build(
        "anthropic", OLD_CLAUDE, ("q", signed, tool_result("c", "1")), tools=TOOLS, reasoning=4000
    )
    assert json.loads(built.request.body)["thinking"]["budget_tokens"] == 4000


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("openrouter", "openrouter_reasoning"),
        ("zai", "zhipuai"),
        ("dashscope", "dashscope_compatible"),
    ],
)
def test_one_service_under_two_names_takes_its_own_reasoning(first: str, second: str) -> None:
    for name, other in ((first, second), (second, first)):
        turn = assistant(Reasoning("hm", None, ProviderMetadata(other)), "a")
        assert "hm" in json.dumps(body(name, "some-model", "hi", turn, "go on"))
        assert adaptations(name, "some-model", "hi", turn, "go on") == []


def test_a_document_alone_has_text_beside_it_at_converse() -> None:
    (sent,) = turns("bedrock", NOVA, user(Document(data=PDF, name="a.pdf")))
    assert [next(iter(block)) for block in sent["content"]] == ["document", "text"]
    assert adaptations("bedrock", NOVA, user(Document(data=PDF))) == [("messages/0", "rewritten")]


@pytest.mark.parametrize(
    ("model", "part", "separated"),
    [
        (LLAMA, Text("And in Rome?"), True), (MISTRAL, Text("And in Rome?"), True), (CLAUDE, Text("And in Rome?"), False),
        (CLAUDE, Document(data=b"a,b", media_type="text/csv"), True), (CLAUDE, Document(data=PDF), False),
        (CLAUDE, Video(data=b"\0\0\0\x18ftypmp42"), True), (NOVA, Document(data=b"a,b", media_type="text/csv"), False),
    ],
)  # fmt: skip
def test_what_may_stand_beside_a_tool_result(model: str, part: Any, separated: bool) -> None:
    sent = turns("bedrock", model, *LOOP, user(part), tools=TOOLS)
    roles = [turn["role"] for turn in sent]
    assert roles == ["user", "assistant", "user"] + (["assistant", "user"] if separated else [])
    if separated:
        assert sent[3]["content"] == [{"text": "OK"}]


BLANK = (user("a"), assistant("\n\n"), user("b"))


@pytest.mark.parametrize("name", ["anthropic", "vertex_anthropic", "bedrock", "bedrock_invoke"])
def test_blank_text_is_left_out_at_claude(name: str) -> None:
    model = CLAUDE if name.startswith("bedrock") else OLD_CLAUDE
    sent = body(name, model, system("  "), *BLANK)
    assert "system" not in sent
    assert [turn["role"] for turn in sent["messages"]] == ["user"]
    assert adaptations(name, model, *BLANK) == [("messages/1/parts/0", "rewritten")]


def test_blank_text_beside_a_call_stays_at_anthropic_and_goes_at_converse() -> None:
    messages = (user("a"), assistant("\n\n", ToolCall("c", "f")), tool_result("c", " "))
    sent = turns("anthropic", OLD_CLAUDE, *messages, tools=TOOLS)
    assert sent[1]["content"][0] == {"type": "text", "text": "\n\n"}
    assert sent[2]["content"] == [{"type": "tool_result", "tool_use_id": "c"}]
    sent = turns("bedrock", CLAUDE, *messages, tools=TOOLS)
    assert [next(iter(block)) for block in sent[1]["content"]] == ["toolUse"]


def test_blank_stop_words_are_left_out_at_claude() -> None:
    built = build("bedrock", CLAUDE, "hi", stop=("\n\n", "END"))
    assert json.loads(built.request.body)["inferenceConfig"]["stopSequences"] == ["END"]
    built = build("bedrock", CLAUDE, "hi", stop=("\n\n",))
    assert "stopSequences" not in json.loads(built.request.body).get("inferenceConfig", {})
    assert ("stop", "changed") in [(one.field, one.action) for one in built.adaptations]


@pytest.mark.parametrize(
    ("name", "model"), [("mistral", "mistral-large-latest"), ("moonshot", "kimi-k2.6"), ("xai", "grok-4"), ("cohere", "command-a-03-2025")]
)  # fmt: skip
def test_a_turn_of_thinking_alone_is_left_out(name: str, model: str) -> None:
    thinking = assistant(Reasoning("hm", "sig", ProviderMetadata("anthropic")))
    sent = turns(name, model, user("a"), thinking, user("b"))
    assert [turn["role"] for turn in sent] == ["user", "user"]
    assert adaptations(name, model, user("a"), thinking, user("b")) == [
        ("messages/1/parts/0", "dropped")
    ]


def test_grok_gets_no_null_beside_calls() -> None:
    assert turns("xai", "grok-4", *LOOP)[1]["content"] == ""


@pytest.mark.parametrize("model", [NOVA, LLAMA, MISTRAL, "writer.palmyra-x5-v1:0"])
def test_a_conversation_begins_with_the_user_at_converse(model: str) -> None:
    sent = turns("bedrock", model, assistant("Hello, how can I help?"), user("hi"))
    assert [turn["role"] for turn in sent] == ["user", "assistant", "user"]
    assert ("messages/0", "changed") in adaptations(
        "bedrock", model, assistant("Hello"), user("hi")
    )


PREFILL = (user("a"), assistant("Sure: "))


@pytest.mark.parametrize(
    ("name", "model", "sent"),
    [
        ("mistral", "mistral-large-latest", {"prefix": True}), ("deepseek", "deepseek-chat", {"prefix": True}),
        ("moonshot", "moonshot-v1-8k", {"partial": True}), ("dashscope_compatible", "qwen-max", {"partial": True}),
        ("openrouter", "some/model", {}), ("groq", "llama-3.3-70b", {}),
    ],
)  # fmt: skip
def test_the_assistants_own_words_are_continued(
    name: str, model: str, sent: dict[str, Any]
) -> None:
    continued = assistant("Sure: ", prefix=True)
    assert turns(name, model, user("a"), continued)[-1] == {
        "role": "assistant",
        "content": "Sure: ",
        **sent,
    }
    assert adaptations(name, model, user("a"), continued) == []
    for key in ("prefix", "partial"):
        mapping = {"role": "assistant", "content": "Sure: ", key: True}
        assert turns(name, model, "a", mapping) == turns(name, model, user("a"), continued)


def test_a_prefill_is_continued_by_older_claudes_without_white_space_at_its_end() -> None:
    assert turns("anthropic", OLD_CLAUDE, *PREFILL)[-1] == {"role": "assistant", "content": "Sure:"}
    assert turns("bedrock", CLAUDE, *PREFILL)[-1] == {
        "role": "assistant",
        "content": [{"text": "Sure:"}],
    }
    assert turns("mistral", "mistral-large-latest", *PREFILL)[-1]["prefix"] is True


@pytest.mark.parametrize(
    ("name", "model"),
    [("anthropic", "claude-opus-4-6"), ("anthropic", "claude-sonnet-5"), ("vertex_anthropic", "claude-opus-4-7"),
     ("bedrock", "us.anthropic.claude-opus-4-6-v1"), ("perplexity", "sonar"), ("cohere", "command-a-03-2025"),
     ("bedrock", MISTRAL), ("gemini", "gemini-3.5-flash-lite"), ("vertex", "gemini-3.7-flash"), ("gemini", "gemini-9")],
)  # fmt: skip
def test_a_prefill_that_the_model_refuses_is_unsupported(name: str, model: str) -> None:
    config = replace(config_for(name), model=model, base_url=None)
    built = registry.get(name).unwrap().build_chat(config, ChatRequest(messages=PREFILL))
    assert isinstance(built.failure(), UnsupportedFeature)
    paused = assistant(
        "a", Opaque("anthropic", "server_tool_use", '{"type":"server_tool_use","id":"s"}')
    )
    if name == "anthropic":
        assert turns(name, model, user("a"), paused)[-1]["role"] == "assistant"


ENDS = (
    ("a refusal", (user("a"), assistant("b"), assistant(Refusal("c")))),
    ("system text after it", (user("a"), assistant("b"), system("c"))),
    ("a blank turn after it", (user("a"), assistant("b"), user(" "))),
    ("thoughts alone", (user("a"), assistant(Reasoning("hm", "ErUB")))),
)


@pytest.mark.parametrize("messages", [messages for _, messages in ENDS], ids=[i for i, _ in ENDS])
@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("anthropic", "claude-opus-4-6"),
        ("bedrock", "us.anthropic.claude-opus-4-6-v1"),
    ],
)
def test_whatever_is_last_of_the_assistant_is_a_prefill(
    name: str, model: str, messages: tuple[Message, ...]
) -> None:
    config = replace(config_for(name), model=model, base_url=None)
    built = registry.get(name).unwrap().build_chat(config, ChatRequest(messages=messages))
    assert isinstance(built.failure(), UnsupportedFeature)


@pytest.mark.parametrize("messages", [ENDS[0][1], ENDS[1][1]], ids=["a refusal", "system text"])
def test_a_new_gemini_continues_nothing(messages: tuple[Message, ...]) -> None:
    config = replace(config_for("gemini"), model="gemini-3.6-flash", base_url=None)
    built = registry.get("gemini").unwrap().build_chat(config, ChatRequest(messages=messages))
    assert isinstance(built.failure(), UnsupportedFeature)


@pytest.mark.parametrize("model", ["gemini-2.5-pro", "gemini-3-flash-preview", "gemini-3.5-flash"])
def test_older_geminis_continue_their_own_turn(model: str) -> None:
    sent = body("gemini", model, *PREFILL)["contents"]
    assert sent[-1] == {"role": "model", "parts": [{"text": "Sure: "}]}


@pytest.mark.parametrize("model", ["gemini-2.5-pro", "gemini-3.6-flash"])
def test_a_conversation_that_begins_with_a_call_has_the_users_turn_before_it(model: str) -> None:
    """As history is cut: "function call turn comes immediately after a user turn"."""
    history = (assistant(ToolCall("c", "f", "{}")), tool_result("c", "r"))
    sent = body("gemini", model, system("s"), *history)["contents"]
    assert sent[0] == {"role": "user", "parts": [{"text": "."}]}
    assert [turn["role"] for turn in sent] == ["user", "model", "user"]
    assert ("messages/1", "changed") in adaptations("gemini", model, system("s"), *history)
    greeted = body("gemini", model, assistant("Hello"), user("hi"))["contents"]
    assert [turn["role"] for turn in greeted] == ["model", "user"]


def test_white_space_before_system_text_that_is_sent_apart_is_at_the_end_too() -> None:
    sent = turns("anthropic", OLD_CLAUDE, *PREFILL, system("Be brief."))
    assert sent[-1] == {"role": "assistant", "content": "Sure:"}


def test_system_text_at_the_end_does_not_hide_a_turn_without_signed_thinking() -> None:
    sent = body("anthropic", OLD_CLAUDE, user("q"), assistant("a"), system("c"), reasoning=4000)
    assert "thinking" not in sent


@pytest.mark.parametrize("model", [CLAUDE, NOVA, LLAMA, "openai.gpt-oss-120b-1:0", "some-model"])
def test_a_conversation_on_converse_begins_with_the_user(model: str) -> None:
    sent = turns("bedrock", model, assistant("Hello"), user("q"))
    assert sent[0] == {"role": "user", "content": [{"text": "."}]}
    assert [turn["role"] for turn in sent] == ["user", "assistant", "user"]


def test_kimi_gets_no_turn_of_thoughts_alone() -> None:
    thought = Reasoning("hm", None, ProviderMetadata("moonshot"))
    messages = (user("q"), assistant(thought), user("r"))
    assert turns("moonshot", "kimi-k3", *messages) == [
        {"role": "user", "content": "q"},
        {"role": "user", "content": "r"},
    ]
    assert adaptations("moonshot", "kimi-k3", *messages) == [("messages/1/parts/0", "dropped")]


def test_a_prefix_is_reported_where_no_field_is_for_it() -> None:
    continued = assistant("Sure", prefix=True)
    assert adaptations("openai", "gpt-4o", "a", continued) == [("messages/1/prefix", "dropped")]
    assert adaptations("mistral", "m", "a", continued, "b") == [("messages/1/prefix", "dropped")]


NAMES = chat_providers()


def refuses(name: str, messages: tuple[Message, ...], **fields: Any) -> bool:
    """Whether the provider refuses the conversation as a value; it never raises."""
    built = (
        registry.get(name)
        .unwrap()
        .build_chat(config_for(name), ChatRequest(messages=messages, **fields))
    )
    if isinstance(built, Success):
        return False
    assert isinstance(built.failure(), UnsupportedFeature | InvalidRequest)
    return True


@pytest.mark.parametrize("name", NAMES)
def test_foreign_metadata_and_marks_never_vanish_without_a_word(name: str) -> None:
    """Law of kind g: what is not in the body is in the adaptations."""
    foreign = ProviderMetadata("somebody", '{"hologram": 7}')
    message = Message("user", (Text("hi", foreign, CacheMark("5m")),))
    built = (
        registry.get(name)
        .unwrap()
        .build_chat(config_for(name), ChatRequest(messages=(message,)))
        .unwrap()
    )
    fields = {one.field for one in built.adaptations}
    assert "messages/0/parts/0/provider_metadata" in fields
    sent = built.request.body
    is_marked = any(
        key in sent for key in (b"cache_control", b"cachePoint", b"prompt_cache_breakpoint")
    )
    assert is_marked != ("messages/0/parts/0/cache" in fields)


@pytest.mark.parametrize("name", NAMES)
def test_foreign_reasoning_never_goes_out_and_is_always_reported(name: str) -> None:
    """Law of kind b."""
    thought = assistant(Reasoning("secret thought", "c2ln", ProviderMetadata("somebody")), "a")
    messages = (user("hi"), thought, user("go on"))
    if refuses(name, messages):
        return
    built = (
        registry.get(name)
        .unwrap()
        .build_chat(config_for(name), ChatRequest(messages=messages))
        .unwrap()
    )
    assert b"secret thought" not in built.request.body
    assert ("messages/1/parts/0", "dropped") in [
        (one.field, one.action) for one in built.adaptations
    ]


@pytest.mark.parametrize("name", NAMES)
def test_ids_are_unique_at_every_provider(name: str) -> None:
    """Law of kind f."""
    if refuses(name, REPEATED, tools=TOOLS):
        return
    request = ChatRequest(messages=REPEATED, tools=TOOLS)
    built = registry.get(name).unwrap().build_chat(config_for(name), request).unwrap()
    ids = _ids(json.loads(built.request.body))
    assert ids[::2] == ids[1::2]
    assert len(set(ids)) == len(ids) // 2


NOTHING_TO_SEND = (
    (Message(role="assistant", parts=()),),
    (Message(role="user", parts=()),),
    (Message(role="user", parts=()), Message(role="assistant", parts=())),
    (Message(role="assistant", parts=(Reasoning("hm", None, ProviderMetadata("elsewhere")),)),),
    (assistant(" "),),
    (system("Be brief."),),
)


@pytest.mark.parametrize("name", NAMES)
def test_no_body_has_an_empty_list_of_messages(name: str) -> None:
    """Of a conversation without content something is sent, or the request is refused with the field named."""
    provider = registry.get(name).unwrap()
    for messages in NOTHING_TO_SEND:
        built = provider.build_chat(config_for(name), ChatRequest(messages=messages))
        if isinstance(built, Success):
            assert list(_empty_lists(json.loads(built.unwrap().request.body))) == [], messages
        else:
            error = built.failure()
            assert isinstance(error, InvalidRequest | UnsupportedFeature), messages
            assert error.provider == provider.name, messages


def _empty_lists(value: Any) -> Iterator[str]:
    """The fields that hold an empty list of messages, at any depth."""
    if isinstance(value, dict):
        for key, one in value.items():
            if key in ("messages", "input", "contents", "text") and one == []:
                yield key
            yield from _empty_lists(one)

"""Messages -> `system` and `messages`: turns, and what goes back of earlier answers."""

import json

import pytest

from llm_pure import ChatRequest, assistant, system, tool_result, user
from llm_pure.adapters.dialects.anthropic_messages import Quirks
from llm_pure.core.adaptations import Adaptation
from llm_pure.types.errors import UnsupportedFeature
from llm_pure.types.messages import (
    Document,
    Image,
    Message,
    Opaque,
    ProviderMetadata,
    Reasoning,
    Text,
    ToolCall,
)
from tests.support.anthropic_bodies import PNG, PNG_SOURCE, body, built, error, messages


def test_one_text_of_the_system_is_a_string_and_several_are_blocks() -> None:
    cached = Text("Rules.", ProviderMetadata("anthropic", '{"cache_control":{"type":"ephemeral"}}'))
    assert body(ChatRequest(messages=[system("A"), "hi"]))["system"] == "A"
    assert body(ChatRequest(messages=[system("A"), system(cached), "hi"]))["system"] == [
        {"type": "text", "text": "A"},
        {"type": "text", "text": "Rules.", "cache_control": {"type": "ephemeral"}},
    ]


def test_a_later_system_turn_goes_to_the_front_and_is_reported() -> None:
    request = ChatRequest(messages=["hi", assistant("Hello."), system("Be long."), "go on"])
    assert body(request)["system"] == "Be long."
    assert [(one.field, one.action) for one in built(request).adaptations] == [
        ("messages/2", "changed")
    ]


@pytest.mark.parametrize(
    ("given", "roles", "top"),
    [
        (["hi", system("Now."), assistant("ok"), "go"], ["user", "system", "assistant", "user"], None),
        (["hi", assistant("ok"), "go", system("Now.")], ["user", "assistant", "user", "system"], None),
        ([system("First."), "hi"], ["user"], "First."),
        (["hi", assistant("ok"), system("Now."), "go"], ["user", "assistant", "user"], "Now."),
        (["hi", system("Now."), "go"], ["user"], "Now."),
    ],
    ids=["after the user", "at the end", "at the start", "after the model", "between two of the user"],
)  # fmt: skip
def test_models_that_take_system_turns_get_them_where_the_rules_of_place_allow(
    given: list[Message | str], roles: list[str], top: str | None
) -> None:
    sent = body(ChatRequest(messages=given, model="claude-opus-4-8"))
    assert [turn["role"] for turn in sent["messages"]] == roles
    assert sent.get("system") == top


def test_turns_of_one_role_are_merged_with_tool_results_first() -> None:
    assert messages(
        user("Look", "there"),
        assistant(ToolCall("t1", "weather", '{"city":"Oslo"}')),
        assistant(ToolCall("t2", "weather")),
        "By the way:",
        tool_result("t1", "21 °C"),
        tool_result("t2", "no city", is_error=True),
    ) == [
        {
            "role": "user",
            "content": [{"type": "text", "text": "Look"}, {"type": "text", "text": "there"}],
        },
        {
            "role": "assistant",
            "content": [
                {"type": "tool_use", "id": "t1", "name": "weather", "input": {"city": "Oslo"}},
                {"type": "tool_use", "id": "t2", "name": "weather", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "t1", "content": "21 °C"},
                {
                    "type": "tool_result",
                    "tool_use_id": "t2",
                    "content": "no city",
                    "is_error": True,
                },
                {"type": "text", "text": "By the way:"},
            ],
        },
    ]


def test_a_tool_result_holds_pictures_documents_and_blocks_of_the_provider() -> None:
    reference = '{"type":"tool_reference","tool_name":"weather"}'
    sent = messages(
        "hi",
        assistant(ToolCall("t1", "look"), ToolCall("t2", "look")),
        tool_result(
            "t1",
            "Look:",
            Image(data=PNG),
            Document(url="https://example.org/a.pdf"),
            Opaque("anthropic", "tool_reference", reference),
        ),
        tool_result("t2"),
    )
    assert sent[2]["content"] == [
        {
            "type": "tool_result",
            "tool_use_id": "t1",
            "content": [
                {"type": "text", "text": "Look:"},
                {"type": "image", "source": PNG_SOURCE},
                {"type": "document", "source": {"type": "url", "url": "https://example.org/a.pdf"}},
                {"type": "tool_reference", "tool_name": "weather"},
            ],
        },
        {"type": "tool_result", "tool_use_id": "t2"},
    ]


def test_empty_texts_and_empty_turns_are_not_sent() -> None:
    assert messages("hi", assistant(""), user("", "go")) == [
        {
            "role": "user",
            "content": [{"type": "text", "text": "hi"}, {"type": "text", "text": "go"}],
        }
    ]


def test_thinking_goes_back_with_its_signature_and_what_stood_beside_it() -> None:
    thought = Reasoning("hm", "c2ln==", ProviderMetadata("anthropic", '{"kept":1}'))
    hidden = Reasoning("", "c2lnMg==", ProviderMetadata("anthropic"))
    redacted = Opaque(
        "anthropic", "redacted_thinking", '{"type":"redacted_thinking","data":"eA=="}'
    )
    call = ToolCall(
        "t1", "f", '{"a": 1}', ProviderMetadata("anthropic", '{"caller":{"type":"direct"}}')
    )
    assert messages("hi", assistant(thought, hidden, redacted, "ok", call))[1]["content"] == [
        {"type": "thinking", "thinking": "hm", "signature": "c2ln==", "kept": 1},
        {"type": "thinking", "thinking": "", "signature": "c2lnMg=="},
        {"type": "redacted_thinking", "data": "eA=="},
        {"type": "text", "text": "ok"},
        {
            "type": "tool_use",
            "id": "t1",
            "name": "f",
            "input": {"a": 1},
            "caller": {"type": "direct"},
        },
    ]


def test_what_other_providers_said_is_left_out_and_reported() -> None:
    given = assistant(
        Reasoning("hm", "sig", ProviderMetadata("gemini")),
        Reasoning("unsigned"),
        Opaque("gemini", "executableCode", "{}"),
        Text("ok", ProviderMetadata("gemini", '{"thoughtSignature":"x"}')),
    )
    request = ChatRequest(messages=["hi", given, "go"])
    made = built(request)
    assert json.loads(made.request.body)["messages"][1] == {"role": "assistant", "content": "ok"}
    assert made.adaptations == (
        Adaptation(
            field="messages/1/parts/0", action="dropped", reason="it is reasoning of gemini"
        ),
        Adaptation(
            field="messages/1/parts/1",
            action="dropped",
            reason="reasoning without its signature is rejected",
        ),
        Adaptation(
            field="messages/1/parts/2",
            action="dropped",
            reason="executableCode is for gemini only",
        ),
        Adaptation(
            field="messages/1/parts/3/provider_metadata",
            action="rewritten",
            reason="thoughtSignature: for gemini only",
        ),
    )
    lost = error(request, strict=True)
    assert isinstance(lost, UnsupportedFeature)
    assert lost.feature == "messages/1/parts/0"


def test_kin_of_the_provider_may_bring_their_signatures_and_blocks() -> None:
    given = assistant(
        Reasoning("hm", "sig", ProviderMetadata("elsewhere")),
        Opaque("elsewhere", "x", '{"type":"x"}'),
    )
    quirks = Quirks(compatible_providers=frozenset({"elsewhere"}))
    sent = body(ChatRequest(messages=["hi", given]), quirks=quirks)
    assert sent["messages"][1]["content"] == [
        {"type": "thinking", "thinking": "hm", "signature": "sig"},
        {"type": "x"},
    ]


def test_a_service_without_signatures_gets_its_thinking_back_without() -> None:
    given = assistant(Reasoning("hm", None, ProviderMetadata("anthropic")))
    sent = body(ChatRequest(messages=["hi", given]), quirks=Quirks(signed_thinking=False))
    block = {"type": "thinking", "thinking": "hm", "signature": ""}
    assert sent["messages"][1]["content"] == [block]


def test_ids_of_other_providers_are_made_to_fit_on_both_sides() -> None:
    request = ChatRequest(
        messages=[
            "hi",
            assistant(ToolCall("functions.f:0", "f")),
            tool_result("functions.f:0", "1"),
        ]
    )
    made = built(request, strict=True)
    sent = json.loads(made.request.body)["messages"]
    assert (sent[1]["content"][0]["id"], sent[2]["content"][0]["tool_use_id"]) == (
        "functions_f_0",
        "functions_f_0",
    )
    assert [(one.field, one.action) for one in made.adaptations] == [
        ("messages/1/parts/0/id", "renamed"),
        ("messages/2/parts/0/tool_call_id", "renamed"),
    ]

"""ChatRequest -> the body of POST /chat/completions."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from openai.types.chat.completion_create_params import (
    CompletionCreateParamsNonStreaming,
    CompletionCreateParamsStreaming,
)

from llm_pure import ChatRequest, HttpResponse, LLMConfig, assistant, system, tool_result, user
from llm_pure.adapters import registry
from llm_pure.adapters.dialects import openai_chat
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.provider import Built, Provider
from llm_pure.core.urls import under_base_url
from llm_pure.types.config import Modality
from llm_pure.types.errors import UnsupportedFeature
from llm_pure.types.messages import (
    Audio,
    Document,
    Image,
    Message,
    Opaque,
    Part,
    ProviderMetadata,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
)
from llm_pure.types.request import (
    JsonFormat,
    NamedToolChoice,
    NativeTool,
    ReasoningRequest,
    SchemaFormat,
    Tool,
)
from tests.support.chat_requests import (
    MODELS,
    PDF,
    PNG,
    REQUESTS,
    SCHEMA,
    WAV,
    WEATHER,
    chat_requests,
    unbuildable,
)
from tests.support.configs import file_config
from tests.support.laws import examples
from tests.support.official_types import checker
from tests.support.openai_chat_bodies import answer, call
from tests.support.rows import check_each

OPENAI = registry.get("openai").unwrap()
EVERYTHING: tuple[Modality, ...] = ("image", "audio", "document")
PLAIN = file_config(model="gpt-4o", input_modalities=EVERYTHING)
PNG_URL = "data:image/png;base64,iVBORw0KGgoAAAAAAAAAAA=="


def variant(**quirks: Any) -> Provider:
    """A service of this dialect with ways of its own."""
    return openai_chat.provider(
        name="variant", base_url="https://example.org/v1", quirks=openai_chat.Quirks(**quirks)
    )


def build(request: ChatRequest, provider: Provider = OPENAI, config: LLMConfig = PLAIN) -> Built:
    return provider.build_chat(config, request).unwrap()


def body(request: ChatRequest, provider: Provider = OPENAI) -> dict[str, Any]:
    decoded = json.loads(build(request, provider).request.body)
    assert isinstance(decoded, dict)
    return decoded


def messages(*turns: Message, provider: Provider = OPENAI, model: str = "gpt-4o") -> list[Any]:
    sent = body(ChatRequest(messages=turns, model=model), provider)["messages"]
    assert isinstance(sent, list)
    return sent


def test_the_whole_request() -> None:
    request = build(
        ChatRequest(
            messages=[system("Be brief."), user("hi")],
            tools=(WEATHER,),
            tool_choice="auto",
            parallel_tool_calls=True,
            response_format=SchemaFormat(schema=SCHEMA, name="place"),
            max_tokens=100,
            temperature=0.5,
            top_p=0.9,
            presence_penalty=0.1,
            frequency_penalty=0.2,
            stop="END",
            seed=7,
            n=2,
            logprobs=2,
            metadata={"job": "7"},
            stream=True,
            store=True,
            extra={"user": "u-1", "seed": 8},
        )
    ).request
    assert request.method == "POST"
    assert request.url == "https://api.openai.com/v1/chat/completions"
    assert request.headers == (
        ("content-type", "application/json"),
        ("accept", "text/event-stream"),
    )
    function = {"name": "weather", "description": "Weather now", "parameters": SCHEMA}
    schema = {"name": "place", "schema": SCHEMA, "strict": True}
    assert list(json.loads(request.body).items()) == [
        ("model", "gpt-4o"),
        (
            "messages",
            [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hi"}],
        ),
        ("max_completion_tokens", 100),
        ("temperature", 0.5),
        ("top_p", 0.9),
        ("presence_penalty", 0.1),
        ("frequency_penalty", 0.2),
        ("stop", ["END"]),
        ("seed", 8),
        ("n", 2),
        ("logprobs", True),
        ("top_logprobs", 2),
        ("tools", [{"type": "function", "function": function}]),
        ("tool_choice", "auto"),
        ("parallel_tool_calls", True),
        ("response_format", {"type": "json_schema", "json_schema": schema}),
        ("store", True),
        ("metadata", {"job": "7"}),
        ("stream", True),
        ("stream_options", {"include_usage": True}),
        ("user", "u-1"),
    ]


REFUSED_WHILE_REASONING = {"temperature", "top_p", "logprobs"}
REFUSED_FROM_5_ON = REFUSED_WHILE_REASONING | {"stop"}
REFUSED_BY_REASONERS = {"presence_penalty", "frequency_penalty"}
SAMPLING = ChatRequest(
    messages="hi",
    temperature=0.5,
    top_p=0.9,
    logprobs=2,
    presence_penalty=0.1,
    frequency_penalty=0.2,
    stop="END",
)


def dropped(model: str, reasoning: Any = None) -> set[str]:
    """Which of the sampling settings a model does not get; each of them must be reported."""
    built = build(replace(SAMPLING, model=model, reasoning=reasoning))
    missing = set(body(SAMPLING)) - set(json.loads(built.request.body))
    told = {one.field for one in built.adaptations if one.action == "dropped"}
    assert missing - {"top_logprobs"} == told - {"reasoning"}
    return told


@pytest.mark.parametrize(
    ("model", "reasoning", "refused"),
    [
        ("gpt-4o", None, set()),
        ("gpt-5-chat-latest", None, set()),
        ("somebody-elses", None, set()),
        ("gpt-4o-search-preview", None, {"temperature", "top_p"} | REFUSED_BY_REASONERS),
        ("gpt-5", None, REFUSED_FROM_5_ON | REFUSED_BY_REASONERS),
        ("gpt-5-mini", "minimal", REFUSED_FROM_5_ON | REFUSED_BY_REASONERS),
        ("gpt-5.1", None, REFUSED_BY_REASONERS | {"stop"}),
        ("gpt-5.1", "none", REFUSED_BY_REASONERS | {"stop"}),
        ("gpt-5.1", "low", REFUSED_FROM_5_ON | REFUSED_BY_REASONERS),
        ("gpt-5.1-codex", None, REFUSED_FROM_5_ON | REFUSED_BY_REASONERS),
        ("gpt-5.4", None, REFUSED_BY_REASONERS | {"stop"}),
        ("gpt-5.5", None, REFUSED_FROM_5_ON | REFUSED_BY_REASONERS),
        ("gpt-5.5", "none", REFUSED_BY_REASONERS | {"stop"}),
        ("gpt-5.6", None, REFUSED_FROM_5_ON | REFUSED_BY_REASONERS),
        ("gpt-6.1-sol", "none", REFUSED_FROM_5_ON | REFUSED_BY_REASONERS),
        ("gpt-6-sol", "none", REFUSED_BY_REASONERS | {"stop"}),
        ("gpt-6.2-sol", "none", REFUSED_FROM_5_ON | REFUSED_BY_REASONERS),
        ("gpt-6.2-astra-law", None, REFUSED_FROM_5_ON | REFUSED_BY_REASONERS),
        ("gpt-7", None, REFUSED_FROM_5_ON | REFUSED_BY_REASONERS),
        ("o5", None, REFUSED_FROM_5_ON | REFUSED_BY_REASONERS),
        ("computer-use-preview", None, REFUSED_FROM_5_ON | REFUSED_BY_REASONERS),
        ("gpt-daybreak-blue-latest", None, REFUSED_FROM_5_ON | REFUSED_BY_REASONERS),
        ("o1", None, REFUSED_WHILE_REASONING | REFUSED_BY_REASONERS),
        ("o3", None, REFUSED_WHILE_REASONING | REFUSED_BY_REASONERS | {"stop"}),
        ("o3-mini", None, REFUSED_WHILE_REASONING | REFUSED_BY_REASONERS),
        ("o4-mini-2025-04-16", None, REFUSED_WHILE_REASONING | REFUSED_BY_REASONERS | {"stop"}),
        ("openai/o3", None, REFUSED_WHILE_REASONING | REFUSED_BY_REASONERS | {"stop"}),
        ("ft:gpt-4o:me::1", None, set()),
    ],
)
def test_what_a_model_refuses_is_dropped_and_said(
    model: str, reasoning: Any, refused: set[str]
) -> None:
    assert dropped(model, reasoning) == refused


@pytest.mark.parametrize(
    ("model", "asked", "effort", "told"),
    [
        ("gpt-5", "high", "high", None),
        ("gpt-5", "none", "minimal", "gpt-5 takes minimal, low, medium, high"),
        ("gpt-5.2", "minimal", "low", "gpt-5.2 takes none, low, medium, high, xhigh"),
        ("gpt-5.2", "max", "xhigh", "gpt-5.2 takes none, low, medium, high, xhigh"),
        ("o3", "xhigh", "high", "o3 takes low, medium, high"),
        ("gpt-5", 500, "low", "gpt-5 takes an effort, not a budget in tokens"),
        ("gpt-5", 5000, "medium", "gpt-5 takes an effort, not a budget in tokens"),
        ("gpt-5", 50000, "high", "gpt-5 takes an effort, not a budget in tokens"),
        ("gpt-5", ReasoningRequest(), None, None),
        ("gpt-4o", "high", None, "gpt-4o does not support reasoning"),
        ("gpt-4o", "none", None, None),
        ("my-own", "max", "max", None),
    ],
)
def test_efforts(model: str, asked: Any, effort: str | None, told: str | None) -> None:
    built = build(ChatRequest(messages="hi", model=model, reasoning=asked))
    assert json.loads(built.request.body).get("reasoning_effort") == effort
    assert [one.reason for one in built.adaptations] == ([told] if told else [])


@pytest.mark.parametrize(
    ("model", "asked", "effort", "changed"),
    [
        ("gpt-5.4", None, None, False),
        ("gpt-5.4", "high", "none", True),
        ("gpt-5.5", None, None, False),
        ("gpt-5.5", "low", "none", True),
        ("gpt-5.6", None, "none", True),
        ("gpt-5.6", "none", "none", False),
        ("gpt-6-sol", None, "none", True),
        ("gpt-6.2-sol", None, None, False),
        ("gpt-6.2-astra", "high", "high", False),
        ("gpt-7", None, None, False),
        ("gpt-5", "high", "high", False),
        ("gpt-5.2", "high", "high", False),
    ],
)
def test_tools_beside_reasoning_that_chat_completions_refuse(
    model: str, asked: Any, effort: str | None, changed: bool
) -> None:
    built = build(ChatRequest(messages="hi", model=model, reasoning=asked, tools=(WEATHER,)))
    assert json.loads(built.request.body).get("reasoning_effort") == effort
    reason = f"{model} supports tools in chat completions only without reasoning; the Responses API supports both"
    told = Adaptation(
        field="reasoning", action="changed", reason=reason, before=asked, after="none"
    )
    assert built.adaptations == ((told,) if changed else ())


@pytest.mark.parametrize(
    ("model", "role"),
    [("gpt-4o", "system"), ("gpt-5", "developer"), ("o3", "developer"), ("my-own", "system")],
)
def test_the_role_of_a_system_message(model: str, role: str) -> None:
    turns = (system("Be brief."), user("hi"))
    assert messages(*turns, model=model)[0] == {"role": role, "content": "Be brief."}
    assert build(ChatRequest(messages=turns, model=model)).adaptations == ()


def test_a_model_without_system_messages_gets_the_users_and_it_is_said() -> None:
    built = build(ChatRequest(messages=[system("Be brief."), user("hi")], model="o1-mini"))
    assert json.loads(built.request.body)["messages"] == [
        {"role": "user", "content": "Be brief."},
        {"role": "user", "content": "hi"},
    ]
    assert built.adaptations == (
        Adaptation(
            field="messages/0/role",
            action="changed",
            reason="o1-mini does not support system messages",
            before="system",
            after="user",
        ),
    )


def test_a_deployment_is_known_by_its_pricing_plan() -> None:
    config = file_config(model="our-best", pricing_plan="o3", temperature=0.5)
    built = build(ChatRequest(messages="hi"), config=config)
    assert [one.field for one in built.adaptations] == ["temperature"]


def test_the_limit_is_renamed_and_said() -> None:
    built = build(ChatRequest(messages="hi", max_tokens=50))
    assert built.adaptations == (
        Adaptation(
            field="max_tokens",
            action="renamed",
            reason="openai calls it max_completion_tokens",
            after="max_completion_tokens",
        ),
    )
    request = ChatRequest(messages="hi", max_tokens=50)
    assert OPENAI.build_chat(PLAIN, request, strict=True) == OPENAI.build_chat(PLAIN, request)


def test_strict_turns_what_is_lost_into_a_failure() -> None:
    failed = OPENAI.build_chat(PLAIN, ChatRequest(messages="hi", top_k=4), strict=True).failure()
    assert failed == UnsupportedFeature(
        message="strict: top_k dropped: OpenAI has no top_k", provider="openai", feature="top_k"
    )


@pytest.mark.parametrize(
    ("part", "wire"),
    [
        pytest.param(Text("a"), {"type": "text", "text": "a"}, id="text"),
        pytest.param(
            Image(data=PNG, media_type="image/jpeg", detail="low"),
            {"type": "image_url", "image_url": {"url": PNG_URL, "detail": "low"}},
            id="picture, whose bytes tell its type",
        ),
        pytest.param(
            Image(url="https://example.org/a.png"),
            {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}},
            id="picture by URL",
        ),
        pytest.param(
            Audio(data=WAV),
            {
                "type": "input_audio",
                "input_audio": {"data": "UklGRgAAAABXQVZFZm10IA==", "format": "wav"},
            },
            id="sound",
        ),
        pytest.param(
            Document(data=PDF, name="a.pdf"),
            {
                "type": "file",
                "file": {
                    "filename": "a.pdf",
                    "file_data": "data:application/pdf;base64,JVBERi0xLjc=",
                },
            },
            id="document",
        ),
        pytest.param(
            Document(file_id="file-1"),
            {"type": "file", "file": {"file_id": "file-1"}},
            id="document by id",
        ),
        pytest.param(
            Opaque("openai", "x", '{"type":"x","y":1}'),
            {"type": "x", "y": 1},
            id="a part of the provider's own",
        ),
    ],
)
def test_what_a_user_sends(part: Part, wire: dict[str, Any]) -> None:
    text = {"type": "text", "text": "Look:"}
    assert messages(user("Look:", part)) == [{"role": "user", "content": [text, wire]}]


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (user(Image(file_id="f")), "messages/0/parts/0: chat completions do not support Image"),
        (user(Image(data=b"?")), "messages/0/parts/0: the bytes are not a known image format"),
        (user(Audio(data=b"OggS")), "messages/0/parts/0: audio must be WAV or MP3"),
        (user(Document(url="https://e.test/u")), "messages/0/parts/0: chat completions do not support Document"),
        (
            assistant(*tool_result("c", "x").parts),
            "messages/0/parts/0: assistant messages cannot carry ToolResult",
        ),
    ],
    ids=["picture by id", "bytes of nothing", "sound of another kind", "document by URL", "a result in an answer"],
)  # fmt: skip
def test_a_part_without_a_form_is_a_failure_that_names_it(message: Message, told: str) -> None:
    failed = OPENAI.build_chat(PLAIN, ChatRequest(messages=[message])).failure()
    assert failed == UnsupportedFeature(message=told, provider="openai", feature="messages")


def test_a_turn_of_the_assistant() -> None:
    turn = assistant("Let me ", "see.", ToolCall("c1", "weather", '{"a":1}'), name="bo")
    assert messages(turn, tool_result("c1", "x"))[:1] == [
        {
            "role": "assistant",
            "content": "Let me see.",
            "name": "bo",
            "tool_calls": [call("weather", '{"a":1}', "c1")],
        }
    ]


@pytest.mark.parametrize(
    ("turn", "wire"),
    [
        (assistant(Refusal("No.")), {"refusal": "No.", "content": None}),
        (assistant(Audio(file_id="audio_1")), {"audio": {"id": "audio_1"}, "content": None}),
        (
            assistant(
                ToolCall("c", "sql", "SELECT", ProviderMetadata("openai", '{"type":"custom"}'))
            ),
            {
                "content": None,
                "tool_calls": [
                    {"id": "c", "type": "custom", "custom": {"name": "sql", "input": "SELECT"}}
                ],
            },
        ),
        (
            assistant("a", Opaque("openai", "hologram", '{"type":"hologram","x":1}')),
            {"content": [{"type": "text", "text": "a"}, {"type": "hologram", "x": 1}]},
        ),
    ],
    ids=["a refusal", "sound", "a custom tool", "a part of the provider's own"],
)
def test_odd_turns_of_the_assistant(turn: Message, wire: dict[str, Any]) -> None:
    results = [tool_result(part.id, "x") for part in turn.parts if isinstance(part, ToolCall)]
    assert messages(turn, *results)[:1] == [{"role": "assistant", **wire}]


@pytest.mark.parametrize(
    ("part", "reason"),
    [
        (Reasoning("hm", "s", ProviderMetadata("anthropic")), "it is reasoning of anthropic"),
        (Reasoning("hm"), "the API takes no reasoning as input"),
        (Opaque("gemini", "executableCode", "{}"), "executableCode is for gemini only"),
        (Image(data=PNG), "assistant messages cannot carry media"),
    ],
    ids=["reasoning of another", "reasoning of nobody", "a part of another", "a picture"],
)
def test_what_can_not_go_back_is_left_out_and_said(part: Part, reason: str) -> None:
    built = build(ChatRequest(messages=[assistant("a", part)]))
    assert json.loads(built.request.body)["messages"] == [{"role": "assistant", "content": "a"}]
    assert built.adaptations == (
        Adaptation(field="messages/0/parts/1", action="dropped", reason=reason),
    )


def test_reasoning_goes_back_where_the_service_wants_it() -> None:
    replaying = variant(reasoning_replay="reasoning_content")
    own = Reasoning("hm", None, ProviderMetadata("variant"))
    assert messages(assistant(own, "a"), provider=replaying) == [
        {"role": "assistant", "content": "a", "reasoning_content": "hm"}
    ]
    assert messages(assistant(own, "a"), provider=variant()) == [
        {"role": "assistant", "content": "a"}
    ]


def test_fields_that_came_with_reasoning_go_back_unchanged() -> None:
    first = Reasoning(
        "a", None, ProviderMetadata("variant", '{"reasoning_details":[{"data":"x"}]}')
    )
    second = Reasoning(
        "b", None, ProviderMetadata("variant", '{"reasoning_details":[{"data":"y"}]}')
    )
    assert messages(assistant(first, second, "a"), provider=variant()) == [
        {"role": "assistant", "content": "a", "reasoning_details": [{"data": "x"}, {"data": "y"}]}
    ]


def test_results_come_first_each_its_own_message_and_their_media_after() -> None:
    turn = Message(
        "tool",
        (
            *tool_result("c1", "a", "b").parts,
            *tool_result("c2", "look", Image(data=PNG)).parts,
            Text("Go on."),
        ),
    )
    calls = assistant(ToolCall("c1", "f"), ToolCall("c2", "f"))
    assert messages(calls, turn)[1:] == [
        {"role": "tool", "tool_call_id": "c1", "content": "a\nb"},
        {"role": "tool", "tool_call_id": "c2", "content": "look"},
        {
            "role": "user",
            "content": [
                {"type": "image_url", "image_url": {"url": PNG_URL}},
                {"type": "text", "text": "Go on."},
            ],
        },
    ]
    (told,) = build(ChatRequest(messages=[calls, turn])).adaptations
    assert (told.field, told.action) == ("messages/1/parts/1", "changed")


@pytest.mark.parametrize(
    ("tool", "wire"),
    [
        (
            Tool(name="f", parameters=SCHEMA, strict=True),
            {"type": "function", "function": {"name": "f", "parameters": SCHEMA, "strict": True}},
        ),
        (
            NativeTool("openai", {"type": "custom", "custom": {"name": "sql"}}),
            {"type": "custom", "custom": {"name": "sql"}},
        ),
    ],
    ids=["a function", "a tool of the provider's"],
)
def test_tools(tool: Any, wire: dict[str, Any]) -> None:
    assert body(ChatRequest(messages="hi", tools=(tool,)))["tools"] == [wire]


def test_a_tool_by_name() -> None:
    request = ChatRequest(messages="hi", tools=(WEATHER,), tool_choice=NamedToolChoice("weather"))
    assert body(request)["tool_choice"] == {"type": "function", "function": {"name": "weather"}}


def test_without_tools_nothing_is_said_of_them() -> None:
    sent = body(ChatRequest(messages="hi", tool_choice="auto", parallel_tool_calls=True))
    assert sorted(sent) == ["max_completion_tokens", "messages", "model", "temperature"]


def test_another_providers_tool_is_left_out() -> None:
    built = build(ChatRequest(messages="hi", tools=(NativeTool("gemini", {"x": {}}),)))
    assert built.adaptations == (
        Adaptation(field="tools/0", action="dropped", reason="it is a native tool of gemini"),
    )


def test_json_without_a_schema() -> None:
    sent = body(ChatRequest(messages="JSON please", response_format=JsonFormat()))
    assert sent["response_format"] == {"type": "json_object"}


@pytest.mark.parametrize(
    ("quirks", "sent", "missing"),
    [
        ({}, {"max_tokens": 9, "stream_options": {"include_usage": True}}, "reasoning_effort"),
        ({"max_tokens_key": "max_completion_tokens"}, {"max_completion_tokens": 9}, "max_tokens"),
        ({"include_usage": False}, {"stream": True}, "stream_options"),
        ({"reasoning_style": "effort"}, {"reasoning_effort": "low"}, "reasoning"),
        ({"unsupported": {"seed": "no"}}, {"top_k": 4}, "seed"),
    ],
    ids=["plain", "another limit", "usage unasked", "efforts", "a refusal"],
)
def test_quirks_are_data(quirks: Any, sent: dict[str, Any], missing: str) -> None:
    request = ChatRequest(
        messages="hi", max_tokens=9, stream=True, reasoning="low", seed=7, top_k=4
    )
    got = body(request, variant(**quirks))
    assert sent.items() <= got.items()
    assert missing not in got


def test_an_empty_turn_that_calls_may_need_empty_content() -> None:
    turn = assistant(ToolCall("c", "f"))
    assert messages(turn)[0]["content"] is None
    assert messages(turn, provider=variant(empty_content=""))[0]["content"] == ""


def test_operations_may_be_anywhere() -> None:
    elsewhere = openai_chat.provider(
        name="elsewhere",
        base_url="https://example.org",
        quirks=openai_chat.Quirks(),
        url_for=under_base_url(
            "elsewhere", "https://example.org", {"/chat/completions": "/m/{model}/chat"}
        ),
    )
    built = build(ChatRequest(messages="hi", model="a/b c"), elsewhere)
    assert built.request.url == "https://example.org/m/a%2Fb%20c/chat"


@unbuildable
def test_what_cannot_be_built_is_a_failure(
    config: LLMConfig, request_: ChatRequest, kind: type
) -> None:
    assert isinstance(OPENAI.build_chat(config, request_).failure(), kind)


def check(request: ChatRequest, model: str) -> None:
    built = OPENAI.build_chat(
        file_config(model=model, input_modalities=EVERYTHING), request
    ).unwrap()
    parameters = (
        CompletionCreateParamsStreaming if request.stream else CompletionCreateParamsNonStreaming
    )
    checker(parameters).validate_python(json.loads(built.request.body))


@pytest.mark.parametrize("model", MODELS)
def test_the_official_types_accept_the_body(model: str) -> None:
    check_each(lambda name: check(REQUESTS[name], model), REQUESTS)


@examples(60)
@given(chat_requests(), st.sampled_from(MODELS))
def test_the_official_types_accept_any_body(request_: ChatRequest, model: str) -> None:
    check(request_, model)


@given(chat_requests())
def test_the_same_request_is_the_same_bytes(request_: ChatRequest) -> None:
    assert build(request_) == build(request_)


@given(
    st.lists(st.fixed_dictionaries({"data": st.text(max_size=5), "index": st.integers(0, 9)})),
    st.text(max_size=5),
    st.dictionaries(st.sampled_from(["extra_content", "x"]), st.text(min_size=1), max_size=2),
)
def test_what_came_goes_back_unchanged(details: list[Any], text: str, more: dict[str, str]) -> None:
    distinct = list({one["index"]: {**one, "type": "t"} for one in details}.values())
    said = {
        "content": text,
        "reasoning": "hm",
        "reasoning_details": distinct,
        "tool_calls": [call("f", '{"a": 1}', **more)],
    }
    provider = variant(reasoning_replay="reasoning")
    turn = provider.parse_chat(HttpResponse(200, (), json.dumps(answer(said)).encode())).unwrap()
    (call_id,) = [part.id for part in turn.message.parts if isinstance(part, ToolCall)]
    sent, _ = messages(turn.message, tool_result(call_id, "x"), provider=provider)
    wanted: dict[str, Any] = {"role": "assistant", **said}
    if not text:
        wanted["content"] = None
    if not distinct:
        del wanted["reasoning_details"]
    assert sent == wanted

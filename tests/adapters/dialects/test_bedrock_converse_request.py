"""Requests of Converse: whole bodies, and what was left out of them. botocore's validator is the independent judge."""

import base64
from typing import Any
from urllib.parse import unquote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import (
    Adaptation,
    Audio,
    ChatRequest,
    Document,
    Image,
    JsonFormat,
    LLMConfig,
    Message,
    NamedToolChoice,
    NativeTool,
    Opaque,
    ProviderMetadata,
    Reasoning,
    ReasoningRequest,
    Refusal,
    SchemaFormat,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    assistant,
    system,
    tool_result,
    user,
)
from llm_pure.adapters.bedrock import PROVIDER
from llm_pure.core.provider import Built
from llm_pure.types.config import Modality
from llm_pure.types.errors import InvalidConfiguration, InvalidRequest, LLMError, UnsupportedFeature
from llm_pure.types.http import get_header
from tests.support import official_types
from tests.support.builders import actions
from tests.support.configs import file_config

PNG = b"\x89PNG\r\n\x1a\n...."
PNG_64 = base64.b64encode(PNG).decode()
EVERYTHING: tuple[Modality, ...] = ("image", "audio", "document")
NOVA = file_config(
    api_type="bedrock", model="us.amazon.nova-micro-v1:0", input_modalities=EVERYTHING
)
CLAUDE = file_config(api_type="bedrock", model="us.anthropic.claude-sonnet-4-5-20250929-v1:0")
INFERENCE = {"maxTokens": 4096, "temperature": 0.0}
HI = [{"role": "user", "content": [{"text": "Hi"}]}]
WEATHER = Tool(name="weather", description="What is it like outside?")
WEATHER_SPEC = {
    "toolSpec": {
        "name": "weather",
        "description": "What is it like outside?",
        "inputSchema": {"json": {"type": "object", "properties": {}}},
    }
}
CALLED = (
    user("Hi"),
    assistant(ToolCall("t1", "weather", '{"city": "Paris"}')),
    tool_result("t1", "21 °C"),
)
CALLED_WIRE = [
    *HI,
    {
        "role": "assistant",
        "content": [
            {"toolUse": {"toolUseId": "t1", "name": "weather", "input": {"city": "Paris"}}}
        ],
    },
    {
        "role": "user",
        "content": [
            {"toolResult": {"toolUseId": "t1", "content": [{"text": "21 °C"}], "status": "success"}}
        ],
    },
]


def build(config: LLMConfig = NOVA, *, strict: bool = False, **asked: Any) -> Built:
    asked.setdefault("messages", "Hi")
    built = PROVIDER.build_chat(config, ChatRequest(**asked), strict=strict)
    found = built.unwrap()
    official_types.converse(body_of(found))
    return found


def refusal(config: LLMConfig = NOVA, *, strict: bool = False, **asked: Any) -> LLMError:
    asked.setdefault("messages", "Hi")
    return PROVIDER.build_chat(config, ChatRequest(**asked), strict=strict).failure()


def body_of(built: Built) -> dict[str, Any]:
    body: dict[str, Any] = msgspec.json.decode(built.request.body)
    return body


def body(config: LLMConfig = NOVA, **asked: Any) -> dict[str, Any]:
    return body_of(build(config, **asked))


def test_a_question_is_a_body_of_messages_and_inference_settings() -> None:
    built = build()
    assert body_of(built) == {"messages": HI, "inferenceConfig": INFERENCE}
    assert built.adaptations == ()
    assert built.request.method == "POST"
    assert built.request.headers == (
        ("content-type", "application/json"),
        ("accept", "application/json"),
    )


@pytest.mark.parametrize(
    ("config", "stream", "url"),
    [
        pytest.param(
            NOVA,
            False,
            "https://bedrock-runtime.us-east-1.amazonaws.com/model/us.amazon.nova-micro-v1%3A0/converse",
            id="default region",
        ),
        pytest.param(
            file_config(model="m", region_name="eu-central-1"),
            True,
            "https://bedrock-runtime.eu-central-1.amazonaws.com/model/m/converse-stream",
            id="configured region, streamed",
        ),
        pytest.param(
            file_config(model="m", region_name="cn-north-1"),
            False,
            "https://bedrock-runtime.cn-north-1.amazonaws.com.cn/model/m/converse",
            id="China has its own domain",
        ),
        pytest.param(
            file_config(
                model="arn:aws:bedrock:us-west-2:123456789012:application-inference-profile/abc"
            ),
            False,
            "https://bedrock-runtime.us-west-2.amazonaws.com/model/"
            "arn%3Aaws%3Abedrock%3Aus-west-2%3A123456789012%3Aapplication-inference-profile%2Fabc/converse",
            id="an ARN is one segment and names its region",
        ),
        pytest.param(
            file_config(model="m", base_url="https://proxy.example/bedrock/"),
            False,
            "https://proxy.example/bedrock/model/m/converse",
            id="base URL",
        ),
    ],
)
def test_the_model_and_the_region_are_in_the_url(config: LLMConfig, stream: bool, url: str) -> None:
    built = build(config, stream=stream)
    assert built.request.url == url
    streamed = "application/vnd.amazon.eventstream" if stream else "application/json"
    assert get_header(built.request.headers, "accept") == streamed


@pytest.mark.parametrize("region", ["us-east-1.evil.example/", "moon", "us east 1"])
def test_a_region_that_is_none_is_refused(region: str) -> None:
    error = refusal(file_config(model="m", region_name=region))
    assert isinstance(error, InvalidConfiguration)
    assert error.field == "region_name"


def test_every_setting_has_its_place() -> None:
    built = build(
        model="anthropic.claude-3-haiku-20240307-v1:0",
        max_tokens=100,
        temperature=0.5,
        top_p=0.9,
        top_k=20,
        stop=("a", "b"),
        n=1,
        metadata={"team": "blue"},
    )
    assert body_of(built) == {
        "messages": HI,
        "inferenceConfig": {
            "maxTokens": 100,
            "temperature": 0.5,
            "topP": 0.9,
            "stopSequences": ["a", "b"],
        },
        "additionalModelRequestFields": {"top_k": 20},
        "requestMetadata": {"team": "blue"},
    }


def test_settings_that_converse_has_no_field_for_are_dropped_and_told() -> None:
    built = build(
        seed=1,
        n=2,
        logprobs=True,
        presence_penalty=0.1,
        frequency_penalty=0.1,
        repetition_penalty=1.1,
    )
    assert body_of(built) == {"messages": HI, "inferenceConfig": INFERENCE}
    assert set(actions(built)) == {
        (name, "dropped")
        for name in (
            "seed",
            "n",
            "logprobs",
            "presence_penalty",
            "frequency_penalty",
            "repetition_penalty",
        )
    }


def test_strict_fails_where_something_would_be_lost() -> None:
    error = refusal(strict=True, seed=1)
    assert error == UnsupportedFeature(
        message="strict: seed dropped: Converse has no field for it",
        provider="bedrock",
        feature="seed",
    )


def test_temperature_is_at_most_one() -> None:
    built = build(temperature=1.7)
    assert body_of(built)["inferenceConfig"]["temperature"] == 1.0
    assert actions(built) == [("temperature", "clamped")]


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        ("anthropic.claude-3-haiku-20240307-v1:0", {"top_k": 7}),
        ("eu.amazon.nova-pro-v1:0", {"inferenceConfig": {"topK": 7}}),
        ("meta.llama3-1-8b-instruct-v1:0", None),
    ],
)
def test_top_k_stands_where_the_vendor_takes_it(model: str, fields: object) -> None:
    built = build(model=model, top_k=7)
    assert body_of(built).get("additionalModelRequestFields") == fields
    assert actions(built) == ([] if fields else [("top_k", "dropped")])


@pytest.mark.parametrize(
    ("model", "reasoning", "fields", "changed"),
    [
        ("openai.gpt-oss-120b-1:0", "high", {"reasoning_effort": "high"}, []),
        ("openai.gpt-oss-120b-1:0", "none", {"reasoning_effort": "low"}, ["changed"]),
        ("openai.gpt-oss-20b-1:0", 500, {"reasoning_effort": "low"}, ["changed"]),
        ("openai.gpt-6-luna", "none", {"reasoning": {"effort": "none"}}, []),
        ("xai.grok-4.6", "max", {"reasoning": {"effort": "xhigh"}}, ["changed"]),
        ("qwen.qwen3-32b-v1:0", "low", {"reasoning_config": "high"}, ["changed"]),
        ("qwen.qwen3-32b-v1:0", True, {"reasoning_config": "high"}, []),
        ("qwen.qwen3-32b-v1:0", "none", {"reasoning_config": "none"}, []),
        ("zai.glm-4.7-flash", "high", {"reasoning_effort": "high"}, []),
        ("zai.glm-5.3", "max", {"reasoning_effort": "max"}, []),
        ("deepseek.v3.2", "high", {"reasoning_effort": "high"}, []),
        ("deepseek.r1-v1:0", True, None, []),
        ("deepseek.r1-v1:0", "high", None, ["dropped"]),
        (
            "us.amazon.nova-2-lite-v1:0",
            "low",
            {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}},
            [],
        ),
        ("us.amazon.nova-2-lite-v1:0", "none", {"reasoningConfig": {"type": "disabled"}}, []),
        ("amazon.nova-micro-v1:0", "high", None, ["dropped"]),
        ("amazon.nova-micro-v1:0", False, None, []),
        ("someone.new-model", "high", None, ["dropped"]),
    ],
)
def test_reasoning_is_asked_for_in_the_vendors_words(
    model: str, reasoning: Any, fields: object, changed: list[str]
) -> None:
    built = build(model=model, reasoning=reasoning)
    assert body_of(built).get("additionalModelRequestFields") == fields
    assert actions(built) == [("reasoning", action) for action in changed]


def test_nova_2_takes_no_sampling_settings_while_it_reasons_hard() -> None:
    sent = body(model="us.amazon.nova-2-lite-v1:0", reasoning="high")
    assert "inferenceConfig" not in sent


def test_models_that_refuse_sampling_get_none() -> None:
    built = build(model="openai.gpt-6-luna", temperature=0.3)
    assert body_of(built)["inferenceConfig"] == {"maxTokens": 4096}
    assert actions(built) == [("temperature", "dropped")]


def test_system_text_stands_above_the_conversation() -> None:
    assert body(messages=[system("Be brief."), system("Be kind."), user("Hi")]) == {
        "messages": HI,
        "system": [{"text": "Be brief."}, {"text": "Be kind."}],
        "inferenceConfig": INFERENCE,
    }


def test_system_text_from_within_the_conversation_moves_and_is_told() -> None:
    built = build(messages=[user("Hi"), system("Be brief.")])
    assert body_of(built)["system"] == [{"text": "Be brief."}]
    assert actions(built) == [("messages/1", "changed")]


def test_turns_of_one_role_are_joined_and_empty_text_says_nothing() -> None:
    sent = body(messages=[user("a"), user("b", ""), assistant("c"), assistant("", "d"), user("e")])
    assert sent["messages"] == [
        {"role": "user", "content": [{"text": "a"}, {"text": "b"}]},
        {"role": "assistant", "content": [{"text": "c"}, {"text": "d"}]},
        {"role": "user", "content": [{"text": "e"}]},
    ]


def test_calls_and_results_are_blocks_in_order() -> None:
    sent = body(messages=CALLED, tools=(WEATHER,), tool_choice="auto")
    assert sent == {
        "messages": CALLED_WIRE,
        "inferenceConfig": INFERENCE,
        "toolConfig": {"tools": [WEATHER_SPEC], "toolChoice": {"auto": {}}},
    }


def test_results_of_parallel_calls_are_one_turn_with_what_the_user_says_next() -> None:
    sent = body(
        messages=[
            user("Hi"),
            assistant("Let me see.", ToolCall("a", "f"), ToolCall("b", "f")),
            tool_result("a", "1"),
            tool_result("b", "no", is_error=True),
            user("And?"),
        ],
        tools=(Tool(name="f"),),
    )
    assert sent["messages"][1:] == [
        {
            "role": "assistant",
            "content": [
                {"text": "Let me see."},
                {"toolUse": {"toolUseId": "a", "name": "f", "input": {}}},
                {"toolUse": {"toolUseId": "b", "name": "f", "input": {}}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"toolResult": {"toolUseId": "a", "content": [{"text": "1"}], "status": "success"}},
                {"toolResult": {"toolUseId": "b", "content": [{"text": "no"}], "status": "error"}},
                {"text": "And?"},
            ],
        },
    ]


@pytest.mark.parametrize(
    ("choice", "wire"),
    [
        ("auto", {"auto": {}}),
        ("required", {"any": {}}),
        (NamedToolChoice("weather"), {"tool": {"name": "weather"}}),
    ],
    ids=["auto", "required", "named"],
)
def test_tool_choices(choice: Any, wire: object) -> None:
    sent = body(tools=(WEATHER,), tool_choice=choice)
    assert sent["toolConfig"] == {"tools": [WEATHER_SPEC], "toolChoice": wire}


def test_no_choice_is_no_tools_while_the_history_has_none() -> None:
    built = build(tools=(WEATHER,), tool_choice="none")
    assert body_of(built) == {"messages": HI, "inferenceConfig": INFERENCE}
    assert actions(built) == [("tool_choice", "changed")]


def test_no_choice_keeps_the_tools_where_the_model_has_a_word_for_it() -> None:
    built = build(CLAUDE, tools=(WEATHER,), tool_choice="none")
    sent = body_of(built)
    assert sent["toolConfig"] == {"tools": [WEATHER_SPEC]}
    assert sent["additionalModelRequestFields"] == {"tool_choice": {"type": "none"}}
    assert built.adaptations == ()


@pytest.mark.parametrize(
    ("config", "more", "changed"),
    [
        pytest.param(CLAUDE, {"tool_choice": {"type": "none"}}, [], id="Claude has a word for it"),
        pytest.param(NOVA, None, [("tool_choice", "changed")], id="others may call again"),
    ],
)
def test_no_choice_keeps_the_tools_that_the_history_calls(
    config: LLMConfig, more: object, changed: list[object]
) -> None:
    built = build(config, messages=CALLED, tools=(WEATHER,), tool_choice="none")
    sent = body_of(built)
    assert sent["toolConfig"] == {"tools": [WEATHER_SPEC]}
    assert sent.get("additionalModelRequestFields") == more
    assert actions(built) == changed


def test_tools_are_declared_when_the_history_calls_them_and_the_request_offers_none() -> None:
    built = build(messages=CALLED)
    schema = {"type": "object", "properties": {}}
    declared = {"toolSpec": {"name": "weather", "inputSchema": {"json": schema}}}
    assert body_of(built)["toolConfig"] == {"tools": [declared]}
    assert actions(built) == [("tools", "changed")]


@pytest.mark.parametrize(
    ("choice", "wire"),
    [
        (None, {"type": "auto"}),
        ("required", {"type": "any"}),
        (NamedToolChoice("weather"), {"type": "tool", "name": "weather"}),
    ],
    ids=["auto", "required", "named"],
)
def test_one_call_at_a_time_is_asked_of_claude_in_its_own_words(choice: Any, wire: Any) -> None:
    sent = body(CLAUDE, tools=(WEATHER,), tool_choice=choice, parallel_tool_calls=False)
    assert sent["toolConfig"] == {"tools": [WEATHER_SPEC]}
    assert sent["additionalModelRequestFields"] == {
        "tool_choice": {**wire, "disable_parallel_tool_use": True}
    }


def test_one_call_at_a_time_cannot_be_had_elsewhere() -> None:
    assert actions(build(tools=(WEATHER,), parallel_tool_calls=False)) == [
        ("parallel_tool_calls", "dropped")
    ]


def test_the_services_own_tools_go_as_they_are_and_others_are_left_out() -> None:
    cache = {"cachePoint": {"type": "default"}}
    built = build(
        tools=(
            WEATHER,
            NativeTool("bedrock", {"systemTool": {"name": "nova_code_interpreter"}}),
            NativeTool("bedrock", cache),
            NativeTool("openai", {"type": "web_search"}),
        )
    )
    assert body_of(built)["toolConfig"] == {
        "tools": [WEATHER_SPEC, {"systemTool": {"name": "nova_code_interpreter"}}, cache]
    }
    assert actions(built) == [("tools/3", "dropped")]


def test_a_schema_goes_as_a_json_string() -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    wanted = SchemaFormat(schema=schema, name="place", description="Where?")
    assert body(CLAUDE, response_format=wanted)["outputConfig"] == {
        "textFormat": {
            "type": "json_schema",
            "structure": {
                "jsonSchema": {
                    "schema": '{"type":"object","properties":{"city":{"type":"string"}},"additionalProperties":false}',
                    "name": "place",
                    "description": "Where?",
                }
            },
        }
    }


@pytest.mark.parametrize(
    ("config", "wanted"),
    [
        pytest.param(NOVA, JsonFormat(), id="some JSON"),
        pytest.param(
            file_config(model="anthropic.claude-3-haiku-20240307-v1:0"),
            SchemaFormat(schema={"type": "object"}),
            id="a schema, for a model that takes none",
        ),
        pytest.param(NOVA, SchemaFormat(schema={"type": "object"}), id="a schema, for Nova"),
        pytest.param(
            CLAUDE,
            SchemaFormat(schema={"type": "object", "additionalProperties": {"type": "string"}}),
            id="a schema with names of the model's own",
        ),
        pytest.param(
            CLAUDE,
            SchemaFormat(schema={"type": "object", "properties": {"next": {"$ref": "#"}}}),
            id="a schema that refers to itself",
        ),
    ],
)
def test_a_format_that_is_not_there_is_asked_for_in_words(config: LLMConfig, wanted: Any) -> None:
    built = build(config, messages=[system("Be brief."), user("Hi")], response_format=wanted)
    sent = body_of(built)
    assert "outputConfig" not in sent
    assert sent["system"][0] == {"text": "Be brief."}
    assert sent["system"][1]["text"].startswith("Answer with one JSON value and nothing else")
    assert actions(built) == [("response_format", "changed")]


def test_models_without_strict_tools_get_them_loose() -> None:
    strict = msgspec.structs.replace(WEATHER, strict=True)
    built = build(model="anthropic.claude-3-haiku-20240307-v1:0", tools=(strict,))
    specification = body_of(built)["toolConfig"]["tools"][0]["toolSpec"]
    assert "strict" not in specification
    assert actions(built) == [("tools/0/strict", "dropped")]


def test_novas_tools_hold_no_references_and_no_words_at_the_top() -> None:
    """docs.aws.amazon.com/nova: type, properties and required alone may stand there."""
    place = {"type": "object", "properties": {"city": {"type": "string"}}}
    asked = Tool(
        name="f",
        parameters={
            "type": "object",
            "title": "Where",
            "properties": {"at": {"$ref": "#/$defs/Place", "description": "There"}},
            "additionalProperties": False,
            "$defs": {"Place": place},
        },
    )
    built = build(tools=(asked,))
    tool = body_of(built)["toolConfig"]["tools"][0]["toolSpec"]
    assert tool["inputSchema"]["json"] == {
        "type": "object",
        "properties": {"at": {**place, "description": "There"}},
    }
    assert actions(built) == [
        ("tools/0/parameters/title", "rewritten"),
        ("tools/0/parameters/additionalProperties", "dropped"),
    ]


@pytest.mark.parametrize(
    ("model", "reasoning", "fields", "inference"),
    [
        pytest.param(
            "us.anthropic.claude-sonnet-4-20250514-v1:0",
            2000,
            {"thinking": {"type": "enabled", "budget_tokens": 2000}},
            {"maxTokens": 4096},
            id="a budget, and no temperature beside it",
        ),
        pytest.param(
            "us.anthropic.claude-sonnet-4-20250514-v1:0",
            8000,
            {"thinking": {"type": "enabled", "budget_tokens": 8000}},
            {"maxTokens": 12096},
            id="room for the response beside the budget",
        ),
        pytest.param(
            "global.anthropic.claude-opus-4-8",
            "low",
            {
                "thinking": {"type": "adaptive", "display": "summarized"},
                "output_config": {"effort": "low"},
            },
            {"maxTokens": 4096},
            id="an effort",
        ),
        pytest.param(
            "anthropic.claude-3-haiku-20240307-v1:0", "none", None, INFERENCE, id="none asked for"
        ),
    ],
)
def test_claude_is_asked_to_think_in_its_own_words(
    model: str, reasoning: Any, fields: object, inference: object
) -> None:
    sent = body(model=model, reasoning=reasoning)
    assert sent.get("additionalModelRequestFields") == fields
    assert sent["inferenceConfig"] == inference


def test_claude_takes_temperature_or_top_p_but_not_both() -> None:
    built = build(CLAUDE, top_p=0.5)
    assert body_of(built)["inferenceConfig"] == {"maxTokens": 4096, "topP": 0.5}
    assert built.adaptations == ()
    built = build(CLAUDE, top_p=0.5, temperature=0.5)
    assert body_of(built)["inferenceConfig"] == {"maxTokens": 4096, "temperature": 0.5}
    assert actions(built) == [("top_p", "dropped")]


def test_a_forced_choice_gives_way_where_claude_refuses_it() -> None:
    built = build(CLAUDE, tools=(WEATHER,), tool_choice="required", reasoning=2000)
    assert body_of(built)["toolConfig"] == {"tools": [WEATHER_SPEC], "toolChoice": {"auto": {}}}
    assert actions(built) == [("tool_choice", "changed")]


def test_a_schema_that_is_no_json_is_an_invalid_request() -> None:
    error = refusal(response_format=SchemaFormat(schema={"type": object()}))
    assert isinstance(error, InvalidRequest)


@pytest.mark.parametrize(
    ("part", "block"),
    [
        (Image(data=PNG), {"image": {"format": "png", "source": {"bytes": PNG_64}}}),
        (
            Image(data=PNG, media_type="image/jpeg"),
            {"image": {"format": "png", "source": {"bytes": PNG_64}}},
        ),
        (
            Image(url=f"data:image/png;base64,{PNG_64}"),
            {"image": {"format": "png", "source": {"bytes": PNG_64}}},
        ),
        (
            Image(url="s3://bucket/cat.jpg"),
            {"image": {"format": "jpeg", "source": {"s3Location": {"uri": "s3://bucket/cat.jpg"}}}},
        ),
        (
            Audio(data=b"ID3..", media_type="audio/wav"),
            {"audio": {"format": "mp3", "source": {"bytes": "SUQzLi4="}}},
        ),
        (
            Document(data=b"%PDF-1"),
            {"document": {"format": "pdf", "name": "Document 1", "source": {"bytes": "JVBERi0x"}}},
        ),
        (
            Document(data=b"a,b", name="John's  report_2.csv"),
            {"document": {"format": "csv", "name": "John s report 2", "source": {"bytes": "YSxi"}}},
        ),
        (
            Document(data=b"PK\x03\x04", name="übung.docx"),
            {"document": {"format": "docx", "name": "bung", "source": {"bytes": "UEsDBA=="}}},
        ),
        (
            Document(data=b"# hi", media_type="text/plain", name="notes.md"),
            {"document": {"format": "md", "name": "notes", "source": {"bytes": "IyBoaQ=="}}},
        ),
        (
            Document(url="s3://bucket/report.pdf"),
            {
                "document": {
                    "format": "pdf",
                    "name": "Document 1",
                    "source": {"s3Location": {"uri": "s3://bucket/report.pdf"}},
                }
            },
        ),
        (
            Opaque("bedrock", "cachePoint", '{"cachePoint":{"type":"default"}}'),
            {"cachePoint": {"type": "default"}},
        ),
    ],
    ids=[
        "image", "the bytes tell", "data URL", "image in S3", "audio", "document", "odd name", "docx", "text by name",
        "document in S3", "cache point",
    ],
)  # fmt: skip
def test_parts_of_a_user_are_blocks(part: Any, block: object) -> None:
    assert body(messages=user("Look:", part))["messages"] == [
        {"role": "user", "content": [{"text": "Look:"}, block]}
    ]


def test_documents_have_names_of_their_own() -> None:
    given = [Document(data=b"%PDF-1", name=name) for name in ("a.pdf", "a.pdf", None, None)]
    content = body(messages=user("?", *given))["messages"][0]["content"]
    assert [block["document"]["name"] for block in content[1:]] == [
        "a",
        "a 1",
        "Document 1",
        "Document 2",
    ]


@pytest.mark.parametrize(
    ("message", "path"),
    [
        (user(Image(url="https://example.org/cat.png")), "messages/0/parts/0"),
        (user("a", Image(file_id="file-1")), "messages/0/parts/1"),
        (user(Image(data=b"BM....")), "messages/0/parts/0"),
        (user(Audio(data=b"????")), "messages/0/parts/0"),
        (user(Document(data=b"\x89PNG\r\n\x1a\n")), "messages/0/parts/0"),
        (user(Document(url="https://example.org/a.pdf")), "messages/0/parts/0"),
        (user(ToolCall("1", "f")), "messages/0/parts/0"),
        (assistant(Audio(data=b"ID3")), "messages/0/parts/0"),
        (system(Image(data=PNG)), "messages/0/parts/0"),
        (user(Opaque("bedrock", "x", "[]")), "messages/0/parts/0"),
    ],
    ids=[
        "image URL", "image id", "BMP", "unknown sound", "picture as document", "document URL",
        "call of a user", "sound of a model", "picture for the system", "opaque but no object",
    ],
)  # fmt: skip
def test_a_part_without_a_form_is_unsupported_and_named(message: Message, path: str) -> None:
    error = refusal(messages=message)
    assert isinstance(error, UnsupportedFeature)
    assert error.message.startswith(f"{path}: ")


def test_what_a_tool_shows_is_in_its_result() -> None:
    sent = body(
        messages=[
            user("Hi"),
            assistant(ToolCall("1", "f")),
            tool_result(
                "1", "see", Image(data=PNG), Opaque("bedrock", "json", '{"json":{"a":1.50}}')
            ),
        ],
        tools=(Tool(name="f"),),
    )
    assert sent["messages"][2]["content"][0]["toolResult"]["content"] == [
        {"text": "see"},
        {"image": {"format": "png", "source": {"bytes": PNG_64}}},
        {"json": {"a": 1.5}},
    ]


@pytest.mark.parametrize(
    ("text", "wire"), [('{"c": 21}', {"c": 21}), ("21", {"result": "21"})], ids=["object", "else"]
)
def test_mistral_takes_results_as_objects(text: str, wire: object) -> None:
    messages = [user("Hi"), assistant(ToolCall("1", "f")), tool_result("1", text)]
    sent = body(model="mistral.mistral-large-2407-v1:0", messages=messages, tools=(Tool(name="f"),))
    assert sent["messages"][2]["content"][0]["toolResult"]["content"] == [{"json": wire}]


def test_writer_takes_no_status() -> None:
    failed = tool_result("1", "no", is_error=True)
    messages = [user("Hi"), assistant(ToolCall("1", "f")), failed]
    built = build(model="writer.palmyra-x5-v1:0", messages=messages, tools=(Tool(name="f"),))
    assert body_of(built)["messages"][2]["content"] == [
        {"toolResult": {"toolUseId": "1", "content": [{"text": "no"}]}}
    ]
    assert actions(built) == [("messages/2/parts/0/is_error", "dropped")]


def test_reasoning_goes_back_where_it_stood_with_its_signature() -> None:
    sent = body(
        CLAUDE,
        messages=[
            user("Hi"),
            assistant(
                Reasoning("Hm.", "sig==", ProviderMetadata("bedrock")),
                Opaque(
                    "bedrock",
                    "reasoningContent",
                    '{"reasoningContent":{"redactedContent":"c2VjcmV0"}}',
                ),
                "Hello.",
                Reasoning("More.", "sig2", ProviderMetadata("bedrock")),
            ),
            user("And?"),
        ],
    )
    assert sent["messages"][1]["content"] == [
        {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "sig=="}}},
        {"reasoningContent": {"redactedContent": "c2VjcmV0"}},
        {"text": "Hello."},
        {"reasoningContent": {"reasoningText": {"text": "More.", "signature": "sig2"}}},
    ]


@pytest.mark.parametrize(
    ("config", "part"),
    [
        pytest.param(
            NOVA,
            Reasoning("Hm.", None, ProviderMetadata("groq")),
            id="another provider's reasoning",
        ),
        pytest.param(
            NOVA, Opaque("anthropic", "redacted_thinking", "{}"), id="another's opaque part"
        ),
        pytest.param(CLAUDE, Reasoning("Hm."), id="reasoning without a signature, for Claude"),
    ],
)
def test_what_the_service_could_not_read_is_left_out_and_told(config: LLMConfig, part: Any) -> None:
    built = build(config, messages=[user("Hi"), assistant(part, "Hello."), user("And?")])
    assert body_of(built)["messages"][1]["content"] == [{"text": "Hello."}]
    assert actions(built) == [("messages/1/parts/0", "dropped")]


def test_a_refusal_goes_as_text_and_cited_text_with_its_citations() -> None:
    cited = Text("Paris", ProviderMetadata("bedrock", '{"citations":[{"title":"Atlas"}]}'))
    built = build(messages=[user("Hi"), assistant(Refusal("No."), cited), user("And?")])
    assert body_of(built)["messages"][1]["content"] == [
        {"text": "No."},
        {"citationsContent": {"content": [{"text": "Paris"}], "citations": [{"title": "Atlas"}]}},
    ]
    assert built.adaptations == ()


def test_ids_that_the_service_refuses_are_renamed_alike_in_call_and_result() -> None:
    long = "call|" + "x" * 100
    messages = [user("Hi"), assistant(ToolCall(long, "f")), tool_result(long, "1")]
    built = build(messages=messages, tools=(Tool(name="f"),))
    use, result = [one["content"][0] for one in body_of(built)["messages"][1:]]
    assert use["toolUse"]["toolUseId"] == result["toolResult"]["toolUseId"]
    assert len(use["toolUse"]["toolUseId"]) == 64
    assert {action for _, action in actions(built)} == {"renamed"}


def test_arguments_that_are_cut_off_are_sent_inside_an_object_and_told() -> None:
    messages = [user("Hi"), assistant(ToolCall("1", "f", '{"a": ')), tool_result("1", "?")]
    built = build(messages=messages, tools=(Tool(name="f"),))
    assert body_of(built)["messages"][1]["content"] == [
        {"toolUse": {"toolUseId": "1", "name": "f", "input": {"INVALID_JSON": '{"a": '}}}
    ]
    assert built.adaptations == (
        Adaptation(
            field="messages/1/parts/0",
            action="changed",
            reason="the arguments are not a JSON object",
            before='{"a": ',
        ),
    )


def test_extra_is_merged_last_object_by_object() -> None:
    built = build(
        CLAUDE,
        top_k=3,
        extra={
            "additionalModelRequestFields": {"anthropic_beta": ["x"]},
            "inferenceConfig": {"maxTokens": 7},
            "serviceTier": {"type": "flex"},
        },
    )
    assert body_of(built) == {
        "messages": HI,
        "inferenceConfig": {"maxTokens": 7, "temperature": 0.0},
        "additionalModelRequestFields": {"top_k": 3, "anthropic_beta": ["x"]},
        "serviceTier": {"type": "flex"},
    }


def test_speakers_have_no_names() -> None:
    assert actions(build(messages=user("Hi", name="Ann"))) == [("messages/0/name", "dropped")]


def test_an_arn_that_hides_its_model_takes_the_facts_of_the_pricing_plan() -> None:
    config = file_config(
        model="arn:aws:bedrock:us-east-1:1:application-inference-profile/abc",
        pricing_plan="amazon.nova-pro-v1:0",
    )
    assert body(config, top_k=1)["additionalModelRequestFields"] == {"inferenceConfig": {"topK": 1}}


def test_no_model_is_a_configuration_error() -> None:
    error = refusal(file_config())
    assert isinstance(error, InvalidConfiguration)
    assert error.field == "model"


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        ("us.anthropic.claude-sonnet-4-20250514-v1:0", "anthropic.claude-sonnet-4-20250514-v1%3A0"),
        ("anthropic.claude-opus-4-8", "anthropic.claude-opus-4-8"),
    ],
)
def test_counting_wants_the_models_own_id_and_no_settings(model: str, sent: str) -> None:
    assert PROVIDER.count_tokens is not None
    loose = Tool(name="weather")
    request = ChatRequest(messages=[system("Be brief."), *CALLED], model=model, tools=(loose,))
    built = PROVIDER.count_tokens.build(NOVA, request).unwrap()
    assert built.request.url.endswith(f".amazonaws.com/model/{sent}/count-tokens")
    counted = {
        "messages": CALLED_WIRE,
        "system": [{"text": "Be brief."}],
        "toolConfig": {
            "tools": [
                {
                    "toolSpec": {
                        "name": "weather",
                        "inputSchema": {"json": {"type": "object", "properties": {}}},
                    }
                }
            ]
        },
    }
    assert body_of(built) == {"input": {"converse": counted}}
    renamed = [("model", "renamed")] if model.startswith("us.") else []
    assert actions(built) == renamed
    official_types.count_tokens({"modelId": unquote(sent), **body_of(built)})


SOME_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
ARGUMENTS = st.sampled_from(["{}", '{"a": 1}', "{", "[1]", ""])
SAID = st.one_of(
    SOME_TEXT.map(Text),
    SOME_TEXT.map(Refusal),
    st.builds(
        Reasoning,
        SOME_TEXT,
        st.none() | SOME_TEXT,
        st.sampled_from([None, ProviderMetadata("bedrock")]),
    ),
    st.builds(ToolCall, st.text(min_size=1, max_size=80), st.sampled_from("fgh"), ARGUMENTS),
    st.just(Opaque("bedrock", "cachePoint", '{"cachePoint":{"type":"default"}}')),
)
GIVEN = st.one_of(
    SOME_TEXT.map(Text),
    st.just(Image(data=PNG)),
    st.builds(Document, data=st.just(b"%PDF-"), name=st.none() | st.text(max_size=300)),
    st.builds(
        ToolResult,
        tool_call_id=st.text(min_size=1, max_size=80),
        content=st.lists(SOME_TEXT.map(Text)).map(tuple),
        is_error=st.booleans(),
    ),
)
TURNS = st.one_of(
    st.builds(Message, st.just("system"), st.lists(SOME_TEXT.map(Text)).map(tuple)),
    st.builds(Message, st.sampled_from(["user", "tool"]), st.lists(GIVEN).map(tuple)),
    st.builds(Message, st.just("assistant"), st.lists(SAID).map(tuple)),
)
MODELS = st.sampled_from(
    [
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        "global.anthropic.claude-opus-4-8",
        "us.amazon.nova-2-lite-v1:0",
        "mistral.mistral-large-2407-v1:0",
        "openai.gpt-oss-120b-1:0",
        "someone.unknown",
    ]
)


@given(
    turns=st.lists(TURNS, min_size=1, max_size=6),
    model=MODELS,
    tools=st.sampled_from([(), (WEATHER,)]),
    choice=st.sampled_from([None, "auto", "none", "required", NamedToolChoice("weather")]),
    parallel=st.sampled_from([None, True, False]),
    reasoning=st.sampled_from([None, "none", "low", "high", 2000, ReasoningRequest()]),
    temperature=st.none() | st.floats(0, 2),
    max_tokens=st.none() | st.integers(1, 200_000),
)
def test_botocore_takes_every_body(
    turns: list[Message],
    model: str,
    tools: tuple[Tool, ...],
    choice: Any,
    parallel: bool | None,
    reasoning: Any,
    temperature: float | None,
    max_tokens: int | None,
) -> None:
    build(
        messages=[
            *turns,
            user("And?"),
        ],  # Claude 4.6 and newer do not continue the assistant's turn
        model=model,
        tools=tools,
        tool_choice=choice,
        parallel_tool_calls=parallel,
        reasoning=reasoning,
        temperature=temperature,
        max_tokens=max_tokens,
    )


@pytest.mark.parametrize(
    "model",
    ["amazon.titan-text-express-v1", "mistral.mistral-7b-instruct-v0:2", "cohere.command-text-v14"],
)
def test_a_model_without_instructions_gets_them_from_the_user(model: str) -> None:
    request = ChatRequest(
        messages=[system("Be brief."), user("Hi")],
        tools=(Tool(name="f", parameters={"type": "object"}),),
        response_format=SchemaFormat(schema={"type": "object", "properties": {}}, name="x"),
    )
    done = PROVIDER.build_chat(LLMConfig(model=model, region_name="us-east-1"), request).unwrap()
    sent = msgspec.json.decode(done.request.body)
    assert sent.keys() == {"messages"}
    texts = [block["text"] for block in sent["messages"][0]["content"]]
    assert texts[:2] == ["Be brief.", "Hi"]
    assert "JSON Schema" in texts[2]
    assert [(one.field, one.action) for one in done.adaptations] == [
        ("messages/0", "renamed"), ("tools", "dropped"), ("response_format", "changed"),
    ]  # fmt: skip


@pytest.mark.parametrize("model", ["deepseek.r1-v1:0", "us.meta.llama3-2-1b-instruct-v1:0"])
def test_a_model_that_calls_no_tools_gets_none(model: str) -> None:
    tools = (Tool(name="f", parameters={"type": "object"}),)
    config = LLMConfig(model=model, region_name="us-east-1")
    request = ChatRequest(messages=[system("Be brief."), user("Hi")], tools=tools, stream=True)
    done = PROVIDER.build_chat(config, request).unwrap()
    assert msgspec.json.decode(done.request.body).keys() == {"messages", "system"}
    assert ("tools", "dropped") in [(one.field, one.action) for one in done.adaptations]


@pytest.mark.parametrize(
    "model",
    [
        "us.meta.llama3-3-70b-instruct-v1:0",
        "ai21.jamba-1-5-large-v1:0",
        "mistral.mistral-large-2402-v1:0",
    ],
)
def test_a_model_that_calls_no_tools_in_streams_says_so(model: str) -> None:
    tools = (Tool(name="f", parameters={"type": "object"}),)
    config = LLMConfig(model=model, region_name="us-east-1")
    whole = PROVIDER.build_chat(config, ChatRequest(messages="Hi", tools=tools)).unwrap()
    assert "toolConfig" in msgspec.json.decode(whole.request.body)
    error = PROVIDER.build_chat(
        config, ChatRequest(messages="Hi", tools=tools, stream=True)
    ).failure()
    assert isinstance(error, UnsupportedFeature)
    assert error.feature == "stream"
    plain = PROVIDER.build_chat(config, ChatRequest(messages="Hi", stream=True)).unwrap()
    assert plain.adaptations == ()

"""Requests of InvokeModel: the whole body of each vendor, and what was left out of it."""

import base64
from typing import Any

import msgspec
import pytest

from llm_pure import (
    ChatRequest,
    EmbedRequest,
    Image,
    JsonFormat,
    Message,
    NamedToolChoice,
    NativeTool,
    Reasoning,
    Refusal,
    Tool,
    ToolCall,
    assistant,
    system,
    tool_result,
    user,
)
from llm_pure.adapters.bedrock_invoke import PROVIDER
from llm_pure.core.provider import Built
from llm_pure.types.errors import InvalidConfiguration, InvalidRequest, LLMError, UnsupportedFeature
from llm_pure.types.http import get_header
from tests.support.builders import actions
from tests.support.configs import file_config

CLAUDE = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
TALK = (system("Be brief."), user("Hi"), assistant("Hello."), user("And?"))
TURNS = [
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": "Hello."},
    {"role": "user", "content": "And?"},
]


def build(model: str, *, strict: bool = False, **asked: Any) -> Built:
    asked.setdefault("messages", "Hi")
    request = ChatRequest(model=model, **asked)
    return PROVIDER.build_chat(file_config(), request, strict=strict).unwrap()


def body(model: str, **asked: Any) -> dict[str, Any]:
    return body_of(build(model, **asked))


def body_of(built: Built) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(built.request.body)
    return found


def refusal(model: str, *, strict: bool = False, **asked: Any) -> LLMError:
    asked.setdefault("messages", "Hi")
    request = ChatRequest(model=model, **asked)
    return PROVIDER.build_chat(file_config(), request, strict=strict).failure()


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        (
            CLAUDE,
            {
                "anthropic_version": "bedrock-2023-05-31",
                "max_tokens": 100,
                "system": "Be brief.",
                "messages": TURNS,
                "temperature": 0.5,
                "stop_sequences": ["x"],
            },
        ),
        (
            "us.amazon.nova-lite-v1:0",
            {
                "schemaVersion": "messages-v1",
                "messages": [
                    {"role": "user", "content": [{"text": "Hi"}]},
                    {"role": "assistant", "content": [{"text": "Hello."}]},
                    {"role": "user", "content": [{"text": "And?"}]},
                ],
                "system": [{"text": "Be brief."}],
                "inferenceConfig": {"maxTokens": 100, "temperature": 0.5, "stopSequences": ["x"]},
            },
        ),
        (
            "openai.gpt-oss-120b-1:0",
            {
                "messages": [{"role": "system", "content": "Be brief."}, *TURNS],
                "max_completion_tokens": 100,
                "temperature": 0.5,
                "stop": ["x"],
            },
        ),
        (
            "mistral.mistral-large-2407-v1:0",
            {
                "messages": [{"role": "system", "content": "Be brief."}, *TURNS],
                "max_tokens": 100,
                "temperature": 0.5,
                "stop": ["x"],
            },
        ),
        (
            "mistral.mistral-7b-instruct-v0:2",
            {
                "prompt": "<s>[INST] Be brief.\n\nHi [/INST] Hello.</s>[INST] And? [/INST]",
                "max_tokens": 100,
                "temperature": 0.5,
                "stop": ["x"],
            },
        ),
        (
            "cohere.command-r-plus-v1:0",
            {
                "message": "And?",
                "chat_history": [
                    {"role": "USER", "message": "Hi"},
                    {"role": "CHATBOT", "message": "Hello."},
                ],
                "preamble": "Be brief.",
                "max_tokens": 100,
                "temperature": 0.5,
                "stop_sequences": ["x"],
            },
        ),
        (
            "cohere.command-text-v14",
            {
                "prompt": "Be brief.\nUser: Hi\nBot: Hello.\nUser: And?\nBot:",
                "max_tokens": 100,
                "temperature": 0.5,
                "stop_sequences": ["x"],
            },
        ),
        (
            "ai21.jamba-1-5-large-v1:0",
            {
                "messages": [{"role": "system", "content": "Be brief."}, *TURNS],
                "max_tokens": 100,
                "temperature": 0.5,
                "stop": ["x"],
            },
        ),
        (
            "ai21.j2-ultra-v1",
            {
                "prompt": "Be brief.\nUser: Hi\nBot: Hello.\nUser: And?\nBot:",
                "maxTokens": 100,
                "temperature": 0.5,
                "stopSequences": ["x"],
            },
        ),
        (
            "amazon.titan-text-express-v1",
            {
                "inputText": "Be brief.\nUser: Hi\nBot: Hello.\nUser: And?\nBot:",
                "textGenerationConfig": {
                    "maxTokenCount": 100,
                    "temperature": 0.5,
                    "stopSequences": ["x"],
                },
            },
        ),
        (
            "us.deepseek.r1-v1:0",
            {
                "prompt": "<｜begin▁of▁sentence｜>Be brief.<｜User｜>Hi<｜Assistant｜>Hello."
                "<｜end▁of▁sentence｜><｜User｜>And?<｜Assistant｜><think>\n",
                "max_tokens": 100,
                "temperature": 0.5,
                "stop": ["x"],
            },
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_vendor_gets_its_own_body(model: str, sent: object) -> None:
    built = build(model, messages=TALK, max_tokens=100, temperature=0.5, stop="x")
    assert body_of(built) == sent
    assert [one for one in built.adaptations if not one.lossless] == []


@pytest.mark.parametrize(
    ("model", "prompt"),
    [
        (
            "meta.llama2-13b-chat-v1",
            "<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nHi [/INST] Hello. </s><s>[INST] And? [/INST]",
        ),
        (
            "us.meta.llama3-1-8b-instruct-v1:0",
            (
                "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|>"
                "<|start_header_id|>user<|end_header_id|>\n\nHi<|eot_id|>"
                "<|start_header_id|>assistant<|end_header_id|>\n\nHello.<|eot_id|>"
                "<|start_header_id|>user<|end_header_id|>\n\nAnd?<|eot_id|>"
                "<|start_header_id|>assistant<|end_header_id|>\n\n"
            ),
        ),
        (
            "us.meta.llama4-scout-17b-instruct-v1:0",
            (
                "<|begin_of_text|><|header_start|>system<|header_end|>\n\nBe brief.<|eot|>"
                "<|header_start|>user<|header_end|>\n\nHi<|eot|>"
                "<|header_start|>assistant<|header_end|>\n\nHello.<|eot|>"
                "<|header_start|>user<|header_end|>\n\nAnd?<|eot|>"
                "<|header_start|>assistant<|header_end|>\n\n"
            ),
        ),
    ],
    ids=["llama 2", "llama 3", "llama 4"],
)
def test_llama_is_asked_in_the_template_it_was_trained_on(model: str, prompt: str) -> None:
    assert body(model, messages=TALK, top_p=0.5) == {
        "prompt": prompt,
        "max_gen_len": 4096,
        "temperature": 0.0,
        "top_p": 0.5,
    }


@pytest.mark.parametrize("model", ["amazon.titan-text-lite-v1", "ai21.j2-mid-v1"])
def test_a_question_alone_is_the_prompt(model: str) -> None:
    assert "Hi" in body(model).values()


@pytest.mark.parametrize(
    ("stream", "action", "accept", "inner"),
    [
        (False, "invoke", "application/json", None),
        (
            True,
            "invoke-with-response-stream",
            "application/vnd.amazon.eventstream",
            "application/json",
        ),
    ],
    ids=["whole", "streamed"],
)
def test_the_url_says_the_model_and_whether_to_stream(
    stream: bool, action: str, accept: str, inner: str | None
) -> None:
    for model in (CLAUDE, "openai.gpt-oss-20b-1:0"):
        request = build(model, stream=stream).request
        host = "https://bedrock-runtime.us-east-1.amazonaws.com"
        assert request.url == f"{host}/model/{model.replace(':', '%3A')}/{action}"
        assert get_header(request.headers, "accept") == accept
        assert get_header(request.headers, "x-amzn-bedrock-accept") == inner
        assert not {"model", "stream", "stream_options"} & set(msgspec.json.decode(request.body))


def test_only_cohere_wants_to_hear_of_the_stream_in_the_body() -> None:
    assert body("cohere.command-light-text-v14", stream=True)["stream"] is True


def test_claude_hears_of_betas_in_the_body() -> None:
    config = file_config(model=CLAUDE, headers=(("anthropic-beta", "a,b"),))
    built = PROVIDER.build_chat(config, ChatRequest(messages="Hi")).unwrap()
    assert body_of(built)["anthropic_beta"] == ["a", "b"]


def test_nova_has_top_k_and_reasoning_among_its_settings() -> None:
    sent = body("us.amazon.nova-2-lite-v1:0", top_k=3, reasoning="low", extra={"x": 1})
    assert sent == {
        "schemaVersion": "messages-v1",
        "messages": [{"role": "user", "content": [{"text": "Hi"}]}],
        "inferenceConfig": {
            "maxTokens": 4096,
            "temperature": 0.0,
            "topK": 3,
            "reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"},
        },
        "x": 1,
    }


def test_nova_keeps_no_metadata() -> None:
    assert actions(build("amazon.nova-micro-v1:0", metadata={"a": "b"})) == [
        ("metadata", "dropped")
    ]


CALCULATOR = Tool(
    name="add",
    description="Adds.",
    parameters={
        "type": "object",
        "properties": {"a": {"type": "integer", "description": "One."}, "b": {"type": "number"}},
        "required": ["a"],
    },
)


def test_command_r_takes_tools_and_results_in_its_own_words() -> None:
    called = assistant("Let me see.", ToolCall("1", "add", '{"a":1}'), ToolCall("2", "add"))
    results = Message("tool", (*tool_result("1", '{"sum":3}').parts, *tool_result("2", "no").parts))
    messages = [user("Hi"), called, results]
    call = {"name": "add", "parameters": {"a": 1}}
    assert body("cohere.command-r-v1:0", messages=messages, tools=(CALCULATOR,)) == {
        "message": "",
        "chat_history": [
            {"role": "USER", "message": "Hi"},
            {
                "role": "CHATBOT",
                "message": "Let me see.",
                "tool_calls": [call, {"name": "add", "parameters": {}}],
            },
        ],
        "tool_results": [
            {"call": call, "outputs": [{"sum": 3}]},
            {"call": {"name": "add", "parameters": {}}, "outputs": [{"result": "no"}]},
        ],
        "tools": [
            {
                "name": "add",
                "description": "Adds.",
                "parameter_definitions": {
                    "a": {"description": "One.", "type": "int", "required": True},
                    "b": {"description": "", "type": "float", "required": False},
                },
            }
        ],
        "max_tokens": 4096,
        "temperature": 0.0,
    }


def test_results_that_were_answered_are_history_for_command_r() -> None:
    messages = [
        user("Hi"),
        assistant(ToolCall("1", "f")),
        tool_result("1", "3"),
        assistant("3."),
        user("So?"),
    ]
    assert body("cohere.command-r-v1:0", messages=messages)["chat_history"][2] == {
        "role": "TOOL",
        "tool_results": [{"call": {"name": "f", "parameters": {}}, "outputs": [{"result": "3"}]}],
    }


def test_command_r_has_no_choice_of_tools_and_no_foreign_ones() -> None:
    built = build(
        "cohere.command-r-v1:0",
        tools=(CALCULATOR, NativeTool("openai", {})),
        tool_choice=NamedToolChoice("add"),
    )
    assert actions(built) == [("tools/1", "dropped"), ("tool_choice", "dropped")]


def test_the_last_words_are_the_users_for_command_r() -> None:
    error = refusal("cohere.command-r-v1:0", messages=[user("Hi"), assistant("Hello.")])
    assert isinstance(error, InvalidRequest)


@pytest.mark.parametrize(
    ("asked", "changed"),
    [
        ({"tools": (CALCULATOR,)}, ("tools", "dropped")),
        ({"top_k": 3}, ("top_k", "dropped")),
        ({"seed": 3}, ("seed", "dropped")),
        ({"reasoning": "high"}, ("reasoning", "dropped")),
        ({"metadata": {"a": "b"}}, ("metadata", "dropped")),
        ({"response_format": JsonFormat()}, ("response_format", "changed")),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_a_prompt_cannot_say_is_told(asked: Any, changed: tuple[str, str]) -> None:
    assert actions(build("meta.llama3-8b-instruct-v1:0", **asked)) == [changed]
    assert isinstance(
        refusal("meta.llama3-8b-instruct-v1:0", strict=True, **asked), UnsupportedFeature
    )


def test_a_model_that_always_reasons_may_be_asked_to() -> None:
    assert actions(build("us.deepseek.r1-v1:0", reasoning=True)) == []


def test_reasoning_does_not_go_back_into_a_prompt_and_refusals_do() -> None:
    built = build(
        "mistral.mistral-7b-instruct-v0:2",
        messages=[user("Hi"), assistant(Reasoning("Hm."), Refusal("No.")), user("Why?")],
    )
    assert body_of(built)["prompt"] == "<s>[INST] Hi [/INST] No.</s>[INST] Why? [/INST]"
    assert actions(built) == [("messages/1/parts/0", "dropped")]


@pytest.mark.parametrize(
    "model",
    ["meta.llama3-8b-instruct-v1:0", "cohere.command-r-v1:0", "openai.gpt-oss-20b-1:0"],
)
def test_a_part_without_a_form_is_unsupported(model: str) -> None:
    part = Image(file_id="f")
    error = refusal(model, messages=user("a", part))
    assert isinstance(error, UnsupportedFeature)
    assert "messages/0/parts/1" in error.message


def test_a_model_whose_body_is_not_known_is_unsupported_until_the_pricing_plan_names_it() -> None:
    hidden = "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc"
    error = refusal(hidden)
    assert isinstance(error, UnsupportedFeature)
    assert "pricing_plan" in error.message
    config = file_config(model=hidden, pricing_plan="meta.llama3-8b-instruct-v1:0")
    built = PROVIDER.build_chat(config, ChatRequest(messages="Hi")).unwrap()
    assert body_of(built)["prompt"].startswith("<|begin_of_text|>")


def test_no_model_is_a_configuration_error() -> None:
    assert isinstance(refusal(""), InvalidConfiguration)


def test_counting_sends_the_vendors_body_in_base64() -> None:
    assert PROVIDER.count_tokens is not None
    request = ChatRequest(messages="Hi", model=CLAUDE, stream=True)
    built = PROVIDER.count_tokens.build(file_config(), request).unwrap()
    assert built.request.url.endswith(
        "/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/count-tokens"
    )
    counted = base64.b64decode(body_of(built)["input"]["invokeModel"]["body"])
    assert msgspec.json.decode(counted) == body(CLAUDE)


@pytest.mark.parametrize(
    ("model", "asked", "sent", "changed"),
    [
        ("amazon.titan-embed-text-v1", {}, {"inputText": "Hi"}, []),
        (
            "amazon.titan-embed-text-v1",
            {"dimensions": 256},
            {"inputText": "Hi"},
            [("dimensions", "dropped")],
        ),
        (
            "amazon.titan-embed-text-v2:0",
            {"dimensions": 256, "task": "x", "extra": {"normalize": True}},
            {"inputText": "Hi", "dimensions": 256, "normalize": True},
            [("task", "dropped")],
        ),
        (
            "amazon.titan-embed-image-v1",
            {"dimensions": 256},
            {"inputText": "Hi", "embeddingConfig": {"outputEmbeddingLength": 256}},
            [],
        ),
        (
            "cohere.embed-english-v3",
            {"input": ("Hi", "Ho"), "dimensions": 5},
            {"texts": ["Hi", "Ho"], "input_type": "search_document"},
            [("dimensions", "dropped")],
        ),
        (
            "us.cohere.embed-v4:0",
            {"task": "search_query", "dimensions": 256},
            {"texts": ["Hi"], "input_type": "search_query", "output_dimension": 256},
            [],
        ),
        (
            "amazon.nova-2-multimodal-embeddings-v1:0",
            {"dimensions": 256},
            {
                "taskType": "SINGLE_EMBEDDING",
                "singleEmbeddingParams": {
                    "embeddingPurpose": "GENERIC_INDEX",
                    "embeddingDimension": 256,
                    "text": {"truncationMode": "NONE", "value": "Hi"},
                },
            },
            [],
        ),
    ],
)
def test_texts_are_embedded_in_the_vendors_words(
    model: str, asked: Any, sent: object, changed: object
) -> None:
    assert PROVIDER.embed is not None
    request = EmbedRequest(model=model, **{"input": "Hi", **asked})
    built = PROVIDER.embed.build(file_config(), request).unwrap()
    assert built.request.url.endswith(f"/model/{model.replace(':', '%3A')}/invoke")
    assert body_of(built) == sent
    assert actions(built) == changed


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        ({"model": "amazon.titan-embed-text-v2:0", "input": ("a", "b")}, UnsupportedFeature),
        ({"model": "someone.else", "input": "a"}, UnsupportedFeature),
        ({"model": "", "input": "a"}, InvalidConfiguration),
        ({"model": "cohere.embed-v4:0", "input": ("a", "")}, InvalidRequest),
        ({"model": "cohere.embed-v4:0", "input": ()}, InvalidRequest),
    ],
    ids=["two texts", "unknown", "no model", "empty text", "no text"],
)
def test_embeddings_that_cannot_be_asked_for(asked: Any, kind: type[LLMError]) -> None:
    assert PROVIDER.embed is not None
    assert isinstance(PROVIDER.embed.build(file_config(), EmbedRequest(**asked)).failure(), kind)

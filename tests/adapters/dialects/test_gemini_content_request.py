"""ChatRequest -> bodies of generateContent and countTokens, and their adaptations."""

import json
from collections.abc import Sequence

import pytest

from llm_pure import ChatRequest, assistant, system, user
from llm_pure.adapters.gemini import PROVIDER as GEMINI
from llm_pure.adapters.vertex import PROVIDER as VERTEX
from llm_pure.core.provider import Provider
from llm_pure.types.errors import InvalidConfiguration, InvalidRequest, LLMError, UnsupportedFeature
from llm_pure.types.messages import (
    Document,
    Image,
    Message,
    Opaque,
    ProviderMetadata,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
)
from llm_pure.types.request import (
    JsonFormat,
    NativeTool,
)
from tests.support.builders import actions
from tests.support.configs import file_config, overridden
from tests.support.gemini import CONFIG, DEFAULTS, ON_CLOUD, PNG, WEATHER, body_of, built


def test_a_request_with_everything() -> None:
    request = ChatRequest(
        messages=[system("Be brief."), user("Hi"), assistant("Hello."), user("Weather?")],
        tools=(WEATHER,),
        tool_choice="required",
        max_tokens=100,
        temperature=0.5,
        top_p=0.9,
        top_k=40,
        stop=("END", "STOP"),
        seed=7,
        n=2,
        reasoning=1000,
        extra={
            "safetySettings": [],
            "generationConfig": {"responseModalities": ["TEXT"], "seed": 8},
        },
    )
    made = built(request)
    assert made.adaptations == (overridden("extra/generationConfig/seed", 7, 8),)
    assert made.request.method == "POST"
    assert made.request.headers == (
        ("content-type", "application/json"),
        ("accept", "application/json"),
    )
    assert json.loads(made.request.body) == {
        "contents": [
            {"role": "user", "parts": [{"text": "Hi"}]},
            {"role": "model", "parts": [{"text": "Hello."}]},
            {"role": "user", "parts": [{"text": "Weather?"}]},
        ],
        "systemInstruction": {"parts": [{"text": "Be brief."}]},
        "tools": [
            {
                "functionDeclarations": [
                    {
                        "name": "weather",
                        "description": "The weather of a city.",
                        "parametersJsonSchema": {
                            "type": "object",
                            "properties": {"city": {"type": "string"}},
                        },
                    }
                ]
            },
        ],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY"}},
        "generationConfig": {
            "temperature": 0.5,
            "topP": 0.9,
            "topK": 40,
            "candidateCount": 2,
            "maxOutputTokens": 100,
            "stopSequences": ["END", "STOP"],
            "seed": 8,
            "thinkingConfig": {"thinkingBudget": 1000, "includeThoughts": True},
            "responseModalities": ["TEXT"],
        },
        "safetySettings": [],
    }


def test_a_plain_request_has_only_what_the_configuration_says() -> None:
    assert body_of(ChatRequest(messages="Hi")) == {
        "contents": [{"role": "user", "parts": [{"text": "Hi"}]}],
        "generationConfig": DEFAULTS,
    }


def test_the_same_request_makes_the_same_bytes_without_the_key() -> None:
    request = ChatRequest(messages=[user("Hi", Image(data=PNG))], tools=(WEATHER,), stream=True)
    first, second = built(request), built(request)
    assert first == second
    assert "AIza" not in first.request.url
    assert b"AIza" not in first.request.body
    assert "AIza" not in str(first.request.headers)


def test_json_without_a_schema_and_logprobs_without_a_number() -> None:
    request = ChatRequest(
        messages="a", model="gemini-2.0-flash", response_format=JsonFormat(), logprobs=True
    )
    assert body_of(request)["generationConfig"] == {
        **DEFAULTS,
        "responseLogprobs": True,
        "responseMimeType": "application/json",
    }


def test_what_is_another_providers_is_left_out_and_reported() -> None:
    made = built(
        ChatRequest(
            messages=[
                user("a", name="Ann"),
                assistant(
                    Reasoning("hm", "sig", ProviderMetadata("anthropic")),
                    Opaque("anthropic", "redacted_thinking", "{}"),
                    Refusal("No."),
                    Text("b", ProviderMetadata("openai", '{"annotations":[1]}')),
                ),
                user("c"),
            ],
            tools=(WEATHER, NativeTool("openai", {"type": "web_search"})),
            parallel_tool_calls=False,
            repetition_penalty=1.1,
            metadata={"team": "x"},
            stop=("1", "2", "3", "4", "5", "6"),
            temperature=3.0,
        )
    )
    body = json.loads(made.request.body)
    assert body["contents"][1]["parts"] == [{"text": "No."}, {"text": "b"}]
    assert body["generationConfig"]["stopSequences"] == ["1", "2", "3", "4", "5"]
    assert body["generationConfig"]["temperature"] == 2.0
    assert actions(made) == [
        ("messages/1/parts/0", "dropped"),
        ("messages/1/parts/1", "dropped"),
        ("messages/1/parts/3/provider_metadata", "dropped"),
        ("messages/0/name", "dropped"),
        ("tools/1", "dropped"),
        ("parallel_tool_calls", "dropped"),
        ("repetition_penalty", "dropped"),
        ("temperature", "clamped"),
        ("stop", "clamped"),
        ("metadata", "dropped"),
    ]


def test_strict_builds_fail_where_something_would_be_lost() -> None:
    request = ChatRequest(messages="a", repetition_penalty=1.1)
    error = GEMINI.build_chat(CONFIG, request, strict=True).failure()
    assert isinstance(error, UnsupportedFeature)
    assert error.feature == "repetition_penalty"
    assert built(ChatRequest(messages="a")).adaptations == ()


def test_labels_are_vertexs_metadata() -> None:
    request = ChatRequest(messages="a", metadata={"team": "x"})
    made = built(request, ON_CLOUD, VERTEX)
    assert json.loads(made.request.body)["labels"] == {"team": "x"}
    assert made.adaptations == ()


REFUSED: dict[str, tuple[Provider, Sequence[Message], type[LLMError], str]] = {
    "an opaque part that is no object": (
        GEMINI,
        [user("a"), assistant(Opaque("gemini", "x", "7"))],
        InvalidRequest,
        "messages/1/parts/0",
    ),
    "instructions alone": (GEMINI, [system("a")], InvalidRequest, "messages"),
    "bytes of no known kind": (
        GEMINI,
        [user("a", Image(data=b"??"))],
        UnsupportedFeature,
        "messages/0/parts/1",
    ),
    "an empty part": (GEMINI, [user(Image())], InvalidRequest, "messages/0/parts/0"),
    "a damaged data URL": (
        GEMINI,
        [user(Image(url="data:image/png;base64,*"))],
        InvalidRequest,
        "messages/0/parts/0/url",
    ),
    "a picture among instructions": (
        GEMINI,
        [system(Image(data=PNG)), user("a")],
        UnsupportedFeature,
        "messages/0/parts/0",
    ),
    "a call by the user": (
        GEMINI,
        [user(ToolCall("c", "f"))],
        UnsupportedFeature,
        "messages/0/parts/0",
    ),
    "a URL without a media type on Vertex": (
        VERTEX,
        [user(Image(url="https://example.org/picture"))],
        UnsupportedFeature,
        "messages/0/parts/0",
    ),
    "a file id on Vertex": (
        VERTEX,
        [user(Document(file_id="files/abc"))],
        UnsupportedFeature,
        "messages/0/parts/0",
    ),
}


@pytest.mark.parametrize(("provider", "messages", "kind", "path"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_sent_is_refused_with_its_path(
    provider: Provider, messages: Sequence[Message], kind: type[LLMError], path: str
) -> None:
    config = CONFIG if provider is GEMINI else ON_CLOUD
    error = provider.build_chat(config, ChatRequest(messages=messages)).failure()
    assert isinstance(error, kind)
    assert error.message.startswith(path) or getattr(error, "param", None) == path


def test_without_a_model_there_is_no_request() -> None:
    error = GEMINI.build_chat(file_config(api_type="gemini"), ChatRequest(messages="a")).failure()
    assert isinstance(error, InvalidConfiguration)
    assert error.field == "model"


def test_a_count_wraps_the_whole_request_and_is_flat_on_vertex() -> None:
    assert GEMINI.count_tokens is not None
    assert VERTEX.count_tokens is not None
    request = ChatRequest(messages=[system("s"), user("a")], tools=(WEATHER,), tool_choice="auto")
    whole = body_of(request)
    made = GEMINI.count_tokens.build(CONFIG, request).unwrap()
    assert made.request.url.endswith("/v1beta/models/gemini-2.5-flash:countTokens")
    assert json.loads(made.request.body) == {
        "generateContentRequest": {"model": "models/gemini-2.5-flash", **whole}
    }
    flat = VERTEX.count_tokens.build(ON_CLOUD, request).unwrap()
    assert flat.request.url.endswith("/publishers/google/models/gemini-2.5-flash:countTokens")
    assert json.loads(flat.request.body) == {
        key: whole[key] for key in ("contents", "systemInstruction", "tools", "generationConfig")
    }
    failed = GEMINI.count_tokens.build(CONFIG, ChatRequest(messages=[system("s")])).failure()
    assert isinstance(failed, InvalidRequest)

"""What only the provider `moonshot` does."""

import pytest

from llm_pure import ChatRequest, ToolCall, Usage, assistant, tool_result, user
from llm_pure.types.errors import UnsupportedFeature
from llm_pure.types.messages import Image
from llm_pure.types.request import SchemaFormat, Tool
from tests.support.chat_requests import PNG, WEATHER
from tests.support.family import Service
from tests.support.openai_chat_bodies import answer, chunk, stream

MOONSHOT = Service("moonshot", "kimi-k2.6")


@pytest.mark.parametrize(
    ("model", "asked", "sent"),
    [
        ("kimi-k2.6", None, {}),
        ("kimi-k2.6", "none", {"thinking": {"type": "disabled"}}),
        ("kimi-k2.6", "high", {"thinking": {"type": "enabled"}}),
        ("kimi-k2.5", "none", {"thinking": {"type": "disabled"}}),
        ("kimi-k2.7-code", "none", {}),
        ("kimi-k3", "none", {"reasoning_effort": "low"}),
        ("kimi-k3", "max", {"reasoning_effort": "max"}),
        ("kimi-k2-thinking", "high", {}),
        ("kimi-k2-0905-preview", "high", {}),
        ("moonshot-v1-8k", "high", {}),
        ("moonshot-v1-8k", "none", {}),
    ],
)
def test_how_reasoning_is_asked_for(model: str, asked: str | None, sent: object) -> None:
    request = ChatRequest(messages="hi", reasoning=asked)  # type: ignore[arg-type]
    assert MOONSHOT.fields(request, model) == sent


def test_kimi_fixes_its_sampling_and_older_models_do_not() -> None:
    request = ChatRequest(messages="hi", temperature=0.6, top_p=0.9)
    assert MOONSHOT.adaptations(request) == [("temperature", "dropped"), ("top_p", "dropped")]
    assert "temperature" not in MOONSHOT.body("hi")
    assert MOONSHOT.adaptations("hi") == []
    assert MOONSHOT.body(request, "moonshot-v1-8k")["temperature"] == 0.6


def test_one_answer_only_while_it_reasons() -> None:
    several = ChatRequest(messages="hi", n=2)
    assert MOONSHOT.adaptations(several) == [("n", "dropped")]
    assert MOONSHOT.body(several, "moonshot-v1-8k")["n"] == 2


def test_no_tool_can_be_forced() -> None:
    forced = ChatRequest(messages="hi", tools=(WEATHER,), tool_choice="required")
    assert MOONSHOT.adaptations(forced) == [("tool_choice", "dropped")]
    assert MOONSHOT.adaptations(forced, "moonshot-v1-8k") == [("tool_choice", "dropped")]
    free = ChatRequest(messages="hi", tools=(WEATHER,), tool_choice="none")
    assert MOONSHOT.body(free, "moonshot-v1-8k")["tool_choice"] == "none"


def test_a_picture_is_bytes_or_an_uploaded_file() -> None:
    (sent,) = MOONSHOT.messages(user("?", Image(data=PNG), Image(file_id="file-1")))
    assert [part.get("image_url") for part in sent["content"]] == [
        None,
        {"url": "data:image/png;base64,iVBORw0KGgoAAAAAAAAAAA=="},
        {"url": "ms://file-1"},
    ]


def test_a_picture_on_the_web_is_not_fetched() -> None:
    request = ChatRequest(messages=[user(Image(url="https://example.org/cat.png"))])
    error = MOONSHOT.provider.build_chat(MOONSHOT.config, request).failure()
    assert isinstance(error, UnsupportedFeature)
    assert "messages/0/parts/0" in error.message


def test_schemas_go_without_dollar_schema_at_their_root() -> None:
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object"}
    body = MOONSHOT.body(
        ChatRequest(
            messages="hi",
            tools=(Tool(name="f", parameters=schema),),
            response_format=SchemaFormat(schema=schema),
        )
    )
    assert body["tools"][0]["function"]["parameters"] == {"type": "object", "properties": {}}
    assert body["response_format"]["json_schema"]["schema"] == {"type": "object", "properties": {}}


def test_reasoning_and_ids_of_calls_go_back_as_they_came() -> None:
    call = {
        "id": "weather:0",
        "type": "function",
        "function": {"name": "weather", "arguments": "{}"},
    }
    said = {"content": "", "reasoning_content": "Look.", "tool_calls": [call]}
    turn = MOONSHOT.reads(answer(said, "tool_calls")).message
    assert MOONSHOT.messages(user("?"), turn, tool_result("weather:0", "21 °C"))[1:] == [
        {"role": "assistant", "content": None, "tool_calls": [call], "reasoning_content": "Look."},
        {"role": "tool", "tool_call_id": "weather:0", "content": "21 °C"},
    ]


def test_a_thinking_model_wants_the_key_beside_calls() -> None:
    turns = (user("?"), assistant(ToolCall("c", "f")), tool_result("c", "x"))
    assert MOONSHOT.messages(*turns)[1]["reasoning_content"] == ""
    assert "reasoning_content" not in MOONSHOT.messages(*turns, model="moonshot-v1-8k")[1]


@pytest.mark.parametrize("place", ["chunk", "choice"])
def test_usage_of_a_stream_may_stand_in_its_last_choice(place: str) -> None:
    usage = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12, "cached_tokens": 4}
    last = chunk({}, "stop")
    (last if place == "chunk" else last["choices"][0])["usage"] = usage
    got, error = MOONSHOT.streams(stream(chunk({"content": "Hi."}), last))
    assert error is None
    assert got.usage == Usage(10, 2, 4, raw=usage)


@pytest.mark.parametrize(
    ("status", "word", "message", "kind"),
    [
        (429, "exceeded_current_quota_error", "Your account is suspended", "quota"),
        (429, "engine_overloaded_error", "The engine is currently overloaded", "overloaded"),
        (429, "rate_limit_reached_error", "max RPM: 3", "rate_limited"),
        (404, "resource_not_found_error", "Not found the model", "not_found"),
        (400, "content_filter", "The request was considered high risk", "content_filtered"),
        (400, "invalid_request_error", "Your request exceeded model token limit: 8192", "context_length"),
    ],
)  # fmt: skip
def test_its_words_for_errors(status: int, word: str, message: str, kind: str) -> None:
    assert MOONSHOT.fails({"error": {"message": message, "type": word}}, status).kind == kind

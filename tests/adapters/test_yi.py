"""What only the provider `yi` does: it sends little, and says the rest."""

from llm_pure import ChatRequest
from llm_pure.types.request import JsonFormat, SchemaFormat
from tests.support.chat_requests import SCHEMA, WEATHER
from tests.support.family import Service

YI = Service("yi", "yi-lightning")


def test_what_is_known_to_be_taken_is_sent() -> None:
    request = ChatRequest(
        messages="hi", max_tokens=9, temperature=0.3, top_p=0.9, tools=(WEATHER,), stream=True
    )
    assert YI.body(request) == {
        "model": "yi-lightning",
        "messages": [{"role": "user", "content": "hi"}],
        "max_tokens": 9,
        "temperature": 0.3,
        "top_p": 0.9,
        "tools": [
            {
                "type": "function",
                "function": {
                    "name": "weather",
                    "description": "Weather now",
                    "parameters": SCHEMA,
                },
            }
        ],
        "stream": True,
    }
    assert YI.adaptations(request) == []


def test_what_is_not_known_is_left_out_and_said() -> None:
    request = ChatRequest(messages="hi", seed=7, stop="END", top_k=3)
    assert YI.fields(request) == {}
    assert sorted(YI.adaptations(request)) == [
        ("seed", "dropped"),
        ("stop", "dropped"),
        ("top_k", "dropped"),
    ]


def test_json_is_asked_for_in_words_alone() -> None:
    schema = ChatRequest(messages="hi", response_format=SchemaFormat(schema=SCHEMA))
    for request in (schema, ChatRequest(messages="hi", response_format=JsonFormat())):
        body = YI.body(request)
        assert "response_format" not in body
        assert "JSON" in body["messages"][0]["content"]
        assert YI.adaptations(request) == [("response_format", "changed")]


def test_its_errors_are_flat() -> None:
    told = {"object": "error", "message": "no", "type": "t", "param": None, "code": None}
    assert YI.fails(told, 401).kind == "authentication"

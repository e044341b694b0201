"""What only the provider `perplexity` does."""

from typing import Any

import pytest

from llm_pure import ChatRequest, ProviderMetadata, Reasoning, Usage, assistant, system, user
from llm_pure.types.messages import Document, Image, Text
from llm_pure.types.request import JsonFormat, SchemaFormat
from tests.support.chat_requests import PDF, SCHEMA, WEATHER
from tests.support.family import Service
from tests.support.openai_chat_bodies import data

SONAR = Service("perplexity", "sonar-reasoning-pro")


@pytest.mark.parametrize(
    ("model", "asked", "sent"),
    [
        ("sonar-reasoning-pro", "minimal", {"reasoning_effort": "minimal"}),
        ("sonar-deep-research", "max", {"reasoning_effort": "high"}),
        ("sonar-reasoning-pro", "none", {"reasoning_effort": "minimal"}),
        ("sonar-pro", "high", {}),
    ],
)
def test_how_reasoning_is_asked_for(model: str, asked: Any, sent: object) -> None:
    assert SONAR.fields(ChatRequest(messages="hi", reasoning=asked), model) == sent


def test_two_turns_of_one_speaker_are_one() -> None:
    turns = (
        system("Be brief."),
        system("Be kind."),
        user("a"),
        user("b", Image(url="https://example.org/cat.png")),
        assistant("c"),
        assistant("d"),
        user("e"),
    )
    assert SONAR.messages(*turns) == [
        {"role": "system", "content": "Be brief.\n\nBe kind."},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "a"},
                {"type": "text", "text": "b"},
                {"type": "image_url", "image_url": {"url": "https://example.org/cat.png"}},
            ],
        },
        {"role": "assistant", "content": "c\n\nd"},
        {"role": "user", "content": "e"},
    ]
    told = SONAR.adaptations(ChatRequest(messages=turns))
    assert told == [(f"messages/{place}", "changed") for place in (1, 3, 5)]


def test_any_json_is_asked_for_by_a_schema() -> None:
    any_json = SONAR.body(ChatRequest(messages="hi", response_format=JsonFormat()))
    assert any_json["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": {"type": "object"}},
    }
    asked = SONAR.body(ChatRequest(messages="hi", response_format=SchemaFormat(schema=SCHEMA)))
    assert asked["response_format"]["json_schema"]["schema"] == SCHEMA


def test_tools_are_left_out_and_said() -> None:
    request = ChatRequest(messages="hi", tools=(WEATHER,))
    assert "tools" not in SONAR.body(request)
    assert SONAR.adaptations(request) == [("tools", "dropped")]


def test_files_names_and_details() -> None:
    turn = user(
        Document(data=PDF, name="a.pdf"),
        Document(url="https://example.org/b.pdf"),
        Image(url="https://example.org/cat.png", detail="low"),
        name="ann",
    )
    assert SONAR.messages(turn) == [
        {
            "role": "user",
            "content": [
                {"type": "file_url", "file_url": {"url": "JVBERi0xLjc="}, "file_name": "a.pdf"},
                {"type": "file_url", "file_url": {"url": "https://example.org/b.pdf"}},
                {"type": "image_url", "image_url": {"url": "https://example.org/cat.png"}},
            ],
        }
    ]
    assert SONAR.adaptations(ChatRequest(messages=(turn,))) == [
        ("messages/0/parts/2/detail", "dropped"),
        ("messages/0/name", "dropped"),
    ]


USAGE = {"prompt_tokens": 9, "completion_tokens": 20, "total_tokens": 29, "num_search_queries": 1}
SOURCES = ["https://example.org/a", "https://example.org/b"]


def chunk(text: str, so_far: str, finish: str | None = None, **more: Any) -> bytes:
    return data(
        {
            "id": "p-1",
            "model": "sonar-reasoning-pro",
            "object": "chat.completion.done" if finish else "chat.completion.chunk",
            "citations": SOURCES,
            "usage": {**USAGE, "completion_tokens": len(so_far), "total_tokens": 9 + len(so_far)},
            "choices": [
                {
                    "index": 0,
                    "delta": {"role": "assistant", "content": text},
                    "message": {"role": "assistant", "content": so_far},
                    "finish_reason": finish,
                }
            ],
            **more,
        }
    )


def test_a_stream_is_its_deltas_with_the_thoughts_apart_and_the_last_usage() -> None:
    pieces, body, so_far = ["<thi", "nk>Look.</", "think>\n\n4", " [1]"], b"", ""
    for text in pieces:
        so_far += text
        body += chunk(text, so_far)
    body += chunk("", so_far, "stop", usage=USAGE)

    got, error = SONAR.streams(body)

    assert error is None
    assert got.message == assistant(
        Reasoning("Look.", None, ProviderMetadata("perplexity")), Text("4 [1]")
    )
    assert got.usage == Usage(9, 20, raw=USAGE)
    assert got.extra == {"citations": SOURCES}
    whole = SONAR.says({"content": "<think>Look.</think>\n\n4 [1]"})
    assert whole.message == got.message


def test_codes_are_statuses() -> None:
    told = {"error": {"code": 401, "message": "Invalid key", "type": "unauthorized"}}
    error = SONAR.fails(told, 401)
    assert (error.kind, error.code) == ("authentication", "401")
    assert SONAR.fails(b"<html><h1>401</h1></html>", 401).kind == "authentication"

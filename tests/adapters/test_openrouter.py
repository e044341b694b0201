"""What only the provider `openrouter` (`open_router`) does."""

from typing import Any

import pytest

from llm_pure import (
    ChatRequest,
    Message,
    ProviderMetadata,
    Reasoning,
    ReasoningRequest,
    Tool,
    Usage,
    system,
    user,
)
from llm_pure.adapters import registry
from llm_pure.types.messages import CacheMark, Document, Image, Text
from tests.support.chat_requests import PDF
from tests.support.family import Service
from tests.support.openai_chat_bodies import DONE, answer, chunk, data, stream

OPENROUTER = Service("openrouter", "anthropic/claude-sonnet-4.5")


def test_it_has_two_names() -> None:
    assert registry.get("open_router") == registry.get("openrouter")


@pytest.mark.parametrize(
    ("asked", "sent", "told"),
    [
        (None, None, []),
        ("none", {"effort": "none"}, []),
        ("minimal", {"effort": "minimal"}, []),
        ("max", {"effort": "max"}, []),
        (2000, {"max_tokens": 2000}, []),
        (ReasoningRequest(), {"enabled": True}, []),
        (ReasoningRequest(effort="low", summary=False), {"effort": "low", "exclude": True}, []),
        (
            ReasoningRequest(effort="low", budget_tokens=900),
            {"max_tokens": 900},
            [("reasoning", "dropped")],
        ),
    ],
    ids=["nothing", "none", "minimal", "max", "budget", "as you like", "hidden", "both"],
)
def test_how_reasoning_is_asked_for(asked: Any, sent: object, told: object) -> None:
    request = ChatRequest(messages="hi", reasoning=asked)
    assert OPENROUTER.fields(request) == ({} if sent is None else {"reasoning": sent})
    assert OPENROUTER.adaptations(request) == told


DETAILS = [
    {"type": "reasoning.text", "text": "Let me ", "signature": None, "format": "anthropic-claude-v1", "index": 0},
    {"type": "reasoning.text", "text": "see.", "signature": "sig-1", "format": "anthropic-claude-v1", "index": 0},
    {"type": "reasoning.encrypted", "data": "AAAA", "format": None, "id": "rs-1", "index": 1},
]  # fmt: skip
WHOLE = [
    {"type": "reasoning.text", "text": "Let me see.", "signature": "sig-1", "format": "anthropic-claude-v1", "index": 0},
    DETAILS[2],
]  # fmt: skip


def test_reasoning_details_of_a_stream_are_those_of_the_whole_answer_and_go_back() -> None:
    said = {"content": "Hi.", "reasoning": "Let me see.", "reasoning_details": WHOLE}
    whole = OPENROUTER.says(said).message
    streamed, error = OPENROUTER.streams(
        stream(
            chunk({"role": "assistant", "content": "", "reasoning": "Let me ", "reasoning_details": DETAILS[:1]}),
            chunk({"content": "", "reasoning": "see.", "reasoning_details": DETAILS[1:2]}),
            chunk({"content": "", "reasoning_details": DETAILS[2:]}),
            chunk({"content": "Hi."}),
            chunk({"content": ""}, "stop"),
        )
    )  # fmt: skip
    assert error is None
    assert streamed.message == whole
    (_, sent) = OPENROUTER.messages(user("?"), streamed.message)
    assert sent == {"role": "assistant", **said}


def test_the_reasoning_of_its_other_name_is_its_own() -> None:
    thought = Reasoning("Hm.", None, ProviderMetadata("openrouter_reasoning"))
    request = ChatRequest(
        messages=(user("?"), {"role": "assistant", "content": [thought, Text("Hi.")]})
    )
    assert OPENROUTER.adaptations(request) == []
    assert OPENROUTER.body(request)["messages"][1]["reasoning"] == "Hm."


def test_files_may_be_addresses() -> None:
    (sent,) = OPENROUTER.messages(
        user(
            Document(url="https://example.org/a.pdf", name="a.pdf"),
            Document(data=PDF),
            Image(url="https://example.org/cat.png"),
        )
    )
    assert sent["content"] == [
        {
            "type": "file",
            "file": {"filename": "a.pdf", "file_data": "https://example.org/a.pdf"},
        },
        {
            "type": "file",
            "file": {
                "filename": "document.pdf",
                "file_data": "data:application/pdf;base64,JVBERi0xLjc=",
            },
        },
        {"type": "image_url", "image_url": {"url": "https://example.org/cat.png"}},
    ]


def test_routing_goes_through_extra() -> None:
    body = OPENROUTER.fields(ChatRequest(messages="hi", extra={"provider": {"only": ["xai"]}}))
    assert body == {"provider": {"only": ["xai"]}}


USAGE = {
    "prompt_tokens": 20,
    "completion_tokens": 10,
    "total_tokens": 30,
    "cost": 0.0001,
    "prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 6},
    "completion_tokens_details": {"reasoning_tokens": 11},
}


def test_usage_may_stand_beside_choices_and_the_end_be_said_twice() -> None:
    comment = b": OPENROUTER PROCESSING\n\n"
    got, error = OPENROUTER.streams(
        comment
        + data(chunk({"role": "assistant", "content": "Hi."}, provider="Groq"))
        + comment
        + data(chunk({"content": ""}, "stop"))
        + data(chunk({"content": ""}, "stop", usage=USAGE))
        + DONE
    )
    assert error is None
    assert (got.text, got.finish_reason) == ("Hi.", "stop")
    assert got.usage == Usage(20, 10, 4, 6, 10, raw=USAGE)  # 11 is rounded up past the whole
    assert got.extra == {"provider": "Groq", "created": 1790000000}


def test_an_error_after_the_end_keeps_text_usage_and_reason() -> None:
    told = {"error": {"code": 400, "message": "Token limit reached"}}
    partial, error = OPENROUTER.streams(
        data(chunk({"content": "Hal"}))
        + data(chunk({"content": ""}, "length"))
        + data({**chunk({"content": ""}), "usage": USAGE, **told})
        + DONE
    )
    assert error is not None
    assert (error.kind, error.status, error.message) == (
        "invalid_request", 400, "Token limit reached",
    )  # fmt: skip
    assert (partial.text, partial.finish_reason) == ("Hal", "length")
    assert partial.usage.input_tokens == 20
    assert error.partial == partial


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (200, {"code": 429, "message": "later"}, "rate_limited"),
        (402, {"code": 402, "message": "Insufficient credits"}, "quota"),
        (403, {"code": 403, "message": "no", "metadata": {"reasons": ["x"], "flagged_input": "y"}}, "content_filtered"),
        (403, {"code": 403, "message": "no"}, "permission"),
        (408, {"code": 408, "message": "slow"}, "timeout"),
        (502, {"code": 502, "message": "host down"}, "server_error"),
        (503, {"code": 503, "message": "nobody"}, "overloaded"),
    ],
)  # fmt: skip
def test_its_errors(status: int, error: object, kind: str) -> None:
    assert OPENROUTER.fails({"error": error, "user_id": "u"}, status).kind == kind


def test_the_hosts_own_words_are_in_the_message() -> None:
    told = {"code": 429, "message": "Provider returned error", "metadata": {"raw": "busy"}}
    assert OPENROUTER.fails({"error": told}, 429).message == "Provider returned error: busy"


def test_an_answer_below_provider_is_read_and_null_choices_are_a_fault() -> None:
    inner = answer({"content": "Hi."})
    assert OPENROUTER.reads({"provider": inner}).text == "Hi."
    assert OPENROUTER.fails({"id": "gen-1", "choices": None}, 200).kind == "protocol"


MARK = CacheMark()
TOOLS = tuple([Tool(name=name, parameters={"type": "object"}, cache=MARK) for name in "ab"])


def test_marks_of_tools_and_turns_are_counted_together() -> None:
    turns = [system(Text("s", cache=MARK)), *[user(Text(text, cache=MARK)) for text in "uvw"]]
    request = ChatRequest(messages=turns, tools=TOOLS)
    body = OPENROUTER.body(request, "anthropic/claude-sonnet-4.5")
    marked = [
        index
        for index, message in enumerate(body["messages"])
        if any("cache_control" in part for part in message["content"])
    ]
    assert marked == [0, 3]
    assert all("cache_control" in tool for tool in body["tools"])
    assert OPENROUTER.adaptations(request, "anthropic/claude-sonnet-4.5") == [
        ("cache_control", "dropped")
    ]


def test_an_hour_does_not_follow_a_shorter_mark() -> None:
    turns = [system(Text("s", cache=CacheMark("5m"))), user(Text("u", cache=CacheMark("1h")))]
    body = OPENROUTER.body(ChatRequest(messages=turns))
    assert body["messages"][1]["content"][0]["cache_control"] == {"type": "ephemeral"}
    turns = [system(Text("s", cache=CacheMark("1h"))), user(Text("u", cache=CacheMark("5m")))]
    body = OPENROUTER.body(ChatRequest(messages=turns))
    assert body["messages"][0]["content"][0]["cache_control"]["ttl"] == "1h"


def test_an_empty_text_is_not_marked() -> None:
    turns = [
        Message("user", (Text("u"), Text(" ")), cache=MARK),
        user(Text("v"), Text("", cache=MARK)),
    ]
    request = ChatRequest(messages=turns)
    body = OPENROUTER.body(request)
    marked = [
        part["text"]
        for turn in body["messages"]
        for part in turn["content"]
        if "cache_control" in part
    ]
    assert marked == ["u"]
    assert OPENROUTER.adaptations(request) == [("messages/1/parts/1/cache", "rewritten")]

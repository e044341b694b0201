"""LangChain from cassettes: whole, streamed, with tools and async; in the process, and where it takes no client by a server on loopback.

Recorded in the test from a double, as any program records it from the service.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx2
import openai
import pytest
from langchain_anthropic import ChatAnthropic
from langchain_core.messages import AIMessage
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from llm_pure.replay import (
    AsyncRecordTransport,
    MatchRules,
    RecordTransport,
    ReplayTransport,
    httpx2_transport,
    open_cassette,
    open_replay,
    serve,
)
from llm_pure.transports.scripted import ScriptedResponse, ScriptedTransport
from llm_pure.types.http import HttpRequest
from tests.support.scenarios import CASSETTES

JSON = (("content-type", "application/json"),)
SSE = (("content-type", "text/event-stream"),)
TEXT: dict[str, Any] = {"role": "assistant", "content": "It is Oslo."}
CALL: dict[str, Any] = {
    "role": "assistant",
    "content": None,
    "tool_calls": [
        {
            "id": "call_1",
            "type": "function",
            "function": {"name": "weather", "arguments": '{"city":"Oslo"}'},
        }
    ],
}


def weather(city: str) -> str:
    """Return the weather of a city."""
    return f"sun in {city}"


def service(request: HttpRequest) -> ScriptedResponse:
    body = json.loads(request.body)
    message = CALL if "tools" in body else TEXT
    frame = {"id": "c", "created": 0, "model": "gpt-5-mini"}
    if body.get("stream"):
        calls = [{"index": 0, **call} for call in message.get("tool_calls", [])]
        text = message["content"] or ""
        deltas = [{"content": piece} for piece in (text[:5], text[5:])]
        deltas = [{"tool_calls": calls}] if calls else deltas
        frames = [
            {
                **frame,
                "object": "chat.completion.chunk",
                "choices": [{"index": 0, "delta": delta, "finish_reason": None}],
            }
            for delta in deltas
        ]
        events = [b"data: " + json.dumps(one).encode() + b"\n\n" for one in frames]
        return ScriptedResponse(headers=SSE, chunks=(*events, b"data: [DONE]\n\n"))
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    answer_body = {**frame, "object": "chat.completion", "choices": [choice]}
    return ScriptedResponse(headers=JSON, chunks=(json.dumps(answer_body).encode(),))


def chat(sync_source: Any, async_source: Any, key: str = "any") -> ChatOpenAI:
    return ChatOpenAI(
        model="gpt-5-mini",
        api_key=SecretStr(key),
        http_client=httpx2.Client(transport=httpx2_transport(sync_source)),
        http_async_client=httpx2.AsyncClient(transport=httpx2_transport(async_source)),
    )


def answers(model: ChatOpenAI) -> list[Any]:
    """What a program gets in every way of asking."""
    with_tools = model.bind_tools([weather])
    received: list[Any] = [
        model.invoke("Where?").content,
        [chunk.text for chunk in model.stream("Where?") if chunk.text],
        calls(with_tools.invoke("Weather?")),
        calls(sum_of(with_tools.stream("Weather?"))),
    ]

    async def run() -> None:
        received.append((await model.ainvoke("Where?")).content)
        chunks = [chunk async for chunk in model.astream("Where?")]
        received.append([chunk.text for chunk in chunks if chunk.text])
        received.append(calls(await with_tools.ainvoke("Weather?")))

    anyio.run(run)
    return received


def calls(message: Any) -> list[tuple[str, Any]]:
    assert isinstance(message, AIMessage)
    return [(call["name"], call["args"]) for call in message.tool_calls]


def sum_of(chunks: Iterator[Any]) -> Any:
    total = next(chunks)
    for chunk in chunks:
        total += chunk
    return total


EXPECTED = [
    "It is Oslo.",
    ["It is", " Oslo."],
    [("weather", {"city": "Oslo"})],
    [("weather", {"city": "Oslo"})],
    "It is Oslo.",
    ["It is", " Oslo."],
    [("weather", {"city": "Oslo"})],
]


def test_langchain_is_recorded_and_replayed_in_every_way_of_asking(tmp_path: Path) -> None:
    path = tmp_path / "langchain.yaml"
    key = "sk-proj-live0123456789live0123456789"
    double = ScriptedTransport(service)
    cassette = open_cassette(path, "once").unwrap()
    model = chat(RecordTransport(cassette, double), AsyncRecordTransport(cassette, double), key)
    assert answers(model) == EXPECTED
    cassette.save().unwrap()
    assert key not in path.read_text()
    assert len(double.requests) == len(EXPECTED)

    replay = open_cassette(path).unwrap()
    assert answers(chat(replay, replay)) == EXPECTED
    assert replay.unused == ()


def test_a_miss_reaches_langchains_caller_at_once_and_in_full() -> None:
    replay = ReplayTransport()
    with pytest.raises(openai.NotFoundError, match=r"no recording matches POST .*Record it with"):
        chat(replay, replay).invoke("Where?")
    assert len(replay.misses) == 1


@pytest.mark.filterwarnings("ignore:The model .* is deprecated:DeprecationWarning")
def test_langchains_anthropic_takes_no_client_and_replays_from_a_server_on_loopback() -> None:
    loose = MatchRules(origin=False, ignored=("/max_tokens", "/temperature"))
    replay = open_replay(CASSETTES / "anthropic", matching=loose, again=True).unwrap()
    question = "Why are pure functions easy to test?"
    with serve(replay) as server:
        model = ChatAnthropic(
            model_name="claude-sonnet-4-5",
            base_url=server.url,
            api_key=SecretStr("any"),
            timeout=None,
            stop=None,
        )
        buffered = model.invoke(question)
        streamed = sum_of(model.stream(question))

        async def run() -> str:
            return (await model.ainvoke(question)).text

        assert buffered.text == streamed.text == anyio.run(run)
    assert buffered.text.startswith("A pure function is its own test bench")
    assert replay.misses == ()

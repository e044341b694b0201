"""Code and values of a type, asked of a client; each method with its async twin."""

import json
from typing import Any

import msgspec
import pytest

from llm_pure import LLMConfig
from llm_pure.client import LLM
from llm_pure.output.code import CodeOutput
from llm_pure.output.json_repair import Exact
from llm_pure.policy.retry import NO_RETRY
from llm_pure.transports.scripted import ScriptedResponse, ScriptedTransport
from llm_pure.types.errors import ProtocolError, StreamInterrupted
from llm_pure.types.result import Failure, Success
from tests.support.complaints import complaint
from tests.support.tiny_provider import JSON, REGISTRY, SSE, config, frames, whole
from tests.support.twins import called, every_kind


class Place(msgspec.Struct):
    city: str


def client(*texts: str) -> LLM:
    script = [ScriptedResponse(headers=JSON, chunks=(whole(text),)) for text in texts]
    return LLM(config(), ScriptedTransport(script), registry=REGISTRY)


@every_kind
def test_ask_code_gives_code_and_where_it_stood(kind: str) -> None:
    llm = client("```python\nprint(1)\n```")
    assert called(kind, llm, "ask_code", "Print one.") == Success(
        CodeOutput(
            language="python",
            code="print(1)",
            origin="fence",
            repair=Exact({"language": "python", "code": "print(1)"}),
        )
    )


@every_kind
def test_a_question_that_cannot_be_read_is_not_sent(kind: str) -> None:
    assert isinstance(called(kind, client(), "ask_code", [1]), Failure)


@every_kind
def test_ask_typed_gives_a_value_of_the_type(kind: str) -> None:
    llm = client('{"city": "Oslo"}', '{"city": 1}')
    assert called(kind, llm, "ask_typed", Place, "Where?") == Success(Place(city="Oslo"))
    error = called(kind, llm, "ask_typed", Place, "Where?").failure()
    assert isinstance(error, ProtocolError)
    detail = complaint(lambda: msgspec.json.decode('{"city": 1}', type=Place))
    message = f"the response does not fit its type: {detail}"
    assert (error.where, error.message) == ("$.city", message)


@every_kind
def test_ask_typed_reads_a_stream_once_it_is_whole(kind: str) -> None:
    pieces = frames('{"ci', 'ty": "Oslo"}')
    cut_off = frames('{"ci', end=False)
    script = [
        ScriptedResponse(headers=SSE, chunks=pieces),
        ScriptedResponse(headers=SSE, chunks=cut_off),
    ]
    llm = LLM(config(), ScriptedTransport(script), registry=REGISTRY, retry=NO_RETRY)
    assert called(kind, llm, "ask_typed", Place, "Where?", stream=True) == Success(Place("Oslo"))
    cut = called(kind, llm, "ask_typed", Place, "Where?", stream=True).failure()
    assert isinstance(cut, StreamInterrupted)


@every_kind
def test_ask_typed_takes_a_json_schema(kind: str) -> None:
    schema = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    llm = client('{"city": "Oslo"}', "{}")
    assert called(kind, llm, "ask_typed", schema, "Where?") == Success({"city": "Oslo"})
    error = called(kind, llm, "ask_typed", schema, "Where?").failure()
    assert (error.kind, error.where) == ("protocol", "$.city")


WHOLE = {
    "content": [{"type": "tool_use", "id": "t1", "name": "Place", "input": {"city": "Oslo"}}],
    "role": "assistant",
    "stop_reason": "tool_use",
    "type": "message",
    "usage": {"input_tokens": 1, "output_tokens": 1},
}
STREAM: tuple[dict[str, Any], ...] = (
    {"type": "message_start", "message": {**WHOLE, "content": [], "stop_reason": None}},
    {
        "type": "content_block_start",
        "index": 0,
        "content_block": {"type": "tool_use", "id": "t1", "name": "Place", "input": {}},
    },
    {
        "type": "content_block_delta",
        "index": 0,
        "delta": {"type": "input_json_delta", "partial_json": '{"city": "Oslo"}'},
    },
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 1}},
    {"type": "message_stop"},
)


@every_kind
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_model_without_schemas_is_asked_by_a_tool(kind: str, stream: bool) -> None:
    whole = ScriptedResponse(headers=JSON, chunks=(json.dumps(WHOLE).encode(),))
    lines = [f"event: {one['type']}\ndata: {json.dumps(one)}\n\n".encode() for one in STREAM]
    streamed = ScriptedResponse(headers=SSE, chunks=tuple(lines))
    transport = ScriptedTransport([streamed if stream else whole])
    claude = LLMConfig(api_type="anthropic", model="claude-sonnet-4-0", api_key="k" * 24)
    llm = LLM(claude, transport)
    assert called(kind, llm, "ask_typed", Place, "Where?", stream=stream) == Success(Place("Oslo"))
    sent = json.loads(transport.requests[0].body)
    assert sent["tool_choice"] == {"type": "tool", "name": "Place"}
    assert sent.get("stream", False) == stream


@every_kind
def test_a_fallback_is_asked_in_its_own_way(kind: str) -> None:
    """The first model has schemas, the second one tools."""
    overloaded = ScriptedResponse(
        status=529, headers=JSON, chunks=(b'{"error":{"message":"busy"}}',)
    )
    answered = ScriptedResponse(headers=JSON, chunks=(json.dumps(WHOLE).encode(),))
    transport = ScriptedTransport([overloaded, answered])
    first = LLMConfig(api_type="openai", model="gpt-5-mini", api_key="k" * 24)
    second = LLMConfig(api_type="anthropic", model="claude-sonnet-4-0", api_key="k" * 24)
    llm = LLM(first, transport, fallbacks=[second], retry=NO_RETRY)
    assert called(kind, llm, "ask_typed", Place, "Where?") == Success(Place("Oslo"))
    native, by_tool = [json.loads(one.body) for one in transport.requests]
    assert native["response_format"]["type"] == "json_schema"
    assert by_tool["tools"][0]["name"] == "Place"

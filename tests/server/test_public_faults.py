"""Each fault of another gateway that its users reported, with the right translation. The rows are in `public_faults`."""

import json
from typing import Any

import pytest

from llm_pure import HttpResponse, ResponseHead
from llm_pure.server import (
    Exchange,
    open_translation,
    translate_request,
    translate_response,
    upstream_error,
    upstream_of,
)
from tests.server.public_faults import (
    ANSWERS,
    ASK,
    REQUESTS,
    STREAMS,
    AnswerFault,
    RequestFault,
    StreamFault,
)
from tests.support.raw_clients import events, request

MODELS = {
    "anthropic": "claude-sonnet-4-5",
    "deepseek": "deepseek-chat",
    "gemini": "gemini-3-pro",
    "ollama": "llava",
    "openai": "gpt-4o",
    "openai_responses": "gpt-5.2",
}


def sent(row: RequestFault) -> Any:
    """The body that the upstream gets."""
    upstream = upstream_of(row.upstream, model=MODELS[row.upstream]).unwrap()
    client = request(row.dialect, row.body, headers=row.headers)
    return json.loads(translate_request(client, row.dialect, upstream).unwrap().request.body)


def exchange(row: AnswerFault | StreamFault) -> Exchange:
    asked = {"contents": "Ask."} if row.dialect == "gemini_content" else {"messages": [ASK]}
    asked = {"input": "Ask."} if row.dialect == "openai_responses" else asked
    body: dict[str, Any] = {**asked, **row.request}
    upstream = upstream_of(row.upstream, model="m").unwrap()
    client = request(row.dialect, {"stream": isinstance(row, StreamFault), **body})
    return translate_request(client, row.dialect, upstream).unwrap().exchange


def answered(row: AnswerFault) -> Any:
    """Status, headers and body that the client gets."""
    body = row.answer if isinstance(row.answer, bytes) else json.dumps(row.answer).encode()
    upstream = HttpResponse(row.status, row.headers, body)
    response = translate_response(upstream, exchange(row), map_error=upstream_error).response
    headers = dict(response.headers)
    assert headers.pop("content-type") == "application/json"
    return {"status": response.status, **headers, "body": json.loads(response.body)}


def streamed(row: StreamFault) -> list[Any]:
    """The events that the client gets."""
    stream = open_translation(ResponseHead(200, ()), exchange(row))
    lines = [f"data: {json.dumps(chunk)}\n\n".encode() for chunk in row.chunks]
    lines.append(b"data: [DONE]\n\n")
    data = b"".join([stream.feed(line) for line in lines]) + stream.close()
    if row.dialect == "ollama_native":
        return [json.loads(line) for line in data.splitlines()]
    return events(data)


@pytest.mark.parametrize("row", REQUESTS, ids=lambda row: row.source)
def test_a_request_that_others_send_wrongly(row: RequestFault) -> None:
    assert sent(row) == row.expected


@pytest.mark.parametrize("row", ANSWERS, ids=lambda row: row.source)
def test_an_answer_that_others_send_wrongly(row: AnswerFault) -> None:
    assert answered(row) == row.expected


@pytest.mark.parametrize("row", STREAMS, ids=lambda row: row.source)
def test_a_stream_that_others_send_wrongly(row: StreamFault) -> None:
    assert streamed(row) == row.expected

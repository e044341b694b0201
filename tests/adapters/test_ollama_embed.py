"""Provider `ollama.embed`: vectors for any number of texts."""

import json
from typing import Any

import pytest

from llm_pure import ChatRequest, Embeddings, EmbedRequest, HttpResponse, LLMConfig, Usage
from llm_pure.adapters import registry
from llm_pure.core.adaptations import Adaptation
from llm_pure.types.errors import (
    InvalidConfiguration,
    InvalidRequest,
    NotFound,
    ProtocolError,
    UnsupportedFeature,
)
from llm_pure.types.result import Failure, Success

PROVIDER = registry.get("ollama.embed").unwrap()
CONFIG = LLMConfig(api_type="ollama.embed", model="nomic-embed-text")
assert PROVIDER.embed is not None
EMBED = PROVIDER.embed


@pytest.mark.parametrize("given", ["one text", ("one", "two")])
def test_texts_go_as_they_were_given(given: Any) -> None:
    request = EmbedRequest(
        input=given, dimensions=8, extra={"truncate": False, "options": {"num_ctx": 9}}
    )
    built = EMBED.build(CONFIG, request).unwrap()
    assert built.request.url == "http://localhost:11434/api/embed"
    assert json.loads(built.request.body) == {
        "model": "nomic-embed-text",
        "input": list(given) if isinstance(given, tuple) else given,
        "dimensions": 8,
        "truncate": False,
        "options": {"num_ctx": 9},
    }
    assert built.adaptations == ()


def test_a_task_is_dropped_and_reported() -> None:
    built = EMBED.build(CONFIG, EmbedRequest(input="a", task="search_query")).unwrap()
    reason = "Ollama's embedding models take no task"
    assert built.adaptations == (
        Adaptation(field="task", action="dropped", reason=reason, before="search_query"),
    )


@pytest.mark.parametrize(
    ("config", "given", "error"),
    [
        (LLMConfig(), "a", InvalidConfiguration),
        (LLMConfig(model="m", base_url="nowhere at all"), "a", InvalidConfiguration),
        (CONFIG, "", InvalidRequest),
        (CONFIG, (), InvalidRequest),
        (CONFIG, ("a", ""), InvalidRequest),
    ],
)
def test_what_cannot_be_embedded_is_an_error_value(
    config: LLMConfig, given: Any, error: type
) -> None:
    assert isinstance(EMBED.build(config, EmbedRequest(input=given)).failure(), error)


def test_the_answer_is_one_vector_for_each_text() -> None:
    body = (
        b'{"model":"m","embeddings":[[0.5,1],[-1.0,2e-3]],"total_duration":14,'
        b'"prompt_eval_count":8,"note":""}'
    )
    assert EMBED.parse(HttpResponse(200, (), body)) == Success(
        Embeddings(
            vectors=((0.5, 1.0), (-1.0, 0.002)),
            model="m",
            provider="ollama.embed",
            usage=Usage(8, None, raw={"prompt_eval_count": 8}),
            extra={"total_duration": 14},
        )
    )


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (404, b'{"error":"model \'m\' not found"}', NotFound),
        (200, b'{"error":"model \'m\' not found"}', NotFound),
        (200, b"{}", ProtocolError),
        (200, b'{"embeddings":[["a"]]}', ProtocolError),
        (200, b"<html>", ProtocolError),
        (302, b"{}", ProtocolError),
    ],
)
def test_what_is_no_vector_is_an_error_value(status: int, body: bytes, error: type) -> None:
    assert isinstance(EMBED.parse(HttpResponse(status, (), body)).failure(), error)


def test_it_does_not_chat_and_says_who_does() -> None:
    assert PROVIDER.build_chat(CONFIG, ChatRequest(messages="hi")) == Failure(
        UnsupportedFeature(
            message="ollama.embed supports embeddings only; use api_type ollama for chat",
            provider="ollama.embed",
            feature="chat",
        )
    )

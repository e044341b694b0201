"""Provider `ollama.embeddings`: the old endpoint, one text at a time."""

import json

import pytest

from llm_pure import ChatRequest, Embeddings, EmbedRequest, HttpResponse, LLMConfig
from llm_pure.adapters import registry
from llm_pure.types.errors import ProtocolError, UnsupportedFeature
from llm_pure.types.result import Failure, Success

PROVIDER = registry.get("ollama.embeddings").unwrap()
CONFIG = LLMConfig(api_type="ollama.embeddings", model="nomic-embed-text")
assert PROVIDER.embed is not None
EMBED = PROVIDER.embed


@pytest.mark.parametrize("given", ["one text", ("one text",)])
def test_one_text_is_the_prompt(given: str | tuple[str, ...]) -> None:
    built = EMBED.build(CONFIG, EmbedRequest(input=given, dimensions=8)).unwrap()
    assert built.request.url == "http://localhost:11434/api/embeddings"
    assert json.loads(built.request.body) == {"model": "nomic-embed-text", "prompt": "one text"}
    assert [one.field for one in built.adaptations] == ["dimensions"]


def test_several_texts_belong_to_the_newer_endpoint() -> None:
    message = "/api/embeddings takes one text; api_type ollama.embed takes several"
    assert EMBED.build(CONFIG, EmbedRequest(input=("a", "b"))) == Failure(
        UnsupportedFeature(message=message, provider="ollama.embeddings", feature="input")
    )


def test_the_answer_is_one_vector_and_no_count() -> None:
    assert EMBED.parse(HttpResponse(200, (), b'{"embedding":[3,-4.5]}')) == Success(
        Embeddings(vectors=((3.0, -4.5),), provider="ollama.embeddings")
    )


@pytest.mark.parametrize("body", [b'{"embedding":[]}', b'{"embedding":null}', b"[]", b""])
def test_no_vector_is_a_protocol_fault(body: bytes) -> None:
    assert isinstance(EMBED.parse(HttpResponse(200, (), body)).failure(), ProtocolError)


def test_it_does_not_chat_and_says_who_does() -> None:
    error = PROVIDER.build_chat(CONFIG, ChatRequest(messages="hi"), strict=True).failure()
    assert isinstance(error, UnsupportedFeature)
    assert "use api_type ollama for chat" in error.message

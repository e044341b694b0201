"""Servers of one's own, as the table says."""

import json
from datetime import UTC, datetime

from llm_pure import ChatRequest, LLMConfig
from llm_pure.adapters import registry
from llm_pure.types.http import get_header

PROVIDER = registry.get("open_llm").unwrap()
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def test_it_speaks_chat_completions_at_home() -> None:
    built = PROVIDER.build_chat(LLMConfig(model="qwen"), ChatRequest(messages="hi")).unwrap()
    assert PROVIDER.dialect == "openai_chat"
    assert built.request.url == "http://localhost:8000/v1/chat/completions"
    assert PROVIDER.embed is not None


def test_it_may_want_no_key() -> None:
    config = LLMConfig(model="qwen")
    built = PROVIDER.build_chat(config, ChatRequest(messages="hi")).unwrap()
    assert PROVIDER.authorize(config, built.request, NOW).unwrap() == built.request


def test_a_key_is_a_bearer() -> None:
    config = LLMConfig(model="qwen", api_key="secret")
    built = PROVIDER.build_chat(config, ChatRequest(messages="hi")).unwrap()
    signed = PROVIDER.authorize(config, built.request, NOW).unwrap()
    assert get_header(signed.headers, "authorization") == "Bearer secret"


def test_nothing_is_known_of_its_models_so_every_setting_is_sent() -> None:
    asked = ChatRequest(
        messages="hi", max_tokens=9, top_k=4, repetition_penalty=1.1, seed=7, reasoning="max"
    )
    built = PROVIDER.build_chat(LLMConfig(model="o3", temperature=0.5), asked).unwrap()
    assert json.loads(built.request.body) == {
        "model": "o3",
        "messages": [{"role": "user", "content": "hi"}],
        "max_tokens": 9,
        "temperature": 0.5,
        "top_k": 4,
        "repetition_penalty": 1.1,
        "seed": 7,
        "reasoning_effort": "max",
    }
    assert built.adaptations == ()

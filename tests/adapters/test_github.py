"""What only the provider `github` does. The service is retired; the provider is kept working."""

import pytest

from llm_pure import ChatRequest
from tests.support.family import Service

GITHUB = Service("github", "openai/gpt-4.1")


@pytest.mark.parametrize(
    ("model", "key"),
    [
        ("openai/gpt-4.1", "max_tokens"),
        ("openai/gpt-5-mini", "max_completion_tokens"),
        ("openai/o3", "max_completion_tokens"),
        ("meta/Llama-4-Scout", "max_tokens"),
    ],
)
def test_the_limit_of_reasoning_models_has_another_name(model: str, key: str) -> None:
    assert GITHUB.body(ChatRequest(messages="hi", max_tokens=9), model)[key] == 9


def test_openais_models_refuse_here_what_they_refuse_at_home() -> None:
    request = ChatRequest(messages="hi", temperature=0.5)
    assert GITHUB.adaptations(request, "openai/gpt-5") == [("temperature", "dropped")]


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "unknown_model", "not_found"),
        (401, "unauthorized", "authentication"),
        (413, "tokens_limit_reached", "context_length"),
        (429, "RateLimitReached", "rate_limited"),
        (410, "gone", "not_found"),
    ],
)
def test_its_words_for_errors(status: int, code: str, kind: str) -> None:
    told = {"error": {"code": code, "message": "no", "details": "no"}}
    assert GITHUB.fails(told, status).kind == kind

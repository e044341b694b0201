"""What only the provider `nvidia` does."""

import json
from typing import Any

import pytest

from llm_pure import ChatRequest, EmbedRequest
from tests.support.family import Service

NVIDIA = Service("nvidia", "qwen/qwen3-next-80b-a3b-thinking")


@pytest.mark.parametrize(
    ("model", "asked", "sent"),
    [
        ("qwen/qwen3", None, {}),
        ("qwen/qwen3", "none", {"chat_template_kwargs": {"enable_thinking": False}}),
        ("qwen/qwen3", "high", {"chat_template_kwargs": {"enable_thinking": True}}),
        ("openai/gpt-oss-120b", "high", {"reasoning_effort": "high"}),
    ],
)
def test_how_reasoning_is_asked_for(model: str, asked: Any, sent: object) -> None:
    assert NVIDIA.fields(ChatRequest(messages="hi", reasoning=asked), model) == sent


@pytest.mark.parametrize(("task", "sent"), [(None, "query"), ("passage", "passage")])
def test_embeddings_always_say_what_they_are_for(task: str | None, sent: str) -> None:
    assert NVIDIA.provider.embed is not None
    request = EmbedRequest(input="a", model="nvidia/nv-embedqa-e5-v5", task=task)
    built = NVIDIA.provider.embed.build(NVIDIA.config, request).unwrap()
    assert json.loads(built.request.body) == {
        "model": "nvidia/nv-embedqa-e5-v5",
        "input": "a",
        "input_type": sent,
    }


def test_an_error_as_a_problem_document() -> None:
    told = {"title": "Unauthorized", "status": 401, "detail": "The key is invalid"}
    error = NVIDIA.fails(told, 401)
    assert (error.kind, error.message) == ("authentication", "The key is invalid")

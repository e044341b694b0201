"""What only the provider `siliconflow` does."""

from typing import Any

import pytest

from llm_pure import ChatRequest
from tests.support.chat_requests import WEATHER
from tests.support.family import Service

SILICONFLOW = Service("siliconflow", "Qwen/Qwen3-32B")


@pytest.mark.parametrize(
    ("model", "asked", "sent"),
    [
        ("Qwen/Qwen3-32B", None, {}),
        ("Qwen/Qwen3-32B", "none", {"enable_thinking": False}),
        ("Qwen/Qwen3-32B", "medium", {"enable_thinking": True, "thinking_budget": 8192}),
        ("Qwen/Qwen3-32B", 2000, {"enable_thinking": True, "thinking_budget": 2000}),
        ("Qwen/Qwen3-32B", 100, {"enable_thinking": True, "thinking_budget": 128}),
        ("Qwen/Qwen3-32B", 99_999, {"enable_thinking": True, "thinking_budget": 32768}),
        ("deepseek-ai/DeepSeek-V4-Flash", "medium", {"reasoning_effort": "high"}),
        ("Pro/zai-org/GLM-5.2", "xhigh", {"reasoning_effort": "max"}),
    ],
)
def test_how_reasoning_is_asked_for(model: str, asked: Any, sent: object) -> None:
    assert SILICONFLOW.fields(ChatRequest(messages="hi", reasoning=asked), model) == sent


def test_an_effort_that_becomes_a_budget_is_said() -> None:
    (told,) = SILICONFLOW.built(ChatRequest(messages="hi", reasoning="low")).adaptations
    assert (told.field, told.action, told.before, told.after) == (
        "reasoning", "changed", "low", 1024,
    )  # fmt: skip


def test_a_forced_tool_is_left_to_the_model_and_said() -> None:
    request = ChatRequest(messages="hi", tools=(WEATHER,), tool_choice="required")
    assert "tool_choice" not in SILICONFLOW.body(request)
    assert SILICONFLOW.adaptations(request) == [("tool_choice", "dropped")]


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({"code": 20012, "message": "Model does not exist.", "data": None}, 400, "not_found"),
        ({"code": 20015, "message": "A parameter is wrong", "data": None}, 400, "invalid_request"),
        ({"code": 30001, "message": "Sorry", "data": None}, 403, "quota"),
        ({"code": 99, "message": "Your paid balance is insufficient", "data": None}, 403, "quota"),
        ("Invalid token", 401, "authentication"),
        ({"message": "Request was rejected due to rate limiting", "data": None}, 429, "rate_limited"),
    ],
    ids=["model", "parameter", "balance", "paid balance", "bare string", "rate"],
)  # fmt: skip
def test_its_errors(body: object, status: int, kind: str) -> None:
    assert SILICONFLOW.fails(body, status).kind == kind

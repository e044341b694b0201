"""ReasoningRequest -> thinkingConfig, by model."""

import json
from typing import Any

import msgspec
import pytest

from llm_pure import ChatRequest
from llm_pure.types.request import (
    ReasoningRequest,
)
from tests.support.gemini import CONFIG, body_of, built

Asked = ReasoningRequest | str | int
ONLY_QUIET = ReasoningRequest(effort="low", summary=False)
THINKING: list[tuple[str, Any, dict[str, Any] | None, tuple[str, Any, Any] | None]] = [
    # model, asked, thinkingConfig, (action, before, after)
    ("gemini-2.5-flash", 2000, {"thinkingBudget": 2000, "includeThoughts": True}, None),
    ("gemini-2.5-flash", 99999, {"thinkingBudget": 24576, "includeThoughts": True}, ("clamped", 99999, 24576)),
    ("gemini-2.5-flash", "none", {"thinkingBudget": 0}, None),
    ("gemini-2.5-flash", 0, {"thinkingBudget": 0}, None),
    ("gemini-2.5-flash", "low", {"thinkingBudget": 1024, "includeThoughts": True}, ("changed", "low", 1024)),
    ("gemini-2.5-flash", "medium", {"thinkingBudget": 8192, "includeThoughts": True}, ("changed", "medium", 8192)),
    ("gemini-2.5-flash", ONLY_QUIET, {"thinkingBudget": 1024}, ("changed", "low", 1024)),
    ("gemini-2.5-flash", ReasoningRequest(), {"includeThoughts": True}, None),
    ("gemini-2.5-flash", ReasoningRequest(budget_tokens=-1), {"includeThoughts": True}, None),  # its default
    ("gemini-2.5-flash-lite", -1, {"thinkingBudget": -1, "includeThoughts": True}, None),
    ("gemini-2.5-flash-lite", ReasoningRequest(), {"thinkingBudget": -1, "includeThoughts": True}, None),
    ("gemini-2.5-flash-lite", 100, {"thinkingBudget": 512, "includeThoughts": True}, ("clamped", 100, 512)),
    ("gemini-2.5-pro", "none", {"thinkingBudget": 128}, ("changed", "none", 128)),
    ("gemini-2.5-pro", "max", {"thinkingBudget": 32768, "includeThoughts": True}, ("changed", "max", 32768)),
    ("models/gemini-2.5-pro", 300, {"thinkingBudget": 300, "includeThoughts": True}, None),
    ("gemini-3-flash-preview", "minimal", {"thinkingLevel": "MINIMAL", "includeThoughts": True}, None),
    ("gemini-3-flash-preview", "none", {"thinkingLevel": "MINIMAL"}, ("changed", "none", "minimal")),
    ("gemini-3-flash-preview", "xhigh", {"thinkingLevel": "HIGH", "includeThoughts": True}, ("changed", "xhigh", "high")),
    ("gemini-3-flash-preview", 5000, {"thinkingLevel": "MEDIUM", "includeThoughts": True}, ("changed", 5000, "medium")),
    ("gemini-3-flash-preview", ReasoningRequest(), {"includeThoughts": True}, None),
    ("gemini-3-pro-preview", "medium", {"thinkingLevel": "LOW", "includeThoughts": True}, ("changed", "medium", "low")),
    ("gemini-3.1-pro-preview", "medium", {"thinkingLevel": "MEDIUM", "includeThoughts": True}, None),
    ("gemini-4-argon", "minimal", {"thinkingLevel": "LOW", "includeThoughts": True}, ("changed", "minimal", "low")),
    ("gemini-9-unheard-of", "high", {"thinkingLevel": "HIGH", "includeThoughts": True}, None),
    ("gemini-2.0-flash", "high", None, ("dropped", None, None)),
    ("gemini-2.0-flash", "none", None, None),
    ("gemini-2.5-flash-image", 100, None, ("dropped", None, None)),
    ("gemma-3-27b-it", "low", None, ("dropped", None, None)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("model", "asked", "config", "change"),
    THINKING,
    ids=[f"{model}-{number}" for number, (model, *_) in enumerate(THINKING)],
)
def test_thinking_is_asked_for_as_the_model_takes_it(
    model: str, asked: Any, config: dict[str, Any] | None, change: tuple[str, Any, Any] | None
) -> None:
    made = built(ChatRequest(messages="a", model=model, reasoning=asked))
    assert json.loads(made.request.body)["generationConfig"].get("thinkingConfig") == config
    changes = [(one.action, one.before, one.after) for one in made.adaptations]
    assert changes == ([] if change is None else [change])


def test_nothing_is_said_of_thinking_unless_it_was_asked_for() -> None:
    assert "thinkingConfig" not in body_of(ChatRequest(messages="a"))["generationConfig"]
    config = msgspec.structs.replace(CONFIG, reasoning=True, reasoning_max_token=700)
    asked = body_of(ChatRequest(messages="a"), config)["generationConfig"]["thinkingConfig"]
    assert asked == {"thinkingBudget": 700, "includeThoughts": True}

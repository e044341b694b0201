"""How much to think -> `thinking`, `output_config.effort` and room in `max_tokens`."""

import json
from typing import Any

import pytest

from llm_pure import ChatRequest
from llm_pure.core.adaptations import Adaptation
from llm_pure.types.request import ReasoningRequest
from tests.support.anthropic_bodies import built, fields, told
from tests.support.configs import file_config

ENABLED = {"type": "enabled", "budget_tokens": 2000}
SUMMARIZED = {"type": "adaptive", "display": "summarized"}


@pytest.mark.parametrize(
    ("model", "asked", "thinking", "effort", "lost"),
    [
        ("claude-sonnet-4-5", None, None, None, []),
        ("claude-sonnet-4-5", 2000, ENABLED, None, []),
        ("claude-sonnet-4-5", True, {"type": "enabled", "budget_tokens": 4000}, None, []),
        ("claude-sonnet-4-5", 500, {"type": "enabled", "budget_tokens": 1024}, None, ["clamped"]),
        ("claude-sonnet-4-5", "low", {"type": "enabled", "budget_tokens": 1024}, None, ["changed"]),
        ("claude-sonnet-4-5", "none", None, None, []),
        ("claude-sonnet-4-5", 0, None, None, []),
        ("claude-opus-4-5", "low", {"type": "enabled", "budget_tokens": 1024}, "low", []),
        ("claude-opus-4-6", 2000, ENABLED, None, []),
        ("claude-opus-4-6", "max", {"type": "adaptive"}, "max", []),
        ("claude-opus-4-6", "xhigh", {"type": "adaptive"}, "high", ["changed"]),
        ("claude-opus-4-6", True, {"type": "adaptive"}, None, []),
        ("claude-opus-4-7", "xhigh", SUMMARIZED, "xhigh", []),
        ("claude-opus-4-7", "minimal", SUMMARIZED, "low", ["changed"]),
        ("claude-opus-4-7", 2000, SUMMARIZED, "medium", ["changed"]),
        ("claude-opus-4-7", 50_000, SUMMARIZED, "max", ["changed"]),
        ("claude-opus-4-7", "none", None, None, []),
        ("claude-sonnet-5", ReasoningRequest(summary=False), {"type": "adaptive", "display": "omitted"},
         None, []),
        ("claude-sonnet-5", "none", {"type": "disabled"}, None, []),
        ("claude-sonnet-5-5", "none", {"type": "between_tools"}, None, ["changed"]),
        ("claude-opus-5-5", "none", None, None, ["dropped"]),
        ("claude-fable-5", False, None, None, ["dropped"]),
        ("claude-3-5-haiku-20241022", "high", None, None, ["dropped"]),
        ("claude-3-5-haiku-20241022", "none", None, None, []),
        ("claude-mythos-preview", "low", {"type": "enabled", "budget_tokens": 1024}, None, ["changed"]),
        ("somebody-elses-model", 2000, ENABLED, None, []),
        ("somebody-elses-model", "none", {"type": "disabled"}, None, []),
    ],
)  # fmt: skip
def test_thinking_is_asked_for_as_the_model_wants_it(
    model: str,
    asked: Any,
    thinking: dict[str, Any] | None,
    effort: str | None,
    lost: list[str],
) -> None:
    sent = fields(model, reasoning=asked, max_tokens=8000)
    assert sent.get("thinking") == thinking
    assert sent.get("output_config") == (None if effort is None else {"effort": effort})
    assert sent["max_tokens"] == 8000
    assert told(model, reasoning=asked, max_tokens=8000) == [("reasoning", one) for one in lost]


def test_a_budget_from_the_configuration_counts_where_the_request_says_nothing() -> None:
    config = file_config(
        api_type="anthropic", model="claude-sonnet-4-5", reasoning=True, reasoning_max_token=2000
    )
    made = built(ChatRequest(messages="hi"), config, strict=True)
    sent = json.loads(made.request.body)
    assert (sent["thinking"], "temperature" in sent) == (ENABLED, False)


def test_a_temperature_that_was_asked_for_is_dropped_while_the_model_thinks() -> None:
    sent = fields("claude-sonnet-4-5", reasoning=2000, temperature=0.5, top_k=9)
    assert sent == {"max_tokens": 4096, "thinking": ENABLED}
    assert told("claude-sonnet-4-5", reasoning=2000, temperature=0.5, top_k=9) == [
        ("temperature", "dropped"),
        ("top_k", "dropped"),
    ]


def test_the_output_limit_is_raised_above_the_budget_and_that_is_reported() -> None:
    made = built(ChatRequest(messages="hi", reasoning=5000, max_tokens=1000))
    sent = json.loads(made.request.body)
    assert (sent["max_tokens"], sent["thinking"]["budget_tokens"]) == (6000, 5000)
    assert made.adaptations == (
        Adaptation(
            field="max_tokens",
            action="changed",
            reason="max_tokens must be more than the thinking budget of 5000",
            before=1000,
            after=6000,
        ),
    )


def test_a_budget_above_the_largest_output_is_clamped_too() -> None:
    sent = fields("claude-sonnet-4-5", reasoning=100_000, max_tokens=4000)
    assert (sent["max_tokens"], sent["thinking"]["budget_tokens"]) == (64_000, 60_000)
    assert told("claude-sonnet-4-5", reasoning=100_000, max_tokens=4000) == [
        ("max_tokens", "changed"),
        ("reasoning", "clamped"),
    ]

"""What only the provider `fireworks` does."""

from typing import Any

import pytest

from llm_pure import ChatRequest, LLMConfig, Usage
from tests.support.family import Service
from tests.support.openai_chat_bodies import chunk, stream

FIREWORKS = Service("fireworks", "accounts/fireworks/models/deepseek-v4-pro")


@pytest.mark.parametrize(
    ("asked", "sent", "told"),
    [
        ("minimal", {"reasoning_effort": "low"}, [("reasoning", "changed")]),
        ("high", {"reasoning_effort": "high"}, []),
        ("none", {"reasoning_effort": "none"}, []),
        (2048, {"thinking": {"type": "enabled", "budget_tokens": 2048}}, []),
        (
            900,
            {"thinking": {"type": "enabled", "budget_tokens": 1024}},
            [("reasoning", "clamped")],
        ),
    ],
)
def test_an_effort_or_a_budget(asked: Any, sent: object, told: object) -> None:
    request = ChatRequest(messages="hi", reasoning=asked)
    assert FIREWORKS.fields(request) == sent
    assert FIREWORKS.adaptations(request) == told


def test_its_variable_for_the_address_is_a_bare_host() -> None:
    config = LLMConfig(model="m", base_url="https://proxy.test")
    built = FIREWORKS.provider.build_chat(config, ChatRequest(messages="hi")).unwrap()
    assert built.request.url == "https://proxy.test/inference/v1/chat/completions"


@pytest.mark.parametrize("place", ["with the reason", "after it"])
def test_usage_of_a_stream(place: str) -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
    last = (
        [chunk({}, "stop", usage=usage)]
        if place == "with the reason"
        else [chunk({}, "stop"), chunk(choices=[], usage=usage)]
    )
    got, error = FIREWORKS.streams(stream(chunk({"content": "Hi."}), *last))
    assert error is None
    assert got.usage == Usage(9, 2, raw=usage)


def test_the_gateways_own_error() -> None:
    told = {"fault": {"faultstring": "Invalid key", "detail": {"errorcode": "oauth.v2.Invalid"}}}
    error = FIREWORKS.fails(told, 401)
    assert (error.kind, error.message) == ("authentication", "Invalid key")

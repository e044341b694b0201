"""What only the provider `together` does."""

from typing import Any

import pytest

from llm_pure import ChatRequest, LLMConfig, user
from tests.support.family import Service
from tests.support.openai_chat_bodies import answer

TOGETHER = Service("together", "deepseek-ai/DeepSeek-V3.1")


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        (None, {}),
        ("none", {"reasoning": {"enabled": False}}),
        ("high", {"reasoning_effort": "high"}),
        ("max", {"reasoning_effort": "high"}),
        (900, {"reasoning_effort": "low"}),
    ],
)
def test_how_reasoning_is_asked_for(asked: Any, sent: object) -> None:
    assert TOGETHER.fields(ChatRequest(messages="hi", reasoning=asked)) == sent


def test_reasoning_asked_for_in_the_configuration() -> None:
    on = Service("together", reasoning=True, reasoning_max_token=9000)
    assert on.fields("hi") == {"reasoning_effort": "high"}


@pytest.mark.parametrize(("asked", "sent"), [(True, 1), (3, 3)])
def test_logprobs_is_a_number(asked: Any, sent: int) -> None:
    assert TOGETHER.fields(ChatRequest(messages="hi", logprobs=asked)) == {"logprobs": sent}


def test_its_variable_for_the_address_is_a_bare_host() -> None:
    config = LLMConfig(model="m", base_url="https://api.together.ai")
    built = TOGETHER.provider.build_chat(config, ChatRequest(messages="hi")).unwrap()
    assert built.request.url == "https://api.together.ai/v1/chat/completions"


def test_a_seed_beyond_53_bits_is_kept() -> None:
    body = answer({"content": "Hi.", "reasoning": "Hm."}, prompt=[])
    body["choices"][0] |= {"seed": 2**63 + 1, "text": "Hi."}
    got = TOGETHER.reads(body)
    assert (got.text, got.extra["seed"]) == ("Hi.", 2**63 + 1)
    assert TOGETHER.messages(user("?"), got.message)[1]["reasoning"] == "Hm."

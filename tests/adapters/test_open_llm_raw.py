"""What only the provider `open_llm_raw` does; the tags themselves are tested with the dialect."""

from datetime import UTC, datetime

import pytest

from llm_pure import ChatRequest, LLMConfig
from tests.support.family import Service

RAW = Service("open_llm_raw", "qwen3")


def test_it_wants_no_key() -> None:
    built = RAW.built("hi").request
    now = datetime(2026, 11, 20, tzinfo=UTC)
    assert RAW.provider.authorize(LLMConfig(api_type="open_llm_raw"), built, now).unwrap() == built


@pytest.mark.parametrize(("asked", "on"), [("none", False), ("high", True)])
def test_reasoning_is_a_switch_of_the_chat_template(asked: str, on: bool) -> None:
    request = ChatRequest(messages="hi", reasoning=asked)  # type: ignore[arg-type]
    assert RAW.fields(request) == {"chat_template_kwargs": {"enable_thinking": on}}


def test_thoughts_in_the_text_are_reasoning() -> None:
    got = RAW.says({"content": "<think>\nHm.\n</think>\n\nHi."})
    assert (got.reasoning, got.text) == ("Hm.\n", "Hi.")

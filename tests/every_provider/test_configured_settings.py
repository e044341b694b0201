"""What the user sets in a configuration is in the request, or in the report of what is not; for every provider."""

from functools import partial
from typing import Any

import msgspec
import pytest

from llm_pure import ChatRequest, LLMConfig
from llm_pure.adapters import registry
from llm_pure.core.provider import Built
from tests.every_provider.test_every_api_type import CHATS
from tests.support.cassettes import config_for
from tests.support.rows import check_each

SETTINGS: dict[str, tuple[dict[str, Any], str]] = {
    # LLMConfig's fields -> ChatRequest's name, under which it is reported
    "max_token": ({"max_token": 77}, "max_tokens"),
    "temperature": ({"temperature": 0.77}, "temperature"),
    "top_p": ({"top_p": 0.77}, "top_p"),
    "top_k": ({"top_k": 5}, "top_k"),
    "repetition_penalty": ({"repetition_penalty": 1.25}, "repetition_penalty"),
    "stop": ({"stop": ("END",)}, "stop"),
    "presence_penalty": ({"presence_penalty": 0.25}, "presence_penalty"),
    "frequency_penalty": ({"frequency_penalty": 0.25}, "frequency_penalty"),
    "best_of": ({"best_of": 2}, "best_of"),
    "n": ({"n": 2}, "n"),
    "seed": ({"seed": 7}, "seed"),
    "logprobs": ({"logprobs": True}, "logprobs"),
    "top_logprobs": ({"logprobs": True, "top_logprobs": 3}, "logprobs"),
    "reasoning": ({"reasoning": True}, "reasoning"),
    "reasoning_max_token": ({"reasoning": True, "reasoning_max_token": 2048}, "reasoning"),
}
BEFORE: dict[str, dict[str, Any]] = {
    "top_logprobs": {"logprobs": True},
    "reasoning_max_token": {"reasoning": True},
}


def built(config: LLMConfig) -> Built:
    """A question with this configuration."""
    provider = registry.get(config.api_type).unwrap()
    return provider.build_chat(config, ChatRequest(messages="Hi")).unwrap()


@pytest.mark.parametrize("name", CHATS)
def test_a_setting_is_sent_or_its_loss_is_reported(name: str) -> None:
    check_each(partial(_is_sent_or_reported, name), SETTINGS)


def _is_sent_or_reported(name: str, setting: str) -> None:
    fields, reported = SETTINGS[setting]
    plain = msgspec.structs.replace(config_for(name), **BEFORE.get(setting, {}))
    before = built(plain)
    after = built(msgspec.structs.replace(plain, **fields))
    is_sent = after.request.body != before.request.body
    is_told = [one for one in after.adaptations if one.field.split(".")[0] == reported]
    assert is_sent or is_told


def test_what_no_api_takes_is_told_with_its_value() -> None:
    config = msgspec.structs.replace(config_for("openai"), best_of=2)
    made = built(config)
    assert b"best_of" not in made.request.body
    assert [(one.field, one.action, one.before) for one in made.adaptations] == [
        ("best_of", "dropped", 2)
    ]

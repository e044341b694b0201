"""A header of the configuration arrives exactly once: plain ones by `build`, credentials by `authorize`."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from llm_pure import ChatRequest, EmbedRequest, LLMConfig, user
from llm_pure.adapters import registry
from llm_pure.core.provider import Built, Provider
from llm_pure.types.operations import (
    ImageRequest,
    ListModelsRequest,
    ModerationRequest,
    SpeechRequest,
    TranscriptionRequest,
)
from llm_pure.types.result import LLMResult, Success
from tests.support.cassettes import config_for

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
PLAIN = (("X-Team", "red"), ("x-team", "blue"), ("User-Agent", "mine"), ("Accept", "a/b"))
SECRET = (("Helicone-Auth", "Bearer 0123456789"), ("x-gateway-token", "9876543210"))
CHAT = ChatRequest(messages=(user("Hi"),))
OPERATIONS = {
    "count_tokens": CHAT,
    "embed": EmbedRequest(input="Hi"),
    "images": ImageRequest(prompt="a cat"),
    "speech": SpeechRequest(input="Hi"),
    "transcribe": TranscriptionRequest(audio=b"RIFF\0\0\0\0WAVEfmt "),
    "moderate": ModerationRequest(input="Hi"),
    "models": ListModelsRequest(),
}


def builds(provider: Provider) -> Iterator[tuple[str, Callable[[LLMConfig], LLMResult[Built]]]]:
    """Every operation of the provider."""
    yield "chat", lambda config: provider.build_chat(config, CHAT)
    for name, request in OPERATIONS.items():
        operation: Any = getattr(provider, name)
        if operation is not None:
            yield name, lambda config, op=operation, body=request: op.build(config, body)  # type: ignore[misc]


@pytest.mark.parametrize("name", registry.names())
def test_a_users_header_arrives_exactly_once(name: str) -> None:
    provider = registry.get(name).unwrap()
    config = msgspec.structs.replace(config_for(name), headers=(*PLAIN, *SECRET))
    built = {}
    for operation, build in builds(provider):
        result = build(config)
        if isinstance(result, Success):
            built[operation] = result.unwrap().request
    assert built, "no operation of this provider was built"
    for operation, request in built.items():
        before = dict(request.headers)
        assert before["x-team"] == "blue", operation
        assert not {"helicone-auth", "x-gateway-token"} & set(before), operation
        headers = provider.authorize(config, request, NOW).unwrap().headers
        expected = {"x-team": "blue", "user-agent": "mine", "accept": "a/b"}
        expected |= {key.lower(): value for key, value in SECRET}
        for key, value in expected.items():
            values = [sent for header, sent in headers if header == key]
            assert values == [value], (operation, key)

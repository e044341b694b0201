"""What a provider can do is seen from what it builds, not from what it says."""

import msgspec
import pytest

from llm_pure import ChatRequest, LLMConfig
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.capabilities import capabilities
from llm_pure.core.provider import Built
from llm_pure.types.result import LLMResult, Success
from tests.support.tiny_provider import PROVIDER, build_chat


def test_a_field_that_leaves_no_mark_on_the_request_is_no_capability() -> None:
    """The tiny provider knows streams, and leaves out tools, pictures and reasoning without a word."""
    assert capabilities(PROVIDER) == {"chat", "stream", "embeddings", "count tokens"}


@pytest.mark.parametrize(("action", "there"), [("dropped", False), ("changed", True)])
def test_what_is_dropped_is_no_capability_and_what_is_changed_is_one(
    action: str, there: bool
) -> None:
    def build(config: LLMConfig, request: ChatRequest, *, strict: bool = False) -> LLMResult[Built]:
        made = build_chat(config, request).unwrap()
        if not request.tools:
            return Success(made)
        sent = msgspec.structs.replace(made.request, body=b"with tools")
        told = msgspec.convert(
            {"field": "tools/0/strict", "action": action, "reason": "because"}, Adaptation
        )
        return Success(Built(request=sent, adaptations=(told,)))

    provider = msgspec.structs.replace(PROVIDER, build_chat=build)

    assert ("tools" in capabilities(provider)) == there


def test_what_has_no_operation_is_no_capability() -> None:
    mute = msgspec.structs.replace(PROVIDER, embed=None, count_tokens=None)

    assert capabilities(mute) == {"chat", "stream"}

"""What a provider is said to be able to do is what its recordings show, and the page of them is true."""

from base64 import b64encode
from functools import cache
from pathlib import Path

import pytest

from llm_pure import Completion
from llm_pure.adapters import registry
from llm_pure.cli.providers import page, rows
from llm_pure.core.capabilities import CAPABILITIES, Capability, capabilities
from llm_pure.replay.checks.stream_properties import read_pieces
from tests.support.cassettes import Recorded, recorded
from tests.support.png import tiny_png

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "providers.md"
OTHER_OPERATIONS: dict[str, Capability] = {
    "embed": "embeddings",
    "count": "count tokens",
    "images": "images out",
    "speech": "speech",
    "transcribe": "transcription",
    "moderate": "moderation",
    "models": "model list",
    "batch_create": "batch",
    "batch_poll": "batch",
    "batch_results": "batch",
}
PICTURE = b64encode(tiny_png())


@cache
def shown() -> dict[str, set[Capability]]:
    """What the good answers of each provider show."""
    found: dict[str, set[Capability]] = {}
    for one in recorded():
        if one.is_answer:
            found.setdefault(one.provider.name, set()).update(_shown_by(one))
    return found


def _shown_by(one: Recorded) -> set[Capability]:
    if one.operation in OTHER_OPERATIONS:
        return {OTHER_OPERATIONS[one.operation]}
    answer = _answer(one)
    seen: set[Capability] = {"chat"}
    if one.streamed:
        seen.add("stream")
    if answer.tool_calls:
        seen.add("tools")
    if answer.reasoning and not answer.tool_calls:
        seen.add("reasoning")
    if PICTURE in one.interaction.request.body:
        seen.add("images")
    return seen


def _answer(one: Recorded) -> Completion:
    response = one.interaction.response
    if not one.streamed:
        return one.provider.parse_chat(response).unwrap()
    decoder = one.provider.open_stream(response.head)
    assert read_pieces(decoder, [response.body])[1] is None
    return decoder.partial()


@pytest.mark.parametrize("name", registry.names())
def test_what_a_provider_can_do_is_backed_by_its_cassettes(name: str) -> None:
    provider = registry.get(name).unwrap()

    assert capabilities(provider) - shown().get(provider.name, set()) == set()


@pytest.mark.parametrize("name", registry.names())
def test_what_the_cassettes_show_is_said(name: str) -> None:
    provider = registry.get(name).unwrap()

    assert shown().get(provider.name, set()) - capabilities(provider) == set()


def test_every_capability_is_somebodys_or_nobodys_yet() -> None:
    had = {one for name in registry.names() for one in capabilities(registry.get(name).unwrap())}

    assert had <= set(CAPABILITIES)
    assert {"chat", "stream", "tools", "images", "reasoning", "embeddings", "count tokens"} <= had


def test_the_page_of_providers_is_true() -> None:
    """`llm-pure providers --markdown > docs/reference/providers.md` writes it."""
    assert PAGE.read_text("utf-8") == page(rows(registry)) + "\n"

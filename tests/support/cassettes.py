"""Every cassette of this repository, read; and a configuration with which any provider can be asked."""

from collections.abc import Iterator
from functools import cache

import msgspec

from llm_pure import LLMConfig
from llm_pure.adapters import registry
from llm_pure.core.provider import Provider
from llm_pure.replay.cassette import Interaction
from llm_pure.replay.cassette_files import find_cassettes, load_cassette
from llm_pure.replay.checks.check import read_call
from tests.support.batch_scenarios import BATCH_OPERATIONS
from tests.support.configs import file_config
from tests.support.scenarios import CASSETTES

CANARY = "canary-9f8e7d6c5b4a39281706"
"""Stands in every credential field; it may be found nowhere but in an authorized request."""


MEDIA_OPERATIONS = ("images", "speech", "transcribe", "moderate", "models", *BATCH_OPERATIONS)
"""What `llm-pure cassette check` does not read."""


class Recorded(msgspec.Struct, frozen=True, kw_only=True):
    """One recorded exchange and who reads it."""

    file: str
    provider: Provider
    operation: str
    streamed: bool
    interaction: Interaction

    @property
    def is_answer(self) -> bool:
        """No error; some services tell those with status 200, so the file's name says it."""
        return self.file.rpartition("/")[2].split(".")[2] == "200"


@cache
def recorded() -> tuple[Recorded, ...]:
    """Every exchange in cassettes/."""
    return tuple(_recorded())


@cache
def recorded_of(name: str) -> tuple[Recorded, ...]:
    """Every exchange with one provider."""
    return tuple([one for one in recorded() if one.provider.name == name])


@cache
def streams(name: str) -> tuple[Recorded, ...]:
    """The good streamed answers of one provider."""
    return tuple([one for one in recorded_of(name) if one.streamed and one.is_answer])


def streaming_providers() -> tuple[str, ...]:
    """Those with a recorded stream."""
    return tuple(sorted({one.provider.name for one in recorded() if one.streamed}))


_MODELS = {"bedrock_invoke": "anthropic.claude-sonnet-4-5-v1:0"}
"""Models of those providers that want to know whose model it is."""


def config_for(name: str, *, secret: str = CANARY) -> LLMConfig:
    """A configuration with every field that some provider needs."""
    return file_config(
        api_type=name,
        base_url="https://service.test/v1",
        model=_MODELS.get(name, "some-model"),
        api_key=secret,
        access_key=secret,
        secret_key=secret,
        session_token=secret,
        api_secret=secret,
        app_id="app-1",
        region_name="us-east-1",
        project="project-1",
        location="us-central1",
        domain="generalv3",
    )


def chat_providers() -> tuple[str, ...]:
    """Every api_type that chats."""
    return tuple([name for name in registry.names() if not name.startswith("ollama.embed")])


def _recorded() -> Iterator[Recorded]:
    for path in find_cassettes(CASSETTES):
        for interaction in load_cassette(path).unwrap().interactions:
            call = read_call(interaction, registry)
            assert (call is None) == (interaction.operation in MEDIA_OPERATIONS), path
            yield Recorded(
                file=f"{path.parent.name}/{path.name}",
                provider=registry.get(interaction.provider).unwrap()
                if call is None
                else call.provider,
                operation=interaction.operation if call is None else call.operation,
                streamed=call is not None and call.streamed,
                interaction=interaction,
            )

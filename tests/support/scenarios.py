"""What is recorded: every provider asked the same questions, whole and streamed, and the errors that it answers.

A row of DIALECT_PROVIDERS and a row of QUESTIONS make one cassette. Its name is derived from the request that is built, so a
cassette whose request has changed is missed and not replayed by mistake.
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from llm_pure import ChatRequest, EmbedRequest, HttpRequest
from llm_pure.adapters import registry
from llm_pure.core.provider import Operation, Provider
from llm_pure.types.operations import (
    ImageRequest,
    ListModelsRequest,
    ModerationRequest,
    SpeechRequest,
    TranscriptionRequest,
)
from tests.support.questions import QUESTIONS, Question
from tests.support.speaker import AIMOCK_URL, KEY, LOOPBACK_URL, Speaker
from tests.support.speakers import DIALECT_PROVIDERS

CASSETTES = Path(__file__).parents[2] / "cassettes"
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
"""The time of every signature that is recorded."""

OPERATIONS: dict[type, str] = {
    EmbedRequest: "embed",
    ImageRequest: "images",
    SpeechRequest: "speech",
    TranscriptionRequest: "transcribe",
    ModerationRequest: "moderate",
    ListModelsRequest: "models",
}
"""What is asked -> the field of Provider that builds and parses it."""


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """One request to one provider, and where its exchange is kept."""

    speaker: Speaker
    name: str
    stream: bool

    @property
    def question(self) -> Question:
        """What is asked."""
        return QUESTIONS[self.name]

    @property
    def provider(self) -> Provider:
        """Who is asked."""
        return registry.get(self.speaker.provider).unwrap()

    @property
    def operation(self) -> str:
        """chat, count, or the name of the provider's operation."""
        if self.question.counts:
            return "count"
        return OPERATIONS.get(type(self.question.request), "chat")

    @property
    def asked_operation(self) -> Operation[Any, Any] | None:
        """What builds the request and parses the answer; None for chat."""
        field = "count_tokens" if self.question.counts else self.operation
        found: Operation[Any, Any] | None = getattr(self.provider, field, None)
        assert (found is None) == (self.operation == "chat"), self.id
        return found

    @property
    def built(self) -> HttpRequest:
        """The request without credentials."""
        if id(self) not in _BUILT:
            _BUILT[id(self)] = self, _build(self)
        return _BUILT[id(self)][1]

    @property
    def signed(self) -> HttpRequest:
        """The request as it is sent."""
        return self.provider.authorize(self.speaker.config, self.built, NOW).unwrap()

    @property
    def path(self) -> Path:
        """cassettes/<provider>/<operation>.<unary|stream>.<status>.<hash>.yaml."""
        request = self.built
        told = b"\n".join([request.method.encode(), request.url.encode(), request.body])
        how = "stream" if self.stream else "unary"
        digest = hashlib.sha256(told).hexdigest()[:8]
        name = f"{self.operation}.{how}.{self.question.status}.{digest}.yaml"
        return CASSETTES / self.speaker.provider / name

    @property
    def id(self) -> str:
        """For test ids."""
        how = "stream" if self.stream else "unary"
        return f"{self.speaker.provider}-{self.speaker.config.model}-{self.name}-{how}"


_BUILT: dict[int, tuple[Scenario, HttpRequest]] = {}
"""Requests by the scenario's `id`, which is its own as long as it lives."""


def _build(one: Scenario) -> HttpRequest:
    config, request, operation = one.speaker.config, one.question.request, one.asked_operation
    if operation is not None:
        return operation.build(config, request).unwrap().request
    assert isinstance(request, ChatRequest)
    asked = msgspec.structs.replace(request, stream=one.stream)
    return one.provider.build_chat(config, asked).unwrap().request


@cache
def _scenarios() -> tuple[Scenario, ...]:
    return tuple(_every_scenario())


def scenarios() -> Iterator[Scenario]:
    """Every one of them."""
    return iter(_scenarios())


def _every_scenario() -> Iterator[Scenario]:
    for speaker in DIALECT_PROVIDERS:
        for name in speaker.questions:
            for stream in (False, True) if speaker.streams else (False,):
                yield Scenario(speaker=speaker, name=name, stream=stream)


__all__ = [
    "AIMOCK_URL", "CASSETTES", "KEY", "LOOPBACK_URL", "NOW", "Question", "Scenario", "scenarios",
]  # fmt: skip

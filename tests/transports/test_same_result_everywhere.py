"""One suite for every transport and every way to call: what a cassette says, each of them says (law 8).

The cassettes are given by the replay transport, by a scripted one, and by the replay server to the real ones.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache
from typing import Any

import msgspec
import pytest

from llm_pure import LLMConfig, StreamEvent
from llm_pure.client import LLM
from llm_pure.client.transport_manager import AnyTransport
from llm_pure.policy.retry import NO_RETRY
from llm_pure.replay import Cassette, MatchRules, ReplayTransport, load_cassette, serve
from llm_pure.replay.checks.stream_properties import read_pieces
from llm_pure.replay.chunking import as_recorded, split_body
from llm_pure.replay.recording_index import RecordingIndex
from llm_pure.replay.server import ReplayServer
from llm_pure.transports.scripted import ScriptedResponse, ScriptedTransport
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.http import HttpRequest
from llm_pure.types.operations import ModelPage
from llm_pure.types.result import Failure, LLMResult, Success
from tests.support.carriers import run
from tests.support.expectations import without_remedy
from tests.support.scenarios import AIMOCK_URL, LOOPBACK_URL, Scenario, scenarios

CARRIERS = ("httpx", "httpx2", "aiohttp")
TRANSPORTS = ("replay", "scripted", *CARRIERS)
MODES = ("sync", "asyncio", "trio")

IMPOSSIBLE = {
    ("aiohttp", "sync"): (
        "aiohttp is async only: use the methods that begin with `a`, or the transport httpx"
    ),
    ("aiohttp", "trio"): "aiohttp runs on asyncio only: on trio use the transport httpx",
}

METHODS = {
    "chat": "completion",
    "count": "count_tokens",
    "embed": "embed",
    "images": "gen_image",
    "speech": "text_to_speech",
    "transcribe": "speech_to_text",
    "moderate": "moderation",
    "models": "list_models",
}

ANY_ORIGIN = MatchRules(origin=False)

Told = tuple[tuple[StreamEvent, ...], LLMResult[Any]]
"""The events of a stream, () of a whole answer; and how it ended."""


class Asked(msgspec.Struct, frozen=True):
    """A recorded question and its cassette; a list of models has one for each page."""

    scenario: Scenario
    cassettes: tuple[Cassette, ...]

    @property
    def request(self) -> tuple[Any, ...]:
        """The arguments of the client's method."""
        if self.scenario.operation == "models":
            return ()
        request: Any = self.scenario.question.request
        return (msgspec.structs.replace(request, stream=True) if self.scenario.stream else request,)

    def pure(self) -> Told:
        """What the parsers make of the recorded bytes, no transport between."""
        provider, operation = self.scenario.provider, self.scenario.asked_operation
        response, *further = [one.response for tape in self.cassettes for one in tape.interactions]
        if operation is not None:
            pages = [operation.parse(page) for page in (response, *further)]
            return (), joined(pages) if further else pages[0]
        if not self.scenario.stream:
            return (), provider.parse_chat(response)
        decoder = provider.open_stream(response.head)
        events, error = read_pieces(decoder, [response.body])
        return events, Success(decoder.partial()) if error is None else Failure(error)


def joined(pages: list[LLMResult[ModelPage]]) -> LLMResult[ModelPage]:
    """One list of all the models."""
    lists = [page.unwrap() for page in pages]
    models = tuple([model for one in lists for model in one.models])
    return Success(ModelPage(models=models, provider=lists[0].provider))


@cache
def asked() -> dict[str, tuple[Asked, ...]]:
    """By provider: of each model and service the first answer and the first error of every kind, whole and streamed."""
    alike: dict[tuple[object, ...], list[Scenario]] = {}
    for one in scenarios():
        config, fails = one.speaker.config, one.question.status >= 400
        place = (config.api_type, config.model, config.base_url)
        alike.setdefault((*place, one.operation, one.stream, fails), []).append(one)
    found: dict[str, list[Asked]] = {}
    for same in alike.values():
        recorded = same if same[0].operation == "models" else same[:1]
        cassettes = tuple([load_cassette(one.path).unwrap() for one in recorded])
        found.setdefault(same[0].speaker.provider, []).append(Asked(same[0], cassettes))
    return {name: tuple(questions) for name, questions in found.items()}


PROVIDERS = tuple(sorted({one.speaker.provider for one in scenarios()}))


def tapes_of(questions: tuple[Asked, ...]) -> list[Cassette]:
    return [tape for one in questions for tape in one.cassettes]


class Services:
    """For each provider a server on loopback that gives its cassettes, from when it is first asked for."""

    def __init__(self) -> None:
        self.stack = ExitStack()
        self._open: dict[str, ReplayServer] = {}

    def at(self, name: str, config: LLMConfig) -> LLMConfig:
        """The configuration, but of the service that answers from cassettes."""
        if name not in self._open:
            tapes = tapes_of(asked()[name])
            transport = ReplayTransport(*tapes, matching=ANY_ORIGIN, again=True)
            self._open[name] = self.stack.enter_context(serve(transport))
        path = (config.base_url or "").removeprefix(AIMOCK_URL).removeprefix(LOOPBACK_URL)
        return msgspec.structs.replace(config, base_url=self._open[name].url + path)


@pytest.fixture(scope="module")
def services() -> Iterator[Services]:
    made = Services()
    with made.stack:
        yield made


def script(questions: tuple[Asked, ...]) -> ScriptedTransport:
    """The cassettes as a script: bytes with the borders that they were recorded with."""
    shelf = RecordingIndex(tapes_of(questions), ANY_ORIGIN, again=True)

    def answer(request: HttpRequest) -> ScriptedResponse:
        taken = shelf.match(request).unwrap()
        head = taken.response.head
        body = tuple(split_body(taken, as_recorded))
        return ScriptedResponse(status=head.status, headers=head.headers, chunks=body)

    return ScriptedTransport(answer)


def transport_of(name: str, questions: tuple[Asked, ...]) -> AnyTransport:
    if name == "replay":
        return ReplayTransport(*tapes_of(questions), matching=ANY_ORIGIN, again=True)
    return script(questions) if name == "scripted" else name


def tell(llm: LLM, one: Asked) -> Told:
    """What the client says, sync."""
    if one.scenario.stream:
        with llm.stream(*one.request) as stream:
            events = tuple(stream)
        return events, stream.result()
    return (), getattr(llm, METHODS[one.scenario.operation])(*one.request)


async def atell(llm: LLM, one: Asked) -> Told:
    """The same, async."""
    if one.scenario.stream:
        async with llm.astream(*one.request) as stream:
            events = tuple([event async for event in stream])
        return events, stream.result()
    return (), await getattr(llm, f"a{METHODS[one.scenario.operation]}")(*one.request)


def tell_all(
    mode: str, questions: list[tuple[LLMConfig, Asked]], transport: AnyTransport
) -> list[Told]:
    """Every question to a client of its own, in turn; async ones in one event loop."""
    clients = [(LLM(config, transport, retry=NO_RETRY), one) for config, one in questions]
    if mode == "sync":
        return [tell(llm, one) for llm, one in clients]

    async def main() -> list[Told]:
        return [await atell(llm, one) for llm, one in clients]

    return run(mode, main)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("transport", TRANSPORTS)
def test_every_transport_says_what_the_cassette_says(
    transport: str, mode: str, provider: str, services: Services
) -> None:
    questions = asked()[provider]
    configs = [one.scenario.speaker.config for one in questions]
    if transport in CARRIERS:
        configs = [services.at(provider, config) for config in configs]
    expected = [one.pure() for one in questions]
    if (transport, mode) in IMPOSSIBLE:
        message = IMPOSSIBLE[transport, mode]
        error = InvalidConfiguration(provider=provider, message=message, field="transport")
        expected = [((), Failure(error)) for _ in questions]
    got = tell_all(
        mode, list(zip(configs, questions, strict=True)), transport_of(transport, questions)
    )
    assert [(events, without_remedy(result)) for events, result in got] == expected


def test_of_every_provider_that_chats_there_is_an_answer_a_stream_and_an_error() -> None:
    seen = {
        name: {
            (one.scenario.stream, one.scenario.question.status >= 400)
            for one in questions
            if one.scenario.operation == "chat"
        }
        for name, questions in asked().items()
    }
    embeds: set[tuple[bool, bool]] = set()
    every = {(False, False), (False, True), (True, False), (True, True)}
    lacking = {name: kinds for name, kinds in seen.items() if kinds != every}
    assert lacking == {"ollama.embed": embeds, "ollama.embeddings": embeds}

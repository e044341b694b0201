"""The table of clients x upstreams x situations: the server that it runs against, and what one row shows."""

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
from msgspec.structs import replace

from llm_pure.gateway.serving import serve_on_loopback
from llm_pure.replay.doubles import FromReceived, ProviderDouble, UpstreamResponse, serve_double
from llm_pure.replay.doubles.requests import read_request
from llm_pure.server import ReceivedRequest
from llm_pure.settings.config_parser import parse_config_file, read_yaml
from llm_pure.transports.scripted import ScriptedResponse, ScriptedTransport
from llm_pure.types.http import HttpRequest
from tests.clients.expectations import CUT_MESSAGE
from tests.clients.official import Answer
from tests.clients.upstreams import ONLY_STREAMED, PROVIDERS, SITUATIONS, USAGE, wire

STREAMS = ("_stream", "_helper")
"""Ends of the names of modes that stream."""


def situations_of(mode: str) -> list[str]:
    """The situations that a mode can be in."""
    return [name for name in SITUATIONS if mode.endswith(STREAMS) or name not in ONLY_STREAMED]


def upstream_answer(received: ReceivedRequest) -> UpstreamResponse:
    """The response that the name of the model stands for: "anthropic_messages-calls"."""
    dialect, _, situation = received.model.partition("-")
    response = wire(dialect, situation, stream=received.stream)
    return UpstreamResponse(provider=PROVIDERS[dialect], response=response)


@contextmanager
def translating_double() -> Iterator[ProviderDouble]:
    """A server that answers clients of every dialect with responses of every upstream."""
    with serve_double(FromReceived(upstream_answer)) as double:
        yield double


def wire_of(request: HttpRequest) -> ScriptedResponse:
    """The response of the upstream that a gateway asks: the model's name says which one it is, and in which situation."""
    sent = read_request(request)
    dialect, _, situation = sent.model.partition("-")
    response = wire(dialect, situation, stream=sent.streamed)
    return ScriptedResponse(
        status=response.status, headers=response.headers, chunks=(response.body,)
    )


@contextmanager
def translating_gateway(transport: ScriptedTransport | None = None) -> Iterator[str]:
    """The URL of a gateway with a model for each upstream and situation. `transport`: one of `wire_of`."""
    models = {
        f"{dialect}-{situation}": {"api_type": provider, "api_key": "any", "base_url": f"http://{dialect}.test/v1", "model": f"{dialect}-{situation}"}
        for dialect, provider in PROVIDERS.items()
        for situation in SITUATIONS
    }  # fmt: skip
    text = msgspec.json.encode({"models": models, "retry": {"max_attempts": 1}}).decode()
    configuration = parse_config_file(read_yaml(text).unwrap(), {}).unwrap()
    with serve_on_loopback(
        configuration, transport=transport or ScriptedTransport(wire_of)
    ) as running:
        yield running.url


SERVERS = ("double", "gateway")
"""What the table runs against: a double that answers with the responses of upstreams, and a gateway over them."""


@contextmanager
def server_url(name: str) -> Iterator[str]:
    """The URL of one of SERVERS."""
    if name == "gateway":
        with translating_gateway() as url:
            yield url
        return
    with translating_double() as double:
        yield double.url


def adjusted(answer: Answer, server: str, mode: str, upstream: str, situation: str) -> Answer:
    """The expected answer of a server. A gateway passes chunks of the client's own vendor on, and Gemini's have usage each."""
    own = upstream == "gemini_content" and mode in GOOGLE_STREAMS
    if server == "gateway" and own and situation in ONLY_STREAMED:
        return replace(answer, usage=(*USAGE, 0))
    return answer


GOOGLE_STREAMS = ("google_content_stream", "langchain_google_stream")
"""Modes that report the usage of a chunk although the stream fails."""

CUT_MESSAGES = (CUT_MESSAGE, "the provider of this model ended its answer early")
"""Of a server, and of a gateway, which shows no details of its upstream."""


def comparable(answer: Answer) -> Answer:
    """The answer with the beginning only of a cut's message, and without the signature, which has tests of its own."""
    error = answer.error
    if error is not None and error[1].startswith(CUT_MESSAGES):
        error = (error[0], CUT_MESSAGE)
    return replace(answer, error=error, signature=None)

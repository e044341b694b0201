"""The table of clients x upstreams x situations: the server that it runs against, and what one row shows."""

from collections.abc import Iterator
from contextlib import contextmanager

from msgspec.structs import replace

from llm_pure.replay.doubles import FromReceived, ProviderDouble, UpstreamResponse, serve_double
from llm_pure.server import ReceivedRequest
from tests.clients.expectations import CUT_MESSAGE
from tests.clients.official import Answer
from tests.clients.upstreams import ONLY_STREAMED, PROVIDERS, SITUATIONS, wire

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


def comparable(answer: Answer) -> Answer:
    """The answer with the beginning only of a cut's message, and without the signature, which has tests of its own."""
    error = answer.error
    if error is not None and error[1].startswith(CUT_MESSAGE):
        error = (error[0], CUT_MESSAGE)
    return replace(answer, error=error, signature=None)

"""The transport that answers from a script."""

import pytest

from llm_pure.transports.base import AsyncTransport, Timeouts, Transport
from llm_pure.transports.scripted import ResponseScript, ScriptedResponse, ScriptedTransport
from llm_pure.types.errors import ConnectionFailed, TimedOut
from llm_pure.types.http import HttpRequest, HttpResponse
from llm_pure.types.result import Failure, LLMResult, Success
from tests.support.carriers import every_way, run

ASKED = HttpRequest("POST", "https://a.example")
NO = ConnectionFailed(message="no")


def send(kind: str, transport: ScriptedTransport, **limits: float) -> LLMResult[HttpResponse]:
    timeouts = Timeouts(**limits)
    if kind == "sync":
        return transport.send(ASKED, timeouts)
    return run(kind, lambda: transport.asend(ASKED, timeouts))


def test_it_is_both_kinds_of_transport() -> None:
    transport = ScriptedTransport([])
    assert isinstance(transport, Transport)
    assert isinstance(transport, AsyncTransport)


@every_way
def test_answers_come_in_turn_and_requests_are_kept(kind: str) -> None:
    transport = ScriptedTransport([ScriptedResponse(chunks=(b"a", b"b")), NO])
    assert send(kind, transport) == Success(HttpResponse(200, (), b"ab"))
    assert send(kind, transport) == Failure(NO)
    assert isinstance(send(kind, transport), Failure)
    assert transport.requests == [ASKED] * 3


@every_way
def test_the_pieces_arrive_as_they_were_cut_and_the_fault_after_them(kind: str) -> None:
    script: ResponseScript = [ScriptedResponse(chunks=(b"a", b"", b"b"), error=NO)]
    transport = ScriptedTransport(script)

    async def pieces() -> list[LLMResult[bytes]]:
        async with transport.astream(ASKED, Timeouts()) as opened:
            return [piece async for piece in opened.unwrap()]

    if kind == "sync":
        with transport.stream(ASKED, Timeouts()) as opened:
            got = list(opened.unwrap())
    else:
        got = run(kind, pieces)
    assert got == [Success(b"a"), Success(b""), Success(b"b"), Failure(NO)]


@every_way
def test_a_script_may_be_a_function(kind: str) -> None:
    transport = ScriptedTransport(
        lambda request: ScriptedResponse(chunks=(request.method.encode(),))
    )
    assert send(kind, transport).unwrap().body == b"POST"


@every_way
@pytest.mark.parametrize(
    "slow", [ScriptedResponse(delay_s=9), ScriptedResponse(piece_delay_s=9, chunks=(b"a",))]
)
def test_a_delay_beyond_the_timeout_is_a_timeout(slow: ScriptedResponse, kind: str) -> None:
    got = send(kind, ScriptedTransport([slow]), read_s=0.01)
    assert isinstance(got, Failure)
    assert isinstance(got.failure(), TimedOut)

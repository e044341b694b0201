"""`embed` of many texts, asked of a client in as many calls as the service wants; sync and async alike."""

import json
from threading import Lock
from typing import Any

import msgspec
import pytest

from llm_pure import EmbedRequest, LLMConfig
from llm_pure.client import LLM
from llm_pure.policy.retry import NO_RETRY
from llm_pure.transports.base import Timeouts
from llm_pure.transports.scripted import ScriptedResponse, ScriptedTransport
from llm_pure.types.errors import InvalidRequest, LLMError, ProtocolError
from llm_pure.types.http import HttpRequest, HttpResponse
from llm_pure.types.result import Failure, LLMResult, Success
from tests.support.tiny_provider import JSON
from tests.support.twins import called, every_kind, scripted_llm

CONFIG = LLMConfig(api_type="cohere", api_key="k" * 30, model="embed-v4.0")


def texts(count: int) -> tuple[str, ...]:
    return tuple([f"text {number}" for number in range(count)])


def vectors(request: HttpRequest) -> ScriptedResponse:
    """For each text its number, as Cohere answers."""
    asked = json.loads(request.body)["texts"]
    rows = [[float(text.split()[1]), 1.0] for text in asked]
    meta = {"billed_units": {"input_tokens": len(asked)}}
    body = json.dumps({"embeddings": {"float": rows}, "meta": meta}).encode()
    return ScriptedResponse(headers=JSON, chunks=(body,))


def client(script: Any = vectors, **more: Any) -> tuple[LLM, ScriptedTransport]:
    return scripted_llm(CONFIG, script, retry=NO_RETRY, **more)


@every_kind
@pytest.mark.parametrize(("count", "calls"), [(1, 1), (96, 1), (97, 2), (500, 6)])
def test_texts_are_sent_in_batches_and_come_back_in_order(
    kind: str, count: int, calls: int
) -> None:
    llm, transport = client()
    got = called(kind, llm, "embed", texts(count))
    assert isinstance(got, Success)
    assert got.unwrap().vectors == tuple([(float(number), 1.0) for number in range(count)])
    assert got.unwrap().usage.input_tokens == count
    sizes = sorted([len(json.loads(request.body)["texts"]) for request in transport.requests])
    assert len(sizes) == calls
    assert (sum(sizes), max(sizes)) == (count, min(count, 96))


@every_kind
def test_progress_is_told_in_texts(kind: str) -> None:
    seen: list[tuple[int, int]] = []
    llm, _ = client()
    called(kind, llm, "embed", texts(200), on_progress=lambda *told: seen.append(told))
    assert [whole for _, whole in seen] == [200, 200, 200]
    assert [done for done, _ in seen] == sorted([done for done, _ in seen])
    assert seen[-1] == (200, 200)


@every_kind
def test_one_failing_batch_is_the_failure_and_stops_the_rest(kind: str) -> None:
    def script(request: HttpRequest) -> ScriptedResponse:
        if "text 100" in json.loads(request.body)["texts"]:
            return ScriptedResponse(status=400, headers=JSON, chunks=(b'{"message":"too long"}',))
        return vectors(request)

    llm, transport = client(script)
    got = called(kind, llm, "embed", texts(96 * 20), max_concurrency=1)
    assert isinstance(got, Failure)
    error: LLMError = got.failure()
    assert isinstance(error, InvalidRequest)
    assert error.message == "too long"
    assert len(transport.requests) == 2


class Counting(ScriptedTransport):
    """Knows how many calls were between their beginning and their end at once."""

    def __init__(self) -> None:
        super().__init__(
            lambda request: msgspec.structs.replace(vectors(request), piece_delay_s=0.02)
        )
        self._guard = Lock()
        self._here = 0
        self.most = 0

    def _count(self, step: int) -> None:
        with self._guard:
            self._here += step
            self.most = max(self.most, self._here)

    def send(self, request: HttpRequest, timeouts: Timeouts) -> LLMResult[HttpResponse]:
        self._count(1)
        try:
            return super().send(request, timeouts)
        finally:
            self._count(-1)

    async def asend(self, request: HttpRequest, timeouts: Timeouts) -> LLMResult[HttpResponse]:
        self._count(1)
        try:
            return await super().asend(request, timeouts)
        finally:
            self._count(-1)


@every_kind
def test_calls_run_side_by_side_and_no_more_of_them_than_allowed(kind: str) -> None:
    transport = Counting()
    llm = LLM(CONFIG, transport, retry=NO_RETRY)
    assert isinstance(called(kind, llm, "embed", texts(960), max_concurrency=3), Success)
    assert len(transport.requests) == 10
    assert transport.most == 3


@every_kind
def test_a_service_that_leaves_a_text_out_is_a_fault(kind: str) -> None:
    def script(request: HttpRequest) -> ScriptedResponse:
        body = json.dumps({"embeddings": {"float": [[1.0]]}}).encode()
        return ScriptedResponse(headers=JSON, chunks=(body,))

    got = called(kind, client(script)[0], "embed", ["a", "b"])
    message = "2 texts were sent, 1 vectors received"
    assert got == Failure(ProtocolError(message=message, provider="cohere", where="vectors"))


@every_kind
def test_a_fallback_with_a_smaller_limit_decides_the_size(kind: str) -> None:
    other = LLMConfig(api_type="dashscope", api_key="k" * 30, model="text-embedding-v4")
    llm, transport = client(fallbacks=(other,))
    assert isinstance(called(kind, llm, "embed", texts(25)), Success)
    assert len(transport.requests) == 3


@every_kind
def test_a_request_keeps_its_settings_in_every_batch(kind: str) -> None:
    llm, transport = client()
    request = EmbedRequest(input=texts(100), dimensions=256, task="search_query")
    assert isinstance(called(kind, llm, "embed", request), Success)
    for sent in transport.requests:
        body = json.loads(sent.body)
        assert (body["output_dimension"], body["input_type"]) == (256, "search_query")


@every_kind
def test_a_configuration_that_cannot_work_is_the_failure(kind: str) -> None:
    llm = LLM(LLMConfig(api_type="cohere", model="m"), ScriptedTransport([]), retry=NO_RETRY)
    assert isinstance(called(kind, llm, "embed", texts(3)), Failure)
    nobody = LLM(LLMConfig(api_type="nobody", model="m"), ScriptedTransport([]))
    assert isinstance(called(kind, nobody, "embed", texts(300)), Failure)

"""Many questions: in turn as one conversation, and side by side."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Barrier
from time import sleep
from typing import Any

import anyio
import msgspec

from llm_pure import Completion
from llm_pure.client import LLM
from llm_pure.policy.retry import NO_RETRY
from llm_pure.transports.base import Timeouts
from llm_pure.transports.scripted import ResponseScript, ScriptedResponse, ScriptedTransport
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.http import HttpRequest, HttpResponse
from llm_pure.types.result import Failure, LLMResult, Success
from tests.support.tiny_provider import JSON, REGISTRY, config, whole
from tests.support.twins import called, every_kind


def turns_of(request: HttpRequest) -> list[list[str]]:
    turns: list[list[str]] = msgspec.json.decode(request.body)["turns"]
    return turns


def provider_metadata(request: HttpRequest) -> ScriptedResponse:
    """Answers "A!" to "a"; "bad" is refused, "slow" takes a while."""
    word = turns_of(request)[-1][1]
    if word == "bad":
        return ScriptedResponse(status=400, headers=JSON, chunks=(b'{"error": "bad"}',))
    delay_s = 0.05 if word == "slow" else 0.0
    return ScriptedResponse(headers=JSON, chunks=(whole(f"{word.upper()}!"),), delay_s=delay_s)


def client(**fields: Any) -> tuple[LLM, ScriptedTransport]:
    transport = ScriptedTransport(provider_metadata)
    made = config(stream=False, **fields)
    return LLM(made, transport, registry=REGISTRY, retry=NO_RETRY), transport


@every_kind
def test_each_question_is_asked_with_all_that_was_said_before(kind: str) -> None:
    llm, transport = client()
    talk = called(kind, llm, "ask_batch", ["a", "b"], system_msgs="Shout.").unwrap()
    assert turns_of(transport.requests[1]) == [
        ["system", "Shout."],
        ["user", "a"],
        ["assistant", "A!"],
        ["user", "b"],
    ]
    assert talk.text == "A!\nB!"
    assert [turn.text for turn in talk.messages] == ["Shout.", "a", "A!", "b", "B!"]


@every_kind
def test_the_first_error_ends_a_conversation_and_the_answers_before_were_told(kind: str) -> None:
    llm, transport = client()
    heard: list[tuple[int, LLMResult[Completion]]] = []
    got = called(
        kind, llm, "ask_batch", ["a", "bad", "c"], on_result=lambda *told: heard.append(told)
    )
    assert isinstance(got.failure(), InvalidRequest)
    assert [number for number, _ in heard] == [0, 1]
    assert heard[0][1].unwrap().text == "A!"
    assert len(transport.requests) == 2


@every_kind
def test_a_question_that_is_no_message_is_an_error(kind: str) -> None:
    llm, transport = client()
    got = called(kind, llm, "ask_batch", ["a", {"role": "nobody", "content": "b"}])
    assert isinstance(got.failure(), InvalidRequest)
    assert len(transport.requests) == 1


@every_kind
def test_parallel_answers_stand_in_the_order_of_the_questions(kind: str) -> None:
    llm, _ = client()
    got = called(kind, llm, "ask_batch_parallel", ["slow", "a", "b"], max_concurrency=3)
    assert got == (Success("SLOW!"), Success("A!"), Success("B!"))


@every_kind
def test_one_failure_harms_no_other(kind: str) -> None:
    llm, _ = client()
    got = called(kind, llm, "ask_batch_parallel", ["a", "bad", "b"])
    assert (got[0], got[2]) == (Success("A!"), Success("B!"))
    assert isinstance(got[1], Failure)


@every_kind
def test_progress_is_told_for_each_answer_as_it_comes(kind: str) -> None:
    llm, _ = client()
    heard: list[tuple[int, LLMResult[str]]] = []
    called(
        kind,
        llm,
        "ask_batch_parallel",
        ["slow", "a"],
        max_concurrency=2,
        on_result=lambda *told: heard.append(told),
    )
    assert heard == [(1, Success("A!")), (0, Success("SLOW!"))]


class Watching(ScriptedTransport):
    """Knows how many calls it carried at once."""

    def __init__(self, script: ResponseScript) -> None:
        super().__init__(script)
        self.busy = 0
        self.most = 0

    @contextmanager
    def counted(self) -> Iterator[None]:
        self.busy += 1
        self.most = max(self.most, self.busy)
        yield
        self.busy -= 1

    def send(self, request: HttpRequest, timeouts: Timeouts) -> LLMResult[HttpResponse]:
        with self.counted():
            sleep(0.005)
            return super().send(request, timeouts)

    async def asend(self, request: HttpRequest, timeouts: Timeouts) -> LLMResult[HttpResponse]:
        with self.counted():
            await anyio.sleep(0.005)
            return await super().asend(request, timeouts)


@every_kind
def test_no_more_run_at_once_than_allowed(kind: str) -> None:
    transport = Watching(provider_metadata)
    llm = LLM(config(stream=False), transport, registry=REGISTRY)
    got = called(kind, llm, "ask_batch_parallel", ["q"] * 12, max_concurrency=3)
    assert got == (Success("Q!"),) * 12
    assert transport.most == 3


@every_kind
def test_no_question_gives_no_answer(kind: str) -> None:
    llm, _ = client()
    assert called(kind, llm, "ask_batch_parallel", []) == ()
    assert called(kind, llm, "ask_batch", []).unwrap().text == ""


def test_parallel_questions_take_the_time_of_one() -> None:
    together = Barrier(8)

    class Waiting(ScriptedTransport):
        def send(self, request: HttpRequest, timeouts: Timeouts) -> LLMResult[HttpResponse]:
            together.wait(30)  # until all eight are sent
            return super().send(request, timeouts)

    llm = LLM(config(stream=False), Waiting(provider_metadata), registry=REGISTRY, retry=NO_RETRY)
    assert llm.ask_batch_parallel(["q"] * 8, max_concurrency=8) == (Success("Q!"),) * 8

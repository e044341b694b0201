"""An answer that is cut is no success of `ask` and the like, and a Completion as it is of `completion` and streams."""

from collections.abc import Callable
from typing import Any, get_args

import msgspec
import pytest

from llm_pure import (
    LLM,
    ChatRequest,
    Choice,
    Completion,
    FinishReason,
    LLMConfig,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    assistant,
)
from llm_pure.client.completeness import STOPPED, require_complete
from llm_pure.output.code import CODE_TOOL, CodeOutput
from llm_pure.policy.retry import NO_RETRY
from llm_pure.transports.scripted import ScriptedResponse, ScriptedTransport
from llm_pure.types.errors import ContentFiltered, IncompleteAnswer
from llm_pure.types.result import Failure, Success
from tests.support.twins import called, every_kind, streamed

CALL = ToolCall("c", "look", "{}")


def completion(*parts: Any, reason: FinishReason = "stop") -> Completion:
    return Completion(provider="p", message=assistant(*parts), finish_reason=reason)


COMPLETE = {
    "a text": completion("Hi"),
    "a text, and a reason of a gateway": completion("Hi", reason="unknown"),
    "nothing": completion(),
    "nothing, and no reason": completion(reason="unknown"),
    "reasoning only": completion(Reasoning("hm")),
    "a text whose reason is calls, without calls": completion("Hi", reason="tool_calls"),
    "one complete choice of several": msgspec.structs.replace(
        completion("Hi"), alternatives=(Choice(message=assistant("Ho"), finish_reason="length"),)
    ),
}
CUT: dict[str, tuple[Completion, FinishReason]] = {
    "length": (completion("Hi", reason="length"), "length"),
    "length, before any text": (completion(Reasoning("hm"), reason="length"), "length"),
    "length, in a call": (completion(CALL, reason="length"), "length"),
    "a filter": (completion("Hi", reason="content_filter"), "content_filter"),
    "a filter, before any text": (completion(reason="content_filter"), "content_filter"),
    "a pause": (completion("Hi", reason="pause"), "pause"),
    "an error": (completion("Hi", reason="error"), "error"),
    "calls": (completion(CALL, reason="tool_calls"), "tool_calls"),
    "calls after a text": (completion("Let me see.", CALL, reason="tool_calls"), "tool_calls"),
    "calls that end in stop": (completion(CALL), "tool_calls"),
    "calls without a reason": (completion(CALL, reason="unknown"), "tool_calls"),
    "a reason of calls, and nothing else": (completion(reason="tool_calls"), "tool_calls"),
}
REFUSED = {
    "a refusal": completion(Refusal("No."), reason="refusal"),
    "a refusal that ends in stop": completion(Refusal("No.")),
    "a text that a classifier ended": completion("Well", reason="refusal"),
}


@pytest.mark.parametrize("name", COMPLETE)
def test_a_complete_answer_is_given_as_it_is(name: str) -> None:
    assert require_complete(COMPLETE[name]) == Success(COMPLETE[name])


@pytest.mark.parametrize("name", CUT)
def test_a_cut_answer_is_an_error_with_the_answer_so_far(name: str) -> None:
    answer, reason = CUT[name]
    error = require_complete(answer).failure()
    assert isinstance(error, IncompleteAnswer)
    assert (error.finish_reason, error.partial, error.provider) == (reason, answer, "p")
    assert not error.retryable


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_is_an_error_of_the_content(name: str) -> None:
    answer = REFUSED[name]
    assert require_complete(answer) == Failure(
        ContentFiltered(
            message=answer.refusal or "the model refused to answer", provider="p", partial=answer
        )
    )


def test_a_call_of_the_tool_that_carries_the_answer_is_an_answer() -> None:
    assert require_complete(CUT["calls"][0], "look") == Success(CUT["calls"][0])
    assert isinstance(require_complete(CUT["length, in a call"][0], "look"), Failure)


def test_every_finish_reason_is_decided() -> None:
    assert {*STOPPED, "stop", "refusal", "unknown"} == set(get_args(FinishReason))


# the methods of a client, over OpenAI's dialect


def body(reason: str, content: str | None = "Hal", **message: Any) -> ScriptedResponse:
    choice = {
        "message": {"role": "assistant", "content": content, **message},
        "finish_reason": reason,
    }
    answer = {"id": "c", "model": "m", "choices": [{"index": 0, **choice}]}
    headers = (("content-type", "application/json"),)
    return ScriptedResponse(headers=headers, chunks=(msgspec.json.encode(answer),))


def client(*answers: ScriptedResponse) -> LLM:
    config = LLMConfig(api_key="k" * 24, model="m", stream=False)
    return LLM(config, ScriptedTransport(answers), retry=NO_RETRY)


TOOL_CALL = {"id": "c", "type": "function", "function": {"name": "look", "arguments": "{}"}}
ENDS: dict[str, ScriptedResponse] = {
    "length": body("length"),
    "content_filter": body("content_filter"),
    "tool_calls": body("tool_calls", None, tool_calls=[TOOL_CALL]),
}
METHODS: dict[str, Callable[[LLM, str], Any]] = {
    "ask": lambda llm, kind: called(kind, llm, "ask", "Hi"),
    "completion_text": lambda llm, kind: called(kind, llm, "completion_text", "Hi"),
    "ask_batch": lambda llm, kind: called(kind, llm, "ask_batch", ["Hi"]),
    "ask_batch_parallel": lambda llm, kind: called(kind, llm, "ask_batch_parallel", ["Hi"])[0],
    "ask_code": lambda llm, kind: called(kind, llm, "ask_code", "Hi"),
    "ask_typed": lambda llm, kind: called(kind, llm, "ask_typed", dict[str, int], "Hi"),
}


@every_kind
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("end", ENDS)
def test_a_cut_answer_is_no_success_of_a_method_that_gives_the_answer(
    method: str, end: str, kind: str
) -> None:
    error = METHODS[method](client(ENDS[end]), kind).failure()
    assert isinstance(error, IncompleteAnswer)
    assert (error.finish_reason, error.partial.text, error.provider) == (
        end, "" if end == "tool_calls" else "Hal", "openai",
    )  # fmt: skip


@every_kind
@pytest.mark.parametrize("end", ENDS)
def test_completion_and_streams_give_the_completion_as_it_is(end: str, kind: str) -> None:
    answer = called(kind, client(ENDS[end]), "completion", "Hi").unwrap()
    assert answer.finish_reason == end
    _, result = streamed(kind, client(ENDS[end]), ChatRequest(messages="Hi"))
    assert result.unwrap() == answer


@every_kind
def test_the_refusal_of_a_model_is_no_empty_success(kind: str) -> None:
    for method, call in METHODS.items():
        error = call(client(body("stop", None, refusal="No.")), kind).failure()
        assert isinstance(error, ContentFiltered), method
        assert (error.message, error.partial and error.partial.refusal) == ("No.", "No."), method


@every_kind
def test_a_conversation_ends_with_the_turn_that_was_cut(kind: str) -> None:
    results: list[Any] = []
    llm = client(body("stop", "One."), body("length", "Tw"), body("stop", "Three."))
    outcome = called(
        kind, llm, "ask_batch", ["a", "b", "c"], on_result=lambda _, result: results.append(result)
    )
    assert outcome.failure().partial.text == "Tw"
    assert [type(result) for result in results] == [Success, Failure]


@every_kind
def test_of_parallel_questions_only_the_cut_one_fails(kind: str) -> None:
    llm = LLM(
        LLMConfig(api_key="k" * 24, model="m", stream=False),
        ScriptedTransport(lambda request: body("length" if b'"b"' in request.body else "stop")),
        retry=NO_RETRY,
    )
    results = called(kind, llm, "ask_batch_parallel", ["a", "b", "c"])
    assert [type(result) for result in results] == [Success, Failure, Success]


@every_kind
def test_code_and_values_in_a_forced_call_are_answers(kind: str) -> None:
    arguments = '{"language": "python", "code": "1"}'
    call = {
        "id": "c",
        "type": "function",
        "function": {"name": CODE_TOOL.name, "arguments": arguments},
    }
    code = called(kind, client(body("tool_calls", None, tool_calls=[call])), "ask_code", "Hi")
    assert isinstance(code.unwrap(), CodeOutput)
    assert code.unwrap().code == "1"


def test_a_stream_of_ask_that_is_cut_shows_its_events_and_fails() -> None:
    pieces = [
        {"choices": [{"index": 0, "delta": {"content": "Hal"}}]},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "length"}]},
    ]
    data = b"".join([b"data: " + msgspec.json.encode(piece) + b"\n\n" for piece in pieces])
    sse = (("content-type", "text/event-stream"),)
    answer = ScriptedResponse(headers=sse, chunks=(data, b"data: [DONE]\n\n"))
    seen: list[Any] = []
    error = client(answer).ask("Hi", stream=True, on_event=seen.append).failure()
    assert isinstance(error, IncompleteAnswer)
    assert error.partial.message.parts == (Text("Hal"),)
    assert any(getattr(event, "text", "") == "Hal" for event in seen)

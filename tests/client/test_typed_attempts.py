"""`ask_typed(..., attempts=)`: an answer that does not match is asked for again, with its error."""

import json
from typing import Any

import msgspec
import pytest

from llm_pure import LLM, LLMConfig
from llm_pure.policy.retry import NO_RETRY
from llm_pure.transports.scripted import ScriptedResponse, ScriptedTransport
from llm_pure.types.errors import (
    ConnectionFailed,
    ContentFiltered,
    IncompleteAnswer,
    InvalidRequest,
    ProtocolError,
)
from llm_pure.types.result import Success
from tests.support.agents import JSON, KEY, says, scripted, sent
from tests.support.twins import called, every_kind


class Place(msgspec.Struct):
    city: str


GOOD, WRONG = '{"city": "Oslo"}', '{"city": 1}'


@every_kind
@pytest.mark.parametrize("wrong", [WRONG, "In Oslo.", "{}"])
def test_a_wrong_answer_is_sent_back_with_its_error(kind: str, wrong: str) -> None:
    llm, transport = scripted(says(wrong), says(GOOD))
    assert called(kind, llm, "ask_typed", Place, "Where?", attempts=3) == Success(Place("Oslo"))
    first, second = sent(transport, 0), sent(transport, 1)
    assert second["messages"][: len(first["messages"])] == first["messages"]
    answer, correction = second["messages"][len(first["messages"]) :]
    assert (answer["role"], answer["content"]) == ("assistant", wrong)
    assert correction["role"] == "user"
    assert correction["content"].endswith(
        "Answer again, with all of the answer, as the schema says."
    )
    assert second["response_format"] == first["response_format"]
    assert llm.get_costs().totals.calls == 2


@every_kind
def test_the_last_error_has_every_attempt(kind: str) -> None:
    llm, transport = scripted(says(WRONG), says("{}"), says('{"city": 3}'), says(GOOD))
    error = called(kind, llm, "ask_typed", Place, "Where?", attempts=3).failure()
    assert isinstance(error, ProtocolError)
    assert error.partial is not None
    assert error.partial.text == '{"city": 3}'
    assert error.remedy == "all 3 attempts are in error.run: use a simpler type or another model"
    assert error.run is not None
    assert [step.completion.text for step in error.run.steps] == [WRONG, "{}", '{"city": 3}']
    assert [message.role for message in error.run.messages] == [
        "system", "user", "assistant", "user", "assistant", "user", "assistant",
    ]  # fmt: skip
    assert len(transport.requests) == 3


@every_kind
def test_one_attempt_is_the_default(kind: str) -> None:
    llm, transport = scripted(says(WRONG), says(GOOD))
    error = called(kind, llm, "ask_typed", Place, "Where?").failure()
    assert isinstance(error, ProtocolError)
    assert error.run is None
    assert len(transport.requests) == 1


@every_kind
def test_an_answer_that_is_cut_or_refused_and_a_failed_call_are_not_asked_again(kind: str) -> None:
    refusal = says("").chunks[0].replace(b'"content": ""', b'"content": null, "refusal": "No."')
    rows: list[tuple[Any, type[Any], int]] = [
        (says('{"ci', finish="length"), IncompleteAnswer, 2),
        (ScriptedResponse(headers=JSON, chunks=(refusal,)), ContentFiltered, 2),
        (ConnectionFailed(message="reset", retryable=False), ConnectionFailed, 1),
    ]
    for fault, error_kind, steps in rows:
        llm, transport = scripted(says(WRONG), fault, says(GOOD))
        error = called(kind, llm, "ask_typed", Place, "Where?", attempts=5).failure()
        assert isinstance(error, error_kind)
        assert error.run is not None
        assert len(error.run.steps) == steps
        assert len(transport.requests) == 2


def _claude(arguments: Any) -> ScriptedResponse:
    body = {
        "type": "message", "role": "assistant", "model": "m", "id": "m", "stop_reason": "tool_use",
        "content": [{"type": "tool_use", "id": "t1", "name": "Place", "input": arguments}],
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }  # fmt: skip
    return ScriptedResponse(headers=JSON, chunks=(json.dumps(body).encode(),))


@every_kind
def test_a_wrong_call_gets_its_error_as_a_result(kind: str) -> None:
    """A model without schemas answers by a forced tool call."""
    transport = ScriptedTransport([_claude({"city": 1}), _claude({"city": "Oslo"})])
    config = LLMConfig(api_type="anthropic", model="claude-sonnet-4-0", api_key=KEY)
    llm = LLM(config, transport, retry=NO_RETRY)
    assert called(kind, llm, "ask_typed", Place, "Where?", attempts=2) == Success(Place("Oslo"))
    body = sent(transport)
    assert body["tool_choice"] == {"type": "tool", "name": "Place"}
    call, result = [turn["content"][0] for turn in body["messages"][-2:]]
    assert (call["type"], call["id"], call["input"]) == ("tool_use", "t1", {"city": 1})
    assert (result["tool_use_id"], result["is_error"]) == ("t1", True)
    assert "(at $.city)" in json.dumps(result["content"])


@every_kind
@pytest.mark.parametrize("attempts", [0, -1, True, "3", 2.0, None])
def test_attempts_must_be_a_number_of_at_least_one(kind: str, attempts: Any) -> None:
    llm, transport = scripted(says(GOOD))
    error = called(kind, llm, "ask_typed", Place, "Where?", attempts=attempts).failure()
    assert isinstance(error, InvalidRequest)
    assert error.param == "attempts"
    assert transport.requests == []

"""The older /v1/completions: a prompt in, text out, as the official package reads it."""

import json

import pytest
from openai.types import Completion as TextCompletion

from llm_pure import Completion, Reasoning, Text, Usage, assistant, user
from llm_pure.core.buffered_body import completion_to_events
from llm_pure.server import ReceivedRequest, server_dialects
from llm_pure.types.errors import InvalidRequest, StreamInterrupted
from llm_pure.types.result import Failure, Success
from tests.support.raw_clients import events, request

DIALECT = server_dialects["openai_chat"]
ANSWER = Completion(
    id="cmpl-1",
    model="m",
    message=assistant(Reasoning("hm"), Text("Yes.")),
    finish_reason="length",
    usage=Usage(3, 2),
)


def read(**body: object) -> ReceivedRequest:
    sent = request("openai_chat", dict(body))
    sent = type(sent)("POST", "http://test/v1/completions", (), sent.body)
    return DIALECT.parse_request(sent).unwrap()


def test_a_prompt_is_a_users_message() -> None:
    received = read(prompt=["Is it?"], max_tokens=5, logprobs=2, stop="\n", echo=True)
    assert received.form == "text"
    assert received.messages == (user("Is it?"),)
    assert (received.chat.max_tokens, received.chat.logprobs, received.chat.stop) == (5, 2, ("\n",))
    assert [change.field for change in received.adaptations] == ["echo"]


@pytest.mark.parametrize("prompt", [None, ["a", "b"], [1, 2], [[1]], 7, {}])
def test_other_prompts_are_errors_with_their_path(prompt: object) -> None:
    sent = request("openai_chat", {"prompt": prompt})
    sent = type(sent)("POST", "/v1/completions", (), sent.body)
    error = DIALECT.parse_request(sent).failure()
    assert isinstance(error, InvalidRequest)
    assert (error.param, error.status) == ("prompt", 400)


def test_the_answer_is_text() -> None:
    received = read(prompt="Is it?")
    response = DIALECT.build_response(ANSWER, received)
    expected = {
        "id": "cmpl-1",
        "object": "text_completion",
        "created": 0,
        "model": "m",
        "choices": [{"text": "Yes.", "index": 0, "logprobs": None, "finish_reason": "length"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
    }
    assert json.loads(response.body) == expected
    assert TextCompletion.model_validate(expected, strict=True).choices[0].text == "Yes."
    losses = [change.field for change in DIALECT.response_adaptations(ANSWER, received)]
    assert losses == ["message/reasoning"]


@pytest.mark.parametrize("usage", [True, False])
def test_a_stream_is_chunks_of_text(usage: bool) -> None:
    received = read(prompt="Is it?", stream=True, stream_options={"include_usage": usage})
    encoder = DIALECT.open_encoder(received)
    data = b"".join([encoder.encode((event,)) for event in completion_to_events(ANSWER)])
    data += encoder.keep_alive() + encoder.close(Success(ANSWER))
    chunks = [TextCompletion.construct(**chunk) for chunk in events(data)]  # as the package does
    assert [(c.choices[0].text, c.choices[0].finish_reason) for c in chunks if c.choices] == [
        ("Yes.", None),
        ("", "length"),
    ]
    assert [c.usage.total_tokens for c in chunks if c.usage] == ([5] if usage else [])
    assert data.endswith(b"data: [DONE]\n\n")


def test_a_stream_that_breaks_is_an_error() -> None:
    encoder = DIALECT.open_encoder(read(prompt="Is it?", stream=True))
    data = encoder.encode(completion_to_events(ANSWER)[:2])
    data += encoder.close(Failure(StreamInterrupted(message="gone")))
    assert events(data)[-1]["error"]["message"] == "gone"
    assert b"[DONE]" not in data

"""The short way through an answer of words alone gives what the long way gives, or leaves the answer to it."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import Completion, HttpResponse, Usage, assistant
from llm_pure.adapters.dialects.openai_chat import Quirks, make_service
from llm_pure.adapters.dialects.openai_chat.response import parse_chat, read_plain_response
from llm_pure.types.result import Success
from tests.support.cassettes import Recorded, recorded
from tests.support.laws import examples
from tests.support.rows import check_each

TAGGED = Quirks(think_tags=True)
HEADERS = (("x-request-id", "req_1"),)

ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, "", "a", 0, 1, 1.5, 10**30, True, [], {}, ["a"], {"a": 1}, [None], "<think>a</think>b"]
)


def often(usual: Any) -> st.SearchStrategy[Any]:
    """What services say here, and now and then anything else."""
    return st.just(usual) | st.just(usual) | st.just(usual) | ODD


def some(fields: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects with some of these fields, and now and then one that nobody knows."""
    rare = st.integers(0, 9).flatmap(lambda one: st.just({}) if one else st.just({"other": ODD}))
    return rare.flatmap(lambda more: st.fixed_dictionaries({}, optional={**fields, **more}))


MESSAGES = some(
    {
        "role": often("assistant"),
        "content": often("Hello <b>") | st.text(max_size=5),
        "refusal": often(None),
        "tool_calls": often(None),
        "function_call": often(None),
        "reasoning_content": often(None),
        "annotations": often([]),
        "audio": often(None),
    }
)
CHOICES = some(
    {
        "index": often(0),
        "message": MESSAGES | ODD,
        "finish_reason": often("stop"),
        "logprobs": often(None),
    }
)
USAGES = some({"prompt_tokens": often(3), "completion_tokens": often(2), "total_tokens": often(5)})
ANSWERS = some(
    {
        "id": often("chatcmpl-1"),
        "object": often("chat.completion"),
        "created": often(1_700_000_000),
        "model": often("gpt-5"),
        "choices": st.lists(CHOICES, min_size=1, max_size=1) | st.lists(CHOICES, max_size=2) | ODD,
        "usage": USAGES | ODD,
        "service_tier": often("default"),
        "system_fingerprint": often("fp_1"),
    }
)


@given(ANSWERS, st.sampled_from([Quirks(), TAGGED]))
@examples(400)
def test_both_ways_give_one_completion(body: dict[str, Any], quirks: Quirks) -> None:
    response = HttpResponse(200, HEADERS, msgspec.json.encode(body))
    plain = read_plain_response(make_service("any", quirks), response)
    assert plain is None or Success(plain) == parse_chat(make_service("any", quirks), response)


WHOLE = [
    one
    for one in recorded()
    if one.provider.dialect == "openai_chat" and one.operation == "chat" and not one.streamed
]


def test_both_ways_read_what_was_recorded() -> None:
    check_each(_both_ways_read, WHOLE)


def _both_ways_read(one: Recorded) -> None:
    response = one.interaction.response
    plain = read_plain_response(make_service("any", Quirks()), response)
    assert plain is None or Success(plain) == parse_chat(make_service("any", Quirks()), response)


def test_words_alone_take_the_short_way() -> None:
    message: dict[str, Any] = {
        "role": "assistant",
        "content": "Hello",
        "refusal": None,
        "annotations": [],
    }
    choice: dict[str, Any] = {
        "index": 0,
        "message": message,
        "logprobs": None,
        "finish_reason": "stop",
    }
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "gpt-5",
        "choices": [choice],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2},
        "service_tier": "default",
        "system_fingerprint": None,
    }
    response = HttpResponse(200, HEADERS, msgspec.json.encode(body))
    assert read_plain_response(make_service("any", TAGGED), response) == Completion(
        id="chatcmpl-1",
        model="gpt-5",
        provider="any",
        message=assistant("Hello"),
        finish_reason="stop",
        raw_finish_reason="stop",
        usage=Usage(3, 2, raw={"prompt_tokens": 3, "completion_tokens": 2}),
        extra={"created": 1, "service_tier": "default", "request_id": "req_1"},
    )

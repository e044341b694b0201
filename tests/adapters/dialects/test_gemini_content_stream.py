"""Streams of generateContent -> events, in both framings, however they are cut."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import ChatRequest, Completion, HttpResponse, LLMConfig, ResponseHead, collect, user
from llm_pure.adapters.dialects.gemini_content import open_stream, parse_chat
from llm_pure.adapters.dialects.gemini_content.frames import BEGIN, CLOSED, END
from llm_pure.adapters.dialects.gemini_content.stream import State, step
from llm_pure.adapters.gemini import PROVIDER
from llm_pure.completion import Usage
from llm_pure.errors import (
    ContentFiltered,
    LLMError,
    Overloaded,
    ProtocolFault,
    RateLimited,
    StreamInterrupted,
)
from llm_pure.events import (
    EchoReceived,
    ExtraReceived,
    Finished,
    PartReceived,
    ReasoningDelta,
    Started,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from llm_pure.messages import Echo, Message, Opaque, Reasoning, Text, ToolCall
from llm_pure.result import Failure, Success
from tests.support.feeding import feed_all
from tests.support.pieces import one_byte_at_a_time, pieces

SSE = ResponseHead(200, (("content-type", "text/event-stream"),))
JSON = ResponseHead(200, (("content-type", "application/json; charset=UTF-8"),))


def item(
    *parts: dict[str, Any], usage: dict[str, int] | None = None, **candidate: Any
) -> dict[str, Any]:
    """One item with one candidate, as the service sends it."""
    return {
        "candidates": [
            {"content": {"parts": list(parts), "role": "model"}, "index": 0, **candidate}
        ],
        "usageMetadata": usage or {"promptTokenCount": 8, "totalTokenCount": 8},
        "modelVersion": "gemini-3-flash",
        "responseId": "r1",
    }


def dumped(one: Any) -> str:
    return json.dumps(one, ensure_ascii=False)


def as_sse(*items: Any) -> bytes:
    return "".join([f"data: {dumped(one)}\r\n\r\n" for one in items]).encode()


def as_array(*items: Any) -> bytes:
    return ("[" + "\n,\r\n".join([dumped(one) for one in items]) + "\n]\n").encode()


CODE = {"executableCode": {"id": "x1", "language": "PYTHON", "code": "print(6 * 7)"}}
ITEMS = (
    item({"text": "I should ", "thought": True}),
    item(
        {"text": "compute.", "thought": True}, usage={"promptTokenCount": 8, "totalTokenCount": 12}
    ),
    item({**CODE, "thoughtSignature": "c2lnMQ=="}),
    item({"codeExecutionResult": {"id": "x1", "outcome": "OUTCOME_OK", "output": "42\n"}}),
    item({"text": "It is "}),
    item({"text": "42 — 四十二"}, usage={"promptTokenCount": 8, "totalTokenCount": 20}),
    item({"text": "."}, groundingMetadata={}),
    item(
        {"functionCall": {"name": "save", "args": {"n": 42}}, "thoughtSignature": "c2lnMg=="},
        {"functionCall": {"id": "w7", "name": "save", "args": {}}},
    ),
    item(
        {"text": "", "thoughtSignature": "c2lnMw=="},
        finishReason="STOP",
        finishMessage="Model generated function call(s).",
        usage={
            "promptTokenCount": 8,
            "candidatesTokenCount": 30,
            "thoughtsTokenCount": 12,
            "toolUsePromptTokenCount": 5,
            "totalTokenCount": 55,
        },
    ),
)
USAGE = Usage(13, 42, None, None, 12, False, ITEMS[-1]["usageMetadata"])
WHOLE = Completion(
    id="r1",
    model="gemini-3-flash",
    provider="gemini",
    message=Message(
        "assistant",
        (
            Reasoning("I should compute.", None, Echo("gemini")),
            Opaque("gemini", "executableCode", dumped({**CODE, "thoughtSignature": "c2lnMQ=="})),
            Opaque("gemini", "codeExecutionResult", dumped(ITEMS[3]["candidates"][0]["content"]["parts"][0])),
            Text("It is 42 — 四十二."),
            ToolCall("call_r1_0", "save", '{"n": 42}', Echo("gemini", '{"thoughtSignature":"c2lnMg=="}')),
            ToolCall("w7", "save", "{}", Echo("gemini", '{"functionCall":{"id":"w7"}}')),
            Text("", Echo("gemini", '{"thoughtSignature":"c2lnMw=="}')),
        ),
    ),
    finish_reason="tool_calls",
    raw_finish_reason="STOP",
    usage=USAGE,
    extra={"finishMessage": "Model generated function call(s)."},
)  # fmt: skip

BODIES = {"sse": (SSE, as_sse(*ITEMS)), "array": (JSON, as_array(*ITEMS))}
framed = pytest.mark.parametrize(("head", "body"), BODIES.values(), ids=BODIES)


def events_of(head: ResponseHead, *fed: bytes) -> tuple[tuple[StreamEvent, ...], LLMError | None]:
    return feed_all(open_stream("gemini", head), fed)


def text_of(events: tuple[StreamEvent, ...]) -> str:
    return "".join([one.text for one in events if isinstance(one, TextDelta)])


@framed
def test_a_stream_is_the_parts_in_order_with_the_last_usage(
    head: ResponseHead, body: bytes
) -> None:
    events, error = events_of(head, body)
    assert error is None
    assert collect(events) == Success(WHOLE)


def test_each_item_makes_its_events() -> None:
    events, _ = events_of(SSE, as_sse(*ITEMS))
    first = Usage(8, 0, raw=ITEMS[0]["usageMetadata"])
    assert [one for one in events if not isinstance(one, UsageReported)] == [
        Started(id="r1", model="gemini-3-flash", provider="gemini"),
        ReasoningDelta("I should ", 0),
        EchoReceived("{}", 0, 0, "reasoning"),
        ReasoningDelta("compute.", 0),
        PartReceived(WHOLE.message.parts[1], 1),
        PartReceived(WHOLE.message.parts[2], 2),
        TextDelta("It is ", 3),
        TextDelta("42 — 四十二", 3),
        TextDelta(".", 3),
        ToolCallDelta('{"n": 42}', 4, 0, "", "save"),
        EchoReceived('{"thoughtSignature":"c2lnMg=="}', 4),
        ToolCallDelta("{}", 5, 0, "w7", "save"),
        EchoReceived('{"functionCall":{"id":"w7"}}', 5),
        ExtraReceived("finishMessage", "Model generated function call(s).", choice=0),
        EchoReceived('{"thoughtSignature":"c2lnMw=="}', 6),
        Finished("stop", "STOP"),
    ]
    assert events[1] == UsageReported(first)
    assert [one for one in events if isinstance(one, UsageReported)][-1] == UsageReported(USAGE)


@framed
@given(data=st.data())
def test_any_split_gives_the_same_events(
    head: ResponseHead, body: bytes, data: st.DataObject
) -> None:
    assert events_of(head, *data.draw(pieces(body))) == events_of(head, body)


@framed
def test_one_byte_at_a_time_gives_the_same_events(head: ResponseHead, body: bytes) -> None:
    assert events_of(head, *one_byte_at_a_time(body)) == events_of(head, body)


@framed
def test_a_cut_stream_is_interrupted_or_whole_and_its_text_a_prefix(
    head: ResponseHead, body: bytes
) -> None:
    for cut in range(len(body)):
        events, error = events_of(head, body[:cut])
        if error is None:
            assert collect(events) == Success(WHOLE)
            assert not body[cut:].strip()
        else:
            assert isinstance(error, StreamInterrupted)
            assert error.partial is not None
            assert error.partial.text.startswith(text_of(events))
            assert WHOLE.text.startswith(error.partial.text)


def test_an_array_without_its_closing_bracket_was_cut() -> None:
    events, error = events_of(JSON, as_array(*ITEMS).rstrip()[:-1])
    assert isinstance(error, StreamInterrupted)
    assert text_of(events) == WHOLE.text


def test_a_cut_stream_knows_the_usage_of_its_last_item() -> None:
    _, error = events_of(SSE, as_sse(*ITEMS[4:6]))
    assert error is not None
    assert error.partial is not None
    assert error.partial.usage == Usage(8, 12, raw={"promptTokenCount": 8, "totalTokenCount": 20})


def test_the_framing_is_told_by_the_first_byte_whatever_the_content_type_says() -> None:
    assert collect(events_of(JSON, as_sse(*ITEMS))[0]) == Success(WHOLE)
    assert collect(events_of(SSE, b"\r\n " + as_array(*ITEMS))[0]) == Success(WHOLE)


def test_the_same_parts_in_one_item_make_an_equal_completion() -> None:
    parts = [part for one in ITEMS for part in one["candidates"][0]["content"]["parts"]]
    last = ITEMS[-1]["candidates"][0]
    whole = {**ITEMS[-1], "candidates": [{**last, "content": {"role": "model", "parts": parts}}]}
    assert parse_chat("gemini", HttpResponse(200, JSON.headers, dumped(whole).encode())) == Success(
        WHOLE
    )


def test_signed_text_stays_a_part_of_its_own() -> None:
    body = as_sse(
        item({"text": "a"}),
        item({"text": "b", "thoughtSignature": "czE="}),
        item({"text": "c"}),
        item({"text": "d"}, finishReason="STOP"),
    )
    got = collect(events_of(SSE, body)[0]).unwrap()
    signed = Text("b", Echo("gemini", '{"thoughtSignature":"czE="}'))
    assert got.message.parts == (Text("a"), signed, Text("cd"))
    assert got.text == "abcd"


def test_signed_thoughts_stay_parts_of_their_own() -> None:
    body = as_sse(
        item({"text": "a", "thought": True}),
        item({"text": "b", "thought": True, "thoughtSignature": "czE="}),
        item({"text": "c", "thought": True}, finishReason="STOP"),
    )
    assert collect(events_of(SSE, body)[0]).unwrap().message.parts == (
        Reasoning("a", None, Echo("gemini")),
        Reasoning("b", "czE=", Echo("gemini")),
        Reasoning("c", None, Echo("gemini")),
    )


def test_candidates_are_kept_apart_and_all_have_to_end() -> None:
    first = {"content": {"parts": [{"text": "A"}]}}
    second = {"content": {"parts": [{"text": "B"}]}, "index": 1}
    items = [
        {"candidates": [first, second], "responseId": "r", "modelVersion": "m"},
        {"candidates": [{"content": {"parts": [{"text": "b"}]}, "index": 1}]},
        {"candidates": [{"content": {"parts": [{"text": "a"}]}, "finishReason": "STOP"}]},
        {"candidates": [{"index": 1, "finishReason": "MAX_TOKENS"}]},
    ]
    got = collect(events_of(SSE, as_sse(*items))[0]).unwrap()
    assert (got.text, got.finish_reason) == ("Aa", "stop")
    assert [(one.message.text, one.finish_reason) for one in got.alternatives] == [("Bb", "length")]
    assert isinstance(events_of(SSE, as_sse(*items[:3]))[1], StreamInterrupted)


def test_grounding_that_comes_in_parts_is_put_together() -> None:
    body = as_sse(
        item({"text": "x"}, groundingMetadata={"webSearchQueries": ["q"]}),
        item({"text": "y"}, groundingMetadata={}),
        item(
            {}, finishReason="STOP", groundingMetadata={"groundingChunks": [{"web": {"uri": "u"}}]}
        ),
    )
    assert collect(events_of(SSE, body)[0]).unwrap().extra == {
        "groundingMetadata": {"webSearchQueries": ["q"], "groundingChunks": [{"web": {"uri": "u"}}]}
    }


def test_logprobs_go_on_from_item_to_item() -> None:
    body = as_sse(
        item(
            {"text": "a"},
            logprobsResult={"chosenCandidates": [{"token": "a"}], "topCandidates": []},
        ),
        item(
            {"text": "b"},
            logprobsResult={"chosenCandidates": [{"token": "b"}], "logProbabilitySum": -0.5},
            finishReason="STOP",
        ),
    )
    assert collect(events_of(SSE, body)[0]).unwrap().extra == {
        "chosenCandidates": [{"token": "a"}, {"token": "b"}],
        "logProbabilitySum": -0.5,
    }


def test_arguments_in_pieces_are_put_together() -> None:
    body = as_sse(
        item({"functionCall": {"name": "plan", "willContinue": True}, "thoughtSignature": "czE="}),
        item({"functionCall": {"partialArgs": [{"jsonPath": "$.city", "stringValue": "Tro", "willContinue": True}], "willContinue": True}}),
        item({"functionCall": {"partialArgs": [{"jsonPath": "$.city", "stringValue": "msø"}], "willContinue": True}}),
        item({"functionCall": {"partialArgs": [
            {"jsonPath": "$.days[0].n", "numberValue": 1},
            {"jsonPath": "$.days[1].n", "numberValue": 2.5},
            {"jsonPath": "$['dry run']", "boolValue": True},
            {"jsonPath": "$.until", "nullValue": "NULL_VALUE"},
        ], "willContinue": True}}),
        item({"functionCall": {}}),
        item({"text": ""}, finishReason="STOP"),
    )  # fmt: skip
    (call,) = collect(events_of(SSE, body)[0]).unwrap().tool_calls
    assert (call.name, call.echo) == ("plan", Echo("gemini", '{"thoughtSignature":"czE="}'))
    assert json.loads(call.arguments) == {
        "city": "Tromsø",
        "days": [{"n": 1}, {"n": 2.5}],
        "dry run": True,
        "until": None,
    }


OVERLOADED = {
    "error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}
}
PRETTY = json.dumps(OVERLOADED, indent=2).encode()
LIMITED = {"error": {"code": 429, "message": "slow", "status": "RESOURCE_EXHAUSTED"}}
STARTED = as_sse(item({"text": "Half"}), item({"text": " of it"}))

ERRORS: dict[str, tuple[ResponseHead, bytes, Callable[..., Any], str]] = {
    "an event": (SSE, STARTED + as_sse(OVERLOADED), Overloaded, "Half of it"),
    "bare JSON between events": (SSE, STARTED + PRETTY + b"\r\n\r\n", Overloaded, "Half of it"),
    "bare JSON without a line end": (SSE, STARTED + PRETTY, Overloaded, "Half of it"),
    "an array between events": (
        SSE,
        STARTED + dumped([LIMITED]).encode(),
        RateLimited,
        "Half of it",
    ),
    "bare JSON in place of events": (SSE, PRETTY, Overloaded, ""),
    "an array of one error": (JSON, b"[" + PRETTY + b"\n]", Overloaded, ""),
    "an item of the array": (JSON, as_array(item({"text": "Half"}), LIMITED), RateLimited, "Half"),
    "a status before the stream": (ResponseHead(429), as_array(LIMITED), RateLimited, ""),
}


@pytest.mark.parametrize(("head", "body", "kind", "text"), ERRORS.values(), ids=ERRORS)
def test_an_error_is_typed_wherever_it_comes_and_keeps_what_came_before(
    head: ResponseHead, body: bytes, kind: type[LLMError], text: str
) -> None:
    for fed in ((body,), one_byte_at_a_time(body)):
        events, error = events_of(head, *fed)
        assert isinstance(error, kind)
        assert text_of(events) == text
        assert (error.partial.text if error.partial else "") == text


def test_a_page_in_place_of_a_stream_is_a_protocol_fault() -> None:
    _, error = events_of(SSE, b"<html>nothing here</html>\n\n")
    assert isinstance(error, ProtocolFault)
    assert error.evidence.startswith(b"<html>")


def test_a_blocked_prompt_is_an_error_with_the_reason() -> None:
    blocked = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "responseId": "r9"}
    _, error = events_of(SSE, as_sse(blocked))
    assert isinstance(error, ContentFiltered)
    assert error.code == "PROHIBITED_CONTENT"
    assert error.partial is not None
    assert error.partial.extra == {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}


def test_a_part_of_a_wrong_shape_comes_after_the_parts_before_it() -> None:
    decoder = open_stream("gemini", SSE)
    events = decoder.feed(as_sse(item({"text": "ok"}, {"text": 7}))).unwrap()
    assert text_of(events) == "ok"
    failed = decoder.feed(as_sse(item({"text": "more"})))
    assert isinstance(failed, Failure)
    fault = failed.failure()
    assert isinstance(fault, ProtocolFault)
    assert fault.where == "candidates/0/content/parts/1"
    assert decoder.close() == failed


FRAMES: dict[str, bytes] = {
    "text": dumped(item({"text": "x"})).encode(),
    "thought": dumped(item({"text": "x", "thought": True})).encode(),
    "call": dumped(item({"functionCall": {"name": "f"}})).encode(),
    "call in pieces": dumped(item({"functionCall": {"name": "f", "willContinue": True}})).encode(),
    "signature": dumped(item({"text": "", "thoughtSignature": "czE="})).encode(),
    "unknown part": dumped(item({"newThing": {"a": 1}})).encode(),
    "end": dumped(item(finishReason="STOP")).encode(),
    "usage alone": b'{"usageMetadata": {"promptTokenCount": 3}}',
    "empty object": b"{}",
    "unknown fields": b'{"somethingNew": {"a": [1]}}',
    "blocked": b'{"promptFeedback": {"blockReason": "SAFETY"}}',
    "error": dumped(LIMITED).encode(),
    "no JSON": b"{nothing",
    "wrong shape": b'{"candidates": {"0": 1}}',
    "a list": b"[1]",
    "blank": b" \n",
    "array begins": BEGIN,
    "array ends": END,
    "body closed": CLOSED,
}


@pytest.mark.parametrize("second", FRAMES.values(), ids=FRAMES)
@pytest.mark.parametrize("first", FRAMES.values(), ids=FRAMES)
def test_every_frame_has_an_answer_after_every_other(first: bytes, second: bytes) -> None:
    state, _ = step("gemini", SSE, State(), first)
    after, events = step("gemini", SSE, state, second)
    assert isinstance(after, State)
    assert all(isinstance(one, StreamEvent) for one in events)
    if second in (FRAMES["no JSON"], FRAMES["wrong shape"], FRAMES["a list"], FRAMES["error"]):
        assert after.fault is not None


def test_unknown_fields_are_told_and_change_nothing_else() -> None:
    new = {**item({"text": "x"}, finishReason="STOP", novelty={"a": 1}), "somethingNew": [1]}
    new["candidates"][0]["content"]["mood"] = "calm"
    got = collect(events_of(SSE, as_sse(new))[0]).unwrap()
    assert got.text == "x"
    assert got.extra == {"somethingNew": [1], "novelty": {"a": 1}, "mood": "calm"}


@given(st.binary(max_size=300), st.sampled_from([SSE, JSON, ResponseHead(500), ResponseHead(200)]))
def test_no_bytes_make_it_raise(body: bytes, head: ResponseHead) -> None:
    _, error = events_of(head, body, b"", b"data: ")
    assert error is not None


@framed
@given(data=st.data())
def test_no_change_of_bytes_makes_it_raise(
    head: ResponseHead, body: bytes, data: st.DataObject
) -> None:
    changed = bytearray(body)
    for _ in range(data.draw(st.integers(1, 6))):
        changed[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    events, _ = events_of(head, bytes(changed))
    assert all(isinstance(one, StreamEvent) for one in events)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["candidates", "content", "parts", "text", "thought", "functionCall", "args", "name", "id",
         "partialArgs", "jsonPath", "willContinue", "inlineData", "data", "mimeType", "index",
         "finishReason", "usageMetadata", "promptTokenCount", "promptFeedback", "blockReason", "error"]
    ), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(st.lists(JSON_VALUES, max_size=4))
def test_no_json_makes_it_raise(values: list[Any]) -> None:
    body = as_sse(item({"text": "x"}), *values)
    whole = events_of(SSE, body)
    assert whole == events_of(SSE, *one_byte_at_a_time(body))
    for value in values:
        parse_chat("gemini", HttpResponse(200, (), dumped(value).encode()))


def test_what_was_streamed_goes_back_byte_for_byte() -> None:
    answer = collect(events_of(SSE, as_sse(*ITEMS))[0]).unwrap().message
    config = LLMConfig(api_type="gemini", model="gemini-3-flash")
    built = PROVIDER.build_chat(config, ChatRequest(messages=[user("6 * 7?"), answer, user("ok")]))
    contents = json.loads(built.unwrap().request.body)["contents"]
    assert contents[1] == {
        "role": "model",
        "parts": [
            {"text": "I should compute.", "thought": True},
            {**CODE, "thoughtSignature": "c2lnMQ=="},
            {"codeExecutionResult": {"id": "x1", "outcome": "OUTCOME_OK", "output": "42\n"}},
            {"text": "It is 42 — 四十二."},
            {"functionCall": {"name": "save", "args": {"n": 42}}, "thoughtSignature": "c2lnMg=="},
            {"functionCall": {"id": "w7", "name": "save", "args": {}}},
            {"text": "", "thoughtSignature": "c2lnMw=="},
        ],
    }
    assert dumped({**CODE, "thoughtSignature": "c2lnMQ=="}).encode() in built.unwrap().request.body

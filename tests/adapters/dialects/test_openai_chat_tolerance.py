"""What every reader of chat completions must put up with: one table for each rule, each row seen at some service.

Source: ../shared/wire/openai-family.md section 0, read 2026-11-20; the bodies are made up.
"""

import json
from typing import Any

import msgspec
import pytest

from llm_pure import Completion, HttpResponse, LLMError, ResponseHead, collect
from llm_pure.adapters import registry
from llm_pure.replay.checks.stream_properties import read_pieces
from llm_pure.types.errors import (
    AuthenticationFailed,
    ContextLengthExceeded,
    InvalidRequest,
    NotFound,
    Overloaded,
    RateLimited,
    ServerError,
    StreamInterrupted,
)
from llm_pure.types.messages import Opaque, ProviderMetadata, Reasoning, Text, ToolCall
from tests.support.openai_chat_bodies import (
    DONE,
    FIRST,
    LAST,
    USAGE,
    JsonObject,
    answer,
    chunk,
    data,
    piece,
    stream,
)

ANY = registry.get("open_llm").unwrap()
HEAD = ResponseHead(200, (("content-type", "text/event-stream"),))
OWN = ProviderMetadata("open_llm")


def run(body: bytes, head: ResponseHead = HEAD) -> tuple[Completion, LLMError | None]:
    """The answer as far as it came, and the error, if any."""
    decoder = ANY.open_stream(head)
    _, error = read_pieces(decoder, [body])
    return decoder.partial(), error


def whole(*chunks: JsonObject, done: bool = True) -> Completion:
    """The answer of a stream that must be good."""
    events, error = read_pieces(ANY.open_stream(HEAD), [stream(*chunks, done=done)])
    assert error is None
    return collect(events).unwrap()


def parse(body: Any, status: int = 200) -> Any:
    encoded = body if isinstance(body, bytes) else json.dumps(body).encode()
    return ANY.parse_chat(HttpResponse(status, (), encoded))


HELLO = stream(FIRST, chunk({"content": "Hello"}), chunk({"content": "."}), *LAST)


@pytest.mark.parametrize(
    "body",
    [
        HELLO.replace(b"\n", b"\r\n"),
        HELLO.replace(b"\n", b"\r"),
        HELLO.replace(b"data: ", b"data:"),
        HELLO.replace(b"data: ", b": OPENROUTER PROCESSING\n\ndata: "),
        HELLO.replace(b", ", b",\ndata: "),
        HELLO.replace(b"data: ", b"id: 1\nevent: result\ndata: "),
        b"\xef\xbb\xbf" + HELLO,
    ],
    ids=[
        "CRLF", "CR", "no space after data:", "comments", "several data lines", "id and event lines", "a byte order mark",
    ],
)  # fmt: skip
def test_rule_1_the_framing_may_differ(body: bytes) -> None:
    assert run(body) == run(HELLO)


def test_rule_2_done_may_never_come() -> None:
    assert run(HELLO.removesuffix(DONE)) == run(HELLO)


def test_rule_2_but_an_answer_without_an_end_of_any_kind_was_cut() -> None:
    got, error = run(stream(FIRST, chunk({"content": "Hel"}), done=False))
    assert isinstance(error, StreamInterrupted)
    assert got.text == "Hel"


def test_rule_3_json_in_place_of_a_stream_is_an_error() -> None:
    head = ResponseHead(200, (("content-type", "application/json; charset=utf-8"),))
    got, error = run(b'{"code":"busy","error":"The service is at capacity"}', head)
    assert got == Completion(provider="open_llm")
    assert error == Overloaded(
        message="The service is at capacity",
        provider="open_llm",
        status=500,
        code="busy",
        body={"code": "busy", "error": "The service is at capacity"},
    )


@pytest.mark.parametrize(
    "odd",
    [
        chunk(choices=[]),
        chunk(choices=None),
        {"id": "chatcmpl-1", "moderation": {"input": {"results": []}}},
    ],
    ids=["empty", "null", "absent"],
)
def test_rule_4_a_chunk_may_have_no_choices(odd: JsonObject) -> None:
    got = whole(odd, FIRST, chunk({"content": "Hi"}), odd, *LAST)
    assert (got.text, got.usage.input_tokens, got.finish_reason) == ("Hi", 20, "stop")


def test_rule_5_the_first_chunk_may_name_nothing() -> None:
    azure = {
        **chunk(choices=[], id="", model="", created=0, object=""),
        "prompt_filter_results": [{"prompt_index": 0}],
    }
    got = whole(azure, FIRST, chunk({"content": "Hi"}), *LAST)
    assert (got.id, got.model) == ("chatcmpl-1", "gpt-x-2026-01-01")
    assert got.extra["prompt_filter_results"] == [{"prompt_index": 0}]


def test_rule_5_the_id_may_change_from_chunk_to_chunk() -> None:
    ids = [chunk({"content": str(at)}, id=f"id-{at}") for at in range(3)]
    got = whole(*ids, chunk({}, "stop", id="id-9"))
    assert (got.id, got.text) == ("id-0", "012")


def test_rule_5_nothing_may_be_named_at_all() -> None:
    nameless = chunk({"content": "Hi"}, id="", model="", created=0)
    assert whole(nameless, chunk({}, "stop", id="", model="")).text == "Hi"


def test_rule_6_the_object_may_have_another_name() -> None:
    got = whole(FIRST, chunk({"content": "Hi"}), chunk({}, "stop", object="chat.completion.done"))
    assert (got.text, got.finish_reason) == ("Hi", "stop")


@pytest.mark.parametrize(
    "deltas",
    [
        [None, {"content": "Hi"}],
        [{"role": None, "content": "Hi"}],
        [{"role": "assistant", "content": "H"}, {"role": "assistant", "content": "i"}],
        [{"content": None}, {"content": ""}, {"content": "Hi"}],
        [{"content": [{"type": "text", "text": "H"}]}, {"content": [{"type": "text", "text": "i"}]}],
    ],
    ids=["null", "null role", "repeated role", "null and empty content", "a list of parts"],
)  # fmt: skip
def test_rule_7_the_delta_may_be_odd(deltas: list[JsonObject | None]) -> None:
    got = whole(*[chunk(delta) for delta in deltas], *LAST)
    assert got.message.parts == (Text("Hi"),)


def test_rule_7_the_delta_may_be_absent() -> None:
    bare = chunk(choices=[{"index": 0, "finish_reason": None}])
    assert whole(FIRST, bare, chunk({"content": "Hi"}), *LAST).text == "Hi"


DETAIL = {"type": "reasoning.text", "text": "hm", "index": 0, "signature": "sig"}
THINKING = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]


@pytest.mark.parametrize(
    ("said", "thought"),
    [
        ({"reasoning_content": "hm"}, Reasoning("hm", None, OWN)),
        ({"reasoning": "hm"}, Reasoning("hm", None, OWN)),
        ({"content": THINKING}, Reasoning("hm", None, OWN)),
        (
            {"reasoning": "hm", "reasoning_details": [DETAIL]},
            Reasoning(
                "hm",
                None,
                ProviderMetadata(
                    "open_llm",
                    '{"reasoning_details":[{"type":"reasoning.text","text":"hm","index":0,"signature":"sig"}]}',
                ),
            ),
        ),
    ],
    ids=["reasoning_content", "reasoning", "thinking parts", "reasoning_details"],
)
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_rule_8_reasoning_has_many_names(
    said: JsonObject, thought: Reasoning, streamed: bool
) -> None:
    if streamed:
        got = whole(FIRST, chunk(said), chunk({"content": "Hi"}), *LAST)
        assert got.message.parts == (thought, Text("Hi"))
    else:
        assert parse(answer(said)).unwrap().message.parts == (thought,)


def test_rule_8_a_delta_may_hold_reasoning_and_text_and_the_end() -> None:
    got = whole(FIRST, chunk({"reasoning": "hm", "content": "Hi"}, "stop"))
    assert got.message.parts == (Reasoning("hm", None, OWN), Text("Hi"))
    assert got.finish_reason == "stop"


@pytest.mark.parametrize(
    ("deltas", "calls"),
    [
        pytest.param(
            [piece("", id="c1", name="f"), piece('{"a":', id=""), piece("1}", id="")],
            [ToolCall("c1", "f", '{"a":1}')],
            id="an empty id replaces nothing",
        ),
        pytest.param(
            [piece("", id="c1", name="f"), piece("{}", name="")],
            [ToolCall("c1", "f", "{}")],
            id="an empty name replaces nothing",
        ),
        pytest.param(
            [piece('{"a"', id="c1"), piece(":1}", name="f")],
            [ToolCall("c1", "f", '{"a":1}')],
            id="the name comes late",
        ),
        pytest.param(
            [piece("{}", id="", name="f"), piece("", id="c1")],
            [ToolCall("c1", "f", "{}")],
            id="the id comes late",
        ),
        pytest.param(
            [piece("{}", 1, id="c1", name="f"), piece("[]", 2, id="c2", name="g")],
            [ToolCall("c1", "f", "{}"), ToolCall("c2", "g", "[]")],
            id="indexes begin at 1",
        ),
        pytest.param(
            [piece("{", None, id="c1", name="f"), piece("}", None), piece("[]", None, id="c2", name="g")],
            [ToolCall("c1", "f", "{}"), ToolCall("c2", "g", "[]")],
            id="no index",
        ),
        pytest.param(
            [piece("{}", 0, id="c1", name="f"), piece("[]", 0, id="c2", name="g"), piece(" ", 0)],
            [ToolCall("c1", "f", "{}"), ToolCall("c2", "g", "[] ")],
            id="an index is used again",
        ),
        pytest.param(
            [piece("{", 0, id="c1", name="f"), piece("[", 1, id="c2", name="g"), piece("}", 0), piece("]", 1)],
            [ToolCall("c1", "f", "{}"), ToolCall("c2", "g", "[]")],
            id="calls interleave",
        ),
        pytest.param(
            [piece('{"a":1}', id="c1", name="f", type="function")],
            [ToolCall("c1", "f", '{"a":1}')],
            id="a call in one delta",
        ),
    ],
)  # fmt: skip
def test_rule_9_calls_come_in_odd_pieces(deltas: list[JsonObject], calls: list[ToolCall]) -> None:
    got = whole(FIRST, *[chunk(delta) for delta in deltas], chunk({}, "tool_calls"))
    assert list(got.tool_calls) == calls


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ({"name": "f", "arguments": ""}, "{}"),
        ({"name": "f", "arguments": None}, "{}"),
        ({"name": "f"}, "{}"),
        ({"name": "f", "arguments": {"a": [1]}}, '{"a":[1]}'),
        ({"name": "f", "arguments": '{"a":'}, '{"a":'),
    ],
    ids=["empty", "null", "absent", "an object", "cut off"],
)
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_rule_10_arguments_may_be_anything(
    function: JsonObject, arguments: str, streamed: bool
) -> None:
    said = {"tool_calls": [{"index": 0, "id": "c1", "function": function}]}
    got = (
        whole(FIRST, chunk(said), chunk({}, "tool_calls"))
        if streamed
        else parse(answer(said, "tool_calls")).unwrap()
    )
    assert got.tool_calls == (ToolCall("c1", "f", arguments),)


def test_rule_10_calls_without_an_id_get_one_each() -> None:
    calls = [{"id": "", "function": {"name": name, "arguments": "{}"}} for name in ("f", "g")]
    got = parse(answer({"tool_calls": calls})).unwrap()
    assert got.tool_calls == (
        ToolCall("call_chatcmpl-1_0", "f", "{}"),
        ToolCall("call_chatcmpl-1_1", "g", "{}"),
    )


LATER = {**USAGE, "prompt_tokens": 21, "total_tokens": 30}
AT_CHOICE = chunk(choices=[{"index": 0, "delta": {}, "finish_reason": "stop", "usage": USAGE}])


@pytest.mark.parametrize(
    ("chunks", "usage"),
    [
        ([chunk({}, "stop"), chunk(choices=[], usage=USAGE)], USAGE),
        ([chunk({}, "stop", usage=USAGE)], USAGE),
        ([chunk({}, "stop"), chunk({"content": ""}, usage=USAGE)], USAGE),
        ([chunk({"content": "i"}, usage=USAGE), chunk({}, "stop", usage=LATER)], LATER),
        ([chunk({"content": "i"}, usage=USAGE), chunk({}, "stop", usage=None)], USAGE),
        ([AT_CHOICE], USAGE),
        ([chunk({}, "stop", x_groq={"id": "req", "usage": USAGE})], USAGE),
    ],
    ids=[
        "a chunk of its own", "the last chunk", "after the end, with choices", "every chunk: the last counts", "null takes nothing back",
        "at the choice", "x_groq",
    ],
)  # fmt: skip
def test_rule_11_usage_may_stand_anywhere(chunks: list[JsonObject], usage: JsonObject) -> None:
    got = whole(FIRST, chunk({"content": "H"}), *chunks).usage
    assert (got.input_tokens, got.raw) == (usage["prompt_tokens"], usage)


@pytest.mark.parametrize(
    ("usage", "output", "thought"),
    [
        (
            {"prompt_tokens": 12, "completion_tokens": 2, "total_tokens": 354, "completion_tokens_details": {"reasoning_tokens": 340}},
            342,
            340,
        ),
        ({"prompt_tokens": 66, "completion_tokens": 6, "total_tokens": 100}, 34, None),
        (
            {"prompt_tokens": 5, "completion_tokens": 10, "total_tokens": 15, "completion_tokens_details": {"reasoning_tokens": 11}},
            10,
            10,
        ),
        ({"prompt_tokens": 5, "completion_tokens": 10}, 10, None),
        ({"prompt_tokens": 5, "total_tokens": 15}, 10, None),
    ],
    ids=["without reasoning", "without reasoning or details", "more reasoning than output", "no total", "no output"],
)  # fmt: skip
def test_rule_12_output_includes_reasoning(
    usage: JsonObject, output: int, thought: int | None
) -> None:
    got = parse(answer({"content": "Hi"}, usage=usage)).unwrap().usage
    assert (got.output_tokens, got.reasoning_tokens) == (output, thought)


@pytest.mark.parametrize(
    ("ends", "finish"),
    [
        ([chunk({}, "stop"), chunk({}, "stop")], ("stop", "stop")),
        ([chunk({}, "")], ("unknown", None)),
        ([chunk({}, None)], ("unknown", None)),
        ([], ("unknown", None)),
        ([chunk({}, "model_length")], ("length", "model_length")),
        ([chunk({}, "sensitive")], ("content_filter", "sensitive")),
        ([chunk({}, "eos")], ("stop", "eos")),
        ([chunk({}, "insufficient_system_resource")], ("error", "insufficient_system_resource")),
        ([chunk({}, "out_of_fairy_dust")], ("unknown", "out_of_fairy_dust")),
    ],
    ids=[
        "twice", "empty", "null", "never", "a word of Mistral", "a word of GLM", "a word of Together", "a word of DeepSeek",
        "an unknown word",
    ],
)  # fmt: skip
def test_rule_13_the_finish_reason_may_be_odd(
    ends: list[JsonObject], finish: tuple[str, str | None]
) -> None:
    got = whole(FIRST, chunk({"content": "Hi"}), *ends)
    assert (got.finish_reason, got.raw_finish_reason) == finish


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (
            400,
            {"error": {"message": "m", "type": "t", "param": "messages", "code": None}},
            InvalidRequest(message="m", code="t", param="messages"),
        ),
        (400, {"error": "m"}, InvalidRequest(message="m")),
        (
            404,
            {"message": "m", "type": "not_found_error", "param": "model", "code": "model_not_found"},
            NotFound(message="m", code="model_not_found"),
        ),
        (
            422,
            {"object": "error", "message": "m", "type": "invalid_request_error", "code": 422},
            InvalidRequest(message="m", code="422"),
        ),
        (
            429,
            {"code": 50603, "message": "busy", "data": None},
            RateLimited(message="busy", code="50603"),
        ),
        (
            401,
            {"code": "InvalidApiKey", "message": "m", "request_id": "req_1"},
            AuthenticationFailed(message="m", code="InvalidApiKey", request_id="req_1"),
        ),
        (
            422,
            {"detail": [{"loc": ["body", "model"], "msg": "field required", "type": "missing"}]},
            InvalidRequest(message="body/model: field required"),
        ),
        (403, {"detail": "no"}, None),
        (401, {"fault": {"faultstring": "bad key", "detail": {"errorcode": "x"}}}, AuthenticationFailed(message="bad key")),
        (400, [{"error": {"message": "m", "code": 400, "status": "INVALID_ARGUMENT"}}], InvalidRequest(message="m", code="400")),
        (401, {"error": {"message": "m", "code": "401"}}, AuthenticationFailed(message="m", code="401")),
        (500, {"error": {"message": "m", "code": 500}}, ServerError(message="m", code="500")),
        (
            400,
            {"error": {"message": "m", "type": "exceed_context_size_error", "code": 400}},
            ContextLengthExceeded(message="m", code="400"),
        ),
        (503, "overloaded", Overloaded(message="overloaded")),
    ],
    ids=[
        "an object", "a string", "flat (Cerebras)", "object: error (Mistral, vLLM)", "code, message, data (SiliconFlow)",
        "with a request id (DashScope)", "detail list (FastAPI)", "detail string", "fault (gateways)", "in a list (Google)",
        "a numeric string (Azure)", "a number", "a word beside a number (llama.cpp)", "a bare string",
    ],
)  # fmt: skip
def test_rule_14_an_error_has_many_shapes(
    status: int, body: Any, expected: LLMError | None
) -> None:
    got = parse(body, status).failure()
    if expected is None:
        assert (got.kind, got.message) == ("permission", "no")
        return
    sent = json.loads(body) if isinstance(body, bytes) else body
    assert got == msgspec.structs.replace(expected, provider="open_llm", status=status, body=sent)


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ({"error": {"message": "m", "code": 429}}, RateLimited, 429),
        ({"code": "server_error", "error": "m"}, ServerError, 500),
        ({"error": {"message": "m", "code": "1305", "status_code": 503}}, Overloaded, 503),
        ({"error": {"message": "m"}, "choices": []}, ServerError, 500),
    ],
    ids=["a code that is a status", "a string", "a status beside", "beside empty choices"],
)
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
def test_rule_15_a_good_status_may_carry_an_error(
    body: JsonObject, kind: type, status: int, streamed: bool
) -> None:
    if not streamed:
        error = parse(body).failure()
        assert (type(error), error.status) == (kind, status)
        return
    got, told = run(stream(FIRST, chunk({"content": "Hel"})).removesuffix(DONE) + data(body) + DONE)
    assert told is not None
    assert (type(told), told.status, got.text) == (kind, status, "Hel")


def test_rule_16_extra_keys_are_kept_and_change_nothing() -> None:
    said = {
        "content": "Hi",
        "annotations": [{"type": "url_citation"}],
        "audio": None,
        "mood": "good",
    }
    body = answer(
        said, service_tier="default", system_fingerprint=None, x_new={"a": 1}, citations=[]
    )
    body["choices"][0] |= {"content_filter_results": {"hate": {}}, "matched_stop": 7}
    got = parse(body).unwrap()
    assert got.text == "Hi"
    assert got.extra == {
        "created": 1790000000,
        "service_tier": "default",
        "x_new": {"a": 1},
        "annotations": [{"type": "url_citation"}],
        "mood": "good",
        "content_filter_results": {"hate": {}},
        "matched_stop": 7,
    }


def test_rule_16_extra_keys_of_a_stream_are_kept_too() -> None:
    got = whole(
        FIRST,
        chunk({"content": "H", "mood": "good"}, x_new=1),
        chunk({"content": "i"}, x_new=2, obfuscation="pad"),
        chunk({}, "stop", timings={"cache_n": 3}),
    )
    assert got.text == "Hi"
    assert got.extra == {
        "created": 1790000000,
        "mood": "good",
        "x_new": 2,
        "timings": {"cache_n": 3},
    }


def test_rule_16_unknown_parts_of_content_are_kept_whole() -> None:
    got = parse(answer({"content": [{"type": "hologram", "x": 1}]})).unwrap()
    assert got.message.parts == (Opaque("open_llm", "hologram", '{"type":"hologram","x":1}'),)

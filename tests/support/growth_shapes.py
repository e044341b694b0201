"""Shapes of input that grow: name -> a function of a size that returns the call to measure, and the size of its input.

`exponent` fits how the time or the memory of a shape grows: 1 is linear, 2 quadratic.
"""

import gc
import json
import math
import re
import time
import tracemalloc
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import count
from typing import Any, TypeAlias

import msgspec

from llm_pure import ChatRequest, Completion, Message, Tool, ToolCall, assistant, tool_result, user
from llm_pure.adapters import registry
from llm_pure.output.code import parse_code, repair_code
from llm_pure.output.json_repair import repair
from llm_pure.output.structured import parse_structured
from llm_pure.replay import Interaction, Redaction, redact_interaction, scan_interaction
from llm_pure.replay.cassette import Cassette, parse_cassette, render_cassette
from llm_pure.replay.checks.stream_properties import read_pieces
from llm_pure.replay.matching import canonical, find_differences
from llm_pure.types.http import HttpRequest, HttpResponse, ResponseHead
from llm_pure.types.messages import Opaque
from llm_pure.types.redact import redact
from llm_pure.types.secret_fields import mask_secret_fields
from llm_pure.types.secret_spellings import three_stars
from tests.support.aws_frames import STREAM_HEAD, body_of, event
from tests.support.cassettes import config_for
from tests.support.fuzz import build_next

Call: TypeAlias = Callable[[], object]
Shape: TypeAlias = Callable[[int], Call]
"""Size -> the call; making the input is not part of the call."""


class Reader(msgspec.Struct, frozen=True):
    """A call, and what it reads: JSON, or a text."""

    call: Call
    reads: tuple[bytes, ...] | str

    def __call__(self) -> object:
        return self.call()


def floor(shape: Shape) -> Shape:
    """The least that reads the same: msgspec decodes the JSON, `re` cuts the text into words and other characters.

    Its exponent is the machine's and the memory's: both are linear.
    """

    def bare(size: int) -> Call:
        reader = shape(size)
        if not isinstance(reader, Reader):  # it builds
            return lambda: None
        reads = reader.reads
        if isinstance(reads, str):
            return lambda: _WORDS.findall(reads)
        return lambda: [msgspec.json.decode(data) for data in reads]

    return bare


_WORDS = re.compile(r"\w+|\W")
_SSE = ResponseHead(200, (("content-type", "text/event-stream"),))


def _whole(provider: str, make: Callable[[int], Any], status: int = 200) -> Shape:
    def shape(size: int) -> Call:
        body = make(size)
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        response = HttpResponse(status, (("content-type", "application/json"),), data)
        return Reader(lambda: registry.get(provider).unwrap().parse_chat(response), (data,))

    return shape


def _stream(
    provider: str,
    make: Callable[[int], Iterable[Any]],
    head: ResponseHead = _SSE,
    end: str = "data: [DONE]\n\n",
) -> Shape:
    def shape(size: int) -> Call:
        items = [*make(size)]
        if head is STREAM_HEAD:
            body = body_of(*[event(kind, payload) for kind, payload in items])
            payloads = [json.dumps(payload) for _, payload in items]
        else:
            payloads = [json.dumps(item) for item in items]
            events = [
                (f"event: {item['type']}\n" if "type" in item else "") + f"data: {payload}\n\n"
                for item, payload in zip(items, payloads, strict=True)
            ]
            body = ("".join(events) + end).encode()
        pieces = [body[at : at + 65_536] for at in range(0, len(body), 65_536)]
        return Reader(
            lambda: read_pieces(registry.get(provider).unwrap().open_stream(head), pieces),
            tuple([payload.encode() for payload in payloads]),
        )

    return shape


def _text(call: Callable[[str], object], make: Callable[[int], str]) -> Shape:
    def shape(size: int) -> Call:
        text = make(size)
        return Reader(lambda: call(text), text)

    return shape


def _chat(message: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "id": "a",
        "model": "m",
        "choices": [
            {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": "stop"}
        ],
        **fields,
    }


def _delta(delta: Mapping[str, Any], index: int = 0) -> dict[str, Any]:
    return {"id": "a", "model": "m", "choices": [{"index": index, "delta": dict(delta)}]}


def _call(number: int) -> dict[str, Any]:
    return {
        "index": number,
        "id": f"c{number}",
        "type": "function",
        "function": {"name": "f", "arguments": '{"a":1}'},
    }


def _item(number: int) -> dict[str, Any]:
    note = {
        "type": "url_citation",
        "url": f"https://a.test/{number}",
        "title": "t",
        "start_index": 0,
        "end_index": 1,
    }
    return {
        "type": "message",
        "id": f"m{number}",
        "status": "completed",
        "role": "assistant",
        "content": [{"type": "output_text", "text": "a", "annotations": [note]}],
    }


def _responses_stream(size: int) -> Iterable[dict[str, Any]]:
    response = {"id": "r", "model": "m", "status": "in_progress", "output": []}
    yield {"type": "response.created", "response": response}
    for number in range(size):
        item = _item(number)
        yield {
            "type": "response.output_item.added",
            "output_index": number,
            "item": {**item, "content": []},
        }
        yield {
            "type": "response.output_text.delta",
            "item_id": item["id"],
            "output_index": number,
            "content_index": 0,
            "delta": "a",
        }
        yield {"type": "response.output_item.done", "output_index": number, "item": item}
    yield {
        "type": "response.completed",
        "response": {
            **response,
            "status": "completed",
            "output": [_item(number) for number in range(size)],
        },
    }


def _anthropic(
    blocks: Iterable[tuple[dict[str, Any], list[dict[str, Any]]]],
) -> Iterable[dict[str, Any]]:
    yield {
        "type": "message_start",
        "message": {
            "id": "a",
            "type": "message",
            "role": "assistant",
            "model": "m",
            "content": [],
            "usage": {"input_tokens": 1, "output_tokens": 1},
        },
    }
    for index, (block, deltas) in enumerate(blocks):
        yield {"type": "content_block_start", "index": index, "content_block": block}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    yield {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn"},
        "usage": {"output_tokens": 1},
    }
    yield {"type": "message_stop"}


def _bedrock(deltas: Iterable[tuple[int, dict[str, Any]]]) -> Iterable[tuple[str, dict[str, Any]]]:
    yield "messageStart", {"role": "assistant"}
    last = 0
    for index, delta in deltas:
        if index != last:
            yield "contentBlockStop", {"contentBlockIndex": last}
            last = index
        yield "contentBlockDelta", {"contentBlockIndex": index, "delta": delta}
    yield "contentBlockStop", {"contentBlockIndex": last}
    yield "messageStop", {"stopReason": "end_turn"}


_CITATION = {
    "type": "char_location",
    "cited_text": "a",
    "document_index": 0,
    "start_char_index": 0,
    "end_char_index": 1,
}
_THINKING = {"type": "thinking", "thinking": "", "signature": ""}


def _gemini(parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {"candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": "STOP"}]}


ANSWERS: Mapping[str, Shape] = {
    "chat, events": _stream("openai", lambda n: (_delta({"content": "a", "x": 1}) for _ in range(n))),
    "chat, calls": _whole("openai", lambda n: _chat({"tool_calls": [_call(i) for i in range(n)]})),
    "chat, calls streamed": _stream("openai", lambda n: (_delta({"tool_calls": [_call(i)]}) for i in range(n))),
    "chat, pieces of a call with extra keys": _stream(
        "openai", lambda n: (_delta({"tool_calls": [{"index": 0, "function": {"arguments": "a"}, f"k{i}": i}]}) for i in range(n))
    ),
    "chat, choices": _whole(
        "openai", lambda n: {"choices": [{"index": i, "message": {"content": "a", "reasoning_content": "b"}, "finish_reason": "stop"} for i in range(n)]}
    ),
    "chat, choices streamed": _stream("openai", lambda n: (_delta({"content": "a", "reasoning_content": "b"}, i) for i in range(n))),
    "chat, think tags": _whole("openai", lambda n: _chat({"content": "<think>a</think>b" * n})),
    "chat, think tags streamed": _stream("siliconflow", lambda n: (_delta({"content": text}) for _ in range(n) for text in ("<thi", "nk>a</thi", "nk>b"))),
    "chat, parts": _whole("mistral", lambda n: _chat({"content": [{"type": "text", "text": "a"}, {"type": "thinking", "thinking": [{"type": "text", "text": "b"}]}] * n})),
    "chat, annotations": _whole("openai", lambda n: _chat({"content": "a", "annotations": [{"type": "url_citation", "n": i} for i in range(n)]})),
    "chat, annotations streamed": _stream("openai", lambda n: (_delta({"content": "a", "annotations": [{"n": i}]}) for i in range(n))),
    "chat, reasoning details streamed": _stream(
        "openrouter", lambda n: (_delta({"reasoning": "a", "reasoning_details": [{"type": "reasoning.text", "text": "a", "index": 0}]}) for _ in range(n))
    ),
    "chat, citations streamed": _stream("perplexity", lambda n: ({**_delta({"content": "a"}), "citations": [f"https://a.test/{i}"]} for i in range(n))),
    "chat, extra keys": _whole("openai", lambda n: _chat({"content": "a", **{f"k{i}": [i] for i in range(n)}}, **{f"k{i}": i for i in range(n)})),
    "chat, extra keys streamed": _stream("openai", lambda n: ({**_delta({"content": "a"}), f"k{i}": i} for i in range(n))),
    "chat, log probabilities": _stream(
        "openai", lambda n: ({"choices": [{"index": 0, "delta": {"content": "a"}, "logprobs": {"content": [{"token": "a", "logprob": -1}]}}]} for _ in range(n))
    ),
    "chat, wide JSON": _whole("openai", lambda n: _chat({"content": "a", "x": [[{"a": [1]}] for _ in range(n)]})),
    "chat, an error with details": _whole("openai", lambda n: {"detail": [{"loc": ["a"] * 3, "msg": "b"} for _ in range(n)]}, status=422),
    "chat, an error of keys": _whole("openai", lambda n: {"error": {"message": "eyJ" * n}}, status=400),
    "responses, items": _whole("openai_responses", lambda n: {"id": "r", "status": "completed", "output": [_item(i) for i in range(n)]}),
    "responses, items streamed": _stream("openai_responses", _responses_stream, end=""),
    "responses, parts": _whole(
        "openai_responses",
        lambda n: {"id": "r", "status": "completed", "output": [{"type": "message", "id": "m", "content": [{"type": "output_text", "text": "a", "annotations": []}] * n}]},
    ),
    "anthropic, calls": _stream(
        "anthropic",
        lambda n: _anthropic(({"type": "tool_use", "id": f"c{i}", "name": "f", "input": {}}, [{"type": "input_json_delta", "partial_json": "{}"}]) for i in range(n)),
        end="",
    ),
    "anthropic, pieces of a signature": _stream(
        "anthropic", lambda n: _anthropic([(_THINKING, [{"type": "signature_delta", "signature": "a" * 50}] * n)]), end=""
    ),
    "anthropic, citations": _stream(
        "anthropic", lambda n: _anthropic([({"type": "text", "text": ""}, [{"type": "citations_delta", "citation": _CITATION}] * n)]), end=""
    ),
    "bedrock, pieces of a signature": _stream(
        "bedrock", lambda n: _bedrock((0, {"reasoningContent": {"signature": "a" * 50}}) for _ in range(n)), STREAM_HEAD
    ),
    "bedrock, parts": _stream("bedrock", lambda n: _bedrock((i, {"text": "a"}) for i in range(n)), STREAM_HEAD),
    "bedrock, citations": _stream(
        "bedrock", lambda n: _bedrock((0, {"citation": {"title": f"t{i}", "sourceContent": [{"text": "a"}]}}) for i in range(n)), STREAM_HEAD
    ),
    "gemini, parts": _whole("gemini", lambda n: _gemini([{"text": "a"}, {"text": "b", "thought": True}] * n)),
    "gemini, calls": _whole("gemini", lambda n: _gemini([{"functionCall": {"name": "f", "args": {}}, "thoughtSignature": "YQ=="}] * n)),
    "gemini, parts streamed": _stream("gemini", lambda n: (_gemini([{"text": "a", "x": i}]) for i in range(n)), end=""),
    "cohere, calls streamed": _stream(
        "cohere",
        lambda n: (
            {"type": kind, "index": i, "delta": {"message": {"tool_calls": {"id": f"c{i}", "type": "function", "function": {"name": "f", "arguments": "{}"}, f"k{i}": 1}}}}
            for i in range(n)
            for kind in ("tool-call-start", "tool-call-delta", "tool-call-end")
        ),
    ),
    "cohere, citations streamed": _stream(
        "cohere", lambda n: ({"type": "citation-start", "index": i, "delta": {"message": {"citations": {"start": 0, "end": 1, "text": "a"}}}} for i in range(n))
    ),
    "ollama, calls": _whole("ollama", lambda n: {"message": {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "f", "arguments": {}}}] * n}, "done": True}),
    "dashscope, choices": _whole("dashscope", lambda n: {"output": {"choices": [{"message": {"content": [{"text": "a"}]}, "finish_reason": "stop"}] * n}}),
}  # fmt: skip
"""Answers: events, items, calls, choices, parts, signatures, citations, annotations, extra keys, wide JSON."""


def _structured(text: str) -> object:
    return parse_structured(Completion(message=assistant(text)), dict[str, Any])


def _code(text: str) -> object:
    return parse_code(Completion(message=assistant(text)))


def _recorded(text: str, *, is_sse: bool = False) -> Interaction:
    body = (f"data: {text}\n\n" if is_sse else text).encode("utf-8", "replace")
    return Interaction(
        request=HttpRequest("POST", "https://a.test/v1", (), body),
        response=HttpResponse(200, (), body),
    )


def _render(text: str) -> object:
    return parse_cassette(render_cassette(Cassette(interactions=(_recorded(text),))))


def _match(text: str) -> object:
    first, second = (
        canonical(HttpRequest("POST", "https://a.test/", (), body.encode()))
        for body in (text, text + " ")
    )
    return find_differences(first, second)


_BROKEN = '{"a": "b" "c": [1, 2,], "d": {"e": \'f\'}}'
REPAIR_POSITIONS = [(_BROKEN[:at], _BROKEN[at:]) for at in range(0, len(_BROKEN) + 1, 2)]


def _position(head: str, tail: str, filler: str) -> Shape:
    return _text(repair, lambda n: head + filler * n + tail)


def _repeated(piece: str, n: int) -> str:
    return piece * n


def _redact_known(text: str) -> str:
    return redact(text, secrets=["Zq7/pX+9w-Lm_4T2"])


def _redact_stream(text: str) -> object:
    """Redact events of which each has a piece of a known key."""
    recorded = _recorded(text, is_sse=True)
    return redact_interaction(recorded, Redaction(secrets=("Zq7/pX+9w-Lm_4T2",)))


def _mask_fields(text: str) -> str:
    return mask_secret_fields(text, three_stars)


TEXTS: Mapping[str, Shape] = {
    **{f"repair, {filler!r} at {len(head)}": _position(head, tail, filler) for filler in (" ", "\n") for head, tail in (REPAIR_POSITIONS if filler == " " else REPAIR_POSITIONS[::3])},
    **{f"repair, {filler!r}": _position("", "", filler) for filler in ("{", "[", "{\"a\":", "[{", "\"", "\\", "'", ",", "a", "1", "```{", "```json\n{x\n```\n", "{}", "\\\"")},
    **{f"repair, a fence and {filler!r}": _position("```json\n", "", filler) for filler in (" ", "\n", "\t\n", "`", "a", "+", "{")},
    "repair, a fence, white space, a fence": _position("```", "```", " "),
    "repair, strings in a list": _text(repair, lambda n: "[{" + '"a": ["b"c", "d"], ' * n),
    "repair, strings in an object": _text(repair, lambda n: "{" + "'a': 'b\"c', " * n + "}"),
    "repair, backslashes in strings": _text(repair, lambda n: "{" + '"\\\\\\\\a": "' * n),
    "structured output, white space": _text(_structured, lambda n: "```" + " " * n),
    "structured output, objects": _text(_structured, lambda n: "{a} " * n),
    "code, marks": _text(_code, lambda n: "`" * n),
    "code, white space": _text(_code, lambda n: "```\n" + " " * n),
    "code, fences that do not close": _text(_code, lambda n: "````\n~~~\n" * n + "a"),
    "code, fences": _text(_code, lambda n: "```` x\n```\n~~~~\n~~~\n" * n),
    "code, objects": _text(repair_code, lambda n: "x { " * n),
    "redact, web tokens": _text(redact, lambda n: "eyJ" * n),
    "redact, web tokens with dots": _text(redact, lambda n: "eyJabcdefghijk." * n),
    "redact, bearers": _text(redact, lambda n: "bearer " * n),
    "redact, keys": _text(redact, lambda n: "sk-" * n),
    **{f"redact a known key, {piece!r}": _text(_redact_known, partial(_repeated, piece)) for piece in ("%5a", "%25", "\\u005a", "\\", "&amp;", "&#x5a;", "WnE3L3BYKzl3LUxtXzRUMg", "WnE3L3BYKzl3LUxtXzRUMg==", "5a71372f", "5A:71:37:2F:", "\\n", "\n", "%0a", "&#10;", "\\132", "WnE3L3BYKzl3\\n", "WnE3L3BYKzl3\n", "a://b@c?", "://", "?key=a&")},
    "redaction of a known key in pieces": _text(_redact_stream, lambda n: 'data: {"a":"Zq7/pX+9"}\n\ndata: {"a":"w-Lm_4T2"}\n\n' * n),
    "redaction of base64 in lines": _text(_redact_stream, lambda n: ("a" * 76 + "\\n") * n),
    "redaction of escapes before base64": _text(_redact_stream, lambda n: "\\n" * n),
    **{f"redaction of {piece!r}": _text(_mask_fields, partial(_repeated, piece)) for piece in ('"headers":{', '"headers":[{"', '\\"headers\\":{\\"a\\":\\"', '"a_secret":"x\\"', '\\\\\\"a_key\\\\\\":\\\\\\"', '"name":"', '"value":"a",', '"authentication":{"key":"', "\\")},
    **{
        f"{name}, {label}": _text(call, make)
        for name, call in (
            ("redaction", lambda text: redact_interaction(_recorded(text))),
            ("redaction of a stream", lambda text: redact_interaction(_recorded(text, is_sse=True))),
            ("scan", lambda text: list(scan_interaction(_recorded(text)))),
            ("cassette", _render),
            ("matching", _match),
        )
        for label, make in (
            ("web tokens", lambda n: '{"a":"' + "eyJ" * n + '"}'),
            ("white space", lambda n: '{"a":' + " " * n + "1}"),
            ("lines", lambda n: '{"a":1}\n' * n),
            ("blank lines", lambda n: "{\n" + " \n" * n + "}"),
            ("events", lambda n: 'data: {"a": "b"}\n\n' * n),
            ("keys", lambda n: "{" + ",".join([f'"api_key{i}": "secret-{i}"' for i in range(n)]) + "}"),
            ("names", lambda n: '"api_key": "' * n),
            ("escaped names", lambda n: '\\"api_key\\": \\"' * n),
            ("brackets", lambda n: '{"a":[' * n),
            ("private keys", lambda n: "-----BEGIN PRIVATE KEY-----" * n),
            ("base64", lambda n: '{"a":"' + "QUFB" * n + '"}'),
            ("parts of words", lambda n: '{"' + "a-" * n + 'key":"b"}'),
        )
    },
}  # fmt: skip
"""Texts of models and services, and what is recorded."""

BUILDERS = (
    "openai",
    "anthropic",
    "gemini",
    "bedrock",
    "cohere",
    "ollama",
    "openai_responses",
    "dashscope",
)


def _requests(name: str, make: Callable[[int], ChatRequest]) -> Shape:
    def shape(size: int) -> Call:
        provider, config, request = registry.get(name).unwrap(), config_for(name), make(size)
        return lambda: provider.build_chat(config, request)

    return shape


def _turns(size: int) -> ChatRequest:
    return ChatRequest(
        messages=tuple([user("a") if i % 2 == 0 else assistant("b") for i in range(size | 1)])
    )


def _calls(size: int) -> ChatRequest:
    calls = [ToolCall(id=f"c{i}", name="f", arguments="{}") for i in range(size)]
    results = [tool_result(call.id, "x") for call in calls]
    return ChatRequest(
        messages=(user("a"), Message("assistant", tuple(calls)), *results, user("b"))
    )


def _late_results(size: int) -> ChatRequest:
    calls = [ToolCall(id=f"c{i}", name="f", arguments="{}") for i in range(size)]
    results = [tool_result(call.id, "x") for call in reversed(calls)]
    messages = (user("a"), Message("assistant", tuple(calls)), user("b"), *results, user("c"))
    return ChatRequest(messages=messages)


def _no_results(size: int) -> ChatRequest:
    calls = [ToolCall(id=f"c{i}", name="f", arguments="{}") for i in range(size)]
    opaque = Opaque("anthropic", "x", json.dumps({"type": "x", "texts": ["a" * 50] * size}))
    return ChatRequest(messages=(user("a"), Message("assistant", (opaque, *calls)), user("b")))


def _new_tools(name: str) -> Shape:
    """Tools with schemas that no request had before, made in the call: earlier ones come from a cache, if they are few."""

    def shape(size: int) -> Call:
        provider, config = registry.get(name).unwrap(), config_for(name)

        def call() -> object:
            request = next(_REQUESTS)
            tools = [
                Tool(
                    name=f"f{i}",
                    parameters={
                        "type": "object",
                        "properties": {f"a{request}_{i}": {"type": "string"}},
                    },
                )
                for i in range(size)
            ]
            return provider.build_chat(
                config, ChatRequest(messages=user("a"), tools=tuple(tools))
            ).unwrap()

        return call

    return shape


_REQUESTS = count()
"""The numbers of the requests with new tools."""


BUILDS: Mapping[str, Shape] = {
    "build, parts": lambda n: _build(n, lambda i: {"type": "text", "text": str(i)}),
    **{
        f"build for {name}, {label}": _requests(name, make)
        for name in BUILDERS
        for label, make in (
            ("turns", _turns),
            ("calls and results", _calls),
            ("late results", _late_results),
            ("calls without results", _no_results),
        )
    },
    **{
        f"build for {name}, new tools": _new_tools(name)
        for name in ("open_llm", *BUILDERS)
        if name not in ("openai", "gemini")  # they take 128 and 512
    },
}


def _build(size: int, part: Callable[[int], dict[str, Any]]) -> Call:
    provider = registry.get("openai").unwrap()
    body = json.dumps(
        _chat(
            {
                "content": [part(i) for i in range(size)],
                "tool_calls": [_call(i) for i in range(size)],
            }
        )
    ).encode()
    completion = provider.parse_chat(HttpResponse(200, (), body)).unwrap()
    return lambda: [
        build_next(name, completion) for name in ("openai", "anthropic", "gemini", "bedrock")
    ]


def bare_decode(size: int) -> Call:
    """No code of ours: msgspec alone, on wide JSON. What it has above 1 is the machine's: fresh memory, and caches that are full."""
    data = json.dumps([[{"a": [1]}] for _ in range(size)]).encode()
    return lambda: msgspec.json.decode(data)


SHAPES: Mapping[str, Shape] = {**ANSWERS, **BUILDS, **TEXTS}


def growth(
    shape: Shape,
    *,
    enough_s: float = 0.03,
    start: int = 250,
    limit: int = 256_000,
    collecting: bool = False,
) -> tuple[float, float, int]:
    """Return the exponent of the time of a shape, the seconds of its largest size, and that size.

    The size grows fourfold until a call takes `enough_s` of CPU time, up to the limit; the exponent is that of the last
    tenfold step. 0.0 for a shape that is too fast to measure. `collecting`: with Python's garbage collector as it is by
    default, else without.
    """
    size, spent = _large_enough(shape, enough_s, start, limit, collecting=collecting)
    if spent < _TOO_FAST_S:
        return 0.0, spent, size
    return *last_step(shape, size, collecting=collecting), size


def _large_enough(
    shape: Shape, enough_s: float, start: int, limit: int, *, collecting: bool
) -> tuple[int, float]:
    """Return a size, at least STEP times the start, at which a call takes `enough_s` if any up to the limit does, and what it took."""
    size = start * STEP
    spent = _cpu_s([shape(size)], collecting=collecting)
    while spent < enough_s and size * 4 <= limit:
        size *= 4
        spent = _cpu_s([shape(size)], collecting=collecting)
    return size, spent


def last_step(shape: Shape, size: int, *, collecting: bool = False) -> tuple[float, float]:
    """Return the exponent of the time from a tenth of a size to the size, and the seconds there."""
    small, large = [shape(size // STEP)] * STEP, [shape(size)]
    rounds = [[_cpu_s(calls, collecting=collecting) for calls in (small, large)] for _ in range(3)]
    smalls, larges = zip(*rounds, strict=True)  # interleaved: a neighbour slows down both
    return _exponent(min(smalls), min(larges)), min(larges)


def _exponent(smalls_s: float, large_s: float) -> float:
    """The exponent, of the seconds of STEP calls of a size and of one call of a size STEP times as large."""
    return math.log(STEP * large_s / max(smalls_s, 1e-6)) / math.log(STEP)


_TOO_FAST_S = 0.001
STEP = 10
"""From one size to the next. A step of memory (a cache that is full, fresh pages) costs about a sixth once, which in a small
step looks like a power of the size: 1.11 in a fourfold one, 1.07 in a tenfold one."""


MAX_EXPONENT = 1.4
"""Coarse, as the machine may be busy: 1 is linear, 2 quadratic. The bench has 1.1."""
_CLEARLY_LINEAR = 1.2
"""As 1.4 in one round would be only if the machine had given its small sizes half as much of itself as the large one."""


def assert_linear(shape: Shape) -> None:
    """Fail if the time of a shape grows faster than MAX_EXPONENT, on small sizes and on larger, less noisy ones.

    One round is enough for a shape that is clearly linear in it; its large call comes first and fills the caches.
    """
    size, spent = _large_enough(shape, 0.01, 250, 256_000, collecting=False)
    if spent < _TOO_FAST_S:
        return
    smalls = _cpu_s([shape(size // STEP)] * STEP, collecting=False)
    if _exponent(smalls, spent) <= _CLEARLY_LINEAR:
        return
    exponent, seconds = last_step(shape, size)
    for enough_s in (0.05, 0.2, 0.4):
        if exponent > MAX_EXPONENT:
            exponent, seconds, size = growth(shape, enough_s=enough_s, limit=1_024_000)
    assert exponent <= MAX_EXPONENT, f"{seconds:.3f} s for a size of {size}"


def memory_growth(shape: Shape, size: int) -> float:
    """Return the exponent of the peak memory of a shape, from a tenth of a size to the size."""
    small, large = (_peak(shape(wanted)) for wanted in (max(1, size // STEP), size))
    return math.log(large / small) / math.log(STEP)


def _cpu_s(calls: Sequence[Call], *, collecting: bool) -> float:
    """CPU seconds of the calls, one after another."""
    if collecting:
        gc.collect()
    else:
        gc.disable()
    try:
        begin = time.thread_time()
        for call in calls:
            call()
        return time.thread_time() - begin
    finally:
        gc.enable()


def _peak(call: Call) -> int:
    call()  # what is loaded once
    gc.collect()
    tracemalloc.start()
    try:
        call()
        return max(1, tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()

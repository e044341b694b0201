"""Whatever a stream repeats costs the same each time: blocks, calls, candidates, citations, signatures, extra fields."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from llm_pure import ResponseHead
from llm_pure.adapters import registry
from llm_pure.framing.aws_eventstream import EventStreamMessage
from tests.adapters.wild import test_anthropic_messages as claude
from tests.adapters.wild import test_bedrock as bedrock
from tests.adapters.wild import test_gemini_content as gemini
from tests.support.aws_frames import STREAM_HEAD, body_of, event
from tests.support.growth_shapes import Call, Shape, assert_linear
from tests.support.wild_answers import SSE

Repeat = Callable[[int], Any]
"""Number of a repetition -> its event, or several."""


def in_claude(i: Repeat, *before: Any) -> Callable[[int], bytes]:
    return lambda n: claude.stream(claude.start(), *before, *flat(i, n), claude.end(), claude.STOP)


def in_gemini(i: Repeat) -> Callable[[int], bytes]:
    return lambda n: gemini.stream(*flat(i, n), gemini.item(finish="STOP"))


def in_converse(i: Repeat, *before: EventStreamMessage) -> Callable[[int], bytes]:
    return lambda n: body_of(bedrock.BEGIN, *before, *flat(i, n), bedrock.END, bedrock.METADATA)


def flat(i: Repeat, n: int) -> Iterator[Any]:
    for number in range(n):
        made = i(number)
        yield from made if isinstance(made, tuple) else (made,)


SHAPES: Mapping[str, tuple[str, Callable[[int], bytes]]] = {
    "claude, blocks": ("anthropic", in_claude(lambda i: (claude.begun(i, text=""), claude.text(i, "a"), claude.stopped(i)))),
    "claude, blocks without starts": ("anthropic", in_claude(lambda i: claude.text(i, "a"))),
    "claude, calls without indexes": ("anthropic", in_claude(lambda i: (claude.begun(claude.ABSENT, "tool_use", **claude.CALL), claude.arguments(claude.ABSENT, "{}")))),
    "claude, citations": ("anthropic", in_claude(lambda i: claude.delta(0, "citations_delta", citation={"n": i}), claude.begun(0, text=""))),
    "claude, pieces of a signature": ("anthropic", in_claude(lambda i: claude.signature(0, f"{i} "), claude.begun(0, "thinking", thinking=""))),
    "claude, extra keys": ("anthropic", in_claude(lambda i: {**claude.text(0, "a"), f"k{i}": i})),
    "claude, stop reasons": ("anthropic", in_claude(lambda i: (claude.text(i, "a"), claude.end()))),
    "gemini, calls": ("gemini", in_gemini(lambda i: gemini.item(gemini.piece(f"c{i}", "f", args={})))),
    "gemini, candidates": ("gemini", in_gemini(lambda i: {"candidates": [{"index": i, "content": {"parts": [{"text": "a"}]}, "finishReason": "STOP"}]})),
    "gemini, parts": ("gemini", lambda n: gemini.stream(gemini.item(*[{"executableCode": {"code": str(i)}} for i in range(n)], finish="STOP"))),
    "gemini, citations": ("gemini", in_gemini(lambda i: gemini.item({"text": "a"}, citationMetadata={"citationSources": [{"uri": str(i)}]}))),
    "gemini, safety ratings": ("gemini", in_gemini(lambda i: gemini.item({"text": "a"}, safetyRatings=[{"category": str(i)}]))),
    "gemini, extra keys": ("gemini", in_gemini(lambda i: {**gemini.item({"text": "a"}), f"k{i}": i})),
    "gemini, pieces of a call": ("gemini", in_gemini(lambda i: gemini.item(gemini.piece(None if i else "c", None if i else "f", **gemini.argument("a", more=True), willContinue=True)))),
    "converse, blocks": ("bedrock", in_converse(lambda i: (bedrock.text(i, "a"), bedrock.stopped(i)))),
    "converse, calls": ("bedrock", in_converse(lambda i: (bedrock.call(i, f"c{i}"), bedrock.arguments(i, "{}")))),
    "converse, citations": ("bedrock", in_converse(lambda i: (bedrock.text(i, "a"), bedrock.delta(i, citation={"n": i})))),
    "converse, pieces of a signature": ("bedrock", in_converse(lambda i: bedrock.thought(0, signature=f"{i} "))),
    "converse, extra keys": ("bedrock", in_converse(lambda i: event("contentBlockDelta", contentBlockIndex=0, delta={"text": "a"}, **{f"k{i}": i}))),
    "invoke, calls of gpt-oss": ("bedrock_invoke", lambda n: body_of(*bedrock.chunks(
        *[bedrock.openai({"tool_calls": [{"index": i, "id": f"c{i}", "function": {"name": "f", "arguments": "{}"}}]}) for i in range(n)], bedrock.openai({}, "stop")))),
    "invoke, calls of Command R": ("bedrock_invoke", lambda n: body_of(*bedrock.chunks(
        *[{"event_type": "tool-calls-generation", "tool_calls": [{"name": "f", "parameters": {}}]} for _ in range(n)], {"event_type": "stream-end", "is_finished": True, "finish_reason": "COMPLETE"}))),
}  # fmt: skip


def reading(provider: str, make: Callable[[int], bytes]) -> Shape:
    head = STREAM_HEAD if provider.startswith("bedrock") else ResponseHead(200, SSE)

    def shape(size: int) -> Call:
        data = make(size)
        pieces = [data[at : at + 65_536] for at in range(0, len(data), 65_536)]

        def read() -> None:
            decoder = registry.get(provider).unwrap().open_stream(head)
            for piece in pieces:
                decoder.feed(piece).unwrap()
            decoder.close().unwrap()

        return read

    return shape


@pytest.mark.parametrize(("provider", "make"), SHAPES.values(), ids=SHAPES)
def test_time_grows_linearly(provider: str, make: Callable[[int], bytes]) -> None:
    assert_linear(reading(provider, make))

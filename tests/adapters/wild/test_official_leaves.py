"""No leaf of an answer of the official packages' types is lost: each one changes the Completion or an event.

What is passed over on purpose stands in a table with its reason.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, get_args

import botocore.loaders  # type: ignore[import-untyped]
import botocore.model  # type: ignore[import-untyped]
import pytest
from anthropic.types import ContentBlock, Message, RawMessageStreamEvent, StopReason
from anthropic.types.beta import (
    BetaContentBlock,
    BetaMessage,
    BetaRawMessageStreamEvent,
    BetaStopReason,
)
from google.genai import types as genai

from llm_pure import HttpResponse, ResponseHead
from llm_pure.adapters import registry
from llm_pure.adapters.dialects.anthropic_messages.stream import FINISH as CLAUDE_FINISH
from llm_pure.adapters.dialects.bedrock_converse.stream import FINISH as CONVERSE_FINISH
from llm_pure.adapters.dialects.gemini_content.stream import FINISH as GEMINI_FINISH
from llm_pure.replay.checks.stream_properties import read_pieces
from tests.support.aws_frames import STREAM_HEAD, body_of, event
from tests.support.leaves import Instance, Samples, base64_of, instances, lost_leaves, unexplained
from tests.support.wild_answers import JSON, SSE, sse

Read = Callable[[Any], Any]


def lost(all_instances: list[Instance], read: Read) -> list[str]:
    return [name for instance in all_instances for name in lost_leaves(instance, read)]


def buffered(provider: str) -> Read:
    """The result for a body."""
    parse = registry.get(provider).unwrap().parse_chat
    return lambda value: parse(HttpResponse(200, JSON, json.dumps(value).encode()))


def streamed(provider: str, head: ResponseHead, body: Callable[[Any], bytes]) -> Read:
    """The events and the error of a stream that has the value in it."""
    open_stream = registry.get(provider).unwrap().open_stream
    return lambda value: read_pieces(open_stream(head), [body(value)])


SSE_HEAD = ResponseHead(200, SSE)

# Anthropic

ANTHROPIC: Samples = {
    "index": (0, 0),
    "stop_reason": ("end_turn", "max_tokens"),
    "partial_json": ('{"a":1}', '{"a":2}'),
    "Message.type": ("message", "message"),
    "BetaMessage.type": ("message", "message"),
}
ROLE = "the role of an answer is always the model's"
INDEX = "an index tells which block is meant; here it is 0 in both"
CLAUDE_BODY: Mapping[str, str] = {"*Message*.type": "the same in both"}
BLOCKS: Mapping[str, str] = {}
CONTENT = ["Message.content", "BetaMessage.content"]
"""The blocks are tested one by one: all of them in one message take minutes."""


@pytest.mark.parametrize("kind", [Message, BetaMessage], ids=["Message", "BetaMessage"])
def test_body_of_claude_keeps_every_leaf(kind: Any) -> None:
    found = instances(kind, samples=ANTHROPIC, leave_out=CONTENT)
    parse = buffered("anthropic")
    assert (
        unexplained(lost(found, lambda value: parse({**value, "content": []})), CLAUDE_BODY) == []
    )


@pytest.mark.parametrize("kind", [ContentBlock, BetaContentBlock], ids=["Message", "BetaMessage"])
def test_block_of_claude_keeps_every_leaf(kind: Any) -> None:
    parse = buffered("anthropic")
    found = lost(instances(kind, samples=ANTHROPIC), lambda value: parse({"content": [value]}))
    assert unexplained(found, BLOCKS) == []


STARTS: Mapping[str, Any] = {
    "thinking_delta": {"type": "thinking", "thinking": ""},
    "signature_delta": {"type": "thinking", "thinking": ""},
    "input_json_delta": {"type": "tool_use", "id": "t", "name": "f", "input": {}},
    "compaction_delta": {"type": "compaction"},
}


def claude_stream(value: Any) -> bytes:
    """A stream with this event where it belongs."""
    start = {"type": "message_start", "message": {"id": "m", "content": []}}
    kind = value["type"]
    before: list[Any] = [] if kind == "message_start" else [start]
    if kind in ("content_block_delta", "content_block_stop"):
        delta = value.get("delta", {}).get("type")
        block = STARTS.get(delta, {"type": "text", "text": ""})
        before.append({"type": "content_block_start", "index": 0, "content_block": block})
    end = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}}
    after = [] if kind == "message_stop" else [end, {"type": "message_stop"}]
    return sse(*before, value, *after, done=False, named=True)


CLAUDE_EVENTS: Mapping[str, str] = {"*Start*.message.type": "the same in both", "*.index": INDEX}


@pytest.mark.parametrize(
    "kind", [RawMessageStreamEvent, BetaRawMessageStreamEvent], ids=["Message", "BetaMessage"]
)
def test_events_of_claude_keep_every_leaf(kind: Any) -> None:
    read = streamed("anthropic", SSE_HEAD, claude_stream)
    found = lost(instances(kind, samples=ANTHROPIC, leave_out=CONTENT), read)
    assert unexplained(found, CLAUDE_EVENTS) == []


# Gemini

GEMINI: Samples = {
    "Candidate.index": (0, 0),
    "blockReason": ("SAFETY", "OTHER"),
    "finishReason": ("STOP", "MAX_TOKENS"),
    "thoughtSignature": (base64_of("a"), base64_of("b")),
}
ONE_OF = "a fragment has one value, this instance has all of them"
GEMINI_BODY: Mapping[str, str] = {
    "*.functionCall.args.*": "a call has `args` or `partialArgs`, this instance has both",
    "*.partialArgs[0].boolValue": ONE_OF,
    "*.partialArgs[0].numberValue": ONE_OF,
    "*.partialArgs[0].willContinue": "nothing follows this fragment",
    "*.candidates[0].index": INDEX,
}
NOT_ON_THE_WIRE = ["sdkHttpResponse", "automaticFunctionCallingHistory", "parsed"]


@pytest.mark.parametrize(
    "read",
    [buffered("vertex"), streamed("gemini", SSE_HEAD, lambda value: sse(value, done=False))],
    ids=["buffered", "streamed"],
)
def test_answer_of_gemini_keeps_every_leaf(read: Read) -> None:
    found = instances(genai.GenerateContentResponse, samples=GEMINI, leave_out=NOT_ON_THE_WIRE)
    assert unexplained(lost(found, read), GEMINI_BODY) == []


# Bedrock


def operation(name: str) -> Any:
    """The shape of an operation's output, as botocore describes the service."""
    data = botocore.loaders.Loader().load_service_model("bedrock-runtime", "service-2")
    return botocore.model.ServiceModel(data).operation_model(name).output_shape


CONVERSE: Samples = {
    "contentBlockIndex": (0, 0),
    "stopReason": ("end_turn", "max_tokens"),
    "ToolUseBlockDelta.input": ('{"a":1}', '{"a":2}'),
}
CONVERSE_BODY: Mapping[str, str] = {"*.message.role": ROLE}


def test_body_of_converse_keeps_every_leaf() -> None:
    found = instances(operation("Converse"), samples=CONVERSE)
    assert unexplained(lost(found, buffered("bedrock")), CONVERSE_BODY) == []


CONVERSE_EVENTS: Mapping[str, str] = {"*messageStart.role": ROLE, "*.contentBlockIndex": INDEX}


def converse_stream(value: Any) -> bytes:
    """A stream with this event where it belongs."""
    kind, payload = next(iter(value.items()))
    before = [event("messageStart", role="assistant")]
    if "toolUse" in payload.get("delta", {}):
        start = {"toolUse": {"toolUseId": "t", "name": "f"}}
        before.append(event("contentBlockStart", contentBlockIndex=0, start=start))
    after = [
        event("contentBlockStop", contentBlockIndex=0),
        event("messageStop", stopReason="end_turn"),
        event("metadata", usage={"inputTokens": 1}),
    ]
    kept = [one for one in after if one.header(":event-type") != kind]
    frames = [event(kind, payload), *kept]
    return body_of(*([] if kind == "messageStart" else before), *frames)


def test_events_of_converse_keep_every_leaf() -> None:
    found = instances(operation("ConverseStream").members["stream"], samples=CONVERSE)
    read = streamed("bedrock", STREAM_HEAD, converse_stream)
    assert unexplained(lost(found, read), CONVERSE_EVENTS) == []


# Finish reasons


def test_every_official_finish_reason_is_mapped() -> None:
    stop_reasons = {*get_args(StopReason), *get_args(BetaStopReason)}
    assert stop_reasons - CLAUDE_FINISH.keys() == set()
    gemini = {reason.value for reason in genai.FinishReason}
    assert gemini - GEMINI_FINISH.keys() == {"FINISH_REASON_UNSPECIFIED", "OTHER"}
    converse = operation("Converse").members["stopReason"].enum
    assert {*converse} - CONVERSE_FINISH.keys() == set()

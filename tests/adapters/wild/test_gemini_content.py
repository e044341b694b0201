"""Gemini's answers as services and gateways send them beside the documented form."""

from typing import Any

import pytest

from llm_pure.types.errors import (
    ContentFiltered,
    Overloaded,
    ProtocolError,
    RateLimited,
    ServerError,
    StreamInterrupted,
)
from tests.support.framed import dense
from tests.support.wild_answers import JSON, Answer, Fault, Row, check, sse


def item(*parts: Any, finish: str | None = None, **fields: Any) -> dict[str, Any]:
    """A GenerateContentResponse with one candidate."""
    reason = {"finishReason": finish} if finish else {}
    candidate = {"index": 0, "content": {"role": "model", "parts": [*parts]}, **reason, **fields}
    return {"candidates": [candidate], "modelVersion": "g", "responseId": "r"}


def stream(*items: Any) -> bytes:
    return sse(*items, done=False)


def array(*items: Any) -> bytes:
    return f"[{','.join(map(dense, items))}]".encode()


def ends(data: bytes) -> tuple[int, ...]:
    """The lengths at which a cut cannot be told from an end after these bytes: up to the data of the next event."""
    return tuple(range(len(data) - 2, len(data) + len("data: ") + 1))


USAGE = {"promptTokenCount": 5, "candidatesTokenCount": 3, "totalTokenCount": 8}
HI = Answer(text="Hi", parts=("Text",))
CODE = (
    {"executableCode": {"language": "PYTHON", "code": "print(1)"}},
    {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}},
)
RUN = (
    item(CODE[0]), item(CODE[1], finish="STOP"), item({"text": "The answer "}), item({"text": "is 1."}, finish="STOP"),
)  # fmt: skip
RAN = Answer(
    text="The answer is 1.", parts=("Opaque", "Opaque", "Text"), finish="stop", raw_finish="STOP"
)


def chunks(*names: str) -> dict[str, Any]:
    return {"groundingChunks": [{"web": {"uri": name}} for name in names]}


def piece(id: str | None = None, name: str | None = None, **fields: Any) -> dict[str, Any]:
    return {"functionCall": {**({"id": id} if id else {}), **({"name": name} if name else {}), **fields}}  # fmt: skip


def argument(value: str, *, more: bool = False) -> dict[str, Any]:
    return {"partialArgs": [{"jsonPath": "$.city", "stringValue": value, "willContinue": more}]}


OSLO = Answer(calls=(("c1", "f", '{"city":"Oslo"}'),), finish="tool_calls", raw_finish="STOP")
OPENED = item({"text": "Hi"})
ERROR = {"error": {"code": 503, "message": "overloaded", "status": "UNAVAILABLE"}}
ENDED = stream(item({"text": "Hi"}, finish="STOP"))
BROKEN = Fault(
    kind=Overloaded, message="overloaded", code="UNAVAILABLE", retryable=True,
    partial=Answer(text="Hi", finish="unknown"),
)  # fmt: skip
FINISHED = Fault(
    kind=Overloaded, message="overloaded", code="UNAVAILABLE", retryable=True, partial=Answer(text="Hi")
)  # fmt: skip


def row(title: str, data: bytes | None, expected: Answer | Fault, **fields: Any) -> Row:
    return Row(title=title, provider=fields.pop("provider", "gemini"), data=data, expected=expected, **fields)  # fmt: skip


ROWS = [
    # J: an end that is reopened
    row("a finish reason in mid-stream", stream(*RUN), RAN, open_ends=ends(stream(*RUN[:2]))),
    row("the same in an array", array(*RUN), RAN, headers=JSON),
    row("only the reason of an early item", stream(*RUN[:3]), Fault(
        kind=StreamInterrupted, retryable=True, partial=Answer(text="The answer ", raw_finish="STOP")),
        open_ends=ends(stream(*RUN[:2]))),
    row("no finish reason", stream(OPENED), Fault(
        kind=StreamInterrupted, retryable=True, partial=Answer(text="Hi", finish="unknown"))),
    row("a reason that is unspecified is none", stream(item({"text": "H"}, finish="FINISH_REASON_UNSPECIFIED"), item({"text": "i"}, finish="STOP")), HI),
    row("a second candidate without a reason", stream(
        {"candidates": [{"index": 0, "content": {"parts": [{"text": "Hi"}]}, "finishReason": "STOP"}, {"index": 1}]}), Fault(
        kind=StreamInterrupted, retryable=True, partial=HI)),
    row("the reason twice", stream(OPENED, item(finish="STOP"), item(finish="STOP")), HI),
    row("the reason in an item with parts null", stream(OPENED, {"candidates": [{"content": {"parts": None}, "finishReason": "STOP"}]}), HI),
    row("the reason in an item with content null", stream(OPENED, {"candidates": [{"content": None, "finishReason": "STOP"}]}), HI),
    row("items without candidates", stream({"candidates": None, "usageMetadata": USAGE}, OPENED, {"candidates": []}, item(finish="STOP"), {"usageMetadata": None}), HI),
    # O and heartbeats
    row("[DONE] at the end", sse(item({"text": "Hi"}, finish="STOP")), HI),
    row("[DONE] in mid-stream and heartbeats", sse(OPENED, b"data: [DONE]\n\n", b": ping\n\n", b"event: ping\ndata: 2026-11-29\n\n", b"data: null\n\n", b"data: {}\n\n", item(finish="STOP")), HI),
    row("an array for a request of a body", array(OPENED, item(finish="STOP")), HI, headers=JSON),
    # usage
    row("usage early", stream({**OPENED, "usageMetadata": USAGE}, item({"text": "!"}), item(finish="STOP")), Answer(text="Hi!", tokens=(5, 3))),
    row("usage null after it", stream({**OPENED, "usageMetadata": USAGE}, {**item({"text": "!"}), "usageMetadata": None}, item(finish="STOP")), Answer(text="Hi!", tokens=(5, 3))),
    row("usage of a delta, then null", stream(OPENED, {**item({"text": "!"}), "usageMetadata": USAGE}, {**item({"text": "?"}), "usageMetadata": None}, item(finish="STOP")), Answer(text="Hi!?", tokens=(5, 3))),
    row("usage late and as text", stream(OPENED, item(finish="STOP"), {"usageMetadata": {key: str(value) for key, value in USAGE.items()}}), Answer(text="Hi", tokens=(5, 3))),
    row("usage twice", stream({**OPENED, "usageMetadata": {"promptTokenCount": 9, "totalTokenCount": 99}}, {**item(finish="STOP"), "usageMetadata": USAGE}), Answer(text="Hi", tokens=(5, 3))),
    # 23: lists in pieces
    row("citations in pieces (Developer API)", stream(
        item({"text": "Hi"}, citationMetadata={"citationSources": [{"uri": "a"}]}),
        item(citationMetadata={"citationSources": [{"uri": "b"}]}, finish="STOP")),
        Answer(text="Hi", extra={"citationMetadata": {"citationSources": [{"uri": "a"}, {"uri": "b"}]}})),
    row("citations in pieces (Vertex)", stream(
        item({"text": "Hi"}, citationMetadata={"citations": [{"uri": "a"}]}),
        item(citationMetadata={"citations": [{"uri": "b"}]}, finish="STOP")),
        Answer(text="Hi", extra={"citationMetadata": {"citations": [{"uri": "a"}, {"uri": "b"}]}}), provider="vertex"),
    row("citations sent again each time", stream(
        item({"text": "Hi"}, citationMetadata={"citationSources": [{"uri": "a"}]}),
        item(citationMetadata={"citationSources": [{"uri": "a"}, {"uri": "b"}]}),
        item(citationMetadata={"citationSources": [{"uri": "a"}, {"uri": "b"}]}, finish="STOP")),
        Answer(text="Hi", extra={"citationMetadata": {"citationSources": [{"uri": "a"}, {"uri": "b"}]}})),
    row("URL contexts in pieces", stream(
        item({"text": "Hi"}, urlContextMetadata={"urlMetadata": [{"retrievedUrl": "a"}]}),
        item(urlContextMetadata={"urlMetadata": [{"retrievedUrl": "b"}]}, finish="STOP")),
        Answer(text="Hi", extra={"urlContextMetadata": {"urlMetadata": [{"retrievedUrl": "a"}, {"retrievedUrl": "b"}]}})),
    row("grounding in pieces", stream(
        item({"text": "Hi"}, groundingMetadata={"webSearchQueries": ["q"], **chunks("a"), "retrievalMetadata": {"x": 1}}),
        item(groundingMetadata={**chunks("b"), "retrievalMetadata": {"y": 2}}),
        item(groundingMetadata={"webSearchQueries": ["r"], "groundingSupports": [{"groundingChunkIndices": [0]}]}, finish="STOP")),
        Answer(text="Hi", extra={"groundingMetadata": {
            "webSearchQueries": ["q", "r"], **chunks("a", "b"), "retrievalMetadata": {"x": 1, "y": 2},
            "groundingSupports": [{"groundingChunkIndices": [0]}]}})),
    row("a list of another name in pieces", stream(
        item({"text": "Hi"}, groundingAttributions=[1]), item(groundingAttributions=[2], finish="STOP")),
        Answer(text="Hi", extra={"groundingAttributions": [1, 2]})),
    row("safety ratings per item", stream(
        item({"text": "Hi"}, safetyRatings=[{"category": "A", "probability": "LOW"}, {"category": "B", "probability": "LOW"}]),
        item(safetyRatings=[{"category": "A", "probability": "HIGH"}], finish="STOP")),
        Answer(text="Hi", extra={"safetyRatings": [{"category": "A", "probability": "HIGH"}, {"category": "B", "probability": "LOW"}]})),
    row("a later field beside the candidates", stream(OPENED, {**item(finish="STOP"), "modelStatus": {"a": 1}}), Answer(text="Hi", extra={"modelStatus": {"a": 1}})),
    # calls
    row("a call in pieces, as Vertex sends it", stream(
        item(piece("c1", "f", willContinue=True)), item(piece(**argument("Os", more=True), willContinue=True)),
        item(piece(**argument("lo"), willContinue=True)), item(piece()), item(finish="STOP")), OSLO, provider="vertex"),
    row("the id and the name again in each piece", stream(
        item(piece("c1", "f", **argument("Os", more=True), willContinue=True)),
        item(piece("c1", "f", **argument("lo"))), item(finish="STOP")), OSLO),
    row("the name again in each piece", stream(
        item(piece("c1", "f", **argument("Os", more=True), willContinue=True)),
        item(piece(None, "f", **argument("lo"))), item(finish="STOP")), OSLO),
    row("another id in each piece, without a name", stream(
        item(piece("c1", "f", **argument("Os", more=True), willContinue=True)),
        item(piece("c2", None, **argument("lo"))), item(finish="STOP")), OSLO),
    row("text between the pieces", stream(
        item(piece("c1", "f", **argument("Os", more=True), willContinue=True)), item({"text": "Hi"}),
        item(piece(**argument("lo"))), item(finish="STOP")),
        Answer(text="Hi", calls=OSLO.calls, finish="tool_calls", parts=("ToolCall", "Text"))),
    row("a call in pieces that only the finish ends", stream(
        item(piece("c1", "f", **argument("Oslo"), willContinue=True)), item(finish="STOP")), OSLO),
    row("two calls with one id", stream(
        item(piece("c1", "f", args={"a": 1}), piece("c1", "g", args={"b": 2}), finish="STOP")),
        Answer(calls=(("c1", "f", '{"a":1}'), ("c1", "g", '{"b":2}')), finish="tool_calls")),
    row("calls without ids", stream(
        item(piece(None, "f", args={}), finish=None), item(piece(None, "f", args=None), finish="STOP")),
        Answer(calls=(("call_r_0", "f", "{}"), ("call_r_1", "f", "{}")), finish="tool_calls")),
    row("the arguments as text", stream(item(piece("c1", "f", args='{"city":"Oslo"}'), finish="STOP")), OSLO),
    row("a call without a name", stream(item(piece("c1", None, args={"a": 1}), finish="STOP")), Fault(kind=ProtocolError)),
    # parts
    row("a thought, its signature in a part of its own", stream(
        item({"text": "hm", "thought": True}), item({"text": "", "thought": True, "thoughtSignature": "c2ln"}), item({"text": "Hi"}, finish="STOP")),
        Answer(text="Hi", reasoning="hm", parts=("Reasoning", "Reasoning", "Text"))),
    row("a signature of a thought without text", stream(
        item({"text": "hm", "thought": True}), item({"thought": True, "thoughtSignature": "c2ln"}), item({"text": "Hi"}, finish="STOP")),
        Answer(text="Hi", reasoning="hm", parts=("Reasoning", "Reasoning", "Text"))),
    row("null beside each part", stream(
        item({"text": "Hi", "thought": None, "functionCall": None, "inlineData": None, "newField": None}, finish="STOP"),
        item({"text": None, "functionCall": None})), HI),
    row("an unknown part with null beside it", stream(item({"text": None, "newThing": {"a": 1}}, finish="STOP")), Answer(parts=("Opaque",))),
    row("text in the part of a call", stream(item({"text": "Hi", **piece("c1", "f", args={"city": "Oslo"})}, finish="STOP")),
        Answer(text="Hi", calls=OSLO.calls, finish="tool_calls", parts=("Text", "ToolCall"))),
    row("indexes as text", stream({"candidates": [{"index": "0", "content": {"parts": [{"text": "Hi"}]}, "finishReason": "STOP"}]}), HI),
    # errors everywhere
    row("an error in place of the answer", stream(ERROR), Fault(kind=Overloaded, message="overloaded", code="UNAVAILABLE", retryable=True)),
    row("an error in mid-stream", stream(OPENED, ERROR), BROKEN),
    row("an error in mid-stream, in an array", stream(OPENED, [ERROR]), BROKEN),
    row("an error in mid-stream of an array", array(OPENED, ERROR), BROKEN, headers=JSON),
    row("a bare error in mid-stream", stream(OPENED) + dense(ERROR).encode() + b"\r\n\r\n", BROKEN),
    row("an error after the finish", stream(item({"text": "Hi"}, finish="STOP"), ERROR), FINISHED, open_ends=ends(ENDED)),
    row("a bare error after the finish", stream(item({"text": "Hi"}, finish="STOP")) + dense(ERROR).encode(), FINISHED, open_ends=tuple(range(len(ENDED) - 2, len(ENDED) + len(dense(ERROR))))),
    row("an error beside candidates", stream({**item({"text": "Hi"}, finish="STOP"), **ERROR}), FINISHED, body={**item({"text": "Hi"}, finish="STOP"), **ERROR}),
    row("an error of a candidate", stream(item({"text": "Hi"}, finish="STOP", **ERROR)), FINISHED, body=item({"text": "Hi"}, finish="STOP", **ERROR)),
    row("an error named as one", stream(OPENED) + b'event: error\ndata: {"code":503,"message":"overloaded","status":"UNAVAILABLE"}\n\n', Fault(
        kind=Overloaded, message="overloaded", code="UNAVAILABLE", retryable=True, partial=BROKEN.partial)),
    row("an error under 200", None, Fault(kind=RateLimited, code="RESOURCE_EXHAUSTED", retryable=True),
        body={"error": {"code": 429, "message": "slow", "status": "RESOURCE_EXHAUSTED"}}),
    row("an error in an array under 4xx", None, Fault(kind=RateLimited, code="RESOURCE_EXHAUSTED", retryable=True),
        body=[{"error": {"code": 429, "message": "slow", "status": "RESOURCE_EXHAUSTED"}}], status=429),
    row("an error framed as an event under 5xx", None, Fault(kind=Overloaded, message="overloaded", code="UNAVAILABLE", retryable=True),
        body=stream(ERROR), status=503),
    row("a status without a code of its own", stream({"error": {"message": "boom"}}), Fault(kind=ServerError, message="boom", retryable=True)),
    row("a piece of arguments without a path", stream(item(piece("c", "f", willContinue=True)), item(piece(partialArgs=[{}], willContinue=True)),
        item(piece(partialArgs=[{"jsonPath": "$.a", "stringValue": "x"}], willContinue=True)), item(piece(), finish="STOP")),
        Answer(calls=(("c", "f", '{"a":"x"}'),), finish="tool_calls")),
    row("a piece of arguments without a path has a value", stream(item(piece("c", "f", willContinue=True)), item(piece(partialArgs=[{"stringValue": "x"}], willContinue=True)),
        item(piece(), finish="STOP")), Answer(calls=(("c", "f", '{"$":"x"}'),), finish="tool_calls")),
    # names as in Python
    row("names of fields as in Python", stream({"candidates": [{"content": {"parts": [{"text": "hm", "thought": True}]}}], "model_version": "m"},
        {"candidates": [{"content": {"parts": [{"function_call": {"name": "f", "args": {"a_b": {"finish_reason": 1}}}, "thought_signature": "AA"}]}}]},
        {"candidates": [{"finish_reason": "STOP", "grounding_metadata": {"web_search_queries": ["q"]}}],
         "usage_metadata": {"prompt_token_count": 5, "candidates_token_count": 3, "total_token_count": 8}}),
        Answer(reasoning="hm", calls=(("call_0", "f", '{"a_b":{"finish_reason":1}}'),), finish="tool_calls", raw_finish="STOP", tokens=(5, 3),
               extra={"groundingMetadata": {"webSearchQueries": ["q"]}}),
        body={"candidates": [{"content": {"parts": [{"text": "hm", "thought": True}, {"function_call": {"name": "f", "args": {"a_b": {"finish_reason": 1}}}}]},
                              "finish_reason": "STOP", "grounding_metadata": {"web_search_queries": ["q"]}}],
              "usage_metadata": {"prompt_token_count": 5, "candidates_token_count": 3, "total_token_count": 8}}),
    row("text with names of Python in it", stream(item({"text": '{"finish_reason": "x"}'}, finish="STOP")), Answer(text='{"finish_reason": "x"}')),
    row("a prompt blocked, as in Python", stream({"prompt_feedback": {"block_reason": "SAFETY"}}), Fault(kind=ContentFiltered, code="SAFETY"),
        body={"prompt_feedback": {"block_reason": "SAFETY"}}),
    row("a prompt blocked after text", stream(OPENED, {"promptFeedback": {"blockReason": "SAFETY"}}), Fault(
        kind=ContentFiltered, code="SAFETY", partial=Answer(text="Hi", finish="unknown"))),
    row("a prompt blocked beside candidates", stream({**item(finish="SAFETY"), "promptFeedback": {"blockReason": "SAFETY"}}), Fault(
        kind=ContentFiltered, code="SAFETY", partial=Answer(finish="content_filter"))),
    row("feedback without a reason is none", stream({**item({"text": "Hi"}, finish="STOP"), "promptFeedback": {"blockReason": "BLOCKED_REASON_UNSPECIFIED"}}), HI),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_shape_has_its_right_value(row: Row) -> None:
    check(row)

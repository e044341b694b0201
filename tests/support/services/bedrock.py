"""Amazon Bedrock: the counting of tokens, and InvokeModel with the body of each vendor, whole and streamed.

Source: ../shared/wire/bedrock.md sections 6 to 9; botocore 1.44.5; read 2026-11-20.
"""

import base64
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from llm_pure.framing.aws_eventstream import encode_message
from tests.support.services.answers import Answer, answer_for, answer_to, parts
from tests.support.services.anthropic import message, stream_events
from tests.support.services.exchange import Asked, Reply, json_reply

ERRORS = {
    400: "ValidationException",
    401: "UnrecognizedClientException",
    404: "ResourceNotFoundException",
    429: "ThrottlingException",
    500: "InternalServerException",
    529: "ServiceUnavailableException",
}

INPUT_COUNT = "x-amzn-bedrock-input-token-count"
OUTPUT_COUNT = "x-amzn-bedrock-output-token-count"

Events = Iterator[dict[str, Any]]


def answer(asked: Asked) -> Reply:
    """/model/{id}/count-tokens, /invoke and /invoke-with-response-stream."""
    told = _told(asked)
    if told.status != 200:
        kind = ERRORS[told.status]
        return json_reply(
            {"message": told.message},
            status=told.status,
            headers=(("x-amzn-errortype", f"{kind}:http://aws/"),),
        )
    model, _, action = asked.path.removeprefix("/model/").rpartition("/")
    if action == "count-tokens":
        return json_reply({"inputTokens": told.input_tokens})
    if told.vector:
        return _embedding(asked, told)
    write = next(one for prefix, one in VENDORS.items() if model.startswith(prefix))
    whole, events = write(told, model)
    if action == "invoke":
        return json_reply(
            whole,
            headers=(
                (INPUT_COUNT, str(told.input_tokens)),
                (OUTPUT_COUNT, str(told.output_tokens)),
            ),
        )
    *most, last = events
    metrics = {
        "inputTokenCount": told.input_tokens,
        "outputTokenCount": told.output_tokens,
        "invocationLatency": 900,
        "firstByteLatency": 300,
    }
    frames = [*most, {**last, "amazon-bedrock-invocationMetrics": metrics}]
    return Reply(
        pieces=tuple([_frame(event) for event in frames]),
        content_type="application/vnd.amazon.eventstream",
        headers=(("x-amzn-bedrock-content-type", "application/json"),),
    )


def _told(asked: Asked) -> Answer:
    """The answer; what is counted for InvokeModel is base64 inside the body."""
    native = (asked.says("input") or {}).get("invokeModel")
    if native is None:
        return answer_to(asked)
    return answer_for(base64.b64decode(native["body"]).decode())


def _embedding(asked: Asked, told: Answer) -> Reply:
    texts = asked.says("texts")
    if texts is None:
        return json_reply({"embedding": told.vector, "inputTextTokenCount": 2})
    many = {"float": [told.vector] * len(texts)}
    body = {"id": "1", "response_type": "embeddings_by_type", "embeddings": many, "texts": texts}
    return json_reply(body, headers=((INPUT_COUNT, "4"),))


def _frame(event: dict[str, Any]) -> bytes:
    inner = base64.b64encode(msgspec.json.encode(event)).decode()
    headers = (
        (":event-type", "chunk"),
        (":content-type", "application/json"),
        (":message-type", "event"),
    )
    return encode_message(headers, msgspec.json.encode({"bytes": inner, "p": "abcdef"}))


def _anthropic(told: Answer, model: str) -> tuple[dict[str, Any], Events]:
    return message(told, model), stream_events(told, model)


def _llama(told: Answer, model: str) -> tuple[dict[str, Any], Events]:
    whole = {
        "generation": told.text,
        "prompt_token_count": told.input_tokens,
        "generation_token_count": told.output_tokens,
        "stop_reason": told.finish,
    }

    def events() -> Events:
        for number, piece in enumerate(parts(told.text)):
            counted = told.input_tokens if number == 0 else None
            yield {
                "generation": piece,
                "prompt_token_count": counted,
                "generation_token_count": number + 1,
                "stop_reason": None,
            }
        yield {**whole, "generation": "", "prompt_token_count": None}

    return whole, events()


def _titan(told: Answer, model: str) -> tuple[dict[str, Any], Events]:
    reason = {"stop": "FINISH", "length": "LENGTH"}[told.finish]
    result = {
        "outputText": told.text,
        "tokenCount": told.output_tokens,
        "completionReason": reason,
    }

    def events() -> Events:
        *most, last = parts(told.text)
        for piece in most:
            yield {
                "outputText": piece,
                "index": 0,
                "totalOutputTextTokenCount": None,
                "completionReason": None,
                "inputTextTokenCount": None,
            }
        yield {
            "outputText": last,
            "index": 0,
            "totalOutputTextTokenCount": told.output_tokens,
            "completionReason": reason,
            "inputTextTokenCount": told.input_tokens,
        }

    return {"inputTextTokenCount": told.input_tokens, "results": [result]}, events()


def _nova(told: Answer, model: str) -> tuple[dict[str, Any], Events]:
    reason = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}[told.finish]
    content: list[dict[str, Any]] = [{"text": told.text}] if told.text else []
    uses = [{"toolUseId": one.id, "name": one.name} for one in told.calls]
    content += [
        {"toolUse": {**use, "input": one.arguments}}
        for use, one in zip(uses, told.calls, strict=True)
    ]
    usage = {
        "inputTokens": told.input_tokens,
        "outputTokens": told.output_tokens,
        "totalTokens": told.input_tokens + told.output_tokens,
    }

    def events() -> Events:
        yield {"messageStart": {"role": "assistant"}}
        for piece in parts(told.text):
            yield {"contentBlockDelta": {"delta": {"text": piece}, "contentBlockIndex": 0}}
        for index, one in enumerate(told.calls):
            yield {
                "contentBlockStart": {"start": {"toolUse": uses[index]}, "contentBlockIndex": index}
            }
            for piece in parts(one.json):
                delta = {"toolUse": {"input": piece}}
                yield {"contentBlockDelta": {"delta": delta, "contentBlockIndex": index}}
            yield {"contentBlockStop": {"contentBlockIndex": index}}
        yield {"messageStop": {"stopReason": reason}}
        yield {"metadata": {"usage": usage, "metrics": {}, "trace": {}}}

    said = {"message": {"role": "assistant", "content": content}}
    return {"output": said, "stopReason": reason, "usage": usage}, events()


VENDORS: Mapping[str, Callable[[Answer, str], tuple[dict[str, Any], Events]]] = {
    "anthropic.": _anthropic,
    "amazon.nova": _nova,
    "amazon.titan": _titan,
    "meta.": _llama,
}
"""The beginning of a model's id -> its whole answer, and its events."""

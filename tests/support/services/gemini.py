"""Gemini and Vertex AI: generateContent whole and streamed, the counting of tokens, and embeddings.

Source: ../shared/wire/gemini.md sections 5 to 7; google-genai 3.4.0; read 2026-11-20.
"""

import base64
from collections.abc import Iterator
from typing import Any

from tests.support.png import tiny_png
from tests.support.services.answers import Answer, answer_to, parts
from tests.support.services.exchange import Asked, Reply, data, json_reply, sse_reply

STATUS_WORDS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


def answer(asked: Asked) -> Reply:
    """:generateContent, :streamGenerateContent, :countTokens, :batchEmbedContents, :embedContent, and Vertex AI's :predict."""
    told = answer_to(asked)
    picture = base64.b64encode(tiny_png()).decode()
    if told.status != 429 and _wants_picture(asked):
        part = {"inlineData": {"mimeType": "image/png", "data": picture}}
        return json_reply(_item(PICTURE_ANSWER, [part], ends=True))
    if told.status != 429 and "sampleCount" in (asked.says("parameters") or {}):
        prediction = {"mimeType": "image/png", "bytesBase64Encoded": picture}
        return json_reply({"predictions": [prediction]})
    if told.status != 200:
        return error(told)
    match asked.path.rsplit(":", 1)[-1]:
        case "generateContent":
            return json_reply(_item(told, _parts(told), ends=True))
        case "streamGenerateContent":
            return sse_reply(*[data(item) for item in _items(told)])
        case "countTokens":
            detail = {"modality": "TEXT", "tokenCount": told.input_tokens}
            return json_reply({"totalTokens": told.input_tokens, "promptTokensDetails": [detail]})
        case "batchEmbedContents":
            count = len(asked.body["requests"])
            return json_reply({"embeddings": [{"values": told.vector}] * count})
        case "embedContent":
            return json_reply({"embedding": {"values": told.vector}})
        case "predict":
            return json_reply({"predictions": [_prediction(told)] * len(asked.body["instances"])})
        case method:
            missing = Answer(status=404, message=f"{method} is not known here")
            return error(missing)


def _wants_picture(asked: Asked) -> bool:
    return "IMAGE" in (asked.says("generationConfig") or {}).get("responseModalities", ())


PICTURE_ANSWER = Answer(input_tokens=4, output_tokens=258)
FINISH = {"stop": "STOP", "length": "MAX_TOKENS", "tool_calls": "STOP"}


def _parts(told: Answer) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = []
    if told.reasoning:
        said.append({"text": told.reasoning, "thought": True})
    if told.text:
        said.append({"text": told.text})
    calls = [{"functionCall": {"name": one.name, "args": one.arguments}} for one in told.calls]
    return said + calls


def _item(told: Answer, said: list[dict[str, Any]], *, ends: bool) -> dict[str, Any]:
    thoughts = {"thoughtsTokenCount": told.reasoning_tokens} if told.reasoning else {}
    usage = {
        "promptTokenCount": told.input_tokens,
        "candidatesTokenCount": told.output_tokens - told.reasoning_tokens,
        **thoughts,
        "totalTokenCount": told.input_tokens + told.output_tokens,
    }
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": said}, "index": 0}
    if ends:
        candidate["finishReason"] = FINISH[told.finish]
    return {
        "candidates": [candidate],
        "usageMetadata": usage,
        "modelVersion": "gemini",
        "responseId": "1",
    }


def _items(told: Answer) -> Iterator[dict[str, Any]]:
    for part in _parts(told):
        if "text" not in part:
            yield _item(told, [part], ends=False)
            continue
        for piece in parts(part["text"]):
            yield _item(told, [{**part, "text": piece}], ends=False)
    yield _item(told, [{"text": ""}], ends=True)


def _prediction(told: Answer) -> dict[str, Any]:
    statistics = {"truncated": False, "token_count": 2}
    return {"embeddings": {"values": told.vector, "statistics": statistics}}


def error(told: Answer) -> Reply:
    """{"error": {code, message, status, details?}}."""
    body: dict[str, Any] = {
        "code": told.status,
        "message": told.message,
        "status": STATUS_WORDS.get(told.status, "UNKNOWN"),
    }
    if told.status == 429:
        kind = "type.googleapis.com/google.rpc.RetryInfo"
        body["details"] = [{"@type": kind, "retryDelay": "2.5s"}]
    return json_reply({"error": body}, status=told.status)

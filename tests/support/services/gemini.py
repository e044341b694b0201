"""Gemini and Vertex AI: what aimock leaves out of them, which is the counting of tokens and the embeddings.

Source: ../shared/wire/gemini.md sections 5 to 7; google-genai 3.4.0; read 2026-11-20.
"""

from typing import Any

from tests.support.services.answers import Answer, answer_to
from tests.support.services.exchange import Asked, Reply, json_reply

STATUS_WORDS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}


def answer(asked: Asked) -> Reply:
    """:countTokens, :batchEmbedContents, :embedContent, and Vertex AI's :predict."""
    told = answer_to(asked)
    if told.status != 200:
        return _error(told)
    match asked.path.rsplit(":", 1)[-1]:
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
            return _error(missing)


def _prediction(told: Answer) -> dict[str, Any]:
    statistics = {"truncated": False, "token_count": 2}
    return {"embeddings": {"values": told.vector, "statistics": statistics}}


def _error(told: Answer) -> Reply:
    error: dict[str, Any] = {
        "code": told.status,
        "message": told.message,
        "status": STATUS_WORDS.get(told.status, "UNKNOWN"),
    }
    if told.status == 429:
        kind = "type.googleapis.com/google.rpc.RetryInfo"
        error["details"] = [{"@type": kind, "retryDelay": "2.5s"}]
    return json_reply({"error": error}, status=told.status)

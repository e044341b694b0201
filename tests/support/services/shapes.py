"""How services that speak like OpenAI differ in what they answer, as data.

Source: ../shared/wire/openai-family.md sections 0 and 4, ../shared/wire/cohere-mistral-others.md; read 2026-11-20.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

import msgspec

from tests.support.services.answers import Answer
from tests.support.services.exchange import Reply, json_reply

Fields: TypeAlias = Mapping[str, Any]
WriteError: TypeAlias = Callable[[Answer], Reply]


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """One service's ways.

    reasoning: where the thoughts are. usage: where a stream reports it; asked: only to those who ask with
    stream_options. done: a stream ends with [DONE]. space: one stands after `data:`. comment: goes before every chunk.
    calls: how a streamed call comes. excludes_reasoning: completion_tokens leave it out. typed: calls have a `type`.
    ids: call ids as this service makes them. finish: whether it says why it ended. extra: on a whole answer and the
    last chunk. chunk: on every chunk. refuses: body fields that are answered with an error.
    """

    reasoning: Literal["reasoning_content", "reasoning", "details", "parts", "think"] = (
        "reasoning_content"
    )
    usage: Literal["own", "finish", "after", "every", "choice", "x_groq"] = "finish"
    asked: bool = False
    done: bool = True
    space: bool = True
    comment: bytes = b""
    calls: Literal["pieces", "empty_ids", "whole"] = "pieces"
    excludes_reasoning: bool = False
    typed: bool = True
    ids: Callable[[int], str] | None = None
    finish: bool = True
    extra: Fields = {}
    chunk: Fields = {}
    unsupported: frozenset[str] = frozenset()
    error: WriteError


def openai_error(told: Answer) -> Reply:
    """{"error": {message, type, param, code}}."""
    error = {"message": told.message, "type": told.error_type, "param": None, "code": None}
    return json_reply({"error": error}, status=told.status)


def _short_error(told: Answer) -> Reply:
    return json_reply(
        {"error": {"message": told.message, "type": told.error_type}}, status=told.status
    )


def _numbered_error(told: Answer) -> Reply:
    error = {"message": told.message, "type": told.error_type, "code": told.status}
    return json_reply({"error": error}, status=told.status)


def _string_error(told: Answer) -> Reply:
    return json_reply({"error": told.message}, status=told.status)


def _flat_error(told: Answer) -> Reply:
    flat = {"message": told.message, "type": told.error_type, "param": "", "code": told.error_type}
    return json_reply(flat, status=told.status)


def _mistral_error(told: Answer) -> Reply:
    if told.status == 401:
        return json_reply({"detail": "Unauthorized"}, status=401)
    flat = {
        "object": "error",
        "message": told.message,
        "type": told.error_type,
        "param": None,
        "code": "3051",
        "raw_status_code": told.status,
    }
    return json_reply(flat, status=told.status)


def _openrouter_error(told: Answer) -> Reply:
    raw = msgspec.json.encode({"error": told.message}).decode()
    metadata = {"provider_name": "Somebody", "raw": raw}
    error = {"code": told.status, "message": told.message, "metadata": metadata}
    return json_reply({"error": error, "user_id": "user_1"}, status=told.status)


def _siliconflow_error(told: Answer) -> Reply:
    if told.status == 401:
        return json_reply("Invalid token", status=401)
    code = {400: 20015, 404: 20012, 429: 50505}.get(told.status, 50000)
    return json_reply({"code": code, "message": told.message, "data": None}, status=told.status)


def _zhipu_error(told: Answer) -> Reply:
    code = {400: "1210", 401: "1001", 404: "1211", 429: "1302"}.get(told.status, "500")
    return json_reply({"error": {"code": code, "message": told.message}}, status=told.status)


def _ark_error(told: Answer) -> Reply:
    words = {
        400: "InvalidParameter",
        401: "AuthenticationError",
        404: "InvalidEndpointOrModel.NotFound",
    }
    code = words.get(told.status, "InternalServiceError")
    if told.status == 429:
        code = "RateLimitExceeded.EndpointRPMExceeded"
    error = {"code": code, "message": told.message, "param": "", "type": "Error"}
    return json_reply({"error": error}, status=told.status)


def _qianfan_error(told: Answer) -> Reply:
    words = {401: "invalid_iam_token", 404: "invalid_model", 429: "rpm_rate_limit_exceeded"}
    code = words.get(told.status, "invalid_argument" if told.status == 400 else "internal_error")
    error = {"code": code, "message": told.message, "type": told.error_type}
    return json_reply({"error": error, "id": "as-1"}, status=told.status)


def _spark_error(told: Answer) -> Reply:
    error = {"message": told.message, "type": "api_error", "param": None, "code": None}
    return json_reply({"error": error}, status=told.status)


def _xai_error(told: Answer) -> Reply:
    return json_reply({"code": told.error_type, "error": told.message}, status=told.status)


def _titled_error(told: Answer) -> Reply:
    body = {"title": told.error_type, "status": told.status, "detail": told.message}
    return json_reply(body, status=told.status)


NINE = "abcdefghi"


def _nine(place: int) -> str:
    """Mistral's ids: nine letters and digits."""
    return f"{NINE[:8]}{place}"


def _kimi(place: int) -> str:
    return f"get_weather:{place}"


_SPARK = {"code": 0, "message": "Success", "sid": "cha1"}
_CITED = {"citations": ["https://example.org/weather"]}

SHAPES: Mapping[str, Shape] = {
    "ark": Shape(usage="own", asked=True, error=_ark_error),
    "azure": Shape(usage="own", asked=True, error=openai_error),
    "cerebras": Shape(
        reasoning="reasoning",
        calls="whole",
        extra={"time_info": {"queue_time": 0.001, "total_time": 0.01, "created": 1}},
        error=_flat_error,
    ),
    "dashscope": Shape(usage="own", asked=True, calls="empty_ids", error=openai_error),
    "deepseek": Shape(comment=b": keep-alive\n\n", error=openai_error),
    "fireworks": Shape(error=_string_error),
    "github": Shape(usage="own", asked=True, error=openai_error),
    "groq": Shape(reasoning="reasoning", usage="x_groq", calls="whole", error=openai_error),
    "huggingface": Shape(usage="own", asked=True, error=_string_error),
    "llama_compat": Shape(usage="own", asked=True, error=_titled_error),
    "metagpt": Shape(usage="own", asked=True, error=openai_error),
    "mistral": Shape(
        reasoning="parts",
        calls="whole",
        typed=False,
        ids=_nine,
        unsupported=frozenset(
            {"seed", "stream_options", "max_completion_tokens", "logprobs", "user"}
        ),
        error=_mistral_error,
    ),
    "moonshot": Shape(usage="choice", ids=_kimi, error=_short_error),
    "nvidia": Shape(usage="own", asked=True, error=_titled_error),
    "open_llm_raw": Shape(reasoning="think", usage="own", asked=True, error=_flat_error),
    "openai": Shape(usage="own", asked=True, error=openai_error),
    "openrouter": Shape(
        reasoning="details",
        usage="after",
        comment=b": OPENROUTER PROCESSING\n\n",
        chunk={"provider": "Somebody"},
        extra={"provider": "Somebody"},
        error=_openrouter_error,
    ),
    "perplexity": Shape(
        reasoning="think",
        usage="every",
        done=False,
        chunk=_CITED,
        extra=_CITED,
        error=_numbered_error,
    ),
    "qianfan": Shape(usage="own", asked=True, error=_qianfan_error),
    "siliconflow": Shape(usage="every", error=_siliconflow_error),
    "spark": Shape(space=False, finish=False, chunk=_SPARK, extra=_SPARK, error=_spark_error),
    "together": Shape(reasoning="reasoning", usage="finish", error=_flat_error),
    "xai": Shape(
        usage="own",
        asked=True,
        calls="whole",
        excludes_reasoning=True,
        extra=_CITED,
        error=_xai_error,
    ),
    "yi": Shape(error=_flat_error),
    "zhipuai": Shape(calls="whole", extra={"request_id": "1"}, error=_zhipu_error),
}
"""By the name of the service's prefix."""

"""Embeddings: POST {base_url}/services/embeddings/text-embedding/text-embedding.

Source: dashscope 2.0.2, embeddings/text_embedding.py; the answer's shape as generally known, unconfirmed; read 2026-11-20.
"""

from typing import Any

import msgspec

from llm_pure.adapters.dialects.dashscope_generation.errors import find_error
from llm_pure.adapters.dialects.dashscope_generation.request import SERVER
from llm_pure.adapters.dialects.openai_common.embed import no_base64
from llm_pure.adapters.dialects.openai_common.usage import tokens
from llm_pure.adapters.dialects.unmodelled import broken, others
from llm_pure.core.error_mapping import decode_success_json
from llm_pure.core.provider import Built
from llm_pure.core.urls import base_url, post_json
from llm_pure.framing.json_codec import convert
from llm_pure.types.completion import Usage
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidConfiguration, InvalidRequest
from llm_pure.types.http import HttpResponse
from llm_pure.types.operations import Embeddings, EmbedLimit, EmbedRequest
from llm_pure.types.result import Failure, LLMResult, Success

_ROWS = "help.aliyun.com/en/model-studio, synchronous text embedding, maximum rows; read 2026-11-21"

EMBED_LIMITS = (
    EmbedLimit(max_texts=25, prefix="text-embedding-v1", source=_ROWS),
    EmbedLimit(max_texts=25, prefix="text-embedding-v2", source=_ROWS),
    EmbedLimit(max_texts=10, source=_ROWS),
)

_PATH = "/services/embeddings/text-embedding/text-embedding"


class _Row(msgspec.Struct):
    embedding: list[float]
    text_index: int | None = None


class _Output(msgspec.Struct):
    embeddings: list[_Row]


class _Body(msgspec.Struct):
    output: _Output
    usage: dict[str, Any] | None = None


def build_embed(name: str, config: LLMConfig, request: EmbedRequest) -> LLMResult[Built]:
    """Body: {model, input: {texts[]}, parameters: {text_type?, dimension?}}. text_type is the request's `task`.

    Fails with InvalidConfiguration (no model, bad URL), InvalidRequest (no text, or an empty one).
    """
    model = request.model or config.model
    if not model:
        return Failure(
            InvalidConfiguration(message="no model for embeddings", field="model", provider=name)
        )
    if not request.texts or "" in request.texts:
        message = "an empty text has no embedding" if request.texts else "no text to embed"
        return Failure(InvalidRequest(message=message, param="input", provider=name))
    url = base_url(config, SERVER, provider=name)
    if isinstance(url, Failure):
        return url
    asked = {"text_type": request.task, "dimension": request.dimensions}
    body = {
        "model": model,
        "input": {"texts": list(request.texts)},
        "parameters": {key: value for key, value in asked.items() if value is not None},
        **(request.extra or {}),
    }
    made = post_json(config, url.unwrap() + _PATH, body, provider=name)
    return made.map(lambda one: Built(request=one, adaptations=no_base64(name, request)))


def parse_embed(name: str, response: HttpResponse) -> LLMResult[Embeddings]:
    """One vector for each text, by `text_index`."""
    good = decode_success_json(name, response, lambda raw: find_error(name, raw, response))
    if isinstance(good, Failure):
        return good
    raw = good.unwrap()
    typed = convert(_Body, raw, provider=name)
    if isinstance(typed, Failure):
        return typed
    body = typed.unwrap()
    if not body.output.embeddings:
        return Failure(broken(name, "the answer has no vectors", response))
    rows = sorted(
        enumerate(body.output.embeddings),
        key=lambda one: one[0] if one[1].text_index is None else one[1].text_index,
    )
    return Success(
        Embeddings(
            vectors=tuple([tuple(row.embedding) for _, row in rows]),
            provider=name,
            usage=_usage(body.usage),
            extra=others(raw, frozenset({"output", "usage", "code", "message", "status_code"})),
        )
    )


def _usage(raw: dict[str, Any] | None) -> Usage:
    """All tokens of an embedding are input."""
    return Usage(input_tokens=tokens(raw.get("total_tokens")), raw=raw) if raw else Usage()

"""Bodies without their HTTP: what a saved body is, and the same in another dialect. Pure.

    translate_body(body, "anthropic_messages", "openai_chat")     a request, a buffered answer, an error or a stream

A log is JSON lines, a body in each; a line of an OpenAI batch file has the request in its `body`.
"""

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from llm_pure.adapters import registry
from llm_pure.core.adaptations import Adaptation
from llm_pure.framing.json_codec import any_json, encode
from llm_pure.server.batch_lines import DIALECT_OF_PATH
from llm_pure.server.dialects import server_dialects
from llm_pure.server.translation import (
    dialect_named,
    exchange_of,
    open_translation,
    reject_losses,
    translate_request,
    translate_response,
    upstream_of,
)
from llm_pure.types.errors import InvalidRequest, LLMError, ProtocolError, UnsupportedFeature
from llm_pure.types.http import HttpRequest, HttpResponse, ResponseHead
from llm_pure.types.rejection import ok, reject, returns_failure
from llm_pure.types.result import Failure, error_of

BodyKind: TypeAlias = Literal["request", "answer", "stream", "log", ""]
"""What a body is; "" for something else."""

SHORT_NAMES: Mapping[str, str] = {
    "anthropic": "anthropic_messages",
    "chat": "openai_chat",
    "gemini": "gemini_content",
    "ollama": "ollama_native",
    "openai": "openai_chat",
    "responses": "openai_responses",
}
"""Short names of dialects."""

_PATHS: Mapping[str, str] = {
    "anthropic_messages": "/v1/messages",
    "gemini_content": "/v1beta/models/{model}:{method}",
    "ollama_native": "/api/chat",
    "openai_chat": "/v1/chat/completions",
    "openai_responses": "/v1/responses",
}


class TranslatedBody(msgspec.Struct, frozen=True, kw_only=True):
    """A body in another dialect."""

    kind: BodyKind
    body: bytes
    url: str = ""
    """Where a request goes."""
    adaptations: tuple[Adaptation, ...] = ()
    """What the other dialect cannot say."""
    error: LLMError | None = None
    """The error that an answer is, or in which a stream ends; the body says it too."""


@returns_failure
def dialect_name(name: str) -> str:
    """The dialect of a name: its own, with hyphens too, a short one, or that of a provider.

    Fails with UnsupportedFeature for a dialect without a server side.

    >>> dialect_name("openai-responses").unwrap(), dialect_name("deepseek").unwrap()
    ('openai_responses', 'openai_chat')
    """
    plain = name.replace("-", "_").lower()
    plain = SHORT_NAMES.get(plain, plain)
    if plain not in server_dialects and name in registry.names():
        plain = ok(registry.get(name)).dialect
    return ok(dialect_named(plain)).name


def body_kind(data: bytes) -> BodyKind:
    """What a body is, by its form.

    >>> body_kind(b'{"model": "m", "messages": []}'), body_kind(b'data: {"choices": []}')
    ('request', 'stream')
    """
    text = data.strip()
    if text.startswith((b"data:", b"event:", b":")):
        return "stream"
    value = any_json(text)
    if isinstance(value, dict):
        return _object_kind(value)
    if isinstance(value, list):
        is_stream = bool(value) and all(isinstance(v, dict) and _is_gemini(v) for v in value)
        return "stream" if is_stream else ""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < 2:
        return ""
    return "stream" if _is_one_of_ollama(lines) else "log"


def _is_one_of_ollama(lines: list[bytes]) -> bool:
    """Whether the lines are one stream: each has `done`, and none but the last is the end of an answer."""
    first = any_json(lines[0])
    if not isinstance(first, dict) or first.get("done") is not False:
        return False
    return not any(
        isinstance(value, dict) and value.get("done") is True for value in map(any_json, lines[:-1])
    )


def _is_gemini(value: dict[str, Any]) -> bool:
    return any(name in value for name in ("candidates", "usageMetadata", "promptFeedback", "error"))


_ANSWERS: tuple[Callable[[dict[str, Any]], bool], ...] = (
    lambda raw: isinstance(raw.get("choices"), list),
    lambda raw: raw.get("object") == "response" or isinstance(raw.get("output"), list),
    lambda raw: raw.get("type") == "message" and isinstance(raw.get("content"), list),
    lambda raw: "candidates" in raw or "promptFeedback" in raw,
    lambda raw: isinstance(raw.get("done"), bool),
    lambda raw: raw.get("error") is not None,
)
_REQUESTS = ("messages", "input", "contents", "prompt")


def _object_kind(value: dict[str, Any]) -> BodyKind:
    if _is_batch_line(value):
        return "request"
    if any(is_answer(value) for is_answer in _ANSWERS):
        return "answer"
    return "request" if any(name in value for name in _REQUESTS) else ""


def _is_batch_line(value: dict[str, Any]) -> bool:
    return "custom_id" in value and isinstance(value.get("body"), dict)


@returns_failure
def translate_body(
    data: bytes,
    from_dialect: str,
    to_dialect: str,
    *,
    model: str = "",
    stream: bool = False,
    status: int | None = None,
    strict: bool = False,
) -> TranslatedBody:
    """The body in another dialect. For an answer, `from_dialect` is that of the service; both may be providers.

    model: in place of the one that the body names. stream: a request for a stream, where that is in the URL (Gemini).
    status: of an answer; 200, and 500 for an error. strict: an adaptation that loses information is an error.
    Fails as `translate_request` does, and with InvalidRequest for a body that is none of these.
    """
    match body_kind(data):
        case "request":
            return _request(data, from_dialect, to_dialect, model, stream=stream, strict=strict)
        case "answer":
            translated = _answer(data, from_dialect, to_dialect, model, status)
        case "stream":
            translated = _stream(data, from_dialect, to_dialect, model)
        case "log":
            return reject(InvalidRequest(message="a log is translated line by line"))
        case _:
            message = "this is no request, no answer and no stream of a chat API"
            return reject(InvalidRequest(message=message, status=400))
    if strict:
        reject_losses(translated.adaptations)
    return translated


def _request(
    data: bytes, from_dialect: str, to_dialect: str, model: str, *, stream: bool, strict: bool
) -> TranslatedBody:
    value: Any = any_json(data)
    line = value if _is_batch_line(value) else None
    name = ok(dialect_name(from_dialect))
    path = _PATHS[name]
    if line is not None:
        path = str(line.get("url") or path)
        name = next((d for end, d in DIALECT_OF_PATH.items() if path.endswith(end)), name)
        data = ok(encode(line["body"], provider=""))
    if "{model}" in path and not model:
        message = "a request to Gemini has no model in its body: name one with `model`"
        reject(UnsupportedFeature(message=message, feature="model"))
    method = "streamGenerateContent" if stream else "generateContent"
    path = path.replace("{model}", model).replace("{method}", method)
    client = HttpRequest("POST", f"http://localhost{path}", (), data)
    upstream = ok(upstream_of(_provider_or_dialect(to_dialect), model=model))
    translated = ok(translate_request(client, name, upstream, strict=strict))
    body = translated.request.body
    if line is not None:
        url = translated.request.url.partition("://")[2].partition("/")[2]
        fields = {"method": "POST", "url": f"/{url}", "body": msgspec.Raw(body)}
        body = msgspec.json.encode({"custom_id": line["custom_id"], **fields})
    return TranslatedBody(
        kind="request",
        body=body,
        url=translated.request.url,
        adaptations=translated.adaptations,
    )


def _provider_or_dialect(name: str) -> str:
    """A provider's own name, else the dialect that a name means: short names of dialects come first."""
    plain = name.replace("-", "_").lower()
    if plain in SHORT_NAMES or plain in server_dialects:
        return ok(dialect_name(name))
    return name


def _answer(
    data: bytes, from_dialect: str, to_dialect: str, model: str, status: int | None
) -> TranslatedBody:
    exchange = ok(
        exchange_of(_provider_or_dialect(from_dialect), ok(dialect_name(to_dialect)), model=model)
    )
    value: Any = any_json(data)
    is_error = value.get("error") is not None and not any(check(value) for check in _ANSWERS[:-1])
    status = status or (500 if is_error else 200)
    created = value.get("created", value.get("created_at"))
    if isinstance(created, int) and not isinstance(created, bool):
        exchange = replace(exchange, received=replace(exchange.received, created_s=created))
    answer = translate_response(HttpResponse(status, (), data), exchange)
    return TranslatedBody(
        kind="answer",
        body=answer.response.body,
        adaptations=answer.adaptations,
        error=error_of(answer.result),
    )


def _stream(data: bytes, from_dialect: str, to_dialect: str, model: str) -> TranslatedBody:
    exchange = ok(
        exchange_of(_provider_or_dialect(from_dialect), ok(dialect_name(to_dialect)), model=model)
    )
    stream = open_translation(ResponseHead(200, ()), exchange)
    body = stream.feed(data) + stream.close()
    outcome = stream.outcome or Failure(ProtocolError(message="the stream has no end"))
    return TranslatedBody(
        kind="stream", body=body, adaptations=stream.adaptations, error=error_of(outcome)
    )

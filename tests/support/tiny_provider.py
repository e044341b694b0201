"""A provider of nothing much, for tests of what carries providers: one JSON object asked, one or several answered.

POST {base}/ask {"model", "turns": [[role, text], ...], "stream"}
200 {"text": ...}                   whole
200 data: {"text": ...}             as many as there are, then data: {"end": true}
4xx, 5xx {"error": message}
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from llm_pure import Completion, Embeddings, EmbedRequest, LLMConfig, assistant
from llm_pure.core.buffered_body import BufferedBodyDecoder, open_stream_or_body
from llm_pure.core.error_mapping import ProviderErrorInfo, to_llm_error
from llm_pure.core.provider import Built, Operation, Provider, StreamDecoder
from llm_pure.core.registry import Registry
from llm_pure.core.resolved_request import resolve_request
from llm_pure.core.stream import StepDecoder, StreamState
from llm_pure.framing.json_codec import decode, decode_any, encode
from llm_pure.framing.sse import SseDecoder, SseEvent
from llm_pure.signing.key import key_header
from llm_pure.types.config import plain_headers
from llm_pure.types.errors import LLMError
from llm_pure.types.events import Finished, Started, StreamEvent, TextDelta
from llm_pure.types.http import HttpRequest, HttpResponse, ResponseHead
from llm_pure.types.operations import TokenCount
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure, LLMResult, Success

NAME = "tiny"
KEY = "sk-tiny-0123456789abcdef"
JSON = (("content-type", "application/json"),)
SSE = (("content-type", "text/event-stream"),)


class _Answer(msgspec.Struct):
    text: str | None = None
    error: str | None = None


_ANSWER = msgspec.json.Decoder(_Answer)
_VECTORS = msgspec.json.Decoder(tuple[tuple[float, ...], ...])


def build_chat(
    config: LLMConfig, request: ChatRequest, *, strict: bool = False
) -> LLMResult[Built]:
    def body(asked: Any) -> LLMResult[bytes]:
        turns = [[turn.role, turn.text] for turn in asked.messages]
        return encode({"model": asked.model, "turns": turns, "stream": asked.stream}, provider=NAME)

    return resolve_request(config, request).bind(body).map(partial(_post, config, "ask"))


def _post(config: LLMConfig, path: str, body: bytes) -> Built:
    base_url = config.base_url or "http://tiny.invalid"
    headers = tuple({**dict(JSON), **dict(plain_headers(config))}.items())
    return Built(request=HttpRequest("POST", f"{base_url}/{path}", headers, body))


def parse_chat(response: HttpResponse) -> LLMResult[Completion]:
    told = parse_error(response)
    if told is not None:
        return Failure(told)
    return decode(_ANSWER, response.body, provider=NAME).map(
        lambda answer: Completion(
            provider=NAME, message=assistant(answer.text or ""), finish_reason="stop"
        )
    )


def parse_error(response: HttpResponse) -> LLMError | None:
    if response.status < 400:
        return None
    told = decode(_ANSWER, response.body, provider=NAME).value_or(_Answer(error="?"))
    return to_llm_error(
        ProviderErrorInfo(
            provider=NAME,
            status=response.status,
            message=told.error or "",
            headers=response.headers,
        )
    )


def step(state: StreamState, frame: SseEvent) -> tuple[StreamState, Sequence[StreamEvent]]:
    answer = decode_any(frame.data, provider=NAME)
    if isinstance(answer, Failure):
        return msgspec.structs.replace(state, fault=answer.failure()), ()
    match answer.unwrap():
        case {"hello": True}:
            return state, (Started(provider=NAME),)
        case {"text": str(text)}:
            return state, (TextDelta(text),)
        case {"end": True}:
            return msgspec.structs.replace(state, complete=True), (Finished("stop"),)
        case _:
            return state, ()


def open_stream(head: ResponseHead) -> StreamDecoder:
    def stream() -> StreamDecoder:
        return StepDecoder(
            NAME,
            head,
            frames=SseDecoder(),
            state=StreamState(),
            step=step,
            parse_error=parse_error,
        )

    return open_stream_or_body(head, partial(BufferedBodyDecoder, NAME, head, parse_chat), stream)


def _build_embed(config: LLMConfig, request: EmbedRequest) -> LLMResult[Built]:
    return encode(request.texts, provider=NAME).map(partial(_post, config, "embed"))


def _parse_embed(response: HttpResponse) -> LLMResult[Embeddings]:
    told = parse_error(response)
    if told is not None:
        return Failure(told)
    return decode(_VECTORS, response.body, provider=NAME).map(
        lambda vectors: Embeddings(vectors=vectors, provider=NAME)
    )


def _build_count(config: LLMConfig, request: ChatRequest) -> LLMResult[Built]:
    return build_chat(config, request).map(lambda built: _post(config, "count", built.request.body))


def _parse_count(response: HttpResponse) -> LLMResult[TokenCount]:
    return decode_any(response.body, provider=NAME).bind(
        lambda count: Success(TokenCount(input_tokens=count, provider=NAME))
    )


def authorize(config: LLMConfig, request: HttpRequest, now: datetime) -> LLMResult[HttpRequest]:
    assert now.tzinfo is not None
    return key_header(NAME, ("TINY_KEY",))(config, request, now)


PROVIDER = Provider(
    name=NAME,
    dialect=NAME,
    base_url="http://tiny.invalid",
    build_chat=build_chat,
    authorize=authorize,
    parse_chat=parse_chat,
    open_stream=open_stream,
    api_key_env=("TINY_KEY", "TINY_OTHER_KEY"),
    base_url_env=("TINY_URL",),
    embed=Operation(_build_embed, _parse_embed),
    count_tokens=Operation(_build_count, _parse_count),
)

REGISTRY = Registry(
    {NAME: PROVIDER, "mute": msgspec.structs.replace(PROVIDER, embed=None, count_tokens=None)}
)


def config(**fields: Any) -> LLMConfig:
    """A configuration that works."""
    return LLMConfig(
        **{"api_type": NAME, "api_key": KEY, "model": "m1", "calc_usage": False, **fields}
    )


def whole(text: str) -> bytes:
    """The body of a whole answer."""
    return msgspec.json.encode({"text": text})


HELLO = b'data: {"hello": true}\n\n'
"""The first frame of a streamed answer; it tells nothing of the answer."""


def frames(*words: str, end: bool = True) -> tuple[bytes, ...]:
    """The frames of a streamed answer."""
    told = [b"data: " + whole(word) + b"\n\n" for word in words]
    return (HELLO, *told, b'data: {"end": true}\n\n') if end else (HELLO, *told)

"""Two APIs under one name: the configuration says which one is asked, the answer itself which one it was."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias, TypeVar

import msgspec

from llm_pure.core.provider import Operation, Provider, StreamDecoder
from llm_pure.core.stream import decode_stream_or_body
from llm_pure.framing.json_codec import decode_any
from llm_pure.framing.sse import SseDataDecoder
from llm_pure.types.completion import Completion
from llm_pure.types.config import LLMConfig
from llm_pure.types.events import StreamEvent
from llm_pure.types.http import HttpResponse, ResponseHead
from llm_pure.types.result import LLMResult, Success

Q = TypeVar("Q")
A = TypeVar("A")

Chosen: TypeAlias = Callable[[LLMConfig], bool]
"""Does this configuration ask the second API?"""

Tells: TypeAlias = Callable[[Any], bool]
"""Is this JSON the second API's? A whole body, or the first frame of a stream; None where it is no JSON."""


OfHead: TypeAlias = Callable[[ResponseHead], bool]
"""Does this head begin an answer of the second API?"""


def dual_api(first: Provider, second: Provider, *, chosen: Chosen, tells: Tells) -> Provider:
    """The first provider, with the second beside it. Both stream server-sent events, and both have the same name."""

    def speaker(data: bytes) -> Provider:
        return second if tells(decode_any(data, provider=first.name).value_or(None)) else first

    def parse_chat(response: HttpResponse) -> LLMResult[Completion]:
        return speaker(response.body).parse_chat(response)

    def open_stream(head: ResponseHead) -> StreamDecoder:
        open_one = partial(_open_one, head, speaker)
        return decode_stream_or_body(
            first.name, head, parse_chat, lambda: _FirstFrameTells(first.name, open_one)
        )

    return msgspec.structs.replace(
        _asking(first, second, chosen),
        parse_chat=parse_chat,
        open_stream=open_stream,
        embed=_either_operation(
            first.embed, second.embed, chosen, speaker_is=tells, name=first.name
        ),
    )


def dual_api_by_head(
    first: Provider, second: Provider, *, chosen: Chosen, is_second: OfHead
) -> Provider:
    """The same for two APIs whose answers differ in their heads, however they are streamed. They only chat."""

    def of(head: ResponseHead) -> Provider:
        return second if is_second(head) else first

    return msgspec.structs.replace(
        _asking(first, second, chosen),
        parse_chat=lambda response: of(response.head).parse_chat(response),
        open_stream=lambda head: of(head).open_stream(head),
        is_last_message=second.is_last_message,
    )


def _asking(first: Provider, second: Provider, chosen: Chosen) -> Provider:
    def of(config: LLMConfig) -> Provider:
        return second if chosen(config) else first

    return msgspec.structs.replace(
        first,
        build_chat=lambda config, request, *, strict=False: of(config).build_chat(
            config, request, strict=strict
        ),
        authorize=lambda config, request, now: of(config).authorize(config, request, now),
    )


def _open_one(
    head: ResponseHead, speaker: Callable[[bytes], Provider], frame: bytes
) -> StreamDecoder:
    return speaker(frame).open_stream(head)


def _either_operation(
    first: Operation[Q, A] | None,
    second: Operation[Q, A] | None,
    chosen: Chosen,
    *,
    speaker_is: Tells,
    name: str,
) -> Operation[Q, A] | None:
    """The operation, where both have it."""
    if first is None or second is None:
        return None

    def parse(response: HttpResponse) -> LLMResult[A]:
        told = decode_any(response.body, provider=name).value_or(None)
        return (second if speaker_is(told) else first).parse(response)

    return Operation(
        lambda config, request: (second if chosen(config) else first).build(config, request), parse
    )


class _FirstFrameTells:
    """A StreamDecoder that is one of two; which one, the first frame with words in it tells. It holds the bytes till then."""

    __slots__ = ("_decoder", "_frames", "_held", "_name", "_open")

    def __init__(self, name: str, open_one: Callable[[bytes], StreamDecoder]) -> None:
        self._name = name
        self._open = open_one
        self._frames = SseDataDecoder()
        self._held = bytearray()
        self._decoder: StreamDecoder | None = None

    def feed(self, data: bytes) -> LLMResult[tuple[StreamEvent, ...]]:
        """The events that these bytes complete."""
        if self._decoder is not None:
            return self._decoder.feed(data)
        self._held += data
        frame = _worded(self._frames.feed(data))
        if frame is None and self._frames.fault is None:
            return Success(())
        return self._decide(frame or b"")

    def close(self) -> LLMResult[tuple[StreamEvent, ...]]:
        """The body is over: the last events, given once."""
        if self._decoder is not None:
            return self._decoder.close()
        frame = _worded(self._frames.close())
        return self._decide(frame or b"").bind(lambda _: self._closed())

    def partial(self) -> Completion:
        """The answer as far as it has come."""
        if self._decoder is None:
            return Completion(provider=self._name)
        return self._decoder.partial()

    def _decide(self, frame: bytes) -> LLMResult[tuple[StreamEvent, ...]]:
        self._decoder = self._open(frame)
        held, self._held = bytes(self._held), bytearray()
        return self._decoder.feed(held)

    def _closed(self) -> LLMResult[tuple[StreamEvent, ...]]:
        return Success(()) if self._decoder is None else self._decoder.close()


def _worded(frames: list[bytes]) -> bytes | None:
    return next((frame for frame in frames if frame.strip()), None)

"""Two APIs under one provider name. The configuration selects the API of a request; a response is read by its content."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias, TypeVar

import msgspec

from llm_pure.core.buffered_body import BufferedBodyDecoder, open_stream_or_body
from llm_pure.core.provider import Operation, Provider, StreamDecoder
from llm_pure.core.service import event_data
from llm_pure.core.stream import is_blank_event
from llm_pure.framing import BYTE_ORDER_MARK
from llm_pure.framing.json_codec import any_json, is_json
from llm_pure.framing.ndjson import NdjsonDecoder
from llm_pure.framing.sse import SseDataDecoder
from llm_pure.types.completion import Completion
from llm_pure.types.config import LLMConfig
from llm_pure.types.events import StreamEvent
from llm_pure.types.http import HttpResponse, ResponseHead
from llm_pure.types.result import LLMResult, Success

Q = TypeVar("Q")
A = TypeVar("A")

UsesSecondApi: TypeAlias = Callable[[LLMConfig], bool]
"""Whether requests with this configuration go to the second API."""

IsSecondApi: TypeAlias = Callable[[Any], bool]
"""Whether decoded JSON is of the second API: a body, or the first frame of a stream; None for data that is not JSON."""


IsSecondHead: TypeAlias = Callable[[ResponseHead], bool]
"""Whether a response with this head may be of the second API."""

IsSecondLine: TypeAlias = Callable[[bytes], bool]
"""Whether the first line of a body, or a body that is one JSON value, is of the second API."""


def dual_api(
    first: Provider, second: Provider, *, uses_second: UsesSecondApi, is_second: IsSecondApi
) -> Provider:
    """Combine two providers with one name. Both stream server-sent events.

    Embeddings are offered if both have them.
    """

    def provider_of(data: bytes) -> Provider:
        data = data.removeprefix(BYTE_ORDER_MARK)
        raw = any_json(data)
        # a stream in place of a buffered response, or an error on a line before one
        if raw is None:
            raw = any_json(event_data(data)) or any_json(data.partition(b"\n")[0])
        return second if is_second(raw) else first

    def parse_chat(response: HttpResponse) -> LLMResult[Completion]:
        return provider_of(response.body).parse_chat(response)

    def open_stream(head: ResponseHead) -> StreamDecoder:
        return open_stream_or_body(
            head,
            partial(BufferedBodyDecoder, first.name, head, parse_chat),
            lambda: _FirstFrameDecoder(
                first.name, SseDataDecoder(), lambda frame: provider_of(frame).open_stream(head)
            ),
        )

    embed = None
    if first.embed is not None and second.embed is not None:
        embed = _dual_operation(
            first.embed, second.embed, uses_second, lambda data: provider_of(data) is second
        )
    return msgspec.structs.replace(
        _dual_requests(first, second, uses_second),
        parse_chat=parse_chat,
        open_stream=open_stream,
        embed=embed,
    )


def dual_api_by_line(
    first: Provider,
    second: Provider,
    *,
    uses_second: UsesSecondApi,
    may_be_second: IsSecondHead,
    is_second: IsSecondLine,
) -> Provider:
    """As `dual_api`, for a second API with one frame on each line. Chat only.

    `may_be_second`: the label that each of its responses has. Others may have it too, so the first line decides.
    """

    def provider_of(line: bytes) -> Provider:
        return second if is_second(line) else first

    def parse_chat(response: HttpResponse) -> LLMResult[Completion]:
        if not may_be_second(response.head):
            return first.parse_chat(response)
        lines = NdjsonDecoder()
        body = response.body.removeprefix(BYTE_ORDER_MARK)
        is_one = is_json(body)  # JSON may have line ends inside
        line = body if is_one else _first_text([*lines.feed(body), *lines.close()])
        return provider_of(line or b"").parse_chat(response)

    def open_stream(head: ResponseHead) -> StreamDecoder:
        if not may_be_second(head):
            return first.open_stream(head)
        return _FirstFrameDecoder(
            first.name, NdjsonDecoder(), lambda line: provider_of(line).open_stream(head)
        )

    return msgspec.structs.replace(
        _dual_requests(first, second, uses_second),
        parse_chat=parse_chat,
        open_stream=open_stream,
        is_last_message=second.is_last_message,
    )


def _dual_requests(first: Provider, second: Provider, uses_second: UsesSecondApi) -> Provider:
    def provider_for(config: LLMConfig) -> Provider:
        return second if uses_second(config) else first

    return msgspec.structs.replace(
        first,
        build_chat=lambda config, request, *, strict=False: provider_for(config).build_chat(
            config, request, strict=strict
        ),
        authorize=lambda config, request, now: provider_for(config).authorize(config, request, now),
    )


def _dual_operation(
    first: Operation[Q, A],
    second: Operation[Q, A],
    uses_second: UsesSecondApi,
    is_second: Callable[[bytes], bool],
) -> Operation[Q, A]:
    return Operation(
        lambda config, request: (second if uses_second(config) else first).build(config, request),
        lambda response: (second if is_second(response.body) else first).parse(response),
    )


class _FirstFrameDecoder:
    """Buffers bytes until the first frame that is not blank, which selects the decoder of all bytes."""

    __slots__ = ("_buffer", "_decoder", "_frames", "_name", "_open_for")

    def __init__(
        self,
        name: str,
        frames: SseDataDecoder | NdjsonDecoder,
        open_for: Callable[[bytes], StreamDecoder],
    ) -> None:
        self._name = name
        self._open_for = open_for
        self._frames = frames
        self._buffer = bytearray()
        self._decoder: StreamDecoder | None = None

    def feed(self, data: bytes) -> LLMResult[tuple[StreamEvent, ...]]:
        """The events that these bytes complete."""
        if self._decoder is not None:
            return self._decoder.feed(data)
        self._buffer += data
        frame = self._first_frame(data)
        if frame is None and self._frames.fault is None:
            return Success(())
        return self._start(frame or b"")

    def _first_frame(self, data: bytes) -> bytes | None:
        """The first frame that is not blank: nearly always that of the first event, so that the others are framed once."""
        event, blank_line, rest = data.partition(b"\n\n")
        frame = _first_text(self._frames.feed(event + blank_line))
        return _first_text(self._frames.feed(rest)) if frame is None and rest else frame

    def close(self) -> LLMResult[tuple[StreamEvent, ...]]:
        """The last events; the body has ended."""
        if self._decoder is not None:
            return self._decoder.close()
        frame = _first_text(self._frames.close())
        return self._start(frame or b"").bind(lambda _: self.close())

    def partial(self) -> Completion:
        """The completion so far."""
        if self._decoder is None:
            return Completion(provider=self._name)
        return self._decoder.partial()

    def _start(self, frame: bytes) -> LLMResult[tuple[StreamEvent, ...]]:
        self._decoder = self._open_for(frame)
        buffered, self._buffer = bytes(self._buffer), bytearray()
        return self._decoder.feed(buffered)


def _first_text(frames: list[bytes]) -> bytes | None:
    return next((frame for frame in frames if not is_blank_event(frame)), None)

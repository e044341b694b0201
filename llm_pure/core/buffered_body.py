"""Bodies that are no stream of the expected API: buffered ones behind the interface of a stream, those of other APIs.

The first bytes of a 2xx body decide whether it is a stream, since gateways send wrong content types or none.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from llm_pure.core.error_mapping import request_id
from llm_pure.core.provider import StreamDecoder
from llm_pure.framing import BYTE_ORDER_MARK, FRAME_LIMIT
from llm_pure.framing.json_codec import any_json
from llm_pure.types.completion import Choice, Completion
from llm_pure.types.errors import EVIDENCE_LIMIT, LLMError, ProtocolError
from llm_pure.types.events import (
    ExtraReceived,
    Finished,
    PartReceived,
    ReasoningDelta,
    RefusalDelta,
    Started,
    StreamEvent,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from llm_pure.types.http import HttpResponse, ResponseHead, get_header
from llm_pure.types.messages import Message, Reasoning, Refusal, Text, ToolCall
from llm_pure.types.result import Failure, LLMResult, Success


def open_stream_or_body(
    head: ResponseHead,
    body: Callable[[], StreamDecoder],
    stream: Callable[[], StreamDecoder],
    *,
    body_types: tuple[str, ...] = ("application/json",),
    body_starts: bytes = b"{[",
) -> StreamDecoder:
    """Return a decoder of a response that may be a stream or a buffered body; a status of 300 or more is a body.

    `body_types`: content types of a buffered body, if its first byte may begin JSON.
    `body_starts`: first bytes of a buffered body, under any content type; b"" if a frame may begin with the same.
    """
    if head.status >= 300:
        return body()
    labeled = _media_type(get_header(head.headers, "content-type") or "") in body_types
    if not labeled and not body_starts:
        return stream()
    starts = body_starts + _JSON_STARTS if labeled else body_starts
    return _UndecidedDecoder(body, stream, starts, labeled=labeled)


@lru_cache(maxsize=64)
def _media_type(content_type: str) -> str:
    """The type without parameters, in lower case: services send a few."""
    return content_type.split(";")[0].strip().lower()


_SPACE = b" \t\r\n"
_UNDECIDED = _SPACE + BYTE_ORDER_MARK
"""First bytes that decide nothing."""
_SPACE_LIMIT = 64 * 1024
_JSON_STARTS = b'{["'


class _UndecidedDecoder:
    """A StreamDecoder that waits for the first byte of the body, and passes everything on to the decoder of its kind."""

    __slots__ = ("_body", "_body_starts", "_chosen", "_labeled", "_start", "_stream")

    def __init__(
        self,
        body: Callable[[], StreamDecoder],
        stream: Callable[[], StreamDecoder],
        body_starts: bytes,
        *,
        labeled: bool,
    ) -> None:
        self._body = body
        self._stream = stream
        self._body_starts = body_starts
        self._labeled = labeled
        self._start = b""
        self._chosen: StreamDecoder | None = None

    def feed(self, data: bytes) -> LLMResult[tuple[StreamEvent, ...]]:
        """Return the events that these bytes complete."""
        chosen = self._chosen
        if chosen is not None:
            return chosen.feed(data)
        first = data[:1]
        if first not in self._body_starts and first not in _UNDECIDED and not self._start:
            self._chosen = chosen = self._stream()  # nearly every stream
            return chosen.feed(data)
        self._start += data
        first = self._start.removeprefix(BYTE_ORDER_MARK).lstrip(_SPACE)[:1]
        if BYTE_ORDER_MARK.startswith(self._start) or (
            not first and len(self._start) < _SPACE_LIMIT
        ):
            return Success(())
        is_body = bool(first) and first in self._body_starts
        self._chosen = self._body() if is_body else self._stream()
        return self._chosen.feed(self._start)

    def close(self) -> LLMResult[tuple[StreamEvent, ...]]:
        """Return the last events, once."""
        if self._chosen is None:
            empty = BYTE_ORDER_MARK.startswith(self._start)
            self._chosen = self._body() if self._labeled and not empty else self._stream()
            self._chosen.feed(b"" if empty else self._start)
        return self._chosen.close()

    def partial(self) -> Completion:
        """Return the Completion so far."""
        return (self._chosen or self._body()).partial()


class BufferedBodyDecoder:
    """A StreamDecoder for a response that is not a stream: an error, or a buffered response to a stream request.

    All events come at the end.
    """

    __slots__ = ("_body", "_closed", "_error", "_head", "_limit", "_parse", "_partial", "_provider")

    def __init__(
        self,
        provider: str,
        head: ResponseHead,
        parse: Callable[[HttpResponse], LLMResult[Completion]],
        limit: int = FRAME_LIMIT,
    ) -> None:
        self._provider = provider
        self._head = head
        self._parse = parse
        self._limit = limit
        self._body = bytearray()
        self._error: LLMError | None = None
        self._closed = False
        self._partial = Completion(provider=provider)

    def feed(self, data: bytes) -> LLMResult[tuple[StreamEvent, ...]]:
        """Buffer the bytes. Fails with ProtocolError beyond the limit."""
        if self._error is not None:
            return Failure(self._error)
        if self._closed:
            return Success(())
        self._body += data
        if len(self._body) <= self._limit:
            return Success(())
        self._error = ProtocolError(
            message=f"the body is longer than {self._limit} bytes",
            provider=self._provider,
            status=self._head.status,
            request_id=request_id(self._head.headers),
            where="body",
            evidence=bytes(self._body[:EVIDENCE_LIMIT]),
        )
        self._body.clear()
        return Failure(self._error)

    def close(self) -> LLMResult[tuple[StreamEvent, ...]]:
        """Return the events of the response, once. Fails with the error of the body."""
        if self._error is not None:
            return Failure(self._error)
        if self._closed:
            return Success(())
        self._closed = True
        body = bytes(self._body)
        self._body.clear()
        match self._parse(HttpResponse(self._head.status, self._head.headers, body)):
            case Success(Completion() as completion):
                self._partial = completion
                return Success(completion_to_events(completion))
            case failed:
                self._error = failed.failure()
                self._partial = self._error.partial or self._partial
                return Failure(self._error)

    def partial(self) -> Completion:
        """Return the completion; empty before `close`."""
        return self._partial


def completion_to_events(completion: Completion) -> tuple[StreamEvent, ...]:
    """Return the events that `collect` to this Completion.

    >>> from llm_pure import assistant, collect
    >>> completion = Completion(message=assistant("hi"), finish_reason="stop")
    >>> collect(completion_to_events(completion)).unwrap() == completion
    True
    """
    events: list[StreamEvent] = [
        Started(id=completion.id, model=completion.model, provider=completion.provider)
    ]
    events += [ExtraReceived(name, value) for name, value in completion.extra.items()]
    choices: tuple[Completion | Choice, ...] = (completion, *completion.alternatives)
    for number, choice in enumerate(choices):
        events += _part_events(choice.message, number)
    for number, choice in enumerate(completion.alternatives, 1):
        events += [ExtraReceived(k, v, choice=number) for k, v in choice.extra.items()]
    events.append(UsageReported(completion.usage))
    events += [
        Finished(choice.finish_reason, choice.raw_finish_reason, number)
        for number, choice in enumerate(choices)
    ]
    return tuple(events)


def _part_events(message: Message, choice: int) -> list[StreamEvent]:
    events: list[StreamEvent] = []
    for index, part in enumerate(message.parts):
        match part:
            case Text(text=text, provider_metadata=None) if text:
                events.append(TextDelta(text, index, choice))
            case Reasoning(text=text, signature=signature, provider_metadata=None) if (
                text or signature
            ):
                events.append(ReasoningDelta(text, index, choice, signature))
            case Refusal(text=text, provider_metadata=None):
                events.append(RefusalDelta(text, index, choice))
            case ToolCall(id=call_id, name=name, arguments=arguments, provider_metadata=None) if (
                arguments
            ):
                events.append(ToolCallDelta(arguments, index, choice, call_id, name))
            case _:
                events.append(PartReceived(part, index, choice))
    return events


def other_dialect(body: bytes, dialect: str) -> str:
    """The dialect whose response or event this JSON is, if it is not one of `dialect`; "" if that is not plain.

    >>> other_dialect(b'{"candidates": []}', "openai_chat")
    'gemini_content'
    """
    raw = any_json(body)
    if not isinstance(raw, dict):
        return ""
    names = [name for name, is_form in _FORMS.items() if is_form(raw)]
    return names[0] if names and not _KIN.get(dialect, {dialect}) & {*names} else ""


def other_form(what: str, other: str, dialect: str) -> str:
    """The message of a ProtocolError: a response or a stream that another API sent."""
    return f"the {what} has the form of {other}, not of {dialect}: check api_type and base_url"


def _text(raw: dict[str, Any], key: str) -> str:
    value = raw.get(key)
    return value if isinstance(value, str) else ""


_FORMS: Mapping[str, Callable[[dict[str, Any]], bool]] = {
    "openai_responses": lambda raw: (
        raw.get("object") == "response" or _text(raw, "type").startswith("response.")
    ),
    "openai_chat": lambda raw: _text(raw, "object").startswith("chat.completion"),
    "anthropic_messages": lambda raw: (
        raw.get("type") == "message_start"
        or (raw.get("type") == "message" and isinstance(raw.get("content"), list))
    ),
    "gemini_content": lambda raw: isinstance(raw.get("candidates"), list),
    "ollama_native": lambda raw: (
        isinstance(raw.get("done"), bool) and ("message" in raw or "response" in raw)
    ),
    "cohere_chat": lambda raw: (
        raw.get("type") == "message-start"
        or ("finish_reason" in raw and isinstance(raw.get("message"), dict))
    ),
    "bedrock_converse": lambda raw: "stopReason" in raw and isinstance(raw.get("output"), dict),
    "dashscope_generation": lambda raw: "request_id" in raw and isinstance(raw.get("output"), dict),
}
"""Dialect -> whether JSON has the form of its responses or of the first event of its streams.

Sources: the wire notes of this project, read 2026-11-29.
"""

_KIN = {"bedrock_invoke": {*_FORMS}}
"""The dialects whose forms another one carries too: InvokeModel has the bodies of each vendor."""

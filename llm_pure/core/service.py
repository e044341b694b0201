"""`Service`: the facts of one service, and what a dialect's functions do with it: build a POST, read JSON, find the error in it.

Every function of a dialect takes the `Service` first.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeAlias, TypeVar

import msgspec

from llm_pure.core.adaptations import Adaptation, strict_error
from llm_pure.core.collect import Collector, finalize, nameless_call
from llm_pure.core.error_mapping import (
    NO_ERROR_CODES,
    ErrorType,
    ProviderErrorInfo,
    request_id,
    to_llm_error,
    with_body,
)
from llm_pure.core.provider import Built
from llm_pure.core.stream import StreamState, header_events, is_blank_event
from llm_pure.core.urls import UrlFor
from llm_pure.framing.json_codec import DECODE_ERRORS, decode, decode_any, encode, protocol_error
from llm_pure.framing.sse import SseDataDecoder
from llm_pure.types.completion import Completion, FinishReason, Usage, finish_reason_of
from llm_pure.types.config import LLMConfig, plain_headers
from llm_pure.types.errors import EVIDENCE_LIMIT, LLMError, ProtocolError
from llm_pure.types.events import StreamEvent
from llm_pure.types.http import Headers, HttpRequest, HttpResponse, ResponseHead
from llm_pure.types.messages import Message, Part, ToolCall
from llm_pure.types.redact import redact_bytes
from llm_pure.types.rejection import Rejected, ok
from llm_pure.types.result import Failure, LLMResult, Success

A = TypeVar("A")
S = TypeVar("S", bound=StreamState)
Q = TypeVar("Q")
Q_co = TypeVar("Q_co", covariant=True)


class Service(msgspec.Struct, Generic[Q_co], frozen=True, kw_only=True):
    """One service with this wire API: the facts that the dialect's functions need."""

    name: str
    """The provider's name, as in the registry and in errors."""
    base_url: str
    """The provider's own base URL, "" if it has none."""
    url_for: UrlFor
    """(config, model, operation) -> URL of an operation."""
    quirks: Q_co
    """The dialect's Quirks; None for a dialect without."""
    error_codes: Mapping[str, ErrorType] = NO_ERROR_CODES
    """The provider's error codes, over the common ones."""


AnyService: TypeAlias = Service[object]
"""For functions that do not read `quirks`."""

FindError: TypeAlias = Callable[[Service[Q], Any, HttpResponse], LLMError | None]
"""(service, decoded body, response) -> the error in the body, None if there is none. The response gives status and headers."""

UndecodableError: TypeAlias = Callable[[Service[Q], HttpResponse], LLMError]
"""The error of a response whose body is not JSON."""

ReadBody: TypeAlias = Callable[
    [Service[Q], Any, HttpResponse], tuple[StreamState, Iterable[StreamEvent]]
]
"""(service, decoded body, response) -> the body read as one frame: the state after it, and its events."""


def require_lossless(service: AnyService, adaptations: Sequence[Adaptation]) -> None:
    """For `strict`: raise Rejected with UnsupportedFeature if an adaptation loses information."""
    error = strict_error(adaptations, provider=service.name)
    if error is not None:
        raise Rejected(error)


def build_post(
    service: AnyService,
    config: LLMConfig,
    url: str,
    body: Mapping[str, Any],
    adaptations: Sequence[Adaptation] = (),
    *,
    accept: str = "application/json",
    headers: Headers = (),
) -> Built:
    """Build a POST of this body as JSON, with config.headers except credentials, which `authorize` adds.

    Raises Rejected with InvalidRequest if the body is not JSON.
    """
    data = ok(encode(body, provider=service.name))
    sent: Headers = (("content-type", "application/json"), ("accept", accept), *headers)
    if config.headers:
        plain = plain_headers(config)
        names = {name for name, _ in plain}
        sent = (*[pair for pair in sent if pair[0] not in names], *plain)
    return Built(request=HttpRequest("POST", url, sent, data), adaptations=tuple(adaptations))


def undecodable_error(service: AnyService, response: HttpResponse) -> LLMError:
    """Map a response whose body is not the service's JSON (HTML from a gateway, text, empty) to an error by its status.

    The message is the start of the body. A status below 400 gives ProtocolError.
    """
    if response.status < 400:
        message = f"status {response.status} without a valid response"
        error = malformed_response(service, response, message)
        return msgspec.structs.replace(error, request_id=request_id(response.headers))
    text = redact_bytes(response.body[:EVIDENCE_LIMIT]).decode("utf-8", "replace").strip()
    return to_llm_error(
        ProviderErrorInfo(
            provider=service.name,
            status=response.status,
            message=text,
            headers=response.headers,
        )
    )


def malformed_response(
    service: AnyService, response: HttpResponse, message: str, where: str = "body"
) -> ProtocolError:
    """The error of a 2xx body that is JSON but not a response."""
    return ProtocolError(
        message=message,
        provider=service.name,
        status=response.status,
        where=where,
        evidence=response.body,
    )


def depth_error(service: AnyService, response: HttpResponse) -> LLMError:
    """The error of a response that is nested too deeply for the caller's stack."""
    if response.status >= 400:
        return undecodable_error(service, response)
    return malformed_response(service, response, "the response is nested too deeply")


def decode_error(
    service: Service[Q], find_error: FindError[Q], response: HttpResponse
) -> LLMError | None:
    """Return the error in a body of bytes, at any status; None if there is none or the body is not JSON."""
    decoded = decode_any(response.body, provider=service.name)
    try:
        return decoded.map(lambda raw: _error_in(service, raw, response, find_error)).value_or(None)
    except RecursionError:
        return depth_error(service, response)


def _error_in(
    service: Service[Q], raw: Any, response: HttpResponse, find_error: FindError[Q]
) -> LLMError | None:
    """The error in decoded JSON, with that JSON as its `body`."""
    error = find_error(service, raw, response)
    return None if error is None else with_body(error, raw)


def read_json(
    service: Service[Q],
    response: HttpResponse,
    find_error: FindError[Q],
    *,
    undecodable: UndecodableError[Q] = undecodable_error,
) -> Any:
    """Decode the body of a successful response. Raises Rejected for an error in it, for a status of 300 or more, for no JSON."""
    raw = _decode_body(service, response, undecodable)
    error = _error_in(service, raw, response, find_error)
    if error is None and response.status >= 300:
        error = undecodable_error(service, response)
    if error is not None:
        raise Rejected(error)
    return raw


def _decode_body(
    service: Service[Q], response: HttpResponse, undecodable: UndecodableError[Q]
) -> Any:
    """Decode the JSON of a body. An error under 4xx may be framed as a server-sent event: its data counts."""
    decoded = decode_any(response.body, provider=service.name)
    if response.status >= 300:
        decoded = decoded.lash(
            lambda _: decode_any(event_data(response.body), provider=service.name)
        )
    if type(decoded) is Failure:
        raise Rejected(undecodable(service, response))
    return decoded.unwrap()


def event_data(body: bytes) -> bytes:
    """The data of the first server-sent event of a body that is not blank, b"" without one."""
    decoder = SseDataDecoder()
    events = [*decoder.feed(body), *decoder.close()]
    return next((event for event in events if not is_blank_event(event)), b"")


def parse_body(
    service: Service[Q],
    response: HttpResponse,
    is_response: Callable[[Any], bool],
    read: ReadBody[Q],
    *,
    find_error: FindError[Q],
    missing: str,
    undecodable: UndecodableError[Q] = undecodable_error,
) -> LLMResult[Completion]:
    """Parse a buffered response, for any status and any bytes.

    `is_response`: true if decoded JSON has the shape of a response. `missing`: the ProtocolError's message if it has not.

    Fails with the error in the body, at any status; with ProtocolError if a 2xx body is not a response; with the `fault`
    of the state that `read` returns. The completion that could be read is the `partial` of an error in a 2xx body.
    """
    try:
        raw = _decode_body(service, response, undecodable)
        error = _error_in(service, raw, response, find_error)
        if response.status >= 300:
            return Failure(error or undecodable_error(service, response))
        if not is_response(raw):
            return Failure(error or malformed_response(service, response, missing))
        state, events = read(service, raw, response)
        collector = Collector()
        collector.add(header_events(response.headers))
        collector.add(events)
        completion = collector.completion()
    except Rejected as rejected:
        return Failure(rejected.error)
    except DECODE_ERRORS as caught:  # deep nesting: JSON that can be decoded and not be encoded
        if response.status >= 400:
            return Failure(undecodable(service, response))
        return Failure(
            protocol_error(caught, response.body, provider=service.name, status=response.status)
        )
    error = with_body(state.fault, raw) if state.fault else error or nameless_call(completion)
    return (
        Success(completion)
        if error is None
        else Failure(msgspec.structs.replace(error, partial=completion))
    )


def collect_plain(response: HttpResponse, events: Iterable[StreamEvent]) -> Completion | None:
    """The Completion of a plain buffered response, for `read_plain_response`; None if one of its calls has no name."""
    collector = Collector()
    collector.add(header_events(response.headers))
    collector.add(events)
    completion = collector.completion()
    return completion if nameless_call(completion) is None else None


def plain_completion(
    service: AnyService,
    response: HttpResponse,
    parts: Sequence[Part],
    *,
    id: str | None = None,
    model: str | None = None,
    reason: str | None,
    finish_words: Mapping[str, FinishReason],
    usage: Usage | None,
    extra: dict[str, Any] | None = None,
) -> Completion:
    """The Completion of these parts, for `read_plain_response`. `reason`: the wire's finish reason, which `finish_words` translates."""
    request = request_id(response.headers)
    if request:
        extra = {"request_id": request, **extra} if extra else {"request_id": request}
    completion = Completion(
        id=id or "",
        model=model or "",
        provider=service.name,
        message=Message("assistant", tuple(parts)),
        finish_reason=finish_words.get(reason or "") or finish_reason_of(reason, finish_words),
        raw_finish_reason=reason,
        usage=usage or Usage(),
        extra=extra or {},
    )
    for part in parts:
        if type(part) is ToolCall:
            return finalize(completion)
    return completion


class FrameForm(msgspec.Struct, Generic[Q, A], frozen=True, kw_only=True):
    """How the JSON frames of a dialect's streams look, for `read_json_frame`."""

    name: str
    """What a frame is called in errors: "chunk"."""
    decoder: msgspec.json.Decoder[A]
    find_error: FindError[Q]
    has_content: Callable[[Any], bool]
    """False for JSON that is not read if there is an error in it."""
    skips_others: bool = False
    """Objects without content are not read at all."""


def read_json_frame(
    form: FrameForm[Q, A],
    service: Service[Q],
    head: ResponseHead,
    state: S,
    data: bytes,
    read: Callable[[A, Any], tuple[S, list[StreamEvent]]],
) -> tuple[S, list[StreamEvent]]:
    """Read any frame, the slow path of a step: the error in it, its content, or content beside an error.

    `read`: (frame, the same as plain JSON) -> the state after it, and its events. Raises Rejected for a frame of another form.
    """
    raw = ok(decode_any(data, provider=service.name, where=form.name))
    error = form.find_error(service, raw, HttpResponse(head.status, head.headers))
    is_skipped = form.skips_others and isinstance(raw, dict)
    if (error is not None or is_skipped) and not form.has_content(raw):
        return msgspec.structs.replace(state, fault=error), []
    frame = decode(form.decoder, data, provider=service.name, where=form.name)
    state, events = read(ok(frame.alt(lambda fault: error or fault)), raw)
    if error is None:
        return state, events
    return msgspec.structs.replace(state, fault=state.fault or error), events

"""Make a Provider of a dialect, a table of functions, and a service, the first argument of all of them.

One file: a call crosses it twice, to build and to read; each further file would be a step on that way.
Every function of a dialect takes the `Service` first. A dialect's `__init__` fills a `Dialect` and calls `make_provider`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeAlias, TypeVar

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
    with_headers,
)
from llm_pure.core.provider import (
    NO_ENV_VARS,
    Authorize,
    Built,
    Operation,
    Provider,
    StreamDecoder,
)
from llm_pure.core.stream import (
    StepDecoder,
    StreamState,
    header_events,
    is_blank_event,
)
from llm_pure.core.urls import UrlFor
from llm_pure.framing import BYTE_ORDER_MARK, Frame, FrameDecoder
from llm_pure.framing.json_codec import (
    DECODE_ERRORS,
    decode,
    decode_any,
    encode,
    is_json,
    is_truncated,
    protocol_error,
)
from llm_pure.framing.sse import SseDataDecoder
from llm_pure.types.completion import Completion, FinishReason, Usage, finish_reason_of
from llm_pure.types.config import LLMConfig, plain_headers
from llm_pure.types.errors import (
    EVIDENCE_LIMIT,
    InvalidRequest,
    LLMError,
    ProtocolError,
    StreamInterrupted,
)
from llm_pure.types.events import StreamEvent
from llm_pure.types.http import Headers, HttpRequest, HttpResponse, ResponseHead
from llm_pure.types.late_module import LateModule
from llm_pure.types.messages import Message, Part, ToolCall
from llm_pure.types.operations import (
    Embeddings,
    EmbedLimit,
    EmbedRequest,
    ListModelsRequest,
    ModelPage,
    TokenCount,
)
from llm_pure.types.redact import redact_bytes
from llm_pure.types.rejection import Rejected, ok
from llm_pure.types.request import AllowedTools, ChatRequest
from llm_pure.types.result import Failure, LLMResult, Success

if TYPE_CHECKING:
    from llm_pure.core import buffered_body
else:
    buffered_body = LateModule("llm_pure.core.buffered_body")

A = TypeVar("A")
R = TypeVar("R")
F = TypeVar("F", bound=bytes | Frame)
S = TypeVar("S", bound=StreamState)
Q = TypeVar("Q")
Q_co = TypeVar("Q_co", covariant=True)
Q_contra = TypeVar("Q_contra", contravariant=True)


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


class BuildChatFor(Protocol[Q_contra]):
    """Builds the chat request. With `strict`, fails with UnsupportedFeature if an adaptation loses information."""

    def __call__(
        self,
        service: Service[Q_contra],
        /,
        config: LLMConfig,
        request: ChatRequest,
        *,
        strict: bool = False,
    ) -> LLMResult[Built]: ...


FindError: TypeAlias = Callable[[Service[Q], Any, HttpResponse], LLMError | None]
"""(service, decoded body, response) -> the error in the body, None if there is none. The response gives status and headers."""

UndecodableError: TypeAlias = Callable[[Service[Q], HttpResponse], LLMError]
"""The error of a response whose body is not JSON."""

ReadBody: TypeAlias = Callable[
    [Service[Q], Any, HttpResponse], tuple[StreamState, Iterable[StreamEvent]]
]
"""(service, decoded body, response) -> the body read as one frame: the state after it, and its events."""


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


class Dialect(msgspec.Struct, Generic[Q, S, F], frozen=True, kw_only=True):
    """A wire API as functions and data. `msgspec.structs.replace` makes a variant."""

    name: str
    """The package's name, such as "openai_chat"."""
    build_chat: BuildChatFor[Q]
    parse_chat: Callable[[Service[Q], HttpResponse], LLMResult[Completion]]
    """Any buffered response -> Completion; usually made of `parse_body`."""
    find_error: FindError[Q]
    frames: Callable[[], FrameDecoder[F]]
    """Makes the decoder that cuts a stream's bytes into frames."""
    initial_state: S
    step: Callable[[Service[Q], ResponseHead, S, F], tuple[S, Sequence[StreamEvent]]]
    """(service, head, state, frame) -> the next state, and the frame's events."""
    read_plain_response: Callable[[Service[Q], HttpResponse], Completion | None] | None = None
    """Fast path for buffered responses below status 300: what `parse_chat` gives of usual ones, None for all others."""
    read_run: (
        Callable[[Service[Q], ResponseHead, S, Sequence[F], int, list[StreamEvent]], tuple[S, int]]
        | None
    ) = None
    """Fast path for usual frames that arrive together: `core.stream.ReadRun`, with the service and the head first."""
    body_types: tuple[str, ...] = ("application/json",)
    """Content types of a 2xx response that mean a buffered body in place of a stream, if it begins like JSON."""
    body_starts: bytes = b"{["
    """First bytes of a 2xx response that mean a buffered body under any content type."""
    allowed_tools: bool = False
    """`build_chat` encodes AllowedTools; else it is called with these tools only."""


def make_provider(
    dialect: Dialect[Q, S, F],
    service: Service[Q],
    *,
    authorize: Authorize,
    api_key_env: tuple[str, ...] = (),
    base_url_env: tuple[str, ...] = (),
    env_vars: Mapping[str, tuple[str, ...]] = NO_ENV_VARS,
    source: str = "",
    count_tokens: Operation[ChatRequest, TokenCount] | None = None,
    embeddings: Operation[EmbedRequest, Embeddings] | None = None,
    embed_limits: tuple[EmbedLimit, ...] = (),
    list_models: Operation[ListModelsRequest, ModelPage] | None = None,
    is_last_message: Callable[[bytes], bool] | None = None,
) -> Provider:
    """The service as a Provider. Operations come from `operation` and `common.list_models`."""
    if count_tokens is not None:
        count_tokens = Operation(partial(_build_count, count_tokens.build), count_tokens.parse)
    return Provider(
        name=service.name,
        dialect=dialect.name,
        base_url=service.base_url,
        build_chat=partial(_build_chat, dialect, service),
        authorize=authorize,
        parse_chat=partial(parse_response, dialect, service),
        open_stream=partial(open_stream, dialect, service),
        api_key_env=api_key_env,
        base_url_env=base_url_env,
        env_vars=env_vars,
        source=source,
        count_tokens=count_tokens,
        embed=embeddings,
        embed_limits=embed_limits,
        models=list_models,
        is_last_message=is_last_message,
    )


def _build_chat(
    dialect: Dialect[Q, S, F],
    service: Service[Q],
    config: LLMConfig,
    request: ChatRequest,
    *,
    strict: bool = False,
) -> LLMResult[Built]:
    """The dialect's `build_chat`, with the request's headers and query, and with the tools that the dialect can name."""
    narrows = isinstance(request.tool_choice, AllowedTools) and not dialect.allowed_tools
    if request.headers is None and request.query is None and not narrows:
        return dialect.build_chat(service, config, request, strict=strict)
    from llm_pure.core.request_fields import build_prepared  # imported late: start-up

    return build_prepared(
        partial(dialect.build_chat, service, strict=strict),
        service.name,
        config,
        request,
        narrow=narrows,
        strict=strict,
    )


def _build_count(
    build: Callable[[LLMConfig, ChatRequest], LLMResult[Built]],
    config: LLMConfig,
    request: ChatRequest,
) -> LLMResult[Built]:
    from llm_pure.core.request_fields import build_prepared  # imported late: start-up

    return build_prepared(build, config.api_type, config, request, narrow=True)


def operation(
    service: Service[Q],
    build: Callable[[Service[Q], LLMConfig, R], LLMResult[Built]],
    parse: Callable[[Service[Q], HttpResponse], LLMResult[A]],
) -> Operation[R, A]:
    """Bind an operation besides chat to its service."""
    return Operation(
        partial(_build_operation, build, service), partial(parse_any_depth, parse, service)
    )


def late_operation(load: Callable[[], Operation[R, A]]) -> Operation[R, A]:
    """The operation that `load` imports and makes at each call: a program that needs chat alone imports nothing of it."""
    return Operation(partial(_late_build, load), partial(_late_parse, load))


def _late_build(
    load: Callable[[], Operation[R, A]], config: LLMConfig, request: R
) -> LLMResult[Built]:
    return load().build(config, request)


def _late_parse(load: Callable[[], Operation[R, A]], response: HttpResponse) -> LLMResult[A]:
    return load().parse(response)


def _build_operation(
    build: Callable[[Service[Q], LLMConfig, R], LLMResult[Built]],
    service: Service[Q],
    config: LLMConfig,
    request: R,
) -> LLMResult[Built]:
    """Build the request. A value of another type than its field's is InvalidRequest."""
    if not isinstance(request, ChatRequest):  # its fields are checked where they are resolved
        from llm_pure.core.request_fields import operation_problem  # imported late: start-up

        field, problem = operation_problem(request)
        if problem:
            return Failure(InvalidRequest(message=problem, param=field, provider=service.name))
    return build(service, config, request)


def parse_any_depth(
    parse: Callable[[Service[Q], HttpResponse], LLMResult[A]],
    service: Service[Q],
    response: HttpResponse,
) -> LLMResult[A]:
    """Parse a response. JSON that is nested too deeply for the caller's stack is an error by the response's status."""
    try:
        return parse(service, response)
    except RecursionError:
        return Failure(_depth_error(service, response))


def _depth_error(service: AnyService, response: HttpResponse) -> LLMError:
    if response.status >= 400:
        return undecodable_error(service, response)
    return malformed_response(service, response, "the response is nested too deeply")


def open_stream(
    dialect: Dialect[Q, S, F], service: Service[Q], head: ResponseHead
) -> StreamDecoder:
    """The decoder for a response with this head: a stream of frames, or a buffered body."""
    return buffered_body.open_stream_or_body(
        head,
        partial(_body_decoder, dialect, service, head),
        partial(_step_decoder, dialect, service, head),
        body_types=dialect.body_types,
        body_starts=dialect.body_starts,
    )


def _body_decoder(
    dialect: Dialect[Q, S, F], service: Service[Q], head: ResponseHead
) -> "buffered_body.BufferedBodyDecoder":
    parse = partial(parse_response, dialect, service, in_stream=True)
    return buffered_body.BufferedBodyDecoder(service.name, head, parse)


def _step_decoder(
    dialect: Dialect[Q, S, F], service: Service[Q], head: ResponseHead
) -> StepDecoder[S, F]:
    return StepDecoder(
        service.name,
        head,
        frames=dialect.frames(),
        state=dialect.initial_state,
        step=partial(dialect.step, service, head),
        parse_error=partial(decode_error, service, dialect.find_error),
        read_run=None if dialect.read_run is None else partial(dialect.read_run, service, head),
        dialect=dialect.name,
    )


def parse_response(
    dialect: Dialect[Q, S, F], service: Service[Q], response: HttpResponse, in_stream: bool = False
) -> LLMResult[Completion]:
    """Parse a response to a chat request, for any status and any bytes: a buffered one, or a stream in place of it.

    JSON that is nested too deeply for the caller's stack is an error by the response's status.
    `in_stream`: a stream was requested, so a body that breaks off at its start was interrupted.
    """
    try:
        plain = read_plain(dialect, service, response)
        if plain is not None:
            return Success(plain)
        parsed = _parse_response(dialect, service, response, in_stream=in_stream)
    except RecursionError:
        parsed = Failure(_depth_error(service, response))
    if type(parsed) is Success:  # isinstance costs 0.9 us here
        return parsed
    return Failure(with_headers(parsed.failure(), response.headers))


def read_plain(
    dialect: Dialect[Q, S, F], service: Service[Q], response: HttpResponse
) -> Completion | None:
    """Read a response by the dialect's fast path; None for a response that `dialect.parse_chat` must read."""
    read = dialect.read_plain_response
    return None if read is None or response.status >= 300 else read(service, response)


def _parse_response(
    dialect: Dialect[Q, S, F], service: Service[Q], response: HttpResponse, *, in_stream: bool
) -> LLMResult[Completion]:
    if response.body.startswith(BYTE_ORDER_MARK):
        response = HttpResponse(
            response.status, response.headers, response.body[len(BYTE_ORDER_MARK) :]
        )
    parsed = dialect.parse_chat(service, response)
    if type(parsed) is Success or response.status >= 300:  # isinstance costs 0.9 us here
        return parsed
    error = parsed.failure()
    other = _parse_leniently(dialect, service, response, error)
    if other is not None:
        return other
    if not isinstance(error, ProtocolError):
        return parsed
    if not response.body or is_json(response.body):
        return parsed.alt(partial(_explain_form, dialect, response))
    decoder = _step_decoder(dialect, service, response.head)
    streamed = decoder.feed(response.body).bind(lambda _: decoder.close())
    unread = ProtocolError if in_stream else ProtocolError | StreamInterrupted
    is_empty = not decoder.partial().message.parts
    if is_empty and isinstance(streamed, Failure) and isinstance(streamed.failure(), unread):
        return (
            _interrupted(service, response) if in_stream and is_truncated(response.body) else parsed
        )
    return streamed.map(lambda _: decoder.partial())


def _parse_leniently(
    dialect: Dialect[Q, S, F], service: Service[Q], response: HttpResponse, error: LLMError
) -> LLMResult[Completion] | None:
    """The Completion of another form of the body, or of the JSON inside it; None if no form has content that can be read."""
    from llm_pure.core.lenient_json import inner_responses, lenient_forms  # imported late: start-up

    forms = [response.body, *inner_responses(response.body, error)]
    for form in forms:
        is_inner = form is not response.body
        lenient = lenient_forms(form) if is_inner or isinstance(error, ProtocolError) else ()
        for body in (*((form,) if is_inner else ()), *[body for body, _ in lenient]):
            parsed = dialect.parse_chat(
                service, HttpResponse(response.status, response.headers, body)
            )
            if type(parsed) is Success and parsed.unwrap().message.parts:
                return parsed
    return None


def _interrupted(service: AnyService, response: HttpResponse) -> LLMResult[Completion]:
    return Failure(
        StreamInterrupted(
            message="the body ended before the response was complete",
            provider=service.name,
            status=response.status,
            request_id=request_id(response.headers),
        )
    )


def _explain_form(dialect: Dialect[Q, S, F], response: HttpResponse, error: LLMError) -> LLMError:
    """The error of a 2xx body that is no response, with the name of the API that it looks like."""
    other = buffered_body.other_dialect(response.body, dialect.name)
    if not other:
        return error
    return msgspec.structs.replace(
        error, message=buffered_body.other_form("response", other, dialect.name)
    )


def decode_error(
    service: Service[Q], find_error: FindError[Q], response: HttpResponse
) -> LLMError | None:
    """Return the error in a body of bytes, at any status; None if there is none or the body is not JSON."""
    decoded = decode_any(response.body, provider=service.name)
    try:
        return decoded.map(lambda raw: _error_in(service, raw, response, find_error)).value_or(None)
    except RecursionError:
        return _depth_error(service, response)


def _error_in(
    service: Service[Q], raw: Any, response: HttpResponse, find_error: FindError[Q]
) -> LLMError | None:
    """The error in decoded JSON, with that JSON as its `body`."""
    error = find_error(service, raw, response)
    return None if error is None else with_body(error, raw)


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


class FrameForm(msgspec.Struct, Generic[Q, A], frozen=True):
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
    extra: Mapping[str, Any] = {},
) -> Completion:
    """The Completion of these parts, for `read_plain_response`. `reason`: the wire's finish reason, which `finish_words` translates."""
    request = request_id(response.headers)
    completion = Completion(
        id=id or "",
        model=model or "",
        provider=service.name,
        message=Message("assistant", tuple(parts)),
        finish_reason=finish_reason_of(reason, finish_words),
        raw_finish_reason=reason,
        usage=usage or Usage(),
        extra={"request_id": request, **extra} if request else {**extra},
    )
    for part in parts:
        if type(part) is ToolCall:
            return finalize(completion)
    return completion


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

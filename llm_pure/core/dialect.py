"""Make a Provider of a dialect, a table of functions, and a service, the first argument of all of them.

A dialect's `__init__` fills a `Dialect` and calls `make_provider`.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

import msgspec

from llm_pure.core.error_mapping import request_id, with_headers
from llm_pure.core.provider import (
    NO_ENV_VARS,
    Authorize,
    Built,
    Operation,
    Provider,
    StreamDecoder,
)
from llm_pure.core.service import AnyService, FindError, Service, decode_error, depth_error
from llm_pure.core.stream import StepDecoder, StreamState
from llm_pure.framing import BYTE_ORDER_MARK, Frame, FrameDecoder
from llm_pure.framing.json_codec import is_json, is_truncated
from llm_pure.types.completion import Completion
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import InvalidRequest, LLMError, ProtocolError, StreamInterrupted
from llm_pure.types.events import StreamEvent
from llm_pure.types.http import HttpResponse, ResponseHead
from llm_pure.types.late_module import LateModule
from llm_pure.types.operations import (
    Embeddings,
    EmbedLimit,
    EmbedRequest,
    ListModelsRequest,
    ModelPage,
    TokenCount,
)
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
Q_contra = TypeVar("Q_contra", contravariant=True)


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
        return Failure(depth_error(service, response))


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
        read_plain = dialect.read_plain_response
        if read_plain is not None and response.status < 300:
            plain = read_plain(service, response)
            if plain is not None:
                return Success(plain)
        parsed = _parse_response(dialect, service, response, in_stream=in_stream)
    except RecursionError:
        parsed = Failure(depth_error(service, response))
    if type(parsed) is Success:  # isinstance costs 0.9 us here
        return parsed
    return Failure(with_headers(parsed.failure(), response.headers))


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

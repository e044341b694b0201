"""Make a ServerDialect of its functions and its two encoders: one of streams, and one that makes a body of the same events."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol

from llm_pure.adapters.dialects.common.served_errors import JSON_HEADERS
from llm_pure.adapters.dialects.common.served_json import encode_json
from llm_pure.core.adaptations import Adaptation
from llm_pure.core.buffered_body import completion_to_events
from llm_pure.core.server import OperationResult, ReceivedRequest, ServerDialect, StreamEncoder
from llm_pure.types.completion import Completion
from llm_pure.types.errors import LLMError, NotFound
from llm_pure.types.http import HttpRequest, HttpResponse
from llm_pure.types.operations import Embeddings, ModelInfo, ModelPage, TokenCount
from llm_pure.types.result import LLMResult, Success


class BodyEncoder(StreamEncoder, Protocol):
    """Encodes the events of an answer into one body."""

    @property
    def fault(self) -> LLMError | None:
        """Why the answer cannot be sent."""
        ...

    @property
    def body(self) -> Mapping[str, Any]:
        """The body, after `close`."""
        ...


_HEALTHY: Mapping[str, Any] = {"status": "ok"}


class ResultForms(NamedTuple):
    """How a dialect answers the operations besides chat: functions of their results."""

    models: Callable[[ModelPage, ReceivedRequest], dict[str, Any]]
    model: Callable[[ModelInfo, ReceivedRequest], dict[str, Any]]
    """One model that the client looks up."""
    token_count: Callable[[TokenCount], dict[str, Any]]
    embeddings: Callable[[Embeddings, ReceivedRequest], dict[str, Any]]
    health: Mapping[str, Any] = _HEALTHY
    health_text: str = "ok"
    """For probes that read a line of text."""


def make_server(
    name: str,
    *,
    parse_request: Callable[[HttpRequest], LLMResult[ReceivedRequest]],
    build_error: Callable[[LLMError, ReceivedRequest], HttpResponse],
    open_encoder: Callable[[ReceivedRequest], StreamEncoder],
    open_body: Callable[[ReceivedRequest], BodyEncoder],
    stream_type: Callable[[ReceivedRequest], str],
    results: ResultForms,
    request_id_header: str = "",
) -> ServerDialect:
    """The server side of a dialect. A buffered answer is made of the events of a stream, so that both say the same.

    `request_id_header`: the header with the id of the call; "" for none.
    """

    def encode(completion: Completion, received: ReceivedRequest) -> BodyEncoder:
        encoder = open_body(received)
        encoder.encode(completion_to_events(completion))
        encoder.close(Success(completion))
        return encoder

    def build_response(completion: Completion, received: ReceivedRequest) -> HttpResponse:
        encoder = encode(completion, received)
        if encoder.fault is not None:
            return build_error(encoder.fault, received)
        body = encoder.body
        request_id = completion.extra.get("request_id") if request_id_header else None
        if not isinstance(request_id, str):
            return HttpResponse(200, JSON_HEADERS, encode_json(body))
        headers = (*JSON_HEADERS, (request_id_header, request_id))
        rest = {key: value for key, value in body.items() if key != "request_id"}
        return HttpResponse(200, headers, encode_json(rest))

    def build_result(result: OperationResult, received: ReceivedRequest) -> HttpResponse:
        body: Mapping[str, Any]
        match result:
            case Embeddings():
                body = results.embeddings(result, received)
            case TokenCount():
                body = results.token_count(result)
            case ModelPage() if not received.model:
                body = results.models(result, received)
            case ModelPage(models=models):
                known = next((row for row in models if row.id == received.model), None)
                if known is None:
                    message = f"model: {received.model}"
                    return build_error(NotFound(message=message, status=404), received)
                body = results.model(known, received)
            case None if received.form == "text":
                headers = (("content-type", "text/plain; charset=utf-8"),)
                return HttpResponse(200, headers, results.health_text.encode())
            case None:
                body = results.health
        return HttpResponse(200, JSON_HEADERS, encode_json(body))

    def response_adaptations(
        completion: Completion, received: ReceivedRequest
    ) -> tuple[Adaptation, ...]:
        return encode(completion, received).adaptations

    return ServerDialect(
        name=name,
        parse_request=parse_request,
        build_response=build_response,
        build_result=build_result,
        build_error=build_error,
        open_encoder=open_encoder,
        response_adaptations=response_adaptations,
        stream_type=stream_type,
    )

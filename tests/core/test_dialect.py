"""core.dialect and core.rejection: a dialect of three functions, as a Provider and by its pieces."""

from typing import Any

import msgspec
import pytest

from llm_pure.core.adaptations import Adaptation
from llm_pure.core.dialect import Dialect, make_provider, operation
from llm_pure.core.provider import Built, Provider
from llm_pure.core.service import (
    AnyService,
    Service,
    build_post,
    decode_error,
    malformed_response,
    parse_body,
    read_json,
    require_lossless,
    undecodable_error,
)
from llm_pure.core.stream import StreamState
from llm_pure.core.urls import under_base_url
from llm_pure.framing.ndjson import NdjsonDecoder
from llm_pure.signing.key import key_header
from llm_pure.types.completion import Completion
from llm_pure.types.config import LLMConfig, credential_headers
from llm_pure.types.errors import (
    AuthenticationFailed,
    InvalidRequest,
    LLMError,
    NotFound,
    Overloaded,
    ProtocolError,
    RateLimited,
    ServerError,
    StreamInterrupted,
    UnsupportedFeature,
)
from llm_pure.types.events import Finished, StreamEvent, TextDelta
from llm_pure.types.http import HttpRequest, HttpResponse, ResponseHead
from llm_pure.types.messages import assistant
from llm_pure.types.operations import TokenCount
from llm_pure.types.rejection import Rejected, UnsupportedPart, ok, reject, returns_failure
from llm_pure.types.request import ChatRequest
from llm_pure.types.result import Failure, LLMResult, Success

BASE_URL = "https://example.org"
SERVICE = Service(
    name="example", base_url=BASE_URL, url_for=under_base_url("example", BASE_URL), quirks="loud"
)
CONFIG = LLMConfig(model="m")
HEADERS = (("x-request-id", "r1"),)
DONE = Finished("stop")
HI = Completion(
    provider="", message=assistant("hi"), finish_reason="stop", extra={"request_id": "r1"}
)


@returns_failure
def build_chat(
    service: Service[str], config: LLMConfig, request: ChatRequest, *, strict: bool = False
) -> Built:
    adaptations = [Adaptation(field="seed", action="dropped", reason="no seed")]
    if strict:
        require_lossless(service, adaptations)
    url = ok(service.url_for(config, "m", "/chat"))
    return build_post(service, config, url, {"say": service.quirks}, adaptations)


def find_error(service: AnyService, body: Any, response: HttpResponse) -> LLMError | None:
    if not isinstance(body, dict) or "error" not in body:
        return None
    return RateLimited(message=str(body["error"]), provider=service.name, status=response.status)


def is_response(raw: Any) -> bool:
    return isinstance(raw, dict) and "text" in raw


def read(
    service: AnyService, raw: Any, response: HttpResponse
) -> tuple[StreamState, list[StreamEvent]]:
    if raw["text"] == "reject":
        raise Rejected(NotFound(message="no"))
    if raw["text"] == "deep":
        raise RecursionError("too deep")
    fault = StreamInterrupted(message="cut") if raw.get("cut") else None
    return StreamState(fault=fault), [TextDelta(raw["text"]), DONE]


def parse_chat(service: AnyService, response: HttpResponse) -> LLMResult[Completion]:
    return parse_body(
        service, response, is_response, read, find_error=find_error, missing="no text"
    )


def step(
    service: AnyService, head: ResponseHead, state: StreamState, frame: bytes
) -> tuple[StreamState, tuple[StreamEvent, ...]]:
    if frame == b"end":
        return StreamState(complete=True), (DONE,)
    return state, (TextDelta(f"{service.name}:{frame.decode()}"),)


@returns_failure
def parse_count(service: AnyService, response: HttpResponse) -> TokenCount:
    raw = read_json(service, response, find_error)
    return TokenCount(input_tokens=raw["count"], provider=service.name)


def build_count(service: Service[str], config: LLMConfig, request: ChatRequest) -> LLMResult[Built]:
    return build_chat(service, config, request)


DIALECT = Dialect(
    name="example_chat",
    build_chat=build_chat,
    parse_chat=parse_chat,
    find_error=find_error,
    frames=NdjsonDecoder,
    initial_state=StreamState(),
    step=step,
)


def provider(dialect: Any = DIALECT) -> Provider:
    return make_provider(
        dialect,
        SERVICE,
        authorize=key_header("example", ("KEY",)),
        api_key_env=("KEY",),
        source="here",
        count_tokens=operation(SERVICE, build_count, parse_count),
    )


def response(body: bytes, status: int = 200) -> HttpResponse:
    return HttpResponse(status, HEADERS, body)


def test_a_provider_has_the_names_of_its_dialect_and_its_service() -> None:
    built = provider()
    assert (built.name, built.dialect, built.base_url, built.api_key_env, built.source) == (
        "example",
        "example_chat",
        BASE_URL,
        ("KEY",),
        "here",
    )
    assert (built.embed, built.models) == (None, None)


def test_a_provider_builds_with_its_service() -> None:
    request = HttpRequest(
        "POST",
        "https://example.org/chat",
        (("content-type", "application/json"), ("accept", "application/json")),
        b'{"say":"loud"}',
    )
    dropped = Adaptation(field="seed", action="dropped", reason="no seed")
    assert provider().build_chat(CONFIG, ChatRequest(messages="hi")) == Success(
        Built(request=request, adaptations=(dropped,))
    )


def test_a_strict_build_fails_with_what_is_lost() -> None:
    assert provider().build_chat(CONFIG, ChatRequest(messages="hi"), strict=True) == Failure(
        UnsupportedFeature(
            message="strict: seed dropped: no seed", provider="example", feature="seed"
        )
    )


def test_a_build_fails_with_the_error_of_its_url() -> None:
    bad = LLMConfig(base_url="nowhere")
    error = provider().build_chat(bad, ChatRequest(messages="hi")).failure()
    assert (error.kind, error.provider) == ("configuration", "example")


def test_a_body_that_is_not_json_fails_the_build() -> None:
    with pytest.raises(Rejected) as caught:
        build_post(SERVICE, CONFIG, BASE_URL, {"x": object()})
    assert isinstance(caught.value.error, InvalidRequest)


def test_an_operation_is_bound_to_its_service() -> None:
    count = provider().count_tokens
    assert count is not None
    assert count.parse(response(b'{"count":3}')) == Success(
        TokenCount(input_tokens=3, provider="example")
    )
    assert count.parse(response(b'{"error":"slow"}', 429)).failure().kind == "rate_limited"


@pytest.mark.parametrize(
    ("body", "status", "result"),
    [
        pytest.param(b'{"text":"hi"}', 200, Success(HI), id="answer"),
        pytest.param(
            b'{"error":"slow"}',
            200,
            Failure(
                RateLimited(message="slow", provider="example", status=200, body={"error": "slow"})
            ),
            id="error inside a 200",
        ),
        pytest.param(
            b'{"error":"slow","text":"hi"}',
            200,
            Failure(
                RateLimited(
                    message="slow",
                    provider="example",
                    status=200,
                    partial=HI,
                    body={"error": "slow", "text": "hi"},
                )
            ),
            id="error beside an answer: the completion is its partial",
        ),
        pytest.param(
            b'id:1\nevent:error\n:HTTP_STATUS/429\ndata:{"error":"slow"}\n\n',
            429,
            Failure(
                RateLimited(message="slow", provider="example", status=429, body={"error": "slow"})
            ),
            id="error framed as a server-sent event",
        ),
        pytest.param(
            b'{"error":"slow","text":"hi"}',
            429,
            Failure(
                RateLimited(
                    message="slow",
                    provider="example",
                    status=429,
                    body={"error": "slow", "text": "hi"},
                )
            ),
            id="error with its status, beside an answer",
        ),
        pytest.param(
            b'{"text":"hi"}',
            404,
            Failure(
                NotFound(message='{"text":"hi"}', provider="example", status=404, request_id="r1")
            ),
            id="bad status without an error",
        ),
        pytest.param(
            b"<html>",
            404,
            Failure(NotFound(message="<html>", provider="example", status=404, request_id="r1")),
            id="no JSON",
        ),
        pytest.param(
            b"[1]",
            200,
            Failure(
                ProtocolError(
                    message="no text",
                    provider="example",
                    status=200,
                    where="body",
                    evidence=b"[1]",
                )
            ),
            id="JSON of another shape",
        ),
        pytest.param(
            b'{"text":"reject"}', 200, Failure(NotFound(message="no")), id="the reader rejects"
        ),
        pytest.param(
            b'{"text":"hi","cut":1}',
            200,
            Failure(StreamInterrupted(message="cut", partial=HI)),
            id="the state has a fault: the completion is its partial",
        ),
        pytest.param(
            b'{"text":"deep"}',
            200,
            Failure(
                ProtocolError(
                    message="the response could not be read: too deep",
                    provider="example",
                    status=200,
                    where="body",
                    evidence=b'{"text":"deep"}',
                )
            ),
            id="nested too deep to be read",
        ),
    ],
)
def test_a_body_becomes_a_completion_or_an_error(
    body: bytes, status: int, result: LLMResult[Completion]
) -> None:
    assert parse_chat(SERVICE, response(body, status)) == result
    with_id = result.alt(lambda error: msgspec.structs.replace(error, request_id="r1"))
    assert provider().parse_chat(response(body, status)) == with_id


@pytest.mark.parametrize(
    ("body", "result"),
    [
        (b'\xef\xbb\xbf{"text":"hi"}', Success(HI)),
        (b"a\nend\n", Success(msgspec.structs.replace(HI, message=assistant("example:a")))),
        (
            b'{"choices":[],"object":"chat.completion"}',
            Failure(
                ProtocolError(
                    message="the response has the form of openai_chat, not of example_chat:"
                    " check api_type and base_url",
                    provider="example",
                    status=200,
                    request_id="r1",
                    where="body",
                    evidence=b'{"choices":[],"object":"chat.completion"}',
                )
            ),
        ),
    ],
    ids=["a byte order mark", "a stream in its place", "another API"],
)
def test_a_provider_reads_what_stands_in_place_of_a_body(
    body: bytes, result: LLMResult[Completion]
) -> None:
    assert provider().parse_chat(response(body)) == result


def test_a_stream_is_stepped_with_the_service() -> None:
    decoder = provider().open_stream(ResponseHead(200, HEADERS))
    assert decoder.feed(b"a\nend\n").unwrap()[1:] == (TextDelta("example:a"), DONE)
    assert decoder.close() == Success(())


def test_a_content_type_of_a_body_opens_no_stream() -> None:
    json = ResponseHead(200, (*HEADERS, ("content-type", "application/json")))
    assert isinstance(provider().open_stream(json).feed(b"a\n").unwrap(), tuple)
    body = provider().open_stream(json)
    body.feed(b'{"text":"hi"}')
    body.close()
    assert body.partial() == HI
    stream = provider(msgspec.structs.replace(DIALECT, body_types=(), body_starts=b"")).open_stream(
        json
    )
    assert stream.feed(b"a\n").unwrap()[-1] == TextDelta("example:a")


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (
            b'{"error":"x"}',
            RateLimited(message="x", provider="example", status=200, body={"error": "x"}),
        ),
        (b'{"text":"x"}', None),
        (b"<p>", None),
    ],
)
def test_decode_error_reads_bytes(body: bytes, error: LLMError | None) -> None:
    assert decode_error(SERVICE, find_error, response(body)) == error


def test_evidence_is_cut_and_redacted_by_the_error_itself() -> None:
    key = b"sk-abcdefghijklmnopqrstuvwxyz0123456789"
    error = malformed_response(SERVICE, response(key + b"x" * 1000), "bad", where="$.a")
    assert (error.where, len(error.evidence) <= 300, key in error.evidence) == ("$.a", True, False)


def test_returns_failure_catches_rejected_and_nothing_else() -> None:
    @returns_failure
    def fail(error: Exception) -> int:
        raise error

    assert fail(Rejected(NotFound(message="x"))) == Failure(NotFound(message="x"))
    with pytest.raises(ValueError, match="bug"):
        fail(ValueError("bug"))


def test_ok_and_reject() -> None:
    assert ok(Success(1)) == 1
    with pytest.raises(Rejected) as caught:
        ok(Failure(NotFound(message="x")))
    assert caught.value.error == NotFound(message="x")
    with pytest.raises(Rejected, match="x"):
        reject(NotFound(message="x"))


def test_an_unsupported_part_gets_the_providers_name_where_messages_are_encoded() -> None:
    part = UnsupportedPart("messages/0: no")
    assert part.error == UnsupportedFeature(message="messages/0: no", feature="messages")
    assert part.of_provider("example").error == UnsupportedFeature(
        message="messages/0: no", provider="example", feature="messages"
    )
    assert str(part) == "messages/0: no"


def post(config: LLMConfig, body: dict[str, Any], **more: Any) -> Any:
    return returns_failure(build_post)(SERVICE, config, "https://h/x", body, **more)


def test_a_post_has_its_body_as_json() -> None:
    assert post(LLMConfig(), {"b": 1, "a": "é"}, accept="text/x", headers=(("x-v", "2"),)) == (
        Success(
            Built(
                request=HttpRequest(
                    "POST",
                    "https://h/x",
                    (("content-type", "application/json"), ("accept", "text/x"), ("x-v", "2")),
                    '{"b":1,"a":"é"}'.encode(),
                )
            )
        )
    )


def test_the_configurations_own_headers_go_over_ours_and_its_credentials_wait() -> None:
    config = LLMConfig(
        headers=(
            ("Accept", "a"),
            ("X-Team", "blue"),
            ("Authorization", "s"),
            ("Helicone-Auth", "t"),
            ("X-V", "3"),
        )
    )
    built = post(config, {}, headers=(("x-v", "2"),)).unwrap().request
    assert built.headers == (
        ("content-type", "application/json"),
        ("accept", "a"),
        ("x-team", "blue"),
        ("x-v", "3"),
    )
    assert credential_headers(config) == (("authorization", "s"), ("helicone-auth", "t"))


def test_a_body_that_is_no_json_is_a_wrong_request() -> None:
    assert isinstance(post(LLMConfig(), {"a": object()}).failure(), InvalidRequest)


@pytest.mark.parametrize(
    ("status", "body", "kind", "message"),
    [
        (502, b"<html>Bad gateway</html>", ServerError, "<html>Bad gateway</html>"),
        (401, b"  who?\n", AuthenticationFailed, "who?"),
        (503, b"", Overloaded, "HTTP status 503"),
        (500, b"\xff\xfe", ServerError, "\ufffd\ufffd"),
        (400, b"bad key sk-abcdefgh12345678", InvalidRequest, "bad key ***"),
        (500, b"x" * 900, ServerError, "x" * 300),
    ],
)
def test_undecodable_error_of_an_error_status_has_the_start_of_the_body(
    status: int, body: bytes, kind: type[LLMError], message: str
) -> None:
    error = undecodable_error(SERVICE, HttpResponse(status, HEADERS, body))
    assert type(error) is kind
    assert (error.message, error.status, error.request_id) == (message, status, "r1")


@pytest.mark.parametrize("status", [200, 204, 302])
def test_undecodable_error_below_400_is_a_protocol_error(status: int) -> None:
    assert undecodable_error(SERVICE, HttpResponse(status, HEADERS, b"<html>")) == ProtocolError(
        message=f"status {status} without a valid response",
        provider="example",
        status=status,
        request_id="r1",
        where="body",
        evidence=b"<html>",
    )

"""Errors at every place of an answer, in every dialect: a typed failure with the partial answer, never a success."""

import json
from collections.abc import Iterable
from typing import Any

import msgspec
import pytest

from llm_pure import Completion, HttpResponse, LLMError, ResponseHead
from llm_pure.adapters import registry
from llm_pure.replay.checks.stream_properties import read_pieces
from llm_pure.types.errors import (
    AuthenticationFailed,
    ContentFiltered,
    ContextLengthExceeded,
    InvalidRequest,
    NotFound,
    Overloaded,
    PermissionDenied,
    ProtocolError,
    QuotaExceeded,
    RateLimited,
    ServerError,
    StreamInterrupted,
)
from llm_pure.types.http import Headers
from llm_pure.types.result import Success
from tests.support.error_forms import FORMS, LIMITS, REQUEST_ID, Form
from tests.support.framed import dense
from tests.support.pieces import one_byte_at_a_time

GONE = "upstream is gone"


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """An error on the wire, and what it means inside of a 200."""

    title: str
    error: Any
    kind: type[LLMError] = ServerError
    code: str | None = None
    status: int = 500
    message: str = GONE
    decides: bool = False
    """The kind is the same under any status."""

    def __str__(self) -> str:
        return self.title


TOO_LONG = "This model's maximum context length is 100 tokens. However, you requested 200 tokens."

SHAPES = (
    Shape(title="an object with a status", error={"error": {"message": GONE, "code": 502}}, code="502", status=502),
    Shape(title="an object with a type", error={"error": {"message": GONE, "type": "upstream_error"}}, code="upstream_error"),
    Shape(title="an object with a status of the type",
          error={"error": {"message": GONE, "type": "invalid_request_error", "code": None, "param": "x"}},
          kind=InvalidRequest, code="invalid_request_error", status=400),
    Shape(title="a rate limit", error={"error": {"message": GONE, "type": "rate_limit_error"}},
          kind=RateLimited, code="rate_limit_error", status=429, decides=True),
    Shape(title="text", error={"error": GONE}),
    Shape(title="text and a code", error={"error": GONE, "code": 429}, kind=RateLimited, code="429", status=429),
    Shape(title="message and code", error={"message": GONE, "code": "gone"}, code="gone"),
    Shape(title="message and a status as code", error={"message": GONE, "code": 401}, kind=AuthenticationFailed, code="401",
          status=401),
    Shape(title="message and a status", error={"message": GONE, "status": 502}, code="502", status=502),
    Shape(title="detail", error={"detail": GONE}),
    Shape(title="a list of details", error={"detail": [{"loc": ["body", "x"], "msg": GONE}]}, message=f"body/x: {GONE}"),
    Shape(title="errors", error={"success": False, "errors": [{"code": 404, "message": GONE}]}, kind=NotFound, code="404",
          status=404),
    Shape(title="errors alone", error={"errors": [{"message": GONE}]}),
    Shape(title="errors as text", error={"errors": [GONE]}),
    Shape(title="a typed object", error={"type": "error", "error": {"type": "overloaded_error", "message": GONE}},
          kind=Overloaded, code="overloaded_error", status=529, decides=True),
    Shape(title="an object marked as an error", error={"object": "error", "message": GONE, "code": 400}, kind=InvalidRequest,
          code="400", status=400),
    Shape(title="a context overflow in words", error={"error": {"message": TOO_LONG, "code": 400}},
          kind=ContextLengthExceeded, code="400", status=400, message=TOO_LONG),
    Shape(title="a wrong key in words", error={"error": {"message": "Incorrect API key provided", "code": 400}},
          kind=AuthenticationFailed, code="400", status=400, message="Incorrect API key provided"),
    Shape(title="no balance in words", error={"error": {"message": "insufficient balance", "code": 400}},
          kind=QuotaExceeded, code="400", status=400, message="insufficient balance"),
    Shape(title="an unknown model in words", error={"error": {"message": "model not found", "code": 400}},
          kind=NotFound, code="400", status=400, message="model not found"),
)  # fmt: skip

_SPEND = {"error_code": "enforced_spend_limit_reached"}
_ANTHROPIC = (
    Shape(title="a Messages error", error={"type": "error", "error": {"type": "not_found_error", "message": GONE}, "request_id": REQUEST_ID},
          kind=NotFound, code="not_found_error", status=404, decides=True),
    Shape(title="a spend limit", error={"type": "error", "error": {"type": "rate_limit_error", "message": GONE, "details": _SPEND}},
          kind=QuotaExceeded, code="enforced_spend_limit_reached", status=429, decides=True),
)  # fmt: skip
_DENIED = {"error": {"code": 403, "message": GONE, "status": "PERMISSION_DENIED"}}
_GOOGLE = (
    Shape(title="a Google error", error=_DENIED, kind=PermissionDenied, code="PERMISSION_DENIED", status=403, decides=True),
    Shape(title="a list with a Google error", error=[_DENIED], kind=PermissionDenied, code="PERMISSION_DENIED", status=403,
          decides=True),
)  # fmt: skip
_GEMINI = (
    *_GOOGLE,
    Shape(title="a reason", kind=AuthenticationFailed, code="API_KEY_INVALID", status=400, decides=True,
          error={"error": {"code": 400, "message": GONE, "status": "INVALID_ARGUMENT", "details": [{"reason": "API_KEY_INVALID"}]}}),
)  # fmt: skip
_DASHSCOPE = (
    Shape(title="inspection", error={"code": "DataInspectionFailed", "message": GONE, "request_id": REQUEST_ID},
          kind=ContentFiltered, code="DataInspectionFailed", status=400, decides=True),
    Shape(title="a dotted code", error={"code": "Throttling.RateQuota", "message": GONE}, kind=RateLimited,
          code="Throttling.RateQuota", status=429, decides=True),
)  # fmt: skip
_COHERE = (
    Shape(title="a message", error={"message": GONE}),
    Shape(title="a message and an id", error={"message": GONE, "id": REQUEST_ID}),
)
_MODEL = "model 'x' not found"
_OLLAMA = (
    Shape(title="no model", error={"error": _MODEL}, kind=NotFound, status=404, message=_MODEL),
)
OWN: dict[str, tuple[Shape, ...]] = {
    "anthropic": _ANTHROPIC,
    "vertex_anthropic": (*_ANTHROPIC, *_GOOGLE),
    "gemini": _GEMINI,
    "vertex": _GEMINI,
    "dashscope": _DASHSCOPE,
    "cohere": _COHERE,
    "ollama": _OLLAMA,
    "ollama.generate": _OLLAMA,
    "qianfan_v1": (Shape(title="version 1", error={"error_code": 110, "error_msg": GONE, "id": REQUEST_ID},
                         kind=AuthenticationFailed, code="110", status=401),),
    "mistral": (Shape(title="an object error", kind=InvalidRequest, code="3280", status=400,
                      error={"object": "error", "message": GONE, "type": "invalid_request_error", "code": "3280"}),),
    "siliconflow": (Shape(title="a numbered error", error={"code": 20012, "message": GONE, "data": None},
                          kind=NotFound, code="20012", decides=True),),
    "zhipuai": (Shape(title="a numbered error", error={"error": {"code": "1113", "message": GONE}}, kind=QuotaExceeded,
                      code="1113", decides=True),),
    "groq": (Shape(title="a failed call", error={"error": {"message": GONE, "type": "invalid_request_error", "status_code": 400,
                   "code": "tool_use_failed", "failed_generation": "x"}}, kind=InvalidRequest, code="tool_use_failed",
                   status=400, message=f"{GONE}: x"),),
    "nvidia": (Shape(title="a problem", error={"type": "about:blank", "title": "Bad", "status": 404, "detail": GONE},
                     kind=NotFound, code="404", status=404),),
    "openai_responses": (Shape(title="an error event", kind=RateLimited, code="rate_limit_exceeded", decides=True,
                         error={"type": "error", "code": "rate_limit_exceeded", "message": GONE, "sequence_number": 1}),),
    "openrouter": (Shape(title="the host's error", kind=ServerError, code="502", status=502, message=f"{GONE}: raw",
                         error={"error": {"code": 502, "message": GONE, "metadata": {"raw": "raw", "provider_name": "x"}}}),),
}  # fmt: skip
"""Provider -> the errors that its documentation has."""


def shapes_of(form: Form) -> tuple[Shape, ...]:
    return (*SHAPES, *OWN.get("qianfan_v1" if "result" in form.body else form.provider, ()))


BY_STATUS: dict[int, type[LLMError]] = {
    200: ProtocolError,
    400: InvalidRequest,
    502: ServerError,
    503: Overloaded,
}
RETRYABLE = (RateLimited, Overloaded, ServerError)
HEADERS: Headers = (("x-request-id", REQUEST_ID), *LIMITS)


def expected(shape: Shape, status: int) -> tuple[Any, ...]:
    words = GONE not in shape.message
    kind = shape.kind
    if status >= 400 and not shape.decides and not (words and status == 400):
        kind = BY_STATUS[status]
    return (
        kind, shape.code, status if status >= 400 else shape.status, issubclass(kind, RETRYABLE), shape.message,
        REQUEST_ID, LIMITS,
    )  # fmt: skip


def actual(error: LLMError) -> tuple[Any, ...]:
    return (
        type(error), error.code, error.status, error.retryable, error.message, error.request_id, error.rate_limits,
    )  # fmt: skip


def head_of(status: int, label: str | None) -> ResponseHead:
    return ResponseHead(status, ((("content-type", label),) if label else ()) + HEADERS)


def read_all(
    form: Form, head: ResponseHead, data: bytes, begun: int = 0
) -> tuple[Completion, LLMError | None]:
    """The same as a buffered body, as a stream, and as a stream of single bytes after those with which it begins."""
    provider = registry.get(form.provider).unwrap()
    events, error = read_pieces(provider.open_stream(head), [data])
    pieces = [data[:begun], *one_byte_at_a_time(data[begun:])]
    assert read_pieces(provider.open_stream(head), pieces) == (events, error)
    parsed = provider.parse_chat(HttpResponse(head.status, head.headers, data))
    if error is None:
        assert isinstance(parsed, Success), parsed
        return parsed.unwrap(), None
    assert not isinstance(parsed, Success), parsed
    assert actual(parsed.failure()) == actual(error)
    bodies = [
        parsed.failure().body,
        error.body,
    ]  # Google's array is a body, or the frames of a stream
    assert bodies[0] in (bodies[1], [bodies[1]])
    return error.partial or Completion(), error


def wrong_at(
    form: Form, shape: Shape, head: ResponseHead, data: bytes, text: str, where: str, begun: int = 0
) -> list[str]:
    try:
        partial, error = read_all(form, head, data, begun)
    except AssertionError as difference:
        return [f"{where}: {shape}: {str(difference)[:300]}"]
    right = (*expected(shape, head.status), text)
    seen: Any = "Success" if error is None else (*actual(error), partial.text)
    if seen != right:
        return [f"{where}: {shape}:\n    {seen}\n    not\n    {right}"]
    if error is not None and GONE in dense(shape.error) and GONE not in dense(error.body):
        return [f"{where}: {shape}: body {error.body}"]
    return []


def report(wrong: Iterable[str]) -> None:
    assert "\n".join(wrong) == ""


every_form = pytest.mark.parametrize("form", FORMS, ids=str)


@every_form
@pytest.mark.parametrize("status", [200, 400, 503])
def test_an_error_in_place_of_the_answer(form: Form, status: int) -> None:
    wrong: list[str] = []
    for shape in shapes_of(form):
        body = json.dumps(shape.error).encode()
        for label in ("application/json", form.label, "text/plain", None):
            wrong += wrong_at(form, shape, head_of(status, label), body, "", f"labeled {label}")
    report(wrong)


@every_form
@pytest.mark.parametrize("status", [400, 503])
def test_an_error_as_an_event_under_its_status(form: Form, status: int) -> None:
    wrong: list[str] = []
    for shape in shapes_of(form):
        for event in (b"event: error\n", b"id:1\nevent:error\n:HTTP_STATUS/400\n", b""):
            data = event + f"data: {dense(shape.error)}\n\n".encode()
            wrong += wrong_at(
                form, shape, head_of(status, "text/event-stream"), data, "", "an event"
            )
    report(wrong)


@every_form
@pytest.mark.parametrize("place", ["first", "in mid-stream", "after the finish"])
def test_an_error_among_the_frames(form: Form, place: str) -> None:
    if not form.raw:
        return
    before = {
        "first": (),
        "in mid-stream": form.begun,
        "after the finish": form.begun + form.finish,
    }[place]
    wrong: list[str] = []
    for shape in shapes_of(form):
        data = form.frame(*before, shape.error)
        # the first error comes after single bytes, the others after the same in one piece
        begun = len(form.frame(*before)) if shape is not SHAPES[0] else 0
        wrong += wrong_at(
            form, shape, head_of(200, form.label), data, "Hel" if before else "", place, begun
        )
    report(wrong)


@every_form
def test_an_error_in_an_event_of_its_name_or_a_line(form: Form) -> None:
    if form.label != "text/event-stream":
        return
    wrong: list[str] = []
    for shape in shapes_of(form):
        for before, text in (((), ""), (form.begun, "Hel"), (form.begun + form.finish, "Hel")):
            frames = form.frame(*before)
            # what came in single bytes once comes in one piece before the next errors and the end
            begun = len(frames) if shape is not SHAPES[0] else 0
            for start in ("event: error\ndata: ", "error: ", "event:error\ndata:", ""):
                data = frames + f"{start}{dense(shape.error)}\n\n".encode()
                for end, single in ((b"", begun), (b"data: [DONE]\n\n", len(data))):
                    where = f"after {len(before)} as {start!r} and {end!r}"
                    wrong += wrong_at(
                        form, shape, head_of(200, form.label), data + end, text, where, single
                    )
    words = Shape(title="words", error=GONE)
    for before, text in (((), ""), (form.begun, "Hel"), (form.begun + form.finish, "Hel")):
        data = form.frame(*before) + f"event: error\ndata: {GONE}\n\n".encode()
        wrong += wrong_at(
            form,
            msgspec.structs.replace(words, error=None),
            head_of(200, form.label),
            data,
            text,
            "words",
        )
    report(wrong)


@every_form
def test_an_error_beside_the_answer_or_in_a_choice(form: Form) -> None:
    wrong: list[str] = []
    for shape in shapes_of(form):
        error = shape.error.get("error") if isinstance(shape.error, dict) else None
        if not error or "code" in shape.error:
            continue
        inside = (
            shape
            if shape.title != "a typed object"
            else msgspec.structs.replace(shape, error={"error": error})
        )
        body = {**form.body, "error": error}
        wrong += wrong_at(
            form, inside, head_of(200, form.body_label), json.dumps(body).encode(), "Hel", "beside"
        )
        if form.in_choice is not None:
            body = form.in_choice(error)
            wrong += wrong_at(
                form,
                inside,
                head_of(200, form.body_label),
                json.dumps(body).encode(),
                "Hel",
                "in a choice",
            )
            if form.raw:
                wrong += wrong_at(
                    form,
                    inside,
                    head_of(200, form.label),
                    form.frame(body),
                    "Hel",
                    "in a choice of a stream",
                )
    report(wrong)


PAGE = b"<html>\n<head><title>502 Bad Gateway</title></head>\n<body>nginx</body>\n</html>\n"


@every_form
@pytest.mark.parametrize("body", [PAGE, b"", GONE.encode(), b"\n\n", b"null", b"[]", b"{}", b'""'])
def test_bodies_that_say_nothing(form: Form, body: bytes) -> None:
    provider = registry.get(form.provider).unwrap()
    wrong: list[str] = []
    for status, kind in BY_STATUS.items():
        for label in ("application/json", "text/html", form.label, None):
            head = head_of(status, label)
            parsed = provider.parse_chat(HttpResponse(status, head.headers, body))
            _, error = read_pieces(provider.open_stream(head), [body])
            assert read_pieces(provider.open_stream(head), one_byte_at_a_time(body))[1] == error
            right = [(kind, status, REQUEST_ID, LIMITS)]
            if status == 200:  # an empty body is no stream, and a stream that was cut at once
                right = [
                    (each, 200, REQUEST_ID, LIMITS) for each in (ProtocolError, StreamInterrupted)
                ]
            for seen in (None if isinstance(parsed, Success) else parsed.failure(), error):
                facts = seen and (
                    type(seen),
                    seen.status or status,
                    seen.request_id,
                    seen.rate_limits,
                )
                if facts not in right:
                    wrong.append(f"{status} {label}: {facts} {seen and seen.message}")
    report(wrong)

"""What batch services have in common: words of states, counts, times, and requests without a body."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import msgspec

from llm_pure.core.batch_api import BatchJob, BatchJobError, BatchLine, BatchState
from llm_pure.core.provider import Built, Provider
from llm_pure.core.service import AnyService, malformed_response
from llm_pure.framing.json_codec import encode
from llm_pure.types.config import LLMConfig, plain_headers
from llm_pure.types.errors import ProtocolError
from llm_pure.types.http import Headers, HttpRequest, HttpResponse
from llm_pure.types.rejection import Rejected, ok
from llm_pure.types.request import ChatRequest

_STATE_WORDS: Mapping[BatchState, str] = {
    "waiting": "validating queued pending created creating creating_input_dataset submitted scheduled paused idle re_queueing unspecified",
    "running": "in_progress inprogress running processing finalizing writing_results updating",
    "cancelling": "cancelling canceling cancellation_requested stopping terminating",
    "completed": "completed succeeded success ended partially_succeeded partiallycompleted early_stopped",
    "failed": "failed error",
    "expired": "expired timeout_exceeded",
    "cancelled": "cancelled canceled stopped terminated deleting deleting_cleaning_up deleted archived",
}
"""A service's word in lower case, without its prefix. Source: ../shared/wire/batch.md, sections 1 to 17, read 2026-11-29."""
_STATES: Mapping[str, BatchState] = {
    word: state for state, words in _STATE_WORDS.items() for word in words.split()
}

_PREFIXES = ("job_state_", "batch_state_", "batch_status_")


def state_of(word: Any) -> BatchState:
    """The state that a word means, in any case and with any prefix; "unknown" for others.

    >>> state_of("Validating"), state_of("BATCH_STATE_SUCCEEDED"), state_of("JOB_STATE_EXPIRED"), state_of("tired")
    ('waiting', 'completed', 'expired', 'unknown')
    """
    text = word.strip().lower().replace("-", "_") if isinstance(word, str) else ""
    for prefix in _PREFIXES:
        text = text.removeprefix(prefix)
    return _STATES.get(text, "unknown")


def count_of(value: Any) -> int | None:
    """A count, which may be text; None for anything else.

    >>> count_of("12"), count_of(3.0), count_of(-1), count_of(None)
    (12, 3, None, None)
    """
    if isinstance(value, str):
        return int(value) if value.isascii() and value.isdecimal() and len(value) < 19 else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value < 2**63 else None


def seconds_of(value: Any) -> float | None:
    """Seconds since 1970 of a number, a number as text, or a date; a date without a time zone is UTC.

    >>> seconds_of(1700000000), seconds_of("2026-11-29T00:00:00Z"), seconds_of("2026-11-29"), seconds_of("soon")
    (1700000000.0, 1795910400.0, 1795910400.0, None)
    """
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 15:
        value = int(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if 0 < value < 1e12 else None
    if not isinstance(value, str) or len(value) > 64:
        return None
    try:
        when = datetime.fromisoformat(value)
        return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def text_of(value: Any) -> str:
    """The value if it is text, else ""."""
    return value if isinstance(value, str) else ""


def id_of(value: Any) -> str:
    """An id: text, or a number as text."""
    is_number = isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63
    return str(value) if is_number else text_of(value)


def object_of(value: Any) -> dict[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def has_name(value: Any) -> bool:
    """Whether this is an object of a service whose objects are known by names."""
    return bool(text_of(object_of(value).get("name")))


def rows_of(value: Any, *keys: str) -> tuple[dict[str, Any], ...]:
    """The objects of a list: the value itself, or the first of these fields that is one; a single object is one row."""
    if isinstance(value, dict):
        value = next((value[key] for key in keys if isinstance(value.get(key), list)), [])
    return tuple([row for row in value if isinstance(row, dict)]) if isinstance(value, list) else ()


def job_errors(value: Any) -> tuple[BatchJobError, ...]:
    """The reasons of a failed job: objects in a list, one object, or text."""
    if isinstance(value, str):
        return (BatchJobError(message=value),) if value else ()
    rows: Iterable[dict[str, Any]] = rows_of(value, "data", "errors")
    if isinstance(value, dict) and not rows and (value.get("message") or value.get("code")):
        rows = (value,)
    return tuple(
        [
            BatchJobError(
                message=text_of(row.get("message")),
                code=id_of(row.get("code")) or None,
                line=count_of(row.get("line")),
                param=text_of(row.get("param")) or None,
            )
            for row in rows
        ]
    )


def with_query(url: str, **values: str | int | None) -> str:
    """The URL with these parameters; None leaves one out."""
    pairs = {name: value for name, value in values.items() if value not in (None, "")}
    return f"{url}{'&' if '?' in url else '?'}{urlencode(pairs)}" if pairs else url


ACCEPT_JSON: Headers = (("accept", "application/json"),)

FILE_PAGE = "file:"
"""Prefix of a page of results that is a file."""


def bare_request(
    config: LLMConfig,
    method: str,
    url: str,
    headers: Headers = ACCEPT_JSON,
    body: bytes = b"",
) -> HttpRequest:
    """A request with the configuration's headers except credentials, which take precedence."""
    own = {**dict(headers), **dict(plain_headers(config))}
    return HttpRequest(method, url, tuple(own.items()), body)


def json_request(
    service: AnyService, config: LLMConfig, url: str, body: Mapping[str, Any], headers: Headers = ()
) -> HttpRequest:
    """A POST of this body as JSON. Raises Rejected with InvalidRequest if it is not JSON."""
    return bytes_request(config, url, ok(encode(body, provider=service.name)), headers)


def bytes_request(config: LLMConfig, url: str, body: bytes, headers: Headers = ()) -> HttpRequest:
    """A POST of encoded JSON."""
    sent = (("content-type", "application/json"), *ACCEPT_JSON, *headers)
    return bare_request(config, "POST", url, sent, body)


def encode_fields(service: AnyService, fields: Mapping[str, Any], lines: Iterable[bytes]) -> bytes:
    """An object of these fields and, last, `requests`: the lines as they are, which may be 500 MB. Raises Rejected."""
    head = ok(encode(fields, provider=service.name))[:-1]
    separator = b"," if fields else b""
    return head + separator + b'"requests":[' + b",".join(lines) + b"]}"


def require_id(service: AnyService, response: HttpResponse, value: str, what: str) -> str:
    """The id of what was created. Raises Rejected with ProtocolError if there is none."""
    if value:
        return value
    raise Rejected(malformed_response(service, response, f"the response has no id of {what}"))


def missing_results(
    service: AnyService, job: BatchJob, place: str, response: HttpResponse
) -> ProtocolError:
    """The error of a completed job without results: they were paid, so its requests are not sent again unasked."""
    message = f"the job {job.id} has completed, and its results are not at {place}"
    return ProtocolError(
        message=message, provider=service.name, status=response.status, where="results"
    )


_OWN_HEADERS = frozenset({"content-type", "accept", "content-length"})


def build_body(
    provider: Provider, config: LLMConfig, request: ChatRequest
) -> tuple[Built, dict[str, Any]]:
    """The request as the provider's own `build_chat` makes it, not streamed, and its body as JSON.

    Raises Rejected with the builder's error.
    """
    unary = msgspec.structs.replace(request, stream=False)
    built: Built = ok(provider.build_chat(config, unary))
    body = msgspec.json.decode(built.request.body)
    for field in ("stream", "stream_options"):
        body.pop(field, None)
    return built, body


def batch_line(
    service: AnyService,
    config: LLMConfig,
    custom_id: str,
    built: Built,
    line: Mapping[str, Any],
    own_headers: frozenset[str] = frozenset(),
) -> BatchLine:
    """A line of this JSON, with the headers and adaptations of the request in it. own_headers: of every request."""
    configured = {name for name, _ in plain_headers(config)}
    left_out = _OWN_HEADERS | own_headers | configured
    headers = [pair for pair in built.request.headers if pair[0] not in left_out]
    return BatchLine(
        custom_id=custom_id,
        data=ok(encode(line, provider=service.name)),
        headers=tuple(headers),
        adaptations=built.adaptations,
    )

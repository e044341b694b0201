"""Errors as values: one Struct for each reaction that a caller may choose. Nothing here is raised.

`LLMError` is a closed union: `match` on it, or use `error.kind`, `error.retryable`, `describe(error)`.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import islice
from operator import is_
from typing import Any, TypeAlias

import msgspec

from llm_pure.types.completion import Completion, FinishReason
from llm_pure.types.http import Headers
from llm_pure.types.messages import SafeRepr
from llm_pure.types.redact import redact
from llm_pure.types.secret_spellings import mask_cut_secret
from llm_pure.types.tool_run import ToolRun

EVIDENCE_LIMIT = 300
"""Maximum bytes of a body in an error."""

MAX_WAIT_S = 1e9  # 30 years: a longer wait is none
MESSAGE_LIMIT = 8_000
"""Maximum characters of a message; a longer one ends at a blank before the limit, with "..."."""
_LONGEST_WORD = 2_000
_SHORTENED = " ..."


def shorten(text: str) -> str:
    """Return the text up to MESSAGE_LIMIT. It is cut at a blank, so that no part of a key stays that redaction would miss."""
    if len(text) <= MESSAGE_LIMIT:
        return text
    blank = text.rfind(" ", MESSAGE_LIMIT - _LONGEST_WORD, MESSAGE_LIMIT)
    return text[: blank if blank >= 0 else MESSAGE_LIMIT - _LONGEST_WORD] + _SHORTENED


BODY_LIMITS = (8, 200, 2000)
"""Of an error's `body`: the maximum depth, items of one object or list, and characters of a text."""

_CUT = "..."


def _bounded(value: Any, depth: int = BODY_LIMITS[0], secrets: Sequence[str] = ()) -> Any:
    """Decoded JSON within BODY_LIMITS, with credentials redacted."""
    _, items, characters = BODY_LIMITS
    if isinstance(value, str):
        text = value[:characters]
        return redact(mask_cut_secret(text, secrets) if len(text) == characters else text, secrets)
    if not isinstance(value, dict | list):
        return value
    if depth == 0:
        return _CUT
    if isinstance(value, list):
        return [_bounded(item, depth - 1, secrets) for item in value[:items]]
    return {
        redact(str(key)[:characters], secrets): _bounded(item, depth - 1, secrets)
        for key, item in islice(value.items(), items)
    }


class _Common(SafeRepr, frozen=True, kw_only=True):
    """The fields of every error."""

    message: str
    """For people; credentials are redacted."""
    provider: str = ""
    """Empty if no provider is involved."""
    status: int | None = None
    """The HTTP status of the response."""
    code: str | None = None
    """The provider's own error code."""
    request_id: str | None = None
    """The id to quote to the provider's support."""
    retryable: bool = False
    """The same request may succeed later."""
    partial: Completion | None = None
    """The response as received before the error."""
    run: ToolRun | None = None
    """Of `run_tools`, and `ask_typed` with attempts: the conversation before the error, to go on with."""
    body: Any = None
    """The provider's error object, or the JSON around it: the filter, the field, the limit. None if it sent none.
    Credentials are redacted, what is beyond BODY_LIMITS is cut."""
    rate_limits: Headers = ()
    """The headers that say how much of the rate limits is left."""
    remedy: str = ""
    """What to do next, if more is known than the kind of error implies; `describe` shows it, else one by kind."""

    def __post_init__(self) -> None:
        """Shorten the message, and redact all texts: providers quote the key that they reject."""
        msgspec.structs.force_setattr(self, "message", shorten(self.message))
        for name, value in _redacted_fields(self, ()).items():
            msgspec.structs.force_setattr(self, name, value)

    @property
    def kind(self) -> str:
        """The error's name in JSON, such as "rate_limited"."""
        return str(self.__struct_config__.tag)


class InvalidConfiguration(_Common, frozen=True, kw_only=True, tag="configuration"):
    """The configuration is invalid: a missing key, an unknown provider, a malformed URL."""

    field: str = ""
    """The name of the setting."""
    suggestions: tuple[str, ...] = ()
    """Valid values that are similar to the configured one."""


class UnsupportedFeature(_Common, frozen=True, kw_only=True, tag="unsupported"):
    """This provider or model does not support a requested feature."""

    feature: str = ""
    """The feature, or the path of the request's field."""


class InvalidRequest(_Common, frozen=True, kw_only=True, tag="invalid_request"):
    """The request is invalid; repeating it does not help."""

    param: str | None = None
    """The invalid part, as a path such as `messages/1/role`, if known."""


class AuthenticationFailed(_Common, frozen=True, kw_only=True, tag="authentication"):
    """The credentials are missing, wrong or expired."""


class PermissionDenied(_Common, frozen=True, kw_only=True, tag="permission"):
    """The credentials are valid, but not permitted to do this."""


class NotFound(_Common, frozen=True, kw_only=True, tag="not_found"):
    """The model, deployment or URL does not exist."""

    suggestions: tuple[str, ...] = ()
    """Known models with similar names."""


class _Temporary(_Common, frozen=True, kw_only=True):
    """An error with a hint how long to wait."""

    retryable: bool = True
    retry_after_s: float | None = None
    """Seconds to wait, if the provider gave a hint."""


class RateLimited(_Temporary, frozen=True, kw_only=True, tag="rate_limited"):
    """Too many requests; the same request may succeed later."""


class QuotaExceeded(_Common, frozen=True, kw_only=True, tag="quota"):
    """The balance or a long-term quota is used up; waiting does not help."""


class ContextLengthExceeded(_Common, frozen=True, kw_only=True, tag="context_length"):
    """The input, or input and output together, exceed the model's context window."""


class ContentFiltered(_Common, frozen=True, kw_only=True, tag="content_filtered"):
    """The provider rejected the content, without a completion."""


class Overloaded(_Temporary, frozen=True, kw_only=True, tag="overloaded"):
    """The provider has no capacity at the moment."""


class ServerError(_Temporary, frozen=True, kw_only=True, tag="server_error"):
    """The provider failed."""


class TimedOut(_Common, frozen=True, kw_only=True, tag="timeout"):
    """No response in time."""

    retryable: bool = True
    phase: str = ""
    """One of "connect", "read", "write", "pool", "total", and "budget" for a ledger that another process locks."""


class ConnectionFailed(_Common, frozen=True, kw_only=True, tag="connection"):
    """The bytes could not be transferred: unknown host, connection refused or reset, TLS failure, closed transport."""

    retryable: bool = True
    cause: str = ""
    """Why no connection was established: "refused", "unknown_host" or "untrusted" (its certificate); else empty."""


class ProtocolError(_Common, frozen=True, kw_only=True, tag="protocol"):
    """The response violates the wire format."""

    where: str = ""
    """The location, such as "event 12" or "$.choices[0]"."""
    evidence: bytes = b""
    """The first bytes at that location; cut and redacted here."""

    def __post_init__(self) -> None:
        """Cut the evidence to EVIDENCE_LIMIT and redact it, so callers pass the bytes as they are."""
        msgspec.structs.force_setattr(self, "evidence", bytes(self.evidence[:EVIDENCE_LIMIT]))
        _Common.__post_init__(self)


class StreamInterrupted(_Common, frozen=True, kw_only=True, tag="stream_interrupted"):
    """The body ended before the response was complete; `partial` holds what was received."""

    retryable: bool = True


class IncompleteAnswer(_Common, frozen=True, kw_only=True, tag="incomplete"):
    """The model stopped before its answer was complete: at a limit, by a filter, or for tool calls that nobody runs.

    Of `ask` and the like, whose value is the complete answer; `completion` returns such a Completion as it is.
    """

    finish_reason: FinishReason = "unknown"
    """Why the model stopped: "length", "content_filter", "tool_calls", "pause" or "error"."""
    partial: Completion = Completion()
    """The answer so far."""


class BudgetExceeded(_Common, frozen=True, kw_only=True, tag="budget_exceeded"):
    """The call could cost more than the remaining budget; nothing was sent."""


class UnknownPrice(_Common, frozen=True, kw_only=True, tag="price_unknown"):
    """The price table has no price for this model."""

    model: str = ""
    """The name that was looked up."""


LLMError: TypeAlias = (
    InvalidConfiguration
    | UnsupportedFeature
    | InvalidRequest
    | AuthenticationFailed
    | PermissionDenied
    | NotFound
    | RateLimited
    | QuotaExceeded
    | ContextLengthExceeded
    | ContentFiltered
    | Overloaded
    | ServerError
    | TimedOut
    | ConnectionFailed
    | ProtocolError
    | StreamInterrupted
    | IncompleteAnswer
    | BudgetExceeded
    | UnknownPrice
)


def redact_error(error: LLMError, secrets: Sequence[str]) -> LLMError:
    """Replace these secrets by `***` in every field: message, code, ids, body, evidence, suggestions, partial response.

    >>> redact_error(AuthenticationFailed(message="the key 0123456789ab is wrong"), ["0123456789ab"]).message
    'the key *** is wrong'
    """
    redacted = _redacted_fields(error, secrets)
    message = str(redacted.get("message", error.message))
    if message.endswith(_SHORTENED):
        message = message.removesuffix(_SHORTENED)
        redacted["message"] = mask_cut_secret(message, secrets) + _SHORTENED
    if isinstance(error, ProtocolError):
        evidence = redacted.get("evidence", error.evidence).decode("latin-1")
        redacted["evidence"] = mask_cut_secret(evidence, secrets).encode("latin-1")
    return msgspec.structs.replace(error, **redacted) if redacted else error


_PROGRAM_FIELDS = frozenset(
    {"provider", "phase", "field", "feature", "retryable", "status", "cause", "finish_reason"}
)
"""Fields of an error that this program writes itself."""

_PARTIAL_DEPTH = 40
"""Levels of a partial response that are searched one by one; what is deeper is searched as JSON."""


@lru_cache(maxsize=64)
def _redacted_names(kind: type["_Common"]) -> tuple[str, ...]:
    return tuple([name for name in kind.__struct_fields__ if name not in _PROGRAM_FIELDS])


def _redacted_fields(error: "_Common", secrets: Sequence[str]) -> dict[str, Any]:
    """The fields that have a secret in them, without it."""
    changed: dict[str, Any] = {}
    for name in _redacted_names(type(error)):
        value = getattr(error, name)
        if not value or (name == "run" and not secrets):
            continue  # the conversation is the caller's own, and is sent again
        if name == "body":
            redacted = _bounded(value, secrets=secrets)
        elif name == "partial":
            redacted = _redacted_partial(value, secrets)
        else:
            redacted = _redacted_value(value, secrets)
        if redacted is not value:
            changed[name] = redacted
    return changed


def _redacted_partial(partial: Completion, secrets: Sequence[str]) -> Completion:
    """Redact what the service sent beside the answer; known secrets in the answer too."""
    if secrets:
        redacted: Completion = _redacted_value(partial, secrets)
        return redacted
    extra = _redacted_value(partial.extra, ())
    return partial if extra is partial.extra else msgspec.structs.replace(partial, extra=extra)


def _redacted_value(value: Any, secrets: Sequence[str], depth: int = _PARTIAL_DEPTH) -> Any:
    """A value without secrets; the same object if it has none."""
    match value:
        case str():
            redacted: Any = redact(value, secrets)
            return value if redacted == value else redacted
        case bytes():
            redacted = redact(value.decode("latin-1"), secrets).encode("latin-1")
            return value if redacted == value else redacted
        case list() | tuple() | Mapping() | msgspec.Struct() if depth == 0:
            return _redacted_deep(value, secrets)
        case list() | tuple():
            items = [_redacted_value(item, secrets, depth - 1) for item in value]
            same = all(map(is_, items, value))
            return value if same else type(value)(items)
        case Mapping():
            pairs = {
                _redacted_value(key, secrets): _redacted_value(item, secrets, depth - 1)
                for key, item in value.items()
            }
            same = all(map(is_, pairs, value)) and all(map(is_, pairs.values(), value.values()))
            return value if same else pairs
        case msgspec.Struct():
            fields = {
                name: _redacted_value(item, secrets, depth - 1)
                for name in value.__struct_fields__
                if (item := getattr(value, name)) is not None
            }
            changed = {
                name: item for name, item in fields.items() if item is not getattr(value, name)
            }
            return msgspec.structs.replace(value, **changed) if changed else value
        case _:
            return value


def _redacted_deep(value: Any, secrets: Sequence[str]) -> Any:
    """JSON below _PARTIAL_DEPTH without secrets, left out if it is no JSON after that. Deeper values than JSON may have stay."""
    try:
        text = msgspec.json.encode(value).decode()
    except (TypeError, ValueError, RecursionError):
        return value
    redacted = redact(text, secrets)
    if redacted == text:
        return value
    try:
        return msgspec.json.decode(redacted)
    except (ValueError, RecursionError):
        return _CUT


def describe(error: LLMError) -> str:
    """Return one line for people: the cause and, after a semicolon, the remedy."""
    return f"{cause_of(error)}; {remedy_of(error)}"


def cause_of(error: LLMError) -> str:
    """Return provider, kind, message, and facts for looking it up: `describe` without the remedy."""
    facts = {"status": error.status, "code": error.code, "request": error.request_id}
    details = [f"{name} {value}" for name, value in facts.items() if value not in (None, "")]
    match error:
        case RateLimited() | Overloaded() | ServerError() if error.retry_after_s is not None:
            details.append(f"retry after {error.retry_after_s:g} s")
        case InvalidConfiguration() | NotFound() if error.suggestions:
            details.append(f"did you mean {' or '.join(error.suggestions)}?")
        case ProtocolError():
            details += [f"at {error.where}"] if error.where else []
            details += [f"found {error.evidence[:120]!r}"] if error.evidence else []
        case InvalidRequest() if error.param:
            details.append(f"at {error.param}")
    provider = f"{error.provider}: " if error.provider else ""
    return f"{provider}{error.kind}: {error.message}" + (
        f" ({', '.join(details)})" if details else ""
    )


def remedy_of(error: LLMError) -> str:
    """Return what to do next: the error's own remedy, else the one of its kind and its deciding field."""
    from llm_pure.types.remedies import DECIDING_FIELDS, remedy  # imported late: start-up

    field = DECIDING_FIELDS.get(error.kind)
    value = str(getattr(error, field)) if field else ""
    return error.remedy or remedy(error.kind, error.code or "", value)


def retry_after_s(error: LLMError) -> float | None:
    """Return the seconds that the provider asks to wait, at most MAX_WAIT_S; None without a hint, or with one that is no time."""
    wait_s = error.retry_after_s if isinstance(error, _Temporary) else None
    return min(wait_s, MAX_WAIT_S) if wait_s is not None and wait_s >= 0 else None

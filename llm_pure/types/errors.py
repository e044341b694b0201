"""Everything that can go wrong, as values: one Struct for each thing that a caller would do differently.

`LLMError` is closed: `match` on it, or ask `error.kind`, `error.retryable`, `describe(error)`. Nothing here is raised.
"""

from collections.abc import Sequence
from typing import TypeAlias

import msgspec

from llm_pure.types.completion import Completion
from llm_pure.types.redact import redact, redact_bytes

EVIDENCE_LIMIT = 300
"""How many bytes of a body an error carries."""


class _Common(msgspec.Struct, frozen=True, kw_only=True):
    """What every error knows.

    message: for people, with no credential in it. provider: "" when no provider is involved. status: of the HTTP answer.
    code: the provider's own word. request_id: to quote to the provider's support.
    retryable: the same request may pass later. partial: what had been received before it failed.
    """

    message: str
    provider: str = ""
    status: int | None = None
    code: str | None = None
    request_id: str | None = None
    retryable: bool = False
    partial: Completion | None = None

    def __post_init__(self) -> None:
        """A provider may quote the key that it refuses; no error shows it."""
        msgspec.structs.force_setattr(self, "message", redact(self.message))

    @property
    def kind(self) -> str:
        """The error's name in JSON, such as "rate_limited"."""
        return str(self.__struct_config__.tag)


class InvalidConfiguration(_Common, frozen=True, kw_only=True, tag="configuration"):
    """The configuration cannot work: a missing key, an unknown provider, an unusable URL. field: which setting.

    near: what may have been meant.
    """

    field: str = ""
    suggestions: tuple[str, ...] = ()


class UnsupportedFeature(_Common, frozen=True, kw_only=True, tag="unsupported"):
    """This provider or model cannot do what was asked. feature: what it was."""

    feature: str = ""


class InvalidRequest(_Common, frozen=True, kw_only=True, tag="invalid_request"):
    """The request is wrong and stays wrong. param: which part, as a path such as `messages/1/role`, where it is known."""

    param: str | None = None


class AuthenticationFailed(_Common, frozen=True, kw_only=True, tag="authentication"):
    """The credentials are missing, wrong or expired."""


class PermissionDenied(_Common, frozen=True, kw_only=True, tag="permission"):
    """The credentials are good, but not for this."""


class NotFound(_Common, frozen=True, kw_only=True, tag="not_found"):
    """There is no such model, deployment or address."""


class RateLimited(_Common, frozen=True, kw_only=True, tag="rate_limited"):
    """Too many requests for now; the same request may pass later.

    retry_after_s: seconds to wait, None when the provider gave no hint.
    """

    retryable: bool = True
    retry_after_s: float | None = None


class QuotaExceeded(_Common, frozen=True, kw_only=True, tag="quota"):
    """Money or a long-term allowance is used up; waiting does not help."""


class ContextLengthExceeded(_Common, frozen=True, kw_only=True, tag="context_length"):
    """The input, or input and output together, are longer than the model's window."""


class ContentFiltered(_Common, frozen=True, kw_only=True, tag="content_filtered"):
    """The provider refuses this content, and gives no answer."""


class Overloaded(_Common, frozen=True, kw_only=True, tag="overloaded"):
    """The provider has no capacity for now. retry_after_s: seconds to wait, None when it gave no hint."""

    retryable: bool = True
    retry_after_s: float | None = None


class ServerError(_Common, frozen=True, kw_only=True, tag="server_error"):
    """The provider failed. retry_after_s: seconds to wait, None when it gave no hint."""

    retryable: bool = True
    retry_after_s: float | None = None


class TimedOut(_Common, frozen=True, kw_only=True, tag="timeout"):
    """No answer in time. phase: "connect", "read", "write", "pool" or "total"."""

    retryable: bool = True
    phase: str = ""


class ConnectionFailed(_Common, frozen=True, kw_only=True, tag="connection"):
    """The bytes could not be carried: no such host, refused, reset, bad TLS, a closed transport."""

    retryable: bool = True


class ProtocolError(_Common, frozen=True, kw_only=True, tag="protocol"):
    """The answer is not what the wire format says.

    where: the place, such as "event 12" or "$.choices[0]". evidence: the first bytes of what was found there.
    """

    where: str = ""
    evidence: bytes = b""

    def __post_init__(self) -> None:
        """The evidence is cut to its first bytes, and shows no key either."""
        _Common.__post_init__(self)
        shown = redact_bytes(bytes(self.evidence[:EVIDENCE_LIMIT]))
        msgspec.structs.force_setattr(self, "evidence", shown)


class StreamInterrupted(_Common, frozen=True, kw_only=True, tag="stream_interrupted"):
    """The body ended before the answer did. partial holds what had come."""

    retryable: bool = True


class BudgetExceeded(_Common, frozen=True, kw_only=True, tag="budget_exceeded"):
    """The call would cost more than is left of the budget; nothing was sent."""


class UnknownPrice(_Common, frozen=True, kw_only=True, tag="price_unknown"):
    """There is no price for this model in the table. model: the name that was looked up."""

    model: str = ""


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
    | BudgetExceeded
    | UnknownPrice
)


def redact_error(error: LLMError, secrets: Sequence[str]) -> LLMError:
    """The error with `***` for these secrets, wherever it quotes them.

    >>> redact_error(AuthenticationFailed(message="the key 0123456789ab is wrong"), ["0123456789ab"]).message
    'the key *** is wrong'
    """
    evidence = error.evidence.decode("latin-1") if isinstance(error, ProtocolError) else ""
    told = f"{error.message}{error.code}{evidence}"
    if not any(secret in told for secret in secrets):
        return error
    shown = {"message": redact(error.message, secrets)}
    if error.code is not None:
        shown["code"] = redact(error.code, secrets)
    if isinstance(error, ProtocolError):
        hidden = redact(evidence, secrets).encode("latin-1")
        return msgspec.structs.replace(error, **shown, evidence=hidden)
    return msgspec.structs.replace(error, **shown)


def describe(error: LLMError) -> str:
    """One line for people: who, what, the message, and what helps to look it up.

    >>> describe(RateLimited(message="slow down", provider="groq", status=429, retry_after_s=2.5))
    'groq: rate_limited: slow down (status 429, retry after 2.5 s)'
    """
    facts = [
        f"status {error.status}" if error.status is not None else "",
        f"code {error.code}" if error.code else "",
        f"request {error.request_id}" if error.request_id else "",
    ]
    match error:
        case RateLimited() | Overloaded() | ServerError():
            if error.retry_after_s is not None:
                facts.append(f"retry after {error.retry_after_s:g} s")
        case InvalidConfiguration():
            facts.append(
                f"did you mean {' or '.join(error.suggestions)}?" if error.suggestions else ""
            )
        case ProtocolError():
            facts.append(f"at {error.where}" if error.where else "")
            facts.append(f"found {error.evidence[:120]!r}" if error.evidence else "")
        case InvalidRequest():
            facts.append(f"at {error.param}" if error.param else "")
        case _:
            pass
    told = ", ".join(filter(None, facts))
    who = f"{error.provider}: " if error.provider else ""
    return f"{who}{error.kind}: {error.message}" + (f" ({told})" if told else "")


def retry_after_s(error: LLMError) -> float | None:
    """How many seconds the provider asks to wait; None when it did not say."""
    if isinstance(error, RateLimited | Overloaded | ServerError):
        return error.retry_after_s
    return None

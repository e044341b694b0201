"""HTTP as values: what is sent and what comes back, with no connection behind them."""

import re
from typing import Any, TypeAlias

import msgspec

Headers = tuple[tuple[str, str], ...]

RedactedRepr: TypeAlias = list[tuple[str, Any]]
"""The fields of a value as rich and its like may show them."""

SECRET_HEADERS = frozenset(
    {
        "api-key",
        "authorization",
        "cookie",
        "proxy-authorization",
        "set-cookie",
        "x-amz-security-token",
        "x-api-key",
        "x-goog-api-key",
    }
)
"""Headers whose values are credentials, in lower case; `is_credential` knows their like too."""

_TELLING = re.compile(
    r"(?:^|[-_])(?:api-?key|(?<!idempotency-)key|token|secret|auth|authorization|password|credential|session)(?:$|[-_])"
)

_SECRET_QUERY = re.compile(
    r"(?i)([?&](?:access_token|api[-_]?key|authorization|client_id|client_secret|key|sig|signature|token"
    r"|x-amz-credential|x-amz-security-token|x-amz-signature)=)[^&#]*"
)
_USERINFO = re.compile(r"(?<=://)[^/?#@]*@")


def redact_url(url: str) -> str:
    """The URL without credentials: no user information, and `***` for each query value that is one.

    >>> redact_url("https://me:pw@example.org/chat?access_token=abc&n=1")
    'https://***@example.org/chat?access_token=***&n=1'
    """
    return _SECRET_QUERY.sub(r"\1***", _USERINFO.sub("***@", url))


def is_credential(name: str) -> bool:
    """Does this header hold a credential, by its name? name: in lower case.

    >>> is_credential("x-api-key"), is_credential("helicone-auth"), is_credential("x-ratelimit-tokens")
    (True, True, False)
    """
    return name in SECRET_HEADERS or _TELLING.search(name) is not None


def redact_headers(headers: Headers) -> Headers:
    """The headers with `***` for each value that is a credential."""
    return tuple([(k, "***" if is_credential(k) else v) for k, v in headers])


def get_header(headers: Headers, name: str) -> str | None:
    """The first value of a header; `name` in lower case."""
    for key, value in headers:
        if key == name:
            return value
    return None


class HttpRequest(msgspec.Struct, frozen=True, gc=False):
    """One request, whole. Header names are in lower case. Its repr conceals credentials; its fields do not."""

    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "headers", _lower(self.headers))

    def __repr__(self) -> str:
        return (
            f"HttpRequest(method={self.method!r}, url={redact_url(self.url)!r}, "
            f"headers={redact_headers(self.headers)!r}, body={_short(self.body)})"
        )

    def __rich_repr__(self) -> RedactedRepr:
        return [
            ("method", self.method),
            ("url", redact_url(self.url)),
            ("headers", redact_headers(self.headers)),
            ("body", self.body),
        ]


class ResponseHead(msgspec.Struct, frozen=True, gc=False):
    """Status and headers of an answer whose body is still to come. Header names are in lower case."""

    status: int
    headers: Headers = ()

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "headers", _lower(self.headers))

    def __repr__(self) -> str:
        return f"ResponseHead(status={self.status}, headers={redact_headers(self.headers)!r})"

    def __rich_repr__(self) -> RedactedRepr:
        return [("status", self.status), ("headers", redact_headers(self.headers))]


class HttpResponse(msgspec.Struct, frozen=True, gc=False):
    """One answer, whole. Header names are in lower case; `body` is as the service meant it, with no content coding left."""

    status: int
    headers: Headers = ()
    body: bytes = b""

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "headers", _lower(self.headers))

    @property
    def head(self) -> ResponseHead:
        """The answer without its body."""
        return ResponseHead(self.status, self.headers)

    def __repr__(self) -> str:
        return (
            f"HttpResponse(status={self.status}, headers={redact_headers(self.headers)!r}, "
            f"body={_short(self.body)})"
        )

    def __rich_repr__(self) -> RedactedRepr:
        return [*self.head.__rich_repr__(), ("body", self.body)]


def _lower(headers: Headers) -> Headers:
    return tuple([(str(name).lower(), str(value)) for name, value in headers])


def _short(body: bytes) -> str:
    return repr(body) if len(body) <= 200 else f"{body[:200]!r}... {len(body)} bytes"

"""HTTP requests and responses as values, and the redaction of their headers and URLs."""

import re
from typing import Any, TypeAlias

import msgspec

Headers = tuple[tuple[str, str], ...]

RedactedRepr: TypeAlias = list[tuple[str, Any]]
"""The fields of a value for rich's repr, without credentials."""

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
"""Headers whose values are credentials, in lower case; `is_credential` also recognizes similar names."""

_CREDENTIAL_NAME = re.compile(
    r"(?:^|[-_])(?:api-?key|(?<!idempotency-)key|token|secret|auth|authorization|password|credential|session)(?:$|[-_])"
)

_SECRET_QUERY = re.compile(
    r"(?i)([?&](?:access_token|api[-_]?key|authorization|client_id|client_secret|key|sig|signature|token"
    r"|x-amz-credential|x-amz-security-token|x-amz-signature)=)[^&#]*"
)
_USERINFO = re.compile(r"(?<=://)[^/?#@]*@")


def redact_url(url: str) -> str:
    """Return the URL with `***` for user information and for query values that are credentials.

    >>> redact_url("https://me:pw@example.org/chat?access_token=abc&n=1")
    'https://***@example.org/chat?access_token=***&n=1'
    """
    return _SECRET_QUERY.sub(r"\1***", _USERINFO.sub("***@", url))


def is_credential(name: str) -> bool:
    """Return true if the name of a header, in lower case, is that of a credential.

    >>> is_credential("x-api-key"), is_credential("helicone-auth"), is_credential("x-ratelimit-tokens")
    (True, True, False)
    """
    return name in SECRET_HEADERS or _CREDENTIAL_NAME.search(name) is not None


def redact_headers(headers: Headers) -> Headers:
    """Return the headers with `***` for credentials."""
    return tuple([(k, "***" if is_credential(k) else v) for k, v in headers])


def get_header(headers: Headers, name: str) -> str | None:
    """Return the first value of a header, None without it; `name` in lower case."""
    for key, value in headers:
        if key == name:
            return value
    return None


class HttpRequest(msgspec.Struct, frozen=True, gc=False):
    """One request. Header names are lower case. The repr redacts credentials; the fields hold them."""

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
    """Status and headers of a response before its body. Header names are lower case."""

    status: int
    headers: Headers = ()

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "headers", _lower(self.headers))

    def __repr__(self) -> str:
        return f"ResponseHead(status={self.status}, headers={redact_headers(self.headers)!r})"

    def __rich_repr__(self) -> RedactedRepr:
        return [("status", self.status), ("headers", redact_headers(self.headers))]


class HttpResponse(msgspec.Struct, frozen=True, gc=False):
    """One response. Header names are lower case; the body is decompressed."""

    status: int
    headers: Headers = ()
    body: bytes = b""

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "headers", _lower(self.headers))

    @property
    def head(self) -> ResponseHead:
        """The response without its body."""
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

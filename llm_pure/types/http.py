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


class _Redacted(msgspec.Struct, frozen=True, gc=False):
    """A value whose repr redacts credentials; its fields hold them."""

    def __rich_repr__(self) -> RedactedRepr:
        return [(name, _redact_field(name, getattr(self, name))) for name in self.__struct_fields__]

    def __repr__(self) -> str:
        fields = [
            f"{name}={_short(value) if isinstance(value, bytes) else repr(value)}"
            for name, value in self.__rich_repr__()
        ]
        return f"{type(self).__name__}({', '.join(fields)})"


class HttpRequest(_Redacted, frozen=True, gc=False):
    """One request. Header names are lower case."""

    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "headers", _lower(self.headers))


class ResponseHead(_Redacted, frozen=True, gc=False):
    """Status and headers of a response before its body. Header names are lower case."""

    status: int
    headers: Headers = ()

    def __post_init__(self) -> None:
        msgspec.structs.force_setattr(self, "headers", _lower(self.headers))


class HttpResponse(_Redacted, frozen=True, gc=False):
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


def _lower(headers: Headers) -> Headers:
    return tuple([(str(name).lower(), str(value)) for name, value in headers])


def _redact_field(name: str, value: Any) -> Any:
    match name:
        case "url":
            return redact_url(value)
        case "headers":
            return redact_headers(value)
        case _:
            return value


def _short(body: bytes) -> str:
    return repr(body) if len(body) <= 200 else f"{body[:200]!r}... {len(body)} bytes"

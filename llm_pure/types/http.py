"""HTTP requests and responses as values, and the redaction of their headers and URLs."""

import re
from collections.abc import Callable
from typing import Any, TypeAlias

import msgspec

from llm_pure.types.redact import cookie_parts, header_parts, looks_generated, redact_url
from llm_pure.types.secret_spellings import MIN_SECRET_LENGTH

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


def is_credential(name: str) -> bool:
    """Return true if the name of a header, in lower case, is that of a credential.

    >>> is_credential("x-api-key"), is_credential("helicone-auth"), is_credential("x-ratelimit-tokens")
    (True, True, False)
    """
    return name in SECRET_HEADERS or _CREDENTIAL_NAME.search(name) is not None


PUBLIC_HEADERS = re.compile(
    r"accept(?:-[a-z-]+)?|content-[a-z-]+|user-agent|host|date|connection|te|cache-control|(?:http-)?referer|origin"
    r"|anthropic-(?:version|beta)|openai-(?:beta|organization|project|model|version|processing-ms)|x-title"
    r"|x-goog-(?:api-client|user-project)|x-amz-(?:date|content-sha256|target)|x-amzn?-[a-z-]+|x-bce-date|x-dashscope-[a-z-]+"
    r"|idempotency-key|trace(?:parent|state)|(?:[a-z]+-){0,4}request-?id|retry-after(?:-ms)?|(?:[a-z]+-){0,4}ratelimit-[a-z-]+"
    r"|x-stainless-[a-z-]+|x-(?:team|region|model|version)"
)
"""Headers, in lower case, whose values are no secrets. One of the user's own may be one, whatever its name."""

_MIN_UNKNOWN_LENGTH = 8


def header_secrets(name: str, value: str) -> tuple[str, ...]:
    """Return the secrets in a header of a request; `name` in lower case. Short values of unknown names are words.

    >>> header_secrets("authorization", "Bearer k-12345"), header_secrets("x-pass", "swordfish"), header_secrets("x-b", "on")
    (('Bearer k-12345', 'k-12345'), ('swordfish',), ())
    """
    if name == "cookie":
        return (value, *cookie_parts(value))
    if is_credential(name):
        return (value, *[part for part in header_parts(value) if part not in ("", value)])
    if PUBLIC_HEADERS.fullmatch(name):
        return ()
    is_long = len(value) >= _MIN_UNKNOWN_LENGTH
    is_key = len(value) >= MIN_SECRET_LENGTH and looks_generated(value)
    parts = [part for part in header_parts(value) if part != value and looks_generated(part)]
    return (value, *parts) if is_long or is_key else ()


def redact_headers(headers: Headers) -> Headers:
    """Return the headers of a request with `***` for credentials, and for values of unknown names that may be ones."""
    return tuple(
        [(k, "***" if is_credential(k) or header_secrets(k, v) else v) for k, v in headers]
    )


def _redact_answer_headers(headers: Headers) -> Headers:
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
        hide = redact_headers if isinstance(self, HttpRequest) else _redact_answer_headers
        return [
            (name, _redact_field(name, getattr(self, name), hide))
            for name in self.__struct_fields__
        ]

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
    """Names in lower case. Headers of an HTTP library become pairs: a mapping, or another object with `items`."""
    items = getattr(headers, "items", None)
    pairs = headers if items is None else items()
    return tuple([(str(name).lower(), str(value)) for name, value in pairs])


def _redact_field(name: str, value: Any, hide: Callable[[Headers], Headers]) -> Any:
    match name:
        case "url":
            return redact_url(value)
        case "headers":
            return hide(value)
        case _:
            return value


def _short(body: bytes) -> str:
    return repr(body) if len(body) <= 200 else f"{body[:200]!r}... {len(body)} bytes"

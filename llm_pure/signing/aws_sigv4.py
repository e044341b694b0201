"""AWS Signature Version 4: sign a request in headers.

The path is signed percent-encoded once more than in the URL; for S3 as it is. A transport must send the URL unchanged; one
that turns %3A into ":" invalidates the signature.

Source: docs.aws.amazon.com, IAM User Guide, "Create a signed AWS API request", and botocore 1.44.5, auth.py, whose
choice of headers this follows; read 2026-11-20.
"""

from datetime import datetime
from hashlib import sha256
from urllib.parse import quote, urlsplit

import msgspec

from llm_pure.signing.canonical import hmac_sha256, host_of, in_utc, utf8
from llm_pure.signing.key import with_header
from llm_pure.types.config import Secret, SecretInput, reveal
from llm_pure.types.http import Headers, HttpRequest, get_header

_ALGORITHM = "AWS4-HMAC-SHA256"

_UNSIGNED_HEADERS = frozenset({
    "baggage", "connection", "expect", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "traceparent",
    "tracestate", "trailer", "transfer-encoding", "upgrade", "user-agent", "x-amzn-trace-id",
})  # fmt: skip
"""Headers that proxies and tracers change."""


class AwsCredentials(msgspec.Struct, frozen=True, kw_only=True):
    """An access key and its secret, with a session token if temporary. The repr shows none of them."""

    access_key: SecretInput
    secret_key: SecretInput
    session_token: SecretInput | None = None

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if isinstance(value, str):
                msgspec.structs.force_setattr(self, name, Secret(value))


def sign(
    request: HttpRequest,
    credentials: AwsCredentials,
    *,
    region: str,
    service: str,
    now: datetime,
) -> HttpRequest:
    """Return the request with `x-amz-date`, `authorization` and, for temporary credentials, `x-amz-security-token`.

    `service`: the signing name, "bedrock" for Bedrock's runtime, "s3" for S3. An existing `host` or `x-amz-content-sha256` is signed
    as it is; `date` is replaced by `x-amz-date`. Signing again replaces the signature. Raises ValueError for a naive `now`.
    """
    timestamp = in_utc(now).strftime("%Y%m%dT%H%M%SZ")
    replaced = ("authorization", "date", "x-amz-date")
    kept = tuple([pair for pair in request.headers if pair[0] not in replaced])
    ready = msgspec.structs.replace(request, headers=(*kept, ("x-amz-date", timestamp)))
    token = reveal(credentials.session_token)
    if token:
        ready = with_header(ready, "x-amz-security-token", token)

    signed = _headers_to_sign(ready)
    names = ";".join([name for name, _ in signed])
    canonical = _canonical_request(ready, signed, names, path_as_is=service == "s3")
    digest = sha256(utf8(canonical)).hexdigest()
    scope = (timestamp[:8], region, service, "aws4_request")
    key = utf8("AWS4" + reveal(credentials.secret_key))
    for part in scope:
        key = hmac_sha256(key, part)
    to_sign = f"{_ALGORITHM}\n{timestamp}\n{'/'.join(scope)}\n{digest}"
    credential = "/".join((reveal(credentials.access_key), *scope))
    signature = hmac_sha256(key, to_sign).hex()
    value = f"{_ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}"
    return with_header(ready, "authorization", value)


_SENT_AS_IS = "!$%&'()*+,-./:;=?@[]_~"
"""Characters of a query that are signed as they stand, besides letters and digits."""


def _canonical_request(
    request: HttpRequest, signed: Headers, names: str, *, path_as_is: bool
) -> str:
    parts = urlsplit(request.url)
    path = parts.path or "/"
    digest = get_header(request.headers, "x-amz-content-sha256")
    return "\n".join(
        [
            request.method.upper(),
            path if path_as_is else quote(_without_dot_segments(path), safe="/~"),
            _canonical_query(parts.query),
            *[f"{name}:{value}" for name, value in signed],
            "",
            names,
            sha256(request.body).hexdigest() if digest is None else digest,
        ]
    )


def _headers_to_sign(request: HttpRequest) -> Headers:
    """Names sorted and unique; white space collapsed; several values of a name joined with commas."""
    values: dict[str, list[str]] = {}
    for name, value in request.headers:
        if name not in _UNSIGNED_HEADERS:
            values.setdefault(name, []).append(" ".join(value.split()))
    values.setdefault("host", [host_of(request.url)])
    return tuple([(name, ",".join(values[name])) for name in sorted(values)])


def _canonical_query(query: str) -> str:
    """Pairs as sent, sorted by name, then by value; a name without a value gets an empty one.

    Characters beyond ASCII are percent-encoded, as transports send them.
    """
    if not query:
        return ""
    query = quote(utf8(query), safe=_SENT_AS_IS)
    pairs = [pair.partition("=") for pair in query.split("&")]
    return "&".join([f"{name}={value}" for name, _, value in sorted(pairs)])


def _without_dot_segments(path: str) -> str:
    """Remove dot segments (RFC 3986, 5.2.4), and empty segments, as AWS requires."""
    kept: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del kept[-1:]
        elif segment not in ("", "."):
            kept.append(segment)
    last = "/" if kept and path.endswith("/") else ""
    return f"/{'/'.join(kept)}{last}"

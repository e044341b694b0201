"""Sign a short-lived JSON Web Token with a Zhipu key `id.secret`, by HMAC-SHA256.

Unlike RFC 7519, times are in milliseconds, and the header has no `typ`.

Source: github.com/MetaGLM/zhipuai-sdk-python-v4, zhipuai/core/_jwt_token.py, and RFC 7515, appendix A.1; read 2026-11-20.
"""

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from llm_pure.signing.canonical import hmac_sha256, in_utc, utf8
from llm_pure.signing.key import with_header
from llm_pure.types.config import SecretInput, reveal
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.http import HttpRequest
from llm_pure.types.result import Failure, LLMResult, Success

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def sign(
    request: HttpRequest,
    key: SecretInput,
    now: datetime,
    *,
    provider: str = "zhipuai",
    valid_s: int = 210,
) -> LLMResult[HttpRequest]:
    """Return the request with `authorization: Bearer TOKEN`.

    Fails with InvalidConfiguration if the key is not `id.secret`. Raises ValueError for a naive `now`.
    """
    key_id, _, secret = reveal(key).partition(".")
    if not key_id or not secret:
        return Failure(
            InvalidConfiguration(
                message=f"the key for {provider} is not of the form id.secret",
                provider=provider,
                field="api_key",
            )
        )
    return Success(
        with_header(request, "authorization", f"Bearer {token(key_id, secret, now, valid_s)}")
    )


def token(key_id: str, secret: str, now: datetime, valid_s: int = 210) -> str:
    """Return the token: claims `api_key`, `exp` and `timestamp`, times in milliseconds since 1970."""
    now_ms = (in_utc(now) - _EPOCH) // timedelta(milliseconds=1)
    claims: dict[str, str | int] = {
        "api_key": key_id,
        "exp": now_ms + valid_s * 1000,
        "timestamp": now_ms,
    }
    return encode({"alg": "HS256", "sign_type": "SIGN"}, claims, secret)


def encode(head: Mapping[str, str], claims: Mapping[str, str | int], secret: str) -> str:
    """Return `head.claims.signature`, each in base64url without padding; the order of keys is kept.

    >>> encode({"alg": "HS256"}, {"sub": "me"}, "secret").split(".")[:2]
    ['eyJhbGciOiJIUzI1NiJ9', 'eyJzdWIiOiJtZSJ9']
    """
    signed = f"{_base64url(msgspec.json.encode(head))}.{_base64url(msgspec.json.encode(claims))}"
    return f"{signed}.{_base64url(hmac_sha256(utf8(secret), signed))}"


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()

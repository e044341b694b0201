from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure.signing.jwt_hs256 import encode, sign, token
from llm_pure.signing.key import with_header
from llm_pure.types.config import Secret
from llm_pure.types.errors import InvalidConfiguration
from llm_pure.types.http import HttpRequest
from llm_pure.types.result import Failure, Success

NOW = datetime(2026, 11, 20, 12, microsecond=123_999, tzinfo=UTC)
REQUEST = HttpRequest("POST", "https://open.bigmodel.cn/api/paas/v4/chat/completions", (), b"{}")

# made with `openssl dgst -sha256 -hmac secret`
TOKEN = (
    "eyJhbGciOiJIUzI1NiIsInNpZ25fdHlwZSI6IlNJR04ifQ"
    ".eyJhcGlfa2V5IjoiaWQiLCJleHAiOjE3OTUxNzYyMTAxMjMsInRpbWVzdGFtcCI6MTc5NTE3NjAwMDEyM30"
    ".P0pVZMpIbWevNuaSMkujDeQvMxrgRF_CsM5Qtj58aho"
)


def test_the_token_is_the_one_that_openssl_signs() -> None:
    assert token("id", "secret", NOW) == TOKEN


def test_times_are_in_milliseconds_and_rounded_down() -> None:
    claims = urlsafe_b64decode(token("id", "secret", NOW, valid_s=60).split(".")[1] + "==")
    assert claims == b'{"api_key":"id","exp":1795176060123,"timestamp":1795176000123}'


def test_the_request_carries_the_token_and_does_not_show_it() -> None:
    signed = sign(REQUEST, Secret("id.secret"), NOW)
    assert signed == Success(with_header(REQUEST, "authorization", f"Bearer {TOKEN}"))
    assert "eyJ" not in repr(signed)


def test_the_secret_is_all_after_the_first_dot() -> None:
    assert sign(REQUEST, "id.a.b", NOW) == Success(
        with_header(REQUEST, "authorization", f"Bearer {token('id', 'a.b', NOW)}")
    )


@pytest.mark.parametrize("key", ["", "id", "id.", ".secret", "."])
def test_a_key_without_two_halves_is_an_error_that_does_not_show_it(key: str) -> None:
    assert sign(REQUEST, key, NOW, provider="zai") == Failure(
        InvalidConfiguration(
            message="the key for zai is not of the form id.secret",
            provider="zai",
            field="api_key",
        )
    )


def test_the_same_moment_signs_the_same_in_every_time_zone() -> None:
    elsewhere = NOW.astimezone(timezone(timedelta(hours=-11)))
    assert token("id", "secret", elsewhere) == TOKEN


def test_a_time_without_a_zone_is_a_bug() -> None:
    with pytest.raises(ValueError, match="time zone"):
        token("id", "secret", NOW.replace(tzinfo=None))


@given(st.dictionaries(st.text(), st.text() | st.integers(0, 2**53)), st.text())
def test_a_token_is_three_parts_of_base64url_without_padding(
    claims: dict[str, str | int], secret: str
) -> None:
    parts = encode({"alg": "HS256"}, claims, secret).split(".")
    assert len(parts) == 3
    assert all(part.isascii() and not set(part) & set("+/=") for part in parts)

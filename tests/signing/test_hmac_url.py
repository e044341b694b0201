from base64 import b64decode
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure.signing.canonical import http_date
from llm_pure.signing.hmac_url import sign
from llm_pure.types.config import Secret
from llm_pure.types.http import HttpRequest

# the example of www.xfyun.cn/doc/spark/general_url_authentication.html, read 2026-11-20
API_KEY = Secret("addd2272b6d8b7c8abdd79531420ca3b")
API_SECRET = Secret("MjlmNzkzNmZkMDQ2OTc0ZDdmNGE2ZTZi")
NOW = datetime(2023, 5, 5, 10, 43, 39, tzinfo=UTC)
URL = "wss://spark-api.xf-yun.com/v1.1/chat"
SIGNED_URL = (
    "wss://spark-api.xf-yun.com/v1.1/chat?authorization="
    "YXBpX2tleT0iYWRkZDIyNzJiNmQ4YjdjOGFiZGQ3OTUzMTQyMGNhM2IiLCBhbGdvcml0aG09ImhtYWMtc2hhMjU2Iiwg"
    "aGVhZGVycz0iaG9zdCBkYXRlIHJlcXVlc3QtbGluZSIsIHNpZ25hdHVyZT0iejVnSGR1M3B4VlY0QURNeWs0Njd3T1dE"
    "UTlxNkJRelIzbmZNVGpjL0RhUT0i"
    "&date=Fri%2C+05+May+2023+10%3A43%3A39+GMT&host=spark-api.xf-yun.com"
)


def signed(url: str, now: datetime = NOW) -> HttpRequest:
    return sign(HttpRequest("GET", url), api_key=API_KEY, api_secret=API_SECRET, now=now)


def test_the_documented_example_is_signed_as_documented() -> None:
    assert signed(URL) == HttpRequest("GET", SIGNED_URL)


def test_the_signature_covers_host_and_path() -> None:
    authorizations = {
        dict(parse_qsl(urlsplit(signed(url).url).query))["authorization"]
        for url in (URL, URL.replace("v1.1", "v3.5"), URL.replace("spark-api", "spark-api-n"))
    }
    assert len(authorizations) == 3
    assert all(b64decode(one).startswith(b'api_key="addd') for one in authorizations)


def test_a_query_that_is_there_stays() -> None:
    assert signed(URL + "?a=%20b#top").url == SIGNED_URL.replace("?", "?a=%20b&", 1)


def test_headers_and_body_stay_as_they_are() -> None:
    request = HttpRequest("GET", URL, (("a", "b"),), b"body")
    assert sign(request, api_key=API_KEY, api_secret=API_SECRET, now=NOW) == HttpRequest(
        "GET", SIGNED_URL, (("a", "b"),), b"body"
    )


def test_the_same_moment_signs_the_same_in_every_time_zone() -> None:
    assert signed(URL, NOW.astimezone(timezone(timedelta(hours=8)))).url == SIGNED_URL


def test_a_time_without_a_zone_is_a_bug() -> None:
    with pytest.raises(ValueError, match="time zone"):
        signed(URL, NOW.replace(tzinfo=None))


def test_no_secret_is_in_the_repr() -> None:
    assert repr(signed(URL)) == (
        "HttpRequest(method='GET', url='wss://spark-api.xf-yun.com/v1.1/chat?authorization=***"
        "&date=Fri%2C+05+May+2023+10%3A43%3A39+GMT&host=spark-api.xf-yun.com', "
        "headers=(), body=b'')"
    )


@given(st.integers(0, 2**37))
def test_dates_are_written_as_http_writes_them(seconds: int) -> None:
    now = datetime.fromtimestamp(seconds, UTC)
    assert http_date(now) == format_datetime(now, usegmt=True)

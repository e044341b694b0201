from datetime import UTC, datetime, timedelta, timezone
from unittest.mock import patch
from urllib.parse import quote

import pytest
from botocore.auth import SigV4Auth  # type: ignore[import-untyped]
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]
from botocore.credentials import Credentials  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from llm_pure.signing.aws_sigv4 import AwsCredentials, sign
from llm_pure.types.http import HttpRequest, get_header

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
KEYS = AwsCredentials(
    access_key="AKIDEXAMPLE", secret_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
)
TEMPORARY = AwsCredentials(
    access_key="AKIDEXAMPLE",
    secret_key="wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    session_token="TOKENEXAMPLE==",
)
HOST = "https://bedrock-runtime.us-east-1.amazonaws.com"
JSON = ("content-type", "application/json")
BODY = b'{"messages":[{"role":"user","content":[{"text":"Hi"}]}]}'
SCOPE = "AKIDEXAMPLE/20261120/us-east-1/bedrock/aws4_request"
PROFILE = "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aapplication-inference-profile%2Fabc123/converse-stream"


def bedrock(
    request: HttpRequest, credentials: AwsCredentials = KEYS, now: datetime = NOON
) -> HttpRequest:
    return sign(request, credentials, region="us-east-1", service="bedrock", now=now)


@pytest.mark.parametrize(
    ("path", "signature"),
    [
        pytest.param(
            "/model/us.amazon.nova-micro-v1%3A0/converse",
            "3cf74f5fcb621509305672d426cf4e62f2e566e88c47eb5dea2f6c0b487b4bc8",
            id="%3A",
        ),
        pytest.param(
            "/model/us.amazon.nova-micro-v1:0/converse",
            "d084a0fcbc80f73fe95fea0c1d3de735b90accca78109c5cb90b977f5b67a773",
            id="raw colon",
        ),
    ],
)
def test_the_path_is_signed_as_it_is_sent(path: str, signature: str) -> None:
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={SCOPE}, "
        f"SignedHeaders=content-type;host;x-amz-date, Signature={signature}"
    )
    assert bedrock(HttpRequest("POST", HOST + path, (JSON,), BODY)) == HttpRequest(
        "POST",
        HOST + path,
        (JSON, ("x-amz-date", "20261120T120000Z"), ("authorization", authorization)),
        BODY,
    )


def test_a_session_token_is_sent_and_signed() -> None:
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={SCOPE}, "
        "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, "
        "Signature=689a97c084176f37f38f07f302b70622a36a85e5216f87c7b64017ad800a3e61"
    )
    assert bedrock(HttpRequest("POST", HOST + PROFILE, (JSON,), BODY), TEMPORARY) == HttpRequest(
        "POST",
        HOST + PROFILE,
        (
            JSON,
            ("x-amz-date", "20261120T120000Z"),
            ("x-amz-security-token", "TOKENEXAMPLE=="),
            ("authorization", authorization),
        ),
        BODY,
    )


def test_an_empty_session_token_is_none() -> None:
    empty = AwsCredentials(access_key=KEYS.access_key, secret_key=KEYS.secret_key, session_token="")
    request = HttpRequest("POST", HOST + PROFILE, (JSON,), BODY)
    assert bedrock(request, empty) == bedrock(request, KEYS)


def test_signing_again_replaces_the_signature() -> None:
    request = HttpRequest("POST", HOST + PROFILE, (JSON,), BODY)
    signed = bedrock(request, TEMPORARY)
    later = NOON + timedelta(seconds=1)
    assert bedrock(signed, TEMPORARY, later) == bedrock(request, TEMPORARY, later)
    assert bedrock(signed, TEMPORARY, later) != signed


def test_a_date_gives_way_to_x_amz_date() -> None:
    dated = HttpRequest("POST", HOST, (("date", "Thu, 01 Jan 1970 00:00:00 GMT"),), BODY)
    assert bedrock(dated) == bedrock(HttpRequest("POST", HOST, (), BODY))


def test_the_same_moment_signs_the_same_in_every_time_zone() -> None:
    request = HttpRequest("POST", HOST + PROFILE, (JSON,), BODY)
    elsewhere = NOON.astimezone(timezone(timedelta(hours=14)))
    assert bedrock(request, now=elsewhere) == bedrock(request)


def test_a_time_without_a_zone_is_a_bug() -> None:
    with pytest.raises(ValueError, match="time zone"):
        bedrock(HttpRequest("POST", HOST), now=NOON.replace(tzinfo=None))


def test_no_secret_is_in_a_repr() -> None:
    signed = bedrock(HttpRequest("POST", HOST, (JSON,), BODY), TEMPORARY)
    shown = repr(signed) + repr(TEMPORARY) + str(TEMPORARY)
    signature = (get_header(signed.headers, "authorization") or "").rpartition("=")[2]
    assert len(signature) == 64
    for secret in ("AKIDEXAMPLE", "wJalrXUtnFEMI", "TOKENEXAMPLE", signature):
        assert secret not in shown


SEGMENTS = st.one_of(
    st.text(max_size=6).map(quote),
    st.text(max_size=6).map(lambda text: quote(text, safe="")),
    st.sampled_from(
        ["", ".", "..", "a:0", "%3A", "~", "us.amazon.nova-v1:0", "é", "a b", "+", "*"]
    ),
)
QUERIES = st.lists(
    st.sampled_from(["a=1", "a=0", "b", "b=", "a%20=%2F", "=x", "Z=1", "a=b=c", ""]), max_size=4
).map("&".join)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(
            [
                "content-type",
                "accept",
                "x-amzn-bedrock-trace",
                "x-b",
                "user-agent",
                "connection",
                "transfer-encoding",
                "traceparent",
                "x-amzn-trace-id",
                "expect",
                "authorization",
                "x-amz-date",
                "x-amz-security-token",
                "x-amz-content-sha256",
                "host",
            ]
        ),
        st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=8)
        | st.sampled_from(["a  b", " a ", "a\tb", ""]),
    ),
    max_size=6,
)
REQUESTS = st.builds(
    HttpRequest,
    st.sampled_from(["POST", "GET", "post"]),
    st.builds(
        lambda origin, path, query: f"{origin}{path}{query and '?' + query}",
        st.sampled_from(
            [
                HOST,
                "https://Example.ORG:443",
                "http://example.org:80",
                "http://127.0.0.1:8080",
                "https://example.org:8443",
                "http://[::1]:8080",
                "https://me:pw@example.org",
            ]
        ),
        st.lists(SEGMENTS, max_size=4).map(lambda segments: "".join("/" + s for s in segments)),
        QUERIES,
    ),
    HEADERS.map(tuple),
    st.binary(max_size=20),
)
CREDENTIALS = st.builds(
    AwsCredentials,
    access_key=st.text(st.characters(codec="ascii"), min_size=1, max_size=20),
    secret_key=st.text(min_size=1, max_size=40),
    session_token=st.sampled_from([None, "TOKENEXAMPLE=="]),
)
MOMENTS = st.integers(0, 2**37).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


@given(REQUESTS, CREDENTIALS, st.sampled_from(["us-east-1", "eu-central-2"]), MOMENTS)
def test_the_signature_is_botocores(
    request: HttpRequest, credentials: AwsCredentials, region: str, now: datetime
) -> None:
    theirs = AWSRequest(method=request.method, url=request.url, data=request.body)
    for name, value in request.headers:
        theirs.headers[name] = value
    texts = [getattr(credentials, name) for name in credentials.__struct_fields__]
    their_keys = Credentials(*[secret and secret.reveal() for secret in texts])
    with patch("botocore.auth.get_current_datetime", return_value=now.replace(tzinfo=None)):
        SigV4Auth(their_keys, "bedrock", region).add_auth(theirs)
    ours = sign(request, credentials, region=region, service="bedrock", now=now)
    for name in ("authorization", "x-amz-date", "x-amz-security-token"):
        assert get_header(ours.headers, name) == theirs.headers[name]


def test_characters_beyond_ascii_in_a_query_are_signed_as_they_are_sent() -> None:
    raw = bedrock(HttpRequest("GET", HOST + "/models?name=é b&x=%2F", (), b""))
    encoded = bedrock(HttpRequest("GET", HOST + "/models?name=%C3%A9%20b&x=%2F", (), b""))
    assert raw.headers == encoded.headers

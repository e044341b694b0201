from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure.signing.baidu_bce import sign
from llm_pure.types.config import Secret
from llm_pure.types.http import HttpRequest, get_header

NOW = datetime(2015, 4, 27, 8, 23, 49, tzinfo=UTC)
DATE = ("x-bce-date", "2015-04-27T08:23:49Z")
CHAT = "https://qianfan.baidubce.com/v2/chat/completions"
JSON = ("content-type", "application/json")


def signed(request: HttpRequest, now: datetime = NOW) -> HttpRequest:
    return sign(request, access_key=Secret("AK"), secret_key=Secret("SK"), now=now)


@pytest.mark.parametrize(
    ("access_key", "secret_key", "md5", "upload", "signature"),
    [
        # the example of cloud.baidu.com/doc/Reference/s/njwvz1yfu
        pytest.param(
            "a" * 32,
            "b" * 32,
            "NFzcPqhviddjRNnSOGo4rw==",
            "a44cc9bab11cbd156984767aad637851",
            "d74a04362e6a848f5b39b15421cb449427f419c95a480fd6b8cf9fc783e2999e",
            id="documented",
        ),
        # the older example of the same page, as kept in the tests of github.com/guoyao/baidubce-sdk-go
        pytest.param(
            "0b0f67dfb88244b289b72b142befad0c",
            "bad522c2126a4618a8125f4b6cf6356f",
            "0a52730597fb4ffa01fc117d9e71e3a9",
            "VXBsb2FkIElpZS5tMnRzIHVwbG9hZA",
            "a19e6386e990691aca1114a20357c83713f1cb4be3d74942bb4ed37469ecdacf",
            id="documented before",
        ),
    ],
)
def test_the_documented_examples_are_signed_as_documented(
    access_key: str, secret_key: str, md5: str, upload: str, signature: str
) -> None:
    url = f"https://bj.bcebos.com/v1/test/myfolder/readme.txt?partNumber=9&uploadId={upload}"
    headers = (
        ("date", "Mon, 27 Apr 2015 16:23:49 +0800"),
        ("content-type", "text/plain"),
        ("content-length", "8"),
        ("content-md5", md5),
    )
    authorization = (
        f"bce-auth-v1/{access_key}/2015-04-27T08:23:49Z/1800"
        f"/content-length;content-md5;content-type;host;x-bce-date/{signature}"
    )
    request = HttpRequest("PUT", url, headers, b"Example\n")
    assert sign(request, access_key=access_key, secret_key=secret_key, now=NOW) == HttpRequest(
        "PUT", url, (*headers, DATE, ("authorization", authorization)), b"Example\n"
    )


def signature(request: HttpRequest) -> str:
    return (get_header(signed(request).headers, "authorization") or "").rpartition("/")[2]


@pytest.mark.parametrize(
    "same",
    [
        HttpRequest("POST", CHAT + "?b=%C3%A9&a=1", (JSON,)),
        HttpRequest("post", CHAT + "?a=%31&b=%c3%a9", (JSON,)),
        HttpRequest("POST", CHAT.replace("chat", "%63hat") + "?&a=1&b=é&", (JSON,)),
        HttpRequest("POST", CHAT + "?a=1&authorization=x&b=%C3%A9", (JSON,), b"another body"),
        HttpRequest("POST", CHAT + "?a=1&b=%C3%A9", (("accept", "*/*"), JSON, ("x-bce-a", " "))),
        HttpRequest("POST", CHAT + "?a=1&b=%C3%A9", (JSON, ("host", "qianfan.baidubce.com"))),
    ],
)
def test_spellings_of_one_request_have_one_signature(same: HttpRequest) -> None:
    # made with `openssl dgst -sha256 -hmac` from the canonical request, written by hand
    assert signature(same) == "5ee1d44f0b032fbc009313d6aa8c5b0e606a50b77cc45ea4ffd8752749ffe86e"


@pytest.mark.parametrize(
    "other",
    [
        HttpRequest("GET", CHAT, (JSON,)),
        HttpRequest("POST", CHAT + "/", (JSON,)),
        HttpRequest("POST", CHAT + "?a", (JSON,)),
        HttpRequest("POST", CHAT.replace("https://", "https://x."), (JSON,)),
        HttpRequest("POST", CHAT, (("content-type", "text/plain"),)),
        HttpRequest("POST", CHAT, (JSON, ("x-bce-request-id", "1"))),
    ],
)
def test_the_signature_covers_method_path_query_and_headers(other: HttpRequest) -> None:
    assert signature(other) != signature(HttpRequest("POST", CHAT, (JSON,)))


def test_the_headers_that_are_signed_are_named_in_order() -> None:
    request = HttpRequest("POST", CHAT, (("x-bce-b", "1"), JSON, ("x-bce-a", ""), ("accept", "1")))
    authorization = get_header(signed(request).headers, "authorization") or ""
    assert authorization.split("/")[4] == "content-type;host;x-bce-b;x-bce-date"


def test_signing_again_replaces_the_signature() -> None:
    request = HttpRequest("POST", CHAT, (JSON,))
    later = NOW + timedelta(seconds=1)
    assert signed(signed(request), later) == signed(request, later)
    assert signed(request, later) != signed(request)


def test_the_same_moment_signs_the_same_in_every_time_zone() -> None:
    request = HttpRequest("POST", CHAT, (JSON,))
    assert signed(request, NOW.astimezone(timezone(timedelta(hours=8)))) == signed(request)


def test_a_time_without_a_zone_is_a_bug() -> None:
    with pytest.raises(ValueError, match="time zone"):
        signed(HttpRequest("POST", CHAT), NOW.replace(tzinfo=None))


def test_no_secret_is_in_the_repr() -> None:
    assert repr(signed(HttpRequest("POST", CHAT))) == (
        f"HttpRequest(method='POST', url='{CHAT}', "
        "headers=(('x-bce-date', '2015-04-27T08:23:49Z'), ('authorization', '***')), body=b'')"
    )


@given(st.text(), st.lists(st.tuples(st.text(), st.text())), st.text())
def test_any_path_query_and_header_are_signed(
    path: str, query: list[tuple[str, str]], value: str
) -> None:
    url = f"{CHAT}/{quote(path)}?{'&'.join([f'{quote(k)}={quote(v)}' for k, v in query])}"
    request = HttpRequest("POST", url, (("x-bce-a", value),))
    assert signed(request).url == url
    assert len(signature(request)) == 64

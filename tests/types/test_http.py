"""Requests and answers as values that show no credential."""

import pickle
from email.message import Message
from typing import Any

import httpx
import msgspec
import pytest

from llm_pure import HttpRequest, HttpResponse, ResponseHead
from llm_pure.types.http import SECRET_HEADERS, get_header, redact_headers
from llm_pure.types.redact import redact_url

SECRET = "swordfish"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://example.org/v1", "https://example.org/v1"),
        ("https://me:swordfish@example.org/", "https://***@example.org/"),
        ("https://swordfish@example.org", "https://***@example.org"),
        ("https://example.org/?key=swordfish", "https://example.org/?key=***"),
        (
            "https://example.org/?a=1&api_key=swordfish&b=2",
            "https://example.org/?a=1&api_key=***&b=2",
        ),
        ("https://example.org/?API-KEY=swordfish#x", "https://example.org/?API-KEY=***#x"),
        ("https://example.org/?access_token=swordfish", "https://example.org/?access_token=***"),
        ("wss://h/?authorization=swordfish&date=d", "wss://h/?authorization=***&date=d"),
        ("https://h/?X-Amz-Signature=swordfish", "https://h/?X-Amz-Signature=***"),
        ("https://h/?monkey=1&keys=2", "https://h/?monkey=1&keys=2"),
        ("https://h/a@b", "https://h/a@b"),
        ("", ""),
    ],
)
def test_a_url_is_shown_without_credentials(url: str, shown: str) -> None:
    assert redact_url(url) == shown


OF_THE_USERS_OWN = (
    "cf-aig-authorization",
    "helicone-auth",
    "ocp-apim-subscription-key",
    "x-auth-token",
    "x-portkey-apikey",
    "x-session",
)


@pytest.mark.parametrize("name", [*sorted(SECRET_HEADERS), *OF_THE_USERS_OWN])
def test_credentials_in_headers_are_not_shown(name: str) -> None:
    assert redact_headers(((name, SECRET), ("accept", "x"))) == ((name, "***"), ("accept", "x"))


@pytest.mark.parametrize(
    "name",
    ["anthropic-beta", "idempotency-key", "x-keyboard", "x-ratelimit-limit-tokens", "author"],
)
def test_other_headers_are_shown(name: str) -> None:
    assert redact_headers(((name, "x"),)) == ((name, "x"),)


HEADERS = (("Authorization", f"Bearer {SECRET}"), ("X-Api-Key", SECRET), ("Accept", "x"))
VALUES = [
    HttpRequest("POST", f"https://u:{SECRET}@h/?key={SECRET}", HEADERS, b"body"),
    HttpResponse(200, (("Set-Cookie", SECRET),), b"body"),
    ResponseHead(200, (("Set-Cookie", SECRET),)),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_nothing_that_shows_a_value_shows_its_credentials(value: Any) -> None:
    assert SECRET not in repr(value)
    assert SECRET not in str(value)
    assert SECRET not in f"{value}"
    assert SECRET not in repr(value.__rich_repr__())
    assert type(value).__name__ in repr(value)


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_header_names_are_lower_case_and_values_stay(value: Any) -> None:
    assert [name for name, _ in value.headers] == [name.lower() for name, _ in value.headers]
    assert SECRET in value.headers[0][1]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_they_are_values(value: Any) -> None:
    assert pickle.loads(pickle.dumps(value)) == value
    again = msgspec.structs.replace(value, headers=[("A", 1)])
    assert again.headers == (("a", "1"),)
    with pytest.raises(AttributeError):
        value.headers = ()


def test_a_repr_says_what_was_sent_and_cuts_long_bodies() -> None:
    request = HttpRequest("GET", "https://h/", (("A", "b"),), b"x" * 201)
    long = "b'" + "x" * 200 + "'... 201 bytes"
    assert repr(request) == (
        f"HttpRequest(method='GET', url='https://h/', headers=(('a', 'b'),), body={long})"
    )
    assert repr(HttpResponse(204)) == "HttpResponse(status=204, headers=(), body=b'')"
    assert repr(ResponseHead(204)) == "ResponseHead(status=204, headers=())"


def test_the_first_header_of_a_name_counts() -> None:
    headers = (("a", "1"), ("b", "2"), ("a", "3"))
    assert (get_header(headers, "a"), get_header(headers, "b"), get_header(headers, "c")) == (
        "1",
        "2",
        None,
    )


def test_an_answers_head_is_the_answer_without_its_body() -> None:
    assert HttpResponse(404, (("A", "b"),), b"x").head == ResponseHead(404, (("a", "b"),))


def test_headers_of_a_library_become_pairs() -> None:
    """httpx and requests have mappings, urllib an object that is none, iterated as names."""
    message = Message()
    message["Retry-After"] = "7"
    for headers in ({"Retry-After": "7"}, httpx.Headers({"Retry-After": "7"}), message):
        response = HttpResponse(429, headers)  # type: ignore[arg-type]
        assert response.headers == (("retry-after", "7"),)

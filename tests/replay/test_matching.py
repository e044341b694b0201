"""A request matches its own recording however it was spelled, and a miss says what differs and where."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure import HttpRequest
from llm_pure.replay.matching import MatchRules, canonical, closest_recording, find_differences
from llm_pure.replay.secrets.redaction import redact_request

URL = "https://api.test/v1/chat/completions"
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


def post(body: object, url: str = URL, **headers: str) -> HttpRequest:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = tuple([(name.replace("_", "-"), value) for name, value in headers.items()])
    return HttpRequest("POST", url, named, data)


def told(
    asked: HttpRequest, recorded: HttpRequest, matching: MatchRules | None = None
) -> list[str]:
    rules = matching or MatchRules()
    return [
        str(one) for one in find_differences(canonical(asked, rules), canonical(recorded, rules))
    ]


KEY = "sk-abcdefgh12345678"
FORM = "application/x-www-form-urlencoded"
EQUAL = {
    "order and white space of JSON": (post(b'{"a": 1, "b": [2]}'), post(b'{"b":[2],"a":1}')),
    "1 and 1.0": (post({"temperature": 1}), post({"temperature": 1.0})),
    "escapes": (post(b'"\\u00e9"'), post('"é"'.encode())),
    "headers": (post({}, authorization="Bearer x"), post({}, user_agent="y")),
    "key in the query, starred out": (post({}, f"{URL}?key={KEY}&a=1"), post({}, f"{URL}?a=1&key=***")),
    "key in the query, left out": (post({}, f"{URL}?key={KEY}&a=1"), post({}, f"{URL}?a=1")),
    "key in the body": (post({"api_key": KEY}), post({"api_key": "REDACTED"})),
    "key in a text": (post({"a": f"is {KEY} good?"}), post({"a": "is *** good?"})),
    "percent-encoding": (post({}, "https://a.test/model/x%3A0/converse"), post({}, "https://a.test/model/x:0/converse")),
    "case of the host, default port": (post({}, "https://A.test:443/x"), post({}, "https://a.test/x")),
    "order of the query": (post({}, f"{URL}?b=2&a=1"), post({}, f"{URL}?a=1&b=2")),
    "forms": (post(b"a=1&client_secret=x", content_type=FORM), post(b"a=1&client_secret=***", content_type=FORM)),
    "boundary": (post(b"--b1\r\nx\r\n--b1--", content_type="multipart/form-data; boundary=b1"),
                 post(b"--q9\r\nx\r\n--q9--", content_type='multipart/form-data; boundary="q9"')),
    "no body": (HttpRequest("GET", URL), HttpRequest("GET", URL)),
}  # fmt: skip


@pytest.mark.parametrize(("asked", "recorded"), EQUAL.values(), ids=EQUAL.keys())
def test_these_are_the_same_request(asked: HttpRequest, recorded: HttpRequest) -> None:
    assert told(asked, recorded) == []


LONG = "the same beginning " * 20
UNEQUAL = {
    "a text": (post({"messages": [{}, {"content": "a"}]}), post({"messages": [{}, {"content": "b"}]}),
               ['/messages/1/content: "a" != "b"']),
    "absent and null": (post({"a": None}), post({}), ["/a: null != (absent)"]),
    "an item more": (post({"a": [1]}), post({"a": [1, {"b": 2}]}), ['/a/1: (absent) != {"b":2}']),
    "1 and true": (post({"a": 1}), post({"a": True}), ["/a: 1 != true"]),
    "1 and '1'": (post({"a": 1}), post({"a": "1"}), ['/a: 1 != "1"']),
    "a name with a slash": (post({"a/b~": 1}), post({"a/b~": 2}), ["/a~1b~0: 1 != 2"]),
    "method": (HttpRequest("GET", URL), HttpRequest("POST", URL), ['method: "GET" != "POST"']),
    "host": (post({}, "https://a.test/x"), post({}, "https://b.test/x"),
             ['url: "https://a.test/x" != "https://b.test/x"']),
    "the whole body": (post(b"abc"), post({"a": 1}), ['body: "abc" != {"a":1}']),
    "far into a text": (post({"a": LONG + "one"}), post({"a": LONG + "two"}),
                        ['/a: "… the same beginning one" != "… the same beginning two"']),
}  # fmt: skip


@pytest.mark.parametrize(("asked", "recorded", "lines"), UNEQUAL.values(), ids=UNEQUAL.keys())
def test_a_difference_says_where_and_what(
    asked: HttpRequest, recorded: HttpRequest, lines: list[str]
) -> None:
    assert told(asked, recorded) == lines


@given(JSON_VALUES, JSON_VALUES)
def test_keys_are_equal_exactly_when_nothing_differs(one: object, other: object) -> None:
    asked, recorded = canonical(post(one)), canonical(post(other))
    unequal = msgspec.structs.replace(recorded, key=b"another")  # so that the bodies are walked
    walked = find_differences(asked, unequal)
    assert (asked.key == recorded.key) == (walked == ())


@given(JSON_VALUES)
def test_a_request_matches_its_redacted_recording(body: object) -> None:
    asked = post({"body": body, "text": KEY}, f"{URL}?key={KEY}", authorization=f"Bearer {KEY}")
    assert told(asked, redact_request(asked)) == []


@given(st.binary(), st.text(st.characters(exclude_categories=["Cs"])))
def test_no_body_and_no_url_make_it_raise(body: bytes, url: str) -> None:
    assert told(post(body, url), post(body, url)) == []


@pytest.mark.parametrize("url", ["https://[bad/x", "", "//", "http://a:b:c/", "\ud800"])
def test_urls_that_are_none_are_compared_as_text(url: str) -> None:
    assert told(post({}, url), post({}, url)) == []


@pytest.mark.parametrize("depth", [190, 210, 500, 900, 5_000, 100_000])
def test_a_body_of_any_depth_is_compared(depth: int) -> None:
    deep, other = b"[" * depth + b"]" * depth, b"[" * depth + b"1" + b"]" * depth
    assert told(post(deep), post(deep)) == []
    assert len(told(post(deep), post(other))) == 1


@pytest.mark.parametrize("number", [b"1e300", b"123456789012345678901234567890", b"1e400"])
def test_numbers_of_any_size_are_compared(number: bytes) -> None:
    assert told(post(number), post(number)) == []
    assert len(told(post(number), post(b"-" + number))) == 1


@pytest.mark.parametrize(
    ("asked", "recorded", "matching"),
    [
        (post({"a": 1, "user": "x"}), post({"a": 1}), MatchRules(ignored=("/user",))),
        (post({"m": [{"id": 1}, {"id": 2}]}), post({"m": [{"id": 3}, {}]}), MatchRules(ignored=("/m/*/id",))),
        (post({"m": [1, 2]}), post({"m": [1, 3]}), MatchRules(ignored=("/m/1",))),
        (post({}, "http://127.0.0.1:4010/v1/x"), post({}, "https://api.test/v1/x"), MatchRules(origin=False)),
    ],
    ids=["a member", "a member of every item", "an item", "the origin"],
)  # fmt: skip
def test_what_is_not_compared_may_differ(
    asked: HttpRequest, recorded: HttpRequest, matching: MatchRules
) -> None:
    assert told(asked, recorded, matching) == []
    assert told(asked, recorded) != []


def test_the_nearest_is_the_one_at_the_same_url_with_the_fewest_differences() -> None:
    recorded = [
        post({"a": 1, "b": 2}, "https://other.test/x"),
        post({"a": 1, "b": 3, "c": 4}),
        post({"a": 1, "b": 3}),
        HttpRequest("GET", URL),
    ]
    got = closest_recording(canonical(post({"a": 1, "b": 2})), [canonical(one) for one in recorded])
    assert got is not None
    index, found = got
    assert (index, [str(one) for one in found]) == (2, ["/b: 2 != 3"])


def test_nothing_is_near_when_nothing_was_recorded() -> None:
    assert closest_recording(canonical(post({})), []) is None

"""Headers of an answer -> how many seconds to wait."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure.core.retry_after import parse_go_duration, retry_after_s

DATE = ("date", "Fri, 20 Nov 2026 12:00:00 GMT")


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        pytest.param([], None, id="nothing said"),
        pytest.param([("retry-after", "7")], 7.0, id="seconds"),
        pytest.param([("retry-after", "0")], 0.0, id="at once"),
        pytest.param([("retry-after", "1.5")], 1.5, id="a fraction"),
        pytest.param([("retry-after-ms", "250"), ("retry-after", "9")], 0.25, id="ms wins"),
        pytest.param([("retry-after-ms", "soon"), ("retry-after", "9")], 9.0, id="unreadable ms"),
        pytest.param([("retry-after", "Fri, 20 Nov 2026 12:00:30 GMT"), DATE], 30.0, id="a date"),
        pytest.param(
            [("retry-after", "Fri, 20 Nov 2026 11:00:00 GMT"), DATE], 0.0, id="a date gone by"
        ),
        pytest.param([("retry-after", "Fri, 20 Nov 2026 12:00:30 GMT")], None, id="no clock"),
        pytest.param(
            [("retry-after", "Fri, 20 Nov 2026 12:00:30 -0000"), DATE], None, id="no zone"
        ),
        pytest.param([("retry-after", "-1"), DATE], None, id="below nothing"),
        pytest.param([("retry-after", "nan"), DATE], None, id="no number"),
        pytest.param([("retry-after", "inf"), DATE], None, id="for ever"),
        pytest.param(
            [("retry-after", "Mon, 20 Nov 999999999999 12:00:00 GMT"), DATE],
            None,
            id="a year out of range",
        ),
        pytest.param(
            [("retry-after", "Mon, 20 Nov 2026 12:00:00 +99999999999999999999"), DATE],
            None,
            id="a zone out of range",
        ),
        pytest.param(
            [("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "6m0s")],
            360.0,
            id="OpenAI's limit of tokens is used up",
        ),
        pytest.param(
            [("x-ratelimit-remaining-tokens", "5"), ("x-ratelimit-reset-tokens", "6m0s")],
            None,
            id="it is not used up",
        ),
        pytest.param(
            [
                ("x-ratelimit-remaining-requests", "0"),
                ("x-ratelimit-reset-requests", "12ms"),
                ("x-ratelimit-remaining-tokens", "0"),
                ("x-ratelimit-reset-tokens", "2s"),
            ],
            2.0,
            id="the longest of several",
        ),
        pytest.param(
            [
                ("anthropic-ratelimit-input-tokens-remaining", "0"),
                ("anthropic-ratelimit-input-tokens-reset", "2026-11-20T12:01:00Z"),
                DATE,
            ],
            60.0,
            id="Anthropic's limit",
        ),
        pytest.param(
            [("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", "later"), DATE],
            None,
            id="an unreadable reset",
        ),
        pytest.param([("x-ratelimit-remaining-tokens", "0")], None, id="no reset"),
    ],
)
def test_the_wait_is_what_the_headers_ask(
    headers: list[tuple[str, str]], wait_s: float | None
) -> None:
    assert retry_after_s(tuple(headers)) == wait_s


@pytest.mark.parametrize(
    ("text", "wait_s"),
    [
        ("1s", 1.0),
        ("6m0s", 360.0),
        ("1h2m3.5s", 3723.5),
        ("12ms", 0.012),
        ("5us", 5e-6),
        ("5µs", 5e-6),
        ("7ns", 7e-9),
        (" 2s ", 2.0),
        ("", None),
        ("5", None),
        ("s", None),
        ("-1s", None),
        ("1s!", None),
        ("1 s", None),
        ("9" * 400 + "s", None),
    ],
)
def test_go_durations(text: str, wait_s: float | None) -> None:
    assert parse_go_duration(text) == (None if wait_s is None else pytest.approx(wait_s))


@given(st.text(), st.text())
def test_no_header_makes_it_raise(asked: str, date: str) -> None:
    assert (retry_after_s((("retry-after", asked), ("date", date))) or 0.0) >= 0
    reset = (("x-ratelimit-remaining-tokens", "0"), ("x-ratelimit-reset-tokens", asked))
    assert (retry_after_s((*reset, ("date", date))) or 0.0) >= 0


@given(st.text(alphabet="0123456789 :,-+MonJanGTZ", max_size=40))
def test_nothing_like_a_date_makes_it_raise(text: str) -> None:
    retry_after_s((("retry-after", text), ("date", text)))

"""A provider's words -> the error that a caller can act on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure.core.error_mapping import (
    AMBIGUOUS_CODES,
    ERROR_CODES,
    ErrorType,
    ProviderErrorInfo,
    parse_go_duration,
    request_id,
    retry_after_s,
    to_llm_error,
)
from llm_pure.types.errors import (
    AuthenticationFailed,
    ContentFiltered,
    ContextLengthExceeded,
    InvalidRequest,
    NotFound,
    Overloaded,
    PermissionDenied,
    QuotaExceeded,
    RateLimited,
    ServerError,
    TimedOut,
)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (300, InvalidRequest),
        (400, InvalidRequest),
        (401, AuthenticationFailed),
        (402, QuotaExceeded),
        (403, PermissionDenied),
        (404, NotFound),
        (405, NotFound),
        (408, TimedOut),
        (409, ServerError),
        (410, NotFound),
        (413, InvalidRequest),
        (418, InvalidRequest),
        (422, InvalidRequest),
        (425, ServerError),
        (429, RateLimited),
        (498, Overloaded),
        (500, ServerError),
        (502, ServerError),
        (503, Overloaded),
        (504, TimedOut),
        (522, TimedOut),
        (529, Overloaded),
        (200, ServerError),
        (None, ServerError),
        (0, ServerError),
        (999, ServerError),
    ],
)
def test_without_words_the_status_decides(status: int | None, kind: ErrorType) -> None:
    error = to_llm_error(ProviderErrorInfo(provider="p", status=status))
    assert type(error) is kind
    assert error.message == (
        "the provider gave no reason" if status is None else f"HTTP status {status}"
    )


@pytest.mark.parametrize("word", [word for word in ERROR_CODES if word not in AMBIGUOUS_CODES])
def test_a_known_word_is_stronger_than_the_status(word: str) -> None:
    assert (
        type(to_llm_error(ProviderErrorInfo(provider="p", status=400, code=word)))
        is ERROR_CODES[word]
    )
    assert (
        type(to_llm_error(ProviderErrorInfo(provider="p", status=400, type=word)))
        is ERROR_CODES[word]
    )


@pytest.mark.parametrize("word", sorted(AMBIGUOUS_CODES))
@pytest.mark.parametrize(
    ("status", "kind"), [(401, AuthenticationFailed), (429, RateLimited), (200, ServerError)]
)
def test_a_word_for_anything_yields_to_a_status_that_says_more(
    word: str, status: int, kind: ErrorType
) -> None:
    assert type(to_llm_error(ProviderErrorInfo(provider="p", status=status, type=word))) is kind


def test_the_code_is_stronger_than_the_type_and_a_services_own_words_than_ours() -> None:
    report = ProviderErrorInfo(
        provider="p", status=400, code="insufficient_quota", type="rate_limit_error"
    )
    assert type(to_llm_error(report)) is QuotaExceeded
    assert type(to_llm_error(report, {"insufficient_quota": Overloaded})) is Overloaded
    assert type(to_llm_error(report, {"rate_limit_error": Overloaded})) is QuotaExceeded


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (400, "This model's maximum context length is 8192 tokens", ContextLengthExceeded),
        (400, "prompt is too long: 210000 tokens > 200000 maximum", ContextLengthExceeded),
        (413, "Too many input tokens", ContextLengthExceeded),
        (500, "the request exceeds the model's context window", ContextLengthExceeded),
        (401, "context window of your key", AuthenticationFailed),
        (400, "Your credit balance is too low", QuotaExceeded),
        (429, "You exceeded your current quota", QuotaExceeded),
        (403, "Account in arrears", QuotaExceeded),
        (500, "insufficient balance", ServerError),
        (400, "temperature is out of range", InvalidRequest),
    ],
)
def test_some_things_are_told_by_text_alone(status: int, message: str, kind: ErrorType) -> None:
    assert (
        type(to_llm_error(ProviderErrorInfo(provider="p", status=status, message=message))) is kind
    )


def test_an_error_knows_all_that_was_said() -> None:
    headers = (("x-request-id", "r1"), ("retry-after", "7"))
    report = ProviderErrorInfo(
        provider="p",
        status=429,
        message="slow down, sk-abcdefgh12345678",
        code="rpm",
        type="requests",
        headers=headers,
    )
    assert to_llm_error(report) == RateLimited(
        message="slow down, ***",
        provider="p",
        status=429,
        code="rpm",
        request_id="r1",
        rate_limits=(("retry-after", "7"),),
        retry_after_s=7.0,
    )


def test_what_the_body_says_is_stronger_than_the_headers() -> None:
    headers = (("x-request-id", "r1"), ("retry-after", "7"))
    report = ProviderErrorInfo(
        provider="p", status=503, request_id="r2", retry_after_s=0.0, headers=headers
    )
    error = to_llm_error(report)
    assert isinstance(error, Overloaded)
    assert (error.request_id, error.retry_after_s) == ("r2", 0.0)


def test_the_place_of_a_wrong_request_is_kept() -> None:
    error = to_llm_error(ProviderErrorInfo(provider="p", status=400, type="t", param="messages/0"))
    assert error == InvalidRequest(
        message="HTTP status 400", provider="p", status=400, code="t", param="messages/0"
    )


@pytest.mark.parametrize(
    ("status", "header", "retryable"),
    [
        (429, "false", False),
        (400, "true", True),
        (400, "maybe", False),
        (500, "", True),
    ],
)
def test_a_service_may_say_itself_whether_to_retry(
    status: int, header: str, retryable: bool
) -> None:
    headers = (("x-should-retry", header),)
    assert (
        to_llm_error(ProviderErrorInfo(provider="p", status=status, headers=headers)).retryable
        == retryable
    )


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ((), None),
        ((("x-amzn-requestid", "a"),), "a"),
        ((("request-id", "b"), ("x-request-id", "c")), "c"),
        ((("x-request-id", ""), ("apim-request-id", "d")), "d"),
        ((("msh-request-id", "e"),), "e"),
    ],
)
def test_the_calls_id_is_under_one_of_several_names(
    headers: tuple[tuple[str, str], ...], found: str | None
) -> None:
    assert request_id(headers) == found


def test_a_filter_is_not_a_wrong_request() -> None:
    report = ProviderErrorInfo(provider="p", status=400, code="content_filter", param="prompt")
    assert type(to_llm_error(report)) is ContentFiltered


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

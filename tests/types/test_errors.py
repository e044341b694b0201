"""Every error, as a caller meets it."""

from typing import get_args

import msgspec
import pytest

from llm_pure import LLMError, describe
from llm_pure.types.errors import (
    AuthenticationFailed,
    BudgetExceeded,
    ConnectionFailed,
    ContentFiltered,
    ContextLengthExceeded,
    InvalidConfiguration,
    InvalidRequest,
    NotFound,
    Overloaded,
    PermissionDenied,
    ProtocolError,
    QuotaExceeded,
    RateLimited,
    ServerError,
    StreamInterrupted,
    TimedOut,
    UnknownPrice,
    UnsupportedFeature,
    retry_after_s,
)

MEMBERS: tuple[type[LLMError], ...] = get_args(LLMError)

TABLE: list[tuple[LLMError, str, bool]] = [
    (InvalidConfiguration(message="m"), "configuration: m", False),
    (
        InvalidConfiguration(message="m", provider="p", suggestions=("a", "b")),
        "p: configuration: m (did you mean a or b?)",
        False,
    ),
    (UnsupportedFeature(message="m", feature="n"), "unsupported: m", False),
    (InvalidRequest(message="m", param="a/0"), "invalid_request: m (at a/0)", False),
    (InvalidRequest(message="m"), "invalid_request: m", False),
    (
        AuthenticationFailed(message="m", provider="p", status=401, code="c", request_id="r"),
        "p: authentication: m (status 401, code c, request r)",
        False,
    ),
    (PermissionDenied(message="m"), "permission: m", False),
    (NotFound(message="m", status=404), "not_found: m (status 404)", False),
    (RateLimited(message="m"), "rate_limited: m", True),
    (RateLimited(message="m", retry_after_s=0.25), "rate_limited: m (retry after 0.25 s)", True),
    (QuotaExceeded(message="m"), "quota: m", False),
    (ContextLengthExceeded(message="m"), "context_length: m", False),
    (ContentFiltered(message="m"), "content_filtered: m", False),
    (Overloaded(message="m", retry_after_s=3.0), "overloaded: m (retry after 3 s)", True),
    (ServerError(message="m", retry_after_s=0.0), "server_error: m (retry after 0 s)", True),
    (TimedOut(message="m", phase="read"), "timeout: m", True),
    (ConnectionFailed(message="m"), "connection: m", True),
    (
        ProtocolError(message="m", where="event 2", evidence=b"\xffx"),
        "protocol: m (at event 2, found b'\\xffx')",
        False,
    ),
    (ProtocolError(message="m"), "protocol: m", False),
    (StreamInterrupted(message="m"), "stream_interrupted: m", True),
    (BudgetExceeded(message="m"), "budget_exceeded: m", False),
    (UnknownPrice(message="m", model="x"), "price_unknown: m", False),
]


@pytest.mark.parametrize(("error", "line", "retryable"), TABLE, ids=lambda one: str(one)[:30])
def test_one_line_says_what_helps(error: LLMError, line: str, retryable: bool) -> None:
    assert describe(error) == line
    assert error.retryable == retryable


def test_every_error_is_in_the_table() -> None:
    assert {type(error) for error, _, _ in TABLE} == set(MEMBERS)


def test_every_error_has_a_word_of_its_own() -> None:
    kinds = [member(message="m").kind for member in MEMBERS]
    assert len(set(kinds)) == len(MEMBERS)


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.__name__)
def test_an_error_is_a_value(member: type[LLMError]) -> None:
    error = member(message="m", provider="p")
    assert error == member(message="m", provider="p")
    with pytest.raises(AttributeError):
        error.message = "other"  # type: ignore[misc]
    assert msgspec.json.decode(msgspec.json.encode(error), type=member) == error


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.__name__)
def test_only_errors_that_may_pass_carry_a_wait(member: type[LLMError]) -> None:
    error = member(message="m")
    assert retry_after_s(error) is None
    if member in (RateLimited, Overloaded, ServerError):
        assert retry_after_s(msgspec.structs.replace(error, retry_after_s=2.0)) == 2.0
    else:
        assert "retry_after_s" not in member.__struct_fields__


def test_evidence_is_shown_in_part() -> None:
    line = describe(ProtocolError(message="m", evidence=b"x" * 300))
    assert "x" * 120 in line
    assert "x" * 121 not in line

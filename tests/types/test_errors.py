"""Every error, as a caller meets it."""

from typing import get_args

import msgspec
import pytest

from llm_pure import LLMError, describe
from llm_pure.client.completeness import STOPPED
from llm_pure.types.errors import (
    AuthenticationFailed,
    BudgetExceeded,
    ConnectionFailed,
    ContentFiltered,
    ContextLengthExceeded,
    IncompleteAnswer,
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
    cause_of,
    remedy_of,
    retry_after_s,
)
from llm_pure.types.remedies import BY_CODE, BY_FIELD, DECIDING_FIELDS, GENERAL

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
    (
        NotFound(message="m", status=404, suggestions=("a", "b")),
        "not_found: m (status 404, did you mean a or b?)",
        False,
    ),
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
    (IncompleteAnswer(message="m", finish_reason="length"), "incomplete: m", False),
    (BudgetExceeded(message="m"), "budget_exceeded: m", False),
    (UnknownPrice(message="m", model="x"), "price_unknown: m", False),
]


@pytest.mark.parametrize(("error", "line", "retryable"), TABLE, ids=lambda one: str(one)[:30])
def test_one_line_has_the_cause_and_the_remedy(error: LLMError, line: str, retryable: bool) -> None:
    assert cause_of(error) == line
    assert describe(error) == f"{line}; {remedy_of(error)}"
    assert error.retryable == retryable


def test_every_error_is_in_the_table() -> None:
    assert {type(error) for error, _, _ in TABLE} == set(MEMBERS)


REMEDIES: list[tuple[LLMError, str]] = [
    (InvalidConfiguration(message="m"), "llm-pure doctor"),
    (InvalidConfiguration(message="m", field="api_key"), "LLMConfig(api_key=...)"),
    (InvalidConfiguration(message="m", field="api_type"), "llm-pure providers"),
    (InvalidConfiguration(message="m", field="model"), "llm-pure models"),
    (InvalidConfiguration(message="m", field="base_url"), "`base_url`"),
    (InvalidConfiguration(message="m", field="file"), "llm-pure doctor"),
    (InvalidConfiguration(message="m", field="llm"), "PROVIDER:MODEL"),
    (InvalidConfiguration(message="m", field="models"), "PROVIDER:MODEL"),
    (InvalidConfiguration(message="m", field="transport"), "pass LLM another transport"),
    (InvalidConfiguration(message="m", field="budget"), "LLM(budget=...)"),
    (InvalidConfiguration(message="m", field="prices"), "LLM(prices=...)"),
    (InvalidConfiguration(message="m", field="cassette"), "pass a cassette"),
    (InvalidConfiguration(message="m", field="llm/modle"), "correct the configuration"),
    (InvalidConfiguration(message="m", field="tls_ca_file"), "set `tls_ca_file` in LLMConfig"),
    (UnsupportedFeature(message="m", feature="f"), "llm-pure providers"),
    (InvalidRequest(message="m"), "correct the request"),
    (AuthenticationFailed(message="m"), "`api_key` of LLMConfig"),
    (PermissionDenied(message="m"), "request access"),
    (NotFound(message="m"), "llm-pure models"),
    (RateLimited(message="m"), "wait, then send it again"),
    (RateLimited(message="m", code="client_limit"), "LLM(limit=...)"),
    (QuotaExceeded(message="m"), "add credit"),
    (ContextLengthExceeded(message="m"), "shorten the conversation"),
    (ContentFiltered(message="m"), "change the content"),
    (Overloaded(message="m"), "LLM(fallbacks=[...])"),
    (ServerError(message="m"), "LLM(fallbacks=[...])"),
    (TimedOut(message="m"), "raise `timeout`"),
    (TimedOut(message="m", phase="connect"), "`connect_timeout`"),
    (TimedOut(message="m", phase="read"), "`read_timeout`"),
    (TimedOut(message="m", phase="write"), "`write_timeout`"),
    (TimedOut(message="m", phase="pool"), "`max_connections`"),
    (TimedOut(message="m", phase="total"), "timeout_s"),
    (TimedOut(message="m", phase="budget"), "a ledger of its own"),
    (ConnectionFailed(message="m"), "`base_url`"),
    (InvalidConfiguration(message="m", field="directory"), "a folder that can be written"),
    (InvalidConfiguration(message="m", field="prompt"), "correct the prompt"),
    (ConnectionFailed(message="m", cause="refused"), "start the server"),
    (ConnectionFailed(message="m", cause="unknown_host"), "is online"),
    (ConnectionFailed(message="m", cause="untrusted"), "`tls_ca_file`"),
    (ConnectionFailed(message="m", code="not_recorded"), "record the request"),
    (ProtocolError(message="m"), "`api_type`"),
    (StreamInterrupted(message="m"), "error.partial"),
    (IncompleteAnswer(message="m"), "error.partial"),
    (IncompleteAnswer(message="m", finish_reason="length"), "raise max_tokens"),
    (IncompleteAnswer(message="m", finish_reason="content_filter"), "change the content"),
    (IncompleteAnswer(message="m", finish_reason="tool_calls"), "run_tools"),
    (IncompleteAnswer(message="m", finish_reason="pause"), "send error.partial.message back"),
    (IncompleteAnswer(message="m", finish_reason="error"), "send it again"),
    (BudgetExceeded(message="m"), "LLM(budget=...)"),
    (UnknownPrice(message="m"), "LLM(prices={...})"),
    (NotFound(message="m", remedy="ask Ann"), "ask Ann"),
]


@pytest.mark.parametrize(("error", "remedy"), REMEDIES, ids=lambda value: str(value)[:60])
def test_describe_ends_in_what_to_do_next(error: LLMError, remedy: str) -> None:
    cause, _, last = describe(error).partition("; ")
    assert (cause, remedy in last) == (cause_of(error), True)
    assert "\n" not in last


def test_every_row_of_the_remedies_is_reached() -> None:
    """By field, code and kind; and every member has one."""
    reached = {remedy_of(error) for error, _ in REMEDIES}
    rows = {*BY_FIELD.values(), *BY_CODE.values(), *GENERAL.values()}
    assert rows - reached == set()
    assert set(GENERAL) == {member(message="m").kind for member in MEMBERS}
    assert {type(error) for error, _ in REMEDIES} == set(MEMBERS)


def test_every_phase_and_finish_reason_that_the_program_uses_has_a_remedy_of_its_own() -> None:
    assert {reason for kind, reason in BY_FIELD if kind == "incomplete"} == set(STOPPED)
    assert DECIDING_FIELDS.keys() >= {kind for kind, _ in BY_FIELD}


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

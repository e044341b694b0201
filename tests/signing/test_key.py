from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure.signing.key import key_header, usable_key, with_header
from llm_pure.types.config import LLMConfig, Secret
from llm_pure.types.errors import InvalidConfiguration, LLMError
from llm_pure.types.http import HttpRequest
from llm_pure.types.result import Failure, Success

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
REQUEST = HttpRequest("POST", "https://example.org/v1", (("accept", "*/*"),), b"{}")
VARIABLES = ("ACME_API_KEY", "ACME_KEY")


def invalid(what: str, field: str = "api_key") -> Failure[LLMError]:
    return Failure(
        InvalidConfiguration(
            message=f"the key for acme {what}: set ACME_API_KEY or ACME_KEY, or `{field}`",
            provider="acme",
            field=field,
        )
    )


def test_the_key_is_a_bearer_token_unless_told_otherwise() -> None:
    authorize = key_header("acme", VARIABLES)
    assert authorize(LLMConfig(api_key="k-1"), REQUEST, NOON) == Success(
        with_header(REQUEST, "authorization", "Bearer k-1")
    )


def test_the_key_goes_into_the_header_that_the_provider_wants() -> None:
    authorize = key_header("acme", VARIABLES, header="x-api-key", prefix="")
    assert authorize(LLMConfig(api_key=" k-1\n"), REQUEST, NOON) == Success(
        with_header(REQUEST, "x-api-key", "k-1")
    )


def test_a_key_that_is_needed_and_missing_is_an_error_that_names_the_variables() -> None:
    assert key_header("acme", VARIABLES)(LLMConfig(), REQUEST, NOON) == invalid("is missing")


def test_a_key_that_is_not_needed_may_be_missing_or_sent() -> None:
    authorize = key_header("acme", VARIABLES, required=False)
    assert authorize(LLMConfig(), REQUEST, NOON) == Success(REQUEST)
    assert authorize(LLMConfig(api_key="k-1"), REQUEST, NOON) == Success(
        with_header(REQUEST, "authorization", "Bearer k-1")
    )


def test_a_credential_among_the_headers_of_the_configuration_stands_for_the_key() -> None:
    config = LLMConfig(headers=(("Authorization", "Basic eA=="), ("x-team", "blue")))
    assert key_header("acme", VARIABLES)(config, REQUEST, NOON) == Success(
        with_header(REQUEST, "authorization", "Basic eA==")
    )


@pytest.mark.parametrize("key", ["YOUR_API_KEY", "sk-", " <your_api_key> ", "xxx"])
def test_a_placeholder_is_no_key(key: str) -> None:
    assert usable_key("acme", VARIABLES, key) == invalid("is a placeholder")


@pytest.mark.parametrize("key", [None, "", " \n", Secret("")])
def test_an_empty_key_is_a_missing_one(key: str | Secret | None) -> None:
    assert usable_key("acme", VARIABLES, key, "secret_key") == invalid("is missing", "secret_key")


def test_without_variables_the_field_is_named_alone() -> None:
    assert usable_key("acme", (), None) == Failure(
        InvalidConfiguration(
            message="the key for acme is missing: set `api_key`",
            provider="acme",
            field="api_key",
        )
    )


@pytest.mark.parametrize("key", ["k-ключ", "k-1\nhost: evil", "k\0", "k\x7f", "k“1”"])
def test_a_key_that_cannot_stand_in_a_header_is_an_error_without_the_key(key: str) -> None:
    assert usable_key("acme", VARIABLES, key) == invalid("has characters that no key has")


@given(st.text())
def test_every_key_that_is_accepted_can_stand_in_a_header(key: str) -> None:
    got = usable_key("acme", VARIABLES, key)
    if isinstance(got, Success):
        assert got.unwrap().encode("ascii").strip() == key.strip().encode("ascii")
        assert not set(got.unwrap()) & set("\r\n\0")
    else:
        assert got.failure().kind == "configuration"


def test_a_header_takes_the_place_of_one_of_the_same_name() -> None:
    request = HttpRequest("GET", "https://example.org", (("a", "1"), ("b", "2"), ("a", "3")))
    assert with_header(request, "a", "4") == HttpRequest(
        "GET", "https://example.org", (("b", "2"), ("a", "4"))
    )


def test_the_key_is_not_in_the_repr_of_the_request() -> None:
    for name in ("authorization", "x-api-key", "api-key", "x-goog-api-key"):
        authorize = key_header("acme", VARIABLES, header=name, prefix="")
        assert "k-123456" not in repr(authorize(LLMConfig(api_key="k-123456"), REQUEST, NOON))

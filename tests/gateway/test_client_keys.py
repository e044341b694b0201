"""Client keys: what the section says, which credential is which key, what a key may do."""

from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llm_pure.core.server import ReceivedRequest
from llm_pure.gateway.client_keys import (
    KEY_PREFIX,
    ClientKey,
    ClientKeys,
    create_key,
    key_hash,
    parse_client_keys,
)
from llm_pure.server import server_dialects
from llm_pure.types.config import Secret
from llm_pure.types.errors import BudgetExceeded, InvalidConfiguration, LLMError, RateLimited
from llm_pure.types.result import Success

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
KEY = create_key(bytes(range(32)))
HASH = sha256(KEY.reveal().encode()).hexdigest()


def test_section_gives_keys_with_every_field() -> None:
    section = {
        "laptop": {"sha256": HASH.upper(), "max_budget": 5, "budget_duration": "1d"},
        "ci": {
            "sha256": "7" * 64,
            "models": ["fast", "claude-*"],
            "rpm_limit": 60,
            "tokens_per_minute": "200000",
            "max_parallel_requests": 8,
            "expires": datetime(2027, 1, 1).date(),  # noqa: DTZ001 - as YAML reads it
            "max_budget": "0.50",
            "allow_unknown_prices": True,
        },
    }
    assert parse_client_keys(section) == Success(
        ClientKeys(
            {
                HASH: ClientKey(
                    name="laptop", sha256=HASH, max_budget=Decimal(5), budget_duration="1d"
                ),
                "7" * 64: ClientKey(
                    name="ci",
                    sha256="7" * 64,
                    models=("fast", "claude-*"),
                    requests_per_minute=60.0,
                    tokens_per_minute=200000.0,
                    max_parallel_requests=8,
                    expires=datetime(2027, 1, 1, tzinfo=UTC),
                    max_budget=Decimal("0.50"),
                    allow_unknown_prices=True,
                ),
            },
            ("serve/keys/ci/rpm_limit is read as requests_per_minute",),
        )
    )
    assert parse_client_keys(None) == Success(ClientKeys())


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        (None, ""),
        ("abc", ""),
        ({}, "/sha256"),
        ({"sha256": KEY.reveal()}, "/sha256"),
        ({"sha256": 12}, "/sha256"),
        ({"sha256": HASH, "rpm_limit": 1, "requests_per_minute": 1}, "/rpm_limit"),
        ({"sha256": HASH, "budget": 5}, "/budget"),
        ({"sha256": HASH, "models": {"fast": 1}}, "/models"),
        ({"sha256": HASH, "models": [1]}, "/models"),
        ({"sha256": HASH, "expires": "soon"}, "/expires"),
        ({"sha256": HASH, "expires": 2027}, "/expires"),
        ({"sha256": HASH, "max_budget": "nan"}, "/max_budget"),
        ({"sha256": HASH, "max_budget": -1}, "/max_budget"),
        ({"sha256": HASH, "max_budget": True}, "/max_budget"),
        ({"sha256": HASH, "budget_duration": "1d"}, "/budget_duration"),
        ({"sha256": HASH, "max_budget": 1, "budget_duration": "daily"}, "/budget_duration"),
        ({"sha256": HASH, "max_budget": 1, "budget_duration": 30}, "/budget_duration"),
        ({"sha256": HASH, "requests_per_minute": 0}, "/requests_per_minute"),
        ({"sha256": HASH, "max_parallel_requests": 1.5}, "/max_parallel_requests"),
        ({"sha256": HASH, "allow_unknown_prices": "yes"}, "/allow_unknown_prices"),
        ({"sha256": "a" * 64}, "/sha256"),  # another key's
    ],
)
def test_invalid_field_fails_with_its_path_and_no_value(fields: Any, path: str) -> None:
    error = parse_client_keys({"first": {"sha256": "a" * 64}, "k": fields}).failure()
    assert isinstance(error, InvalidConfiguration)
    assert error.field == f"serve/keys/k{path}"
    assert KEY.reveal() not in error.message


KEYS = parse_client_keys(
    {
        "laptop": {"sha256": HASH},
        "old": {"sha256": key_hash("lp-old"), "expires": "2026-11-30T12:00:00"},
    }
).unwrap()


@pytest.mark.parametrize(
    ("credentials", "expected"),
    [
        ((KEY.reveal(),), "laptop"),
        (("sk-ant-other", KEY.reveal()), "laptop"),
        (("lp-old", KEY.reveal()), "laptop"),
        ((), "invalid_api_key"),
        (("",), "invalid_api_key"),
        ((KEY.reveal()[:-1],), "invalid_api_key"),
        ((HASH,), "invalid_api_key"),
        (("' OR 1=1",), "invalid_api_key"),
        (("\ud800",), "invalid_api_key"),
        (("lp-old",), "expired_api_key"),
        (("lp-old", "sk-x"), "expired_api_key"),
    ],
)
def test_credentials_are_a_key_or_an_error_that_does_not_show_them(
    credentials: tuple[str, ...], expected: str
) -> None:
    result = KEYS.authenticate([Secret(text) for text in credentials], NOW)
    if isinstance(result, Success):
        assert result.unwrap().name == expected
    else:
        error = result.failure()
        assert (error.kind, error.status, error.code) == ("authentication", 401, expected)
        assert not any(text and text in error.message for text in credentials)


@given(st.text())
def test_only_the_key_itself_authenticates(text: str) -> None:
    assert KEYS.authenticate([Secret(text)], NOW).value_or(None) is None


def test_new_keys_have_32_bytes_and_a_prefix() -> None:
    key = create_key(bytes([255]) * 32)
    assert key.reveal() == KEY_PREFIX + "_" * 42 + "8"
    assert repr(key) == "Secret('***')"
    with pytest.raises(ValueError, match="32 random bytes"):
        create_key(b"short")


def test_models_of_a_key_are_all_that_it_reaches() -> None:
    key = ClientKey(name="ci", models=("fast",))
    assert key.permits("fast") == Success(None)
    error = key.permits("smart").failure()
    assert (error.kind, error.status, error.message) == ("not_found", 404, "model: smart")
    assert key.allowed(["smart", "fast"]) == ("fast",)
    assert ClientKey().permits("any") == Success(None)
    assert ClientKey().allowed(["smart", "fast"]) == ("smart", "fast")


ERRORS: dict[str, tuple[LLMError, dict[str, int]]] = {
    "no key": (KEYS.authenticate([], NOW).failure(), dict.fromkeys(server_dialects, 401)),
    "model": (ClientKey(models=()).permits("m").failure(), dict.fromkeys(server_dialects, 404)),
    "rate": (RateLimited(message="m", retry_after_s=2.0), dict.fromkeys(server_dialects, 429)),
    "budget": (
        BudgetExceeded(message="m"),
        {
            "openai_chat": 429,
            "openai_responses": 429,
            "anthropic_messages": 402,
            "gemini_content": 429,
            "ollama_native": 402,
        },
    ),
}


@pytest.mark.parametrize("dialect", sorted(server_dialects))
@pytest.mark.parametrize("case", sorted(ERRORS))
def test_errors_of_keys_have_the_status_of_each_vendor(case: str, dialect: str) -> None:
    error, statuses = ERRORS[case]
    received = ReceivedRequest(dialect=dialect)
    response = server_dialects[dialect].build_error(error, received)
    assert response.status == statuses[dialect]
    headers = dict(response.headers)
    stops = error.kind == "authentication" or (case == "budget" and response.status == 429)
    assert headers.get("x-should-retry") == ("false" if stops else None)
    assert headers.get("retry-after") == ("2" if case == "rate" else None)

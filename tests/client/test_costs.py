"""The cost of a completion and of a request, as functions."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from llm_pure import ChatRequest, Completion, LLMConfig, Usage, completion_cost, estimate_cost
from llm_pure.client.costs import CostEstimate
from llm_pure.client.price_data import shipped_prices
from llm_pure.pricing.ledger import Cost
from llm_pure.types.errors import InvalidRequest, UnknownPrice
from llm_pure.types.result import Failure, Success

AT = datetime(2026, 11, 1, tzinfo=UTC)
PRICES = {"gpt-4o": {"input": 2, "output": 8}}
CONFIG = LLMConfig(api_type="openai", model="gpt-4o")
ANSWER = Completion(provider="openai", model="gpt-4o", usage=Usage(1_000_000, 500_000))


def test_a_completion_costs_what_its_usage_does_by_the_bundled_prices() -> None:
    cost = completion_cost(ANSWER, at=AT).unwrap()
    assert (cost.source, cost.price) == ("table", "openai:gpt-4o")
    assert cost.total_usd == cost.input_usd + cost.output_usd > 0


def test_prices_of_the_user_come_first() -> None:
    assert completion_cost(ANSWER, prices=PRICES, at=AT) == Success(
        Cost(
            total_usd=Decimal(6),
            input_usd=Decimal(2),
            output_usd=Decimal(4),
            source="user",
            price="user:gpt-4o",
        )
    )


def test_a_completion_that_names_no_model_costs_what_the_requested_one_does() -> None:
    nameless = msgspec.structs.replace(ANSWER, model="", provider="")
    assert isinstance(completion_cost(nameless, at=AT).failure(), UnknownPrice)
    assert completion_cost(nameless, config=CONFIG, at=AT) == completion_cost(ANSWER, at=AT)


def test_a_request_is_estimated_by_its_input_and_the_longest_output() -> None:
    request = ChatRequest(messages="Hello", max_tokens=1_000_000)
    estimate = estimate_cost(request, CONFIG, prices=PRICES, at=AT).unwrap()
    table = shipped_prices()
    assert estimate == CostEstimate(
        input_tokens=8,
        method="overhead rule",
        max_output_tokens=1_000_000,
        input_usd=Decimal(16) / 1_000_000,
        max_output_usd=Decimal(8),
        max_total_usd=Decimal(8) + Decimal(16) / 1_000_000,
        price="user:gpt-4o",
        prices=f"{table.source}, {table.as_of}",
    )


@pytest.mark.parametrize(
    ("request_limit", "argument", "expected"), [(None, None, 16384), (7, None, 7), (7, 3, 3)]
)
def test_the_longest_output_is_the_arguments_the_requests_or_the_models(
    request_limit: int | None, argument: int | None, expected: int
) -> None:
    request = ChatRequest(messages="Hello", max_tokens=request_limit)
    estimate = estimate_cost(request, CONFIG, max_tokens=argument, at=AT).unwrap()
    assert estimate.max_output_tokens == expected


def test_an_estimate_without_a_longest_output_or_a_price_is_an_error() -> None:
    unknown = LLMConfig(api_type="openai", model="of-tomorrow")
    for result in (
        estimate_cost("Hi", unknown, at=AT),
        estimate_cost("Hi", unknown, max_tokens=5, at=AT),
    ):
        assert isinstance(result.failure(), UnknownPrice)


WRONG: list[Any] = [None, 5, "x", b"x", [], {}, object(), True, float("nan")]


@pytest.mark.parametrize("value", WRONG, ids=lambda value: type(value).__name__)
def test_arguments_of_wrong_types_are_errors(value: Any) -> None:
    results = [completion_cost(value), estimate_cost("Hi", value)]
    results += [estimate_cost("Hi", CONFIG, at=value)] if value is not None else []
    results += [completion_cost(ANSWER, prices=value)] if value not in (None, {}) else []
    assert all(isinstance(result, Failure) for result in results)
    assert all(isinstance(result.failure(), InvalidRequest) for result in results)


def test_a_time_needs_a_zone() -> None:
    naive = AT.replace(tzinfo=None)
    assert completion_cost(ANSWER, at=naive).failure().message == "at must have a time zone"

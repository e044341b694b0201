"""Odd counts of a service stay in `raw` and are never counted into money; law 6: the input holds its parts, the output its reasoning."""

import json
import math
import struct
from base64 import b64encode
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec
import pytest

from llm_pure import Completion, Usage
from llm_pure.adapters import registry
from llm_pure.client.price_data import shipped_prices
from llm_pure.pricing.costs import COUNT_LIMIT, PricingContext, cost_of, reported_usd
from llm_pure.types.errors import ProtocolError, UnknownPrice
from llm_pure.types.http import HttpResponse
from llm_pure.types.result import Failure, Success
from tests.support.cassettes import chat_providers, recorded

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)
CONTEXT = PricingContext(api_type="openai")
ODD: tuple[Any, ...] = (
    -1,
    -(10**18),
    10**18,
    2**63,
    2**64,
    True,
    False,
    1.5,
    -0.5,
    1e300,
    "7",
    "x",
    None,
    [],
    {"a": 1},
    10**9,
)
USAGE_KEYS = ("usage", "usageMetadata", "meta", "message")


@cache
def _bodies(name: str) -> tuple[dict[str, Any], ...]:
    """Recorded answers with an object of usage."""
    found = []
    for entry in recorded():
        if (
            entry.provider.name == name
            and entry.operation == "chat"
            and entry.is_answer
            and not entry.streamed
        ):
            body = msgspec.json.decode(entry.interaction.response.body)
            if isinstance(body, dict) and any(key in body for key in USAGE_KEYS):
                found.append(body)
    return tuple(found[:3])


def _counts(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths of the numbers below an object of usage."""
    if isinstance(value, dict):
        return [found for key, inner in value.items() for found in _counts(inner, (*path, key))]
    is_count = isinstance(value, int) and not isinstance(value, bool)
    return (
        [path]
        if is_count and any("sage" in str(step) or "oken" in str(step) for step in path)
        else []
    )


def _with(body: dict[str, Any], path: tuple[Any, ...], value: Any) -> bytes:
    changed = json.loads(json.dumps(body))
    holder = changed
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return json.dumps(changed).encode()


@pytest.mark.parametrize("name", chat_providers())
def test_the_input_holds_its_parts_and_the_output_its_reasoning_whatever_is_reported(
    name: str,
) -> None:
    provider = registry.get(name).unwrap()
    for body in _bodies(name):
        for path in _counts(body):
            for value in ODD:
                parsed = provider.parse_chat(HttpResponse(200, (), _with(body, path, value)))
                if isinstance(parsed, Success):
                    _check(parsed.unwrap().usage, (path, value))


def test_most_providers_have_recorded_usage() -> None:
    assert sum(bool(_bodies(name)) for name in chat_providers()) > 30


def _check(usage: Usage, about: object) -> None:
    counts = [getattr(usage, name) for name in usage.__struct_fields__ if name.endswith("_tokens")]
    assert all(count is None or (type(count) is int and count >= 0) for count in counts), about
    if usage.input_tokens is not None:
        parts = (usage.cached_input_tokens or 0) + (usage.cache_write_tokens or 0)
        assert usage.input_tokens >= parts, (about, usage)
    if usage.output_tokens is not None:
        assert usage.output_tokens >= (usage.reasoning_tokens or 0), (about, usage)


def _cost(usage: Usage) -> Decimal | UnknownPrice:
    result = cost_of(shipped_prices(), CONTEXT, Completion(model="gpt-4o", usage=usage), NOON)
    return result.unwrap().total_usd if isinstance(result, Success) else result.failure()  # type: ignore[return-value]


def test_counts_that_no_call_can_have_are_not_priced() -> None:
    for count in (-1, 10**18, COUNT_LIMIT + 1):
        assert isinstance(_cost(Usage(count, 1)), UnknownPrice)
        assert isinstance(_cost(Usage(1, count)), UnknownPrice)
    assert _cost(Usage(1_000_000, 0)) == Decimal("2.5")


def test_a_part_costs_at_most_as_much_as_its_whole() -> None:
    whole = _cost(Usage(1_000, 0, cached_input_tokens=1_000))
    assert whole == Decimal("0.00125")
    assert _cost(Usage(1_000, 0, cached_input_tokens=10**18)) == whole
    assert _cost(Usage(1_000, 0, cached_input_tokens=1_000, cache_write_tokens=10**9)) == whole
    assert _cost(Usage(1_000, 10, reasoning_tokens=10**18)) == _cost(Usage(1_000, 10))


@pytest.mark.parametrize(
    "value", [-1, -0.5, 1e12, 10**18, math.inf, -math.inf, math.nan, True, "1", None]
)
def test_a_reported_cost_that_no_call_can_have_is_not_believed(value: Any) -> None:
    assert reported_usd(shipped_prices(), "openrouter", Usage(1, 1, raw={"cost": value})) is None
    assert reported_usd(shipped_prices(), "openrouter", Usage(1, 1, raw={"cost": 0.25})) == Decimal(
        "0.25"
    )


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_vector_with_nan_or_infinity_is_a_protocol_error(number: float) -> None:
    for vector in ([number], [1.0, number, -2.0], [number, -number]):
        data = b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
        body = json.dumps({"data": [{"index": 0, "embedding": data}], "model": "m"}).encode()
        embed = registry.get("openai").unwrap().embed
        assert embed is not None
        error = embed.parse(HttpResponse(200, (), body)).failure()
        assert isinstance(error, ProtocolError)
        assert error.message == "an embedding holds NaN or infinity"


def test_a_vector_of_the_largest_numbers_is_a_vector() -> None:
    body = b'{"data": [{"index": 0, "embedding": [1.7e308, 1.7e308, -1.0]}], "model": "m"}'
    embed = registry.get("openai").unwrap().embed
    assert embed is not None
    result = embed.parse(HttpResponse(200, (), body))
    assert not isinstance(result, Failure)
    assert result.unwrap().vectors == ((1.7e308, 1.7e308, -1.0),)

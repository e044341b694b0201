"""Odd values in requests and configurations: numbers that Python does not print, halves of surrogate pairs, other types.

For every provider and every field, building, counting and signing give a Result, which `repr` shows.
"""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from llm_pure import ChatRequest, HttpRequest, LLMConfig, Tool, user
from llm_pure.adapters import registry
from llm_pure.schema.references import resolve_ref
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.rejection import returns_failure
from llm_pure.types.request import SchemaFormat
from llm_pure.types.result import Failure, Success
from tests.support.cassettes import chat_providers, config_for

HALF = "\ud800"
HUGE = 10**5000
"""Python refuses to print it, and no reader of JSON takes it."""

VALUES: tuple[Any, ...] = (
    HUGE, -HUGE, 10**400, float("nan"), float("-inf"), HALF, b"x", {HALF: HALF}, [HUGE], object(),
)  # fmt: skip
FIELDS = [field for field in ChatRequest.__struct_fields__ if field != "messages"]
NOW = datetime(2026, 11, 29, tzinfo=UTC)


def build_and_sign(provider: str, config: LLMConfig, request: ChatRequest) -> list[Any]:
    speaker = registry.get(provider).unwrap()
    results: list[Any] = [speaker.build_chat(config, request)]
    if speaker.count_tokens is not None:
        results.append(speaker.count_tokens.build(config, request))
    if isinstance(results[0], Success):
        results.append(speaker.authorize(config, results[0].unwrap().request, NOW))
    assert all(isinstance(result, Success | Failure) for result in results)
    assert all(map(repr, results))
    return results


@pytest.mark.parametrize("provider", chat_providers())
def test_an_odd_value_of_a_field_is_a_result(provider: str) -> None:
    config = config_for(provider)
    for field in FIELDS:
        for value in VALUES:
            request = ChatRequest(messages=(user("hi"),), **{field: value})
            if isinstance(value, dict) and field in ("metadata", "extra"):
                request = msgspec.structs.replace(request, **{field: {"a": HALF}})
            build_and_sign(provider, config, request)


SETTINGS: tuple[dict[str, Any], ...] = (
    {"model": HALF}, {"api_key": f"k{HALF}"}, {"api_key": "€" * 20}, {"base_url": f"http://a.test/{HALF}"}, {"headers": (("x-a", HALF),)},
    {"headers": (("x-a", "€"),)}, {"project": HALF, "location": "us"}, {"region_name": HALF}, {"api_version": HALF}, {"temperature": HUGE},
    {"max_token": HUGE}, {"access_key": HALF, "secret_key": HALF, "session_token": HALF}, {"app_id": HALF, "api_secret": HALF, "domain": HALF},
)  # fmt: skip


@pytest.mark.parametrize("provider", chat_providers())
def test_an_odd_setting_is_a_result(provider: str) -> None:
    for settings in SETTINGS:
        config = msgspec.structs.replace(config_for(provider), **settings)
        build_and_sign(provider, config, ChatRequest(messages=(user("hi"),)))


def _object(**field: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"a": field}}


SCHEMAS: tuple[dict[str, Any], ...] = (
    _object(type="integer", minimum=HUGE, exclusiveMaximum=10**400),
    _object(type="integer", exclusiveMinimum=10**400, maximum=-HUGE),
    _object(type="number", exclusiveMinimum=float("inf"), multipleOf=float("nan")),
    _object(enum=[HUGE, HALF, float("nan")]), _object(const=HUGE, default=HUGE), _object(minLength=HUGE, maxItems=10**400),
    {"$ref": f"#/anyOf/{'1' * 5000}", "anyOf": [{}]}, {"type": "object", "properties": {HALF: {"description": HALF}}, "required": [HALF]},
)  # fmt: skip


@pytest.mark.parametrize("provider", chat_providers())
def test_an_odd_schema_is_a_result(provider: str) -> None:
    config = config_for(provider)
    for schema in SCHEMAS:
        tool = Tool(name="t", description="d", parameters=schema)
        build_and_sign(provider, config, ChatRequest(messages=(user("hi"),), tools=(tool,)))
        answer = SchemaFormat(name="n", schema=schema)
        build_and_sign(
            provider, config, ChatRequest(messages=(user("hi"),), response_format=answer)
        )


def test_what_is_wrong_is_in_the_message() -> None:
    config = config_for("openai")
    speaker = registry.get("openai").unwrap()

    def message(**fields: Any) -> str:
        return (
            speaker.build_chat(config, ChatRequest(messages=(user("hi"),), **fields))
            .failure()
            .message
        )

    assert message(seed=HUGE) == "seed=an integer of 16610 bits is not valid JSON"
    assert message(temperature=float("inf")) == "temperature=inf is not valid JSON"
    assert message(model=HUGE) == "model must be a string, not an integer of 16610 bits"
    query = speaker.build_chat(
        config, ChatRequest(messages=(user("hi"),), query={"a": HALF})
    ).failure()
    assert query == InvalidRequest(message="a text has '\\ud800', which utf-8 cannot encode")


def test_a_text_that_cannot_be_encoded_is_an_error_of_the_request() -> None:
    @returns_failure
    def encode(request: HttpRequest) -> bytes:
        return request.url.encode("latin-1")

    failed = encode(HttpRequest("GET", "http://a.test/€")).failure()
    assert failed == InvalidRequest(message="a text has '\\u20ac', which latin-1 cannot encode")


def test_a_reference_to_an_index_that_no_list_has_leads_nowhere() -> None:
    schema: dict[str, Any] = {"anyOf": [{"type": "string"}]}
    assert resolve_ref(schema, f"#/anyOf/{'1' * 5000}") is None
    assert resolve_ref(schema, "#/anyOf/0") == {"type": "string"}

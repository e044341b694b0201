"""Odd values in requests and configurations: numbers that Python does not print, halves of surrogate pairs, other types.

For every provider and every field, building, counting and signing give a Result, which `repr` shows.
"""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from llm_pure import ChatRequest, HttpRequest, LLMConfig, Tool, user
from llm_pure.adapters import registry
from llm_pure.core.request_fields import OPERATION_CHECKS
from llm_pure.schema.references import resolve_ref
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.operations import (
    EmbedRequest,
    ImageRequest,
    ListModelsRequest,
    ModerationRequest,
    SpeechRequest,
    TranscriptionRequest,
)
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


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


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
            build_and_sign(provider, config, request)
        if field in ("metadata", "extra"):
            for inner in (HALF, HUGE, nested(5_000)):
                fields: dict[str, Any] = {field: {"a": inner}}
                request = ChatRequest(messages=(user("hi"),), **fields)
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


GOOD: dict[str, dict[type[Any], dict[str, Any]]] = {
    "embed": {EmbedRequest: {"input": "hi"}},
    "images": {ImageRequest: {"prompt": "a cat"}},
    "speech": {SpeechRequest: {"input": "hi"}},
    "transcribe": {TranscriptionRequest: {"audio": b"RIFF"}},
    "moderate": {ModerationRequest: {"input": ("hi",)}},
    "models": {ListModelsRequest: {}},
}
"""Operation -> its request -> fields that are right."""


@pytest.mark.parametrize("provider", registry.names())
def test_an_odd_value_of_another_operation_is_a_result(provider: str) -> None:
    speaker = registry.get(provider).unwrap()
    config = config_for(provider)
    for operation, requests in GOOD.items():
        bound = getattr(speaker, operation)
        if bound is None:
            continue
        for kind, fields in requests.items():
            for field in kind.__struct_fields__:
                for value in (*VALUES, None, 5, True, ("a", b"b")):
                    built = bound.build(config, kind(**{**fields, field: value}))
                    assert isinstance(built, Success | Failure)
                    assert repr(built)
                    if type(value) is object:
                        assert built.failure().param == field


def test_every_field_of_the_other_operations_has_a_check() -> None:
    kinds = {kind for requests in GOOD.values() for kind in requests}
    assert set(OPERATION_CHECKS) == kinds
    for kind, checks in OPERATION_CHECKS.items():
        assert set(checks) == {field.name for field in msgspec.structs.fields(kind)}


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (EmbedRequest(input="a", dimensions=True), "dimensions must be an integer of at least 1, not True"),
        (EmbedRequest(input=5), "input must be a string or a sequence of strings, not 5"),  # type: ignore[arg-type]
        (EmbedRequest(input="a", extra=b"x"), "extra must be a mapping with string keys, not bytes"),  # type: ignore[arg-type]
        (EmbedRequest(input="a", model=None), "model must be a string, not NoneType"),  # type: ignore[arg-type]
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_an_error_with_its_field(
    request_: EmbedRequest, message: str
) -> None:
    embed = registry.get("openai").unwrap().embed
    assert embed is not None
    failed = embed.build(config_for("openai"), request_).failure()
    assert failed == InvalidRequest(message=message, param=message.split()[0], provider="openai")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), HUGE], ids=["nan", "inf", "huge"])
def test_numbers_that_json_does_not_have_are_errors(value: Any) -> None:
    speaker, config = registry.get("openai").unwrap(), config_for("openai")
    assert speaker.speech is not None
    slow = speaker.speech.build(config, SpeechRequest(input="hi", speed=value)).failure()
    assert slow.message.startswith("speed must be a number above 0, not ")
    chat = ChatRequest(messages=(user("hi"),), logit_bias={"5": value})
    biased = speaker.build_chat(config, chat).failure()
    assert biased.message == "logit_bias must be a mapping of token ids to numbers, not dict"


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

"""No method of a client raises, whatever Hypothesis makes of its documented types and their near misses: all is a Result.

`ANY_INPUT=300 pytest tests/client/test_any_input.py` tries 300 inputs for each method.
"""

import inspect
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any, Literal, NamedTuple, TypedDict, TypeVar

import anyio
import msgspec
import pydantic
import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import strategies as st

from llm_pure import (
    LLM,
    Audio,
    ChatRequest,
    Completion,
    Document,
    EmbedRequest,
    Image,
    JsonFormat,
    LLMConfig,
    Message,
    NamedToolChoice,
    Opaque,
    Reasoning,
    ReasoningRequest,
    Refusal,
    SchemaFormat,
    Secret,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    Video,
    completion_cost,
    estimate_cost,
)
from llm_pure.client.budgets import Budget
from llm_pure.client.transport_manager import NAMES as TRANSPORTS
from llm_pure.policy.rate_limit import RateLimit
from llm_pure.policy.retry import NO_RETRY, RetryPolicy
from llm_pure.settings.config_file import CompressSettings
from llm_pure.transports.base import TransportSettings
from llm_pure.transports.scripted import ScriptedResponse, ScriptedTransport
from llm_pure.types.operations import (
    ImageRequest,
    ModerationRequest,
    SpeechRequest,
    TranscriptionRequest,
)
from llm_pure.types.result import Failure, Success
from tests.support.laws import examples

JSON = (("content-type", "application/json"),)
SSE = (("content-type", "text/event-stream"),)
ANSWERS = (
    ScriptedResponse(status=400, headers=JSON, chunks=(b'{"error":{"message":"no"}}',)),
    ScriptedResponse(
        headers=JSON,
        chunks=(
            b'{"id":"c","choices":[{"message":{"content":"{\\"value\\": 1}"},"finish_reason":"stop"}]}',
        ),
    ),
    ScriptedResponse(
        headers=SSE,
        chunks=(
            b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"length"}]}\n\n',
            b"data: [DONE]\n\n",
        ),
    ),
    ScriptedResponse(headers=JSON, chunks=(b'{"data":[{"embedding":[1.0],"index":0}]}',)),
    ScriptedResponse(headers=JSON, chunks=(b"[]",)),
    ScriptedResponse(headers=JSON, chunks=(b"\xff",)),
)


# what people pass


def generated(items: list[Any]) -> Iterator[Any]:
    yield from items


class Plain:
    """An object of a class that nobody knows."""


class Odd(msgspec.Struct):
    """A type whose schema is odd."""

    a: "Odd | None" = None
    b: set[int] = set()
    c: dict[int, bytes] = {}


class Model(pydantic.BaseModel):
    a: int = 0


class Pair(NamedTuple):
    a: int


class Fields(TypedDict, total=False):
    a: int


TEXTS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["", " ", "\0", "\ud800", "a\udfffb", "𝕏" * 3, "user", "hi", "x" * 5000, "-", "../..", "~"]
    ),
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.sampled_from([10**400, -(10**400), 0, -1]),
    st.floats(), TEXTS, st.binary(max_size=12),
    st.sampled_from([
        Decimal("NaN"), Fraction(1, 3), 1j, ..., datetime(2026, 1, 1, tzinfo=UTC), Plain(), Plain, int,
        Path("no\0file"), Path("/"), PurePosixPath("x"), Secret("k"), bytearray(b"x"), memoryview(b"x"), range(3),
    ]),
)  # fmt: skip
KEYS = st.one_of(
    st.sampled_from(["role", "content", "type", "text", "name", "tool_calls", "image_url", "parts", "id", "function", "input"]),
    SCALARS.filter(lambda value: value.__hash__ is not None),
)  # fmt: skip
ROLES = st.sampled_from(["user", "assistant", "system", "tool", "developer", "nobody", 5, None])


def nested(leaves: Any) -> Any:
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.lists(inner, max_size=3).map(tuple),
            st.lists(inner, max_size=2).map(generated),
            st.dictionaries(KEYS, inner, max_size=3),
            st.builds(lambda value: {"role": "user", "content": value}, inner),
        ),
        max_leaves=5,
    )


WILD = nested(SCALARS)


def struct(kind: type[Any]) -> Any:
    """The struct with some fields set to anything."""
    defaults = len(kind.__struct_defaults__)
    needed: dict[str, Any] = {}
    optional = sorted(kind.__struct_fields__)
    if defaults < len(optional):
        fields = msgspec.structs.fields(kind)
        needed = {field.name: WILD for field in fields if field.required}
        optional = sorted(field.name for field in fields if not field.required)

    def build(needed_values: dict[str, Any], others: dict[str, Any]) -> Any:
        try:
            return kind(**needed_values, **others)
        except (TypeError, ValueError, AttributeError):  # its own constructor may reject values
            return None

    others = (
        st.dictionaries(st.sampled_from(optional), WILD, max_size=3) if optional else st.just({})
    )
    return st.builds(build, st.fixed_dictionaries(needed), others)


PARTS = st.one_of(*[
    struct(kind)
    for kind in (Text, Image, Audio, Video, Document, Reasoning, Refusal, ToolCall, ToolResult, Opaque)
])  # fmt: skip
MESSAGES = st.one_of(
    TEXTS,
    st.builds(Message, ROLES, st.lists(st.one_of(PARTS, SCALARS), max_size=3).map(tuple)),
    st.builds(lambda role, content: {"role": role, "content": content}, ROLES, WILD),
    struct(Message),
)
TOOLS = st.one_of(
    struct(Tool),
    struct(NamedToolChoice),
    struct(SchemaFormat),
    struct(ReasoningRequest),
    st.just(JsonFormat()),
)
INPUT = st.one_of(
    MESSAGES, st.lists(MESSAGES, max_size=3), WILD, st.lists(MESSAGES, max_size=2).map(generated)
)


def request(kind: type[Any]) -> Any:
    fields = {
        field.name: st.one_of(WILD, INPUT, TOOLS, st.lists(TOOLS, max_size=2).map(tuple))
        for field in msgspec.structs.fields(kind)
    }
    needed = {
        name: fields.pop(name)
        for name in [field.name for field in msgspec.structs.fields(kind) if field.required]
    }
    if "messages" in needed:
        needed["messages"] = st.one_of(st.just("hi"), INPUT)
    optional = st.dictionaries(st.sampled_from(sorted(fields)), st.none(), max_size=4).flatmap(
        lambda names: st.fixed_dictionaries({name: fields[name] for name in names})
    )
    return st.builds(lambda a, b: kind(**a, **b), st.fixed_dictionaries(needed), optional)


SCHEMAS = st.one_of(
    st.dictionaries(
        st.sampled_from(["type", "properties", "items", "anyOf", "enum", "$ref", "$defs", "required", "title", "const"]),
        st.one_of(
            st.sampled_from(["object", "integer", "#", "#/$defs/a", "nothing", "array"]), WILD,
            st.just({"a": {"$ref": "#"}}), st.just([{"$ref": "#/$defs/x"}]),
        ),
        max_size=4,
    ),
    WILD,
)  # fmt: skip
NOWHERE: Any = list.__class_getitem__("Nowhere")
"""list["Nowhere"], which checkers do not accept."""

KINDS = st.one_of(
    st.sampled_from([
        int, str, bytes, list[int], dict[str, int], int | None, int | str, Any, None, type(None), Literal["a", 1], Odd, Model,
        Pair, Fields, object, Plain, type, TypeVar("T"), tuple[int, ...], set, frozenset[str], float, Decimal, datetime, Path,
        "int", "Nowhere", NOWHERE, complex, Iterator[int], Mapping[int, int], bool, Message, ChatRequest,
    ]),
    SCHEMAS,
)  # fmt: skip

SOMETIMES = {
    "message": INPUT,
    "messages": st.one_of(INPUT, st.lists(INPUT, max_size=3)),
    "format_msgs": INPUT,
    "kind": KINDS,
    "images": st.one_of(WILD, st.lists(st.one_of(PARTS, SCALARS), max_size=3)),
    "timeout_s": st.one_of(st.none(), st.just(5), WILD),
    "max_concurrency": st.one_of(st.integers(-3, 5), WILD),
    "source": st.one_of(TEXTS.map(Path), WILD),
}
REQUESTS: dict[str, Any] = {
    "embed": request(EmbedRequest),
    "gen_image": request(ImageRequest),
    "text_to_speech": request(SpeechRequest),
    "stream_speech": request(SpeechRequest),
    "speech_to_text": request(TranscriptionRequest),
    "moderation": request(ModerationRequest),
}
"""Method without the "a" of its twin -> the request that it takes; the others take a ChatRequest."""

NOT_CALLS = {"from_config", "account", "config", "get_costs"}
METHODS = sorted(
    name
    for name, member in inspect.getmembers(LLM, inspect.isfunction)
    if not name.startswith("_") and name not in NOT_CALLS
)
BASES = {f"a{name}": name for name in METHODS}


def arguments_of(name: str) -> Any:
    """Some of the arguments of a method, all of them wild."""
    base = BASES.get(name, name)
    parameters = inspect.signature(getattr(LLM, name)).parameters
    needed: dict[str, Any] = {}
    optional: dict[str, Any] = {}
    for parameter in list(parameters.values())[1:]:
        values = SOMETIMES.get(parameter.name, WILD)
        if parameter.name == "request":
            values = st.one_of(REQUESTS.get(base, request(ChatRequest)), INPUT, WILD)
        if parameter.name.startswith("on_"):  # what a function raises is its caller's
            values = WILD.filter(lambda value: not callable(value))
        (needed if parameter.default is parameter.empty else optional)[parameter.name] = values
    some = (
        st.lists(st.sampled_from(sorted(optional)), max_size=2, unique=True)
        if optional
        else st.just([])
    )
    return some.flatmap(
        lambda names: st.fixed_dictionaries({**needed, **{name: optional[name] for name in names}})
    )


def client(answer: ScriptedResponse, config: LLMConfig | None = None) -> LLM:
    config = config or LLMConfig(
        api_key="k" * 24, model="gpt-4o", base_url="https://e.test/v1", timeout=5
    )
    return LLM(config, ScriptedTransport(lambda request: answer), retry=NO_RETRY)


def run(llm: LLM, name: str, arguments: dict[str, Any]) -> Any:
    """The result of a method; of a stream, the result after its last event."""
    result = getattr(llm, name)(**arguments)
    if hasattr(result, "__next__"):
        with result:
            for _ in result:
                pass
            return result.result()
    if not inspect.isawaitable(result) and not hasattr(result, "__anext__"):
        return result

    async def main() -> Any:
        if inspect.isawaitable(result):
            return await result
        async with result:
            async for _ in result:
                pass
            return result.result()

    return anyio.run(main)


def is_result(value: Any) -> bool:
    return isinstance(value, Success | Failure)


quickly = examples(
    25,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
    ],
)


@pytest.mark.hypothesis
@pytest.mark.parametrize("name", METHODS)
def test_a_method_gives_a_result_for_any_arguments(name: str) -> None:
    @quickly
    @given(arguments_of(name), st.sampled_from(ANSWERS))
    def check(arguments: dict[str, Any], answer: ScriptedResponse) -> None:
        result = run(client(answer), name, arguments)
        assert all(map(is_result, result if isinstance(result, tuple) else (result,)))

    check()


@pytest.mark.hypothesis
@pytest.mark.parametrize(
    "name", ["completion", "stream", "embed", "count_tokens", "warmup", "ask", "aask"]
)
def test_a_client_of_any_configuration_gives_results(name: str) -> None:
    right = {
        "completion": "request",
        "stream": "request",
        "embed": "request",
        "count_tokens": "request",
        "ask": "message",
        "aask": "message",
    }

    @quickly
    @given(struct(LLMConfig), st.sampled_from(ANSWERS))
    def check(config: LLMConfig | None, answer: ScriptedResponse) -> None:
        arguments = {right[name]: "hi"} if name in right else {}
        assert is_result(run(client(answer, config), name, arguments))

    check()


OPTIONS = [name for name in inspect.signature(LLM).parameters if name != "transport"]


OPTION_TYPES: dict[str, type[Any]] = {
    "retry": RetryPolicy,
    "settings": TransportSettings,
    "limit": RateLimit,
    "compress": CompressSettings,
    "budget": Budget,
}


@pytest.mark.hypothesis
@pytest.mark.parametrize("name", OPTIONS)
def test_a_client_of_any_options_gives_results(name: str) -> None:
    values = st.one_of(WILD, struct(OPTION_TYPES[name])) if name in OPTION_TYPES else WILD

    @quickly
    @given(values, st.sampled_from(ANSWERS))
    def check(value: Any, answer: ScriptedResponse) -> None:
        config = LLMConfig(api_key="k" * 24, model="gpt-4o", timeout=5)
        options: dict[str, Any] = {"config": config, "retry": NO_RETRY, name: value}
        llm = LLM(transport=ScriptedTransport(lambda request: answer), **options)
        assert is_result(llm.ask("hi"))

    check()


@quickly
@given(WILD.filter(lambda value: not isinstance(value, str) or value not in TRANSPORTS))
def test_a_client_of_any_transport_gives_results(transport: Any) -> None:
    config = LLMConfig(api_key="k" * 24, model="gpt-4o", timeout=5)
    assert is_result(LLM(config, transport, retry=NO_RETRY).ask("hi"))


@quickly
@given(st.fixed_dictionaries({"model": WILD, "source": SOMETIMES["source"]}))
def test_a_client_from_any_source_is_a_result(arguments: dict[str, Any]) -> None:
    assert is_result(LLM.from_config(**arguments))


def test_every_method_is_called() -> None:
    assert {
        "ask",
        "aask_typed",
        "astream",
        "embed",
        "list_models",
        "warmup",
        "compress_request",
    } <= set(METHODS)


@quickly
@given(
    st.one_of(request(ChatRequest), INPUT, WILD),
    st.one_of(struct(LLMConfig), st.just(LLMConfig(model="gpt-4o")), WILD),
    st.dictionaries(st.sampled_from(["max_tokens", "prices", "at"]), WILD, max_size=2),
)
def test_an_estimate_of_any_request_is_a_result(
    value: Any, config: Any, options: dict[str, Any]
) -> None:
    assert is_result(estimate_cost(value, config, **options))


@quickly
@given(
    st.one_of(struct(Completion), WILD),
    st.dictionaries(st.sampled_from(["config", "prices", "at"]), WILD, max_size=2),
)
def test_the_cost_of_any_completion_is_a_result(value: Any, options: dict[str, Any]) -> None:
    assert is_result(completion_cost(value, **options))

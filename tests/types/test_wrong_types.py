"""A wrong type in an argument is told from a bug by the annotations."""

from typing import Any

import pytest

from llm_pure import (
    ChatRequest,
    Image,
    LLMConfig,
    Message,
    ReasoningRequest,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    user,
)
from llm_pure.types.errors import InvalidConfiguration, InvalidRequest
from llm_pure.types.http import HttpResponse
from llm_pure.types.operations import EmbedRequest
from llm_pure.types.rejection import returns_failure
from llm_pure.types.wrong_types import wrong_type_error

WRONG: list[tuple[Any, str, str]] = [
    (Message(["user"], ()), "role", "list"),  # type: ignore[arg-type]
    (Message("nobody", ()), "role", "str"),  # type: ignore[arg-type]
    (Message("user", [Text("a")]), "parts", "list"),  # type: ignore[arg-type]
    (Message("user", ("a",)), "parts/0", "str"),  # type: ignore[arg-type]
    (Message("user", (Text(5),)), "parts/0/text", "int"),  # type: ignore[arg-type]
    (user("a", Image(data="b")), "parts/1/data", "str"),  # type: ignore[arg-type]
    (Message("assistant", (ToolCall("c", "f", {}),)), "parts/0/arguments", "dict"),  # type: ignore[arg-type]
    (Message("tool", (ToolResult(tool_call_id=None),)), "parts/0/tool_call_id", "NoneType"),  # type: ignore[arg-type]
    (ChatRequest(messages=[user("a"), Message("user", 5)]), "messages/1/parts", "int"),  # type: ignore[arg-type]
    (ChatRequest(messages="a", max_tokens=True), "max_tokens", "bool"),
    (ChatRequest(messages="a", temperature="hot"), "temperature", "str"),  # type: ignore[arg-type]
    (ChatRequest(messages="a", tools=(Tool(name=5),)), "tools/0/name", "int"),  # type: ignore[arg-type]
    (EmbedRequest(input=("a", 5)), "input/1", "int"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("value", "path", "kind"), WRONG, ids=lambda value: str(value)[:50])
def test_the_first_value_of_a_wrong_type_is_named_by_its_path(
    value: Any, path: str, kind: str
) -> None:
    error = wrong_type_error("other", value)
    assert isinstance(error, InvalidRequest)
    assert error.param == path
    assert error.message.startswith(f"{path} must be ")
    assert error.message.endswith(f"not {kind}")


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"timeout": "x"}, "timeout"),
        ({"headers": ((1, 2),)}, "headers"),
        ({"stop": (5,)}, "stop"),
        ({"model": []}, "model"),
    ],
)
def test_of_a_configuration_it_is_an_error_of_the_configuration(
    fields: dict[str, Any], name: str
) -> None:
    for values in ((LLMConfig(**fields),), ((LLMConfig(), LLMConfig(**fields)),)):
        error = wrong_type_error(*values)
        assert isinstance(error, InvalidConfiguration)
        assert error.field == name


RIGHT: list[Any] = [
    LLMConfig(api_key="k", timeout=5, stop=("a",), headers=(("a", "b"),), temperature=1),
    ChatRequest(
        messages=[{"role": "user", "content": object()}, "a", user(Text("a"), Image(url="u"))],
        tools=(Tool(name="f", parameters={"type": object()}),),
        reasoning=ReasoningRequest(budget_tokens=5),
        temperature=1,
        stop=("a",),
        extra={"x": {1: 2}},
    ),
    HttpResponse("200", {}, ""),  # type: ignore[arg-type]
    object(), None, [1, {"a": object()}],
]  # fmt: skip


@pytest.mark.parametrize("value", RIGHT, ids=lambda value: type(value).__name__)
def test_values_of_the_annotated_types_have_no_error(value: Any) -> None:
    assert wrong_type_error(value) is None


def test_at_a_seam_a_bug_passes_and_a_wrong_argument_does_not() -> None:
    @returns_failure
    def length(message: Message) -> int:
        return len(message.parts) // 0

    assert isinstance(length(Message("user", None)).failure(), InvalidRequest)  # type: ignore[arg-type]
    with pytest.raises(ZeroDivisionError):
        length(user("a"))


def test_a_cycle_ends() -> None:
    cycle: list[Any] = []
    cycle.append(cycle)
    assert wrong_type_error(cycle) is None
    assert wrong_type_error(ChatRequest(messages="a", extra={"x": cycle})) is None


def test_a_message_names_types_without_their_modules() -> None:
    error = wrong_type_error(LLMConfig(api_key=b"x"))  # type: ignore[arg-type]
    assert error is not None
    assert error.message == "api_key must be Secret | str | None, not bytes"

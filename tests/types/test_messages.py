"""Messages and their parts."""

from typing import Any, get_args

import msgspec
import pytest

from llm_pure import (
    Audio,
    CacheMark,
    Document,
    Image,
    Message,
    Opaque,
    Part,
    ProviderMetadata,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Video,
    assistant,
    system,
    tool_result,
    user,
)

ALL: tuple[Part, ...] = (
    Text("t", ProviderMetadata("p", '{"a":1}')),
    Image(data=b"\x00\xff", media_type="image/png", detail="low"),
    Audio(url="https://x", transcript="hi"),
    Document(file_id="f", name="a.pdf", cache=CacheMark("1h")),
    Video(url="https://x/y.mp4"),
    Reasoning("r", "sig"),
    ToolCall("1", "f", '{"a": 1}'),
    ToolResult(tool_call_id="1", content=(Text("x"), Opaque("p", "k", "{}")), is_error=True),
    Refusal("no"),
    Opaque("p", "k", '{"b": 2}'),
)


def test_the_makers_put_strings_and_parts_in_order() -> None:
    picture = Image(url="https://x")
    assert system("a", "b") == Message("system", (Text("a"), Text("b")))
    assert user("a", picture, name="bob") == Message("user", (Text("a"), picture), "bob")
    assert assistant("a", ToolCall("1", "f")) == Message(
        "assistant", (Text("a"), ToolCall("1", "f"))
    )
    assert tool_result("1", "a", picture, name="f", is_error=True) == Message(
        "tool",
        (ToolResult(tool_call_id="1", content=(Text("a"), picture), name="f", is_error=True),),
    )
    assert user() == Message("user")


def test_a_message_tells_its_parts_by_kind() -> None:
    message = assistant(
        Reasoning("r"), "a", Refusal("n"), ToolCall("1", "f"), "b", Reasoning("s"), Refusal("o")
    )
    assert (message.text, message.reasoning, message.refusal) == ("ab", "rs", "no")
    assert message.tool_calls == (ToolCall("1", "f"),)
    nothing = Message("assistant")
    assert (nothing.text, nothing.reasoning, nothing.refusal, nothing.tool_calls) == (
        "",
        "",
        "",
        (),
    )


@pytest.mark.parametrize("part", ALL, ids=lambda part: type(part).__name__)
def test_a_part_is_a_value(part: Any) -> None:
    assert part == msgspec.structs.replace(part)
    assert hash(part) == hash(msgspec.structs.replace(part))
    with pytest.raises(AttributeError):
        part.provider_metadata = None


def test_every_kind_of_part_survives_json() -> None:
    assert {type(part) for part in ALL} == set(get_args(Part))
    message = Message("assistant", ALL, "bob")
    data = msgspec.json.encode(message)
    assert msgspec.json.decode(data, type=Message) == message

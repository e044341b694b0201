"""Parse message input: strings, Message values, {"role", "content"} mappings, and lists of these.

Mappings of more than a role and a text are read by `mapping_input`.
"""

from collections.abc import Iterable, Mapping

from llm_pure.types.errors import InvalidRequest
from llm_pure.types.messages import (
    Message,
    Opaque,
    Reasoning,
    Refusal,
    Role,
    Text,
    ToolCall,
    ToolResult,
    user,
)
from llm_pure.types.rejection import Rejected, returns_failure
from llm_pure.types.request import MessagesInput
from llm_pure.types.result import is_series, type_name

_PLAIN_ROLES: Mapping[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "model": "assistant",
}
"""Roles of messages that may be a text alone."""


def read_messages(messages: MessagesInput) -> tuple[Message, ...]:
    """Return the messages, in order. Raises Rejected with InvalidRequest."""
    turns: Iterable[object]
    if type(messages) is tuple or type(messages) is list:
        turns = messages
    elif isinstance(messages, str | Message | Mapping):
        turns = (messages,)
    elif is_series(messages):
        turns = messages
    else:
        kinds = "a string, a message or a list"
        message = f"messages must be {kinds}, not {type_name(messages)}"
        raise Rejected(InvalidRequest(message=message, param="messages"))
    parsed: list[Message] = []
    for turn in turns:
        if type(turn) is dict and len(turn) == 2:  # a text and its role: nearly every mapping
            role, content = turn.get("role"), turn.get("content")
            plain = _PLAIN_ROLES.get(role) if type(role) is str else None
            if plain is not None and type(content) is str and content:
                parsed.append(Message(plain, (Text(content),)))
                continue
        if isinstance(turn, Message):
            parsed.append(turn)
        elif isinstance(turn, str):
            parsed.append(user(turn))
        else:
            from llm_pure.chat.mapping_input import read_mapping  # imported late: start-up

            parsed.append(read_mapping(turn, f"messages/{len(parsed)}"))
    if not parsed:
        raise Rejected(InvalidRequest(message="no messages to send", param="messages"))
    return tuple(parsed)


NO_MEDIA = frozenset({Text, Reasoning, ToolCall, ToolResult, Refusal, Opaque})
"""Types of parts that are no media."""


def part_types(messages: tuple[Message, ...]) -> set[type]:
    """Return the types of all parts, also of those in tool results.

    >>> from llm_pure.types.messages import Image, tool_result
    >>> {kind.__name__ for kind in part_types((tool_result("call_1", Image(url="https://example.org/cat.png")),))} == {"ToolResult", "Image"}
    True
    """
    kinds: set[type] = {type(part) for message in messages for part in message.parts}
    if ToolResult in kinds:
        kinds |= {
            type(item)
            for message in messages
            for part in message.parts
            if type(part) is ToolResult
            for item in part.content
        }
    return kinds


@returns_failure
def parse_messages(messages: MessagesInput) -> tuple[Message, ...]:
    """Return the messages, in order. Fails with InvalidRequest.

    >>> parse_messages(["Hi", {"role": "assistant", "content": "Hello"}]).unwrap()[1].text
    'Hello'
    """
    return read_messages(messages)

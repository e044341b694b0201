"""What a tool returns or raises -> the ToolResult that the model reads."""

from collections.abc import Mapping
from typing import Any

import msgspec

from llm_pure.framing.json_codec import ENCODE_ERRORS
from llm_pure.types.completion import Completion
from llm_pure.types.errors import LLMError, describe
from llm_pure.types.messages import (
    Audio,
    Document,
    Image,
    Message,
    Opaque,
    Text,
    ToolCall,
    ToolResult,
    ToolResultContent,
    Video,
)
from llm_pure.types.redact import redact
from llm_pure.types.result import Failure, Success
from llm_pure.types.tool_run import ToolRun

ERROR_LIMIT = 2_000
"""Maximum characters of an error in a result."""

_PARTS = (Text, Image, Audio, Document, Video, Opaque)


def value_result(call: ToolCall, value: object) -> ToolResult:
    """Return the result with what a tool returned.

    A string is the text, and so is that of a Completion or of another run. Parts, and a list with parts and strings, are the
    content; a ToolResult gets the id of the call.
    Anything else is text as JSON: also dataclasses, Structs, and models of pydantic. A Failure is an error.
    Raises TypeError for a value that is none of these.
    """
    while isinstance(value, Success):
        value = value.unwrap()
    if isinstance(value, Failure):
        return error_result(call, _failure_text(value.failure()))
    if isinstance(value, ToolResult):
        return msgspec.structs.replace(value, tool_call_id=call.id, name=call.name)
    try:
        content = _content(value)
    except RecursionError:
        raise TypeError(f"the tool returned {type(value).__name__} that contains itself") from None
    return ToolResult(tool_call_id=call.id, content=content, name=call.name)


def error_result(call: ToolCall, message: str, secrets: frozenset[str] = frozenset()) -> ToolResult:
    """Return the result with an error for the model to correct, without secrets and cut to ERROR_LIMIT."""
    text = redact(_valid_text(message), secrets)
    if len(text) > ERROR_LIMIT:
        text = f"{text[:ERROR_LIMIT]} ..."
    return ToolResult(tool_call_id=call.id, content=(Text(text),), name=call.name, is_error=True)


def exception_result(
    call: ToolCall, error: BaseException, secrets: frozenset[str] = frozenset()
) -> ToolResult:
    """Return the result with what a tool raised: the type and the text of the exception, or of the only one in a group."""
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - an exception's own __str__
        text = ""
    name = type(error).__name__
    return error_result(call, f"{name}: {text}" if text else name, secrets)


def _content(value: object) -> tuple[ToolResultContent, ...]:
    if isinstance(value, str):
        return (Text(_valid_text(value)),)
    if isinstance(value, Completion | ToolRun | Message):
        return (Text(_valid_text(value.text)),)
    if isinstance(value, _PARTS):
        return (value,)
    if isinstance(value, list | tuple) and any(isinstance(item, _PARTS) for item in value):
        return tuple([part for item in value for part in _content(item)])
    return (Text(_json_text(value)),)


def _json_text(value: object) -> str:
    try:
        return msgspec.json.encode(value, enc_hook=_plain).decode()
    except ENCODE_ERRORS as error:
        message = f"the tool returned {type(value).__name__}, which is neither text nor JSON"
        raise TypeError(f"{message}: {error}") from None


def _plain(value: Any) -> Any:
    """A value that msgspec does not know as plain JSON: a model of pydantic, or any other mapping or set."""
    dump = getattr(value, "model_dump", None)
    if callable(dump):
        return dump(mode="json")
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a value of type {type(value).__name__} is not JSON")


def _failure_text(error: object) -> str:
    if isinstance(error, LLMError):
        return describe(error)
    if isinstance(error, BaseException):
        return f"{type(error).__name__}: {error}"
    return str(error)


def _valid_text(text: str) -> str:
    """The text without halves of surrogate pairs, which no request can carry."""
    return text.encode("utf-8", "replace").decode()

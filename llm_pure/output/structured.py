"""An answer as a value of a type: the schema that is asked for, and the answer decoded and checked.

A type whose JSON is no object (a list, a number) is asked for as {"value": ...}, since services want objects.
"""

from collections.abc import Mapping
from typing import Any, TypeVar, overload

import msgspec

from llm_pure.chat.message_input import parse_messages
from llm_pure.core.adaptations import Adaptation, strict_error
from llm_pure.core.provider import Built, Provider
from llm_pure.framing.json_codec import json_text
from llm_pure.output.json_repair import Exact, Repaired, Unrepairable, repair
from llm_pure.output.tools import arguments_parser, schema_of
from llm_pure.schema.translate import resolve_ref, validate_schema
from llm_pure.schema.validate import validation_errors
from llm_pure.types.completion import Completion
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import ContentFiltered, InvalidRequest, ProtocolError
from llm_pure.types.messages import user
from llm_pure.types.request import ChatRequest, JsonSchema, NamedToolChoice, SchemaFormat, Tool
from llm_pure.types.result import Failure, LLMResult, Success

T = TypeVar("T")

_PLAIN_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


def structured_request(request: ChatRequest, kind: Any) -> LLMResult[ChatRequest]:
    """The request, with the type's schema as its response format. kind: a type, or a JSON Schema.

    Fails with InvalidRequest when the type has no JSON Schema.
    """

    def formed(schema: JsonSchema) -> ChatRequest:
        wanted = SchemaFormat(schema=schema, name=_name(kind), fallback_to_tool=True)
        return msgspec.structs.replace(request, response_format=wanted)

    return _object_schema(kind).map(formed)


def build_structured(
    provider: Provider, config: LLMConfig, request: ChatRequest, *, strict: bool = False
) -> LLMResult[Built]:
    """The request in the best way that this model has for an answer by schema.

    The provider's own where it has one; else a call of a tool, where the model can be made to call one and the request
    has no tools of its own; else words, and whatever form of JSON the provider knows. Which of them it is follows from
    what the provider builds, and so from its tables; `adaptations` tells it at `response_format`: nothing, or `after`
    is "tool", "json_object" or None. strict: all but the first is UnsupportedFeature.
    """
    built = provider.build_chat(config, request)
    wanted = request.response_format
    if isinstance(built, Failure) or not isinstance(wanted, SchemaFormat):
        return built
    found = built.unwrap()
    lack = next((one for one in found.adaptations if one.field == "response_format"), None)
    if lack is not None and wanted.fallback_to_tool and not request.tools:
        called = provider.build_chat(config, _by_tool(request, wanted))
        if not isinstance(called, Failure) and _is_called(called.unwrap()):
            found, lack = _told_by_tool(called.unwrap(), lack), None
    if lack is not None and lack.action == "dropped":
        worded = provider.build_chat(config, _in_words(request, wanted))
        if isinstance(worded, Failure):
            return worded
        found = _told(worded.unwrap(), lack, f"{lack.reason}; the prompt tells the schema", None)
    lost = strict_error(found.adaptations, provider=provider.name) if strict else None
    return Success(found) if lost is None else Failure(lost)


def _by_tool(request: ChatRequest, wanted: SchemaFormat) -> ChatRequest:
    """The same question, to be answered by a call."""
    tool = Tool(
        name=wanted.name,
        description=wanted.description or "Gives the answer; call it once, with all of it.",
        parameters=wanted.schema,
        strict=wanted.strict,
    )
    return msgspec.structs.replace(
        request,
        tools=(tool,),
        tool_choice=NamedToolChoice(wanted.name),
        parallel_tool_calls=None,
        response_format=None,
    )


def _is_called(built: Built) -> bool:
    """Will the model call the one tool that it is offered? Not where the choice was dropped, or left to it."""
    for one in built.adaptations:
        if one.field in ("tools", "tools/0") and one.action == "dropped":
            return False
        if one.field == "tool_choice" and (one.action == "dropped" or one.after == "auto"):
            return False
    return True


def _told_by_tool(built: Built, lack: Adaptation) -> Built:
    """The request, and what is said of it: no word of the choice, nor of a strictness that nobody asked for."""
    ours = ("tool_choice", "tools/0/strict")
    rest = tuple([one for one in built.adaptations if one.field not in ours])
    reason = "the model takes no schema of its answer; a tool asks for it"
    return _told(msgspec.structs.replace(built, adaptations=rest), lack, reason, "tool")


def _in_words(request: ChatRequest, wanted: SchemaFormat) -> ChatRequest:
    """The same question, the schema said after the last message."""
    about = f" It is: {wanted.description}." if wanted.description else ""
    words = f"Answer with JSON of this JSON Schema, and with nothing else.{about}"
    turns = parse_messages(request.messages).value_or(())
    said = f"{words}\n{json_text(wanted.schema)}"
    return msgspec.structs.replace(request, messages=(*turns, user(said)), response_format=None)


def _told(built: Built, lack: Adaptation, reason: str, after: str | None) -> Built:
    told = msgspec.structs.replace(
        lack, action="changed", reason=reason, before="json_schema", after=after
    )
    return msgspec.structs.replace(built, adaptations=(*built.adaptations, told))


@overload
def parse_structured(completion: Completion, kind: type[T]) -> LLMResult[T]: ...


@overload
def parse_structured(completion: Completion, kind: Mapping[str, Any]) -> LLMResult[Any]: ...


def parse_structured(completion: Completion, kind: type[Any] | Mapping[str, Any]) -> LLMResult[Any]:
    """The answer as a value of the type; of a JSON Schema, as plain JSON that follows it.

    It stands in the call of a tool of the type's name, or in the text: a fence or words around the JSON are passed over;
    nothing else is mended. Fails with ContentFiltered when the model declines, with ProtocolError when its answer is no
    JSON, was cut off or does not fit the type; `where` is the path, such as `$.items/0/price`, and `partial` the whole
    answer.
    """
    schema = _object_schema(kind)
    if isinstance(schema, Failure):
        return schema
    called = [one.arguments for one in completion.tool_calls if one.name == _name(kind)]
    if completion.refusal and not completion.text and not called:
        return Failure(
            ContentFiltered(
                message=completion.refusal, provider=completion.provider, partial=completion
            )
        )
    found = _object_in(called[0] if called else completion.text)
    if isinstance(found, str):
        cut = completion.finish_reason == "length"
        why = "the answer was cut off at its limit of tokens" if cut else found
        return Failure(_fault(completion, why, "$"))
    root = schema.unwrap()
    value = _without_nulls(root, root, found)
    if isinstance(kind, Mapping):
        wrong = validation_errors(root, value)
        if wrong:
            return Failure(_fault(completion, wrong[0][1], _path(wrong[0][0])))
        return Success(value["value"] if _is_wrapped(kind) else value)
    if _is_wrapped(kind):
        value = value.get("value")
    read = arguments_parser(kind, "")(json_text(value))
    if not isinstance(read, Failure):
        return read
    error = read.failure()
    path = error.param if isinstance(error, InvalidRequest) else ""
    why = error.message.removeprefix("the arguments cannot be read: ")
    return Failure(_fault(completion, f"the answer does not fit its type: {why}", _path(path)))


def _path(path: str | None) -> str:
    return f"$.{path}" if path else "$"


def _object_in(text: str) -> dict[str, Any] | str:
    """The object, or why there is none."""
    match repair(text):
        case Exact(value=value) | Repaired(value=value, method="unwrapped"):
            return value
        case Repaired(edits=edits):
            return f"the answer is no JSON: {edits[0].before!r} at offset {edits[0].offset}"
        case Unrepairable(reason=reason):
            return f"the answer is no JSON: {reason}"


def _schema(kind: Any) -> LLMResult[JsonSchema]:
    return validate_schema(kind) if isinstance(kind, Mapping) else schema_of(kind)


def _object_schema(kind: Any) -> LLMResult[JsonSchema]:
    return _schema(kind).map(
        lambda schema: _wrapped(schema) if not _is_object(schema) else dict(schema)
    )


def _is_wrapped(kind: Any) -> bool:
    schema = _schema(kind)
    return not isinstance(schema, Failure) and not _is_object(schema.unwrap())


def _is_object(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") == "object"


def _wrapped(schema: JsonSchema) -> JsonSchema:
    inner = {key: one for key, one in schema.items() if key != "$defs"}
    made: JsonSchema = {"type": "object", "properties": {"value": inner}, "required": ["value"]}
    return {**made, "$defs": schema["$defs"]} if "$defs" in schema else made


def _without_nulls(root: JsonSchema, schema: Any, value: Any, depth: int = 0) -> Any:
    """The value without nulls that only a strict schema allowed: of properties that may be missing, and not be null."""
    if not isinstance(schema, dict) or depth > 64:
        return value
    reference = schema.get("$ref")
    if isinstance(reference, str):
        return _without_nulls(root, resolve_ref(root, reference), value, depth + 1)
    if isinstance(value, list):
        inner = schema.get("items")
        return [_without_nulls(root, inner, item, depth + 1) for item in value]
    if not isinstance(value, dict):
        return value
    branches = schema.get("anyOf")
    if isinstance(branches, list):
        objects = [one for one in branches if one != {"type": "null"}]
        return _without_nulls(root, objects[0], value, depth + 1) if len(objects) == 1 else value
    properties = schema.get("properties") or {}
    required = schema.get("required") or ()
    kept: dict[str, Any] = {}
    for key, item in value.items():
        inner = properties.get(key)
        if (
            item is None
            and key not in required
            and validation_errors({**root, **_plain(inner)}, None)
        ):
            continue
        kept[key] = _without_nulls(root, inner, item, depth + 1)
    return kept


def _plain(schema: Any) -> JsonSchema:
    """A schema to be read beside its root's definitions: nothing else of the root counts."""
    nothing = {"type": ["object", "array", "string", "number", "boolean", "null"], "required": []}
    return {**nothing, "properties": {}, **schema} if isinstance(schema, dict) else nothing


def _name(kind: Any) -> str:
    called = kind.get("title") if isinstance(kind, Mapping) else getattr(kind, "__name__", "")
    name = "".join([one for one in str(called or "answer") if one in _PLAIN_NAME])
    return name[:64] or "answer"


def _fault(completion: Completion, why: str, where: str) -> ProtocolError:
    return ProtocolError(
        message=why,
        provider=completion.provider,
        where=where,
        evidence=completion.text.encode("utf-8", "replace"),
        partial=completion,
    )


__all__ = ["build_structured", "parse_structured", "structured_request"]

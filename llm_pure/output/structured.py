"""Structured output: request a response of a type, and parse it.

A type whose JSON is not an object (a list, a number) is requested as {"value": ...}, since services require objects.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, TypeVar, overload

import msgspec

from llm_pure.chat.message_input import parse_messages
from llm_pure.core.adaptations import Adaptation, strict_error
from llm_pure.core.provider import Built, Provider
from llm_pure.framing.json_codec import decode_any, json_text
from llm_pure.output.json_repair import Exact, Repaired, Unrepairable, repair
from llm_pure.output.tools import ARGUMENTS_ERROR, arguments_parser, schema_of
from llm_pure.schema.optional_nulls import drop_optional_nulls
from llm_pure.schema.references import resolve_ref
from llm_pure.schema.translate import validate_schema
from llm_pure.schema.validate import validation_errors
from llm_pure.types.completion import Completion
from llm_pure.types.config import LLMConfig
from llm_pure.types.errors import ContentFiltered, InvalidRequest, LLMError, ProtocolError
from llm_pure.types.messages import user
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.request import ChatRequest, JsonSchema, NamedToolChoice, SchemaFormat, Tool
from llm_pure.types.result import Failure, LLMResult

T = TypeVar("T")

_NAME_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


def structured_request(request: ChatRequest, kind: Any) -> LLMResult[ChatRequest]:
    """Return the request with the type's schema as its response format. `kind`: a type, or a JSON Schema.

    Fails with InvalidRequest if the type has no JSON Schema.
    """
    return _object_schema(kind).map(
        lambda schema: msgspec.structs.replace(
            request,
            response_format=SchemaFormat(
                schema=schema, name=answer_name(kind), fallback_to_tool=True
            ),
        )
    )


@returns_failure
def build_structured(
    provider: Provider, config: LLMConfig, request: ChatRequest, *, strict: bool = False
) -> Built:
    """Build the request in the best way that the model supports for a response by schema.

    The provider's own response format if it has one; else a forced tool call, if the model can be forced to call a tool
    and the request has no tools; else the schema in the prompt, with whatever JSON mode the provider has. The adaptation
    at `response_format` reports which: none, or `after` is "tool", "json_object" or None.
    With `strict`, fails with UnsupportedFeature for all but the first.
    """
    built = ok(provider.build_chat(config, request))
    response_format = request.response_format
    if not isinstance(response_format, SchemaFormat):
        return built
    missing = next(
        (change for change in built.adaptations if change.field == "response_format"), None
    )
    if missing is not None and response_format.fallback_to_tool and not request.tools:
        by_tool = provider.build_chat(config, _with_tool(request, response_format)).value_or(None)
        if by_tool is not None and _forces_tool(by_tool):
            built, missing = _report_tool(by_tool, missing), None
    if missing is not None and missing.action == "dropped":
        prompted = ok(provider.build_chat(config, _with_prompt(request, response_format)))
        reason = f"{missing.reason}; the schema is in the prompt"
        built = _report(prompted, missing, reason, None)
    if strict:
        error = strict_error(built.adaptations, provider=provider.name)
        if error is not None:
            raise Rejected(error)
    return built


def _with_tool(request: ChatRequest, response_format: SchemaFormat) -> ChatRequest:
    """The request with a tool whose arguments are the response."""
    tool = Tool(
        name=response_format.name,
        description=response_format.description
        or "Gives the answer; call it once, with all of it.",
        parameters=response_format.schema,
        strict=response_format.strict,
    )
    return msgspec.structs.replace(
        request,
        tools=(tool,),
        tool_choice=NamedToolChoice(response_format.name),
        parallel_tool_calls=None,
        response_format=None,
    )


def _forces_tool(built: Built) -> bool:
    """True if the model has to call the tool: neither the tool nor the choice was dropped or left to the model."""
    for change in built.adaptations:
        if change.field in ("tools", "tools/0") and change.action == "dropped":
            return False
        if change.field == "tool_choice" and (change.action == "dropped" or change.after == "auto"):
            return False
    return True


def _report_tool(built: Built, missing: Adaptation) -> Built:
    """Report the tool, and nothing of a choice or strictness that the user did not request."""
    internal = ("tool_choice", "tools/0/strict")
    adaptations = tuple([change for change in built.adaptations if change.field not in internal])
    reason = "the model supports no response schema; a tool requests it"
    built = msgspec.structs.replace(built, adaptations=adaptations)
    return _report(built, missing, reason, "tool")


def _with_prompt(request: ChatRequest, response_format: SchemaFormat) -> ChatRequest:
    """The request with the schema as its last message."""
    about = f" It is: {response_format.description}." if response_format.description else ""
    text = f"Answer with JSON of this JSON Schema, and with nothing else.{about}"
    messages = parse_messages(request.messages).value_or(())
    prompt = user(f"{text}\n{json_text(response_format.schema)}")
    return msgspec.structs.replace(request, messages=(*messages, prompt), response_format=None)


def _report(built: Built, missing: Adaptation, reason: str, after: str | None) -> Built:
    adaptation = msgspec.structs.replace(
        missing, action="changed", reason=reason, before="json_schema", after=after
    )
    return msgspec.structs.replace(built, adaptations=(*built.adaptations, adaptation))


@overload
def parse_structured(completion: Completion, kind: type[T]) -> LLMResult[T]: ...


@overload
def parse_structured(completion: Completion, kind: object) -> LLMResult[Any]: ...


def parse_structured(completion: Completion, kind: object) -> LLMResult[Any]:
    """Parse a completion as a value of the type; for a JSON Schema, as plain JSON that follows it.

    The JSON is in a call of the tool with the type's name, or in the text, where a code fence or text around it is
    ignored; nothing else is repaired. Fails with ContentFiltered if the model declines, with ProtocolError if the JSON
    is invalid, truncated or does not fit the type: `where` is the path, such as `$.items/0/price`, and `partial` the
    completion.
    """
    try:
        return _parse_structured(completion, kind)
    except RecursionError:
        return Failure(_error(completion, "the response is nested too deeply", ""))


@returns_failure
def _parse_structured(completion: Completion, kind: Any) -> Any:
    schema = ok(_object_schema(kind))
    calls = [call.arguments for call in completion.tool_calls if call.name == answer_name(kind)]
    if completion.refusal and not completion.text and not calls:
        raise Rejected(
            ContentFiltered(
                message=completion.refusal, provider=completion.provider, partial=completion
            )
        )
    wrapped = _is_wrapped(kind)
    value = _parse_object(completion, calls, wrapped=wrapped)
    unrelated = None if isinstance(kind, Mapping) else _unrelated_object(schema, schema, value)
    if unrelated is not None:
        raise Rejected(_error(completion, "the object has no property of its type", unrelated))
    value = drop_optional_nulls(schema, value)
    if isinstance(kind, Mapping):
        for path, message in validation_errors(schema, value):
            raise Rejected(_error(completion, message, path))
        return value["value"] if wrapped else value
    if wrapped:
        if "value" not in value:  # an answer that may be null is not one that is missing
            raise Rejected(_error(completion, "required property is missing", "value"))
        value = value["value"]
    return ok(arguments_parser(kind, "")(json_text(value)).alt(partial(_type_error, completion)))


def _type_error(completion: Completion, error: LLMError) -> LLMError:
    path = error.param if isinstance(error, InvalidRequest) else ""
    reason = error.message.removeprefix(ARGUMENTS_ERROR)
    return _error(completion, f"the response does not fit its type: {reason}", path)


def _parse_object(completion: Completion, calls: Sequence[str], *, wrapped: bool) -> dict[str, Any]:
    """Parse the JSON object of the first call, else of the text. Raises Rejected.

    wrapped: the object has one `value`; some models write that value alone.
    """
    text = calls[0] if calls else completion.text
    if wrapped:
        bare = decode_any(text.encode("utf-8", "replace"), provider="").value_or(None)
        if isinstance(bare, list | int | float):
            return {"value": bare}
    match repair(text):
        case Exact(value=value) | Repaired(value=value, method="unwrapped"):
            return value
        case Repaired(edits=edits):
            message = f"the response is not JSON: {edits[0].before!r} at offset {edits[0].offset}"
        case Unrepairable(reason=reason):
            message = f"the response is not JSON: {reason}"
    if completion.finish_reason == "length":
        message = "the response was cut off at the token limit"
    raise Rejected(_error(completion, message, ""))


def _schema(kind: Any) -> LLMResult[JsonSchema]:
    return validate_schema(kind) if isinstance(kind, Mapping) else schema_of(kind)


def _object_schema(kind: Any) -> LLMResult[JsonSchema]:
    return _schema(kind).map(
        lambda schema: dict(schema) if _is_object(schema) else _wrap_in_object(schema)
    )


def _is_wrapped(kind: Any) -> bool:
    return _schema(kind).map(lambda schema: not _is_object(schema)).value_or(False)


def _is_object(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") == "object"


def _wrap_in_object(schema: JsonSchema) -> JsonSchema:
    inner = {key: value for key, value in schema.items() if key != "$defs"}
    outer: JsonSchema = {"type": "object", "properties": {"value": inner}, "required": ["value"]}
    return {**outer, "$defs": schema["$defs"]} if "$defs" in schema else outer


def _unrelated_object(
    root: JsonSchema, schema: Any, value: Any, path: str = "", depth: int = 0
) -> str | None:
    """Return the path of an object that fits its type only because all properties are optional: it has others, and no such one.

    Types with defaults for everything would be read from any object. None if there is no such object.
    """
    if not isinstance(schema, dict) or depth > 64:
        return None
    reference = schema.get("$ref")
    if isinstance(reference, str):
        return _unrelated_object(root, resolve_ref(root, reference), value, path, depth + 1)
    prefix = f"{path}/" if path else ""
    children: list[tuple[Any, Any, str]] = []
    if isinstance(value, list):
        children = [(schema.get("items"), item, f"{prefix}{n}") for n, item in enumerate(value)]
    elif isinstance(value, dict):
        properties = schema.get("properties") or {}
        is_checked = any(map(schema.get, ("required", "additionalProperties", "patternProperties")))
        if value and properties and not is_checked and not properties.keys() & value.keys():
            return path
        children = [
            (properties[key], item, f"{prefix}{key}")
            for key, item in value.items()
            if key in properties
        ]
    for child_schema, child, child_path in children:
        unrelated = _unrelated_object(root, child_schema, child, child_path, depth + 1)
        if unrelated is not None:
            return unrelated
    return None


def answer_name(kind: Any) -> str:
    """Return the name of the response format, and of the tool that carries the answer where no format can."""
    title = kind.get("title") if isinstance(kind, Mapping) else getattr(kind, "__name__", "")
    name = "".join([letter for letter in str(title or "answer") if letter in _NAME_LETTERS])
    return name[:64] or "answer"


def _error(completion: Completion, message: str, path: str | None) -> ProtocolError:
    return ProtocolError(
        message=message,
        provider=completion.provider,
        where=f"$.{path}" if path else "$",
        evidence=completion.text.encode("utf-8", "replace"),
        partial=completion,
        remedy="let the model correct it, ask_typed(..., attempts=3), or use error.partial",
    )

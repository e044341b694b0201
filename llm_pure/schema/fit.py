"""The schemas of a call in the dialects that a service takes, each change reported.

What strictness cannot express gives way first: a tool, or an answer, whose objects may hold what they do not name goes
without `strict`. Where an answer's schema cannot be sent in any form, `FittedRequest.schema_error` says why, and a dialect tells it
to the model in words.
"""

from typing import Any, TypeVar

import msgspec

from llm_pure.core.adaptations import Adaptation
from llm_pure.core.resolved_request import ResolvedRequest
from llm_pure.schema.profiles import SchemaProfile
from llm_pure.schema.translate import AdaptedSchema, translate_schema, validate_schema
from llm_pure.types.errors import InvalidRequest
from llm_pure.types.request import JsonSchema, NativeTool, SchemaFormat, Tool
from llm_pure.types.result import Failure, LLMResult, Success

Told = tuple[Adaptation, ...]
S = TypeVar("S", Tool, SchemaFormat)


class SchemaProfiles(msgspec.Struct, frozen=True, kw_only=True):
    """What a service takes of JSON Schema in tools and in answers; None is everything.

    strict_tools, strict_answers: what it takes in those that are strict, where that is less.
    """

    tools: SchemaProfile | None = None
    strict_tools: SchemaProfile | None = None
    answers: SchemaProfile | None = None
    strict_answers: SchemaProfile | None = None


class FittedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The call with schemas that may be sent. unfit: why the answer's schema cannot be, "" where it can."""

    request: ResolvedRequest
    adaptations: Told = ()
    schema_error: str = ""


def fit_schemas(
    call: ResolvedRequest, rules: SchemaProfiles, *, provider: str
) -> LLMResult[FittedRequest]:
    """Fails with InvalidRequest when a schema is no JSON, or cannot be written for the service in any way."""
    if not call.tools and not isinstance(call.response_format, SchemaFormat):
        return Success(FittedRequest(request=call))
    told: list[Adaptation] = []
    tools: list[Tool | NativeTool] = []
    for place, tool in enumerate(call.tools):
        if isinstance(tool, NativeTool):
            tools.append(tool)
            continue
        path = f"tools/{place}"
        fitted = _fit(tool, tool.parameters, rules.tools, rules.strict_tools, path, told)
        if isinstance(fitted, Failure):
            return Failure(_placed(fitted.failure(), f"{path}/parameters", provider))
        schema, strict = fitted.unwrap()
        if schema is not tool.parameters or strict != tool.strict:
            tool = msgspec.structs.replace(tool, parameters=schema, strict=strict)
        tools.append(tool)
    call = msgspec.structs.replace(call, tools=tuple(tools))
    wanted = call.response_format
    if not isinstance(wanted, SchemaFormat):
        return Success(FittedRequest(request=call, adaptations=tuple(told)))
    path = "response_format"
    got = _fit(wanted, wanted.schema, rules.answers, rules.strict_answers, path, told)
    if isinstance(got, Failure):
        readable = validate_schema(wanted.schema)
        if isinstance(readable, Failure):
            return Failure(_placed(readable.failure(), f"{path}/schema", provider))
        return Success(
            FittedRequest(request=call, adaptations=tuple(told), schema_error=got.failure().message)
        )
    schema, strict = got.unwrap()
    answer = msgspec.structs.replace(wanted, schema=schema, strict=strict)
    call = msgspec.structs.replace(call, response_format=answer)
    return Success(FittedRequest(request=call, adaptations=tuple(told)))


def _fit(
    asked: Tool | SchemaFormat,
    schema: JsonSchema,
    dialect: SchemaProfile | None,
    strict_dialect: SchemaProfile | None,
    path: str,
    told: list[Adaptation],
) -> LLMResult[tuple[JsonSchema, bool | None]]:
    """(the schema, `strict`). What was changed is added to `told`."""
    is_tool = isinstance(asked, Tool)
    below = f"{path}/{'parameters' if is_tool else 'schema'}"
    strict = asked.strict
    if strict and strict_dialect is not None:
        made = _unnarrowed(schema, strict_dialect, is_tool=is_tool)
        if not isinstance(made, Failure):
            told += _below(below, made.unwrap().adaptations)
            return Success((made.unwrap().schema, strict))
        reason = made.failure().message
        told.append(
            Adaptation(field=f"{path}/strict", action="dropped", reason=reason, before=True)
        )
        strict = False
    if dialect is None:
        return validate_schema(schema).map(lambda _: (schema, strict))
    made = _unnarrowed(schema, dialect, is_tool=is_tool)
    if isinstance(made, Failure):
        return made
    told += _below(below, made.unwrap().adaptations)
    return Success((made.unwrap().schema, strict))


_SAYS_MORE = frozenset(["$ref", "anyOf", "oneOf", "allOf", "additionalProperties"])


def _of_arguments(schema: JsonSchema) -> JsonSchema:
    """Arguments are an object, said or not; where none are named there are none."""
    if "properties" in schema:
        return {"type": "object", **schema}
    if schema.keys() & _SAYS_MORE:
        return schema
    return {"type": "object", **schema, "properties": {}}


def _unnarrowed(
    schema: JsonSchema, dialect: SchemaProfile, *, is_tool: bool
) -> LLMResult[AdaptedSchema]:
    """Fails where an object would lose what it may hold beside the properties that it names."""

    def kept(made: AdaptedSchema) -> LLMResult[AdaptedSchema]:
        if not made.is_lossy:
            return Success(made)
        message = f"{dialect.name} takes no property that is not named"
        return Failure(InvalidRequest(message=message, param=made.is_lossy))

    if is_tool and dialect.closed_objects:
        schema = _of_arguments(schema)
    return translate_schema(schema, dialect).bind(kept)


def _below(path: str, told: Told) -> list[Adaptation]:
    return [msgspec.structs.replace(one, field=f"{path}/{one.field}") for one in told]


def _placed(error: Any, path: str, provider: str) -> InvalidRequest:
    inner = (error.param or "").lstrip("/") if isinstance(error, InvalidRequest) else ""
    where = f"{path}/{inner}" if inner else path
    return InvalidRequest(message=error.message, param=where, provider=provider)


__all__ = ["FittedRequest", "SchemaProfiles", "fit_schemas"]

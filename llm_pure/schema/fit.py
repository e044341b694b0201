"""Translate the tool and response schemas of a request to the profiles of a service.

A schema that allows unnamed properties is sent without `strict`. If the response schema cannot be sent in any form,
`FittedRequest.schema_error` says why, and the dialect puts the schema into the prompt.
"""

import msgspec

from llm_pure.core.adaptations import Adaptation
from llm_pure.core.resolved_request import ResolvedRequest
from llm_pure.schema.profiles import SchemaProfile
from llm_pure.schema.translate import AdaptedSchema, translate_schema, validate_schema
from llm_pure.types.errors import InvalidRequest, LLMError
from llm_pure.types.rejection import Rejected, ok, returns_failure
from llm_pure.types.request import JsonSchema, NativeTool, SchemaFormat, Tool


class SchemaProfiles(msgspec.Struct, frozen=True, kw_only=True):
    """The schema profiles of a service, for tools and for responses; None accepts all of JSON Schema."""

    tools: SchemaProfile | None = None
    strict_tools: SchemaProfile | None = None
    """For tools with `strict`, where the service accepts less in them."""
    responses: SchemaProfile | None = None
    strict_responses: SchemaProfile | None = None
    """For response formats with `strict`."""


class FittedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request with schemas that the service accepts."""

    request: ResolvedRequest
    adaptations: tuple[Adaptation, ...] = ()
    schema_error: str = ""
    """Why the response schema cannot be sent; "" if it can."""


@returns_failure
def fit_schemas(
    request: ResolvedRequest, profiles: SchemaProfiles, *, provider: str
) -> FittedRequest:
    """Translate the schemas of tools and of the response format.

    Fails with InvalidRequest when a schema is not JSON, or when a tool's schema cannot be expressed in the profile.
    """
    if not request.tools and not isinstance(request.response_format, SchemaFormat):
        return FittedRequest(request=request)
    adaptations: list[Adaptation] = []
    tools: list[Tool | NativeTool] = []
    for index, tool in enumerate(request.tools):
        if isinstance(tool, NativeTool):
            tools.append(tool)
            continue
        path = f"tools/{index}"
        try:
            schema, strict = _fit(
                tool, tool.parameters, profiles.tools, profiles.strict_tools, path, adaptations
            )
        except Rejected as rejected:
            raise Rejected(_at(rejected.error, f"{path}/parameters", provider)) from None
        if schema is not tool.parameters or strict != tool.strict:
            tool = msgspec.structs.replace(tool, parameters=schema, strict=strict)
        tools.append(tool)
    request = msgspec.structs.replace(request, tools=tuple(tools))
    response_format, schema_error = request.response_format, ""
    if isinstance(response_format, SchemaFormat):
        path, original = "response_format", response_format.schema
        try:
            schema, strict = _fit(
                response_format,
                original,
                profiles.responses,
                profiles.strict_responses,
                path,
                adaptations,
            )
            fitted = msgspec.structs.replace(response_format, schema=schema, strict=strict)
            request = msgspec.structs.replace(request, response_format=fitted)
        except Rejected as rejected:
            schema_error = rejected.error.message
            invalid = validate_schema(original).swap().value_or(None)
            if invalid is not None:
                raise Rejected(_at(invalid, f"{path}/schema", provider)) from None
    return FittedRequest(request=request, adaptations=tuple(adaptations), schema_error=schema_error)


def _fit(
    owner: Tool | SchemaFormat,
    schema: JsonSchema,
    profile: SchemaProfile | None,
    strict_profile: SchemaProfile | None,
    path: str,
    adaptations: list[Adaptation],
) -> tuple[JsonSchema, bool | None]:
    """Return the schema and `strict` to send, and append what changed. Raises Rejected."""
    is_tool = isinstance(owner, Tool)
    schema_path = f"{path}/{'parameters' if is_tool else 'schema'}"
    strict = owner.strict
    if strict and strict_profile is not None:
        try:
            adapted = _translate_lossless(schema, strict_profile, is_tool=is_tool)
            adaptations += _under(schema_path, adapted)
            return adapted.schema, strict
        except Rejected as rejected:
            adaptations.append(
                Adaptation(
                    field=f"{path}/strict",
                    action="dropped",
                    reason=rejected.error.message,
                    before=True,
                )
            )
            strict = False
    if profile is None:
        ok(validate_schema(schema))
        return schema, strict
    adapted = _translate_lossless(schema, profile, is_tool=is_tool)
    adaptations += _under(schema_path, adapted)
    return adapted.schema, strict


_STRUCTURE_KEYS = frozenset(["$ref", "anyOf", "oneOf", "allOf", "additionalProperties"])


def _arguments_schema(schema: JsonSchema) -> JsonSchema:
    """Make the schema of arguments an object, with no properties if it names none."""
    if "properties" in schema:
        return {"type": "object", **schema}
    if schema.keys() & _STRUCTURE_KEYS:
        return schema
    return {"type": "object", **schema, "properties": {}}


def _translate_lossless(
    schema: JsonSchema, profile: SchemaProfile, *, is_tool: bool
) -> AdaptedSchema:
    """Translate; raise Rejected if an object would lose properties that its schema allows without naming them."""
    if is_tool and profile.closed_objects:
        schema = _arguments_schema(schema)
    adapted = ok(translate_schema(schema, profile))
    if adapted.is_lossy:
        message = f"{profile.name} allows no unnamed properties"
        raise Rejected(InvalidRequest(message=message, param=adapted.is_lossy))
    return adapted


def _under(path: str, adapted: AdaptedSchema) -> list[Adaptation]:
    return [
        msgspec.structs.replace(adaptation, field=f"{path}/{adaptation.field}")
        for adaptation in adapted.adaptations
    ]


def _at(error: LLMError, path: str, provider: str) -> InvalidRequest:
    """The error with its path below `path`."""
    inner = (error.param or "").lstrip("/") if isinstance(error, InvalidRequest) else ""
    param = f"{path}/{inner}" if inner else path
    return InvalidRequest(message=error.message, param=param, provider=provider)
